"""Tables from files: mined folders, Parquet, CSV, and JSONL with one table a line.

A line of JSONL is ``{"header": ["…"], "rows": [["…"]]}``, with ``title``, ``section``, ``caption``,
``url`` and ``id`` (or ``table_id``) where they are known, or a document with a list of such
``tables``. Parquet files have columns of these names.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

from gentap.documents.archives.compressed import (
    DAMAGE,
    MAX_EMPTY_LINES,
    TOO_MANY_EMPTY,
    numbered_lines,
    open_packed,
)
from gentap.documents.csv_table import FOUND_OUT, CsvFormat, read_csv_told
from gentap.documents.input_files import expand_inputs, no_file, require_file
from gentap.documents.json_text import json_text
from gentap.documents.jsonl import MAX_LINE_BYTES, json_object, table_from_json
from gentap.documents.markup.grid import MAX_CELLS
from gentap.documents.read import JSONL_SUFFIXES
from gentap.documents.rejected import RejectedRecord, guarded
from gentap.documents.workbook import WORKBOOK_SUFFIXES, read_workbook
from gentap.errors import InputError
from gentap.records import SourcedTable, Table, digest, table_digest
from gentap.runs.files.output_files import writing
from gentap.runs.files.parquet_parts import count_rows, parts, read_slice
from gentap.runs.store import is_done, is_unfinished, require_stage

CSV_SUFFIXES = (".csv", ".tsv")
PARQUET_SUFFIXES = (".parquet",)
TABLE_SUFFIXES = PARQUET_SUFFIXES + CSV_SUFFIXES + JSONL_SUFFIXES + WORKBOOK_SUFFIXES
PACKED_SUFFIXES = (".gz", ".zst")
_PIECE = 2**20
_FILES_TOLD = 10
_DAMAGED = "damaged compressed file"
_INDEX = re.compile(r"__index_level_\d+__")
_BAD_VALUES = (ValueError, OverflowError)  # dates out of Python's range overflow


@dataclass(frozen=True, slots=True)
class TableSlice:
    """Tables that are read together: rows of a Parquet file, bytes of JSONL, or CSV files and
    workbooks.

    A slice of JSONL knows its file's ``name``, the number of its first ``line``, and, the last one,
    by what ``damage`` the reading of the file ends, and the ``reason``'s name.
    """

    paths: tuple[Path, ...]
    start: int = 0
    stop: int = 0
    name: str = ""
    line: int = 1
    damage: str = ""
    reason: str = _DAMAGED
    csv: CsvFormat = FOUND_OUT


def find_table_files(inputs: Sequence[str]) -> list[Path]:
    """Files, folders, globs and mined folders to the files that hold their tables.

    Raises InputError where one of them holds no tables.
    """
    files: dict[Path, None] = {}
    for name in inputs:
        path = Path(name)
        if path.is_dir() and ((path / "tables").is_dir() or is_unfinished(path)):
            require_stage(path, "mine", "its tables are read")
            found = parts(path / "tables")
            if not found:
                raise InputError(f"{path / 'tables'}: holds no tables (part-*.parquet).")
        elif path.is_dir() and is_done(path) and not parts(path):
            raise InputError(f"{path}: this output folder holds no tables. Give a mined folder.")
        else:
            try:
                found = expand_inputs([name], TABLE_SUFFIXES, with_odd=True)
            except InputError as error:
                raise InputError(f"{error} Or give a folder made with `gentap mine`.") from None
        files.update(dict.fromkeys(found))
    return list(files)


def slice_tables(
    files: Sequence[Path], shard_tables: int, scratch: Path, csv: CsvFormat = FOUND_OUT
) -> Iterator[TableSlice]:
    """Cut files into slices of ``shard_tables`` rows, lines or files, whatever runs them.

    Compressed JSONL can only be read from its start: it is unpacked into ``scratch``, once.
    """
    pages: list[Path] = []
    for number, file in enumerate(files):
        if no_file(file) or file.name.lower().endswith(CSV_SUFFIXES + WORKBOOK_SUFFIXES):
            pages.append(file)
        elif file.name.lower().endswith(PARQUET_SUFFIXES) and not _holds_tables(file):
            yield TableSlice((file,), 0, -1)
        elif file.name.lower().endswith(PARQUET_SUFFIXES):
            for start in range(0, count_rows(file), shard_tables):
                yield TableSlice((file,), start, start + shard_tables)
        elif file.name.lower().endswith(PACKED_SUFFIXES):
            unpacked = scratch / f"{number:05d}.jsonl"
            with open_packed(file) as stream, writing(unpacked), unpacked.open("wb") as copy:
                yield from _slice_lines(stream, unpacked, file.name, shard_tables, copy)
        else:
            with file.open("rb") as stream:
                yield from _slice_lines(stream, file, file.name, shard_tables)
    for first in range(0, len(pages), shard_tables):
        yield TableSlice(tuple(pages[first : first + shard_tables]), csv=csv)


def _slice_lines(
    stream: IO[bytes], path: Path, name: str, lines: int, copy: IO[bytes] | None = None
) -> Iterator[TableSlice]:
    """Slices of so many lines of ``path``, which ``copy`` fills from the stream, where it is given.

    What stands before damage, or before empty lines without end, is kept.
    """
    start = place = empty = 0
    first = line = 1
    damage, reason = "", _DAMAGED
    while True:
        try:
            piece = stream.readline(_PIECE) or stream.read(1)  # which tells damage from an end
        except DAMAGE as error:
            piece, damage = b"", str(error)
        empty = empty + 1 if piece.isspace() else 0
        if empty > MAX_EMPTY_LINES:
            piece, damage, reason = b"", *TOO_MANY_EMPTY
        if copy is not None:
            copy.write(piece)
        place += len(piece)
        line += piece.endswith(b"\n")
        if line - first == lines or (not piece and (place > start or damage)):
            if copy is not None:
                copy.flush()
            yield TableSlice((path,), start, place, name, first, damage, reason)
            start, first = place, line
        if not piece:
            return


def read_tables(part: TableSlice) -> Iterator[SourcedTable | RejectedRecord]:
    """The tables of a slice, and the records that were set aside."""
    for path in part.paths:
        if kind := no_file(path):
            yield RejectedRecord(path.name, "unreadable file", kind)
            continue
        name = path.name.lower()
        found: Iterable[SourcedTable | RejectedRecord]
        if name.endswith(CSV_SUFFIXES):
            found = (_read_csv(one, part.csv) for one in [path])
        elif name.endswith(WORKBOOK_SUFFIXES):
            found = _read_sheets(path)
        elif part.stop < 0:
            found = map(_read_frame, [path])
        elif name.endswith(PARQUET_SUFFIXES):
            found = _read_parquet(path, part)
        else:
            found = _read_jsonl(path, part)
        yield from guarded(found, path.name)


def read_first_table(
    path: Path, csv: CsvFormat = FOUND_OUT, sheet: str = ""
) -> tuple[SourcedTable, str]:
    """The first table of a file, and what was assumed of it: Parquet or JSONL of tables, an Excel
    workbook (of which ``sheet`` names the sheet), else CSV.

    Raises InputError where there is none.
    """
    name = path.name.lower()
    if name.endswith(WORKBOOK_SUFFIXES):
        require_file(path)
        return _read_sheet(path, sheet)
    if sheet:
        raise InputError(f"{path}: is no Excel workbook, and has no sheet '{sheet}' (--sheet).")
    if not path.is_dir() and not name.endswith((*PARQUET_SUFFIXES, *JSONL_SUFFIXES)):
        table, assumed = read_csv_told(path, csv)
        return _sourced({}, table, path.name), assumed
    reason = "it is empty"
    with TemporaryDirectory() as scratch:
        first: SourcedTable | None = None
        for part in slice_tables(find_table_files([str(path)]), 1, Path(scratch)):
            for one in read_tables(part):
                if isinstance(one, RejectedRecord):
                    reason = one.detail or one.reason
                elif first is None:
                    first = one
                else:  # there are more
                    named = first.table.title or first.table.caption
                    where = f"'{named}' of {first.url}" if named else first.url
                    return first, f"{path}: the first of several tables is taken, {where}"
        if first is not None:
            return first, ""
    raise InputError(f"{path}: no table could be read from it: {reason}")


def assumptions(files: Sequence[Path], csv: CsvFormat) -> list[str]:
    """What was assumed of the first CSV files, a line for each that is not plain."""
    told = []
    for file in [path for path in files if path.name.lower().endswith(CSV_SUFFIXES)][:_FILES_TOLD]:
        with suppress(InputError):  # which is set aside by its reason
            told.append(read_csv_told(file, csv)[1])
    return [line for line in told if line]


def _read_csv(path: Path, csv: CsvFormat) -> SourcedTable | RejectedRecord:
    try:
        table, _ = read_csv_told(path, csv)
    except InputError as error:
        return RejectedRecord(path.name, "bad CSV table", str(error))
    return _sourced({}, table, path.name)


def _read_sheet(path: Path, wanted: str) -> tuple[SourcedTable, str]:
    """A workbook's table, the first unless its sheet is named, and whether there are others."""
    sheets = read_workbook(path)
    names = ", ".join(f"'{name}'" for name, _ in sheets)
    found = [table for name, table in sheets if name == wanted or not wanted]
    if not found:
        raise InputError(f"{path}: no sheet '{wanted}' holds a table. There is: {names}.")
    told = ""
    if len(found) > 1:
        told = f"{path}: of the sheets {names} the first is taken; --sheet takes another"
    return _sourced({}, found[0], path.name), told


