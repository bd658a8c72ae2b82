"""Questions that are rows of :class:`gentap.records.Example` already."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gentap.documents.annotated.fields import Entries, each
from gentap.errors import InputError
from gentap.records import EVALUATION_COLUMNS, EXAMPLE_SCHEMA, Example, example_from_row
from gentap.runs.store import parts, read_rows


def read_parquet(path: Path) -> Entries:
    """A Parquet file, or a folder of ``part-*.parquet``; rows are numbered from 1.

    Raises InputError where a file can't be read or lacks a column.
    """
    files = parts(path) if path.is_dir() else [path]
    if not files:
        raise InputError(f"{path}: holds no examples (part-*.parquet).")
    for file in files:
        _check_columns(file)
    return each(enumerate(read_rows(files), start=1), lambda row, _: _example(row))


def _check_columns(file: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not file.is_file():
        raise InputError(f"{file}: no such file.")
    try:
        names = pq.read_schema(file).names
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"{file}: not a readable Parquet file: {error}.") from error
    missing = [name for name in EXAMPLE_SCHEMA.names if name not in {*names, *EVALUATION_COLUMNS}]
    if missing:
        raise InputError(
            f"{file}: no column {', '.join(missing)}. Give a file of examples, whose columns are "
            f"{', '.join(EXAMPLE_SCHEMA.names)}."
        )


def _example(row: Mapping[str, Any]) -> Example:
    empty = [name for name in ("id", "question", "answer") if not row[name]]
    if empty:
        raise ValueError(f"{empty[0]!r} is missing or empty")
    if row["kind"] not in ("long", "cell"):
        raise ValueError(f"'kind' is {row['kind']!r}; it must be 'long' or 'cell'")
    try:
        example = example_from_row(row)
    except (TypeError, KeyError) as error:
        raise ValueError(f"the row is no example: {error}") from None
    if any(len(cells) != len(example.table.header) for cells in example.table.rows):
        raise ValueError("a table row has not as many cells as the header")
    return example
