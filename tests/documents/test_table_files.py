import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gentap.documents import table_files as module
from gentap.documents.rejected import RejectedRecord
from gentap.documents.table_files import (
    find_table_files,
    read_first_table,
    read_tables,
    slice_tables,
)
from gentap.errors import InputError
from gentap.records import TABLE_SCHEMA, SourcedTable, Table, sourced_table_to_row

FILMS = {"header": ["Year", "Film"], "rows": [["2004", "Dawn"], ["2005", "Dusk"]]}


def lines(*entries: Any) -> bytes:
    return "".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries).encode()


def read(*inputs: Path, shard_tables: int = 2000) -> list[SourcedTable | RejectedRecord]:
    with TemporaryDirectory() as scratch:
        slices = list(
            slice_tables(find_table_files([*map(str, inputs)]), shard_tables, Path(scratch))
        )
        return [table for part in slices for table in read_tables(part)]


def titles(found: Sequence[SourcedTable | RejectedRecord]) -> list[str]:
    return [one.table.title for one in found if isinstance(one, SourcedTable)]


def test_jsonl_of_tables(tmp_path: Path) -> None:
    path = tmp_path / "tables.jsonl"
    path.write_bytes(
        lines(
            {**FILMS, "title": "A  b", "section": "S", "caption": "C", "url": "u", "id": "i"},
            {**FILMS, "table_id": "t-7"},
            {"url": "p", "title": "Page", "tables": [FILMS, {**FILMS, "title": "Own"}]},
        )
    )
    first, second, third, fourth = read(path)
    assert isinstance(first, SourcedTable)
    assert (first.id, first.url) == ("i", "u")
    assert first.table == Table(
        title="A b", section="S", caption="C", header=("Year", "Film"),
        rows=(("2004", "Dawn"), ("2005", "Dusk")),
    )  # fmt: skip
    assert isinstance(second, SourcedTable)
    assert second.id == "t-7"
    assert second.url.startswith("tables.jsonl")
    assert isinstance(third, SourcedTable)
    assert isinstance(fourth, SourcedTable)
    assert (third.url, third.table.title, fourth.table.title) == ("p", "Page", "Own")
    assert third.id != fourth.id


def test_bad_lines_are_set_aside_and_reading_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "tables.jsonl.gz"
    good = lines(FILMS)
    bad = b'[1]\nnot json\n{}\n{"header": ["a"], "rows": 3}\n{"tables": [7]}\n\n'
    path.write_bytes(gzip.compress(good + bad + good))
    found = read(path)
    assert [type(one).__name__ for one in found] == [
        "SourcedTable",
        *["RejectedRecord"] * 5,
        "SourcedTable",
    ]
    places = [one.where for one in found if isinstance(one, RejectedRecord)]
    assert places == [f"tables.jsonl.gz:{number}" for number in (2, 3, 4, 5, 6)]


