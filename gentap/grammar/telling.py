"""Say wordings about a table: columns by their names, and what a query gave by its cells."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from gentap.grammar.question_table import QuestionTable
from gentap.grammar.rules import TITLES, Alternative, QueryTemplate, Slot, SlotKind
from gentap.grammar.wordings import MAX_RULES_SAID, Random, Wording, Wordings
from gentap.tables.arithmetic import add_up, subtract
from gentap.text.normal_form import normal_form

_MARK = re.compile(r"[*†‡§]|\[\w{1,3}\]")
"""Marks of footnotes, which say nothing without their table."""

_INSIDE = re.compile(r"\([^()]*\)")

_PLACES = {"first": 0, "second": 1, "third": 2, "last": -1}


class Unsayable(Exception):  # noqa: N818  no error: another draw is tried
    """What a wording asks for can't be said of these rows."""


class Told(NamedTuple):
    """What an answer tells of its rows: a cell, their sum, the difference of two, how many."""

    kind: SlotKind
    column: int
    rows: tuple[int, ...]
    text: str


class Telling:
    """Says wordings of one question and of its answer, in one tense.

    ``rows`` are what the query gave; ``told`` collects what the answer tells of them.
    """

    def __init__(
        self,
        table: QuestionTable,
        wordings: Wordings,
        random: Random,
        query: QueryTemplate,
        columns: Mapping[str, int],
        values: Mapping[str, str],
        rank: int = 1,
        rows: Sequence[int] | None = None,
    ) -> None:
        self._table, self._wordings, self._random = table, wordings, random
        self._query, self._columns, self._values = query, columns, values
        self._rank, self._rows = rank, (0,) if rows is None else rows
        self._agrees = rows is not None
        self._tense: float | None = None
        self._rules_said = 0
        self.told: list[Told] = []

    def is_clear(self, wording: Wording) -> bool:
        """Where a wording does not say a value's column, no other row may hold that value."""
        for condition in self._query.conditions:
            if condition.column in wording.names:
                continue
            for label in (condition.value, condition.high):
                if label and not self._table.is_in_one_row(normal_form(self._values[label])):
                    return False
        return True

    def say(self, alternative: Alternative) -> str:
        """A wording as text, its first letter a capital.

        Raises Unsayable where a cell may not be told, or an amount can't be worked out.
        """
        said: list[str] = []
        self._say(alternative, None, said)
        text = " ".join("".join(said).split())
        text = text[:-1] if text.endswith("..") else text
        return text[:1].upper() + text[1:]

    def _say(self, alternative: Alternative, row: int | None, said: list[str]) -> None:
        for part in alternative.parts:
            if isinstance(part, str):
                said.append(part)
            elif part.kind == "column":
                if self._agrees and said[-2:-1] == ["1"]:
                    raise Unsayable  # the name of a count is plural: "1 goals"
                said.append(self._table.names[self._columns[part.label]])
            elif part.kind == "value":
                is_title = part.label in TITLES
                said.append((self._table.titles if is_title else self._values)[part.label])
            elif part.kind == "rule" and part.label == self._query.without:
                said.append(self._values[part.label])
            elif part.kind == "rule" and not part.which:
                self._say(self._below(part.label), row, said)
            else:
                given = self._given(part, row)
                if "(" in given and part.kind == "cell":
                    before = "".join(said)
                    if before.count("(") > before.count(")"):
                        raise Unsayable  # no parentheses within each other
                said.append(given)

    def _below(self, name: str) -> Alternative:
        """What is drawn for a rule; one of numbers says the rank, or how many rows there are."""
        self._rules_said += 1
        if self._rules_said > MAX_RULES_SAID:
            raise Unsayable
        number = self._rank if name == self._query.rank else len(self._rows)
        choice = self._wordings.part(name, number)
        if not choice.wordings:
            raise Unsayable
        random = self._random
        if self._wordings.is_tense(name):
            if self._tense is None:
                self._tense = random()
            return choice.at(self._tense).alternative
        return choice.draw(random).alternative

    def _given(self, slot: Slot, row: int | None) -> str:
        if slot.kind in ("noun", "nouns"):
            name = self._table.names[self._columns[slot.label]]
            return self._table.grammar.noun_of(name, plural=slot.kind == "nouns")
        if slot.kind == "how many":
            self.told.append(Told("how many", -1, tuple(self._rows), str(len(self._rows))))
            return str(len(self._rows))
        if slot.which == "each":
            return self._joined(self._of_row(slot, one) for one in self._rows)
        if slot.which:
            place = _PLACES[slot.which]
            if place >= len(self._rows):
                raise Unsayable
            return self._of_row(slot, self._rows[place])
        if slot.kind in ("sum", "difference"):
            return self._amount(slot.kind, self._columns[slot.label])
        return self._of_row(slot, self._rows[0] if row is None else row)

    def _of_row(self, slot: Slot, row: int) -> str:
        """A row's cell, or a rule that is said of this row."""
        if slot.kind == "rule":
            said: list[str] = []
            self._say(self._below(slot.label), row, said)
            return "".join(said)
        column = self._columns[slot.label]
        if not (self._table.plain[row] and self._table.nameable(column)[row]):
            raise Unsayable
        text = " ".join(self._table.read.texts[column][row].split())
        if _MARK.search(text):
            raise Unsayable
        self.told.append(Told("cell", column, (row,), text))
        return text

    def _joined(self, parts: Iterable[str]) -> str:
        """``A, B and C``, what is the same said once."""
        different = list(dict.fromkeys(parts))
        joint = f" {self._wordings.joint} "
        if len(different) < 2:
            return different[0]
        bare = [_INSIDE.sub("", one) if "(" in one else one for one in different]
        if any(", " in one or joint in one for one in bare):
            raise Unsayable  # where one ends and the next begins could not be told
        return ", ".join(different[:-1]) + joint + different[-1]

    def _amount(self, kind: SlotKind, column: int) -> str:
        """The sum of all rows' cells, or the difference of the first's and the last's."""
        read, comma = self._table.read, self._table.grammar.decimal_comma
        keys = [read.columns[column].keys[row] for row in self._rows]
        sizes = [key for key in keys if key is not None]
        if len(self._rows) < 2 or len(sizes) < len(keys):
            raise Unsayable
        texts = [read.texts[column][row] for row in self._rows]
        made = (
            add_up(texts, sizes, comma)
            if kind == "sum"
            else subtract((texts[0], texts[-1]), (sizes[0], sizes[-1]), comma)
        )
        if made is None:
            raise Unsayable
        self.told.append(Told(kind, column, tuple(self._rows), made))
        return made
