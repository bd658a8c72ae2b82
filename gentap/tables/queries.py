"""Small queries whose answer is one row of a table, and their execution.

``select X where A is v and B is w``, with the row narrowed by ``largest``, ``smallest``, ``first``,
``last``, ``after`` or ``before``. A query never guesses: it yields every row that fits, so that a
caller can demand exactly one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from gentap.records import Table
from gentap.tables.values import Column, is_placeholder, normal_form, read_column

Comparison = Literal["is", "above", "below"]
Pick = Literal["largest", "smallest", "first", "last", "after", "before", "any"]


@dataclass(frozen=True, slots=True)
class Condition:
    """``column is value`` by normal form; ``above`` and ``below`` by the column's keys."""

    column: int
    comparison: Comparison
    value: str


@dataclass(frozen=True, slots=True)
class Query:
    """Select ``column`` of the row that meets all conditions and is picked.

    ``by`` is the column that ``largest`` and ``smallest`` go by. ``after`` and ``before`` take the
    row next to the one that meets the conditions.
    """

    select: int
    conditions: tuple[Condition, ...] = ()
    pick: Pick = "any"
    by: int | None = None


class ReadTable:
    """A table with its columns read once and its cells in normal form."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.forms = [[normal_form(cell) for cell in row] for row in table.rows]
        self.columns: list[Column] = [
            read_column([row[index] for row in table.rows]) for index in range(len(table.header))
        ]
        self.filled = [[not is_placeholder(cell) for cell in row] for row in table.rows]


def run(query: Query, read: ReadTable) -> list[int]:
    """The body rows that the query fits, in order; none where it can't be decided.

    An extreme needs a key in every row that it is taken over: a cell that does not parse could be
    the true extreme.
    """
    rows = [
        row
        for row in range(len(read.table.rows))
        if all(_meets(read, row, condition) for condition in query.conditions)
    ]
    match query.pick:
        case "any":
            return rows
        case "first":
            return rows[:1]
        case "last":
            return rows[-1:]
        case "largest" | "smallest":
            return _extreme(read, rows, query)
        case "after":
            return [row + 1 for row in rows if row + 1 < len(read.table.rows)]
        case "before":
            return [row - 1 for row in rows if row > 0]


def _meets(read: ReadTable, row: int, condition: Condition) -> bool:
    if condition.comparison == "is":
        return read.forms[row][condition.column] == normal_form(condition.value)
    keys = read.columns[condition.column].keys
    limit = _key_of(read, condition.column, condition.value)
    key = keys[row]
    if key is None or limit is None:
        return False
    return key > limit if condition.comparison == "above" else key < limit


def _key_of(read: ReadTable, column: int, value: str) -> float | None:
    form = normal_form(value)
    for row, forms in enumerate(read.forms):
        if forms[column] == form:
            return read.columns[column].keys[row]
    return None


def _extreme(read: ReadTable, rows: Sequence[int], query: Query) -> list[int]:
    if query.by is None or not rows:
        return []
    keys = [read.columns[query.by].keys[row] for row in rows]
    known = [key for key in keys if key is not None]
    if len(known) < len(keys):
        return []
    best = max(known) if query.pick == "largest" else min(known)
    return [row for row, key in zip(rows, keys, strict=True) if key == best]
