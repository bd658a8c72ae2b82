"""The names, numbers and dates of a text, told by capitals and digits of any cased script."""

import re
from collections.abc import Iterator

from gentap.text.function_words import FIRST_WORDS
from gentap.text.months import MONTH_NAMES

_MONTH = f"(?:{'|'.join(name.title() for name in MONTH_NAMES)})"
_TOKEN = re.compile(
    rf"(?P<date>\b(?:\d{{1,2}} )?{_MONTH}(?: \d{{1,2}}(?!\d))?,? \d{{4}}\b|\b\d{{1,2}} {_MONTH}\b)"
    r"|(?P<number>\d(?:[\w.,:/–-]*\w)?)"
    r"|(?P<word>[^\W\d_](?:[\w’'&.-]*\w)?\.?)"
)
_LINKS = frozenset("of de the von van der den du da la le di del al bin y".split())
_ABBREVIATIONS = frozenset(
    "Dr. Mr. Mrs. Ms. St. Jr. Sr. Prof. Gen. Col. Lt. Capt. Sgt. Rev. Gov. Sen. Mt. Ft. No.".split()
)


def spans_of_names(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of each name, number and written-out date, in order; none touches another.

    A name is a run of words with a capital, linked by words such as ``of``. The capital of a
    sentence's first word says nothing, so that it counts only as part of a longer name.
    """
    name: tuple[int, int] | None = None
    reach = 0  # the end of the name and of the links after it
    for token in _TOKEN.finditer(text):
        start, end = token.span()
        word = token["word"]
        if name is not None and (word is None or text[reach:start] != " "):
            yield from _trimmed(text, *name)
            name = None
        if word is None:
            yield start, end
        elif any(letter.isupper() for letter in word):
            if word.endswith(".") and not _keeps_its_stop(word):
                end -= 1
            name = (name[0] if name else start, end)
            reach = end
        elif name is not None and word in _LINKS:
            reach = end
        elif name is not None:
            yield from _trimmed(text, *name)
            name = None
    if name is not None:
        yield from _trimmed(text, *name)


def names_of(text: str) -> list[str]:
    """The texts of :func:`spans_of_names`."""
    return [text[start:end] for start, end in spans_of_names(text)]


def _keeps_its_stop(word: str) -> bool:
    """``Dr.``, ``J.`` and ``U.S.`` do, a sentence's last word does not."""
    return word in _ABBREVIATIONS or len(word) == 2 or "." in word[:-1]


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The span without a sentence's first word, where that is a common one or stands alone."""
    if text[start:end].casefold() in FIRST_WORDS:
        return
    if not text[:start].strip(" \"'“‘(¿¡"):
        first, gap, _ = text[start:end].partition(" ")
        if not gap:
            return
        if first.casefold() in FIRST_WORDS:
            start += len(first) + 1
            while (link := text[start:end].partition(" ")[0]) in _LINKS:
                start += len(link) + 1
    yield start, end
