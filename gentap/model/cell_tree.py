"""The cells of a table as a prefix tree over token ids, so that a decoder writes one of them."""

from collections.abc import Sequence
from typing import Any

from gentap.model.tokenizer import TableTokenizer
from gentap.records import Cell, Table
from gentap.tables.truncate import Fitted
from gentap.text.normal_form import normal_form


class CellTree:
    """What a cell decoder may write about a table: its cells as the targets of training are.

    Paths are the ids of whole targets, with all that a tokenizer puts around them, so that any
    tokenizer will do. Cells of equal ids are one answer, the first of them. A table without a
    filled cell lets nothing but the end be written.
    """

    def __init__(self, tokenizer: TableTokenizer, fitted: Fitted) -> None:
        self.root: dict[int, Any] = {}
        self._end: int = tokenizer.hf.eos_token_id
        self._cells: dict[tuple[int, ...], Cell] = {}
        first: dict[str, Cell] = {}
        for row, texts in enumerate(fitted.table.rows):
            for column, text in enumerate(texts):
                if text.strip():
                    first.setdefault(text, fitted.origin(Cell(row, column)))
        targets = tokenizer.targets_ids(list(first)) if first else [[self._end]]
        paths = [target[: target.index(self._end) + 1] for target in targets]
        for path in paths:
            node = self.root
            for token in path:
                node = node.setdefault(token, {})
        for path, cell in zip(paths, first.values(), strict=False):
            self._cells.setdefault(tuple(path[:-1]), cell)

    def cell(self, ids: Sequence[int]) -> Cell | None:
        """The cell of the whole table that was written, its ids without the end."""
        return self._cells.get(tuple(ids))


def find_cell(fitted: Fitted, value: str) -> Cell | None:
    """The first cell with that text, else the first with that normal form, in the whole table."""
    form = normal_form(value)
    near = None
    for row, cells in enumerate(fitted.table.rows):
        for column, text in enumerate(cells):
            if text == value and value:
                return fitted.origin(Cell(row, column))
            if near is None and form and normal_form(text) == form:
                near = fitted.origin(Cell(row, column))
    return near


def cell_text(table: Table, cell: Cell | None) -> str:
    return "" if cell is None else table.rows[cell.row][cell.column]
