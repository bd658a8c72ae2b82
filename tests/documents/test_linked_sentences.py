"""Sentences that somebody has linked to cells: columns by a map, and two released layouts."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gentap.documents.linked_sentences import read_linked
from gentap.documents.rejected import RejectedRecord
from gentap.errors import InputError
from gentap.records import MINED_SCHEMA, Mined, NamedCell, mined_to_row
from gentap.settings.question_sections import LinkedFields, LinkedSettings

HEADER = ["Year", "Film", "Lead"]
ROWS = [["2004", "Dawn", "Ann Lee"], ["2005", "Dusk", "Ann Lee"], ["2006", "Noon", "Bo Wood"]]
ENTRY: dict[str, Any] = {
    "sentence": "She made Dawn in 2004 and Dusk in 2005.",
    "title": "Films",
    "header": HEADER,
    "rows": ROWS,
    "cells": [[1, 0], [1, 1], [0, 1], [-1, 1], [2, 1]],
}


def write(path: Path, *entries: Any) -> Path:
    lines = [entry if isinstance(entry, str) else json.dumps(entry) for entry in entries]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def read(path: Path, **settings: Any) -> list[Mined | RejectedRecord]:
    return list(read_linked(path, LinkedSettings(**settings)))


def said(found: Mined | RejectedRecord) -> list[tuple[int, int, str]]:
    assert isinstance(found, Mined), found
    return [(cell.row, cell.column, found.sentence[cell.start : cell.end]) for cell in found.cells]


def test_links_are_the_cells_that_the_sentence_names(tmp_path: Path) -> None:
    (found,) = read(write(tmp_path / "own.jsonl", ENTRY))
    assert said(found) == [(0, 1, "Dawn"), (1, 0, "2005"), (1, 1, "Dusk")]
    assert isinstance(found, Mined)
    assert (found.row, found.further, found.probability, found.pronoun) == (1, (0,), 1.0, True)
    assert (found.url, found.table.title) == ("own.jsonl", "Films")
    assert read(write(tmp_path / "own.jsonl", ENTRY)) == [found]


def test_columns_are_named_by_a_map_and_tables_may_lie_apart(tmp_path: Path) -> None:
    table = {
        "key": "t1",
        "top": HEADER,
        "lines": ROWS,
        "title": "Films",
        "url": "https://f.example",
    }
    tables = write(tmp_path / "tables.jsonl", table)
    entry = {"text": ENTRY["sentence"], "marked": [{"row": 1, "column": 1}], "key": "t1", "n": 7}
    fields = LinkedFields(
        sentence="text", cells="marked", table="key", header="top", rows="lines", id="n"
    )
    settings = {"tables": str(tables), "fields": fields}
    path = write(tmp_path / "own.jsonl", entry, {**entry, "key": "t2"})
    found, missing = read(path, **settings)
    assert said(found) == [(1, 1, "Dusk")]
    assert isinstance(found, Mined)
    assert (found.id, found.url, found.table.title) == ("7", "https://f.example", "Films")
    assert isinstance(missing, RejectedRecord)
    assert missing.detail == f"the table t2 is not in {tables}"
    (none,) = read(write(tmp_path / "own.jsonl", entry), fields=fields)
    assert isinstance(none, RejectedRecord)
    assert "no file of tables (linked.tables)" in none.detail
    spoilt = str(write(tmp_path / "spoilt.jsonl", "{"))
    with pytest.raises(InputError, match=r"spoilt\.jsonl: not tables of JSONL"):
        read(write(tmp_path / "own.jsonl", entry), tables=spoilt, fields=fields)


def test_our_own_parquet_comes_back_as_it_was(tmp_path: Path) -> None:
    (found,) = read(write(tmp_path / "own.jsonl", ENTRY))
    assert isinstance(found, Mined)
    path = tmp_path / "own.parquet"
    pq.write_table(pa.Table.from_pylist([mined_to_row(found)], MINED_SCHEMA), path)
    assert read(path) == [found]


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        ({"sentence": ""}, "'sentence' is missing or empty"),
        ({"sentence": ["a"]}, "'sentence' is a list; it must be a text"),
        ({"cells": "0,1"}, "the cells are no list"),
        ({"cells": 7}, "the cells are no list"),
        ({"cells": [[0]]}, "no row and column of a cell: [0]"),
        ({"cells": [["0", 1]]}, 'no row and column of a cell: ["0", 1]'),
        ({"cells": [{"row": 0}]}, 'no row and column of a cell: {"row": 0}'),
        ({"cells": [[True, 1]]}, "no row and column of a cell: [true, 1]"),
        ({"cells": [[3, 0]]}, "the table has no cell in row 3, column 0"),
        ({"cells": [[0, 3]]}, "the table has no cell in row 0, column 3"),
        (
            {"cells": [{"row": 0, "column": 1, "start": 30, "end": 99}]},
            "the sentence has no characters 30 to 99",
        ),
        ({"rows": []}, "the table has no rows"),
        ({"header": "Year"}, "the table's header is missing or no list"),
        ({"header": None}, "'table_id' is missing or empty"),
    ],
)
def test_a_bad_line_is_set_aside_and_the_others_are_read(
    tmp_path: Path, change: dict[str, Any], detail: str
) -> None:
    path = write(tmp_path / "own.jsonl", {**ENTRY, **change}, ENTRY, "{", "", "[]")
    bad, good, *rest = read(path)
    assert bad == RejectedRecord("own.jsonl:1", "bad linked sentence", detail)
    assert isinstance(good, Mined)
    assert [(one.where, one.reason) for one in rest if isinstance(one, RejectedRecord)] == [
        ("own.jsonl:3", "bad linked sentence"),
        ("own.jsonl:5", "bad linked sentence"),
    ]


@pytest.mark.parametrize("cells", [None, [], [[0, 2]], [[-1, 0]]])
def test_a_sentence_that_names_none_of_its_cells_is_set_aside(tmp_path: Path, cells: Any) -> None:
    (found,) = read(write(tmp_path / "own.jsonl", {**ENTRY, "cells": cells}))
    assert found == RejectedRecord("own.jsonl:1", "names none of its cells", ENTRY["sentence"])


def test_a_value_is_no_part_of_a_number(tmp_path: Path) -> None:
    rows = [["3", "x"], ["4", "y"]]
    entry = {"sentence": "The mean is 3.4 and once 1,4.", "header": ["N", "M"], "rows": rows}
    (found,) = read(write(tmp_path / "own.jsonl", {**entry, "cells": [[0, 0], [1, 0]]}))
    assert isinstance(found, RejectedRecord)


TABLE = {"table_id": "1-1.html.csv", "header": HEADER, "rows": ROWS, "title": "films of ann"}


def test_tabfacts_links_as_released(tmp_path: Path) -> None:
    links = [
        "#dawn;1,1# be make in #2004;1,0# , #dusk;2,1# a #year;0,0# later",
        "#noon;3,1# be bad",
    ]
    content = {"1-1.html.csv": [links, [1, 0], ["ENT", "ENT"], "ann lee"]}
    path = tmp_path / "full.json.gz"
    path.write_bytes(gzip.compress(json.dumps(content).encode()))
    (found,) = read(path, tables=str(write(tmp_path / "tables.jsonl", TABLE)))
    assert said(found) == [(0, 0, "2004"), (0, 1, "dawn"), (1, 1, "dusk")]
    assert isinstance(found, Mined)
    assert found.sentence == "dawn be make in 2004 , dusk a year later"
    assert (found.row, found.further, found.table.title) == (0, (1,), "ann lee")


def test_logic2text_as_released(tmp_path: Path) -> None:
    sentences = [
        ["dawn came before dusk , with ann lee .", [1, 2], "ann lee", "None"],
        ["there are 3 films .", [0], "ann lee", "None"],
        ["noon was last .", [5], "ann lee", "None"],
    ]
    path = write(tmp_path / "all.json", {"1-1.html.csv": sentences})
    found, unnamed, bad = read(path, tables=str(write(tmp_path / "tables.jsonl", TABLE)))
    assert said(found) == [(0, 1, "dawn"), (1, 1, "dusk")]  # ann lee stands in two rows
    assert isinstance(unnamed, RejectedRecord)
    assert isinstance(bad, RejectedRecord)
    assert bad.detail == "the table has no column 5"


@pytest.mark.parametrize(
    "content", ["{", "[]", "7", '{"t": 7}', '{"t": [1]}', '{"t": [["a"], [1], ["b"]]}', '{"t": []}']
)
def test_a_file_of_another_layout_is_an_error(tmp_path: Path, content: str) -> None:
    (tmp_path / "all.json").write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=r"all\.json: (not valid JSON|neither TabFact's links)"):
        read(tmp_path / "all.json")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "least"),
    [("tabfact-linked/full_cleaned_b.json.gz", 3_000), ("logic2text/test_lm.json.gz", 400)],
)
def test_the_released_sets_are_read(shared: Callable[[str], Path], name: str, least: int) -> None:
    tables = str(shared("tabfact/tables.jsonl.gz"))
    found = [one for one in read(shared(name), tables=tables) if isinstance(one, Mined)]
    assert len(found) > least
    for one in found:
        assert all(one.sentence[cell.start : cell.end].strip() for cell in one.cells)
        assert all(isinstance(cell, NamedCell) for cell in one.evidence)
        assert one.evidence == one.cells
