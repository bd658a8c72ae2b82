"""HiTab's layout, on a report of our own with headers of two levels on both sides."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gentap.documents.annotated.reading import read_annotated
from gentap.errors import InputError
from gentap.records import HEADER_ROW, Cell, Example

TABLE: dict[str, Any] = {
    "table_id": "7",
    "title": "ferries  by year",
    "texts": [
        ["port", "ferries", ""],
        ["", "2004", "2005"],
        ["north", "", ""],
        ["varmouth", "3", "4"],
        ["south", "7", "9"],
    ],
    "merged_regions": [
        {"first_row": 0, "last_row": 1, "first_column": 0, "last_column": 0},
        {"first_row": 0, "last_row": 0, "first_column": 1, "last_column": 2},
    ],
    "top_header_rows_num": 3,
    "left_header_columns_num": 1,
    "left_root": {
        "row_index": -1,
        "column_index": -1,
        "children": [
            {
                "row_index": 2,
                "column_index": 0,
                "children": [{"row_index": 3, "column_index": 0, "children": []}],
            },
            {"row_index": 4, "column_index": 0, "children": []},
        ],
    },
}
SAMPLE: dict[str, Any] = {
    "id": "s1",
    "table_id": "7",
    "sub_sentence": "in 2005, four ferries  left varmouth.",
    "question": "how many ferries left varmouth in 2005?",
    "answer": [4.0],
    "linked_cells": {
        "entity_link": {
            "top": {"2005": {"(1, 2)": "2005"}},
            "left": {"varmouth": {"(3, 0)": "varmouth"}},
            "top_left_corner": {},
        },
        "quantity_link": {"[ANSWER]": {"(3, 2)": 4.0}},
    },
}


def read(folder: Path, *samples: dict[str, Any], **table: Any) -> tuple[list[Example], list[str]]:
    (folder / "tables" / "raw").mkdir(parents=True, exist_ok=True)
    (folder / "tables" / "raw" / "7.json").write_text(json.dumps(TABLE | table))
    path = folder / "dev_samples.jsonl"
    path.write_text("".join(f"{json.dumps(sample)}\n" for sample in (SAMPLE, *samples)))
    examples, unread = read_annotated(path)
    return examples, [one.detail for one in unread]


def test_a_sample_is_read_with_joined_headers_and_all_linked_cells(tmp_path: Path) -> None:
    (example,), unread = read(tmp_path)
    assert unread == []
    assert example.table.title == "ferries by year"
    assert example.table.header == ("port", "ferries 2004", "ferries 2005")
    assert example.table.rows == (
        ("north", "", ""),
        ("north varmouth", "3", "4"),
        ("south", "7", "9"),
    )
    assert example.cells == (Cell(HEADER_ROW, 2), Cell(1, 0), Cell(1, 2))
    assert [example.table.text_at(cell) for cell in example.cells][-1] == "4"
    assert (example.kind, example.answer) == ("long", "in 2005, four ferries left varmouth.")


@pytest.mark.parametrize("packed", [False, True])
def test_all_tables_may_stand_in_one_file_packed_or_not(tmp_path: Path, packed: bool) -> None:
    for name, content in (("dev_samples.jsonl", SAMPLE), ("tables_raw.jsonl", TABLE)):
        data = json.dumps(content).encode() + b"\n"
        path = tmp_path / (f"{name}.gz" if packed else name)
        path.write_bytes(gzip.compress(data) if packed else data)
    samples = tmp_path / ("dev_samples.jsonl.gz" if packed else "dev_samples.jsonl")
    (example,), unread = read_annotated(samples)
    assert (example.id, unread) == ("s1", [])


@pytest.mark.parametrize(
    ("sample", "detail"),
    [
        ({"table_id": "8"}, "the table 8 is neither"),
        ({"sub_sentence": ""}, "'sub_sentence' is missing or empty"),
        ({"linked_cells": {"x": {"(a, 1)": "b"}}}, "'linked_cells' names no cell: '(a, 1)'"),
    ],
)
def test_a_bad_sample_is_set_aside(tmp_path: Path, sample: dict[str, Any], detail: str) -> None:
    examples, unread = read(tmp_path, SAMPLE | {"id": "s2"} | sample)
    assert len(examples) == 1
    assert detail in unread[0]


@pytest.mark.parametrize(
    "table", [{"texts": None}, {"left_root": {}}, {"merged_regions": [1]}, {"texts": []}]
)
def test_a_table_of_another_layout_is_told(tmp_path: Path, table: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="the table 7 is none of HiTab's"):
        read(tmp_path, **table)


def test_rows_and_regions_beyond_the_texts_are_taken_as_they_are(tmp_path: Path) -> None:
    texts = [row[:] for row in TABLE["texts"]]
    texts[4] = ["south"]
    region = {"first_row": 4, "last_row": 9, "first_column": 1, "last_column": 9}
    (example,), _ = read(tmp_path, texts=texts, merged_regions=[region])
    assert example.table.rows[2] == ("south", "", "")


def test_hitabs_dev_set_is_read(shared: Callable[[str], Path]) -> None:
    examples, unread = read_annotated(shared("hitab/dev_samples.jsonl.gz"))
    assert (len(examples), len(unread)) == (1631, 40)
    assert all("is neither" in one.detail for one in unread)
    assert all(example.cells for example in examples)
