"""HiTab as released (Cheng et al. 2022): questions about tables with hierarchical headers.

A ``.jsonl`` file of samples, or the same in gzip. Right is the annotators' sentence that answers
the question (``sub_sentence``), evidence are all linked cells. The tables lie beside the samples:
``tables/raw/ID.json`` as released, or all of them in ``tables_raw.jsonl`` (``.gz``), one a line.

Merged cells fill all places that they span. The rows of the top header become one, each column's
texts joined from the top; a row's label is joined to those that it stands under in the hierarchy of
the left header, the outermost first, where they stand in the same column.
"""

import os
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from gentap.documents.annotated.fields import (
    cells_of,
    field_text,
    read_text_file,
    table_file,
    text_lines,
)
from gentap.documents.jsonl import json_object, table_from_json
from gentap.documents.markup.grid import MAX_CELLS
from gentap.errors import InputError
from gentap.records import Example, Table

_TABLES = ("tables_raw.jsonl", "tables_raw.jsonl.gz")


def from_hitab(entry: dict[str, Any], path: Path, number: int) -> Example:
    """Raises ValueError with the reason where the entry is no question."""
    table, above = _table(path.parent, field_text(entry, "table_id"))
    return Example(
        id=str(entry.get("id", f"{path.stem}-{number}")),
        kind="long",
        origin="annotated",
        question=field_text(entry, "question"),
        answer=field_text(entry, "sub_sentence"),
        table=table,
        cells=cells_of(list(_linked(entry.get("linked_cells"), above)), table),
        source=str(entry["table_id"]),
    )


def _linked(links: Any, above: int) -> Iterator[tuple[int, int]]:
    """The places, body rows from 0, that any phrase is linked to: keys such as ``(18, 1)``."""
    if not isinstance(links, dict):
        return
    for name, value in links.items():
        if name.startswith("(") and not isinstance(value, dict):
            try:
                row, column = map(int, name.strip("()").split(","))
            except ValueError:
                raise ValueError(f"'linked_cells' names no cell: {name!r}") from None
            yield max(row - above, -1), column
        else:
            yield from _linked(value, above)


@lru_cache(maxsize=4096)
def _table(folder: Path, name: str) -> tuple[Table, int]:
    """A table, and how many rows its top header had."""
    file = folder / "tables" / "raw" / f"{name}.json"
    if os.path.lexists(file):
        content = json_object(read_text_file(table_file(folder, str(file.relative_to(folder)))))
    elif name in (listed := _listed(folder)):
        content = listed[name]
    else:
        raise ValueError(f"the table {name} is neither {file} nor in {folder / _TABLES[0]}")
    try:
        return _read(content)
    except (KeyError, TypeError, IndexError, AttributeError, ArithmeticError) as error:
        raise ValueError(f"the table {name} is none of HiTab's: {error!r}") from None


@lru_cache(maxsize=4)
def _listed(folder: Path) -> Mapping[str, dict[str, Any]]:
    file = next((folder / name for name in _TABLES if (folder / name).is_file()), None)
    if file is None:
        return {}
    try:
        tables = [json_object(line or "") for _, line in text_lines(file)]
        return {str(table["table_id"]): table for table in tables}
    except (ValueError, KeyError) as error:
        raise InputError(f"{file}: not HiTab's tables, one a line: {error!r}.") from None


def _read(content: Mapping[str, Any]) -> tuple[Table, int]:
    rows_of = [[" ".join(str(text).split()) for text in row] for row in content["texts"]]
    width = max(map(len, rows_of), default=0)
    if width * len(rows_of) > MAX_CELLS:
        raise ValueError(f"the table has more than {MAX_CELLS:,} cells")
    grid = [row + [""] * (width - len(row)) for row in rows_of]
    filled = 0
    for region in content["merged_regions"]:
        rows = range(max(0, region["first_row"]), min(region["last_row"] + 1, len(grid)))
        columns = range(max(0, region["first_column"]), min(region["last_column"] + 1, width))
        filled += len(rows) * len(columns)
        if filled > MAX_CELLS:
            raise ValueError(f"its merged regions fill more than {MAX_CELLS:,} cells")
        for row in rows:
            for column in columns:
                grid[row][column] = grid[rows[0]][columns[0]]
    above = max(1, int(content["top_header_rows_num"]) - 1)  # it counts the title's row
    header = [
        " ".join(dict.fromkeys(text for text in column if text))
        for column in zip(*grid[:above], strict=True)
    ]
    joined = [list(row) for row in grid]
    for row, column, outer in _nested(content["left_root"], ()):
        texts = [grid[up][column] for up in outer if up >= above]
        joined[row][column] = " ".join(dict.fromkeys([*texts, grid[row][column]]))
    title = " ".join(str(content.get("title") or "").split())
    return table_from_json(header, joined[above:], title=title), above


def _nested(
    node: Mapping[str, Any], outer: tuple[tuple[int, int], ...]
) -> Iterator[tuple[int, int, list[int]]]:
    """Each label's row and column in a header's tree, and the rows of those that it stands under
    in its column."""
    for child in node["children"]:
        row, column = child["row_index"], child["column_index"]
        yield row, column, [up for up, of in outer if of == column and up != row]
        yield from _nested(child, (*outer, (row, column)))
