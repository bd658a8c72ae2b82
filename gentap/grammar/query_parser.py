"""Read a question's query line.

::

    select [column A] where [column B] is [value B] and [column C:number] above [value C]
        [nth] largest [column D:number not rank] about [column E:subject]
    select every [column A] where [column B] is [value B] largest [column C] rising [column D]
"""

import re
from typing import Literal, cast

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
_COUNTS = {"two": 2, "three": 3}
_PAIRS: dict[tuple[str, str], Pick] = {
    ("smallest", "largest"): "ends",
    ("first", "last"): "edges",
    ("before", "after"): "around",
}
"""Two picks at once, joined by ``and``."""
_MANY = ("every", "none")
_TRENDS = ("rising", "falling")
_PICKS = (*_BY, "first", "last", "row", "after", "before", "only")
_RANKED = (*_BY, "row", "last")
_WORDS = (
    *("select", "where", "and", "or", "about", "without", *_COMPARISONS, *_PICKS),
    *(*_COUNTS, *_MANY, *_TRENDS),
)


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
        many = self._take()[0] if self._next() in _MANY else "one"
        select = self._column()
        conditions = self._conditions(select)
        rank = self._rank()
        pick, by, count = self._pick(rank)
        trend = dict.fromkeys(_TRENDS, "")
        if self._next() in _TRENDS:
            word = self._take()[0]
            trend[word] = self._column()
        without = self._without()
        about: list[str] = []
        if self._next() == "about":
            self._take()
            about = [self._column()]
            while self._next().startswith("["):
                about.append(self._column())
        if self._next():
            word, column = self._take()
            raise QueryError(column, f"'{word}' after the end of the query.{_hint(word)}")
        if pick in ("after", "before", "around") and not conditions:
            word = "before and after" if pick == "around" else pick
            raise QueryError(self._start, f"'{word}' needs a 'where' that finds one row.")
        lacks = without or any(one.is_missing for one in conditions)
        if lacks and many != "none":
            message = "what the table does not hold is asked for by 'select none' alone."
            raise QueryError(self._start, message)
        if many == "none" and not (pick == "any" and (len(conditions) > 1 or lacks)):
            message = (
                "'none' needs two conditions that no row meets together (or a [value … missing], "
                "or 'without'), and no more."
            )
            raise QueryError(self._start, message)
        if many == "every":
            count = 0 if pick in _BY else count
            if pick not in ("any", *_BY) or rank:
                message = "after 'every' comes at most largest or smallest, for the order."
                raise QueryError(self._start, message)
        return QueryTemplate(
            select,
            tuple(conditions),
            pick,
            by,
            rank,
            tuple(about),
            cast(Literal["one", "every", "none"], many),
            count,
            trend["rising"],
            trend["falling"],
            without,
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

    def _conditions(self, select: str) -> list[ConditionTemplate]:
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
                value, high, other = self._value(column), "", ""
                if comparison == "between":
                    self._expect("and")
                    high = self._value(column)
                elif comparison == "is" and self._next(1).startswith("[value"):
                    joined = self._expect("or", "and")
                    high = self._value(column)
                    comparison = "either" if joined == "or" else "both"
                    other = select if joined == "and" else ""
                conditions.append(ConditionTemplate(column, comparison, value, high, other))
            if self._next() != "and":
                return conditions
            self._take()

    def _without(self) -> str:
        """The list of words after ``without``."""
        if self._next() != "without":
            return ""
        self._take()
        word, place = self._take()
        inside = self._inside(word)
        if not _RULE.fullmatch(inside):
            raise QueryError(place, _expected("the name of a list of words, as [topics]", word))
        self._places[inside] = place
        return inside

    def _rank(self) -> str:
        inside = self._inside(self._next())
        if not inside:
            return ""
        word, place = self._take()
        if not _RULE.fullmatch(inside):
            raise QueryError(place, f"{word} is no name of a numbers rule.")
        if self._next() not in _RANKED or self._next(1) == "and":
            ranked = " or ".join(_RANKED)
            raise QueryError(place, f"after {word} comes {ranked}.{_hint(self._next())}")
        self._places[inside] = place
        return inside

    def _pick(self, rank: str) -> tuple[Pick, str, int]:
        """What is picked, by which column, and how many."""
        if self._next() in ("", "about", "without", *_TRENDS):
            return "any", "", 1
        count = 1
        if self._next() in _COUNTS and not rank:
            count = _COUNTS[self._take()[0]]
            if self._next() not in _BY:
                word, place = self._take()
                raise QueryError(
                    place, f"after two or three comes largest or smallest.{_hint(word)}"
                )
        place = self._words[self._place][1] if self._place < len(self._words) else self._end[1]
        word = self._expect(*_PICKS)
        pick = cast(Pick, "row" if word == "first" else word)
        if self._next() == "and" and (word, self._next(1)) in _PAIRS and count == 1:
            self._take()
            pick = _PAIRS[word, self._take()[0]]
        elif word == "row" and not rank:
            raise QueryError(place, "'row' needs a number before it, as in '[nth] row'.")
        by = self._column() if pick in (*_BY, "ends") else ""
        return pick, by, count


def _expected(wanted: str, word: str) -> str:
    return f"expected {wanted}, found '{word}'." if word else f"expected {wanted}, the query ends."


def _hint(word: str) -> str:
    return hint(word, _WORDS)
