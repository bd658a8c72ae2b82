"""The notebooks of docs/, run on toy models: cell after cell, in a folder of its own."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from gentap.runs.store import is_done

DOCS = Path(__file__).resolve().parents[1] / "docs"
GIVEN: dict[str, dict[str, Any]] = {
    "answer_a_frame": {"MODEL": "model"},
    "own_documents": {"BASE": "base", "STEPS": 1},
}
"""By notebook what its cell of parameters is given."""


def cells(name: str) -> list[dict[str, Any]]:
    content = json.loads((DOCS / f"{name}.ipynb").read_text(encoding="utf-8"))
    assert content["nbformat"] == 4
    found: list[dict[str, Any]] = content["cells"]
    return found


def test_every_notebook_is_run() -> None:
    assert {path.stem for path in DOCS.glob("*.ipynb")} == set(GIVEN)


def widen(linearizer: Path) -> None:
    """Let a toy read the questions of a notebook, which are longer than those of other tests."""
    sizes = json.loads(linearizer.read_text(encoding="utf-8"))
    wider = {"max_tokens": 256, "max_question_tokens": 96}
    linearizer.write_text(json.dumps({**sizes, **wider}), encoding="utf-8")


def check_answers(names: dict[str, Any]) -> None:
    assert names["found"].cut
    assert len(names["answers"]) == 3
    assert all(one.cell is not None for one in names["answers"])


def check_chain(names: dict[str, Any]) -> None:
    assert all(is_done(Path("runs/mara") / name) for name in names["names"])
    assert isinstance(names["found"].sentence, str)


CHECKS = {"answer_a_frame": check_answers, "own_documents": check_chain}


@pytest.mark.parametrize("name", GIVEN)
def test_a_notebook_runs(
    name: str, sound_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pandas")
    monkeypatch.chdir(shutil.copytree(sound_folder, tmp_path / "work"))
    widen(Path("base/linearizer.json"))
    names: dict[str, Any] = {}
    for number, cell in enumerate(cells(name)):
        if cell["cell_type"] != "code":
            continue
        assert cell["outputs"] == [], "save notebooks without outputs"
        exec(compile("".join(cell["source"]), f"{name}, cell {number}", "exec"), names)
        if "parameters" in cell["metadata"].get("tags", []):
            assert set(GIVEN[name]) <= set(names)
            names.update(GIVEN[name])
    CHECKS[name](names)
