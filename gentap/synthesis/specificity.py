"""How much a value tells about the row that it stands in.

A sentence names a row where it names values that would hardly stand together in it by chance. What
a value tells is counted in bits, as the product of

- what its text tells: little for a short word or number, more for a long one, most for a name;
- how well it tells its row from the others of its table: nothing where it fills its column;
- how well it tells its sentence from the others of its page: little where the page says it all
  the time.

Each lies on a scale of its own, so that the threshold is a measured one, not a probability.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from math import log

from gentap.records import Table
from gentap.tables.values import PLACEHOLDERS, normal_form

BITS_A_DIGIT = 1.7
BITS_A_LETTER = 1.2
MOST_BITS_A_WORD = 8.0
LOWER_CASE = 0.4
"""What is left of a word that the sentence writes in lower case, as no name."""
BITS_OF_A_NAME = 4.0
BITS_OF_A_YEAR = 5.0
BITS_OF_A_SMALL_WORD = 0.5
BITS_OF_A_SUBJECT = 6.0
"""What a value tells more where it is its row's own name."""
SUBJECT_DISTINCT = 0.9
SMALLEST_PAGE = 10
"""Paragraphs added to a page's, so that two mentions on a short page are not yet many."""

_SMALL_WORDS = frozenset(
    "a an and as at by de for from in is it la no not of on or the to was with yes".split()
)


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
    if word in _SMALL_WORDS:
        return BITS_OF_A_SMALL_WORD
    letters = sum(map(str.isalpha, word))
    digits = sum(map(str.isdigit, word))
    if not letters:
        is_year = digits == len(word) == 4 and "1000" <= word < "2100"
        return BITS_OF_A_YEAR if is_year else BITS_A_DIGIT * digits
    bits = min(BITS_A_LETTER * (letters + digits), MOST_BITS_A_WORD)
    return LOWER_CASE * bits if written.islower() else bits + BITS_OF_A_NAME


def row_share(count: int, rows: int) -> float:
    """1 where a value stands once among the rows of its column, 0 where it fills it."""
    return 1.0 - log(count) / log(rows) if rows > 1 else 1.0


def page_share(mentions: int, paragraphs: int) -> float:
    """1 where one paragraph of a page names a value, near 0 where most do."""
    return 1.0 - log(mentions) / log(paragraphs + SMALLEST_PAGE)


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
        self._titles = [normal_form(table.title) for table in tables]
        self._subjects: dict[int, int | None] = {}
        self._shares: dict[tuple[str, int, int], float] = {}

    def bits(self, form: str, written: str, table: int, column: int) -> float:
        """What a cell's value tells of its row where a sentence writes it so."""
        if form in PLACEHOLDERS or form == self._titles[table]:
            return 0.0
        key = (form, table, column)
        if key not in self._shares:
            rows = len(self._tables[table].rows)
            self._shares[key] = row_share(self._counts[key], rows) * page_share(
                self._mentions[form], self._paragraphs
            )
        bits = text_bits(form, written)
        if column == self._subject(table):
            bits += BITS_OF_A_SUBJECT * (LOWER_CASE if written.islower() else 1.0)
        return bits * self._shares[key]

    def _subject(self, table: int) -> int | None:
        """The column that names the rows: the first whose texts are mostly distinct."""
        if table not in self._subjects:
            columns = range(len(self._tables[table].header))
            names = (column for column in columns if is_naming(self._column(table, column)))
            self._subjects[table] = next(names, None)
        return self._subjects[table]


def is_naming(forms: Sequence[str]) -> bool:
    """Whether a column's values name its rows: mostly filled, mostly texts, mostly distinct."""
    filled = [form for form in forms if form not in PLACEHOLDERS]
    if len(filled) < 2 or 2 * len(filled) < len(forms):
        return False
    texts = sum(any(map(str.isalpha, form)) for form in filled)
    return 2 * texts >= len(filled) and len(set(filled)) >= SUBJECT_DISTINCT * len(filled)
