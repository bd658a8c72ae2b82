"""Draw questions about one table; each answer is one cell, and the query that says so is run."""

from collections.abc import Container, Hashable, Iterator, Mapping
from heapq import heapify, heappop, heapreplace
from typing import NamedTuple

from gentap.grammar.bindings import BindingSampler
from gentap.grammar.plans import MOST_NEEDED_ROWS, Guards, Plan, make_plans
from gentap.grammar.question_table import QuestionTable
from gentap.grammar.rules import Grammar
from gentap.grammar.telling import Telling, Unsayable
from gentap.grammar.wordings import Random, Wordings
from gentap.records import Cell, Table
from gentap.tables.columns import ColumnReader
from gentap.tables.queries import Query, run_query
from gentap.text.normal_form import normal_forms
from gentap.text.words import WORD

_WAIT = 0.05
"""How long a kind waits for each time that its column was asked for; a turn of weight 1 takes 1."""


class SampledQuestion(NamedTuple):
    """A question of a kind, the query that it asks, its answer's cell and all evidence."""

    kind: str
    question: str
    query: Query
    answer: Cell
    evidence: tuple[Cell, ...]


class QuestionSampler:
    """Draws questions of one grammar from any number of tables."""

    def __init__(self, grammar: Grammar) -> None:
        self.grammar = grammar
        self.reader = ColumnReader(grammar.language)
        self._guards = Guards(grammar.questions)
        self.plans = make_plans(grammar, self._guards, grammar.cell_questions)
        self.sentence_plans = make_plans(grammar, self._guards, grammar.sentence_questions)
        self._wordings: dict[frozenset[str], Wordings] = {}
        self._plans: dict[Hashable, list[tuple[int, Plan]]] = {}

    def askable(self, table: Table) -> QuestionTable:
        """A table read for this grammar."""
        return QuestionTable(table, self.grammar, self.reader, self._guards)

    def wordings(self, table: QuestionTable) -> Wordings:
        """What can be said of a table, by the titles that it has."""
        titles = frozenset(table.titles)
        if titles not in self._wordings:
            self._wordings[titles] = Wordings(self.grammar, titles)
        return self._wordings[titles]

    def draws(
        self, table: QuestionTable, wanted: int, attempts: int, random: Random
    ) -> Iterator[SampledQuestion]:
        """Up to ``wanted`` different questions; a kind of twice the weight is drawn twice as often.

        Every kind has a turn before one has its second of equal weight; those that ask for columns
        which were asked for less come first. A kind whose ``attempts`` draws in one turn all fail
        is left out from there on.
        """
        drawer = _Drawer(table, self.wordings(table), random)
        missing = ~table.admitted
        turns = [
            (random() / plan.rule.weight, number, plan)
            for number, plan in self._plans_for(table)
            if not plan.needed & missing
        ]
        heapify(turns)
        asked: set[str] = set()
        waited = [0] * len(self.plans)
        while turns and len(asked) < wanted:
            turn, number, plan = turns[0]
            waits = drawer.proposer.waits(plan)
            if waits > waited[number]:
                turn += _WAIT * (waits - waited[number])
                waited[number] = waits
                heapreplace(turns, (turn, number, plan))
                continue
            draw = drawer.turn(plan, attempts, asked)
            if draw is None:
                heappop(turns)
                continue
            asked.add(draw.question)
            yield draw
            heapreplace(turns, (turn + 1 / plan.rule.weight, number, plan))

    def _plans_for(self, table: QuestionTable) -> list[tuple[int, Plan]]:
        """The plans that fit a table's rows and titles, with their numbers."""
        sort = (min(table.read.height, MOST_NEEDED_ROWS), table.all_plain, frozenset(table.titles))
        if sort not in self._plans:
            self._plans[sort] = [
                (number, plan) for number, plan in enumerate(self.plans) if fits(plan, table)
            ]
        return self._plans[sort]

    def draw_kind(
        self, table: QuestionTable, plan: Plan, wanted: int, attempts: int, random: Random
    ) -> list[SampledQuestion]:
        """Up to ``wanted`` different questions of one kind."""
        drawer = _Drawer(table, self.wordings(table), random)
        drawn: dict[str, SampledQuestion] = {}
        while len(drawn) < wanted and is_possible(plan, table):
            draw = drawer.turn(plan, attempts, drawn)
            if draw is None:
                break
            drawn[draw.question] = draw
        return list(drawn.values())


