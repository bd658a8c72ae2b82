"""Which cells of a page's tables its sentences name, and which row a sentence is about.

A value is found where its form stands in a paragraph at word boundaries; of overlapping values of
one table the longest stands, then the earliest.
"""

import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import ahocorasick

from gentap.mining.names_again import add_names
from gentap.mining.page_cells import CellPosition, PageCells, form_words
from gentap.mining.row_selection import RowMatch, RowSelector
from gentap.mining.specificity import Specificity
from gentap.mining.surface_forms import MARK, FormNormalizer, Prose
from gentap.mining.value_match import RowsNamed, ValueMatch, without_overlaps
from gentap.records import Table
from gentap.text.sentences import sentence_spans

_HEAD = re.compile(r"(?<![^\W_])(?<!\d[.,])\d{1,3} $")
_SIGN_WITHIN = re.compile(r"[.!?]['\"”’)]* (?=.)")
_GROUP = re.compile(r"\d{3}(?![^\W_])")


@dataclass(frozen=True, slots=True)
class RowCandidates:
    """A sentence that names two cells of a row, and the rows it may be about, likeliest first.

    ``place`` is its own among the sentences of the paragraph.
    """

    paragraph: int
    place: int
    sentence: str
    matches: tuple[RowMatch, ...]

    @property
    def match(self) -> RowMatch | None:
        """The likeliest row; None where no two of the cells that the sentence names count."""
        return self.matches[0] if self.matches else None


class PageMatcher:
    """Matches a page's prose with its tables, all values in one pass.

    A row is named by two values in two of its columns at spans that do not overlap. A value that
    stands in several cells of a row counts once. The row of which the sentence is likeliest to
    state something wins (:class:`RowSelector`).
    """

    def __init__(self, tables: Sequence[Table], former: FormNormalizer) -> None:
        self._former = former
        self._cells = PageCells(tables, former)
        self._titles = {table.title for table in tables if _SIGN_WITHIN.search(table.title)}

    def candidates(self, paragraphs: Sequence[str]) -> Iterator[RowCandidates]:
        """The sentences of tidy paragraphs that name two cells of one row, in order."""
        page = "\n".join(paragraphs)
        prose = self._former.prose(page)
        values = self._cells.values(form_words(prose.form))
        if not values:
            return
        begins = list(accumulate((len(paragraph) + 1 for paragraph in paragraphs), initial=0))
        by_paragraph: dict[int, list[ValueMatch]] = defaultdict(list)
        for hit in _hits(page, prose, _automaton(values)):
            by_paragraph[bisect_right(begins, hit.start) - 1].append(hit)
        if self._former.rules.names:
            add_names(page, begins, values, by_paragraph)
        mentions: Counter[str] = Counter()
        for hits in by_paragraph.values():
            mentions.update({hit.form for hit in hits})
        found = {number: hits for number, hits in by_paragraph.items() if len(hits) > 1}
        places = self._cells.places({hit.form for hits in found.values() for hit in hits})
        telling = Specificity(
            self._cells.tables, self._cells.column, places, mentions, len(paragraphs)
        )
        choice = RowSelector(page, self._cells.tables, places, telling)
        for number, hits in found.items():
            if not _may_name_a_row(hits, places):
                continue
            begin = begins[number]
            names = self._names(paragraphs[number], begin, hits)
            for place, span in enumerate(sentence_spans(paragraphs[number], names)):
                start, end = begin + span[0], begin + span[1]
                inside = [hit for hit in hits if start <= hit.start and hit.end <= end]
                if len(inside) > 1 and (named := _rows_named(inside, places)):
                    before = [hit for hit in hits if hit.end <= start]
                    matches = choice.ranked(start, end, named, before, opens=not span[0])
                    yield RowCandidates(number, place, page[start:end].strip(), matches)

    def _names(
        self, paragraph: str, begin: int, hits: Sequence[ValueMatch]
    ) -> list[tuple[int, int]]:
        """The spans in a paragraph of names with a sign in them that may end a sentence.

        They are values that it names and the page's title; a value that ends in a full stop is
        prose.
        """
        spans = [(hit.start - begin, hit.end - begin) for hit in hits]
        spans = [(start, end) for start, end in spans if paragraph[end - 1] != "."]
        for title in self._titles:
            spans += [found.span() for found in re.finditer(re.escape(title), paragraph)]
        return [span for span in spans if _SIGN_WITHIN.search(paragraph, *span)]


