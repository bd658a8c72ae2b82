"""Rows of spanning cells to a table: spans expanded, header and body parted."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

MAX_CELLS = 500_000
"""A table with more cells than this, spans expanded, is left out."""

MAX_LETTERS = 32 * 2**20
"""And one whose repeated cells hold more letters than a whole page may."""

_NUMERIC = re.compile(r"[\d\s.,%$€£+()/–-]+")
_DIGIT = re.compile(r"\d")

PAIR_HEADER = ("Property", "Value")
"""The header of a table of names and their values."""

Span = tuple[int, int]
"""Columns and rows that a cell covers."""

Content = tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]
"""A table's header and its body rows, all of one length."""


class TooLargeError(ValueError):
    """The table has more than :data:`MAX_CELLS` cells, or :data:`MAX_LETTERS` in repeated ones."""


@dataclass(slots=True)
class GridRow:
    """A row: the cells that it has itself, and its line of the grid once it is expanded.

    ``own`` counts its cells and ``heads`` the ``th`` among them; ``first_head`` says whether the
    first is one. ``spans`` is None where every cell covers its own slot alone; ``carried`` says
    that cells of rows above reach into it.
    """

    own: int
    in_head: bool = False
    texts: list[str] = field(default_factory=list)
    heads: int = 0
    first_head: bool = False
    spans: list[Span] | None = None
    carried: bool = False
    line: list[str] = field(default_factory=list)

    @property
    def head(self) -> bool:
        """Whether it can be part of a header: within ``thead``, or of ``th`` only."""
        return self.in_head or self.heads == self.own

    @property
    def plain(self) -> bool:
        """Whether it can be neither header nor note: what most rows are, told at once."""
        return self.spans is None and 1 < self.own != self.heads and not self.in_head

    @property
    def row_head(self) -> bool:
        """Whether its first cell names the row: the one ``th`` among others."""
        return self.first_head and self.heads == 1 < self.own

    @property
    def divider(self) -> bool:
        """Whether it parts the rows, such as ``1990s``: one cell and no other."""
        return self.own == 1 and not self.carried

    @property
    def filled(self) -> int:
        """How many of its own cells have a text."""
        return sum(map(bool, self.texts))

    @property
    def note(self) -> bool:
        """Whether it is a divider, or the one cell with a text spans several columns."""
        if self.carried or (self.own > 1 and (self.spans is None or self.filled != 1)):
            return False
        return self.own == 1 or any(
            text and columns > 1
            for text, (columns, _) in zip(self.texts, self.spans or (), strict=False)
        )


def expand(rows: Sequence[GridRow]) -> list[GridRow]:
    """Repeat spanning cells over their rectangle; all rows then have one length.

    Where two cells overlap, the later one stands. Rows without cells of their own are left out.
    Raises TooLargeError.
    """
    carried: dict[int, dict[int, str]] = defaultdict(dict)
    kept: list[GridRow] = []
    width = total = letters = 0
    for index, row in enumerate(rows):
        taken = carried.pop(index, None) if carried else None
        row.line = row.texts
        if taken is not None or row.spans is not None:
            row.carried = taken is not None
            line = taken or {}
            column = 0
            for text, (columns, down) in zip(
                row.texts, row.spans or [(1, 1)] * row.own, strict=True
            ):
                while column in line:
                    column += 1
                total += columns * down
                if total > MAX_CELLS:
                    raise TooLargeError(f"over {MAX_CELLS:,} cells")
                letters += columns * down * len(text)
                if letters > MAX_LETTERS:
                    raise TooLargeError(f"over {MAX_LETTERS:,} letters in cells that are repeated")
                covered = dict.fromkeys(range(column, column + columns), text)
                line.update(covered)
                for below in range(index + 1, index + down):
                    carried[below].update(covered)
                column += columns
            row.line = [line.get(column, "") for column in range(max(line, default=-1) + 1)]
        if row.own:
            kept.append(row)
            width = max(width, len(row.line))
            if width * len(kept) > MAX_CELLS:
                raise TooLargeError(f"over {MAX_CELLS:,} cells")
    for row in kept:
        if short := width - len(row.line):
            row.line = row.line + [""] * short
    return kept


def read_grid(rows: list[GridRow], pairs: bool = False) -> tuple[str, Content] | None:
    """What stands over a data table's header, its header and its body; None for other tables.

    The header is what stands at the top in rows of ``th`` only or within ``thead``, joined column
    by column; without such rows it is the first row, where that has names only. Where every row
    begins with a ``th`` instead, these names are the header and the table is turned. Rows of one
    cell, and headers that are repeated below, are left out. A table of names and their values, as
    in an infobox, is read with ``pairs``.
    """
    above = next((i for i, row in enumerate(rows) if not row.divider), len(rows))
    over = [row.texts[0] for row in rows[:above]]
    whole, rows = rows, rows[above:]
    if len(rows) < 2 or len(rows[0].line) < 2:
        return None
    count = next((i for i, row in enumerate(rows) if not row.head and not row.divider), 0)
    titles = [row.line for row in rows[:count] if not row.divider]
    if not titles:
        named = all(text and not _NUMERIC.fullmatch(text) for text in rows[0].line)
        if all(row.row_head or row.divider for row in rows):
            if len(rows[0].line) == 2:
                return read_pairs(whole) if pairs else None
            if not named:
                return _turn(over, rows)
        if not named:
            return None
        titles, count = [rows[0].line], 1
    body = [row for row in rows[count:] if row.plain or not (row.note or _repeats(row, titles))]
    if not any(row.filled > 1 or (row.carried and len(set(row.line) - {""}) > 1) for row in body):
        return None
    header = tuple(_joined(column) for column in zip(*titles, strict=True))
    return _with_used_columns(over, header, [tuple(row.line) for row in body])


def read_pairs(rows: list[GridRow]) -> tuple[str, Content] | None:
    """An infobox: its title, and a row for each name with its value."""
    pairs = [
        (row.line[0], row.line[1])
        for row in rows
        if row.row_head and all(row.line[:2]) and len(set(row.line[1:])) == 1
    ]
    if not pairs:
        return None
    return _joined(rows[0].texts if rows[0].divider else []), (PAIR_HEADER, tuple(pairs))


def _repeats(row: GridRow, titles: list[list[str]]) -> bool:
    """Whether a row of ``th`` within the body is a header again; a row of sums has numbers."""
    if not row.head or row.carried:
        return False
    return row.line in titles or not any(map(_DIGIT.search, row.line))


def _turn(over: list[str], rows: list[GridRow]) -> tuple[str, Content] | None:
    first, *columns = zip(*(row.line for row in rows if not row.divider), strict=True)
    return _with_used_columns(over, tuple(_joined([name]) for name in first), columns)


def _with_used_columns(
    over: list[str], header: tuple[str, ...], body: list[tuple[str, ...]]
) -> tuple[str, Content] | None:
    body = [row for row in body if any(row)]
    used = [place for place, name in enumerate(header) if name or any(row[place] for row in body)]
    if not body or len(used) < 2:
        return None
    if len(used) < len(header):
        header = tuple(header[place] for place in used)
        body = [tuple(row[place] for place in used) for row in body]
    return _joined(over), (header, tuple(body))


def _joined(texts: Iterable[str]) -> str:
    """Different texts in one line."""
    return " ".join(dict.fromkeys(text for text in texts if text)).replace("\n", " ")
