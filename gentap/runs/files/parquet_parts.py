"""Parquet parts of a corpus: found, and read row by row or group by group, checked where asked."""

import errno
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gentap.errors import InputError
from gentap.records import EVALUATION_COLUMNS, Row
from gentap.runs.files.own_files import EDITED, advice
from gentap.runs.files.parquet_checks import Nullable, check_columns, check_rows


def parts(folder: Path) -> list[Path]:
    """The Parquet parts of a corpus folder, in order."""
    return sorted(folder.glob("part-*.parquet"))


def require_columns(files: Iterable[Path], schema: Any, optional: Collection[str] = ()) -> None:
    """Raise InputError unless all Parquet files hold a schema's columns, of their kinds."""
    import pyarrow.parquet as pq

    for path in files:
        with readable(path):
            check_columns(path, pq.read_schema(path), schema, optional)


def count_rows(part: Path) -> int:
    import pyarrow.parquet as pq

    with readable(part):
        return int(pq.read_metadata(part).num_rows)


def read_slice(part: Path, start: int, stop: int, schema: Any = None) -> Iterator[Row]:
    """Rows from ``start`` to below ``stop``; only the row groups they need."""
    return read_at(part, range(start, stop), schema)


def read_at(part: Path, places: Sequence[int], schema: Any = None) -> Iterator[Row]:
    """The rows of a Parquet file at some places, which ascend."""
    for group in groups_at(part, places, schema=schema):
        yield from group.to_pylist()


def groups_at(
    part: Path,
    places: Sequence[int],
    columns: Sequence[str] | None = None,
    *,
    schema: Any = None,
) -> Iterator[Any]:
    """The same as Arrow tables; only the row groups that they need are read.

    With a ``schema`` they are checked: see :mod:`gentap.runs.files.parquet_checks`.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    from gentap.runs.arrow import column

    with readable(part):
        file = pq.ParquetFile(part)
        _check_columns(part, file, columns, schema)
        first = done = 0
        for group in range(file.num_row_groups):
            first, begin = first + file.metadata.row_group(group).num_rows, first
            stop = bisect_left(places, first, done)
            if wanted := [place - begin for place in places[done:stop]]:
                rows = file.read_row_group(group, columns=columns)
                if schema is not None:
                    check_rows(part, begin, rows)
                is_slice = wanted[-1] - wanted[0] + 1 == len(wanted)
                yield (
                    rows.slice(wanted[0], len(wanted))
                    if is_slice
                    else rows.take(column(wanted, pa.int64()))
                )
            done = stop


def read_groups(part: Path, schema: Any) -> Iterator[Any]:
    """The row groups of a Parquet file as Arrow tables, one at a time, checked."""
    import pyarrow.parquet as pq

    with readable(part):
        file = pq.ParquetFile(part)
        _check_columns(part, file, None, schema)
        first = 0
        for group in range(file.num_row_groups):
            rows = file.read_row_group(group)
            check_rows(part, first, rows)
            first += len(rows)
            yield rows


def read_rows(
    paths: Iterable[Path],
    columns: Sequence[str] | None = None,
    *,
    schema: Any = None,
    nullable: Nullable = (),
) -> Iterator[Row]:
    """Stream the rows of Parquet files; memory is bounded by one batch of a row group.

    With a ``schema`` they are checked: see :mod:`gentap.runs.files.parquet_checks`.
    """
    import pyarrow.parquet as pq

    for path in paths:
        with readable(path):
            file = pq.ParquetFile(path)
            _check_columns(path, file, columns, schema)
            first = 0
            for batch in file.iter_batches(batch_size=256, columns=columns):
                if schema is not None:
                    check_rows(path, first, batch, nullable)
                first += len(batch)
                yield from batch.to_pylist()


def _check_columns(path: Path, file: Any, columns: Sequence[str] | None, schema: Any) -> None:
    """Those that are read, or all, but for what other versions did not have."""
    if schema is not None:
        import pyarrow as pa

        wanted = [field for field in schema if columns is None or field.name in columns]
        check_columns(path, file.schema_arrow, pa.schema(wanted), EVALUATION_COLUMNS)


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Tell what can't be read of a Parquet file, and what to do about it, as an InputError."""
    import pyarrow as pa

    try:
        if not path.is_file():
            raise InputError(f"{path}: {'not a file' if path.exists() else 'no such file'}.")
        yield
    except (OSError, pa.ArrowException, UnicodeDecodeError) as error:
        if isinstance(error, OSError) and error.errno in (errno.EACCES, errno.EPERM):
            raise InputError(f"{path}: can't be read: {error.strerror}. {advice(error)}") from error
        raise InputError(f"{path}: not a readable Parquet file: {error}. {EDITED}") from error
