"""Which cells of a page's tables its sentences name, and which row a sentence is about.

A value is found where its form stands in a paragraph at word boundaries; of overlapping values of
one table the longest stands, then the earliest. A sentence is about the row that its values tell
most of, see :class:`PageMatcher`.
"""

import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import log2
from typing import Any

import ahocorasick

from gentap.records import NamedCell, Table
from gentap.synthesis.cells import PageCells, Place, words_of
from gentap.synthesis.forms import MARK, Former, Prose
from gentap.synthesis.longer_names import next_of_name, says_word
from gentap.synthesis.sentences import sentence_spans
from gentap.synthesis.specificity import (
    BITS_OF_CONTEXT,
    ENOUGH_OF_A_NAME,
    Specificity,
    closeness,
    years,
)

Span = tuple[int, int]
_HEAD = re.compile(r"(?<![^\W_])(?<!\d[.,])\d{1,3} $")
_BRACKETS = re.compile(r"\([^()]*\)")
_SHORT_GAP = 20
"""Too few characters for brackets in them to matter."""
_GROUP = re.compile(r"\d{3}(?![^\W_])")


@dataclass(frozen=True, slots=True)
class Hit:
    """A value's form and where a page's prose says it: start and end in its text.

    ``year`` is that which the prose says with a day of the year.
    """

    form: str
    start: int
    end: int
    year: int = 0


@dataclass(frozen=True, slots=True)
class Match:
    """The table (by its place in the page) and row that a sentence is about.

    ``cells`` are all cells of the table that the sentence names, spans counted from the sentence's
    start; ``bits`` is what the row's own cells tell together.
    """

    table: int
    row: int
    cells: tuple[NamedCell, ...]
    bits: float


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence that names two cells of a row; ``match`` is None where they tell too little."""

    paragraph: int
    sentence: str
    match: Match | None


class PageMatcher:
    """Matches a page's prose with its tables, all values in one pass.

    A row is named by two values in two of its columns at spans that do not overlap, each of which
    tells something (``cell_bits``) and which together tell enough (``row_bits``). A value that
    stands in several cells of a row counts once. The row that its values tell most of wins; ties
    go to the table and row with more named cells, then to the earlier table, then the earlier row.
    """

    def __init__(
        self, tables: Sequence[Table], former: Former, *, cell_bits: float, row_bits: float
    ) -> None:
        self._former, self._cell_bits, self._row_bits = former, cell_bits, row_bits
        self._cells = PageCells(tables, former)

    def candidates(self, paragraphs: Sequence[str]) -> Iterator[Candidate]:
        """The sentences of tidy paragraphs that name two cells of one row, in order."""
        page = "\n".join(paragraphs)
        prose = self._former.prose(page)
        values = self._cells.values(words_of(prose.form))
        if not values:
            return
        begins = list(accumulate((len(paragraph) + 1 for paragraph in paragraphs), initial=0))
        by_paragraph: dict[int, list[Hit]] = defaultdict(list)
        for hit in _hits(page, prose, _automaton(values)):
            by_paragraph[bisect_right(begins, hit.start) - 1].append(hit)
        mentions: Counter[str] = Counter()
        for hits in by_paragraph.values():
            mentions.update({hit.form for hit in hits})
        found = {number: hits for number, hits in by_paragraph.items() if len(hits) > 1}
        places = self._cells.places({hit.form for hits in found.values() for hit in hits})
        telling = Specificity(
            self._cells.tables, self._cells.column, places, mentions, len(paragraphs)
        )
        for number, hits in found.items():
            if not _may_name_a_row(hits, places):
                continue
            begin = begins[number]
            for span in sentence_spans(paragraphs[number]):
                start, end = begin + span[0], begin + span[1]
                inside = [hit for hit in hits if start <= hit.start and hit.end <= end]
                if len(inside) > 1:
                    named = _rows_named(inside, places)
                    if named:
                        context = Context([hit for hit in hits if hit.end <= start], places)
                        match = self._best(page, (start, end), named, telling, context)
                        yield Candidate(number, page[start:end].strip(), match)

    def _best(
        self,
        page: str,
        span: Span,
        named: "RowsNamed",
        telling: Specificity,
        context: "Context",
    ) -> Match | None:
        begin = span[0]
        said = years(page[begin : span[1]])
        cells: dict[int, list[NamedCell]] = defaultdict(list)
        rows: list[tuple[float, int, int]] = []
        longer = {
            hit: word
            for hit in {hit for own in named.values() for hit, _ in own}
            if (word := next_of_name(page, hit.start, hit.end, span[1]))
        }
        for (table, row), own in named.items():
            told: dict[str, float] = {}
            columns = set()
            spans = []
            subject = telling.subject(table)
            is_named = False
            for hit, column in sorted(own, key=lambda value: value[1] != subject):
                if hit.year and not telling.may_be_of(table, row, hit.year):
                    continue
                if hit in longer and not self._is_of_row(longer[hit], table, row):
                    continue
                written = page[hit.start : hit.end]
                bits = telling.bits(hit.form, written, table, column, is_named)
                is_named |= column == subject and bits >= ENOUGH_OF_A_NAME
                if bits >= self._cell_bits:
                    told[hit.form] = max(bits, told.get(hit.form, 0.0))
                    columns.add(column)
                    spans.append((hit.start, hit.end, column))
                    cells[table].append(NamedCell(row, column, hit.start - begin, hit.end - begin))
            if len(told) > 1 and len(columns) > 1:
                is_named = subject in columns
                is_context = not is_named and row in context.rows(table, subject)
                bits = telling.of_row(table, row, told, columns, said, is_named or is_context)
                bits = (bits + BITS_OF_CONTEXT * is_context) * closeness(_least_gap(page, spans))
                rows.append((round(bits, 6), table, row))
        if not rows:
            return None
        bits, table, row = min(
            rows, key=lambda named: (-named[0], -len(cells[named[1]]), named[1], named[2])
        )
        equal = sum(own == bits and at == table for own, at, _ in rows)
        bits = round(bits - log2(equal), 6)
        return (
            Match(table, row, tuple(sorted(cells[table])), bits) if bits >= self._row_bits else None
        )

    def _is_of_row(self, word: str, table: int, row: int) -> bool:
        """Whether a row, its header or its table's context says a word."""
        one = self._cells.tables[table]
        context = (one.title, one.section, one.caption)
        return says_word((*one.rows[row], *one.header, *context), word)


