"""Choose columns and values for a query, evenly over the table, so that it can find its rows."""

from collections.abc import Mapping, Sequence

from gentap.grammar.plans import SOUGHT, Plan
from gentap.grammar.question_table import (
    QuestionTable,
    may_lack,
    missing_topic,
    missing_value,
)
from gentap.grammar.rules import TITLES, QueryTemplate, is_missing
from gentap.grammar.wordings import Random
from gentap.tables.queries import Condition, Query, comparable

RowCounts = tuple[int, int]
"""The fewest and the most rows that are wanted."""

ONE: RowCounts = (1, 1)

BoundQuery = tuple[Query, Mapping[str, str]]
"""A query, and the values that its labels stand for."""


Binding = list[tuple[str, list[int]]]
"""The columns that each label of a plan can stand for, those with the fewest first."""


class BindingSampler:
    """Proposes queries about one table; of equal choices it takes what it has used least."""

    def __init__(self, table: QuestionTable, random: Random) -> None:
        self._table, self._random = table, random
        self._read = table.read
        self._selected = [0] * len(table.names)
        self._compared = [0] * len(table.names)
        self._answered = [0] * table.read.height
        self._bindings: dict[tuple[int, RowCounts], Binding | None] = {}
        self._found: dict[tuple[int, int, RowCounts], list[Sequence[int]]] = {}

    def waits(self, plan: Plan) -> int:
        """How often the column was asked for that a plan would ask for next."""
        _, guard, role = plan.labels[0]
        return min([self._selected[one] for one in self._table.fitting(guard, role)], default=0)

    def _binding(self, plan: Plan, size: RowCounts) -> Binding | None:
        """None where there is no column for one of the plan's labels, taken alone."""
        key = (plan.binding, size if plan.seeks else ONE)
        if key not in self._bindings:
            self._bindings[key] = self._bind(plan, size)
        return self._bindings[key]

    def _bind(self, plan: Plan, size: RowCounts) -> Binding | None:
        fitting = self._table.fitting
        query = plan.query
        sought = query.conditions[0].column if plan.seeks else None
        missing = {one.column for one in query.conditions if one.is_missing}
        ranked = query.by if query.rows > 1 and not query.conditions else None
        choices = []
        for label, guard, role in plan.labels:
            columns = fitting(guard, role)
            if label == sought:
                columns = [column for column in columns if self._sought(plan, column, size)]
            if label in missing:
                columns = [column for column in columns if may_lack(self._table, column)]
            if label == ranked:
                columns = [column for column in columns if self._ranks(query, column)]
            if not columns:
                return None
            choices.append((label, columns))
        if plan.partners:
            choices = self._with_partners(plan, dict(choices))
            if not all(columns for _, columns in choices):
                return None
        return sorted(choices, key=_breadth)

    def _with_partners(
        self, plan: Plan, choices: Mapping[str, list[int]]
    ) -> list[tuple[str, list[int]]]:
        """Only columns that can be compared with one of their partner's, once for each of them."""
        read = self._read
        return [
            (label, columns)
            if label not in plan.partners
            else (
                label,
                [
                    column
                    for column in columns
                    for other in choices[plan.partners[label]]
                    if other != column and comparable(read, column, other)
                ],
            )
            for label, columns in choices.items()
        ]

    def count(self, query: Query, *rows: int) -> None:
        """Remember the rows and the columns that a question was about."""
        for row in rows:
            self._answered[row] += 1
        self.pass_over(query)

    def pass_over(self, query: Query) -> None:
        """Let other columns come first the next time."""
        self._selected[query.select] += 1
        if query.by is not None:
            self._compared[query.by] += 1
        for condition in query.conditions:
            self._compared[condition.column] += 1

    def propose(
        self, plan: Plan, columns: Mapping[str, int], rank: int, size: RowCounts = ONE
    ) -> BoundQuery | None:
        """A query of the plan over these columns; None where its choice of rows gives none.

        Where every row is selected, values are sought that ``size`` rows meet.
        """
        if rank > 1 and rank >= self._read.height:
            return None
        query = plan.query
        values = self._bind_values(plan, columns, size)
        if values is None:
            return None
        conditions = [
            Condition(
                columns[one.column],
                one.comparison,
                values.get(one.value, ""),
                values.get(one.high, ""),
                columns[one.other] if one.other else None,
            )
            for one in query.conditions
        ]
        by, rising, falling = (
            columns[label] if label else None for label in (query.by, query.rising, query.falling)
        )
        bound = Query(
            columns[query.select],
            tuple(conditions),
            query.pick,
            by,
            rank,
            query.count,
            rising,
            falling,
        )
        return bound, values

    def bind_columns(self, plan: Plan, size: RowCounts = ONE) -> dict[str, int] | None:
        """A column for each label, no two the same; those compared hold values of one sort."""
        binding = self._binding(plan, size)
        if binding is None:
            return None
        columns: dict[str, int] = {}
        select, taken = plan.query.select, columns.values()
        for label, fitting in binding:
            free = [column for column in fitting if column not in taken] if columns else fitting
            if plan.partners and plan.partners.get(label) in columns:
                partner = columns[plan.partners[label]]
                free = [column for column in free if comparable(self._read, column, partner)]
            if not free:
                return None
            column = free[0]
            if len(free) > 1:
                uses = self._selected if label == select else self._compared
                least = min([uses[column] for column in free])
                rare = [column for column in free if uses[column] == least]
                column = rare[int(self._random() * len(rare))]
            columns[label] = column
        return columns

    def _bind_values(
        self, plan: Plan, columns: Mapping[str, int], size: RowCounts
    ) -> dict[str, str] | None:
        shape = plan.shape
        conditions = plan.query.conditions
        if not conditions:
            return {}
        if shape == "none":
            titles = self._table.titles
            return {one.value: titles[one.value] for one in conditions if one.value}
        first = columns[conditions[0].column]
        if shape == "single" or shape == "group":
            rows = self._table.singles(first) if shape == "single" else self._table.groups(first)
            return self._texts(plan, columns, self._choose(rows))
        if shape == "pair":
            rows = self._table.pairs(first, columns[conditions[1].column])
            return self._texts(plan, columns, self._choose(rows)) if rows else None
        if shape == "mixed":
            return self._texts(plan, columns, self._choose(range(self._read.height)))
        condition = conditions[0]
        if shape in SOUGHT:
            found = self._sought(plan, first, size)
            if not found:
                return None
            values = found[int(self._random() * len(found))] if len(found) > 1 else found[0]
            labels = (condition.value, condition.high)
            return self._named(
                [(label, first, row) for label, row in zip(labels, values, strict=False)]
            )
        if shape == "nobody":
            return self._held_and_missing(plan, columns)
        pair = (
            self._two_of(self._table.singles(first))
            if shape == "either"
            else self._beside(columns[plan.query.select], first)
        )
        if not pair:
            return None
        if plan.query.by == condition.column:  # "between 1990 and 1994"
            order = self._table.order(first)
            pair = sorted(pair, key=order.index, reverse=plan.query.pick == "largest")
        return self._named([(condition.value, first, pair[0]), (condition.high, first, pair[1])])

    def _held_and_missing(self, plan: Plan, columns: Mapping[str, int]) -> dict[str, str] | None:
        """Values of any rows, and what the table does not hold; None where there is none."""
        values: dict[str, str] = {}
        for one in plan.query.conditions:
            column = columns[one.column]
            for label in filter(None, (one.value, one.high)):
                if is_missing(label):
                    text = missing_value(self._table, column, self._random)
                else:
                    row = self._any_row()
                    said = self._table.plain[row] and self._table.nameable(column)[row]
                    text = self._read.texts[column][row] if said else None
                if text is None:
                    return None
                values[label] = text
        if plan.query.without:
            topic = missing_topic(self._table, plan.query.without, self._random)
            if topic is None:
                return None
            values[plan.query.without] = topic
        return values

    def _any_row(self) -> int:
        return int(self._random() * self._read.height)

    def _any_of(self, rows: list[int]) -> int:
        return rows[int(self._random() * len(rows))]

    def _two_of(self, rows: list[int]) -> Sequence[int] | None:
        """Two different rows in any order; None where there are none."""
        if len(rows) < 2:
            return None
        one = int(self._random() * len(rows))
        step = 1 + int(self._random() * (len(rows) - 1))
        return [rows[one], rows[(one + step) % len(rows)]]

    def _sought(self, plan: Plan, column: int, size: RowCounts) -> list[Sequence[int]]:
        """Rows with the value, or the two, that so many rows of the column meet."""
        key = (plan.binding, column, size)
        found = self._found.get(key)
        if found is None:
            seek = self._members if plan.shape == "members" else self._limits
            found = self._found[key] = seek(plan, column, size)
        return found

    def _members(self, plan: Plan, column: int, size: RowCounts) -> list[Sequence[int]]:
        """The first row of each value that may be named and so many rows, but not all, have."""
        least, most = size
        nameable, height = self._table.nameable(column), self._read.height
        return [
            rows[:1]
            for rows in self._read.index(column).values()
            if least <= len(rows) <= most and len(rows) < height and nameable[rows[0]]
        ]

    def _limits(self, plan: Plan, column: int, size: RowCounts) -> list[Sequence[int]]:
        """Rows whose cells leave so many rows above, below or between them.

        Where these rows are to stand in the order of the column, no two of them are equal.
        """
        order, keys = self._table.order(column), self._read.columns[column].keys
        if plan.shape == "above":
            order = order[::-1]
        sizes = [keys[row] for row in order]
        ordered = plan.seeks and plan.query.by == plan.query.conditions[0].column
        taken = 2 if plan.shape == "between" else 1
        found: list[Sequence[int]] = []
        for count in range(size[0], min(size[1], len(order) - taken) + 1):
            for low in range(len(order) - count - 1) if taken == 2 else (-1,):
                first, last, high = low + 1, low + count, low + count + 1
                if sizes[last] == sizes[high] or (taken == 2 and sizes[low] == sizes[first]):
                    continue
                if plan.seeks and taken == 1 and sizes[high] == 0:
                    continue  # "more than 0" is any at all
                if not ordered or len(set(sizes[first:high])) == count:
                    found.append((order[low], order[high]) if taken == 2 else (order[high],))
        return found

    def _ranks(self, query: QueryTemplate, column: int) -> bool:
        """Whether so many rows from the largest or smallest on, and the next, all differ."""
        order, keys = self._table.order(column), self._read.columns[column].keys
        sizes = [keys[row] for row in order]
        if query.pick == "ends":
            return len(sizes) > 2 and sizes[0] != sizes[1] and sizes[-1] != sizes[-2]
        best = sizes[-query.count - 1 :] if query.pick == "largest" else sizes[: query.count + 1]
        return len(sizes) >= query.count and len(set(best)) == len(best)

    def _beside(self, column: int, beside: int) -> Sequence[int] | None:
        """Two rows with the same cell of ``column`` and different cells ``beside`` it."""
        shared = self._table.groups(column)
        if not shared:
            return None
        same = self._read.index(column)[self._read.identities(column)[self._any_of(shared)]]
        pair = self._two_of(same)
        identities = self._read.identities(beside)
        return pair if pair and identities[pair[0]] != identities[pair[1]] else None

    def _named(self, named: Sequence[tuple[str, int, int]]) -> dict[str, str] | None:
        """The texts of cells by the labels of their values; None where one may not be said."""
        if not all(self._table.nameable(column)[row] for _, column, row in named):
            return None
        return {label: self._read.texts[column][row] for label, column, row in named}

    def _choose(self, rows: "list[int] | range") -> int:
        """One of two random rows, the one that has answered less."""
        one = rows[int(self._random() * len(rows))]
        other = rows[int(self._random() * len(rows))]
        return one if self._answered[one] <= self._answered[other] else other

    def _texts(self, plan: Plan, columns: Mapping[str, int], row: int) -> dict[str, str] | None:
        """All values that are equated come from one row, so that they can hold together."""
        values: dict[str, str] = {}
        texts = self._read.texts
        for one in plan.query.conditions:
            if one.other:
                continue
            column = columns[one.column]
            for label in filter(None, (one.value, one.high)):
                if label in TITLES:
                    values[label] = self._table.titles[label]
                    continue
                at = row
                if one.comparison != "is":
                    at = int(self._random() * self._read.height)
                if not self._table.nameable(column)[at]:
                    return None
                values[label] = texts[column][at]
        return values


def _breadth(choice: tuple[str, list[int]]) -> int:
    return len(choice[1])