def _read_sheets(path: Path) -> Iterator[SourcedTable | RejectedRecord]:
    try:
        for sheet, table in read_workbook(path):
            yield _sourced({}, table, f"{path.name}, sheet {sheet}")
    except InputError as error:
        yield RejectedRecord(path.name, "bad workbook", str(error))


def _holds_tables(file: Path) -> bool:
    """Whether a Parquet file holds a table in each row; else it is one, as data frames are saved.

    Raises InputError where it holds neither.
    """
    import pyarrow.parquet as pq

    count_rows(file)  # raises where the file can't be read
    names = pq.read_schema(file).names
    missing = [name for name in ("header", "rows") if name not in names]
    if len(missing) == 1 or (missing and len(names) < 2):
        raise InputError(
            f"{file}: has no column {' or '.join(missing)}, so it holds no tables. Its columns "
            f"are {', '.join(names[:8])}."
        )
    return not missing


def _read_frame(path: Path) -> SourcedTable | RejectedRecord:
    """A Parquet file whose columns are the table's; an index without a name is left out."""
    import pyarrow.parquet as pq

    frame = pq.ParquetFile(path)
    names = [name for name in frame.schema_arrow.names if not _INDEX.fullmatch(name)]
    if frame.metadata.num_rows * len(names) > MAX_CELLS:
        return RejectedRecord(
            path.name, "bad table record", f"the table has more than {MAX_CELLS:,} cells"
        )
    try:
        rows = frame.read(columns=names).to_pylist()
        cells = [[row[name] for name in names] for row in rows]
        table = table_from_json(names, cells, title=path.stem.replace("_", " "))
    except _BAD_VALUES as error:
        return RejectedRecord(path.name, "bad table record", str(error))
    return _sourced({}, table, path.name)


