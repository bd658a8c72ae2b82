"""What the cells of a column measure: numbers, dates, durations and scores, in one unit.

The words that values are written with (months, scales, endings of ordinals) belong to a language
and come with its grammar; digits, signs, clocks and ISO dates are read without any.
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from itertools import compress
from operator import itemgetter
from typing import Literal

from gentap.tables.number_notation import in_one_notation
from gentap.text.normal_form import PLACEHOLDERS

ColumnType = Literal["number", "date", "score", "text"]

TYPED_SHARE = 0.8
"""A column has a type where at least this share of its filled cells reads so, in one unit."""

COLUMN_KINDS = frozenset(
    "number count decimal percent money measure ordinal duration date year month day season"
    " score text name subject monthday time period distinct".split()
)
"""What a column can be; a column is several of these at once (:attr:`Column.kinds`)."""

MAX_TYPED_CHARS = 40
"""A longer cell is text."""
EXACT_DIGITS = 15
"""A whole number of more digits is text, such as that of an account: others would equal it."""

_DATES = {"year", "month", "day", "season"}
_UNORDERED = {"score": "score", "monthday": "text", "period": "text", "time": "text"}
_CURRENCY = "$€£¥₹₽₩"
_NAMES = re.compile(r"^(?=[\"']?[^\W_])(?!\d+[^\w\n])(?=.{1,40}$)\S+(?: \S+){0,5}$", re.MULTILINE)
_NUMBERED = re.compile(r"^.*?\d", re.MULTILINE)
_MAX_NUMBERED = 0.4
"""Cells are names where no more of them than this share hold a digit."""


_DIGIT = re.compile(r"\d")
_YEAR = re.compile(r"1\d{3}|20\d{2}")
_SPAN = re.compile(r"(1\d{3}|20\d{2})\s?[-–—/]\s?(\d{4}|\d{2})")
_SCORE = re.compile(r"\d{1,3}(?:\s?[-–—:]\s?\d{1,3}){1,2}")
_CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,3}):([0-5]\d(?:\.\d+)?)")
_FEET = re.compile(r"(\d+)\s?(?:ft|')\s?(\d+(?:\.\d+)?)\s?(?:in|\"|'')\.?")
_GLOSS = re.compile(r"\s*\([^()]*\)$")
_MARKS = "*†‡#^§ "

Reading = tuple[str, float]
"""A unit and a size in it."""


@dataclass(frozen=True, slots=True)
class Language:
    """The words of a language that values are written with, all in normal form."""

    months: Mapping[str, int] = field(default_factory=dict)
    weekdays: frozenset[str] = frozenset()
    ordinals: frozenset[str] = frozenset()
    scales: Mapping[str, float] = field(default_factory=dict)
    durations: Mapping[str, float] = field(default_factory=dict)
    eras: frozenset[str] = frozenset()
    empty: frozenset[str] = frozenset()
    decimal_comma: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """A column read once.

    ``keys`` holds a comparable number for each body row, in the column's ``unit``: numbers as they
    are, durations in seconds, years and seasons as the (first) year, months and days as ordinal
    days. None stands where a cell does not read so, and everywhere in columns without an order.
    """

    type: ColumnType
    unit: str
    kinds: frozenset[str]
    keys: tuple[float | None, ...]


def loose_form(form: str) -> str:
    """A normal form without what people leave out: a closing parenthesis, marks such as ``*``."""
    if form and (form[-1] in ")*†‡#^§"):
        cut = _GLOSS.sub("", form.rstrip(_MARKS)).rstrip(_MARKS)
        return cut or form
    return form


class ColumnReader:
    """Reads cells (in normal form) and columns with the words of one language."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self.empty = PLACEHOLDERS | language.empty
        self._number = _number_pattern(language)
        self._days = _day_patterns(language)
        self._durations = _duration_patterns(language)
        self.read: Callable[[str], Reading | None] = lru_cache(maxsize=200_000)(self._read)

    def filled(self, forms: Sequence[str]) -> list[bool]:
        """Whether each cell says something; ``n / a`` is ``n/a``."""
        empty = self.empty
        return [
            form not in empty
            and (" " not in form or len(form) > 12 or form.replace(" ", "") not in empty)
            for form in forms
        ]

    def _read(self, form: str) -> Reading | None:
        """The unit and size of a normal form; None where it says more, less or something else."""
        if len(form) > MAX_TYPED_CHARS or not _DIGIT.search(form):
            return None
        if _YEAR.fullmatch(form):
            return "year", float(form)
        reading = (
            self._read_number(form)
            or self._read_day(form)
            or _read_clock(form)
            or _read_span(form)
            or self._read_duration(form)
        )
        if reading is None and form.endswith(")"):
            bare = _GLOSS.sub("", form)
            reading = self._read(bare) if bare != form else None
            if reading is not None and reading[0] in ("", "year", "score"):
                return None  # "12 (3)" gives two numbers, and neither is a gloss of the other
        return reading

    def _read_number(self, form: str) -> Reading | None:
        match = self._number.fullmatch(form)
        if match is None:
            return None
        digits, fraction = match["digits"], match["fraction"] or ""
        for mark in ",. " if self.language.decimal_comma else ", ":
            digits = digits.replace(mark, "")
        if len(digits.rstrip("0")) > EXACT_DIGITS:
            return None
        value = float(f"{digits or '0'}.{fraction[1:] or '0'}")
        if match["sign"] == "-":
            value = -value
        unit = match["unit"] or ""
        if unit in self.language.months or unit in self.language.eras:
            return None
        if " " in unit and _YEAR.fullmatch(digits):
            return None  # "1994 World Group" counts no groups
        if unit in self.language.ordinals and not match["gap"]:
            return ("ordinal", value) if not match["before"] and not fraction else None
        scale, _, rest = unit.partition(" ")
        if scale in self.language.scales:
            value, unit = value * self.language.scales[scale], rest
        if unit in self.language.durations and not match["before"]:
            return "duration", value * self.language.durations[unit]
        if match["before"] and unit[:1] in _CURRENCY and unit:
            return None
        return (match["before"] or "") + unit, value

    def _read_day(self, form: str) -> Reading | None:
        for unit, pattern in self._days:
            match = pattern.fullmatch(form)
            if match is not None:
                parts = match.groupdict()
                year = int(parts.get("year") or 2000)
                month = parts["month"]
                number = int(month) if month.isdigit() else self.language.months[month]
                try:
                    day = date(year, number, int(parts.get("day") or 1))
                except ValueError:
                    return None
                return unit, float(day.toordinal())
        return None

    def _read_duration(self, form: str) -> Reading | None:
        feet = _FEET.fullmatch(form)
        if feet is not None:
            return "ft", int(feet[1]) + float(feet[2]) / 12
        if self._durations is None:
            return None
        whole, part = self._durations
        if not whole.fullmatch(form):
            return None
        sizes = self.language.durations
        return "duration", sum(float(n) * sizes[word] for n, word in part.findall(form))

    def read_column(self, forms: Sequence[str], filled: Sequence[bool] | None = None) -> Column:
        """Type a column from its cells' normal forms; ``filled`` where it is known already."""
        filled = self.filled(forms) if filled is None else filled
        if not _DIGIT.search(" ".join(forms)):
            return self._text(forms, filled)
        said = [form if says else "" for form, says in zip(forms, filled, strict=True)]
        written = in_one_notation(said, self.language.decimal_comma)
        if written is None:
            return self._text(forms, filled)
        readings: list[Reading | None] = []
        count = sum(filled)
        failures_left = count - math.ceil(TYPED_SHARE * count) if count else -1
        for form, says_something in zip(written, filled, strict=True):
            reading = None
            if says_something:
                reading = self.read(form)
                if reading is None:
                    failures_left -= 1
                    if failures_left < 0:
                        return self._text(forms, filled)
            readings.append(reading)
        return self._typed(readings, count) or self._text(forms, filled)

    def _typed(self, readings: Sequence[Reading | None], filled: int) -> Column | None:
        needed = TYPED_SHARE * filled
        units = Counter(map(itemgetter(0), filter(None, readings)))
        unit, count = units.most_common(1)[0]
        accepted = {unit}
        if unit in ("", "year") and units[""] and units["year"]:
            unit, accepted = "", {"", "year"}  # 1850 among other numbers is no year
            count = units[""] + units["year"]
        if count < needed:
            return None
        keys = tuple(
            [
                reading[1] if reading is not None and reading[0] in accepted else None
                for reading in readings
            ]
        )
        if unit == "clock" and all(key is None or key % 5 == 0 for key in keys):
            unit = "time"  # of the day, not a duration
        if unit in _UNORDERED:
            kind = _UNORDERED[unit]
            kinds = frozenset({kind, unit})
            return Column("score" if kind == "score" else "text", unit, kinds, (None,) * len(keys))
        if unit in _DATES:
            return Column("date", unit, frozenset({"date", unit}), keys)
        return Column("number", unit, frozenset({"number", _number_kind(unit, keys)}), keys)

    def _text(self, forms: Sequence[str], filled: Sequence[bool]) -> Column:
        kinds = _NAME_KINDS if _are_names(list(compress(forms, filled))) else _TEXT_KINDS
        return Column("text", "", kinds, (None,) * len(forms))