def is_possible(plan: Plan, table: QuestionTable) -> bool:
    """Whether the table has the rows, titles and columns that a plan needs."""
    return plan.needed & ~table.admitted == 0 and fits(plan, table)


def fits(plan: Plan, table: QuestionTable) -> bool:
    """Whether the table has the rows and titles that a plan needs."""
    height = table.read.height
    return (
        height >= plan.fewest_rows
        and (height == 1 or plan.query.pick != "only")
        and plan.titles <= table.titles.keys()
        and (not plan.needs_plain or table.all_plain)
    )


class _Drawer:
    """Draws one question at a time from a table."""

    def __init__(self, table: QuestionTable, wordings: Wordings, random: Random) -> None:
        self._table, self._wordings, self._random = table, wordings, random
        self.proposer = BindingSampler(table, random)

    def turn(self, plan: Plan, attempts: int, asked: Container[str]) -> SampledQuestion | None:
        """A question that is not ``asked`` yet; None where there is none, or the attempts fail."""
        for _ in range(attempts):
            columns = self.proposer.bind_columns(plan)
            if columns is None:
                return None
            draw = self._draw(plan, columns)
            if draw is not None and draw.question not in asked:
                return draw
        return None

    def _draw(self, plan: Plan, columns: Mapping[str, int]) -> SampledQuestion | None:
        """A question whose query finds one row and whose answer may be given; None else."""
        table = self._table
        rank = 1
        if plan.numbers is not None:
            numbers = self._wordings.numbers(plan.numbers)
            rank = numbers[int(self._random() * len(numbers))]
        proposal = self.proposer.propose(plan, columns, rank)
        if proposal is None:
            return None
        query, values = proposal
        rows = run_query(query, table.read)
        if len(rows) == 1 and table.may_answer(rows[0], query.select):
            question = self._question(plan, columns, values, rank)
            if question and not names(question, table.read.forms[query.select][rows[0]]):
                self.proposer.count(query, rows[0])
                answer = Cell(rows[0], query.select)
                return SampledQuestion(
                    plan.rule.name, question, query, answer, evidence(query, answer, table)
                )
        self.proposer.pass_over(query)
        return None

    def _question(
        self, plan: Plan, columns: Mapping[str, int], values: Mapping[str, str], rank: int
    ) -> str:
        """One wording of the question; empty where the one drawn can't be said here."""
        choice = self._wordings.choice(plan.rule)
        if not choice.wordings:
            return ""
        wording = choice.draw(self._random)
        telling = Telling(
            self._table, self._wordings, self._random, plan.query, columns, values, rank
        )
        try:
            return telling.say(wording.alternative) if telling.is_clear(wording) else ""
        except Unsayable:
            return ""


def evidence(query: Query, answer: Cell, table: QuestionTable) -> tuple[Cell, ...]:
    """The answer's cell and those that the query goes by.

    Of a comparison's value its cell counts where only one cell has it.
    """
    read = table.read
    cells = {answer}
    if query.by is not None:
        cells.add(Cell(answer.row, query.by))
    found = answer.row + {"after": -1, "before": 1}.get(query.pick, 0)
    for condition in query.conditions:
        cells.add(Cell(found, condition.column))
        if condition.other is not None:
            cells.add(Cell(found, condition.other))
        elif condition.comparison != "is":
            for value in filter(None, (condition.value, condition.high)):
                holders = read.rows_with(condition.column, value)
                if len(holders) == 1:
                    cells.add(Cell(holders[0], condition.column))
    return tuple(sorted(cells))


def names(question: str, answer_form: str) -> bool:
    """Whether the words of the answer stand in the question."""
    wanted = WORD.findall(answer_form)
    spoken = normal_forms((question,))[0]
    if not wanted or wanted[0] not in spoken:
        return not wanted
    return f" {' '.join(wanted)} " in f" {' '.join(WORD.findall(spoken))} "
