"""Which row of a page's tables a sentence is about, of those of which it names two values."""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from math import log1p

from gentap.mining.longer_names import DATES, next_of_name, says_word
from gentap.mining.page_cells import CellPosition
from gentap.mining.row_probability import Evidence, probability
from gentap.mining.specificity import (
    ENOUGH_OF_A_NAME,
    Specificity,
    is_year,
    row_share,
    years,
)
from gentap.mining.value_match import RowsNamed, ValueMatch, without_overlaps
from gentap.records import NamedCell, Table
from gentap.text.function_words import NAME_WORDS
from gentap.text.sentences import opens_with_pronoun

_BRACKETS = re.compile(r"\([^()]*\)")
_SHORT_GAP = 20
"""Too few characters for brackets in them to matter."""
_WORD = re.compile(r"[^\W_]{3,}")
_CAPITALISED = re.compile(r"(?<![^\W_])[A-Z][^\W_]*")
_AT_START = 4
"""A name stands at a sentence's start after so many characters too, such as an article's."""


@dataclass(frozen=True, slots=True)
class RowMatch:
    """The table (by its place in the page) and row that a sentence is about.

    ``cells`` are all cells of the table that the sentence names, spans counted from the sentence's
    start; ``named`` are the table's rows of which it says the own name, which no other row has;
    ``probability`` is how likely the sentence states what the row states.
    """

    table: int
    row: int
    cells: tuple[NamedCell, ...]
    named: frozenset[int]
    probability: float
    evidence: Evidence


@dataclass(slots=True)
class _Row:
    """A row's values that count in a sentence: what each form tells, and spans with columns.

    ``full`` are the forms that are said otherwise than by the last word of a name.
    """

    told: dict[str, float]
    full: set[str]
    spans: list[tuple[int, int, int]]

    @property
    def bits(self) -> float:
        return sum(self.told.values())

    @property
    def columns(self) -> list[int]:
        return sorted({column for _, _, column in self.spans})


