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
_QUOTES = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "−": "-", "‐": "-", "‑": "-"})


_RAISED = re.compile("[⁰¹²³⁴-⁹¼-¾⅐-⅞\u2044]")
_POWER = re.compile(r"(\d)((?:⁻|⁺)?[⁰¹²³⁴-⁹]+)(?![⁄/])")
_FRACTION = re.compile(r"(\d?)\s?([¼-¾⅐-⅞]|[⁰¹²³⁴-⁹]+[⁄/][₀-₉]+)")


@lru_cache(maxsize=100_000)
def normal_form(text: str) -> str:
    """The form in which values are compared.

    NFKC, case folded, footnote marks gone, quotes and dashes made plain, spaces collapsed.
    """
    if text.isascii() and "[" not in text:
        return " ".join(text.split()).lower()
    if _RAISED.search(text):
        text = _with_value(text)
    text = FOOTNOTE.sub("", unicodedata.normalize("NFKC", text).translate(_QUOTES))
    return fold(_SPACES.sub(" ", text).strip())


def _with_value(text: str) -> str:
    """Raised digits behind a digit as a power, and fractions apart from the number before them.

    The compatibility forms alone make 10⁸ to 108 and 1½ to 11/2.
    """
    text = _POWER.sub(lambda match: f"{match[1]}^{match[2]}", text)
    return _FRACTION.sub(
        lambda match: f"{match[1]}{' ' if match[1] else ''}{_fraction(match[2])}", text
    )


def _fraction(sign: str) -> str:
    return unicodedata.normalize("NFKC", sign).replace("\u2044", "/")


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
        for part in fold(unicodedata.normalize("NFKC", letter).translate(_QUOTES)):
            letters.append(part)
            places.append(place)
    return "".join(letters), places


def is_placeholder(text: str) -> bool:
    """Whether a cell says nothing: empty, a dash, ``n/a``, ``TBD`` and the like."""
    return normal_form(text) in PLACEHOLDERS
