"""Draw questions about one table that are answered in a sentence, which tells of several rows.

How many rows the evidence spans is drawn first, then a kind of question that can give as many.
"""

from collections import Counter
from collections.abc import Callable, Container, Hashable, Mapping, Sequence
from functools import partial
from heapq import heapify, heappop, heapreplace
from typing import NamedTuple

from gentap.grammar.bindings import BindingSampler, RowCounts
from gentap.grammar.plans import Plan
from gentap.grammar.question_table import QuestionTable
from gentap.grammar.sampler import QuestionSampler, fits, names
from gentap.grammar.telling import Telling, Told, Unsayable
from gentap.grammar.wordings import Random
from gentap.records import Cell
from gentap.tables.queries import Query, run_query

EVIDENCE_SIZES: tuple[RowCounts, ...] = ((0, 0), (1, 1), (2, 2), (3, 3), (4, 8))
"""Rows of evidence, as their shares are given: none (the table does not answer), 1, 2, 3, more."""

SIZE_NAMES = ("no row", "1 row", "2 rows", "3 rows", "4 rows or more")

MAX_TOLD_CHARS = 320


class SampledSentence(NamedTuple):
    """A question of a kind, its answer in a sentence, and what that tells.

    ``rows`` are those that the query gives, in its order; ``evidence`` holds all cells that the
    sentence tells or the query goes by.
    """

    kind: str
    question: str
    answer: str
    query: Query
    values: Mapping[str, str]
    rows: tuple[int, ...]
    told: tuple[Told, ...]
    evidence: tuple[Cell, ...]


class SentenceSampler:
    """Draws sentences of one grammar; ``shares`` are those of 1, 2, 3 and more rows of evidence."""

    def __init__(
        self, maker: QuestionSampler, shares: Sequence[float], unanswerable: float
    ) -> None:
        self._maker = maker
        self._plans: dict[Hashable, list[tuple[int, Plan]]] = {}
        total = sum(shares)
        self._shares = [unanswerable, *((1 - unanswerable) * share / total for share in shares)]

    def draws(
        self, table: QuestionTable, wanted: int, attempts: int, random: Random
    ) -> tuple[list[SampledSentence], Counter[str]]:
        """Up to ``wanted`` different sentences, and the numbers of rows that it could not give.

        Where the table can't give the number of rows drawn, another is drawn, by the shares of
        those left.
        """
        drawer = SentenceDrawer(self._maker, table, random)
        turns = _Turns(drawer, partial(self._plans_for, table), attempts, random)
        drawn: dict[str, SampledSentence] = {}
        missed: Counter[str] = Counter()
        shares = list(self._shares)
        while len(drawn) < wanted:
            place = _draw_place(self._shares, random())
            one = turns.next(place, drawn)
            if one is None:
                missed[SIZE_NAMES[place]] += 1
            while one is None:
                shares[place] = 0
                if not any(shares):
                    return list(drawn.values()), missed
                place = _draw_place(shares, random())
                one = turns.next(place, drawn)
            drawn[one.question] = one
        return list(drawn.values()), missed

    def _plans_for(self, table: QuestionTable, place: int) -> list[tuple[int, Plan]]:
        """The plans that can give a table's sentence of so many rows, with their numbers."""
        size = EVIDENCE_SIZES[place]
        height = min(table.read.height, EVIDENCE_SIZES[-1][1] + 1)
        sort = (place, height, table.all_plain, frozenset(table.titles))
        if sort not in self._plans:
            self._plans[sort] = [
                (number, plan)
                for number, plan in enumerate(self._maker.sentence_plans)
                if gives(plan, size, table) and fits(plan, table)
            ]
        missing = ~table.admitted
        return [pair for pair in self._plans[sort] if not pair[1].needed & missing]


def _draw_place(shares: Sequence[float], share: float) -> int:
    """The place of one of the shares; none of 0 is drawn."""
    at = share * sum(shares)
    last = 0
    for place, one in enumerate(shares):
        if one:
            last = place
            at -= one
            if at < 0:
                break
    return last


class _Turns:
    """Kinds of sentences take turns by their weight, for each number of rows."""

    def __init__(
        self,
        drawer: "SentenceDrawer",
        plans: Callable[[int], list[tuple[int, Plan]]],
        attempts: int,
        random: Random,
    ) -> None:
        self._drawer, self._plans = drawer, plans
        self._attempts, self._random = attempts, random
        self._turns: dict[int, list[tuple[float, int, Plan]]] = {}

    def next(self, place: int, asked: Container[str]) -> SampledSentence | None:
        """A sentence of so many rows of evidence; None where no kind gives one any more."""
        turns = self._turns.get(place)
        if turns is None:
            turns = self._turns[place] = [
                (self._random() / plan.rule.weight, number, plan)
                for number, plan in self._plans(place)
            ]
            heapify(turns)
        while turns:
            turn, number, plan = turns[0]
            one = self._drawer.turn(plan, EVIDENCE_SIZES[place], self._attempts, asked)
            if one is not None:
                heapreplace(turns, (turn + 1 / plan.rule.weight, number, plan))
                return one
            heappop(turns)
        return None


