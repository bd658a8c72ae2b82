import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from complaints import complaint, gentap

from gentap.records import EXAMPLE_SCHEMA
from gentap.runs.store import StageFolder


def example(number: int, kind: str = "long") -> dict[str, object]:
    return {
        "id": f"e{number}",
        "kind": kind,
        "origin": "mined" if kind == "long" else "grammar",
        "question": f"Who won cup {number}?\x1b[31m",
        "answer": f"Ada won cup {number}.",
        "title": "Cups",
        "section": "All",
        "caption": "",
        "header": ["Cup", "Winner"],
        "rows": [[f"cup {n}", f"Ada {n}"] for n in range(30)],
        "cells": [{"row": number, "column": 1}],
        "source": "http://a.example",
        "alternatives": [],
        "canonical": "",
        "section_text": "",
    }


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    rows = [example(number, "cell" if number % 3 == 0 else "long") for number in range(30)]
    rows = [{**row, "canonical": None} for row in rows]
    table = pa.Table.from_pylist(rows, EXAMPLE_SCHEMA)
    pq.write_table(table, folder / "part-00000.parquet")
    StageFolder(folder, "sample", "f", {}, resumed=False).finish({"counts": {"examples": 30}})
    return folder


def shown(*arguments: str | Path) -> list[dict[str, object]]:
    result = gentap("show", *map(str, arguments), "--json")
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_the_first_records_are_shown_with_their_cells(corpus: Path) -> None:
    result = gentap("show", str(corpus), "-n", "2")
    assert result.exit_code == 0, result.output
    assert "made by sample (examples: 30)" in result.stdout
    for text in ("Who won cup 1?", "→ Ada won cup 1.", "cup 1 | «Ada 1»", "29 more rows"):
        assert text in result.stdout
    assert "Who won cup 2?" not in result.stdout
    assert "\x1b[31m" not in result.stdout


def test_records_are_drawn_by_seed(corpus: Path) -> None:
    once, again, other = (
        [row["id"] for row in shown(corpus, "--limit", "5", "--seed", seed)] for seed in "112"
    )
    assert once == again != other
    assert len(set(once)) == 5


def test_filters_hold(corpus: Path) -> None:
    assert {row["kind"] for row in shown(corpus, "-n", "99", "--kind", "cell")} == {"cell"}
    assert len(shown(corpus, "-n", "99", "--kind", "mined")) == 20
    assert [row["id"] for row in shown(corpus, "--containing", "WON CUP 7")] == ["e7"]


def test_a_folder_of_anybody_s_parquet_is_shown(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [1], "b": ["x"]}), tmp_path / "part-00000.parquet")
    assert gentap("show", str(tmp_path)).stdout == "a: 1\nb: x\n\n"


def test_what_is_not_there_is_told(corpus: Path, tmp_path: Path) -> None:
    assert "no such folder" in complaint("show", str(tmp_path / "none"))
    (tmp_path / "empty").mkdir()
    assert "neither an output folder" in complaint("show", str(tmp_path / "empty"))
    assert "has no part 'tables'. Its parts" in complaint("show", str(corpus), "--part", "tables")
    none = gentap("show", str(corpus), "--kind", "cel", "--containing", "x")
    assert none.exit_code == 1
    assert "no record of kind or origin 'cel' and containing 'x'." in none.stderr


def test_every_output_folder_has_something_to_show(
    sound_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(sound_folder)
    for folder in ("mined", "long", "cell", "model", "base", "writer", "report"):
        result = gentap("show", folder)
        assert result.exit_code == 0, (folder, result.output)
        assert "made by" in result.stdout
    assert "| BLEU" in gentap("show", "report").stdout
    assert "The report is in report/report.html." in gentap("show", "report").stdout
    assert "Did you mean 'tables'? Its parts" in complaint("show", "mined", "--part", "table")
    first = gentap("show", "cell").stdout.splitlines()[0]
    assert "examples of kind" not in first or first.count("examples of kind") <= 6
    for part in ("sentences", "tables", "documents"):
        assert gentap("show", "mined", "--part", part).exit_code == 0