def _are_names(forms: Sequence[str]) -> bool:
    """Whether cells look like names: short, mostly words, mostly different."""
    needed = TYPED_SHARE * len(forms)
    if not forms or len(set(forms)) < needed:
        return False
    lines = "\n".join(forms)
    if len(_NUMBERED.findall(lines)) > _MAX_NUMBERED * len(forms):
        return False
    return len(_NAMES.findall(lines)) >= needed


_TEXT_KINDS = frozenset({"text"})
_NAME_KINDS = frozenset({"text", "name"})


def _number_kind(unit: str, keys: Iterable[float | None]) -> str:
    if unit in ("clock", "longclock", "duration"):
        return "duration"
    if unit == "%":
        return "percent"
    if unit == "ordinal":
        return "ordinal"
    if any(sign in unit for sign in _CURRENCY):
        return "money"
    if unit:
        return "measure"
    whole = all(key is None or (key >= 0 and key.is_integer()) for key in keys)
    return "count" if whole else "decimal"


def _read_clock(form: str) -> Reading | None:
    """``3:45`` or ``1:02:10.5``, in seconds; the first as minutes and seconds."""
    match = _CLOCK.fullmatch(form)
    if match is None:
        return ("score", 0.0) if _SCORE.fullmatch(form) and not _SPAN.fullmatch(form) else None
    seconds = int(match[2]) * 60 + float(match[3])
    if match[1] is None:
        return "clock", seconds
    return "longclock", int(match[1]) * 3600 + seconds


