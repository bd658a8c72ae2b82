"""Counterfactual copies: an example about one group of people, told of the other one.

Names, titles, gendered words and pronouns are exchanged for their counterparts in question, table,
answer and all else that an example holds, by one plan for the whole example: a word that is a
surname in one place of it (*George Michael*) stays wherever it stands alone.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from gentap.records import Example, Table
from gentap.text.function_words import FIRST_WORDS
from gentap.trust.word_lists import Counterpart, WordList

_WORD = re.compile(r"\d[\w.,:]*|[^\W\d_]+")
_GAP = re.compile(r"[\s\"'“‘«„]*")
_BESIDE = re.compile(r"[ \N{NO-BREAK SPACE}-]|\. ")
"""What parts the words of one name: a space, a hyphen, the point of an initial."""
_LONGEST_CODE = 3
"""So many capitals are a code (NED) rather than a name."""
_ENDS = re.compile(r"[.?!:;]\W*$")


class _Change(NamedTuple):
    """A word that is exchanged, what it becomes, the group that it names, if any, and whether it is
    a listed word and no mere form such as a pronoun."""

    start: int
    end: int
    becomes: str
    group: int | None
    listed: bool


@dataclass(frozen=True, slots=True)
class Rewriter:
    """What becomes of any text about one example.

    ``surnames`` stay where they stand alone, and a title after a word that makes a name of it
    (``parts``: *Lonely Boy*) stays in small letters too; ``names`` are exchanged where their
    capitals are left out.
    """

    words: WordList
    surnames: frozenset[str]
    parts: frozenset[tuple[str, str]]
    names: frozenset[str]

    def __call__(self, text: str) -> str:
        pieces, done = [], 0
        for one in self.changes(text):
            pieces += [text[done : one.start], one.becomes]
            done = one.end
        return "".join([*pieces, text[done:]])

    def changes(self, text: str) -> Iterator[_Change]:
        seen = _Words(text, self.words)
        for place, word in enumerate(seen.words):
            start, end = seen.spans[place]
            if seen.is_kept(start, end):
                continue
            low = word.lower()
            if low in self.words.forms:
                form = self.words.forms[low]
                becomes = seen.form(place)
                if becomes:
                    listed = low in self.words.counterparts
                    yield _Change(start, end, _in_case(becomes, word), form.group, listed)
                    continue
            found, ending = seen.counterpart(place)
            if found is not None and self._names(seen, place, found):
                becomes = _in_case(found.text, word.removesuffix(ending)) + ending
                yield _Change(start, end, becomes, found.group, True)

    def _names(self, seen: "_Words", place: int, found: Counterpart) -> bool:
        """Whether a word is what its list says: a first name, say, and no surname."""
        if found.kind == "words":
            return True
        word = seen.words[place]
        if not word[0].isupper():
            if found.kind == "names":
                return seen.is_careless(place) and word.lower() in self.names
            return seen.pair(place) not in self.parts
        if found.kind == "names" and word.isupper() and len(word) <= _LONGEST_CODE:
            return False
        role = seen.role(place)
        return role == "first" or (role == "alone" and word.lower() not in self.surnames)


class _Words:
    """The words of a text and their neighbours."""

    def __init__(self, text: str, words: WordList) -> None:
        self.text, self.list = text, words
        found = list(_WORD.finditer(text))
        self.words = [one[0] for one in found]
        self.spans = [one.span() for one in found]
        self._kept = [
            (place, place + len(phrase))
            for phrase in words.phrases
            if phrase in text
            for place in [text.index(phrase)]
        ]

    def is_careless(self, place: int) -> bool:
        """Whether a name may lack its capital: in a text without any, or before a surname."""
        return self.text == self.text.lower() or bool(self._capital(place + 1, place))

    def is_kept(self, start: int, end: int) -> bool:
        return any(first <= start and end <= last for first, last in self._kept)

    def counterpart(self, place: int) -> tuple[Counterpart | None, str]:
        """What a word becomes, and the ending of the genitive that a name may have."""
        word, ending = self.words[place].lower(), self.list.genitive
        found = self.list.counterparts.get(word)
        if found is None and ending and word.endswith(ending):
            stem = self.list.counterparts.get(word.removesuffix(ending))
            if stem is not None and stem.kind == "names":
                return stem, ending
        return found, ""

    def form(self, place: int) -> str:
        """What a word becomes by its neighbours; empty where no rule holds."""
        before = self._near(place - 1, place)
        for rule in self.list.forms[self.words[place].lower()].rules:
            if (not rule.after or self.list.is_of(rule.after, before)) and (
                not rule.before or self.list.is_of(rule.before, self._following(place, rule.past))
            ):
                return rule.becomes
        return ""

    def _following(self, place: int, past: str) -> str:
        """The word after a place and after all that are of the class ``past``, if one is given."""
        place += 1
        after = self._near(place, place - 1)
        while past and after.islower() and self.list.is_of(past, after):
            place += 1
            after = self._near(place, place - 1)
        return after

    def pair(self, place: int) -> tuple[str, str]:
        """A word and the one before it, in small letters."""
        before = self.words[place - 1].lower() if place else ""
        return before, self.words[place].lower()

    def _near(self, place: int, to: int) -> str:
        """The word in a place, where nothing but space and opening quotation marks parts them."""
        if not 0 <= place < len(self.words):
            return ""
        first, second = sorted((place, to))
        gap = self.text[self.spans[first][1] : self.spans[second][0]]
        return self.words[place] if _GAP.fullmatch(gap) else ""

    def role(self, place: int) -> str:
        """What a word with a capital is in a name: ``first``, ``last``, ``alone``, or ``kept``
        where it is a place's or a thing's."""
        before, after = self._capital(place - 1, place), self._capital(place + 1, place)
        if self._is_of_a_thing(place):
            return "kept"
        known = self.list.counterparts.get(before.lower())
        in_name = (
            before and not self._begins(place - 1) and (known is None or known.kind == "names")
        )
        own, further = self.counterpart(place)[0], self.list.counterparts.get(after.lower())
        if own is not None and own.kind == "titles" and in_name:
            return "first" if further is not None and further.kind == "names" else "last"
        return "first" if after else "last" if in_name else "alone"

    def _is_of_a_thing(self, place: int) -> bool:
        """Whether a word before or after it says so: *Saint*, *Lake*; *Street*, *Award*."""
        if self.text[: self.spans[place][0]].endswith(("O'", "O’")):
            return True
        before = self.words[place - 1].lower() if self._is_beside(place - 1, place) else ""
        if before in self.list.kept_after:
            return True
        while self._is_beside(place + 1, place):
            place += 1
            if self.words[place].lower() in self.list.kept_before:
                return True
            if not self.words[place][0].isupper():
                break
        return False

    def _begins(self, place: int) -> bool:
        """Whether a word has its capital only as the first one of a sentence."""
        start = self.spans[place][0]
        word = self.words[place].lower()
        first = not self.text[:start].strip(" \"'“‘(«„") or bool(_ENDS.search(self.text[:start]))
        return first and (
            word in FIRST_WORDS or any(word in members for members in self.list.classes.values())
        )

    def _is_beside(self, place: int, to: int) -> bool:
        if not 0 <= place < len(self.words):
            return False
        first, second = sorted((place, to))
        return bool(_BESIDE.fullmatch(self.text[self.spans[first][1] : self.spans[second][0]]))

    def _capital(self, place: int, to: int) -> str:
        """The neighbour, where it is part of the same name by its capital."""
        if not self._is_beside(place, to):
            return ""
        word = self.words[place]
        gap = self.text[self.spans[min(place, to)][1] : self.spans[max(place, to)][0]]
        initial = len(self.words[min(place, to)]) == 1
        return word if word[0].isupper() and (gap != ". " or initial) else ""


@dataclass(frozen=True, slots=True)
class SwappedExample:
    """A copy, the group (0 or 1) that the question or the answer of the original names, None where
    that is both or neither, and what becomes of any text about it, such as a prediction."""

    copy: Example
    group: int | None
    rewrite: Rewriter


def swap(example: Example, words: WordList) -> SwappedExample | None:
    """The example told of the other group; None where nothing in it names either.

    Nor is there a copy where question and answer change by pronouns alone: the person whom they
    stand for is named by no list, and would keep that name.
    """
    rewrite = _plan(_texts(example), words)
    table = _swapped_table(example.table, rewrite)
    copy = replace(
        example,
        id=f"{example.id}-swapped",
        question=rewrite(example.question),
        answer=rewrite(example.answer),
        table=table,
        alternatives=tuple(map(rewrite, example.alternatives)),
        canonical=rewrite(example.canonical),
        section_text=rewrite(example.section_text),
    )
    if replace(copy, id=example.id) == example:
        return None
    said = [
        change
        for text in (example.question, *example.references)
        for change in rewrite.changes(text)
    ]
    context = (example.table.title, example.table.section, example.table.caption)
    about = [*said, *(change for text in context for change in rewrite.changes(text))]
    if said and words.counterparts and not any(change.listed for change in about):
        return None
    named = {change.group for change in said if change.group is not None}
    return SwappedExample(copy, named.pop() if len(named) == 1 else None, rewrite)


def _texts(example: Example) -> Iterator[str]:
    table = example.table
    yield from (example.question, *example.references, example.section_text)
    yield from (table.title, table.section, table.caption, *table.header)
    for row in table.rows:
        yield from row


def _plan(texts: Iterator[str], words: WordList) -> Rewriter:
    surnames, parts, names = set(), set(), set()
    for text in texts:
        seen = _Words(text, words)
        for place, word in enumerate(seen.words):
            found, _ = seen.counterpart(place)
            if found is None or found.kind == "words" or not word[0].isupper():
                continue
            role = seen.role(place)
            if role == "last":
                surnames.add(word.lower())
                parts.add(seen.pair(place))
            elif role != "kept":
                names.add(word.lower())
    return Rewriter(words, frozenset(surnames), frozenset(parts), frozenset(names))


def _swapped_table(table: Table, rewrite: Rewriter) -> Table:
    def each(texts: Sequence[str]) -> tuple[str, ...]:
        return tuple(map(rewrite, texts))

    return Table(
        title=rewrite(table.title),
        section=rewrite(table.section),
        caption=rewrite(table.caption),
        header=each(table.header),
        rows=tuple(map(each, table.rows)),
    )


def _in_case(becomes: str, word: str) -> str:
    """With the capitals of the word that it replaces."""
    if len(word) > 1 and word.isupper():
        return becomes.upper()
    if word[0].isupper():
        return becomes[0].upper() + becomes[1:]
    return becomes.lower()
