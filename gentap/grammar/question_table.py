"""A table as questions are asked about it: which columns have a name, which cells may be said.

And what it does not hold, made so that one might think it did.
"""

import re
from collections import Counter
from collections.abc import Sequence
from functools import cached_property, lru_cache, reduce
from operator import or_
from typing import TypeVar

from gentap.grammar.plans import Guards, Role
from gentap.grammar.rules import Grammar
from gentap.grammar.wordings import Random
from gentap.records import Table
from gentap.tables.columns import ColumnReader, loose_form
from gentap.tables.queries import ReadTable
from gentap.text.normal_form import is_placeholder, normal_form, normal_forms
from gentap.text.words import WORD

MAX_VALUE_CHARS = 60
MAX_VALUE_WORDS = 6
MAX_HEADER_CHARS = 40
MAX_TITLE_CHARS = 70
_SENTENCE = re.compile(r"(?:\S+\s+){4,}\S+[.!?…]|.*\w{3,}[.!?;] .*", re.S)
_DAYS = frozenset({"day", "monthday"})
_NUMBERS = re.compile(r"\d+")
_LETTER = re.compile(r"[^\W\d_]")

_Item = TypeVar("_Item")

_YEARS_AWAY = 8
_YEARS = range(1000, 2100)
_COUNTS = range(2, 1000)
_TRIES = 4


@lru_cache(maxsize=50_000)
def _can_be_said(name: str, header: str) -> bool:
    """Whether a column's name is one: short, with letters, and no more than one number in it."""
    return (
        len(name) <= MAX_HEADER_CHARS
        and _LETTER.search(name) is not None
        and len(_NUMBERS.findall(name)) < 2
        and not header.endswith("…")
        and not is_placeholder(header)
    )


