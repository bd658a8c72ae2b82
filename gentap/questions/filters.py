"""Which questions are set aside, and why: each filter has a name and its threshold a setting.

A question is judged beside its sentence, the table, and the entry that it asks for. The filters
here look at the texts alone; :mod:`gentap.questions.write` adds those that ask a model (margin,
round trip) or look at the table's other questions.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cached_property

from gentap.questions.writer_input import WriterInput
from gentap.records import Mined
from gentap.settings.sections import FilterSettings
from gentap.text.names import names_of, spans_of_names
from gentap.text.normal_form import normal_form
from gentap.text.word_overlap import (
    content_words,
    names_value,
    speaks_of,
    stem,
    words_of,
)

NOT_ONE = "not one question"
TOO_SHORT, TOO_LONG = "question too short", "question too long"
REPEATS = "question repeats itself"
COPIES = "question copies the sentence"
STRANGE_NAME = "names what stands nowhere"
STRANGE_WORDS = "says what stands nowhere"
NOT_ABOUT = "not about the row"
SAYS_LITTLE = "says nothing of the sentence"
GIVEN_AWAY = "gives the answer away"
OTHER_KIND = "asks for what is not left"
UNLIKELY = "unlikely to the writer"
ASKS_ELSE = "asks for another entry"
NO_ROUND_TRIP = "round trip fails"
ALIKE = "like another question of the table"
FILTERS = (
    *(NOT_ONE, TOO_SHORT, TOO_LONG, REPEATS, COPIES, STRANGE_NAME, STRANGE_WORDS, NOT_ABOUT),
    *(SAYS_LITTLE, GIVEN_AWAY, OTHER_KIND, UNLIKELY, ASKS_ELSE, NO_ROUND_TRIP, ALIKE),
)
"""All filters, in the order in which they are named."""

_KIND = re.compile(
    r"\b(?:(?P<number>when|(?:what|which) (?:year|date|day|month|season|decade|century)"
    r"|how (?:many|much|old|long|tall|large|high|far|big))|who|whom|whose|where)\b"
)


class QuestionContext:
    """What the questions of one mined sentence may speak of."""

    def __init__(self, mined: Mined) -> None:
        self.mined = mined
        table = mined.table
        self.columns = [table.header[cell.column] for cell in mined.cells]
        self.titles = [table.title, table.section, table.caption]
        values = (mined.sentence[cell.start : cell.end] for cell in mined.cells)
        self.evidence = list({" ".join(words_of(value)): value for value in values}.values())

    @cached_property
    def _near(self) -> list[set[str]]:
        texts = [self.mined.sentence, *self.titles, *self.mined.table.header]
        return [set(words_of(text)) for text in texts]

    @cached_property
    def stems(self) -> set[str]:
        """Of sentence, titles, columns and the row."""
        row = self.mined.table.rows[self.mined.row]
        near = {stem(word) for words in self._near for word in words}
        return near | {stem(word) for cell in row for word in words_of(cell)}

    @cached_property
    def telling(self) -> set[str]:
        """Stems of sentence and columns that no name, number, value or title has."""
        spans = list(spans_of_names(self.mined.sentence))
        spans += [(cell.start, cell.end) for cell in self.mined.cells]
        rest = list(self.mined.sentence)
        for start, end in spans:
            rest[start:end] = " " * (end - start)
        told = [*content_words("".join(rest)), *(w for c in self.columns for w in content_words(c))]
        titles = {stem(word) for title in self.titles for word in words_of(title)}
        return {stem(word) for word in told} - titles

    def holds_name(self, name: str) -> bool:
        """Whether all words of a name stand together in one text or cell."""
        words = set(words_of(name))
        return any(words <= unit for unit in self._near) or any(
            words.issubset(words_of(cell)) for row in self.mined.table.rows for cell in row
        )


def failures(
    question: str,
    score: float | None,
    source: WriterInput,
    ground: QuestionContext,
    settings: FilterSettings,
) -> list[str]:
    """The names of all text filters that a question fails, in the order of :data:`FILTERS`."""
    found = {*_ill_formed(question, source.sentence, settings)}
    if not _is_grounded(question, ground, settings):
        found.add(STRANGE_NAME)
    content = content_words(question)
    new = sum(stem(word) not in ground.stems for word in content)
    if new > settings.max_new_words * len(content):
        found.add(STRANGE_WORDS)
    words = words_of(question)
    spoken = sum(
        speaks_of(words, text)
        for text in dict.fromkeys([*ground.evidence, *ground.columns, *ground.titles])
    )
    if spoken < settings.min_mentions:
        found.add(NOT_ABOUT)
    if len({stem(word) for word in content} & ground.telling) < settings.min_said:
        found.add(SAYS_LITTLE)
    left = [value for value in ground.evidence if not names_value(question, value)]
    asked = source.entries[0].text
    if len(left) < settings.min_left or (settings.min_left and names_value(question, asked)):
        found.add(GIVEN_AWAY)
    if settings.match_kind and not any(could_answer(question, value) for value in left):
        found.add(OTHER_KIND)
    if score is not None and score < settings.min_score:
        found.add(UNLIKELY)
    return [name for name in FILTERS if name in found]


def could_answer(question: str, value: str) -> bool:
    """Whether a value is of the kind that an English question asks for.

    ``when``, ``what year`` and ``how many`` ask for something with a digit, ``who`` and ``where``
    for something that does not end in digits; other questions for anything.
    """
    asked = _KIND.search(normal_form(question))
    if asked is None:
        return True
    if asked["number"]:
        return any(map(str.isdigit, value))
    return not any(map(str.isdigit, value[-4:]))


def _ill_formed(question: str, sentence: str, settings: FilterSettings) -> Iterator[str]:
    words = words_of(question)
    if not question.endswith("?") or question.count("?") > 1 or set("<>\n") & set(question):
        yield NOT_ONE
    if len(words) < settings.min_words:
        yield TOO_SHORT
    if len(words) > settings.max_words:
        yield TOO_LONG
    if any(words[at : at + 3] == words[at + 3 : at + 6] for at in range(len(words) - 5)):
        yield REPEATS
    spoken = set(words_of(sentence))
    if sum(word in spoken for word in words) > settings.max_copied * len(words):
        yield COPIES


def _is_grounded(question: str, ground: QuestionContext, settings: FilterSettings) -> bool:
    names = names_of(question)
    held = sum(ground.holds_name(name) for name in names)
    return held >= settings.min_grounded * len(names)


def is_alike(question: str, others: Sequence[str], settings: FilterSettings) -> bool:
    """Whether another question has nearly the same words, and all the same names and numbers.

    Nearly: the Jaccard index of the sets of words is at least ``max_alike``.
    """
    words, names = set(words_of(question)), set(map(str.casefold, names_of(question)))
    for other in others:
        its = set(words_of(other))
        same_names = names == set(map(str.casefold, names_of(other)))
        if words == its or (
            same_names
            and settings.max_alike < 1
            and len(words & its) >= settings.max_alike * len(words | its)
        ):
            return True
    return False
