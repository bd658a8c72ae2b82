"""What every writer of questions can do."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from gentap.questions.writer_input import WriterInput


@dataclass(frozen=True, slots=True)
class Written:
    """A question; its score is the mean log-probability of its tokens, None where unknown."""

    question: str
    score: float | None


@dataclass(frozen=True, slots=True)
class Unwritten:
    """Why a source got no question, by name."""

    reason: str
    detail: str = ""


class Writer(Protocol):
    """Writes questions; equal sources, settings and seed give equal questions."""

    name: str
    max_entries: int

    def write(self, sources: Sequence[WriterInput], seed: int) -> list[list[Written] | Unwritten]:
        """Different questions for each source, best first."""

    def score(self, pairs: Sequence[tuple[WriterInput, str]]) -> list[float] | None:
        """The score of a question for a source; None where the writer can't tell."""


def best_first(candidates: Sequence[Written]) -> list[Written]:
    """Different questions, those of higher score first, else in their order."""
    ordered = sorted(candidates, key=lambda one: -(one.score if one.score is not None else 0.0))
    unique: dict[str, Written] = {}
    for one in ordered:
        unique.setdefault(one.question, one)
    return list(unique.values())