class QuestionTable:
    """A table read once, and what of it a grammar may ask about and name.

    ``names`` are the columns' names as they are said; ``kinds`` what each column is, the grammar's
    lists of words included.
    """

    def __init__(
        self, table: Table, grammar: Grammar, reader: ColumnReader, guards: Guards
    ) -> None:
        self.grammar = grammar
        self.read = ReadTable(table, reader)
        said = list(map(grammar.name_of, table.header))
        self.names = [name for name, _ in said]
        self.kinds = [
            column.kinds | sorts for column, (_, sorts) in zip(self.read.columns, said, strict=True)
        ]
        self.columns = self._named_columns(table.header)
        for column in self.columns:
            if len(set(self.read.forms[column])) == self.read.height:
                self.kinds[column] |= {"distinct"}
        self._find_subject()
        self._bits = [guards.bits(self.kinds[column]) for column in self.columns]
        self._fitting: dict[tuple[int, Role], list[int]] = {}
        self._singles: dict[int, list[int]] = {}
        self._groups: dict[int, list[int]] = {}
        self._orders: dict[int, list[int]] = {}
        self._nameable: dict[int, list[bool]] = {}
        self._beside = (table.title, table.section, table.caption)
        titles = {"title": table.title, "section": table.section, "caption": table.caption}
        self.titles = {
            label: text for label, text in titles.items() if text and len(text) <= MAX_TITLE_CHARS
        }

    def _find_subject(self) -> None:
        """The first column of names that name a row's entry, and not something about it.

        A row with a day is an event: what may name an entry elsewhere only takes part in it.
        """
        kinds = frozenset().union(*self.kinds)
        about = {"aspects"} if kinds.isdisjoint(_DAYS) else {"aspects", "participants"}
        for column in self.columns:
            if "name" in self.kinds[column] and about.isdisjoint(self.kinds[column]):
                self.kinds[column] |= {"subject"}
                return

    def _named_columns(self, header: Sequence[str]) -> list[int]:
        """The columns with a name that can be said and that no other column shares."""
        forms = normal_forms(self.names)
        return [
            column
            for column, (name, form) in enumerate(zip(self.names, forms, strict=True))
            if "unasked" not in self.kinds[column]
            and forms.count(form) == 1
            and _can_be_said(name, header[column])
        ]

    def fitting(self, guard: int, role: Role) -> list[int]:
        """The named columns that the guard in this place admits and that fill the role."""
        found = self._fitting.get((guard, role))
        if found is None:
            pairs = zip(self.columns, self._bits, strict=True)
            found = [column for column, bits in pairs if bits >> guard & 1]
            if role != "any":
                found = [column for column in found if self._fills(column, role)]
            self._fitting[guard, role] = found
        return found

    def _fills(self, column: int, role: Role) -> bool:
        match role:
            case "ordered":
                return self.read.is_ordered(column)
            case "top" | "bottom":
                order, keys = self.order(column), self.read.columns[column].keys
                one, other = (-1, -2) if role == "top" else (0, 1)
                return len(order) > 1 and keys[order[one]] != keys[order[other]]
            case "single":
                return bool(self.singles(column))
            case "group":
                return bool(self.groups(column))
            case "title":
                index = self.read.index(column)
                return any(loose_form(normal_form(text)) in index for text in self.titles.values())
            case "whole":
                return all(self.nameable(column))
            case "any":
                return True

    def order(self, column: int) -> list[int]:
        """The rows from the smallest cell to the largest; none where not all can be compared."""
        found = self._orders.get(column)
        if found is None:
            keys = self.read.columns[column].keys
            rows = range(self.read.height) if self.read.is_ordered(column) else ()
            found = self._orders[column] = sorted(rows, key=lambda row: keys[row] or 0)
        return found

    def pairs(self, first: int, second: int) -> list[int]:
        """The rows that two values find together and neither alone."""
        shared = set(self.groups(second))
        rows = [row for row in self.groups(first) if row in shared]
        ours, theirs = self.read.identities(first), self.read.identities(second)
        counts = Counter((ours[row], theirs[row]) for row in rows)
        return [row for row in rows if self.plain[row] and counts[ours[row], theirs[row]] == 1]

    def singles(self, column: int) -> list[int]:
        """The rows that may be named by a value that no other row of the column has."""
        found = self._singles.get(column)
        if found is None:
            plain, nameable = self.plain, self.nameable(column)
            found = self._singles[column] = [
                rows[0]
                for rows in self.read.index(column).values()
                if len(rows) == 1 and plain[rows[0]] and nameable[rows[0]]
            ]
        return found

    def groups(self, column: int) -> list[int]:
        """The rows that share a value, which may be named, with some others but not with all."""
        found = self._groups.get(column)
        if found is None:
            height, nameable = self.read.height, self.nameable(column)
            found = self._groups[column] = [
                row
                for rows in self.read.index(column).values()
                if 2 <= len(rows) < height and nameable[rows[0]]
                for row in rows
            ]
        return found

    @cached_property
    def admitted(self) -> int:
        """The guards that admit any column, as bits."""
        return reduce(or_, self._bits, 0)

    @cached_property
    def plain(self) -> list[bool]:
        """Whether each row is an entry: no row of totals, no heading among the rows.

        A text that fills a row, or its first three cells, is a heading.
        """
        forms, names = self.read.forms, tuple(self.read.names)
        height = self.read.height
        plain = [True] * height
        if len(forms) > 1:
            for row, cells in enumerate(zip(*forms, strict=True)):
                different = len(set(cells))
                if different < 2 or (different == 2 and "" in cells) or cells == names:
                    plain[row] = False
                elif cells[0] and len(cells) > 3 and cells[0] == cells[1] == cells[2]:
                    plain[row] = not _LETTER.search(cells[0])
        totals = self.grammar.totals
        for column in forms[:2]:
            if totals.search("\n".join(column)):
                for row in range(height):
                    plain[row] = plain[row] and not totals.fullmatch(column[row])
        return plain

    @cached_property
    def all_plain(self) -> bool:
        return all(self.plain)

    @cached_property
    def all_forms(self) -> str:
        """All that the table says, headings and titles too: a normal form a line."""
        beside = normal_forms((*self._beside, *self.read.table.header, *self.names))
        return "\n".join([*beside, *(form for forms in self.read.forms for form in forms)])

    @cached_property
    def _all_words(self) -> list[frozenset[str]]:
        return [frozenset(WORD.findall(line)) for line in self.all_forms.splitlines()]

    @cached_property
    def _words_anywhere(self) -> frozenset[str]:
        return frozenset().union(*self._all_words)

    def mentions(self, text: str) -> bool:
        """Whether all words of a text stand in one cell, heading or title."""
        words = frozenset(WORD.findall(normal_form(text)))
        return words <= self._words_anywhere and any(words <= line for line in self._all_words)

    def is_in_one_row(self, form: str) -> bool:
        """Whether no two rows hold this normal form, in any of their columns."""
        forms = self.read.forms
        if sum(column.count(form) for column in forms) < 2:
            return True
        return sum(form in cells for cells in zip(*forms, strict=True)) < 2

    def may_answer(self, row: int, column: int) -> bool:
        """Whether a cell is filled, short, and in no row of totals or headings."""
        text = self.read.texts[column][row]
        return (
            self.read.filled[column][row]
            and len(text) <= MAX_VALUE_CHARS
            and self.plain[row]
            and text[-1] != "…"
        )

    def nameable(self, column: int) -> list[bool]:
        """Whether each cell may be part of a question: filled, short, no sentence."""
        found = self._nameable.get(column)
        if found is None:
            pairs = zip(self.read.texts[column], self.read.filled[column], strict=True)
            found = self._nameable[column] = [
                filled
                and len(text) <= MAX_VALUE_CHARS
                and text.count(" ") < MAX_VALUE_WORDS
                and text[-1] != "…"
                and not (len(text) > 20 and _SENTENCE.fullmatch(text))
                for text, filled in pairs
            ]
        return found