def _least_gap(text: str, spans: Sequence[tuple[int, int, int]]) -> int:
    """The least number of characters between values of two columns, less what stands in brackets.

    ``spans`` are start, end and column of each.
    """
    gaps = [
        (start - end, end, start)
        for _, end, one in spans
        for start, _, other in spans
        if one != other and end <= start
    ]
    if not gaps or min(gaps)[0] <= _SHORT_GAP:
        return min(gaps)[0] if gaps else 0
    return min(len(_BRACKETS.sub("", text[end:start])) for _, end, start in gaps)


class Context:
    """Which row of a table a paragraph spoke of last, before one of its sentences."""

    def __init__(self, hits: Sequence[Hit], places: Mapping[str, Sequence[Place]]) -> None:
        self._hits, self._places = hits, places
        self._rows: dict[int, frozenset[int]] = {}

    def rows(self, table: int, subject: int | None) -> frozenset[int]:
        """The rows whose name, in the column ``subject``, is the last that was said."""
        if table not in self._rows:
            own = [
                hit for hit in self._hits if any(at == table for at, _, _ in self._places[hit.form])
            ]
            named = (
                rows
                for hit in reversed(_apart(own))
                if (
                    rows := frozenset(
                        row
                        for at, row, column in self._places[hit.form]
                        if at == table and column == subject
                    )
                )
            )
            self._rows[table] = next(named, frozenset())
        return self._rows[table]