def values_said(
    sentence: str, table: Table, former: FormNormalizer
) -> list[tuple[ValueMatch, list[CellPosition]]]:
    """The values of a table that a tidy sentence names, with all cells that hold each of them.

    Their spans do not overlap and stand in order.
    """
    prose = former.prose(sentence)
    cells = PageCells([table], former)
    values = cells.values(form_words(prose.form))
    if not values:
        return []
    hits = without_overlaps(_hits(sentence, prose, _automaton(values)))
    places = cells.places({hit.form for hit in hits})
    return [(hit, places[hit.form]) for hit in hits]


def _automaton(values: Iterable[str]) -> Any:
    automaton = ahocorasick.Automaton(ahocorasick.STORE_LENGTH)
    for value in values:
        automaton.add_word(value)
    automaton.make_automaton()
    return automaton


def _hits(page: str, prose: Prose, automaton: Any) -> list[ValueMatch]:
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
            hits.append(ValueMatch(form[start:end], *span, _year_of_a_day(form, start, end)))
    return hits


def _year_of_a_day(form: str, start: int, end: int) -> int:
    """The year of a date of which ``form[start:end]`` is the day and month; 0 for others."""
    if end - start == 5 and form[start + 2] == MARK and form[start - 1 : start] == MARK:
        year = form[max(start - 5, 0) : start - 1]
        return int(year) if year.isascii() and year.isdigit() else 0
    return 0


def _may_name_a_row(
    hits: Sequence[ValueMatch], places: Mapping[str, Sequence[CellPosition]]
) -> bool:
    columns: dict[tuple[int, int], int] = {}
    for form in {hit.form for hit in hits}:
        for table, row, column in places[form]:
            if columns.setdefault((table, row), column) != column:
                return True
    return False


def _rows_named(
    hits: Sequence[ValueMatch], places: Mapping[str, Sequence[CellPosition]]
) -> RowsNamed:
    """The values that each row of each table has in a sentence.

    Empty where no row has two values in two columns.
    """
    by_table: dict[int, list[ValueMatch]] = defaultdict(list)
    for hit in hits:
        for table in {table for table, _, _ in places[hit.form]}:
            by_table[table].append(hit)
    rows: RowsNamed = defaultdict(list)
    for table in sorted(by_table):
        for hit in without_overlaps(by_table[table]):
            for at, row, column in places[hit.form]:
                if at == table:
                    rows[table, row].append((hit, column))
    if not any(
        len({column for _, column in own}) > 1 and len({hit.form for hit, _ in own}) > 1
        for own in rows.values()
    ):
        return {}
    return rows


def _cuts_a_number(text: str, start: int, end: int) -> bool:
    """Whether ``text[start:end]`` is cut out of a number such as 1,234 or 1 234, 1.5 or 10^8."""
    before = text[start - 1 : start]
    if text[start] in ".,^" and before.isdigit():
        return True
    if _is_power(text, start - 1) or _is_power(text, end):
        return True
    if text[start].isdigit():
        if before in (".", ",") and text[max(start - 2, 0) : start - 1].isdigit():
            return True
        if before == " " and _GROUP.match(text, start) and _ends_a_head(text, start):
            return True
    if text[end - 1].isdigit():
        after = text[end : end + 1]
        fraction = text[end : end + 2].lstrip()[:1]
        if fraction.isnumeric() and not fraction.isdecimal():
            return True
        if after in (".", ",") and text[end + 1 : end + 2].isdigit():
            return True
        if after == " " and _GROUP.match(text, end + 1) and _ends_a_head(text, end + 1):
            return True
    return False


def _is_power(text: str, place: int) -> bool:
    return text[place : place + 1] == "^" and text[max(place - 1, 0)].isdigit()


def _ends_a_head(text: str, end: int) -> bool:
    """Whether one to three digits and a space end at a place: ``1 `` of ``1 234``."""
    return _HEAD.search(text[max(end - 7, 0) : end]) is not None
