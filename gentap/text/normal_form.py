"""The form in which cells are compared, and the cells that say nothing."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

PLACEHOLDERS = frozenset(
    "|-|–|—|--|?|...|…|n/a|na|none|nil|tba|tbd|tbc|x|unknown|null|not applicable|not available"
    "|*|†|•|✓|✔|✗|nan|<na>|nat|\\n|(null)|[null]|<null>|(none)|(blank)|#n/a|#n/a n/a|#na|#null!"
    "|#div/0!|#value!|#ref!|#name?|#num!|#wert!|#bezug!|1.#ind|1.#qnan|-nan".split("|")
)
"""Normal forms that say nothing, in any language; a grammar may name more."""

FOOTNOTE = re.compile(r"\[(?:\d{1,3}|[a-z]|note \d{1,2}|nb \d{1,2}|citation needed)\]", re.I)
_SPACES = re.compile(r"\s+")
_QUOTES = str.maketrans(
    {"‘": "'", "’": "'", "“": '"', "”": '"', "−": "-", "‐": "-", "‑": "-", "⁄": "/"}
)
_RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿⁱ"
_FRACTIONS = "½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞"
_RAISED_AFTER_DIGIT = re.compile(f"(?<=\\d)[{_RAISED}]+")
_FRACTION_AFTER_DIGIT = re.compile(f"(?<=\\d)(?=[{_FRACTIONS}])")
_ON_THE_LINE = str.maketrans(_RAISED, "0123456789+-ni")


def part_digits(text: str) -> str:
    """Exponents and fractions that follow a digit, so that NFKC does not make one number of both.

    ``10⁸`` becomes ``10^8`` and ``1½`` becomes ``1 ½``.
    """
    if text.isascii():
        return text
    if any(letter in text for letter in _RAISED):
        text = _RAISED_AFTER_DIGIT.sub(lambda run: f"^{run[0].translate(_ON_THE_LINE)}", text)
    if any(letter in text for letter in _FRACTIONS):
        text = _FRACTION_AFTER_DIGIT.sub(" ", text)
    return text


def parted_places(text: str) -> list[int]:
    """Where each letter of :func:`part_digits` stood in the text; what was put in, as the next."""
    apart = _RAISED + _FRACTIONS
    return [
        place
        for place, letter in enumerate(text)
        for _ in range(2 if letter in apart and text[place - 1 : place].isdecimal() else 1)
    ]


@lru_cache(maxsize=100_000)
def normal_form(text: str) -> str:
    """The form in which values are compared.

    NFKC (after :func:`part_digits`), case folded, footnote marks gone, quotes and dashes made
    plain, spaces collapsed.
    """
    if text.isascii() and "[" not in text:
        return " ".join(text.split()).lower()
    text = FOOTNOTE.sub("", unicodedata.normalize("NFKC", part_digits(text)).translate(_QUOTES))
    return fold(_SPACES.sub(" ", text).strip())


def normal_forms(texts: Iterable[str]) -> list[str]:
    """The normal form of each text; faster than one by one where most are new."""
    return [
        " ".join(text.split()).lower() if text.isascii() and "[" not in text else normal_form(text)
        for text in texts
    ]


def fold(text: str) -> str:
    """Case folded, letter by letter, so that every character keeps its place."""
    folded = text.casefold()
    if len(folded) == len(text):
        return folded
    long = "".join(letter for letter in set(text) if len(letter.casefold()) > 1)
    parts = re.split(f"([{long}])", text)
    parts[::2] = map(str.casefold, parts[::2])
    return "".join(parts)


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
        parted = part_digits(plain[place - 1 : place] + letter)[1 if place else 0 :]
        for part in fold(unicodedata.normalize("NFKC", parted).translate(_QUOTES)):
            letters.append(part)
            places.append(place)
    return "".join(letters), places


def is_placeholder(text: str) -> bool:
    """Whether a cell says nothing: empty, a dash, ``n/a``, ``TBD`` and the like."""
    return normal_form(text) in PLACEHOLDERS