RowsNamed = dict[tuple[int, int], list[tuple[Hit, int]]]
"""For a table's row, the values named and their columns."""


def _automaton(values: Iterable[str]) -> Any:
    automaton = ahocorasick.Automaton(ahocorasick.STORE_LENGTH)
    for value in values:
        automaton.add_word(value)
    automaton.make_automaton()
    return automaton


def _hits(page: str, prose: Prose, automaton: Any) -> list[Hit]:
    """Values at word boundaries; what is part of a number is told by the text as it is written."""
    form = prose.form
    size = len(form)
    hits = []
    for last, length in automaton.iter(form):
        start, end = last - length + 1, last + 1
        if start and form[start - 1].isalnum() and form[start].isalnum():
            continue
        if end < size and form[end].isalnum() and form[last].isalnum():
            continue
        span = prose.original(start, end)
        if span is not None and not _cuts_a_number(page, *span):
            hits.append(Hit(form[start:end], *span, _year_of_a_day(form, start, end)))
    return hits


def _year_of_a_day(form: str, start: int, end: int) -> int:
    """The year of a date of which ``form[start:end]`` is the day and month; 0 for others."""
    if end - start == 5 and form[start + 2] == MARK and form[start - 1 : start] == MARK:
        year = form[max(start - 5, 0) : start - 1]
        return int(year) if year.isascii() and year.isdigit() else 0
    return 0


def _may_name_a_row(hits: Sequence[Hit], places: Mapping[str, Sequence[Place]]) -> bool:
    columns: dict[tuple[int, int], int] = {}
    for form in {hit.form for hit in hits}:
        for table, row, column in places[form]:
            if columns.setdefault((table, row), column) != column:
                return True
    return False


def _rows_named(hits: Sequence[Hit], places: Mapping[str, Sequence[Place]]) -> RowsNamed:
    """The values that each row of each table has in a sentence.

    Empty where no row has two values in two columns.
    """
    by_table: dict[int, list[Hit]] = defaultdict(list)
    for hit in hits:
        for table in {table for table, _, _ in places[hit.form]}:
            by_table[table].append(hit)
    rows: RowsNamed = defaultdict(list)
    for table in sorted(by_table):
        for hit in _apart(by_table[table]):
            for at, row, column in places[hit.form]:
                if at == table:
                    rows[table, row].append((hit, column))
    if not any(
        len({column for _, column in own}) > 1 and len({hit.form for hit, _ in own}) > 1
        for own in rows.values()
    ):
        return {}
    return rows


def _apart(hits: Sequence[Hit]) -> list[Hit]:
    """Hits that do not overlap: the longest first, then the earliest."""
    chosen: list[Hit] = []
    for hit in sorted(hits, key=lambda hit: (hit.start - hit.end, hit.start, -len(hit.form))):
        if all(hit.end <= other.start or other.end <= hit.start for other in chosen):
            chosen.append(hit)
    return sorted(chosen, key=lambda hit: hit.start)


def _cuts_a_number(text: str, start: int, end: int) -> bool:
    """Whether ``text[start:end]`` is cut out of a number such as 1,234 or 1 234 or 1.5."""
    before = text[start - 1 : start]
    if text[start] in ".," and before.isdigit():
        return True
    if text[start].isdigit():
        if before in (".", ",") and text[max(start - 2, 0) : start - 1].isdigit():
            return True
        if before == " " and _GROUP.match(text, start) and _ends_a_head(text, start):
            return True
    if text[end - 1].isdigit():
        after = text[end : end + 1]
        if after in (".", ",") and text[end + 1 : end + 2].isdigit():
            return True
        if after == " " and _GROUP.match(text, end + 1) and _ends_a_head(text, end + 1):
            return True
    return False


def _ends_a_head(text: str, end: int) -> bool:
    """Whether one to three digits and a space end at a place: ``1 `` of ``1 234``."""
    return _HEAD.search(text[max(end - 7, 0) : end]) is not None
