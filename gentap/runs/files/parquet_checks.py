"""Parquet files of ours, checked as they are read: columns, types, nulls, and what fits together.

All rows are looked at in Arrow, a batch at a time, so that whoever gets one can rely on it.
"""

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from gentap.errors import InputError
from gentap.records import HEADER_ROW
from gentap.runs.files.own_files import EDITED

Nullable = Collection[str]
"""Names of columns that may hold nulls."""


def check_columns(path: Path, found: Any, wanted: Any, optional: Collection[str] = ()) -> None:
    """Raise InputError unless a file's schema has the wanted columns, of their kinds."""
    missing = sorted({*wanted.names} - {*found.names} - {*optional})
    if missing:
        raise InputError(
            f"{path}: has no column {', '.join(missing)}. Another version of GenTaP wrote it, or "
            "another program: make the folder anew."
        )
    for field in wanted:
        if field.name in found.names:
            kind = found.field(field.name).type
            if found.names.count(field.name) > 1 or not _alike(kind, field.type):
                raise InputError(
                    f"{path}: the column {field.name} holds {kind} where {field.type} belongs. "
                    f"{EDITED}"
                )


def _alike(found: Any, wanted: Any) -> bool:
    """Equal but for the width of numbers and offsets, which other programs change."""
    from pyarrow import types

    if types.is_string(wanted):
        return bool(types.is_string(found) or types.is_large_string(found))
    if types.is_list(wanted):
        listed = types.is_list(found) or types.is_large_list(found)
        return bool(listed and _alike(found.value_type, wanted.value_type))
    if types.is_struct(wanted):
        return bool(
            types.is_struct(found)
            and [field.name for field in found] == [field.name for field in wanted]
            and all(_alike(one.type, other.type) for one, other in zip(found, wanted, strict=True))
        )
    if types.is_integer(wanted):
        return bool(types.is_signed_integer(found))
    if types.is_floating(wanted):
        return bool(types.is_float32(found) or types.is_float64(found))
    return bool(found == wanted)


def check_rows(path: Path, first: int, rows: Any, nullable: Nullable = ()) -> None:
    """Raise InputError where rows of a file hold a null, or what does not fit their table.

    ``rows`` is a batch or an Arrow table whose columns are of the right kinds; its first row is
    the file's row ``first``, from 0. Raises ArrowInvalid where a text is not UTF-8.
    """
    import pyarrow.compute as pc

    columns = {name: _whole(rows.column(name)) for name in rows.schema.names}
    for name, column in columns.items():
        if name not in nullable and _holds_null(column):
            raise InputError(f"{path}: the column {name} holds a null. {EDITED}")
        column.validate(full=True)  # texts that are no UTF-8
    for bad, problem in _misfits(columns):
        place = pc.index(bad, value=True).as_py()
        if place >= 0:
            raise InputError(f"{path}, row {first + place + 1}: {problem}. {EDITED}")


def _whole(column: Any) -> Any:
    import pyarrow as pa

    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _holds_null(array: Any) -> bool:
    from pyarrow import types

    if array.null_count:
        return True
    if types.is_list(array.type) or types.is_large_list(array.type):
        return _holds_null(array.flatten())
    if types.is_struct(array.type):
        return any(map(_holds_null, array.flatten()))
    return False


def _misfits(columns: dict[str, Any]) -> Iterator[tuple[Any, str]]:
    """For each rule a truth value a row: whether it is broken."""
    import pyarrow.compute as pc

    from gentap.runs.arrow import column

    def any_of(parents: Any, broken: Any) -> Any:
        """Whether any of a row's entries is broken."""
        bad = pc.unique(pc.filter(parents, broken))
        return pc.is_in(column(range(count), parents.type), value_set=bad)

    if "kind" in columns:
        kind = columns["kind"]
        known = pc.or_(pc.equal(kind, "long"), pc.equal(kind, "cell"))
        yield pc.invert(known), "its kind is neither 'long' nor 'cell'"
    if "header" not in columns:
        return
    count, widths = len(columns["header"]), pc.list_value_length(columns["header"])
    if "rows" not in columns:
        return
    rows = columns["rows"]
    heights = pc.list_value_length(rows)
    parents = pc.list_parent_indices(rows)
    lengths = pc.list_value_length(pc.list_flatten(rows))
    ragged = pc.not_equal(lengths, pc.take(widths, parents))
    yield any_of(parents, ragged), "a row of its table has not as many cells as the header"
    if "row" in columns:
        yield _outside(columns["row"], heights), "its table has no such row"
    if "further" in columns:
        further, parents = columns["further"], pc.list_parent_indices(columns["further"])
        outside = _outside(pc.list_flatten(further), pc.take(heights, parents))
        yield any_of(parents, outside), "its table has no such row"
    if "cells" in columns:
        cells, parents = columns["cells"].flatten(), pc.list_parent_indices(columns["cells"])
        first_row = 0 if "sentence" in columns else HEADER_ROW  # questions go by headings too
        for name, sizes, first in (("row", heights, first_row), ("column", widths, 0)):
            outside = _outside(pc.struct_field(cells, name), pc.take(sizes, parents), first)
            yield any_of(parents, outside), "its table has no such cell"
        if "sentence" in columns:
            ends = pc.take(pc.utf8_length(columns["sentence"]), parents)
            start, end = pc.struct_field(cells, "start"), pc.struct_field(cells, "end")
            outside = pc.or_(
                pc.or_(pc.less(start, 0), pc.greater(start, end)), pc.greater(end, ends)
            )
            yield any_of(parents, outside), "its sentence has no such characters"


def _outside(places: Any, sizes: Any, first: int = 0) -> Any:
    import pyarrow.compute as pc

    return pc.or_(pc.less(places, first), pc.greater_equal(places, sizes))
