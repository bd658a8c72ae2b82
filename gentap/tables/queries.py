"""Small queries for rows of a table, and their execution.

``select X where A is v and B above w``, with the rows narrowed by their place or by the size of a
cell. A query never guesses: it yields every row that fits, so that a caller can demand exactly one,
and none where a cell that can't be compared leaves it undecided.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal, NamedTuple

from gentap.records import Table
from gentap.tables.columns import Column, ColumnReader, loose_form
from gentap.text.normal_form import normal_form, normal_forms

ComparisonOperator = Literal["is", "above", "below", "between", "either", "both"]
Pick = Literal[
    "any",
    "only",
    "largest",
    "smallest",
    "row",
    "last",
    "after",
    "before",
    "ends",
    "edges",
    "around",
]

Identity = str | float
"""What makes two cells of a column the same: a typed cell's size, else its loose normal form."""


class Condition(NamedTuple):
    """``column is value``, ``above``/``below`` it, or ``between`` value and ``high``, both out.

    ``either`` is the one value or the other, ``high``, in this order. With ``other``, the column is
    compared with that column of the same row instead of a value; ``both`` are the rows with
    ``value`` or ``high`` of those whose cells of ``other`` stand beside each of the two.
    """

    column: int
    comparison: ComparisonOperator
    value: str = ""
    high: str = ""
    other: int | None = None


class Query(NamedTuple):
    """Select ``column`` of the rows that meet all conditions and are picked.

    ``largest`` and ``smallest`` go by the column ``by``; with ``row`` (from the top) and ``last``
    (from the bottom) they take the ``rank``-th. ``after`` and ``before`` take the row next to the
    one that meets the conditions, ``only`` the row of a table that has one.

    Of several rows: ``largest`` and ``smallest`` take ``taken`` of them in that order (0: all),
    ``ends`` the smallest and the largest, ``edges`` the first and the last, ``around`` the rows
    before and after the one that meets the conditions. ``rising`` (or ``falling``) is a column
    whose cells must grow (or shrink) from each row to the next.
    """

    select: int
    conditions: tuple[Condition, ...] = ()
    pick: Pick = "any"
    by: int | None = None
    rank: int = 1
    taken: int = 1
    rising: int | None = None
    falling: int | None = None


class ReadTable:
    """A table read once: normal forms and typed columns, and each column's index when asked.

    ``texts``, ``forms``, ``filled`` and ``columns`` have an entry for each column.
    """

    def __init__(self, table: Table, reader: ColumnReader) -> None:
        self.table = table
        self.height = len(table.rows)
        self.texts = list(zip(*table.rows, strict=True)) or [()] * len(table.header)
        self.forms = list(map(normal_forms, self.texts))
        self.filled = list(map(reader.filled, self.forms))
        self.columns: list[Column] = list(map(reader.read_column, self.forms, self.filled))
        self.names = normal_forms(table.header)
        self._identities: dict[int, list[Identity]] = {}
        self._index: dict[int, dict[Identity, list[int]]] = {}

    def identities(self, column: int) -> list[Identity]:
        """What makes cells of the column the same, for each row."""
        found = self._identities.get(column)
        if found is None:
            forms, read = self.forms[column], self.columns[column]
            if read.type in ("number", "date"):
                pairs = zip(forms, read.keys, strict=True)
                found = [loose_form(form) if key is None else key for form, key in pairs]
            else:
                found = list(map(loose_form, forms))
            self._identities[column] = found
        return found

    def index(self, column: int) -> dict[Identity, list[int]]:
        """The rows that hold each identity, in order."""
        places = self._index.get(column)
        if places is None:
            places = self._index[column] = {}
            for row, identity in enumerate(self.identities(column)):
                if identity in places:
                    places[identity].append(row)
                else:
                    places[identity] = [row]
        return places

    def is_ordered(self, column: int) -> bool:
        """Whether every cell of the column can be compared with the others."""
        return self.height > 0 and None not in self.columns[column].keys

    def rows_with(self, column: int, value: str) -> list[int]:
        """The rows whose cell is the same as the one with that text."""
        form = normal_form(value)
        if self.columns[column].type not in ("number", "date"):
            return self.index(column).get(loose_form(form), [])
        try:
            identity = self.identities(column)[self.forms[column].index(form)]
        except ValueError:
            return []
        return self.index(column)[identity]

    def key_of(self, column: int, value: str) -> float | None:
        """The key of the first cell with that text."""
        try:
            return self.columns[column].keys[self.forms[column].index(normal_form(value))]
        except ValueError:
            return None


def run_query(query: Query, read: ReadTable) -> list[int]:
    """The body rows that the query fits, in its order; none where it can't be decided.

    A comparison or an extreme needs a key in every row that it is taken over: a cell that does not
    read so could change the answer. A tie within the first ``rank`` leaves a rank undecided, and
    one among several rows taken, or with the next, leaves these undecided.
    """
    rows = _picked(query, read)
    for column, sign in ((query.rising, 1), (query.falling, -1)):
        if column is not None and not _grows(read.columns[column].keys, rows, sign):
            return []
    return rows


