"""What a reference's value counts as in WikiTableQuestions: the text of its number or date.

The official evaluator types references by tags that Stanford CoreNLP made (the column
``targetCanon`` of the release's ``.tagged`` files). Where those are not at hand, the text is read
here as that tagger reads the released test set: 733 of its 741 distinct values that have a digit
or a month come out alike. The others are words around a number that it takes now for a unit and now
for a name.
"""

import re
from decimal import Decimal

from gentap.text.months import MONTH_NAMES

_MONTH = (
    "(?P<month>"
    + "|".join(MONTH_NAMES)
    + r"|(?:jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec)\b\.?)"
)
_DATES = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"{_MONTH} (?P<day>\d{{1,2}})(?:(?:,| |, )(?P<year>\d{{4}}))?",
        rf"(?P<day>\d{{1,2}}) {_MONTH}(?:,? (?P<year>\d{{4}}))?",
        rf"{_MONTH}(?:,? (?P<year>\d{{4}}))?",
    )
]
_NUMBER = r"(?P<number>(?:\d{1,3}(?:,\d{3})+|\d{1,3} \d{3}|\d+)(?:\.\d+)?|\.\d+)"
_UNIT = r"(?: [a-z]+| ?(?:km/h|mph|km|cm|mm|m|kg|ft|mi|lb|lbs)|\"|″)"
_SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_SCALE = rf"(?: (?P<scale>{'|'.join(_SCALES)}))?"
_NUMBERS = [
    re.compile(pattern)
    for pattern in (
        rf"(?P<sign>[-+]?){_NUMBER}(?: ?%| percent)?",
        rf"(?P<sign>[-+]?)[$£€¥] ?{_NUMBER}{_SCALE}",
        rf"(?P<sign>[-+]?){_NUMBER}{_SCALE}",
        rf"{_NUMBER}(?:st|nd|rd|th)?(?: \([^()]*\))?",
        rf"{_NUMBER}{_UNIT}",
        rf"Season {_NUMBER}",
    )
]


def canonical(text: str) -> str:
    """``17.0`` of ``17 years``, ``1995-01-26`` of ``January 26, 1995``, ``xxxx-09-xx`` of
    ``September``; a text that is neither number nor date as it is.

    >>> canonical("$1.56 billion")
    '1560000000.00'
    """
    stripped = text.strip()
    for pattern in _NUMBERS:
        if match := pattern.fullmatch(stripped):
            named = match.groupdict()
            number = Decimal(re.sub("[, ]", "", named["number"]))
            scaled = number * _SCALES.get(named.get("scale") or "", 1)
            return f"{'-' if named.get('sign') == '-' else ''}{scaled:f}"
    for pattern in _DATES:
        if match := pattern.fullmatch(stripped):
            named = match.groupdict()
            month = next(
                n for n, name in enumerate(MONTH_NAMES, 1) if _is_month(named["month"], name)
            )
            day = named.get("day")
            return f"{named['year'] or 'xxxx'}-{month:02}-{int(day) if day else 'xx':0>2}"
    return text


def _is_month(said: str, name: str) -> bool:
    return said[:3].lower() == name[:3]
