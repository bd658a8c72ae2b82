"""The notebooks of docs/, run on toy models: cell after cell, in a folder of its own."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sound_folders import build
from toys import TEXTS

from gentap.model.tokenizer import train_vocabulary
from gentap.questions.writer_input import WriterInput
from gentap.questions.writers.interface import Written
from gentap.settings.sections import LinearizerSettings

DOCS = Path(__file__).resolve().parents[1] / "docs"
GIVEN: dict[str, dict[str, Any]] = {
    "answer_a_frame": {"MODEL": "model"},
    "from_documents_to_model": {
        "PAGES": "pages",
        "TRAIN": "test.jsonl",
        "TEST": "test.jsonl",
        "READING": "squad.json",
        "BASE": "base",
        "OUTPUT": "out",
        "STEPS": 1,
    },
}
"""By notebook what its cell of parameters is given."""


class OneQuestion:
    """A writer of one question: what one step has trained writes none that passes."""

    name, max_entries = "one", 8

    def write(self, sources: Sequence[WriterInput], seed: int) -> list[Any]:
        return [[Written("Who sang it?", -0.5)] for _ in sources]

    def score(self, pairs: Sequence[tuple[WriterInput, str]]) -> None:
        return None


def cells(name: str) -> list[dict[str, Any]]:
    content = json.loads((DOCS / f"{name}.ipynb").read_text(encoding="utf-8"))
    assert content["nbformat"] == 4
    found: list[dict[str, Any]] = content["cells"]
    return found


def test_every_notebook_is_run() -> None:
    assert {path.stem for path in DOCS.glob("*.ipynb")} == set(GIVEN)


@pytest.mark.parametrize(
    "name",
    ["answer_a_frame", pytest.param("from_documents_to_model", marks=pytest.mark.slow)],
)
def test_a_notebook_runs(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pandas")
    monkeypatch.chdir(tmp_path)
    build()
    longer = LinearizerSettings(max_tokens=256, max_question_tokens=64)
    train_vocabulary(TEXTS, 320, longer).save(Path("base"))
    monkeypatch.setattr("gentap.questions.write.open_writer", lambda *_: OneQuestion())
    names: dict[str, Any] = {}
    for number, cell in enumerate(cells(name)):
        if cell["cell_type"] != "code":
            continue
        assert cell["outputs"] == [], "save notebooks without outputs"
        exec(compile("".join(cell["source"]), f"{name}, cell {number}", "exec"), names)
        if "parameters" in cell["metadata"].get("tags", []):
            assert set(GIVEN[name]) <= set(names)
            names.update(GIVEN[name])
    if name == "answer_a_frame":
        assert names["found"].cut
        assert len(names["answers"]) == 3
        assert all(one.cell is not None for one in names["answers"])
    else:
        assert "GenTaP, finetuned" in names["scores"]


def test_the_second_notebook_takes_thirty_lines() -> None:
    code = [cell for cell in cells("from_documents_to_model") if cell["cell_type"] == "code"]
    lines = [line for cell in code for line in cell["source"] if line.strip()]
    assert len(lines) <= 40
