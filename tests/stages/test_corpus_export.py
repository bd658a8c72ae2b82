"""Examples as chat records, as other programs read them."""

import json
import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import Result
from typer.testing import CliRunner

from gentap.cli import app
from gentap.records import EXAMPLE_SCHEMA, Cell, Example, Table, example_to_row

TABLE = Table(
    title="Jane Doe",
    header=("Year", "Film"),
    rows=tuple((str(year), f"Film of the year {year}") for year in range(1990, 2010)),
)


def example(id_: str, **changes: Any) -> Example:
    given: dict[str, Any] = {
        "kind": "long",
        "origin": "mined",
        "question": "Which film did she make in 2005?",
        "answer": "In 2005 she made “Film of the year 2005”.",
        "table": TABLE,
        "cells": (Cell(15, 0), Cell(15, 1)),
        "source": "test",
    }
    return Example(id=id_, **given | changes)


def corpus(folder: Path, *examples: Example) -> Path:
    folder.mkdir()
    rows = pa.Table.from_pylist(list(map(example_to_row, examples)), EXAMPLE_SCHEMA)
    pq.write_table(rows, folder / "part-00000.parquet")
    return folder


def export(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["export-corpus", *map(str, arguments)])


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("layout", ["chat", "prompt-completion"])
def test_a_record_asks_with_the_table_and_answers(tmp_path: Path, layout: str) -> None:
    folder = corpus(tmp_path / "long", example("a"), example("b", kind="cell", answer="Dusk"))
    result = export(folder, "-o", tmp_path / "out.jsonl", "--format", layout)
    assert result.exit_code == 0, result.output
    first, second = lines(tmp_path / "out.jsonl")
    messages = first["messages"] if layout == "chat" else [*first["prompt"], *first["completion"]]
    assert [message["role"] for message in messages] == ["user", "assistant"]
    asked, answered = (message["content"] for message in messages)
    assert asked.startswith("Which film did she make in 2005?\n\nJane Doe\n\n| Year | Film |\n")
    assert asked.count("\n| ") == 22
    assert answered == "In 2005 she made “Film of the year 2005”."
    assert (first["id"], first["kind"], second["kind"]) == ("a", "long", "cell")


def test_several_corpora_become_one_file_in_their_order(tmp_path: Path) -> None:
    one, two = corpus(tmp_path / "one", example("a")), corpus(tmp_path / "two", example("b"))
    assert export(two, one, "-o", tmp_path / "new" / "out.jsonl").exit_code == 0
    assert [line["id"] for line in lines(tmp_path / "new" / "out.jsonl")] == ["b", "a"]


def test_a_large_table_is_cut_with_its_evidence_kept(tmp_path: Path) -> None:
    folder = corpus(tmp_path / "long", example("a"))
    result = export(folder, "-o", tmp_path / "out.jsonl", "--max-table-tokens", 80)
    assert "tables cut: 1" in result.stderr
    (line,) = lines(tmp_path / "out.jsonl")
    assert "| 2005 | Film of the year 2005 |" in line["messages"][0]["content"]
    assert line["messages"][0]["content"].count("\n| ") < 15


def test_a_table_that_an_answer_was_computed_on_is_never_cut(tmp_path: Path) -> None:
    computed = {"origin": "grammar", "kind": "cell", "question": "How many films?", "answer": "20"}
    small = Table(header=("A",), rows=(("1",),))
    folder = corpus(
        tmp_path / "cell",
        example("a", **computed),
        example("b", **computed | {"table": small, "cells": ()}),
    )
    result = export(folder, "-o", tmp_path / "out.jsonl", "--max-table-tokens", 80)
    assert "left out: the table that the answer was computed on is too large: 1" in result.stderr
    assert [line["id"] for line in lines(tmp_path / "out.jsonl")] == ["b"]


def test_a_layout_that_there_is_none_of_is_told_and_nothing_written(tmp_path: Path) -> None:
    folder = corpus(tmp_path / "long", example("a"))
    result = export(folder, "-o", tmp_path / "out.jsonl", "--format", "alpaca")
    assert result.exit_code == 1
    assert "--format: 'alpaca' is none of chat, prompt-completion." in result.stderr
    assert not (tmp_path / "out.jsonl").exists()


