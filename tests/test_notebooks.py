"""The notebooks of docs/, run on toy models: cell after cell, in a folder of its own."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

DOCS = Path(__file__).resolve().parents[1] / "docs"
GIVEN: dict[str, dict[str, Any]] = {"answer_a_frame": {"MODEL": "model"}}
"""By notebook what its cell of parameters is given."""


def cells(name: str) -> list[dict[str, Any]]:
    content = json.loads((DOCS / f"{name}.ipynb").read_text(encoding="utf-8"))
    assert content["nbformat"] == 4
    found: list[dict[str, Any]] = content["cells"]
    return found


def test_every_notebook_is_run() -> None:
    assert {path.stem for path in DOCS.glob("*.ipynb")} == set(GIVEN)


@pytest.mark.parametrize("name", GIVEN)
def test_a_notebook_runs(
    name: str, sound_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pandas")
    monkeypatch.chdir(shutil.copytree(sound_folder, tmp_path / "work"))
    names: dict[str, Any] = {}
    for number, cell in enumerate(cells(name)):
        if cell["cell_type"] != "code":
            continue
        assert cell["outputs"] == [], "save notebooks without outputs"
        exec(compile("".join(cell["source"]), f"{name}, cell {number}", "exec"), names)
        if "parameters" in cell["metadata"].get("tags", []):
            assert set(GIVEN[name]) <= set(names)
            names.update(GIVEN[name])
    assert names["found"].cut
    assert len(names["answers"]) == 3
    assert all(one.cell is not None for one in names["answers"])