def _grows(keys: Sequence[float | None], rows: Sequence[int], sign: int) -> bool:
    sizes = [keys[row] for row in rows]
    return all(
        one is not None and other is not None and (other - one) * sign > 0
        for one, other in pairwise(sizes)
    )


def _picked(query: Query, read: ReadTable) -> list[int]:
    rows: Sequence[int] = range(read.height)
    for number, condition in enumerate(query.conditions):
        met = _rows_meeting(read, condition)
        rows = met if number == 0 else [row for row in rows if row in met]
    match query.pick:
        case "any":
            return list(rows)
        case "only":
            return list(rows) if read.height == 1 else []
        case "row":
            return list(rows[query.rank - 1 : query.rank])
        case "last":
            return [rows[-query.rank]] if query.rank <= len(rows) else []
        case "after":
            return [row + 1 for row in rows if row + 1 < read.height]
        case "before":
            return [row - 1 for row in rows if row > 0]
        case "around":
            inner = len(rows) == 1 and 0 < rows[0] < read.height - 1
            return [rows[0] - 1, rows[0] + 1] if inner else []
        case "edges":
            return [rows[0], rows[-1]] if len(rows) > 1 else []
        case _:
            one = query.taken == 1 and query.pick != "ends"
            return _extreme(read, rows, query) if one else _extremes(read, rows, query)


def _rows_meeting(read: ReadTable, condition: Condition) -> list[int]:
    column, comparison = condition.column, condition.comparison
    if comparison in ("either", "both"):
        one, two = (read.rows_with(column, text) for text in (condition.value, condition.high))
        if condition.other is not None:
            beside = read.identities(condition.other)
            shared = {beside[row] for row in one} & {beside[row] for row in two}
            return [row for row in dict.fromkeys([*one, *two]) if beside[row] in shared]
        return list(dict.fromkeys([*one, *two]))
    if condition.other is not None:
        return _rows_comparing(read, column, comparison, condition.other)
    if comparison == "is":
        return read.rows_with(column, condition.value)
    if not read.is_ordered(column):
        return []
    limit, keys = read.key_of(column, condition.value), read.columns[column].keys
    if limit is None:
        return []
    if comparison == "above":
        return [row for row, key in enumerate(keys) if key is not None and key > limit]
    if comparison == "below":
        return [row for row, key in enumerate(keys) if key is not None and key < limit]
    high = read.key_of(column, condition.high)
    if high is None:
        return []
    return [row for row, key in enumerate(keys) if key is not None and limit < key < high]


def comparable(read: ReadTable, first: int, second: int) -> bool:
    """Whether two columns hold the same sort of values in the same unit."""
    one, other = read.columns[first], read.columns[second]
    return one.type == other.type and one.unit == other.unit


def _rows_comparing(
    read: ReadTable, first: int, comparison: ComparisonOperator, second: int
) -> list[int]:
    if not comparable(read, first, second):
        return []
    if comparison == "is":
        pairs = zip(read.identities(first), read.identities(second), strict=True)
        filled = read.filled[first]
        return [row for row, (one, other) in enumerate(pairs) if one == other and filled[row]]
    if not (read.is_ordered(first) and read.is_ordered(second)):
        return []
    keys = zip(read.columns[first].keys, read.columns[second].keys, strict=True)
    sign = 1 if comparison == "above" else -1
    return [
        row
        for row, (one, other) in enumerate(keys)
        if one is not None and other is not None and (one - other) * sign > 0
    ]


def _extreme(read: ReadTable, rows: Sequence[int], query: Query) -> list[int]:
    if query.by is None:
        return []
    keys = read.columns[query.by].keys
    known = [key for row in rows if (key := keys[row]) is not None]
    if len(known) < len(rows) or query.rank > len(known):
        return []
    known.sort(reverse=query.pick == "largest")
    best = known[: query.rank]
    if len(set(best)) < len(best):
        return []
    return [row for row in rows if keys[row] == best[-1]]


def _extremes(read: ReadTable, rows: Sequence[int], query: Query) -> list[int]:
    """Several rows by the size of their cells, no two of which, nor the next, are equal."""
    if query.by is None:
        return []
    keys = read.columns[query.by].keys
    sized = [(key, row) for row in rows if (key := keys[row]) is not None]
    if len(sized) < len(rows):
        return []
    sized.sort(reverse=query.pick == "largest")
    sizes = [key for key, _ in sized]
    if query.pick == "ends":
        alone = len(sizes) > 2 and sizes[0] < sizes[1] and sizes[-2] < sizes[-1]
        return [sized[0][1], sized[-1][1]] if alone else []
    count = query.taken or len(sized)
    decided = len(set(sizes[: count + 1])) == len(sizes[: count + 1])
    return [row for _, row in sized[:count]] if decided and count <= len(sized) else []