def missing_value(table: QuestionTable, column: int, random: Random) -> str | None:
    """A value that the column does not hold, and that no cell or title hints at.

    A year stands nowhere in the table, the words of a name together in no cell. None where none
    can be made.
    """
    if _is_numbered(table, column):
        return _missing_number(table, column, random)
    names = _names(table, column)
    for _ in range(_TRIES if len(names) > 1 else 0):
        first, last = _any_of(names, random)[0], _any_of(names, random)[1]
        if not table.mentions(f"{first} {last}") and not _is_near(first, last, names):
            return f"{first} {last}"
    return None


def _is_near(first: str, last: str, names: Sequence[Sequence[str]]) -> bool:
    """Whether a name could be one of these, misspelt: both words begin alike."""
    begins = (first[:3], last[:3])
    return first == last or any(begins == (one[:3], other[:3]) for one, other in names)


def may_lack(table: QuestionTable, column: int) -> bool:
    """Whether a value can be made that the column does not hold."""
    return _is_numbered(table, column) or len(_names(table, column)) > 1


def _is_numbered(table: QuestionTable, column: int) -> bool:
    read = table.read.columns[column]
    return read.unit == "year" or "count" in read.kinds


def _names(table: QuestionTable, column: int) -> list[list[str]]:
    """The words of the different cells that are two of them."""
    texts = dict.fromkeys(table.read.texts[column])
    return [words for text in texts if (words := _two_names(text))]


def _missing_number(table: QuestionTable, column: int, random: Random) -> str | None:
    read = table.read.columns[column]
    held = {key for key in read.keys if key is not None}
    if not held:
        return None
    low, high = int(min(held)), int(max(held))
    if read.unit == "year":
        first, end = low - _YEARS_AWAY, high + _YEARS_AWAY + 1
        around = range(max(first, _YEARS.start), min(end, _YEARS.stop))
        free = [one for one in around if not table.mentions(str(one))]
    else:
        free = list(range(max(low, _COUNTS.start), min(high + 1, _COUNTS.stop)))
    free = [one for one in free if one not in held]
    return str(_any_of(free, random)) if free else None


def _two_names(text: str) -> list[str] | None:
    """The words of a text that is two of them, both with a capital letter."""
    words = text.split()
    named = all(word.isalpha() and len(word) > 2 and word.istitle() for word in words)
    return words if len(words) == 2 and named else None


def missing_topic(table: QuestionTable, words: str, random: Random) -> str | None:
    """What a list of words names and the table does not tell: no heading, title or cell fits."""
    free = [key for key, fits in table.grammar.topics(words) if not fits.search(table.all_forms)]
    return _any_of(free, random) if free else None


def _any_of(items: Sequence[_Item], random: Random) -> _Item:
    return items[int(random() * len(items))]