def gives(plan: Plan, size: RowCounts, table: QuestionTable) -> bool:
    """Whether sentences of a plan can have so many rows of evidence."""
    query = plan.query
    if query.many == "none" or not size[1]:
        return query.many == "none" and not size[1]
    if query.many == "every" and not query.conditions:
        return size[0] <= table.read.height <= size[1]
    return not plan.evidence_rows or size[0] <= plan.evidence_rows <= size[1]


class SentenceDrawer:
    """Draws one sentence at a time from a table."""

    def __init__(self, maker: QuestionSampler, table: QuestionTable, random: Random) -> None:
        self._table, self._random = table, random
        self._wordings = maker.wordings(table)
        self._proposer = BindingSampler(table, random)

    def turn(
        self, plan: Plan, size: RowCounts, attempts: int, asked: Container[str]
    ) -> SampledSentence | None:
        """A question that is not ``asked`` yet; None where there is none, or the attempts fail."""
        for _ in range(attempts):
            columns = self._proposer.bind_columns(plan, size)
            if columns is None:
                return None
            one = self._draw(plan, columns, size)
            if one is not None and one.question not in asked:
                return one
        return None

    def _draw(
        self, plan: Plan, columns: Mapping[str, int], size: RowCounts
    ) -> SampledSentence | None:
        """A sentence whose evidence spans so many rows, if these columns give one."""
        rank = 1
        if plan.numbers is not None:
            numbers = self._wordings.numbers(plan.numbers)
            rank = numbers[int(self._random() * len(numbers))]
        proposal = self._proposer.propose(plan, columns, rank, size)
        if proposal is None:
            return None
        query, values = proposal
        rows = run_query(query, self._table.read)
        told = None
        if self._is_wanted(plan, query, rows, size):
            told = self._tell(plan, columns, values, rank, rows)
        if told is None:
            self._proposer.pass_over(query)
            return None
        question, answer, telling = told
        answered = plan.query.many != "none"
        found = evidence_of(query, rows, telling.told) if answered else ()
        if len({cell.row for cell in found}) not in range(size[0], size[1] + 1):
            return None
        self._proposer.count(query, *rows)
        return SampledSentence(
            plan.rule.name,
            question,
            answer,
            query,
            values,
            tuple(rows),
            tuple(telling.told),
            found,
        )

    def _is_wanted(self, plan: Plan, query: Query, rows: Sequence[int], size: RowCounts) -> bool:
        if plan.query.many == "none":
            return self._is_unanswerable(plan, query, rows)
        wanted = plan.query.rows
        if not (len(rows) == wanted if wanted else 1 <= len(rows) <= size[1]):
            return False
        if plan.shape not in ("either", "both"):
            return True
        identities = self._table.read.identities(query.select)
        asked = {identities[row] for row in rows}
        return len(asked) == (1 if plan.shape == "both" else len(rows))

    def _is_unanswerable(self, plan: Plan, query: Query, rows: Sequence[int]) -> bool:
        """Whether each value is held or missing as the plan says, and no row meets all of them.

        Where the table lacks what is asked for, the row that is asked about must be there.
        """
        if plan.query.without:
            return bool(rows)
        held = [
            query._replace(conditions=(one,))
            for one, template in zip(query.conditions, plan.query.conditions, strict=True)
            if not template.is_missing
        ]
        return not rows and all(run_query(one, self._table.read) for one in held)

    def _tell(
        self,
        plan: Plan,
        columns: Mapping[str, int],
        values: Mapping[str, str],
        rank: int,
        rows: Sequence[int],
    ) -> tuple[str, str, Telling] | None:
        """A question and its answer; None where those drawn can't be said here."""
        asking, answering = self._wordings.choice(plan.rule), self._wordings.answers(plan.rule)
        if not asking.wordings or not answering.wordings:
            return None
        telling = Telling(
            self._table, self._wordings, self._random, plan.query, columns, values, rank, rows
        )
        wording = asking.draw(self._random)
        if not telling.is_clear(wording):
            return None
        try:  # answers are refused more often than questions
            answer = telling.say(answering.draw(self._random).alternative)
            question = telling.say(wording.alternative)
        except Unsayable:
            return None
        if len(answer) > MAX_TOLD_CHARS or self._gives_away(plan, columns, rows, question):
            return None
        return question, answer, telling

    def _gives_away(
        self, plan: Plan, columns: Mapping[str, int], rows: Sequence[int], question: str
    ) -> bool:
        """Whether a question names what it asks for, unless it asks which of the named it is."""
        query = plan.query
        if any(condition.column == query.select for condition in query.conditions):
            return False
        forms = self._table.read.forms[columns[query.select]]
        return any(names(question, forms[row]) for row in rows)


def evidence_of(query: Query, rows: Sequence[int], told: Sequence[Told]) -> tuple[Cell, ...]:
    """All cells that a sentence tells, and those of its rows that the query goes by."""
    cells = {Cell(row, one.column) for one in told if one.column >= 0 for row in one.rows}
    for column in (query.by, query.rising, query.falling):
        if column is not None:
            cells |= {Cell(row, column) for row in rows}
    found = [rows[0] + 1] if query.pick == "around" and rows else rows
    for condition in query.conditions:
        cells |= {Cell(row, condition.column) for row in found}
        if condition.other is not None:
            cells |= {Cell(row, condition.other) for row in found}
    return tuple(sorted(cells))