class RowSelector:
    """Chooses the rows that a page's sentences are about."""

    def __init__(
        self,
        page: str,
        tables: Sequence[Table],
        places: Mapping[str, Sequence[CellPosition]],
        telling: Specificity,
    ) -> None:
        self._page, self._tables, self._places = page, tables, places
        self._telling = telling
        self._row_words: dict[int, list[frozenset[str]]] = {}
        self._table_words: dict[
            int, tuple[frozenset[str], frozenset[str], list[frozenset[str]]]
        ] = {}

    def ranked(
        self, start: int, end: int, named: RowsNamed, before: Sequence[ValueMatch], opens: bool
    ) -> tuple[RowMatch, ...]:
        """The rows named between two places of which two values count, the likeliest first.

        ``before`` are the paragraph's values that the sentence comes after; ``opens`` where it is
        the first one. Of equal rows that of the table with more named cells goes first, then that
        of the earlier table, then the earlier row.
        """
        cells: dict[int, list[NamedCell]] = defaultdict(list)
        owners: dict[tuple[int, int], list[int]] = defaultdict(list)
        rows = self._rows(start, end, named, cells, owners)
        if not rows:
            return ()
        sentence = _Sentence(self._page, start, end)
        context = _Context(before, self._places)
        by_name = {table: set[int]() for table in cells}
        for (table, _), owner in owners.items():
            if len(owner) == 1:
                by_name[table].add(owner[0])
        of_tables = {
            table: (tuple(sorted(own)), frozenset(by_name[table])) for table, own in cells.items()
        }
        matches = []
        for (table, number), row in rows.items():
            evidence = self._evidence(sentence, table, number, row, context, opens)
            likely = round(probability(evidence), 6)
            matches.append(RowMatch(table, number, *of_tables[table], likely, evidence))
        return tuple(sorted(matches, key=lambda m: (-m.probability, -len(m.cells), m.table, m.row)))

    def _rows(
        self,
        start: int,
        end: int,
        named: RowsNamed,
        cells: dict[int, list[NamedCell]],
        owners: dict[tuple[int, int], list[int]],
    ) -> dict[tuple[int, int], _Row]:
        """The rows of which two values in two columns count, not years alone.

        All cells that count are added to ``cells``, by their tables, and the rows that a name has
        to ``owners``, by table and where the name begins.
        """
        page, telling = self._page, self._telling
        hits = {hit for own in named.values() for hit, _ in own}
        longer = {
            hit: word for hit in hits if (word := next_of_name(page, hit.start, hit.end, end))
        }
        rows = {}
        for (table, number), own in named.items():
            row = _Row({}, set(), [])
            subject = telling.subject(table)
            is_named = False
            for hit, column in sorted(own, key=lambda value: value[1] != subject):
                if hit.year and not telling.may_be_of(table, number, hit.year):
                    continue
                if hit in longer and not self._is_of_row(longer[hit], table, number):
                    continue
                written = page[hit.start : hit.end]
                bits = telling.bits(hit.form, written, table, column, is_named)
                if column == subject and bits >= ENOUGH_OF_A_NAME:
                    is_named = True
                    owners[table, hit.start].append(number)
                row.told[hit.form] = max(bits, row.told.get(hit.form, 0.0))
                if not hit.again:
                    row.full.add(hit.form)
                row.spans.append((hit.start, hit.end, column))
                cells[table].append(NamedCell(number, column, hit.start - start, hit.end - start))
            if len(row.told) > 1 and len(row.columns) > 1 and not all(map(is_year, row.told)):
                rows[table, number] = row
        return rows

    def _is_of_row(self, word: str, table: int, row: int) -> bool:
        """Whether a row, its header or its table's context says a word."""
        one = self._tables[table]
        context = (one.title, one.section, one.caption)
        return says_word((*one.rows[row], *one.header, *context), word)

    def _evidence(
        self,
        sentence: "_Sentence",
        table: int,
        number: int,
        row: _Row,
        context: "_Context",
        opens: bool,
    ) -> Evidence:
        telling, columns = self._telling, row.columns
        subject = telling.subject(table)
        own_context, title, own_header = self._words_of_table(table)
        is_context = subject not in columns and number in context.rows(table, subject)
        return Evidence(
            told=log1p(row.bits),
            second=log1p(sorted(row.told.values())[-2]),
            gap=log1p(_least_gap(self._page, row.spans)),
            adjacent=float(any(b - a == 1 for a, b in pairwise(columns))),
            row_words=log1p(self._told_by_words(table, number, columns, sentence.words)),
            table_words=len(own_context & sentence.words) / max(len(own_context), 1),
            header_words=float(any(own_header[column] & sentence.words for column in columns)),
            years=float(telling.years_said(table, number, sentence.years)),
            alike=float(all(telling.are_alike(table, *pair) for pair in combinations(columns, 2))),
            context=float(is_context),
            leads=float(
                any(
                    column == subject and start - sentence.start <= _AT_START
                    for start, _, column in row.spans
                )
            ),
            opens=float(opens),
            pronoun=float(sentence.pronoun),
            again=float(not row.told.keys() <= row.full),
            other_names=log1p(sentence.other_names(row.spans, title)),
        )

    def _told_by_words(
        self, table: int, number: int, columns: Sequence[int], said: frozenset[str]
    ) -> float:
        """How well the words that a sentence says tell a row's unnamed cells from other rows."""
        cells = self._tables[table].rows[number]
        words = _words(" ".join(cell for at, cell in enumerate(cells) if at not in columns)) & said
        if not words:
            return 0.0
        if table not in self._row_words:
            self._row_words[table] = [_words(" ".join(row)) for row in self._tables[table].rows]
        rows = self._row_words[table]
        counts = Counter(word for row in rows for word in words & row)
        return sum(row_share(counts[word], len(rows)) for word in sorted(words))

    def _words_of_table(
        self, table: int
    ) -> tuple[frozenset[str], frozenset[str], list[frozenset[str]]]:
        """The words of its section and caption, of its title, and of each column's header."""
        if table not in self._table_words:
            one = self._tables[table]
            context, title = _words(f"{one.section} {one.caption}"), _words(one.title)
            self._table_words[table] = context, title, list(map(_words, one.header))
        return self._table_words[table]


class _Sentence:
    """What is seen of a sentence for all rows alike."""

    def __init__(self, page: str, start: int, end: int) -> None:
        text = page[start:end].lstrip()
        self.start = start = end - len(text)
        self.words = _words(text)
        self.years = years(text)
        self.pronoun = opens_with_pronoun(text)
        self._names = [
            (start + match.start(), match[0].casefold())
            for match in _CAPITALISED.finditer(text, 2)
            if match[0].casefold() not in DATES
        ]

    def other_names(self, spans: Sequence[tuple[int, int, int]], known: frozenset[str]) -> int:
        """How many capitalised words are no part of values, nor among those known."""
        return sum(
            word not in known and not any(start <= at < end for start, end, _ in spans)
            for at, word in self._names
        )


def _words(text: str) -> frozenset[str]:
    """The words of three letters and more, less those that say nothing."""
    return frozenset(_WORD.findall(text.casefold())) - NAME_WORDS


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


class _Context:
    """Which row of a table a paragraph spoke of last, before one of its sentences."""

    def __init__(
        self, hits: Sequence[ValueMatch], places: Mapping[str, Sequence[CellPosition]]
    ) -> None:
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
                for hit in reversed(without_overlaps(own))
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
