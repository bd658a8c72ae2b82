"""ToTTo as released (Parikh et al. 2020): a sentence about the highlighted cells of a table.

The question lists the highlighted cells with their headings, for they are part of the task's input.
Spanning cells fill all places that they span, each of them is evidence. The leading rows of header
cells alone become the header, one below the other. Every annotator's final sentence is right. The
hidden test set has no sentences, so that its lines are set aside.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gentap.documents.annotated.fields import field_text
from gentap.documents.annotated.table_to_text import to_say
from gentap.documents.markup.grid import MAX_CELLS
from gentap.records import Cell, Example, Table

Grid = list[list[str]]
GridPosition = tuple[int, int]


def from_totto(entry: dict[str, Any], path: Path, number: int) -> Example:
    """Raises ValueError with the reason where the entry is no question."""
    rows = entry.get("table")
    if not isinstance(rows, list) or not all(isinstance(row, list) and row for row in rows):
        raise ValueError("'table' is no list of rows of cells")
    grid, places = _expand(rows)
    above = _header_rows(rows)
    if above == len(rows):
        raise ValueError("the table has no rows below its header")
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
    grid = [[filled.get((row, column), "") for column in range(width)] for row in range(len(rows))]
    return grid, places


def _span(cell: dict[str, Any], name: str) -> int:
    try:
        return max(1, int(cell.get(name) or 1))
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"a cell's {name!r} is no number") from None


def _header_rows(rows: Sequence[Sequence[Any]]) -> int:
    for number, row in enumerate(rows):
        if not all(cell.get("is_header") for cell in row):
            return number
    return len(rows)


def _highlighted(
    pairs: Any, places: dict[GridPosition, list[GridPosition]], above: int
) -> tuple[Cell, ...]:
    try:
        spanned = [place for row, cell in pairs for place in places.get((row, cell), [])]
    except (TypeError, ValueError):
        raise ValueError("'highlighted_cells' is no list of [row, cell] pairs") from None
    return tuple(sorted({Cell(row - above, column) for row, column in spanned if row >= above}))


def _sentences(entry: dict[str, Any]) -> list[str]:
    annotations = entry.get("sentence_annotations")
    if not isinstance(annotations, list) or not annotations:
        raise ValueError("'sentence_annotations' is missing or empty: there is no right answer")
    if not all(isinstance(annotation, dict) for annotation in annotations):
        raise ValueError("a sentence annotation is no JSON object")
    sentences = (field_text(annotation, "final_sentence") for annotation in annotations)
    return list(dict.fromkeys(sentences))