def _read_parquet(path: Path, part: TableSlice) -> Iterator[SourcedTable | RejectedRecord]:
    for number, row in enumerate(read_slice(path, part.start, part.stop), start=part.start):
        where = f"{path.name}, row {number}"
        yield from guarded(_read_entry([row], "", where), where)


def _read_jsonl(path: Path, part: TableSlice) -> Iterator[SourcedTable | RejectedRecord]:
    number = part.line
    with path.open("rb") as file:
        file.seek(part.start)
        lines = numbered_lines(file, MAX_LINE_BYTES, part.name)
        while file.tell() < part.stop:
            past, line = next(lines)
            number = part.line + past
            where = f"{part.name}:{number - 1}"
            if line is None:
                yield RejectedRecord(where, "line too long", f"over {MAX_LINE_BYTES:,} bytes")
            elif line.strip():
                yield from guarded(_read_line(line, where), where)
    if part.damage:
        yield RejectedRecord(f"{part.name}:{number}", part.reason, part.damage)


def _read_line(line: bytes, where: str) -> Iterator[SourcedTable | RejectedRecord]:
    try:
        contents = list(_tables_of(json_object(line.decode("utf-8-sig"))))
    except ValueError as error:
        yield RejectedRecord(where, "bad table record", str(error))
    else:
        yield from _read_entry(contents, where, where)


def _read_entry(
    contents: Sequence[Mapping[str, Any]], url: str, where: str
) -> Iterator[SourcedTable | RejectedRecord]:
    """Its tables, up to the first that is none."""
    try:
        for content in contents:
            yield _from_entry(content, url)
    except _BAD_VALUES as error:
        yield RejectedRecord(where, "bad table record", str(error))


def _tables_of(entry: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    tables = entry.get("tables")
    if not isinstance(tables, list):
        yield entry
        return
    context = {name: entry.get(name) for name in ("url", "title") if entry.get(name)}
    for content in tables:
        if not isinstance(content, dict):
            raise ValueError("a table is no JSON object")
        yield {**context, **content}


def _from_entry(entry: Mapping[str, Any], where: str) -> SourcedTable:
    header, rows = entry.get("header"), entry.get("rows")
    texts = {name: json_text(entry.get(name)) for name in ("title", "section", "caption")}
    return _sourced(entry, table_from_json(header, rows, **texts), where)


def _sourced(entry: Mapping[str, Any], table: Table, where: str) -> SourcedTable:
    url = json_text(entry.get("url")) or where
    identifier = json_text(entry.get("id")) or json_text(entry.get("table_id"))
    return SourcedTable(id=identifier or digest(url, table_digest(table)), url=url, table=table)
