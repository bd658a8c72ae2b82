"""Models that answer many people's questions at once: one queue, batches, limits."""

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass, field, replace
from typing import Protocol

from gentap.errors import InputError, SettingError
from gentap.model.answerer import Answer
from gentap.records import Cell, Table
from gentap.runs.short_names import short_names
from gentap.serving.batch_queue import BatchQueue, TooLateError
from gentap.serving.limits import Limits, check_asked
from gentap.serving.named_cells import NamedCells, named_cells


class AnswersMany(Protocol):
    """What is asked of a model: :class:`gentap.model.answerer.Answerer` is one."""

    def answer_many(self, questions: Sequence[tuple[str, Table]]) -> list[Answer]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """A question about a table to one of the models."""

    model: str
    question: str
    table: Table
    since: float = field(default_factory=time.monotonic)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelReply:
    """A model's answer, the cells that its sentence names, and the seconds from asking to it."""

    model: str
    table: Table
    answer: Answer
    named: NamedCells
    seconds: float

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The cell decoder's cell, where there is one."""
        return () if self.answer.cell is None else (self.answer.cell,)


class AnswerService:
    """Models by name, one question's batch at a time, whoever asks.

    Questions to one model that wait together are encoded together, each once for both decoders.
    """

    def __init__(self, answerers: Mapping[str, AnswersMany], limits: Limits) -> None:
        if not answerers:
            raise SettingError("There is no model to serve.")
        self._answerers, self.limits = answerers, limits
        self._queue = BatchQueue(
            self._answer,
            key=lambda asking: asking.model,
            batch=limits.batch,
            waiting=limits.waiting,
        )

    @property
    def models(self) -> list[str]:
        """The names of the models, the first of them the one that answers unless told."""
        return list(self._answerers)

    def submit(self, asked: Sequence[Asking]) -> list["Future[ModelReply]"]:
        """A future for each question.

        Raises InputError for a question, table or model that is none, QueueFullError where too many
        wait.
        """
        for one in asked:
            if one.model not in self._answerers:
                raise InputError(
                    f"There is no model '{one.model}' here. There is {', '.join(self.models)}."
                )
            check_asked(one.question, one.table, self.limits)
        return self._queue.submit(asked)

    def ask(self, asked: Sequence[Asking]) -> list[ModelReply]:
        """The replies, waited for; raises as `submit`, and TooLateError after too long a wait."""
        futures = self.submit(asked)
        end = time.monotonic() + self.limits.seconds
        try:
            return [future.result(max(0.0, end - time.monotonic())) for future in futures]
        except (FutureTimeoutError, CancelledError):
            for future in futures:
                future.cancel()
            raise too_late(self.limits) from None

    def close(self, seconds: float | None = None) -> None:
        """Cancel what waits and finish what is being answered, within so many seconds."""
        self._queue.close(seconds)

    def _answer(self, asked: Sequence[Asking]) -> list[ModelReply]:
        model = asked[0].model
        answers = self._answerers[model].answer_many([(one.question, one.table) for one in asked])
        return [_reply(one, answer) for one, answer in zip(asked, answers, strict=True)]


def _reply(asked: Asking, answer: Answer) -> ModelReply:
    answer = replace(answer, sentence=" ".join(answer.sentence.split()))
    return ModelReply(
        model=asked.model,
        table=asked.table,
        answer=answer,
        named=named_cells(answer.sentence, asked.table),
        seconds=time.monotonic() - asked.since,
    )


def too_late(limits: Limits) -> TooLateError:
    """The error of a question that was not answered in time."""
    return TooLateError(
        f"There was no answer within {limits.seconds:g} seconds. Ask again, ask less at a time, or "
        "start the server with a larger --timeout."
    )


def model_names(folders: Sequence[str]) -> list[str]:
    """Short names of models' folders; raises SettingError where one is given twice."""
    names = short_names(folders)
    if len(set(names)) < len(names):
        raise SettingError("A model is given twice.")
    return names
