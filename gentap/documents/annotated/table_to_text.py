"""Table-to-text: what stands in a question's place where there is nothing to ask."""

from collections.abc import Sequence
from dataclasses import replace

from gentap.records import HEADER_ROW, Cell, Example, Table

WHOLE_ROW = "describe the row"
WHOLE_TABLE = "describe the table"


def as_text(example: Example) -> Example:
    """The example as a sentence to say about its evidence, its question left out."""
    return replace(example, question=to_say(example.table, example.cells))


def to_say(table: Table, cells: Sequence[Cell]) -> str:
    """The cells to say with their headings, or that it is a whole row, or the whole table."""
    body = [cell for cell in cells if cell.row != HEADER_ROW]
    if not cells or (len(table.rows) > 1 and len(body) == len(table.rows) * len(table.header)):
        return WHOLE_TABLE
    if len(table.rows) == 1 and len(body) == len(table.header):
        return WHOLE_ROW
    named = (
        f"{table.header[cell.column]} {table.text_at(cell)}"
        if cell in body
        else table.text_at(cell)
        for cell in cells
    )
    return " ".join(f"describe {', '.join(dict.fromkeys(named))}".split())
