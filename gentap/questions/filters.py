"""Which questions are set aside, and why: each filter has a name and its threshold a setting.

A question is judged beside its sentence, the table, and the entry that it asks for. The filters of
:data:`TEXT_FILTERS` look at the texts alone; :mod:`gentap.questions.candidate_selection` adds those
that ask a model (margin, round trip) or look at the table's other questions.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from gentap.questions.question_context import QuestionContext
from gentap.questions.writer_input import WriterInput
from gentap.settings.question_sections import FilterSettings
from gentap.text.names import names_of
from gentap.text.normal_form import normal_form
from gentap.text.word_overlap import content_words, names_value, speaks_of, stem, words_of

ASKS_ELSE = "asks for another entry"
NO_ROUND_TRIP = "round trip fails"
ALIKE = "like another question of the table"

_KIND = re.compile(
    r"\b(?:(?P<number>when|(?:what|which) (?:year|date|day|month|season|decade|century)"
    r"|how (?:many|much|old|long|tall|large|high|far|big))|who|whom|whose|where)\b"
)


@dataclass(frozen=True)
class JudgedQuestion:
    """A written question beside what it was written from."""

    text: str
    score: float | None
    source: WriterInput
    context: QuestionContext

    @cached_property
    def words(self) -> list[str]:
        return words_of(self.text)

    @cached_property
    def content(self) -> list[str]:
        return content_words(self.text)

    @cached_property
    def left(self) -> list[str]:
        """The evidence values that the question leaves to the answer."""
        values = self.context.evidence
        return [value for value in values if not names_value(self.text, value)]


def _is_not_one_question(question: JudgedQuestion, settings: FilterSettings) -> bool:
    text = question.text
    return not text.endswith("?") or text.count("?") > 1 or bool(set("<>\n") & set(text))


def _is_too_short(question: JudgedQuestion, settings: FilterSettings) -> bool:
    return len(question.words) < settings.min_words


def _is_too_long(question: JudgedQuestion, settings: FilterSettings) -> bool:
    return len(question.words) > settings.max_words


def _repeats_itself(question: JudgedQuestion, settings: FilterSettings) -> bool:
    words = question.words
    return any(words[at : at + 3] == words[at + 3 : at + 6] for at in range(len(words) - 5))


def _copies_the_sentence(question: JudgedQuestion, settings: FilterSettings) -> bool:
    spoken = set(words_of(question.source.sentence))
    copied = sum(word in spoken for word in question.words)
    return copied > settings.max_copied * len(question.words)


def _names_something_else(question: JudgedQuestion, settings: FilterSettings) -> bool:
    names = names_of(question.text)
    held = sum(question.context.holds_name(name) for name in names)
    return held < settings.min_grounded * len(names)


def _says_something_else(question: JudgedQuestion, settings: FilterSettings) -> bool:
    new = sum(stem(word) not in question.context.stems for word in question.content)
    return new > settings.max_new_words * len(question.content)


def _is_not_about_the_row(question: JudgedQuestion, settings: FilterSettings) -> bool:
    context = question.context
    texts = dict.fromkeys([*context.evidence, *context.columns, *context.titles])
    return sum(speaks_of(question.words, text) for text in texts) < settings.min_mentions


def _says_little(question: JudgedQuestion, settings: FilterSettings) -> bool:
    said = {stem(word) for word in question.content} & question.context.distinctive
    return len(said) < settings.min_said


def _gives_the_answer_away(question: JudgedQuestion, settings: FilterSettings) -> bool:
    source = question.source
    return len(question.left) < settings.min_left or (
        settings.min_left > 0
        and any(names_value(question.text, one.text) for one in source.entries[: source.asked])
    )


def _asks_for_another_kind(question: JudgedQuestion, settings: FilterSettings) -> bool:
    return settings.match_kind and not any(
        could_answer(question.text, value) for value in question.left
    )


def _is_unlikely(question: JudgedQuestion, settings: FilterSettings) -> bool:
    return question.score is not None and question.score < settings.min_score


TEXT_FILTERS: Mapping[str, Callable[[JudgedQuestion, FilterSettings], bool]] = {
    "not one question": _is_not_one_question,
    "question too short": _is_too_short,
    "question too long": _is_too_long,
    "question repeats itself": _repeats_itself,
    "question copies the sentence": _copies_the_sentence,
    "names what stands nowhere": _names_something_else,
    "says what stands nowhere": _says_something_else,
    "not about the row": _is_not_about_the_row,
    "says nothing of the sentence": _says_little,
    "gives the answer away": _gives_the_answer_away,
    "asks for what is not left": _asks_for_another_kind,
    "unlikely to the writer": _is_unlikely,
}
"""Each filter by the reason that it gives; true where a question fails it."""

FILTERS = (*TEXT_FILTERS, ASKS_ELSE, NO_ROUND_TRIP, ALIKE)
"""All reasons, in the order in which they are named."""


def failures(
    text: str,
    score: float | None,
    source: WriterInput,
    context: QuestionContext,
    settings: FilterSettings,
) -> list[str]:
    """The reasons of all text filters that a question fails, in the order of :data:`FILTERS`."""
    question = JudgedQuestion(text, score, source, context)
    return [reason for reason, fails in TEXT_FILTERS.items() if fails(question, settings)]


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
