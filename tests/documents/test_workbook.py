import datetime
import io
import zipfile
from pathlib import Path

import pytest

from gentap.documents.rejected import RejectedRecord
from gentap.documents.table_files import (
    find_table_files,
    read_first_table,
    read_tables,
    slice_tables,
)
from gentap.documents.workbook import read_workbook
from gentap.errors import InputError
from gentap.model.answerer import to_table
from gentap.records import SourcedTable

openpyxl = pytest.importorskip("openpyxl", reason="gentap[serve] is not installed")


def test_sheets_are_read_as_they_show_their_values(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Films"
    sheet.append(["Year", "Film", "Share", "Takings", "Opened", "At", "Seen", "Sum", ""])
    values = [2004, " Dawn\nat sea ", 0.125, 12.5, datetime.date(2004, 5, 1)]
    sheet.append([*values, datetime.datetime(2004, 5, 1, 20, 30), True, 0.1 + 0.2, None])
    sheet.append([2005.0, "Dusk", 0.5, 1e6, None, datetime.time(9, 5), False, "=1+1", None])
    for row in (2, 3):
        sheet.cell(row, 3).number_format = "0.0%"
        sheet.cell(row, 4).number_format = "#,##0.00"
    other = book.create_sheet("Towns of 1920")
    for line in (["Towns", None], [None, None], ["Name", "People"], ["Old Harbour", 12_000]):
        other.append(line)
    book.create_sheet("Empty")
    book.save(tmp_path / "book.xlsx")
    tables = dict(read_workbook(tmp_path / "book.xlsx"))
    assert list(tables) == ["Films", "Towns of 1920"]
    films = tables["Films"]
    assert films.title == "Films"
    assert films.header == ("Year", "Film", "Share", "Takings", "Opened", "At", "Seen", "Sum")
    assert films.rows == (
        ("2004", "Dawn at sea", "12.5%", "12.50", "2004-05-01", "2004-05-01 20:30", "TRUE", "0.3"),
        ("2005", "Dusk", "50.0%", "1000000.00", "", "09:05:00", "FALSE", ""),
    )
    towns = tables["Towns of 1920"]
    assert (towns.title, towns.header, towns.rows) == (
        "Towns",
        ("Name", "People"),
        (("Old Harbour", "12000"),),
    )


def zipped(**parts: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in parts.items():
            packed.writestr(name, text)
    return content.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is no Excel workbook"),
        (b"Year,Film\n2004,Dawn\n", "is no Excel workbook"),
        (zipped(a="no workbook"), "is no workbook that can be read"),
        (zipped(a="\0" * (257 * 2**20)), "unpacks to 257 MB"),
        (zipped(**{"[Content_Types].xml": "<a><b></a>"}), "is no workbook that can be read"),
    ],
    ids=["empty", "text", "zip", "bomb", "broken part"],
)
def test_what_is_no_workbook_is_told(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "book.xlsx"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message) as told:
        read_workbook(path)
    assert str(told.value).startswith(str(path))


def test_a_workbook_without_a_table_is_told(tmp_path: Path) -> None:
    openpyxl.Workbook().save(tmp_path / "book.xlsx")
    with pytest.raises(InputError, match="no sheet holds a table"):
        read_workbook(tmp_path / "book.xlsx")


def test_a_cut_off_workbook_is_told(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in range(50):
        book.active.append([f"a{row}", f"b{row}"])
    book.save(tmp_path / "book.xlsx")
    whole = (tmp_path / "book.xlsx").read_bytes()
    (tmp_path / "cut.xlsx").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"cut\.xlsx"):
        read_workbook(tmp_path / "cut.xlsx")


@pytest.mark.parametrize("said", ["A1", "A1:XFD1048576"])
def test_what_a_sheet_says_of_its_size_does_not_count(tmp_path: Path, said: str) -> None:
    book = openpyxl.Workbook()
    for row in (("Year", "Film"), ("2004", "Dawn"), ("2005", "Dusk")):
        book.active.append(row)
    book.save(tmp_path / "book.xlsx")
    with (
        zipfile.ZipFile(tmp_path / "book.xlsx") as old,
        zipfile.ZipFile(tmp_path / "other.xlsx", "w") as new,
    ):
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b'ref="A1:B3"', f'ref="{said}"'.encode()))
    ((_, table),) = read_workbook(tmp_path / "other.xlsx")
    assert table.header == ("Year", "Film")
    assert table.rows == (("2004", "Dawn"), ("2005", "Dusk"))


def test_a_workbook_is_a_table_for_python_and_for_commands(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "Films"
    for line in (["Year", "Film"], [2004, "Dawn"], [2005, "Dusk"]):
        book.active.append(line)
    path = tmp_path / "films.XLSX"
    book.save(path)
    table, told = read_first_table(path)
    assert told == ""
    assert to_table(str(path)) == table.table
    assert table.table.rows == (("2004", "Dawn"), ("2005", "Dusk"))
    towns = book.create_sheet("Towns")
    for line in (["Name", "People"], ["Old Harbour", 12]):
        towns.append(line)
    book.save(path)
    told = read_first_table(path)[1]
    assert (
        told == f"{path}: of the sheets 'Films', 'Towns' the first is taken; --sheet takes another"
    )
    table, told = read_first_table(path, sheet="Towns")
    assert (table.table.header, told) == (("Name", "People"), "")
    with pytest.raises(InputError, match=r"no sheet 'Town' holds a table. There is: 'Films', 'Tow"):
        read_first_table(path, sheet="Town")
    (tmp_path / "films.csv").write_text("Year,Film\n2004,Dawn\n")
    with pytest.raises(InputError, match="is no Excel workbook"):
        read_first_table(tmp_path / "films.csv", sheet="Films")
    with pytest.raises(InputError, match=r"none\.xlsx: no such file"):
        read_first_table(tmp_path / "none.xlsx")


def test_workbooks_of_a_folder_are_read_sheet_by_sheet(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "Films"
    for line in (["Year", "Film"], [2004, "Dawn"]):
        book.active.append(line)
    towns = book.create_sheet("Towns")
    for line in (["Name", "People"], ["Old Harbour", 12]):
        towns.append(line)
    book.save(tmp_path / "a.xlsx")
    (tmp_path / "b.xlsx").write_text("no workbook")
    (part,) = slice_tables(find_table_files([str(tmp_path)]), 10, tmp_path)
    films, other, broken = read_tables(part)
    assert isinstance(films, SourcedTable)
    assert isinstance(other, SourcedTable)
    assert (films.table.title, other.url) == ("Films", "a.xlsx, sheet Towns")
    assert isinstance(broken, RejectedRecord)
    assert (broken.where, broken.reason) == ("b.xlsx", "bad workbook")
