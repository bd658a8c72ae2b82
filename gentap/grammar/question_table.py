"""A table as questions are asked about it: which columns have a name, which cells may be said."""

import re
from collections import Counter
from collections.abc import Sequence
from functools import cached_property, lru_cache, reduce
from operator import or_

from gentap.grammar.plans import Guards, Role
from gentap.grammar.rules import Grammar
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

    def mentions(self, text: str) -> bool:
        """Whether all words of a text stand in one cell, heading or title."""
        words = frozenset(WORD.findall(normal_form(text)))
        return any(words <= line for line in self._all_words)

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