def test_a_damaged_compressed_file_gives_what_stands_before(tmp_path: Path) -> None:
    path = tmp_path / "tables.jsonl.gz"
    path.write_bytes(gzip.compress(lines(*[FILMS] * 20))[:-12])
    *_, last = read(path)
    assert isinstance(last, RejectedRecord)
    assert last.reason == "damaged compressed file"


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(0, 60), min_size=1, max_size=25),
    st.integers(1, 9),
    st.sampled_from(["", ".gz"]),
    st.booleans(),
)
def test_each_line_is_read_once_however_a_file_is_cut(
    tmp_path_factory: pytest.TempPathFactory,
    lengths: list[int],
    size: int,
    packed: str,
    ends: bool,
) -> None:
    path = tmp_path_factory.mktemp("cut") / f"tables.jsonl{packed}"
    names = [f"{number} {'x' * length}".strip() for number, length in enumerate(lengths)]
    content = lines(*[{**FILMS, "title": name} for name in names])
    content = content if ends else content[:-1]
    path.write_bytes(gzip.compress(content) if packed else content)
    slices = list(slice_tables([path], size, path.parent))
    assert len(slices) == -(-len(names) // size)
    assert [part.line for part in slices] == [*range(1, len(names) + 1, size)]
    found = [one for part in slices for one in read_tables(part)]
    assert titles(found) == names
    assert [one.url for one in found] == [f"{path.name}:{n + 1}" for n in range(len(names))]


def test_a_line_too_long_is_set_aside_and_the_next_ones_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_LINE_BYTES", 200)
    monkeypatch.setattr(module, "_PIECE", 64)
    path = tmp_path / "tables.jsonl"
    path.write_bytes(lines({**FILMS, "title": "x" * 300}, {**FILMS, "title": "short"}))
    for size in (1, 2):
        long, short = read(path, shard_tables=size)
        assert isinstance(long, RejectedRecord)
        assert (long.where, long.reason) == ("tables.jsonl:1", "line too long")
        assert titles([short]) == ["short"]


def test_parquet_is_cut_by_rows(tmp_path: Path) -> None:
    rows = [
        sourced_table_to_row(
            SourcedTable(
                id=str(n), url="u", table=Table(header=("a",), rows=(("x",),), title=str(n))
            )
        )
        for n in range(7)
    ]
    path = tmp_path / "part-0.parquet"
    pq.write_table(pa.Table.from_pylist(rows, TABLE_SCHEMA), path)
    assert len(list(slice_tables([path], 3, tmp_path))) == 3
    assert titles(read(path, shard_tables=3)) == [str(number) for number in range(7)]
    plain = tmp_path / "plain.parquet"
    pq.write_table(pa.table({"header": [["a", "b"]], "rows": [[["1", "2"]]]}), plain)
    (one,) = read(plain)
    assert isinstance(one, SourcedTable)
    assert one.table == Table(header=("a", "b"), rows=(("1", "2"),))


def test_csv_files_are_read_together(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / f"{name}.csv").write_text("Year;Film\n2004;Dawn\n")
    (tmp_path / "d.tsv").write_text("Year\tFilm\n2004\tDawn\n")
    (tmp_path / "e.csv").write_text("")
    (tmp_path / "f.csv").write_text("Year,Film\n2004\n")
    (tmp_path / "~$g.xlsx").write_bytes(b"of a workbook that is open in Excel")
    assert len(list(slice_tables(find_table_files([str(tmp_path)]), 4, tmp_path))) == 2
    found = read(tmp_path)
    assert titles(found) == ["a", "b", "c", "d"]
    reasons = [(one.where, one.reason) for one in found if isinstance(one, RejectedRecord)]
    assert reasons == [("e.csv", "bad CSV table"), ("f.csv", "bad CSV table")]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.csv", "", "needs a header line and at least one row"),
        ("x.csv", "a/b/c\n1/2/3\n", "Part the columns with commas, semicolons, tabs or pipes"),
        ("x.jsonl", "{}\n", "the table's header is missing"),
        ("x.jsonl", "", "it is empty"),
        ("x.txt", "a,b\n", "needs a header line"),
        ("x.parquet", "no", "not a readable Parquet file"),
    ],
)
def test_a_file_without_a_table_is_an_error_with_its_reason(
    tmp_path: Path, name: str, content: str, message: str
) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(InputError, match=message):
        read_first_table(tmp_path / name)


def test_parquet_of_something_else_is_an_error(tmp_path: Path) -> None:
    pq.write_table(pa.table({"text": ["a"]}), tmp_path / "x.parquet")
    with pytest.raises(InputError, match="has no column header or rows"):
        list(slice_tables([tmp_path / "x.parquet"], 10, tmp_path))


def test_what_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file or folder"):
        find_table_files([str(tmp_path / "none")])
    (tmp_path / "mined" / "tables").mkdir(parents=True)
    with pytest.raises(InputError, match="is not an output folder"):
        find_table_files([str(tmp_path / "mined")])


def test_the_first_table_is_read(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_bytes(b"{}\n" + lines({**FILMS, "title": "Second line"}))
    table, told = read_first_table(tmp_path / "x.jsonl")
    assert (table.table.title, told) == ("Second line", "")


def test_that_there_are_other_tables_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("Year,Film\n2004,Dawn\n")
    assert read_first_table(tmp_path)[1] == ""
    (tmp_path / "b.csv").write_text("Year,Film\n2005,Dusk\n")
    table, told = read_first_table(tmp_path)
    assert table.table.title == "a"
    assert told == f"{tmp_path}: the first of several tables is taken, 'a' of a.csv"
    bare = {**FILMS, "title": "", "caption": ""}
    (tmp_path / "x.jsonl").write_bytes(lines(bare, bare))
    told = read_first_table(tmp_path / "x.jsonl")[1]
    assert told == f"{tmp_path / 'x.jsonl'}: the first of several tables is taken, x.jsonl:1"