@pytest.mark.parametrize("name", ["none", "empty"])
def test_a_folder_without_examples_is_told(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    result = export(tmp_path / name, "-o", tmp_path / "out.jsonl")
    assert result.exit_code == 1
    assert str(tmp_path / name) in result.stderr
    assert not list(tmp_path.glob("out*"))


def test_a_bad_row_is_set_aside_and_told(tmp_path: Path) -> None:
    folder = corpus(tmp_path / "long", example("a"), example("b", answer=""), example("c"))
    result = export(folder, "-o", tmp_path / "out.jsonl")
    assert "set aside: 1: 'answer' is missing or empty (first " in result.stderr
    assert "long, row 2)" in result.stderr
    assert [line["id"] for line in lines(tmp_path / "out.jsonl")] == ["a", "c"]


FOREIGN = [
    "my notes\n",
    "",
    '{"messages": [], "id": "a"}\n',
    '{"messages": [{"role": "user", "content": "?"}]}\n{"id": "a", "kind": "long"}\n',
    "[" * 100_000,
    "\x00\xff",
]


@pytest.mark.parametrize("content", FOREIGN)
def test_a_file_of_others_is_kept_unless_asked(tmp_path: Path, content: str) -> None:
    folder, file = corpus(tmp_path / "long", example("a")), tmp_path / "out.jsonl"
    file.write_text(content)
    result = export(folder, "-o", file)
    assert result.exit_code == 1
    assert f"{file}: was not written by this command." in result.stderr
    assert file.read_text() == content
    assert export(folder, "-o", file, "--overwrite").exit_code == 0
    written = file.read_text()
    assert export(folder, "-o", file).exit_code == 0  # its own
    assert export(folder, "-o", file, "--format", "prompt-completion").exit_code == 0
    assert export(folder, "-o", file).exit_code == 0
    assert file.read_text() == written
    assert {path.name for path in tmp_path.iterdir()} == {"long", "out.jsonl"}


@pytest.mark.parametrize("kind", ["folder", "device", "pipe", "nothing", "corpus"])
def test_what_is_no_file_is_never_replaced(tmp_path: Path, kind: str) -> None:
    folder, file = corpus(tmp_path / "long", example("a")), tmp_path / "out.jsonl"
    {
        "folder": file.mkdir,
        "device": lambda: file.symlink_to("/dev/null"),
        "pipe": lambda: os.mkfifo(file),
        "nothing": lambda: None,
        "corpus": lambda: None,
    }[kind]()
    output = {"nothing": "", "corpus": folder}.get(kind, file)
    result = export(folder, "-o", output, "--overwrite")
    assert result.exit_code == 1
    assert "is no file that could be written anew" in result.stderr
    assert Path("/dev/null").is_char_device()
    assert not list(tmp_path.glob("*.tmp"))


def test_a_part_of_the_corpus_is_not_taken_for_an_export(tmp_path: Path) -> None:
    folder = corpus(tmp_path / "long", example("a"))
    part = folder / "part-00000.parquet"
    before = part.read_bytes()
    assert export(folder, "-o", part).exit_code == 1
    assert part.read_bytes() == before


def test_a_break_leaves_the_earlier_export_and_nothing_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, file = corpus(tmp_path / "long", example("a")), tmp_path / "out.jsonl"
    assert export(folder, "-o", file).exit_code == 0
    before = file.read_text()

    def full(*_: Any, **__: Any) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("gentap.stages.corpus_export._asked", full)
    result = export(folder, "-o", file)
    assert result.exit_code == 1
    assert "out.jsonl: can't be written: No space left on device. The disk is full" in result.stderr
    assert file.read_text() == before
    assert {path.name for path in tmp_path.iterdir()} == {"long", "out.jsonl"}


def test_many_bad_rows_are_told_in_few_lines(tmp_path: Path) -> None:
    bad = [example(str(n), answer="") for n in range(500)]
    folder = corpus(tmp_path / "long", example("a"), *bad)
    result = export(folder, "-o", tmp_path / "out.jsonl")
    assert "export-corpus: set aside: 500" in result.stderr
    assert len(result.stderr.splitlines()) < 12
