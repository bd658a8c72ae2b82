"""Values that are the beginning of a longer name in a sentence: ``Union`` of ``Union Pacific``.

Only a value of one word is: a name of several mostly is the same thing with a word after it.
"""

import re
from collections.abc import Iterable

from gentap.text.months import MONTHS
from gentap.text.words import WORD

_NEXT = re.compile(r" ([^\W\d_]\w*)")
_NUMERAL = re.compile(r"[IVX]{2,}|[VX]")
ENTITY_KINDS = frozenset(
    "association club college company corporation district enterprises entertainment fc football"
    " inc limited ltd pictures province records region sporting studios team university".split()
)
"""Words that only say what kind of thing has the name that stands before them."""
DATES = frozenset([*MONTHS, *"monday tuesday wednesday thursday friday saturday sunday".split()])
_NO_NAMES = ENTITY_KINDS | DATES


def next_of_name(text: str, start: int, end: int, finish: int) -> str:
    """The word by which the name goes on that begins with ``text[start:end]``; empty where none.

    ``finish`` is where its sentence ends. Acronyms, the kinds of things, and dates are no part of
    a name.
    """
    value = text[start:end]
    if not value[0].isupper() or " " in value:
        return ""
    found = _NEXT.match(text, end, finish)
    if found is None:
        return ""
    word = found[1]
    if not word[0].isupper() or word.casefold() in _NO_NAMES:
        return ""
    return "" if word.isupper() and not _NUMERAL.fullmatch(word) else word


def says_word(texts: Iterable[str], word: str) -> bool:
    return word.casefold() in WORD.findall(" ".join(texts).casefold())
