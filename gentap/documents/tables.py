"""Tables from files: mined folders, Parquet, CSV, and JSONL with one table a line.

A line of JSONL is ``{"header": ["…"], "rows": [["…"]]}``, with ``title``, ``section``, ``caption``,
``url`` and ``id`` (or ``table_id``) where they are known, or a document with a list of such
``tables``. Parquet files have columns of these names.
"""

import gzip
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gentap.documents.csv_table import read_csv_table
from gentap.documents.jsonl import json_object, table_from_json
from gentap.documents.read import JSONL_SUFFIXES, expand_inputs
from gentap.documents.unread import Unread
from gentap.errors import InputError
from gentap.records import SourcedTable, Table, digest, table_digest
from gentap.store import count_rows, is_done, parts, read_slice, require_stage

CSV_SUFFIXES = (".csv", ".tsv")
PARQUET_SUFFIXES = (".parquet",)
SUFFIXES = PARQUET_SUFFIXES + CSV_SUFFIXES + JSONL_SUFFIXES
SLICE_BYTES = 8 * 2**20
"""Uncompressed JSONL is read in slices of this size."""


@dataclass(frozen=True, slots=True)
class TableSlice:
    """Tables that are read together: rows of a Parquet file, bytes of JSONL, or CSV files."""

    paths: tuple[Path, ...]
    start: int = 0
    stop: int = 0


def find_table_files(inputs: Sequence[str]) -> list[Path]:
    """Files, folders, globs and mined folders to the files that hold their tables."""
    files: dict[Path, None] = {}
    for name in inputs:
        path = Path(name)
        if path.is_dir() and ((path / "tables").is_dir() or (path / "unfinished.json").exists()):
            require_stage(path, "mine", "questions are sampled from its tables")
            found = parts(path / "tables")
            if not found:
                raise InputError(f"{path / 'tables'}: holds no tables (part-*.parquet).")
        elif path.is_dir() and is_done(path) and not parts(path):
            raise InputError(f"{path}: this output folder holds no tables. Give a mined folder.")
        else:
            try:
                found = expand_inputs([name], SUFFIXES)
            except InputError as error:
                mined = "Or give a folder made with `gentap mine`."
                raise InputError(f"{str(error).removesuffix('.')}. {mined}") from None
        files.update(dict.fromkeys(found))
    return list(files)


def slice_tables(files: Sequence[Path], shard_tables: int) -> list[TableSlice]:
    """Cut files into slices of about ``shard_tables`` tables; the cuts depend on the files alone.

    A compressed JSONL file is one slice, for it can only be read from its start.
    """
    slices: list[TableSlice] = []
    pages: list[Path] = []
    for file in files:
        if file.name.endswith(CSV_SUFFIXES):
            pages.append(file)
        elif file.name.endswith(PARQUET_SUFFIXES):
            _check_columns(file)
            starts = range(0, count_rows(file), shard_tables)
            slices += [TableSlice((file,), start, start + shard_tables) for start in starts]
        elif file.name.endswith(".gz"):
            slices.append(TableSlice((file,)))
        else:
            starts = range(0, file.stat().st_size, SLICE_BYTES)
            slices += [TableSlice((file,), start, start + SLICE_BYTES) for start in starts]
    batches = [pages[first : first + shard_tables] for first in range(0, len(pages), shard_tables)]
    return slices + [TableSlice(tuple(batch)) for batch in batches]


def read_tables(part: TableSlice) -> Iterator[SourcedTable | Unread]:
    """The tables of a slice, and the records that were set aside."""
    for path in part.paths:
        if path.name.endswith(CSV_SUFFIXES):
            yield _read_csv(path)
        elif path.name.endswith(PARQUET_SUFFIXES):
            yield from _read_parquet(path, part)
        else:
            yield from _read_jsonl(path, part)


def read_first_table(path: Path) -> SourcedTable:
    """The first table of a file; raises InputError where there is none."""
    reason = "it is empty"
    for part in slice_tables(find_table_files([str(path)]), 1):
        for table in read_tables(part):
            if isinstance(table, SourcedTable):
                return table
            reason = table.detail or table.reason
    raise InputError(f"{path}: no table could be read from it: {reason}")


def _read_csv(path: Path) -> SourcedTable | Unread:
    try:
        table = read_csv_table(path)
    except InputError as error:
        return Unread(path.name, "bad CSV table", str(error))
    return _sourced({}, table, path.name)


def _check_columns(path: Path) -> None:
    import pyarrow.parquet as pq

    count_rows(path)  # raises where the file can't be read
    names = pq.read_schema(path).names
    missing = [name for name in ("header", "rows") if name not in names]
    if missing:
        raise InputError(
            f"{path}: has no column {' or '.join(missing)}, so it holds no tables. Its columns "
            f"are {', '.join(names[:8])}."
        )


def _read_parquet(path: Path, part: TableSlice) -> Iterator[SourcedTable | Unread]:
    for number, row in enumerate(read_slice(path, part.start, part.stop), start=part.start):
        try:
            yield _from_entry(row, "")
        except ValueError as error:
            yield Unread(f"{path.name}, row {number}", "bad table record", str(error))


def _read_jsonl(path: Path, part: TableSlice) -> Iterator[SourcedTable | Unread]:
    """Lines of a file; of an uncompressed one those that begin within the slice."""
    place = 0
    try:
        for place, line in _lines(path, part):
            if not line.strip():
                continue
            where = f"{path.name}:{place}" if part.stop == 0 else f"{path.name}, byte {place}"
            try:
                entry = json_object(line.decode("utf-8-sig"))
                for content in _tables_of(entry):
                    yield _from_entry(content, where)
            except ValueError as error:
                yield Unread(where, "bad table record", str(error))
    except (OSError, EOFError, zlib.error) as error:
        yield Unread(f"{path.name} after {place}", "damaged compressed file", str(error))


def _lines(path: Path, part: TableSlice) -> Iterator[tuple[int, bytes]]:
    """Lines with their number (compressed files) or the byte where they begin."""
    if part.stop == 0:
        with gzip.open(path, "rb") as lines:
            yield from enumerate(lines, start=1)
        return
    with path.open("rb") as file:
        if part.start:
            file.seek(part.start - 1)
            file.readline()  # the rest of a line that began before the slice
        while (place := file.tell()) < part.stop and (line := file.readline()):
            yield place, line


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
    texts = {name: _text(entry.get(name)) for name in ("title", "section", "caption")}
    return _sourced(entry, table_from_json(header, rows, **texts), where)


def _text(value: Any) -> str:
    return " ".join(str(value).split()) if value is not None else ""


def _sourced(entry: Mapping[str, Any], table: Table, where: str) -> SourcedTable:
    url = _text(entry.get("url")) or where
    identifier = _text(entry.get("id")) or _text(entry.get("table_id"))
    return SourcedTable(id=identifier or digest(url, table_digest(table)), url=url, table=table)
