"""Cut a table to a budget of tokens, so that what is computed on it is what the model sees.

Order of sacrifice: long texts are cut at a word; caption, section and title go, in that order,
while they are over half of the budget; columns go while the header alone is over half of what is
left or no row fits beside it; rows go while they don't fit. What is least like the question goes
first, and of what is equally unlike it the rightmost column and the last row. Cells that must be
kept (a training example's evidence) hold their rows and columns. The answer is never looked at.

Likeness is by shared words. A word in few rows counts more than one in many, as ``log(1 + rows of
the table / rows with the word)``; a column is like the question by its heading, and by its cells in
the rows that are most like it.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass
from itertools import islice

from gentap.records import HEADER_ROW, Cell, Table
from gentap.text.function_words import QUESTION_WORDS
from gentap.text.normal_form import normal_form
from gentap.text.words import WORD

_LEADING_ROWS = 16
"""So many of the rows most like the question tell which columns are."""

_ROWS_A_BATCH = 64

Lengths = Callable[[Sequence[str]], list[int]]


@dataclass(frozen=True, slots=True)
class Fitted:
    """The cut table, and which rows and columns of the whole one it holds, in order."""

    table: Table
    rows: tuple[int, ...]
    columns: tuple[int, ...]

    @classmethod
    def whole(cls, table: Table) -> "Fitted":
        return cls(table, tuple(range(len(table.rows))), tuple(range(len(table.header))))

    def place(self, cell: Cell) -> Cell | None:
        """Where a cell of the whole table stands in the cut one; None where it was cut away."""
        if cell.row not in (HEADER_ROW, *self.rows) or cell.column not in self.columns:
            return None
        row = HEADER_ROW if cell.row == HEADER_ROW else self.rows.index(cell.row)
        return Cell(row, self.columns.index(cell.column))

    def origin(self, cell: Cell) -> Cell:
        """Where a cell of the cut table stands in the whole one."""
        return Cell(self.rows[cell.row], self.columns[cell.column])


def shorten(text: str, limit: int) -> str:
    """Cut a text at a word so that it has at most ``limit`` characters, its ellipsis included."""
    if len(text) <= limit:
        return text
    head = text[: limit - 1]
    at_word = head.rsplit(None, 1)[0] if " " in head.strip() else head
    return at_word.rstrip(" ,;:") + "…"


def fit(
    table: Table,
    lengths: Lengths,
    budget: int,
    max_cell_chars: int,
    question: str = "",
    keep: Sequence[Cell] = (),
) -> Fitted:
    """Cut ``table`` so that the lengths of its texts add up to at most ``budget``.

    ``lengths`` gives the cost of each text with its mark. Where even one row does not fit beside
    the header, the table is left with no rows.
    """
    header = [shorten(text, max_cell_chars) for text in table.header]
    context = [
        shorten(text, max_cell_chars) for text in (table.title, table.section, table.caption)
    ]
    costs = [cost if text else 0 for text, cost in zip(context, lengths(context), strict=True)]
    named, context_cost = _keep_first(costs, budget // 2)
    left = budget - context_cost
    first = sorted({cell.row for cell in keep if 0 <= cell.row < len(table.rows)})
    header_costs = lengths(header)
    words = frozenset(_words(question) - QUESTION_WORDS)
    ranked = _rows_by_likeness(table, words)
    column_costs = _column_costs(table, first, header_costs, lengths, max_cell_chars)
    likeness = (
        _columns_likeness(table, words, ranked[:_LEADING_ROWS])
        if sum(column_costs) > left
        else [0] * len(header)
    )
    columns, _ = _keep_first(column_costs, left, [cell.column for cell in keep], likeness)
    left -= sum(header_costs[column] for column in columns)
    taken = set(first)
    order = [*first, *(row for row in ranked if row not in taken)] if columns else []
    kept: dict[int, tuple[str, ...]] = {}
    for row, texts, cost in _costed(table, order, columns, lengths, max_cell_chars):
        if cost <= left:
            left -= cost
            kept[row] = texts
        elif kept and row not in first:
            break
    rows = tuple(sorted(kept))
    cut = Table(
        title=context[0] if 0 in named else "",
        section=context[1] if 1 in named else "",
        caption=context[2] if 2 in named else "",
        header=tuple(header[column] for column in columns),
        rows=tuple(kept[row] for row in rows),
    )
    return Fitted(cut, rows, tuple(columns))


def _column_costs(
    table: Table,
    first: Sequence[int],
    header_costs: Sequence[int],
    lengths: Lengths,
    max_cell_chars: int,
) -> list[int]:
    """What each column takes of the budget, so that a row fits and the header is at most half.

    The row is the shortest of those that must be kept, or of the table's first.
    """
    rows = [table.rows[row] for row in first] or table.rows[:_ROWS_A_BATCH]
    shortest = min(rows, key=lambda row: sum(map(len, row)), default=("",) * len(header_costs))
    costs = lengths([shorten(text, max_cell_chars) for text in shortest])
    return [head + max(head, cell) for head, cell in zip(header_costs, costs, strict=True)]


def _costed(
    table: Table, rows: Sequence[int], columns: Sequence[int], lengths: Lengths, max_cell_chars: int
) -> Iterator[tuple[int, tuple[str, ...], int]]:
    """Each row, its shortened texts and their cost; a batch of rows is measured at a time."""
    whole = len(columns) == len(table.header)
    for start in range(0, len(rows), _ROWS_A_BATCH):
        batch = rows[start : start + _ROWS_A_BATCH]
        texts = [
            cells
            if whole and max(map(len, cells)) <= max_cell_chars
            else tuple(shorten(cells[column], max_cell_chars) for column in columns)
            for cells in map(table.rows.__getitem__, batch)
        ]
        costs = iter(lengths([text for row_texts in texts for text in row_texts]))
        for row, row_texts in zip(batch, texts, strict=True):
            yield row, row_texts, sum(islice(costs, len(row_texts)))


def _keep_first(
    costs: Sequence[int],
    limit: int,
    needed: Sequence[int] = (),
    likeness: Sequence[int] | None = None,
) -> tuple[list[int], int]:
    """As many places as cost at most ``limit``: the needed ones, the likest, then from the left."""
    kept: list[int] = []
    spent = 0
    must = set(needed)
    like = likeness or [0] * len(costs)
    for place in sorted(range(len(costs)), key=lambda at: (at not in must, -like[at], at)):
        if spent + costs[place] <= limit:
            kept.append(place)
            spent += costs[place]
    return sorted(kept), spent


def _words(text: str) -> set[str]:
    return set(WORD.findall(normal_form(text)))


def _rows_by_likeness(table: Table, words: Set[str]) -> Sequence[int]:
    """All rows, those most like the question first, then in order."""
    shared: dict[int, Set[str]] = {}
    for row, cells in enumerate(table.rows if words else ()):
        text = " ".join(cells)
        if text.isascii():  # seen to share nothing without the dear normal form, as most rows are
            lower = text.lower()
            if not any(word in lower for word in words):
                continue
        if found := words & _words(text):
            shared[row] = found
    counts = Counter(word for found in shared.values() for word in found)
    weights = {word: math.log1p(len(table.rows) / count) for word, count in counts.items()}
    scores = {
        row: round(sum(weights[word] for word in sorted(found)), 9) for row, found in shared.items()
    }
    alike = sorted(shared, key=lambda row: (-scores[row], row))
    return [*alike, *(row for row in range(len(table.rows)) if row not in scores)]


def _columns_likeness(table: Table, words: Set[str], rows: Sequence[int]) -> list[int]:
    """How many words of the question each column has: in its heading twice, in these rows once."""
    return [
        2 * len(words & _words(heading))
        + len(words & _words(" ".join(table.rows[row][column] for row in rows)))
        for column, heading in enumerate(table.header)
    ]
