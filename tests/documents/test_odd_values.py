"""Tables and questions with values of any type: a table, or a reason with its place."""

import json
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gentap.documents.annotated.reading import read_annotated
from gentap.documents.json_text import json_text
from gentap.documents.rejected import RejectedRecord, RejectedRecords, reasons
from gentap.documents.table_files import (
    find_table_files,
    read_first_table,
    read_tables,
    slice_tables,
)
from gentap.errors import InputError
from gentap.training.data.losses import CUT_EVIDENCE, LONG_TARGET, LONG_VALUES, losses_told

ODD: list[Any] = [
    *(None, True, False, 0, -1, 10**400, 2005.0, 0.1, float("nan"), float("inf"), "", " ", "x"),
    *([], ["t"], [["a"]], [[]], {}, {"a": 1}, [{"row": 0}], [None], [[None]], [[1, [2]]], "\x00"),
]
GOOD = {
    "question": "Which?", "answer": "Dusk", "id": "q", "kind": "cell", "cells": [[0, 0]],
    "title": "t", "header": ["Film", "Year"], "rows": [["Dusk", 2005]],
}  # fmt: skip


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, ""), (float("nan"), ""), (2005.0, "2005"), (0.5, "0.5"), (True, "true"), (7, "7"),
     (["t"], "t"), (["a", 1], "a, 1"), (" a\n b", "a b"), (float("inf"), "inf")],
)  # fmt: skip
def test_a_value_has_a_text(value: Any, text: str) -> None:
    assert json_text(value) == text


@pytest.mark.parametrize("power", [5000])
def test_a_number_of_thousands_of_digits_is_refused(power: int) -> None:
    with pytest.raises(ValueError, match="too many digits"):
        json_text(10**power)


@pytest.mark.parametrize("value", [{}, [[]], [{}], b"x"])
def test_what_has_no_text_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="where a text is wanted"):
        json_text(value)


def mutated(random: Random) -> dict[str, Any]:
    entry = dict(GOOD)
    for _ in range(random.randint(1, 3)):
        name = random.choice(list(GOOD))
        if random.random() < 0.2:
            entry.pop(name, None)
        else:
            entry[name] = random.choice(ODD)
    return entry


def lines_of(seeds: range) -> list[str]:
    lines = []
    for seed in seeds:
        random = Random(seed)
        entry = mutated(random)
        if random.random() < 0.5:
            table = {name: entry[name] for name in ("header", "rows", "title") if name in entry}
            entry["table"] = random.choice([table, table, *ODD[-8:]])
        lines.append(json.dumps(entry) if random.random() < 0.9 else json.dumps(entry)[:-9])
    return [*lines, "[" * 100_000, '{"question": ' + "9" * 5000 + "}"]


def test_odd_lines_are_set_aside_by_their_place(tmp_path: Path) -> None:
    path = tmp_path / "odd.jsonl"
    lines = lines_of(range(300))
    path.write_text("\n".join([*lines, json.dumps(GOOD | {"id": "last", "table": GOOD})]))
    examples, unread = read_annotated(path)
    assert len(examples) + len(unread) == len(lines) + 1
    assert all(entry.where.startswith("odd.jsonl:") and entry.detail for entry in unread)
    found = [one for part in slice_tables([path], 50, tmp_path) for one in read_tables(part)]
    assert len(found) == len(lines) + 1
    assert all(
        one.where.startswith("odd.jsonl:") for one in found if isinstance(one, RejectedRecord)
    )


def test_odd_parquet_columns_are_told(tmp_path: Path) -> None:
    path = tmp_path / "odd.parquet"
    for seed in range(300):
        entry = mutated(Random(seed))
        try:
            pq.write_table(pa.Table.from_pylist([entry]), path)
        except (pa.ArrowException, OverflowError, TypeError):
            continue
        for read in (read_annotated, read_first_table):
            with suppress(InputError):  # the one error that there may be
                read(path)


def test_a_data_frame_is_a_table(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"Film": ["Dusk", None], "Year": [2005.0, float("nan")]}, index=[3, 5])
    frame.to_parquet(tmp_path / "my_films.parquet")
    table = read_first_table(tmp_path / "my_films.parquet")[0].table
    assert (table.title, table.header) == ("my films", ("Film", "Year"))
    assert table.rows == (("Dusk", "2005"), ("", ""))
    assert find_table_files([str(tmp_path)]) == [tmp_path / "my_films.parquet"]


def test_reasons_are_counted_the_most_frequent_first() -> None:
    unread = RejectedRecords()
    for place, detail in enumerate("xyy", 1):
        unread.add(RejectedRecord(f"a:{place}", "bad", detail))
    assert reasons(unread) == ["2: y (first a:2)", "1: x (first a:1)"]


def test_losses_over_five_percent_name_the_setting_to_raise() -> None:
    stats = {"counts": {"examples": 95, CUT_EVIDENCE: 2}, "rejected": {LONG_TARGET: 6}}
    assert losses_told(stats) == [
        f"warning: {LONG_TARGET}: 6 of 101 (6%): raise max_target_tokens",
        f"{CUT_EVIDENCE}: 2 of 101",
    ]
    assert losses_told({"counts": {"examples": 3}, "rejected": {}}) == []


def test_losses_of_a_bases_windows_are_told_in_the_same_way() -> None:
    windows = {"prose windows": 50, "sentences windows": 40}
    stats = {"counts": windows, "rejected": {LONG_VALUES: 10}, "examples": {"pairs": 700}}
    assert losses_told(stats) == [f"warning: {LONG_VALUES}: 10 of 100 (10%): raise base.window"]
