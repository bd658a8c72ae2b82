"""Cell answers: exact match, and WikiTableQuestions' denotation accuracy.

**Denotation accuracy** follows the official evaluator of WikiTableQuestions (Pasupat and Liang
2015, version 1.0.2). An answer is a list of values, written with ``|`` between them. Each value is
read as

* a *number* where the whole text is a finite one for the machine (``1990``, ``-5.5``, ``1e3``), a
  whole one exactly, however long it is, and one within 1e-6 of a whole one without what stands
  behind its point; there are no ``_`` between digits;
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

A reference's number or date is that of its canonical values, which the release's ``.tagged`` files
give; where they are absent, :mod:`gentap.evaluation.canonical_values` reads its text. Predictions
get no such help, there as here.

**Exact match** compares whole answers in the normal form of cells (:mod:`gentap.text.normal_form`).
"""

import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from gentap import __version__
from gentap.evaluation.metrics.canonical_values import canonical
from gentap.evaluation.metrics.statistics import Statistics, check_references, mean_statistics
from gentap.text.normal_form import normal_form

SEPARATOR = "|"
NUMBER_TOLERANCE = 1e-6

_QUOTES = str.maketrans(
    {**dict.fromkeys("‘’´`", "'"), **dict.fromkeys("“”", '"'), **dict.fromkeys("‐‑‒–—−", "-")}
)
_MARKS_AT_END = re.compile(r"((?<!^)\[[^\]]*\]|\[\d+\]|[•♦†‡*#+])*$")
_BRACKETS_AT_END = re.compile(r"(?<!^)( \([^)]*\))*$")
_IN_QUOTES = re.compile(r'^"([^"]*)"$')
Day = tuple[int | None, int | None, int | None]


@dataclass(frozen=True, slots=True)
class Value:
    """A value's normal form, and its number or its date (year, month, day) where it is one."""

    form: str
    number: int | float | None = None
    day: Day | None = None

    def matches(self, other: "Value") -> bool:
        if self.form == other.form:
            return True
        if self.number is not None and other.number is not None:
            return self.number == other.number or _are_close(self.number, other.number)
        return self.day is not None and self.day == other.day

    def key(self) -> object:
        """What equal values of a list share."""
        return self.form if self.number is None and self.day is None else (self.number, self.day)


def cell_statistics(
    predictions: Sequence[str],
    references: Sequence[Sequence[str]],
    canonical_values: Sequence[str] = (),
) -> dict[str, Statistics]:
    """``exact_match`` and ``denotation_accuracy``; any of several references may match.

    ``canonical_values`` are those of each first reference, values parted by ``|``; an empty one is
    not known.
    """
    check_references(predictions, references)
    known = canonical_values or [""] * len(references)
    exact: list[bool] = []
    right: list[bool] = []
    for said, wanted, first in zip(predictions, references, known, strict=True):
        exact.append(any(normal_form(said) == normal_form(reference) for reference in wanted))
        canons = [first, *[""] * (len(wanted) - 1)]
        right.append(any(map(partial(denotes, said), wanted, canons)))
    canon = "tagged" if any(known) else "text"
    canon = "mixed" if canon == "tagged" and not all(known) else canon
    return {
        "exact_match": mean_statistics(exact, f"normal form|refs:any|gentap:{__version__}"),
        "denotation_accuracy": mean_statistics(
            right, f"wikitablequestions:1.0.2|canon:{canon}|refs:any|gentap:{__version__}"
        ),
    }


def denotes(said: str, reference: str, canonical_values: str = "") -> bool:
    """Whether a prediction's list of values is that of the reference."""
    predicted = _distinct([read_value(text) for text in split_values(said)])
    texts = split_values(reference)
    canons = split_values(canonical_values) if canonical_values else list(map(canonical, texts))
    if len(canons) != len(texts):
        canons = list(map(canonical, texts))
    wanted = _distinct(list(map(read_value, texts, canons)))
    return len(predicted) == len(wanted) and all(
        any(target.matches(value) for value in predicted) for target in wanted
    )


def split_values(answer: str) -> list[str]:
    return [text.strip() for text in answer.split(SEPARATOR)]


def read_value(text: str, canon: str = "") -> Value:
    """A value as the official evaluator reads it, its number or date from ``canon`` if given."""
    form = normalize(text)
    number = _number(canon or text)
    if number is not None:
        return Value(form, number=number)
    day = _iso_day(canon or text)
    if day is None:
        return Value(form)
    if day[0] is not None and day[1:] == (None, None):
        return Value(form, number=day[0])
    return Value(form, day=day)


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


def _number(text: str) -> int | float | None:
    if "_" in text:
        return None
    try:
        return int(text)
    except ValueError:
        pass
    try:
        number = float(text)
    except ValueError:
        return None
    if not math.isfinite(number):
        return None
    return int(number) if abs(number - round(number)) < NUMBER_TOLERANCE else number


def _are_close(one: int | float, other: int | float) -> bool:
    try:
        return abs(one - other) < NUMBER_TOLERANCE
    except OverflowError:  # a whole number beyond all floats, less a broken one
        return False


def _iso_day(text: str) -> Day | None:
    if "_" in text:
        return None
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


def _distinct(values: Sequence[Value]) -> list[Value]:
    return list({value.key(): value for value in values}.values())
