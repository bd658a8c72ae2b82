"""Hostile question files: bounded, kept to their folder, set aside line by line."""

import gzip
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gentap.documents import table_files
from gentap.documents.annotated import fields, jsonl_layouts
from gentap.documents.annotated.reading import read_annotated
from gentap.documents.archives import compressed
from gentap.documents.rejected import RejectedRecord
from gentap.documents.table_files import read_tables, slice_tables
from gentap.errors import InputError

DEEP = "[" * 50_000
TABLE = {"header": ["Year", "Film"], "rows": [["2004", "Dawn"], ["2005", "Dusk"]]}
PLAIN = {"question": "Which?", "answer": "Dusk", "table": TABLE}


def lines(*entries: Any) -> str:
    return "".join(f"{one if isinstance(one, str) else json.dumps(one)}\n" for one in entries)


def set_aside(path: Path) -> list[str]:
    """The details of what is set aside beside one good question, in no long time."""
    begun = time.monotonic()
    examples, unread = read_annotated(path)
    assert len(examples) == 1
    assert time.monotonic() - begun < 20
    return [entry.detail for entry in unread]


# Sizes


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (compressed, fields, table_files):
        monkeypatch.setattr(module, "MAX_EMPTY_LINES", 50)
    monkeypatch.setattr(fields, "MAX_TEXT", 5_000)
    for module in (fields, jsonl_layouts):
        monkeypatch.setattr(module, "MAX_LINE_BYTES", 1_000)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("empty", ["\n", " \n", "\r\n", "\t \r\n"])
def test_empty_lines_without_end_refuse_a_file_of_questions(
    tmp_path: Path, packed: bool, empty: str
) -> None:
    for count in (50, 51):
        content = (lines(PLAIN) + empty * count + lines(PLAIN | {"id": "b"})).encode()
        path = tmp_path / ("a.jsonl.gz" if packed else "a.jsonl")
        path.write_bytes(gzip.compress(content) if packed else content)
        if count == 50:
            assert len(read_annotated(path)[0]) == 2
        else:
            with pytest.raises(InputError, match=r"line 52: over 100,000 empty lines"):
                read_annotated(path)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("size", [990, 1_001, 10_000, 1_000_000])
def test_a_line_without_end_is_set_aside(tmp_path: Path, size: int) -> None:
    long = PLAIN | {"id": "x" * size}
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(lines(long, PLAIN, long).encode()))
    told = set_aside(tmp_path / "a.jsonl.gz")
    assert told == ["the line has over 1,000 characters"] * 2


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("name", ["a.tsv", "a.csv", "a.tagged"])
@pytest.mark.parametrize(
    ("content", "told"),
    [("x" * 5_001, "over 5,000 characters"), ("mr,ref\n" + "\n" * 52, "over 100,000 empty lines")],
)
def test_other_files_are_bounded_as_wholes(
    tmp_path: Path, name: str, content: str, told: str
) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(InputError, match=told):
        read_annotated(tmp_path / name)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("packed", ["", ".gz"])
@pytest.mark.parametrize("empty", ["\n", "   \n", "\r\n"])
@pytest.mark.parametrize("shard_tables", [1, 7, 1000])
def test_a_file_of_tables_ends_at_empty_lines_without_end(
    tmp_path: Path, packed: str, empty: str, shard_tables: int
) -> None:
    path = tmp_path / f"a.jsonl{packed}"
    content = (lines(TABLE, TABLE) + empty * 3_000 + lines(TABLE)).encode()
    path.write_bytes(gzip.compress(content) if packed else content)
    slices = list(slice_tables([path], shard_tables, tmp_path))
    assert len(slices) <= 53
    found = [one for part in slices for one in read_tables(part)]
    assert len(found) == 3
    last = found[-1]
    assert isinstance(last, RejectedRecord)
    assert (last.where.partition(":")[0], last.reason) == (path.name, "too many empty lines")


