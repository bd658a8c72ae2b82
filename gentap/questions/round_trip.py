"""Ask a table model the written question: does it come back to the sentence?"""

from collections.abc import Sequence
from dataclasses import dataclass

from gentap.questions.question_context import QuestionContext
from gentap.records import Table
from gentap.settings.question_sections import FilterSettings
from gentap.settings.sections import Precision
from gentap.text.normal_form import normal_form
from gentap.text.word_overlap import names_value, new_word_f1

MAX_TOKENS = 64


@dataclass(frozen=True, slots=True)
class Reply:
    """What the model says of a question: a sentence, and a cell's value."""

    answer: str
    value: str


class RoundTrip:
    """A GenTaP model that answers from the table, both of its decoders greedily."""

    def __init__(self, folder: str, batch_size: int, precision: Precision) -> None:
        from gentap.model.answerer import Answerer

        self._answerer = Answerer(
            folder, beams=1, max_tokens=MAX_TOKENS, batch_size=batch_size, precision=precision
        )

    def ask(self, questions: Sequence[tuple[str, Table]]) -> list[Reply]:
        answers = self._answerer.answer_many(questions)
        return [Reply(answer.sentence, answer.value) for answer in answers]


def comes_back(
    question: str, reply: Reply, context: QuestionContext, settings: FilterSettings
) -> bool:
    """Whether the answer overlaps the sentence, or the value is evidence that the question lacks.

    Only words that are not the question's own count as overlap.
    """
    overlap = new_word_f1(reply.answer, context.mined.sentence, question)
    said = normal_form(reply.value)
    named = any(
        said == normal_form(value) and not names_value(question, value)
        for value in context.evidence
    )
    return named or overlap >= settings.min_overlap