def _read_span(form: str) -> Reading | None:
    """``2004–05`` is a season, ``1992–1996`` a period without an order."""
    match = _SPAN.fullmatch(form)
    if match is None:
        return None
    first = int(match[1])
    last = int(match[2]) if len(match[2]) == 4 else first - first % 100 + int(match[2])
    if last == first + 1 or (match[2] == "00" and first % 100 == 99):
        return "season", float(first)
    return "period", 0.0


def _number_pattern(language: Language) -> re.Pattern[str]:
    group, mark = (r"[. ]", ",") if language.decimal_comma else (r"[, ]", r"\.")
    ordinals = "|".join(map(re.escape, sorted(language.ordinals, key=len, reverse=True)))
    word = r"[^\W\d_]+(?:[/.][^\W\d_]+)*[23]?\.?"
    unit = rf"%|(?:{word} )?[{_CURRENCY}]|°\s?[^\W\d_]?|/{word}|{word}(?: (?:{word})){{0,2}}"
    return re.compile(
        rf"(?P<sign>[-+])?\s?(?P<before>(?:[^\W\d_]{{1,3}})?[{_CURRENCY}])?\s?"
        rf"(?P<digits>\d{{1,3}}(?:{group}\d{{3}})+(?!\d)|\d+|(?={mark}\d))(?P<fraction>{mark}\d+)?"
        rf"(?:(?P<gap>\s?)(?P<unit>{ordinals + '|' if ordinals else ''}{unit}))?"
    )


def _day_patterns(language: Language) -> list[tuple[str, re.Pattern[str]]]:
    """Ways of writing a day, a month of a year and a day of no year."""
    iso = re.compile(r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})")
    if not language.months:
        return [("day", iso)]
    months = "|".join(map(re.escape, sorted(language.months, key=len, reverse=True)))
    ends = "|".join(map(re.escape, language.ordinals)) or "(?!)"
    days = "|".join(map(re.escape, sorted(language.weekdays, key=len, reverse=True))) or "(?!)"
    week = rf"(?:(?:{days})\.?\s?,?\s)?"
    month, day, year = (
        rf"(?P<month>{months})\.?",
        rf"(?P<day>\d{{1,2}})(?:{ends}|\.)?",
        r"(?P<year>\d{4})",
    )
    return [
        ("day", iso),
        ("day", re.compile(rf"{week}{day}\s?{month}\s?,?\s{year}")),
        ("day", re.compile(rf"{week}{month}\s?{day}\s?,?\s{year}")),
        ("month", re.compile(rf"{month}\s?,?\s{year}")),
        ("monthday", re.compile(rf"{week}{month}\s{day}")),
        ("monthday", re.compile(rf"{week}{day}\s{month}")),
    ]  # fmt: skip


def _duration_patterns(language: Language) -> tuple[re.Pattern[str], re.Pattern[str]] | None:
    if not language.durations:
        return None
    words = "|".join(map(re.escape, sorted(language.durations, key=len, reverse=True)))
    part = rf"(\d+(?:\.\d+)?)\s?({words})\b\.?"
    return re.compile(rf"{part}(?:,?\s?{part})*"), re.compile(part)
