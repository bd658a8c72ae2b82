"""How much a value tells about the row that it stands in.

A sentence names a row where it names values that would hardly stand together in it by chance. What
a value tells is counted in bits, as the product of

- what its text tells: little for a short word or number, more for a long one, most for a name;
- how well it tells its row from the others of its table: nothing where it fills its column;
- how well it tells its sentence from the others of its page: little where the page says it all
  the time.

Each lies on a scale of its own; what they make likely is told by
:mod:`gentap.mining.row_probability`.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from math import log

from gentap.mining.surface_forms import MARK
from gentap.records import Table
from gentap.text.function_words import NAME_WORDS
from gentap.text.normal_form import PLACEHOLDERS, normal_form

BITS_A_DIGIT = 2.5
BITS_A_ZERO = 0.5
"""For each zero at the end of a number."""
BITS_A_LETTER = 1.2
MOST_BITS_A_WORD = 8.0
LOWER_CASE = 0.4
"""What is left of a word that the sentence writes in lower case, as no name."""
BITS_OF_A_NAME = 4.0
BITS_A_DIGIT_OF_A_DATE = 1.5
BITS_OF_A_YEAR = 5.0
BITS_OF_A_SEASON = 7.0
BITS_OF_A_SMALL_WORD = 0.5
BITS_OF_A_SUBJECT = 9.0
"""What a value tells more where it is its row's own name; far less where that is a common word."""
BITS_OF_A_KEY = 5.0
"""The same where the rows have no names, but years, dates or numbers of their own."""
ENOUGH_OF_A_NAME = 12.0
"""What a row's own name tells at least, for values that fill their columns to confirm it."""
CONFIRMED = 0.2
"""What such a value tells at least, as a share of what it tells where it stands once."""
SUBJECT_DISTINCT = 0.9
SHARED = 0.25
"""Two columns hold one kind of values where they share so much of theirs, two at least."""
SMALLEST_PAGE = 10
"""Paragraphs added to a page's, so that two mentions on a short page are not yet many."""

_YEARS = re.compile(r"(?<!\d)(1\d{3}|20\d{2})(?:[-–/](\d{2}(?:\d{2})?)(?![-–/]?\d))?(?!\d)")
DATED = 0.8
"""A column of which so many values say a year tells when its rows were."""
_SEASON = re.compile(r"[12]\d{3}[-/]\d\d(?:\d\d)?")
_QUALIFIER = re.compile(r" \([^()]*\)$")


@lru_cache(maxsize=10_000)
def text_bits(form: str, written: str) -> float:
    """What a text tells by itself; ``written`` is how the sentence writes it."""
    return sum(
        _word_bits(word, as_written)
        for word, as_written in zip(form.split(" "), _as_long_as(form, written), strict=False)
    )


def _as_long_as(form: str, written: str) -> list[str]:
    words = written.split(" ")
    return words if len(words) == form.count(" ") + 1 else [written] * (form.count(" ") + 1)


def _word_bits(word: str, written: str) -> float:
    if word in NAME_WORDS:
        return BITS_OF_A_SMALL_WORD
    letters = sum(map(str.isalpha, word))
    digits = sum(map(str.isdigit, word))
    if not letters:
        return _number_bits(word)
    bits = min(BITS_A_LETTER * (letters + digits), MOST_BITS_A_WORD)
    return LOWER_CASE * bits if written.islower() else bits + BITS_OF_A_NAME


def _number_bits(word: str) -> float:
    digits = "".join(filter(str.isdigit, word))
    if is_year(word):
        return BITS_OF_A_YEAR
    if MARK in word:
        return BITS_A_DIGIT_OF_A_DATE * len(digits)
    if _SEASON.fullmatch(word):
        return BITS_OF_A_SEASON
    telling = digits.rstrip("0")
    return BITS_A_DIGIT * len(telling) + BITS_A_ZERO * (len(digits) - len(telling))


def is_year(form: str) -> bool:
    return len(form) == 4 and form.isdigit() and "1000" <= form < "2100"


def years(text: str) -> frozenset[int]:
    """The years that a text says, those between the ends of a range too: ``1997–99`` says three."""
    found: set[int] = set()
    for first, last in _YEARS.findall(text):
        begin, end = int(first), int(first[: 4 - len(last)] + last)
        found.update(range(begin, max(begin, end) + 1))
    return frozenset(found)


def row_share(count: int, rows: int) -> float:
    """1 where a value stands once among the rows of its column, 0 where it fills it."""
    return 1.0 - log(count) / log(rows) if rows > 1 else 1.0


def page_share(mentions: int, paragraphs: int) -> float:
    """1 where one paragraph of a page names a value, near 0 where most do."""
    return 1.0 - log(mentions) / log(paragraphs + SMALLEST_PAGE)


def title_forms(title: str) -> tuple[str, str]:
    """A page's title, with and without its bracketed qualifier: values that tell nothing."""
    form = normal_form(title)
    return form, _QUALIFIER.sub("", form)


