"""What a cell's text means: its normal form, its number, its date."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Literal

ColumnType = Literal["number", "date", "text"]

TYPED_SHARE = 0.8
"""A column is a number or date column where at least this share of its filled cells parses."""

_PLACEHOLDERS = frozenset(
    "|-|–|—|--|?|...|…|n/a|na|none|nil|tba|tbd|tbc|x|unknown|null|not applicable|not available"
    "|*|†|•|✓|✔|✗".split("|")
)
_FOOTNOTE = re.compile(r"\[(?:\d{1,3}|[a-z]|note \d{1,2}|nb \d{1,2}|citation needed)\]", re.I)
_SPACES = re.compile(r"\s+")
_QUOTES = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "−": "-", "‐": "-", "‑": "-"})

_NUMBER = re.compile(
    r"(?P<sign>[-+−]?)(?P<before>[$€£¥]|us\$)?\s?"
    r"(?P<digits>\d{1,3}(?:,\d{3})+|\d+)(?P<fraction>\.\d+)?"
    r"\s?(?P<unit>%|[a-z°/]*m[23]|[a-z°/]{1,12})?"
)
_MONTHS = {
    name: number
    for number, names in enumerate(
        [
            ("january", "jan"),
            ("february", "feb"),
            ("march", "mar"),
            ("april", "apr"),
            ("may",),
            ("june", "jun"),
            ("july", "jul"),
            ("august", "aug"),
            ("september", "sep", "sept"),
            ("october", "oct"),
            ("november", "nov"),
            ("december", "dec"),
        ],
        start=1,
    )
    for name in names
}
_MONTH = "(" + "|".join(sorted(_MONTHS, key=len, reverse=True)) + r")\.?"
_DAY_FIRST = re.compile(rf"(\d{{1,2}})(?:st|nd|rd|th)?(?: of)? {_MONTH},? (\d{{4}})")
_MONTH_FIRST = re.compile(rf"{_MONTH} (\d{{1,2}})(?:st|nd|rd|th)?,? (\d{{4}})")
_MONTH_YEAR = re.compile(rf"{_MONTH} (\d{{4}})")
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_YEAR = re.compile(r"(1\d{3}|20\d{2})")


@dataclass(frozen=True, slots=True)
class Number:
    """A number and its unit: ``%``, a currency sign, a word such as ``km``, or nothing."""

    value: float
    unit: str


@lru_cache(maxsize=100_000)
def normal_form(text: str) -> str:
    """The form in which values are compared.

    NFKC, case folded, footnote marks gone, quotes and dashes made plain, spaces collapsed.
    """
    text = _FOOTNOTE.sub("", unicodedata.normalize("NFKC", text).translate(_QUOTES))
    return fold(_SPACES.sub(" ", text).strip())


def fold(text: str) -> str:
    """Case folded, letter by letter, so that every character keeps its place."""
    folded = text.casefold()
    if len(folded) == len(text):
        return folded
    return "".join(low if len(low := letter.casefold()) == 1 else letter for letter in text)


def match_form(sentence: str) -> tuple[str, list[int] | None]:
    """A sentence as cells are matched in it, and where each of its characters came from.

    The places are None where both have the same characters one by one.
    """
    plain = sentence.translate(_QUOTES)
    if unicodedata.is_normalized("NFKC", plain):
        return fold(plain), None
    letters: list[str] = []
    places: list[int] = []
    for place, letter in enumerate(plain):
        for part in fold(unicodedata.normalize("NFKC", letter).translate(_QUOTES)):
            letters.append(part)
            places.append(place)
    return "".join(letters), places


def is_placeholder(text: str) -> bool:
    """Whether a cell says nothing: empty, a dash, ``n/a``, ``TBD`` and the like."""
    return normal_form(text) in _PLACEHOLDERS


@lru_cache(maxsize=100_000)
def parse_number(text: str) -> Number | None:
    """Read ``1,234``, ``-5.5``, ``$3``, ``45%``, ``120 km``; None where there is more or less."""
    match = _NUMBER.fullmatch(normal_form(text))
    if match is None:
        return None
    value = float(match["digits"].replace(",", "") + (match["fraction"] or ""))
    return Number(-value if match["sign"] in ("-", "−") else value, _unit(match))


def _unit(match: re.Match[str]) -> str:
    unit = match["unit"] or ""
    if unit in ("st", "nd", "rd", "th"):
        unit = "ordinal"
    return (match["before"] or "") + unit


@lru_cache(maxsize=100_000)
def parse_date(text: str) -> date | None:
    """Read a day, a month of a year or a year (as its first day); None where there is more."""
    form = normal_form(text)
    if match := _ISO.fullmatch(form):
        year, month, day = (int(group) for group in match.groups())
    elif match := _DAY_FIRST.fullmatch(form):
        day, month, year = int(match[1]), _MONTHS[match[2]], int(match[3])
    elif match := _MONTH_FIRST.fullmatch(form):
        month, day, year = _MONTHS[match[1]], int(match[2]), int(match[3])
    elif match := _MONTH_YEAR.fullmatch(form):
        month, day, year = _MONTHS[match[1]], 1, int(match[2])
    elif match := _YEAR.fullmatch(form):
        year, month, day = int(match[1]), 1, 1
    else:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Column:
    """A column read once: its type, and a comparable key for each cell that parses.

    ``keys`` holds a float (numbers; dates as ordinal days) or None for each body row.
    """

    type: ColumnType
    keys: tuple[float | None, ...]


def read_column(cells: Sequence[str]) -> Column:
    """Type a column: dates, else numbers of one unit, else text."""
    filled = [cell for cell in cells if not is_placeholder(cell)]
    needed = TYPED_SHARE * len(filled)
    if filled:
        dates = [parse_date(cell) for cell in cells]
        if sum(day is not None for day in dates) >= needed:
            return Column("date", tuple(day.toordinal() if day else None for day in dates))
        numbers = [parse_number(cell) for cell in cells]
        units = {number.unit for number in numbers if number}
        if len(units) == 1 and sum(number is not None for number in numbers) >= needed:
            return Column("number", tuple(number.value if number else None for number in numbers))
    return Column("text", (None,) * len(cells))