@pytest.mark.parametrize(
    "table",
    [
        [[{"value": "a", "column_span": 900_000}], *[[{"value": "b"}]] * 5_000],
        [[{"value": "a", "row_span": 10**9, "column_span": 10**9}], [{"value": "b"}]],
        [[{"value": "a"}] * 2_000, *[[{"value": "b"}]] * 2_000],
    ],
)
def test_totto_s_tables_are_bounded(tmp_path: Path, table: Any) -> None:
    entry = {"table": table, "highlighted_cells": [[0, 0]], "example_id": 1}
    entry["sentence_annotations"] = [{"final_sentence": "It is so."}]
    (tmp_path / "a.jsonl").write_text(lines(entry, PLAIN))
    (told,) = set_aside(tmp_path / "a.jsonl")
    assert "has more than 500,000 cells" in told


HITAB: dict[str, Any] = {
    "title": "Films",
    "texts": [["Year", "Film"], ["2004", "Dawn"], ["2005", "Dusk"]],
    "merged_regions": [],
    "top_header_rows_num": 2,
    "left_root": {"children": []},
}
SAMPLE = {
    "id": "1",
    "table_id": "8",
    "question": "Which?",
    "sub_sentence": "Dusk.",
    "linked_cells": {},
}


def region(first_row: int, last_row: int, first_column: int, last_column: int) -> dict[str, int]:
    names = ("first_row", "last_row", "first_column", "last_column")
    return dict(zip(names, (first_row, last_row, first_column, last_column), strict=True))


@pytest.mark.parametrize(
    "changes",
    [
        {"texts": [["x"] * 5_000, *[["y"]] * 5_000]},
        {"texts": [["x"] * 400] * 1_000, "merged_regions": [region(0, 999, 0, 399)] * 50},
        {"top_header_rows_num": float("inf")},
        {"top_header_rows_num": float("nan")},
        {"top_header_rows_num": None},
        {"left_root": {"children": [{"row_index": 99, "column_index": 0, "children": []}]}},
        {"left_root": None},
        {"merged_regions": [region(0, 2, 0, 1) | {"first_row": "0"}]},
        {"texts": [None]},
    ],
)
def test_hitab_s_tables_are_bounded(tmp_path: Path, changes: dict[str, Any]) -> None:
    (tmp_path / "tables" / "raw").mkdir(parents=True)
    (tmp_path / "tables" / "raw" / "8.json").write_text(json.dumps(HITAB | changes))
    (tmp_path / "a.jsonl").write_text(lines(SAMPLE, PLAIN))
    assert len(set_aside(tmp_path / "a.jsonl")) == 1


@pytest.mark.parametrize(
    "regions", [[region(-(10**12), 10**12, -(10**12), 10**12)], [region(5, 1, 3, 0)]]
)
def test_hitab_s_regions_count_as_far_as_there_is_a_table(
    tmp_path: Path, regions: list[dict[str, int]]
) -> None:
    (tmp_path / "tables" / "raw").mkdir(parents=True)
    content = HITAB | {"merged_regions": regions}
    (tmp_path / "tables" / "raw" / "8.json").write_text(json.dumps(content))
    (tmp_path / "a.jsonl").write_text(lines(SAMPLE))
    assert set_aside(tmp_path / "a.jsonl") == []


# Places


def outside(folder: Path) -> Path:
    """A question folder below ``folder``, with what it must not read beside it."""
    inside = folder / "release" / "sets"
    inside.mkdir(parents=True)
    (folder / "secret.csv").write_text("A,B\nkey,secret\n")
    (folder / "secret.json").write_text(json.dumps(HITAB | {"title": "secret"}))
    return inside


NAMES = [
    *["../../secret.csv", "../../../../etc/passwd", "/etc/passwd", "x" * 5_000, "a\0b", "", "."],
    *["link.csv", "pipe.csv", "/dev/zero", "~/x.csv", "sets", "loop.csv", "a/" * 3_000],
]


@pytest.mark.parametrize("name", NAMES)
def test_a_table_outside_of_the_questions_folder_is_not_read(tmp_path: Path, name: str) -> None:
    inside = outside(tmp_path)
    (inside / "link.csv").symlink_to(tmp_path / "secret.csv")
    (inside / "loop.csv").symlink_to("loop.csv")
    os.mkfifo(inside / "pipe.csv")
    (inside / "a.jsonl").write_text(lines(PLAIN | {"id": "bad", "table": name}, PLAIN))
    (told,) = set_aside(inside / "a.jsonl")
    assert "secret" not in told.replace("secret.csv", "")