class Specificity:
    """What the values of a page's tables tell.

    ``column`` gives the forms of a table's column, ``places`` where a form's cells stand (table,
    row, column); ``mentions`` counts the paragraphs that name a form.
    """

    def __init__(
        self,
        tables: Sequence[Table],
        column: Callable[[int, int], Sequence[str]],
        places: Mapping[str, Sequence[tuple[int, int, int]]],
        mentions: Mapping[str, int],
        paragraphs: int,
    ) -> None:
        self._tables, self._column = tables, column
        self._counts = Counter(
            (form, table, at) for form, cells in places.items() for table, _, at in cells
        )
        self._mentions, self._paragraphs = mentions, paragraphs
        self._titles = [title_forms(table.title) for table in tables]
        self._dated: dict[int, list[frozenset[int]]] = {}
        self._subjects: dict[int, tuple[int | None, float]] = {}
        self._shares: dict[tuple[str, int, int], float] = {}
        self._alike: dict[tuple[int, int, int], bool] = {}

    def bits(
        self, form: str, written: str, table: int, column: int, is_named: bool = False
    ) -> float:
        """What a cell's value tells of its row where a sentence writes it so.

        ``is_named`` where the sentence names the row too, which the value then confirms.
        """
        if form in self._titles[table]:
            return 0.0
        key = (form, table, column)
        if key not in self._shares:
            rows = len(self._tables[table].rows)
            self._shares[key] = row_share(self._counts[key], rows) * page_share(
                self._mentions[form], self._paragraphs
            )
        bits = text_bits(form, written)
        subject, gain = self._naming(table)
        if column == subject:
            bits += gain * (LOWER_CASE**2 if written.islower() else 1.0)
        share = self._shares[key]
        if is_named and column != subject and f" {form} " not in f" {self._titles[table][0]} ":
            share = max(share, CONFIRMED * page_share(self._mentions[form], self._paragraphs))
        return bits * share

    def are_alike(self, table: int, one: int, other: int) -> bool:
        """Whether two columns of a table hold one kind of values."""
        key = (table, one, other)
        if key not in self._alike:
            self._alike[key] = are_alike(self._column(table, one), self._column(table, other))
        return self._alike[key]

    def may_be_of(self, table: int, row: int, year: int) -> bool:
        """Whether a day of a year may be a row's: it, else its table, says that year or none."""
        one = self._tables[table]
        own = years(" ".join(one.rows[row])) or years(f"{one.caption} {one.section}")
        return not own or year in own

    def years_said(self, table: int, row: int, said: frozenset[int]) -> int:
        """1 where years said are a row's, -1 where they are those of other rows alone, else 0.

        Years are other rows' too where all rows of the table have one year, and it is not said.
        """
        when = self._when(table)
        if said & when[row]:
            return 1
        are_others = any(map(said.intersection, when)) or (any(when) and len(set(when)) == 1)
        return -1 if said and are_others else 0

    def _when(self, table: int) -> list[frozenset[int]]:
        """The years of each row in the columns that tell when it was; empty where none does."""
        if table not in self._dated:
            rows = self._tables[table].rows
            found = [frozenset[int]()] * len(rows)
            least = DATED * len(rows)
            for column in zip(*rows, strict=True):
                if len(_YEARS.findall("\n".join(column))) < least:  # most columns, told at once
                    continue
                said = list(map(years, column))
                if sum(map(bool, said)) >= least:
                    found = list(map(frozenset.union, found, said))
            self._dated[table] = found
        return self._dated[table]

    def subject(self, table: int) -> int | None:
        """The column that tells the rows apart, by their names, else by any values of their own."""
        return self._naming(table)[0]

    def _naming(self, table: int) -> tuple[int | None, float]:
        if table not in self._subjects:
            found: tuple[int | None, float] = None, 0.0
            for column in range(len(self._tables[table].header)):
                forms = self._column(table, column)
                if is_distinct(forms):
                    if is_mostly_text(forms):
                        found = column, BITS_OF_A_SUBJECT
                        break
                    if found[0] is None:
                        found = column, BITS_OF_A_KEY
            self._subjects[table] = found
        return self._subjects[table]


def are_alike(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether two columns hold one kind of values: they share some, and not in the same rows."""
    distinct, others = set(one) - PLACEHOLDERS, set(other) - PLACEHOLDERS
    shared = distinct & others
    shared -= {form for form, same in zip(one, other, strict=True) if form == same}
    return len(shared) >= max(2, SHARED * min(len(distinct), len(others)))


def is_distinct(forms: Sequence[str]) -> bool:
    """Whether a column's values tell its rows apart: mostly filled, mostly distinct."""
    filled = [form for form in forms if form not in PLACEHOLDERS]
    if len(filled) < 2 or 2 * len(filled) < len(forms):
        return False
    return len(set(filled)) >= SUBJECT_DISTINCT * len(filled)


def is_mostly_text(forms: Sequence[str]) -> bool:
    """Whether most of a column's values hold a letter."""
    filled = [form for form in forms if form not in PLACEHOLDERS]
    return 2 * sum(any(map(str.isalpha, form)) for form in filled) >= len(filled)
