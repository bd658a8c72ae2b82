"""Ask a table model the written question: does it come back to the sentence?"""

from collections.abc import Sequence
from dataclasses import dataclass

from gentap.questions.filters import QuestionContext
from gentap.records import Table
from gentap.settings.sections import FilterSettings, LinearizerSettings, Precision
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
        from gentap.model.load import load_table_model
        from gentap.model.tokenizer import load_tokenizer

        self._tokenizer = load_tokenizer(folder, LinearizerSettings())
        self._model = load_table_model(folder, tokenizer=self._tokenizer)
        self._batch_size, self._precision = batch_size, precision

    def ask(self, questions: Sequence[tuple[str, Table]]) -> list[Reply]:
        from gentap.model.generate import generate_texts

        encode = self._tokenizer.linearizer.encode
        inputs = [encode(question, table).ids for question, table in questions]
        answers, values = (
            generate_texts(
                self._model,
                self._tokenizer,
                inputs,
                decoder=decoder,
                max_new_tokens=MAX_TOKENS,
                batch_size=self._batch_size,
                precision=self._precision,
            )
            for decoder in ("long", "cell")
        )
        return [Reply(*reply) for reply in zip(answers, values, strict=True)]


def comes_back(
    question: str, reply: Reply, ground: QuestionContext, settings: FilterSettings
) -> bool:
    """Whether the answer overlaps the sentence, or the value is evidence that the question lacks.

    Only words that are not the question's own count as overlap.
    """
    overlap = new_word_f1(reply.answer, ground.mined.sentence, question)
    said = normal_form(reply.value)
    named = any(
        said == normal_form(value) and not names_value(question, value) for value in ground.evidence
    )
    return named or overlap >= settings.min_overlap
