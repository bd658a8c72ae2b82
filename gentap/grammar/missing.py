"""What a table does not hold, made so that one might think it did.

A value is made like those of a column: a year near theirs, a number among theirs, or a name of the
first word of one and the last of another.
"""

from collections.abc import Sequence
from typing import TypeVar

from gentap.grammar.question_table import QuestionTable
from gentap.grammar.wordings import Random

_Item = TypeVar("_Item")

_YEARS_AWAY = 8
_YEARS = range(1000, 2100)
_NUMBERS = range(2, 1000)
_TRIES = 4


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
        around = range(low - _YEARS_AWAY, high + _YEARS_AWAY + 1)
        free = [one for one in around if one in _YEARS and not table.mentions(str(one))]
    else:
        free = [one for one in range(low, high + 1) if one in _NUMBERS]
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
