"""Tables from the sheets of an Excel workbook (``.xlsx``, ``.xlsm``), as the sheets show them.

Of a formula the value is read that was last computed. The library openpyxl does the reading; it is
in the extra ``serve``.
"""

import datetime
import re
import warnings
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from gentap.documents.delimited.csv_layout import find_layout
from gentap.documents.delimited.csv_records import CsvRecord
from gentap.documents.markup.grid import MAX_CELLS
from gentap.errors import InputError, first_line
from gentap.records import Table

WORKBOOK_SUFFIXES = (".xlsx", ".xlsm")
_UNPACKED_BYTES = 256 * 2**20
_PERCENT = re.compile(r"(?:0|#,##0|0?\.?)(?:\.(0+))?%")
_DECIMALS = re.compile(r"(?:0|#,##0)(?:\.(0+))?(?:_\)|_-| )?$")
_MIDNIGHT = datetime.time()


def read_workbook(path: Path) -> list[tuple[str, Table]]:
    """The names of a workbook's sheets with the table on each; sheets without one are left out.

    A title above a table becomes its title, else the sheet's name. Raises InputError where the file
    is no workbook, is damaged or too large, or no sheet holds a table.
    """
    try:
        from openpyxl import load_workbook
    except ImportError:
        raise InputError(
            f"{path}: Excel workbooks need openpyxl: pip install 'gentap[serve]', or save the "
            "table as CSV."
        ) from None
    _check_size(path)
    tables = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of validations and styles that are not read
        try:
            with path.open("rb") as file:
                for name, records in _sheets(load_workbook, file, path):
                    table = _table(name, records)
                    if table is not None:
                        tables.append((name, table))
        except InputError:
            raise
        except Exception as error:  # openpyxl lets through whatever a broken part raises
            raise InputError(
                f"{path}: is no workbook that can be read: {first_line(error)} Open it in a "
                "spreadsheet program and save it anew, or as CSV."
            ) from error
    if not tables:
        raise InputError(
            f"{path}: no sheet holds a table of a header line, at least one row below it and two "
            "columns."
        )
    return tables


def _check_size(path: Path) -> None:
    """Raise InputError where there is no zip file, or one that unpacks to too much."""
    try:
        with zipfile.ZipFile(path) as packed:
            size = sum(entry.file_size for entry in packed.infolist())
    except (OSError, zipfile.BadZipFile) as error:
        raise InputError(f"{path}: is no Excel workbook: {first_line(error)}") from error
    if size > _UNPACKED_BYTES:
        raise InputError(
            f"{path}: unpacks to {size / 2**20:,.0f} MB; at most {_UNPACKED_BYTES // 2**20} MB "
            "are read."
        )


def _sheets(load: Any, file: IO[bytes], path: Path) -> Iterator[tuple[str, list[CsvRecord]]]:
    """Each sheet's name and its rows; charts are no sheets of cells."""
    book = load(file, read_only=True, data_only=True)
    try:
        for sheet in book.worksheets:
            sheet.reset_dimensions()  # what a sheet says of its size may be wrong, or huge
            yield sheet.title, list(_records(sheet.iter_rows(), path, sheet.title))
    finally:
        book.close()


def _records(rows: Iterable[Iterable[Any]], path: Path, sheet: str) -> Iterator[CsvRecord]:
    cells = 0
    for number, row in enumerate(rows, start=1):
        texts = [_text(cell) for cell in row]
        while texts and not texts[-1]:
            texts.pop()
        cells += len(texts) or 1
        if cells > MAX_CELLS:
            raise InputError(
                f"{path}, sheet '{sheet}': has more than {MAX_CELLS:,} cells. Keep what is asked "
                "about."
            )
        yield CsvRecord(number, tuple(texts) or ("",))


def _table(name: str, records: list[CsvRecord]) -> Table | None:
    width = max((len(record.cells) for record in records), default=0)
    filled = [
        CsvRecord(record.line, record.cells + ("",) * (width - len(record.cells)))
        for record in records
    ]
    layout = find_layout(filled)
    if layout is None or not layout.rows or len(layout.header) < 2:
        return None
    wide = len(layout.header)
    rows = tuple((row.cells + ("",) * wide)[:wide] for row in layout.rows)
    return Table(title=layout.title or name, header=layout.header, rows=rows)


def _text(cell: Any) -> str:
    """A cell's value as its sheet shows it, near enough: dates as ISO, numbers in their places."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float):
        return _number(value, str(cell.number_format or ""))
    if isinstance(value, datetime.datetime):
        return value.date().isoformat() if value.time() == _MIDNIGHT else f"{value:%Y-%m-%d %H:%M}"
    return " ".join(str(value).split())


def _number(value: float, shown: str) -> str:
    """A number as its cell's format shows it: percent and decimals; else its fifteen digits."""
    if match := _PERCENT.fullmatch(shown):
        return f"{value * 100:.{len(match[1] or '')}f}%"
    match = _DECIMALS.match(shown)
    if match and match[1]:
        return f"{value:.{len(match[1])}f}"
    return str(value) if isinstance(value, int) else f"{value:.15g}"
