"""Cell answers: exact match, and WikiTableQuestions' denotation accuracy.

**Denotation accuracy** follows the official evaluator of WikiTableQuestions (Pasupat and Liang
2015). An answer is a list of values, written with ``|`` between them. Each value is read as

* a *number* where the whole text is a finite one for the machine (``1990``, ``-5.5``, ``1e3``);
* a *date* where it reads ``yyyy-mm-dd``, ``xx`` standing for an unknown part, not all unknown; one
  of which only the year is known is a number;
* a *text* otherwise.

Texts are compared in this normal form: diacritics go (NFKD); curly quotes, accents used as quotes
and all dashes become plain; then, again and again, what stands at the end in square brackets or is
a mark such as ``†`` or ``*``, what stands at the end in round brackets, and quotation marks around
the whole go; a full stop at the end goes; white space is collapsed; case is lowered.

Two values match where their normal forms are equal, or where both are numbers that differ by less
than 1e-6, or dates whose parts are equal. Values that are equal within a list count once. A
prediction is right where it has as many values as the reference and each value of the reference
matches one of its; their order does not matter.

The official evaluator reads the reference's numbers and dates from files that CoreNLP tagged. Here
they are read off the reference's text: one with thousands separators (``1,200``) is a number, and
one in words (``June 8, 1996``, ``8 June 1996``, ``June 8``, ``June 1996``) a date. Predictions get
no such help, there as here.

**Exact match** compares whole answers in the normal form of cells (:mod:`gentap.text.normal_form`).
"""

import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from gentap import __version__
from gentap.evaluation.metrics.statistics import Statistics, mean_statistics
from gentap.text.months import MONTH_NAMES
from gentap.text.normal_form import normal_form

SEPARATOR = "|"
NUMBER_TOLERANCE = 1e-6

_QUOTES = str.maketrans(
    {**dict.fromkeys("‘’´`", "'"), **dict.fromkeys("“”", '"'), **dict.fromkeys("‐‑‒–—−", "-")}
)
_MARKS_AT_END = re.compile(r"((?<!^)\[[^\]]*\]|\[\d+\]|[•♦†‡*#+])*$")
_BRACKETS_AT_END = re.compile(r"(?<!^)( \([^)]*\))*$")
_IN_QUOTES = re.compile(r'^"([^"]*)"$')
_THOUSANDS = re.compile(r"[-+]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_MONTH = rf"(?P<month>{'|'.join(MONTH_NAMES)})"
_DAYS_IN_WORDS = [
    re.compile(pattern, re.I)
    for pattern in (
        rf"{_MONTH} (?P<day>\d{{1,2}})(?:,? (?P<year>\d{{4}}))?",
        rf"(?P<day>\d{{1,2}}) {_MONTH}(?:,? (?P<year>\d{{4}}))?",
        rf"{_MONTH},? (?P<year>\d{{4}})",
    )
]

Day = tuple[int | None, int | None, int | None]


@dataclass(frozen=True, slots=True)
class Value:
    """A value's normal form, and its number or its date (year, month, day) where it is one."""

    form: str
    number: float | None = None
    day: Day | None = None

    def matches(self, other: "Value") -> bool:
        if self.form == other.form:
            return True
        if self.number is not None and other.number is not None:
            return abs(self.number - other.number) < NUMBER_TOLERANCE
        return self.day is not None and self.day == other.day

    def key(self) -> object:
        """What equal values of a list share."""
        return self.form if self.number is None and self.day is None else (self.number, self.day)


def cell_statistics(
    predictions: Sequence[str], references: Sequence[Sequence[str]]
) -> dict[str, Statistics]:
    """``exact_match`` and ``denotation_accuracy``; any of several references may match."""
    pairs = list(zip(predictions, references, strict=True))
    exact = [any(normal_form(said) == normal_form(right) for right in all_) for said, all_ in pairs]
    right = [any(denotes(said, reference) for reference in all_) for said, all_ in pairs]
    return {
        "exact_match": mean_statistics(exact, f"normal form|refs:any|gentap:{__version__}"),
        "denotation_accuracy": mean_statistics(
            right, f"wikitablequestions|canon:text|refs:any|gentap:{__version__}"
        ),
    }


def denotes(said: str, reference: str) -> bool:
    """Whether a prediction's list of values is that of the reference."""
    predicted = _distinct([read_value(text) for text in split_values(said)])
    wanted = _distinct([read_target(text) for text in split_values(reference)])
    return len(predicted) == len(wanted) and all(
        any(target.matches(value) for value in predicted) for target in wanted
    )


def split_values(answer: str) -> list[str]:
    return [text.strip() for text in answer.split(SEPARATOR)]


def read_value(text: str) -> Value:
    """A value as the official evaluator reads a prediction's."""
    form = normalize(text)
    number = _number(text)
    if number is not None:
        return Value(form, number=number)
    day = _iso_day(text)
    if day is None:
        return Value(form)
    if day[0] is not None and day[1:] == (None, None):
        return Value(form, number=float(day[0]))
    return Value(form, day=day)


def read_target(text: str) -> Value:
    """A reference's value, its number or date also read from thousands separators and words."""
    value = read_value(text)
    if value.number is not None or value.day is not None:
        return value
    if _THOUSANDS.fullmatch(text.strip()):
        return Value(value.form, number=_number(text.replace(",", "")))
    if day := _day_in_words(text):
        return Value(value.form, day=day)
    return value


def normalize(text: str) -> str:
    """The official normal form of a text; see the module's docstring."""
    text = "".join(
        letter
        for letter in unicodedata.normalize("NFKD", text)
        if unicodedata.category(letter) != "Mn"
    ).translate(_QUOTES)
    while True:
        before = text
        text = _MARKS_AT_END.sub("", text.strip())
        text = _BRACKETS_AT_END.sub("", text.strip())
        text = _IN_QUOTES.sub(r"\1", text.strip())
        if text == before:
            break
    return " ".join(text.removesuffix(".").split()).lower()


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    if not math.isfinite(number):
        return None
    whole = float(round(number))
    return whole if abs(number - whole) < NUMBER_TOLERANCE else number


def _iso_day(text: str) -> Day | None:
    parts = text.strip().lower().split("-")
    if len(parts) != 3:
        return None
    try:
        year = None if parts[0] in ("xx", "xxxx") else int(parts[0])
        month, day = (None if part == "xx" else int(part) for part in parts[1:])
    except ValueError:
        return None
    if month not in (None, *range(1, 13)) or day not in (None, *range(1, 32)):
        return None
    return None if year is month is day is None else (year, month, day)


def _day_in_words(text: str) -> Day | None:
    for pattern in _DAYS_IN_WORDS:
        if match := pattern.fullmatch(text.strip()):
            named = match.groupdict()
            year, day = (int(named[part]) if named.get(part) else None for part in ("year", "day"))
            return year, MONTH_NAMES.index(named["month"].lower()) + 1, day
    return None


def _distinct(values: Sequence[Value]) -> list[Value]:
    return list({value.key(): value for value in values}.values())
