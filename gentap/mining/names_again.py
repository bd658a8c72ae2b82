"""Names that a paragraph writes otherwise than its page's tables do.

- Whom a paragraph opens with and tells the life of, it calls by all names: ``Cecil Frank Powell
  (born 5 December 1903)`` names the cell ``Cecil Powell``.
- What a paragraph named in full it names again by the last word: ``In 1928 Powell moved.``
"""

import re
from collections.abc import Iterable, Iterator, Sequence, Set

from gentap.mining.longer_names import DATES, ENTITY_KINDS
from gentap.mining.value_match import ValueMatch
from gentap.text.function_words import CAPITALISED_WORDS
from gentap.text.normal_form import fold

_WORD = r"[^\W\d_]+(?:['’-][^\W\d_]+)*"
_LIFE = re.compile(
    rf"((?:[\"“]?{_WORD}\.?[\"”]?,? ){{3,8}})\([^()\n]*?(?:\bborn\b|(?<!\d)[12]\d{{3}} ?[-–])"
)
"""A paragraph's opening: names, and in brackets who was born, or a range of years."""
_NAMES = re.compile(_WORD)
_FULL = re.compile(rf"{_WORD}\.?(?: {_WORD}\.?)+")
_BEFORE = re.compile(rf"(?<![^\W_])({_WORD}|[^\W\d_]\.) $")
_AFTER = re.compile(r" of (?:the )?([^\W\d_])")
_LONGEST_WORD = 40
_LEAST_LETTERS = 3
_SUFFIXES = frozenset("jr sr ii iii iv".split())
_OF_A_WHOLE = frozenset(
    "central east eastern great greater lower new north northern old south southern united upper"
    " west western".split()
)
"""What has a name that begins with one of these is not what its last word alone names."""


def add_names(
    page: str, begins: Sequence[int], values: Set[str], hits: dict[int, list[ValueMatch]]
) -> None:
    """Add the names that paragraphs write otherwise to the values that they name, by their numbers.

    ``begins`` are the places in the page where its paragraphs begin, and one past its end;
    ``values`` the forms of its tables.
    """
    for number, begin in enumerate(begins[:-1]):
        opening = _named_in_full(page, begin, values)
        if opening is not None:
            hits[number].insert(0, opening)
    last_words = _last_words((hit for own in hits.values() for hit in own), page)
    if last_words:
        for number, own in hits.items():
            span = begins[number], begins[number + 1]
            own += list(_named_again(page, span, own, last_words))


def _named_in_full(page: str, begin: int, values: Set[str]) -> ValueMatch | None:
    """A value of two names between which the opening of a paragraph says more."""
    opening = _LIFE.match(page, begin)
    if opening is None:
        return None
    names = list(_NAMES.finditer(page, *opening.span(1)))
    while names and fold(names[-1][0]) in _SUFFIXES:
        names.pop()
    for last in reversed(names[2:]):
        form = f"{fold(names[0][0])} {fold(last[0])}"
        if form in values and last[0][0].isupper():
            return ValueMatch(form, names[0].start(), last.end())
    return None


def _last_words(hits: Iterable[ValueMatch], page: str) -> dict[str, str]:
    """The last words of the names that a page says in full, each with the name's form.

    A name is a value of several words, all with a capital. A word says nothing by itself that ends
    two values, or that only says what kind of thing has the name.
    """
    forms: dict[str, set[str]] = {}
    for hit in hits:
        written = page[hit.start : hit.end]
        if _FULL.fullmatch(written) and all(word[0].isupper() for word in written.split(" ")):
            forms.setdefault(written.rpartition(" ")[2], set()).add(hit.form)
    return {
        word: form
        for word, (form, *others) in forms.items()
        if not others and _may_stand_alone(word, form)
    }


def _may_stand_alone(word: str, form: str) -> bool:
    small = fold(word)
    if len(word) < _LEAST_LETTERS or word.isupper() or small in _SUFFIXES or word[-1] == ".":
        return False
    if small in ENTITY_KINDS or small in DATES:
        return False
    return form.partition(" ")[0] not in _OF_A_WHOLE


def _named_again(
    page: str, span: tuple[int, int], hits: Sequence[ValueMatch], last_words: dict[str, str]
) -> Iterator[ValueMatch]:
    """Where the paragraph in a span says the last words of its ``hits`` by themselves.

    A word that it writes small too is no name there.
    """
    said: dict[str, ValueMatch] = {}
    for hit in hits:
        word = page[hit.start : hit.end].rpartition(" ")[2]
        if last_words.get(word) == hit.form and word not in said:
            said[word] = hit
    for word, name in said.items():
        if _says(page, fold(word), *span):
            continue
        whole = re.compile(rf"(?<![\w-]){re.escape(word)}(?![\w-])")
        for found in whole.finditer(page, name.end, span[1]):
            start, stop = found.span()
            if not any(hit.start < stop and start < hit.end for hit in hits) and _is_alone(
                page, start, stop
            ):
                yield ValueMatch(name.form, start, stop, again=True)


def _says(page: str, word: str, start: int, end: int) -> bool:
    if page.find(word, start, end) < 0:
        return False
    whole = re.compile(rf"(?<![^\W_]){re.escape(word)}(?![^\W_])")
    return whole.search(page, start, end) is not None


def _is_alone(page: str, start: int, end: int) -> bool:
    """Whether no word before or after a name makes a longer one of it, or another's."""
    before = _BEFORE.search(page, max(start - _LONGEST_WORD, 0), start)
    if before and before[1][0].isupper() and fold(before[1]) not in CAPITALISED_WORDS:
        return False
    after = _AFTER.match(page, end)
    return after is None or not after[1].isupper()
