"""The cells of a page's tables, and those of their values that its prose can name.

Few values of a page stand in its prose: forms are made only of cells whose first word does, or can
become one that does.
"""

import re
from collections.abc import Mapping, Sequence, Set
from itertools import chain

from gentap.mining.surface_forms import FormNormalizer
from gentap.records import Table
from gentap.text.months import MONTHS
from gentap.text.normal_form import PLACEHOLDERS

CellPosition = tuple[int, int, int]
"""A body cell of a page: table, row, column."""

MOST_LINES = 12
"""A cell of more lines is a list, which no line of it tells."""

_WORD = re.compile(r"[^\W_]+")
_DIGIT = re.compile(r"\d")
_SIGNS = ".,()'\"-"
"""Those that most often stand at a word's end."""
_MAY_CHANGE = re.compile("[ ,-]")
_YEAR = re.compile(r"(?<![^\W_])\d{4}(?![^\W_])(?!\.\d)(?! [tmb])")
"""Stands in a date's form as it is written; no part of a grouped number or of ``1234 million``."""


class PageCells:
    """All body cells of a page's tables; each text is looked at once."""

    def __init__(self, tables: Sequence[Table], former: FormNormalizer) -> None:
        self.tables = tables
        self._former = former
        self._texts: dict[str, set[str]] = {}
        self._folded: dict[str, str] = {}

    def values(self, words: frozenset[str]) -> Set[str]:
        """The forms of which each word is one of ``words``; the others can't stand in the prose."""
        cells = chain.from_iterable(row for table in self.tables for row in table.rows)
        owners = list(dict.fromkeys(cells))
        lines = [
            (text, line)
            for text in owners
            if 0 < text.count("\n") < MOST_LINES
            for line in text.split("\n")
        ]
        texts = owners + [line for _, line in lines]
        owners += [text for text, _ in lines]
        folded = self._former.folded(texts)
        self._folded = dict(zip(texts, folded, strict=True))
        possible = [at for at, form in enumerate(folded) if _may_stand(form, words)]
        forms = self._former.unified([folded[at] for at in possible])
        pairs = [*enumerate(forms), *self._former.shorter(forms)]
        for place, form in pairs:
            if _is_value(form) and words.issuperset(_WORD.findall(form)):
                self._texts.setdefault(form, set()).add(owners[possible[place]])
        return self._texts.keys()

    def column(self, table: int, column: int) -> list[str]:
        """The forms of a table's column, once :meth:`values` has seen all cells."""
        return self._former.unified([self._folded[row[column]] for row in self.tables[table].rows])

    def places(self, wanted: Set[str]) -> Mapping[str, list[CellPosition]]:
        """Where the cells of some of the values stand, in reading order."""
        forms: dict[str, list[str]] = {}
        for form in wanted:
            for text in self._texts[form]:
                forms.setdefault(text, []).append(form)
        found: dict[str, list[CellPosition]] = {form: [] for form in wanted}
        for number, table in enumerate(self.tables):
            for at, row in enumerate(table.rows):
                if forms.keys().isdisjoint(row) or _is_header_again(table, row):
                    continue
                for column, text in enumerate(row):
                    for form in forms.get(text, ()):
                        found[form].append((number, at, column))
        return found


def _is_header_again(table: Table, row: Sequence[str]) -> bool:
    """Whether a row names columns: it begins with its column's name and holds no digit.

    That it is no row whose name is its kind's is told by another such cell, or by a first column of
    numbers.
    """
    name = row[0].casefold()
    if not name or name != table.header[0].casefold() or any(map(_DIGIT.search, row)):
        return False
    named = zip(row[1:], table.header[1:], strict=True)
    if any(cell and cell.casefold() == above.casefold() for cell, above in named):
        return True
    return 2 * sum(_DIGIT.search(other[0]) is not None for other in table.rows) > len(table.rows)


def _may_stand(form: str, words: frozenset[str]) -> bool:
    """Whether a form's first word is among some, or a date's or number's, which may change."""
    first = form.partition(" ")[0]
    if not first.isalnum():
        word = _WORD.search(form)
        if word is None:
            return True
        first = word[0]
    if first in words:
        return True
    if not (first[0].isdigit() or first in MONTHS) or not _MAY_CHANGE.search(form):
        return False
    year = _YEAR.search(form)
    return year is None or year[0] in words


def form_words(text: str) -> frozenset[str]:
    """All words of a text; most are what stands between spaces, less a sign or two."""
    for sign in _SIGNS:
        text = text.replace(sign, " ")
    tokens = set(text.split())
    words = set(filter(str.isalnum, tokens))
    return frozenset(words.union(_WORD.findall(" ".join(tokens - words))))


def _is_value(form: str) -> bool:
    """Whether a form is no placeholder, and more than a letter or a small bare number."""
    if form in PLACEHOLDERS:
        return False
    if len(form) > 4:
        return True
    signs = sum(map(str.isalnum, form))
    return signs > 2 or (signs == 2 and not all(map(str.isdigit, filter(str.isalnum, form))))
