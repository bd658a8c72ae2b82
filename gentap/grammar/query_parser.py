"""Read a question's query line.

::

    select [column A] where [column B] is [value B] and [column C:number] above [value C]
        [nth] largest [column D:number not rank] about [column E:subject]
"""

import re
from typing import cast

from gentap.grammar.diagnostics import hint
from gentap.grammar.rules import TITLES, ConditionTemplate, Guard, QueryTemplate
from gentap.tables.queries import ComparisonOperator, Pick

_WORD = re.compile(r"\[[^\]]*\]|\S+")
_COLUMN = re.compile(r"column(?: +(\w+))?(?: *: *(.*)| +(?=not )(.*))?")
_VALUE = re.compile(r"value(?: +(\w+(?: +\w+)?))?")
_GUARD = re.compile(r"((?:[\w|]+ *)*?)(?:\bnot +([\w|]+))?")
_RULE = re.compile(r"[^\W\d][\w-]*")

_COMPARISONS = ("is", "above", "below", "between")
_BY = ("largest", "smallest")
_PICKS = (*_BY, "first", "last", "row", "after", "before", "only")
_RANKED = (*_BY, "row", "last")
_WORDS = ("select", "where", "and", "about", *_COMPARISONS, *_PICKS)


class QueryError(Exception):
    """Where in its line a query can't be read (from 0), and why."""

    def __init__(self, column: int, message: str) -> None:
        super().__init__(message)
        self.column, self.message = column, message


def read_query(content: str, offset: int) -> QueryTemplate:
    """A query from its text after ``>``, which stands at ``offset`` of its line.

    Raises QueryError with the place and a suggestion.
    """
    return _QueryReader(content, offset).read()


class _QueryReader:
    """Takes a query word by word."""

    def __init__(self, content: str, offset: int) -> None:
        self._words = [(match[0], offset + match.start()) for match in _WORD.finditer(content)]
        self._end = ("", offset + len(content.rstrip()))
        self._place = 0
        self._start = offset
        self._guards: dict[str, Guard] = {}
        self._places: dict[str, int] = {}

    def read(self) -> QueryTemplate:
        self._expect("select")
        select = self._column()
        conditions = self._conditions()
        rank = self._rank()
        pick, by = self._pick(rank)
        about: list[str] = []
        if self._next() == "about":
            self._take()
            about = [self._column()]
            while self._next().startswith("["):
                about.append(self._column())
        if self._next():
            word, column = self._take()
            raise QueryError(column, f"'{word}' after the end of the query.{_hint(word)}")
        if pick in ("after", "before") and not conditions:
            raise QueryError(self._start, f"'{pick}' needs a 'where' that finds one row.")
        return QueryTemplate(
            select,
            tuple(conditions),
            pick,
            by,
            rank,
            tuple(about),
            dict(self._guards),
            dict(self._places),
        )

    def _take(self) -> tuple[str, int]:
        self._place += 1
        return self._words[self._place - 1] if self._place <= len(self._words) else self._end

    def _next(self, ahead: int = 0) -> str:
        place = self._place + ahead
        return self._words[place][0] if place < len(self._words) else ""

    def _expect(self, *wanted: str) -> str:
        word, column = self._take()
        if word not in wanted:
            found = f"found '{word}'" if word else "the query ends"
            message = f"expected {' or '.join(wanted)}, {found}.{_hint(word)}"
            raise QueryError(column, message)
        return word

    def _inside(self, word: str) -> str:
        return word[1:-1].strip() if word.startswith("[") and word.endswith("]") else ""

    def _column(self) -> str:
        word, place = self._take()
        match = _COLUMN.fullmatch(self._inside(word))
        if match is None:
            raise QueryError(place, _expected("[column …]", word))
        label = match[1] or ""
        self._places.setdefault(label, place)
        inside = match[2] if match[2] is not None else match[3]
        if inside is not None:
            guard = _GUARD.fullmatch(inside.strip())
            if guard is None or not (guard[1] or guard[2]):
                message = f"'{inside}' is no guard. Write it as in [column A:number|date not x]."
                raise QueryError(place, message)
            wanted = tuple(frozenset(group.split("|")) for group in guard[1].split())
            refused = frozenset(guard[2].split("|")) if guard[2] else frozenset()
            self._guards[label] = Guard(wanted, refused)
            self._places[label] = place
        return label

    def _value(self, column: str) -> str:
        word, place = self._take()
        match = _VALUE.fullmatch(self._inside(word))
        if match is None:
            raise QueryError(place, _expected("[value …]", word))
        label = " ".join((match[1] or "").split())
        if label not in TITLES and label.split(" ")[0] != column:
            message = f"a column is compared with its own [value {column}]".rstrip()
            raise QueryError(place, f"{message}, with [value title] or with a column.")
        return label

    def _conditions(self) -> list[ConditionTemplate]:
        conditions: list[ConditionTemplate] = []
        if self._next() != "where":
            return conditions
        self._take()
        while True:
            column = self._column()
            comparison = cast(ComparisonOperator, self._expect(*_COMPARISONS))
            if comparison != "between" and self._next().startswith("[column"):
                conditions.append(ConditionTemplate(column, comparison, other=self._column()))
            else:
                value, high = self._value(column), ""
                if comparison == "between":
                    self._expect("and")
                    high = self._value(column)
                conditions.append(ConditionTemplate(column, comparison, value, high))
            if self._next() != "and":
                return conditions
            self._take()

    def _rank(self) -> str:
        inside = self._inside(self._next())
        if not inside:
            return ""
        word, place = self._take()
        if not _RULE.fullmatch(inside):
            raise QueryError(place, f"{word} is no name of a numbers rule.")
        if self._next() not in _RANKED:
            ranked = " or ".join(_RANKED)
            raise QueryError(place, f"after {word} comes {ranked}.{_hint(self._next())}")
        self._places[inside] = place
        return inside

    def _pick(self, rank: str) -> tuple[Pick, str]:
        if self._next() in ("", "about"):
            return "any", ""
        place = self._words[self._place][1]
        word = self._expect(*_PICKS)
        if word == "row" and not rank:
            raise QueryError(place, "'row' needs a number before it, as in '[nth] row'.")
        by = self._column() if word in _BY else ""
        return cast(Pick, "row" if word == "first" else word), by


def _expected(wanted: str, word: str) -> str:
    return f"expected {wanted}, found '{word}'." if word else f"expected {wanted}, the query ends."


def _hint(word: str) -> str:
    return hint(word, _WORDS)
