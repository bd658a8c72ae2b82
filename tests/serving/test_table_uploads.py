import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gentap.errors import InputError
from gentap.serving.limits import Limits
from gentap.serving.table_uploads import asked_tables, read_pasted, read_upload, sample_tables

LIMITS = Limits(cells=100)
ROWS = (("2004", "Dawn"), ("2005", "Dusk"))


def write(folder: Path, name: str, content: bytes | str) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("films.csv", "Year,Film\n2004,Dawn\n2005,Dusk\n", ""),
        ("films.CSV", "Year;Film\r\n2004;Dawn\r\n2005;Dusk\r\n", "parted by semicolons"),
        ("films.tsv", "Year\tFilm\n2004\tDawn\n2005\tDusk\n", ""),
        ("films.txt", "Year\tFilm\n2004\tDawn\n2005\tDusk\n", "parted by tabs"),
        ("films.csv", "Year,Film\n2004,Dawn\n2005,Dusk\n".encode("utf-16"), "encoding utf-16"),
    ],
)
def test_delimited_files(tmp_path: Path, name: str, content: str | bytes, told: str) -> None:
    found = read_upload(write(tmp_path, name, content), LIMITS)
    ((title, table),) = found.tables
    assert (title, table.title, table.header, table.rows) == (
        "films",
        "films",
        ("Year", "Film"),
        ROWS,
    )
    assert told in found.told
    assert str(tmp_path) not in found.told


def test_parquet_of_a_frame_and_of_tables(tmp_path: Path) -> None:
    frame = pa.table({"Year": [2004, 2005], "Film": ["Dawn", "Dusk"]})
    pq.write_table(frame, tmp_path / "films.parquet")
    ((_, table),) = read_upload(tmp_path / "films.parquet", LIMITS).tables
    assert (table.title, table.header, table.rows) == ("films", ("Year", "Film"), ROWS)
    lines = [{"title": f"T{n}", "header": ["a", "b"], "rows": [["1", str(n)]]} for n in range(3)]
    path = write(tmp_path, "tables.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
    found = read_upload(path, LIMITS)
    assert [name for name, _ in found.tables] == ["1. T0", "2. T1", "3. T2"]
    assert found.tables[2][1].rows == (("1", "2"),)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "", "needs a header line"),
        ("a.csv", "Year,Film\n", "needs a header line and at least one row"),
        ("a.csv", "Year\n2004\n", "one column only"),
        ("a.csv", "Year,Film\n2004,Dawn\n2005,Dusk,Noon\n", "a.csv, line 3: 3 cells"),
        ("a.csv", b"\x00\x01\x02\x03" * 99, "a.csv: "),
        ("a.csv", b"%PDF-1.7 ...", "a PDF file"),
        ("a.csv", b"PAR1....", "a Parquet file"),
        ("a.xls", b"\xd0\xcf\x11\xe0....", "an old Excel workbook"),
        ("a.xlsx", b"PK\x03\x04 broken", "no Excel workbook"),
        ("a.parquet", b"PAR1 broken", "a.parquet"),
        ("a.parquet", b"", "a.parquet"),
        ("a.jsonl", "{\n", "no table could be read"),
        ("a.jsonl", "", "it is empty"),
        ("a.jsonl", '{"question": "?"}\n', "no table could be read"),
    ],
)
def test_what_is_broken_is_told_by_the_files_name_alone(
    tmp_path: Path, name: str, content: str | bytes, message: str
) -> None:
    with pytest.raises(InputError) as told:
        read_upload(write(tmp_path, name, content), LIMITS)
    assert message in str(told.value)
    assert str(tmp_path) not in str(told.value)


def test_what_is_too_large_is_refused_and_left_out(tmp_path: Path) -> None:
    large = write(tmp_path, "large.csv", "a,b\n" + "1,2\n" * 51)
    with pytest.raises(InputError, match="102 cells; at most 100 are taken"):
        read_upload(large, LIMITS)
    lines = [{"header": ["a", "b"], "rows": [["1", "2"]] * count} for count in (51, 2)]
    path = write(tmp_path, "tables.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
    assert [len(table.rows) for _, table in read_upload(path, LIMITS).tables] == [2]


@pytest.mark.parametrize(
    "text",
    [
        "Year\tFilm\n2004\tDawn\n2005\tDusk",
        "Year\tFilm\r\n2004\tDawn\r\n2005\tDusk\r\n",
        "\n\nYear,Film\n2004,Dawn\n2005,Dusk\n\n",
        "Year;Film\n2004;Dawn\n2005;Dusk",
    ],
)
def test_pasted_cells_are_a_table(text: str) -> None:
    ((_, table),) = read_pasted(text, LIMITS).tables
    assert (table.title, table.header, table.rows) == ("", ("Year", "Film"), ROWS)


def test_a_pasted_cell_with_a_line_break_and_an_empty_one() -> None:
    ((_, table),) = read_pasted('Year\tFilm\n2004\t"Dawn\nof day"\n\tDusk', LIMITS).tables
    assert [row[0] for row in table.rows] == ["2004", ""]
    assert table.rows[0][1].split() == ["Dawn", "of", "day"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Nothing was pasted"),
        (" \n ", "Nothing was pasted"),
        ("one word", "The pasted table: needs a header line"),
        ("a\nb\n", "The pasted table, line 1: the header has one column only"),
        ("a\tb\n" + "1\t2\n" * 60, "120 cells; at most 100"),
    ],
)
def test_what_is_no_table_is_told(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_pasted(text, LIMITS)


def test_samples_are_tables_with_questions_that_nothing_was_trained_on(data: Path) -> None:
    samples = sample_tables()
    assert len(samples) == 9
    assert sum(len(one.questions) for one in samples) == 34
    trained = {
        one.question for at in asked_tables([data / "qa" / "train.jsonl"]) for one in at.questions
    }
    assert trained
    assert not trained & {one.question for at in samples for one in at.questions}
    assert len({one.name for one in samples}) == 9


def test_tables_of_one_name_can_be_told_apart(tmp_path: Path) -> None:
    lines = [
        {
            "question": "?",
            "answer": "x",
            "table": {"title": "T", "header": ["a"], "rows": [[str(n)]]},
        }
        for n in range(3)
    ]
    path = write(tmp_path, "q.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
    assert [one.name for one in asked_tables([path])] == ["T", "T (2)", "T (3)"]
