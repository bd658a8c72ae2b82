"""Tables that people drop, paste or pick: from a file, a clipboard, a data set."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from gentap.documents.annotated.reading import read_annotated
from gentap.documents.csv_table import read_csv_text, read_csv_told
from gentap.documents.read import JSONL_SUFFIXES
from gentap.documents.table_files import (
    PARQUET_SUFFIXES,
    find_table_files,
    read_tables,
    slice_tables,
)
from gentap.documents.workbook import read_workbook
from gentap.errors import InputError
from gentap.records import Example, SourcedTable, Table, table_digest
from gentap.serving.limits import Limits, check_cells

_MOST_TABLES = 100
"""Of a file with many tables so many can be chosen from."""

_ZIP = b"PK\x03\x04"
_OLD_WORKBOOK = b"\xd0\xcf\x11\xe0"
_PASTED = Path("The pasted table")


@dataclass(frozen=True, slots=True)
class Upload:
    """The tables of a file, each with a name to choose it by, and what was assumed of the file."""

    tables: tuple[tuple[str, Table], ...]
    told: str = ""


def read_upload(path: Path, limits: Limits) -> Upload:
    """What a file holds: CSV, TSV, an Excel workbook, Parquet, or JSONL of tables.

    Raises InputError, which calls the file by its name alone, where it holds no table or only ones
    that are too large.
    """
    try:
        found = _read(path)
    except InputError as error:
        raise InputError(str(error).replace(str(path), path.name)) from None
    small = []
    for name, table in found.tables:
        with suppress(InputError):
            check_cells(table, limits)
            small.append((name, table))
    if not small:
        check_cells(found.tables[0][1], limits)
    return Upload(tuple(small), found.told.replace(str(path), path.name))


def read_pasted(text: str, limits: Limits) -> Upload:
    """A table from the clipboard, as spreadsheets and pages put it there: rows of tabs, or CSV.

    Raises InputError where it is none, or too large.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    if not text.strip():
        raise InputError("Nothing was pasted. Copy cells with their headings and paste them here.")
    suffix = ".tsv" if "\t" in text else ""
    table, told = read_csv_text(text, _PASTED.with_suffix(suffix))
    if table.title == str(_PASTED):
        table = Table(header=table.header, rows=table.rows)
    check_cells(table, limits)
    return Upload((("Pasted table", table),), told.replace(f"{_PASTED}.tsv", str(_PASTED)))


def _read(path: Path) -> Upload:
    name = path.name.lower()
    with path.open("rb") as file:
        beginning = file.read(4)
    if beginning == _OLD_WORKBOOK:
        raise InputError(f"{path}: is an old Excel workbook (.xls). Save it as .xlsx or CSV.")
    if beginning == _ZIP:
        return Upload(tuple(read_workbook(path)))
    if name.endswith((*PARQUET_SUFFIXES, *JSONL_SUFFIXES)):
        return _several(path)
    table, told = read_csv_told(path)
    return Upload(((table.title, table),), told)


def _several(path: Path) -> Upload:
    tables: list[tuple[str, Table]] = []
    reason = "it is empty"
    with TemporaryDirectory() as scratch:
        for part in slice_tables(find_table_files([str(path)]), _MOST_TABLES, Path(scratch)):
            for one in read_tables(part):
                if isinstance(one, SourcedTable):
                    place = len(tables) + 1
                    tables.append((f"{place}. {one.table.title or one.table.caption}", one.table))
                else:
                    reason = one.detail or one.reason
            break  # the first slice
    if not tables:
        raise InputError(f"{path}: no table could be read from it: {reason}.")
    return Upload(tuple(tables))


@dataclass(frozen=True, slots=True)
class AskedTable:
    """A table of a data set, with the questions that were asked about it and their answers."""

    name: str
    table: Table
    questions: tuple[Example, ...]


def asked_tables(paths: Sequence[Path]) -> list[AskedTable]:
    """The tables of annotated questions, as they first come.

    Raises InputError where a file can't be read or holds no question.
    """
    of_table: dict[str, list[Example]] = {}
    for path in paths:
        for example in read_annotated(path)[0]:
            of_table.setdefault(table_digest(example.table), []).append(example)
    named: dict[str, int] = {}
    found = []
    for examples in of_table.values():
        table = examples[0].table
        name = " – ".join(filter(None, (table.title, table.section))) or "Table"
        named[name] = named.get(name, 0) + 1
        unique = name if named[name] == 1 else f"{name} ({named[name]})"
        found.append(AskedTable(unique, table, tuple(examples)))
    return found


def sample_tables() -> list[AskedTable]:
    """The tables that come with GenTaP, with questions that nothing was trained on."""
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "samples", package.parent / "data" / "qa"):  # installed, or a checkout
        if (folder / "test.jsonl").exists():
            return asked_tables([folder / "test.jsonl", folder / "dev.jsonl"])
    return []
