"""ToTTo as released (Parikh et al. 2020): a sentence about the highlighted cells of a table.

The question lists the highlighted cells with their headings, for they are part of the task's input.
Spanning cells fill all places that they span; a highlighted one is evidence at one of them, in a
row of the other highlighted cells where it has such a place. The first row of header cells alone
becomes the header, and further such rows below it while the row above has a cell that spans columns
or rows; a row of one cell over the whole width below them is no header but a group's name. Of a
highlighted cell of the header its column's heading is evidence. Every annotator's final sentence is
right, and one that two wrote stands there twice: the official evaluation counts them. The hidden
test set has no sentences, so that its lines are set aside.
"""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from gentap.documents.annotated.fields import field_text
from gentap.documents.annotated.table_to_text import to_say
from gentap.documents.markup.grid import MAX_CELLS
from gentap.records import HEADER_ROW, Cell, Example, Table

Grid = list[list[str]]
GridPosition = tuple[int, int]


def from_totto(entry: dict[str, Any], path: Path, number: int) -> Example:
    """Raises ValueError with the reason where the entry is no question."""
    rows = entry.get("table")
    if not isinstance(rows, list) or not all(isinstance(row, list) and row for row in rows):
        raise ValueError("'table' is no list of rows of cells")
    grid, places = _expand(rows)
    if len(rows) < 2:
        raise ValueError("the table has no rows below its header")
    above = _header_rows(rows, len(grid[0]))
    table = Table(
        title=str(entry.get("table_page_title") or ""),
        section=str(entry.get("table_section_title") or ""),
        header=tuple(
            " ".join(dict.fromkeys(text for text in column if text))
            for column in zip(*grid[:above], strict=True)
        )
        or ("",) * len(grid[0]),
        rows=tuple(map(tuple, grid[above:])),
    )
    cells = _highlighted(entry["highlighted_cells"], places, above)
    answer, *alternatives = _sentences(entry)
    return Example(
        id=str(entry.get("example_id", f"{path.stem}-{number}")),
        kind="long",
        origin="annotated",
        question=to_say(table, cells),
        answer=answer,
        table=table,
        cells=cells,
        source=str(entry.get("table_webpage_url") or path.name),
        alternatives=tuple(alternatives),
        section_text=" ".join(str(entry.get("table_section_text") or "").split()),
    )


def _expand(rows: Sequence[Sequence[Any]]) -> tuple[Grid, dict[GridPosition, list[GridPosition]]]:
    """The table as a rectangle, and the places in it of each cell of the given rows."""
    filled: dict[GridPosition, str] = {}
    places: dict[GridPosition, list[GridPosition]] = {}
    for row, cells in enumerate(rows):
        column = 0
        for number, cell in enumerate(cells):
            if not isinstance(cell, dict):
                raise ValueError("a table cell is no JSON object")
            while (row, column) in filled:
                column += 1
            height = min(_span(cell, "row_span"), len(rows) - row)
            width = _span(cell, "column_span")
            if len(filled) + height * width > MAX_CELLS:
                raise ValueError(f"the table has more than {MAX_CELLS:,} cells")
            spanned = [(row + y, column + x) for y in range(height) for x in range(width)]
            text = " ".join(str(cell.get("value") or "").split())
            filled.update(dict.fromkeys(spanned, text))
            places[row, number] = spanned
    width = 1 + max((column for _, column in filled), default=0)
    if width * len(rows) > MAX_CELLS:
        raise ValueError(f"the table has more than {MAX_CELLS:,} cells")
    grid = [[filled.get((row, column), "") for column in range(width)] for row in range(len(rows))]
    return grid, places


def _span(cell: dict[str, Any], name: str) -> int:
    try:
        return max(1, int(cell.get(name) or 1))
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"a cell's {name!r} is no number") from None


def _header_rows(rows: Sequence[Sequence[Any]], width: int) -> int:
    """How many leading rows are the header; at least one row is left below them."""
    if not _is_header(rows[0]):
        return 0
    several = len(rows[0]) > 1
    for number, (above, row) in enumerate(pairwise(rows), start=1):
        group = several and len(row) == 1 and _span(row[0], "column_span") >= width
        spans = any(_span(cell, name) > 1 for cell in above for name in ("column_span", "row_span"))
        if not spans or group or not _is_header(row) or number == len(rows) - 1:
            return number
        several = several or len(row) > 1
    return 1


def _is_header(row: Sequence[Any]) -> bool:
    return all(cell.get("is_header") for cell in row)


def _highlighted(
    pairs: Any, places: dict[GridPosition, list[GridPosition]], above: int
) -> tuple[Cell, ...]:
    try:
        spans = [places[row, cell] for row, cell in pairs if (row, cell) in places]
    except (TypeError, ValueError):
        raise ValueError("'highlighted_cells' is no list of [row, cell] pairs") from None
    rows = {row for span in spans if len(span) == 1 for row, _ in span}
    chosen = (next((place for place in span if place[0] in rows), span[0]) for span in spans)
    cells = {Cell(max(row - above, HEADER_ROW), column) for row, column in chosen}
    return tuple(sorted(cells))


def _sentences(entry: dict[str, Any]) -> list[str]:
    annotations = entry.get("sentence_annotations")
    if not isinstance(annotations, list) or not annotations:
        raise ValueError("'sentence_annotations' is missing or empty: there is no right answer")
    if not all(isinstance(annotation, dict) for annotation in annotations):
        raise ValueError("a sentence annotation is no JSON object")
    return [field_text(annotation, "final_sentence") for annotation in annotations]
