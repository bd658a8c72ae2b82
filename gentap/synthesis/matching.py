"""Which cells of a page's tables its sentences name, and which row a sentence is about.

A value is found where its form stands in a paragraph at word boundaries; of overlapping values of
one table the longest stands, then the earliest. A sentence is about the row that its values tell
most of, see :class:`PageMatcher`.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ahocorasick

from gentap.records import NamedCell, Table
from gentap.synthesis.forms import MARK, Former, Prose
from gentap.synthesis.sentences import sentence_spans
from gentap.synthesis.specificity import Specificity

Span = tuple[int, int]
Place = tuple[int, int, int]
"""A body cell of a page: table, row, column."""

_WORD = re.compile(r"[^\W_]+")
_FIRST_WORD = re.compile(r"^(?:[^\w\n]|_)*([^\W_]*).*", re.M)
_HEAD = re.compile(rf"(?<![^\W_])(?<!\d[.,])(?<!{MARK})\d{{1,3}} $")
_GROUP = re.compile(r"\d{3}(?![^\W_])")


@dataclass(frozen=True, slots=True)
class Hit:
    """A value's form and where a paragraph says it: in its form, and in its text."""

    form: str
    start: int
    end: int


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


class PageCells:
    """The forms of all body cells of a page's tables; each text is formed once."""

    def __init__(self, tables: Sequence[Table], former: Former) -> None:
        self.tables = tables
        texts = dict.fromkeys(text for table in tables for row in table.rows for text in row)
        distinct = list(texts)
        forms = former.cells(distinct)
        self._forms = dict(zip(distinct, forms, strict=True))
        self._others = [(distinct[at], name) for at, name in former.shorter(forms)]
        self._others += _items(distinct, former)

    def forms(self) -> set[str]:
        return {*self._forms.values(), *(form for _, form in self._others)}

    def column(self, table: int, column: int) -> list[str]:
        return [self._forms[row[column]] for row in self.tables[table].rows]

    def places(self, wanted: set[str]) -> Mapping[str, list[Place]]:
        """Where the cells of some forms stand, in reading order."""
        forms = {text: {form} for text, form in self._forms.items() if form in wanted}
        for text, form in self._others:
            if form in wanted:
                forms.setdefault(text, set()).add(form)
        found: dict[str, list[Place]] = {form: [] for form in wanted}
        for number, table in enumerate(self.tables):
            for at, row in enumerate(table.rows):
                if forms.keys().isdisjoint(row):
                    continue
                for column, text in enumerate(row):
                    for form in forms.get(text, ()):
                        found[form].append((number, at, column))
        return found


def _items(texts: Sequence[str], former: Former) -> list[tuple[str, str]]:
    """The forms of the lines of cells that hold several, with the cells' texts."""
    lines = [(text, line) for text in texts if "\n" in text for line in text.split("\n")]
    forms = former.cells([line for _, line in lines])
    items = [(lines[at][0], form) for at, form in enumerate(forms) if form]
    return items + [(lines[at][0], name) for at, name in former.shorter(forms)]


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
        proses = [self._former.prose(paragraph) for paragraph in paragraphs]
        automaton = _automaton(self._cells.forms(), proses)
        if not automaton:
            return
        found = []
        mentions: Counter[str] = Counter()
        for number, prose in enumerate(proses):
            hits = _hits(prose, automaton)
            mentions.update({hit.form for hit in hits})
            if len(hits) > 1:
                found.append((number, hits))
        places = self._cells.places({hit.form for _, hits in found for hit in hits})
        telling = Specificity(
            self._cells.tables, self._cells.column, places, mentions, len(paragraphs)
        )
        for number, hits in found:
            if not _may_name_a_row(hits, places):
                continue
            paragraph = paragraphs[number]
            for start, end in sentence_spans(paragraph):
                inside = [hit for hit in hits if start <= hit.start and hit.end <= end]
                if len(inside) > 1:
                    named = _rows_named(inside, places)
                    if named:
                        sentence = paragraph[start:end].strip()
                        match = self._best(paragraph, start, named, telling)
                        yield Candidate(number, sentence, match)

    def _best(
        self, paragraph: str, begin: int, named: "RowsNamed", telling: Specificity
    ) -> Match | None:
        cells: dict[int, list[NamedCell]] = defaultdict(list)
        rows: list[tuple[float, int, int]] = []
        for (table, row), own in named.items():
            told: dict[str, float] = {}
            columns = set()
            for hit, column in own:
                bits = telling.bits(hit.form, paragraph[hit.start : hit.end], table, column)
                if bits >= self._cell_bits:
                    told[hit.form] = max(bits, told.get(hit.form, 0.0))
                    columns.add(column)
                    span = (hit.start - begin, hit.end - begin)
                    cells[table].append(NamedCell(row, column, *span))
            if len(told) > 1 and len(columns) > 1:
                rows.append((round(sum(told.values()), 6), table, row))
        if not rows:
            return None
        bits, table, row = min(
            rows, key=lambda named: (-named[0], -len(cells[named[1]]), named[1], named[2])
        )
        return (
            Match(table, row, tuple(sorted(cells[table])), bits) if bits >= self._row_bits else None
        )


RowsNamed = dict[tuple[int, int], list[tuple[Hit, int]]]
"""For a table's row, the values named and their columns."""


def _automaton(forms: set[str], proses: Sequence[Prose]) -> Any:
    """Finds the forms of which each word is one of the prose; the others can't stand in it."""
    words = {"", *_WORD.findall("\n".join([prose.form for prose in proses]))}
    listed = ["", *forms]
    firsts = _FIRST_WORD.findall("\n".join(listed))
    automaton = ahocorasick.Automaton(ahocorasick.STORE_LENGTH)
    for form, first in zip(listed, firsts, strict=True):
        if (
            first in words
            and (len(form) > 4 or _is_value(form))
            and words.issuperset(_WORD.findall(form))
        ):
            automaton.add_word(form)
    if automaton:
        automaton.make_automaton()
    return automaton


def _hits(prose: Prose, automaton: Any) -> list[Hit]:
    """Values at word boundaries."""
    form = prose.form
    size = len(form)
    hits = []
    for last, length in automaton.iter(form):
        start, end = last - length + 1, last + 1
        if start and form[start - 1].isalnum() and form[start].isalnum():
            continue
        if end < size and form[end].isalnum() and form[last].isalnum():
            continue
        if _cuts_a_number(form, start, end):
            continue
        span = prose.original(start, end)
        if span is not None:
            hits.append(Hit(form[start:end], *span))
    return hits


def _is_value(form: str) -> bool:
    """Whether a short form is more than a letter or a small bare number."""
    signs = sum(map(str.isalnum, form))
    return signs > 2 or (signs == 2 and not all(map(str.isdigit, filter(str.isalnum, form))))


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