def test_where_a_table_belongs_is_told(tmp_path: Path) -> None:
    inside = outside(tmp_path)
    (inside / "a.jsonl").write_text(lines(PLAIN | {"id": "bad", "table": "../tables/a.csv"}, PLAIN))
    (told,) = set_aside(inside / "a.jsonl")
    assert told.endswith(f"lies outside of {inside}, the questions' folder: put it there or below")


@pytest.mark.parametrize("name", [*NAMES, "../secret.csv"])
def test_neither_does_a_file_of_wikitablequestions(tmp_path: Path, name: str) -> None:
    inside = outside(tmp_path)
    (inside / "link.csv").symlink_to(tmp_path / "secret.csv")
    (inside / "loop.csv").symlink_to("loop.csv")
    os.mkfifo(inside / "pipe.csv")
    (inside / "good.csv").write_text("A,B\n1,2\n")
    rows = [["id", "utterance", "context", "targetValue"], ["a", "?", name, "x"]]
    rows.append(["b", "?", "good.csv", "x"])
    (inside / "a.tsv").write_text("".join("\t".join(row) + "\n" for row in rows))
    assert len(set_aside(inside / "a.tsv")) == 1


@pytest.mark.parametrize(
    "name", ["../../../../secret", "../../../secret", "x" * 5_000, "a\0b", "link"]
)
def test_neither_does_one_of_hitab(tmp_path: Path, name: str) -> None:
    inside = outside(tmp_path)
    (inside / "tables" / "raw").mkdir(parents=True)
    (inside / "tables" / "raw" / "link.json").symlink_to(tmp_path / "secret.json")
    (inside / "a.jsonl").write_text(lines(SAMPLE | {"table_id": name}, PLAIN))
    (told,) = set_aside(inside / "a.jsonl")
    assert "lies outside" in told or "is neither" in told or "can't be read" in told


@pytest.mark.parametrize("title", [DEEP, "[]", '{"title": {}}', "", "\xff"])
def test_a_page_that_can_not_be_read_gives_no_title(tmp_path: Path, title: str) -> None:
    inside = outside(tmp_path)
    page, table = inside.parent / "page" / "1-page", inside.parent / "csv" / "1-csv"
    page.mkdir(parents=True)
    table.mkdir(parents=True)
    (page / "2.json").write_text(title, encoding="latin-1")
    (table / "2.csv").write_text("A,B\n1,2\n")
    (inside / "a.tsv").write_text("id\tutterance\tcontext\ttargetValue\na\t?\tcsv/1-csv/2.csv\tx\n")
    assert set_aside(inside / "a.tsv") == []


@pytest.mark.parametrize("content", [DEEP, "{", "null", '{"a": 1}', "", "9" * 5_000])
@pytest.mark.parametrize("name", ["tables/raw/8.json", "tables_raw.jsonl"])
def test_tables_of_hitab_that_are_none(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text(content + "\n")
    (tmp_path / "a.jsonl").write_text(lines(SAMPLE, PLAIN))
    if name.endswith("l") and content != "":
        with pytest.raises(InputError, match="not HiTab's tables"):
            read_annotated(tmp_path / "a.jsonl")
    else:
        assert len(set_aside(tmp_path / "a.jsonl")) == 1


READ: dict[str, Callable[[Path], object]] = {
    "jsonl": lambda folder: read_annotated(folder / "a.jsonl"),
    "tsv": lambda folder: read_annotated(folder / "a.tsv"),
    "csv": lambda folder: read_annotated(folder / "a.csv"),
    "parquet": lambda folder: read_annotated(folder / "a.parquet"),
    "jsonl.gz": lambda folder: read_annotated(folder / "a.jsonl.gz"),
}


@pytest.mark.parametrize("suffix", READ)
@pytest.mark.parametrize("kind", ["pipe", "device", "dangling", "loop", "folder"])
def test_what_is_no_file_of_questions_is_told(tmp_path: Path, suffix: str, kind: str) -> None:
    path = tmp_path / f"a.{suffix}"
    {
        "pipe": lambda: os.mkfifo(path),
        "device": lambda: path.symlink_to("/dev/zero"),
        "dangling": lambda: path.symlink_to("nowhere"),
        "loop": lambda: path.symlink_to(path.name),
        "folder": path.mkdir,
    }[kind]()
    with pytest.raises(InputError, match=rf"a\.{suffix}: "):
        READ[suffix](tmp_path)
