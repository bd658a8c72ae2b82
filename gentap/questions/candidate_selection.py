"""A sentence's candidates judged: by text, by the writer, by a table model, by each other."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from gentap.questions.filters import (
    ALIKE,
    ASKS_ELSE,
    NO_ROUND_TRIP,
    failures,
    is_alike,
)
from gentap.questions.question_context import QuestionContext
from gentap.questions.round_trip import Reply, RoundTrip, comes_back
from gentap.questions.writer_input import WriterInput
from gentap.questions.writers.interface import Unwritten, Writer, Written
from gentap.records import Mined, table_digest
from gentap.settings.question_sections import FilterSettings

OFF = -100.0
"""A ``min_margin`` that asks nothing."""


@dataclass(slots=True)
class QuestionCandidate:
    """A question, the filters that it fails, and what was found out about it."""

    source: WriterInput
    written: Written
    failed: list[str]
    margin: float | None = None
    reply: Reply | None = None
    kept: bool = False


@dataclass(slots=True)
class SentenceCandidates:
    """A mined sentence and its candidates, best first; or why there are none."""

    context: QuestionContext
    candidates: list[QuestionCandidate] = field(default_factory=list)
    unwritten: Unwritten | None = None

    @property
    def mined(self) -> Mined:
        return self.context.mined

    def passing(self) -> list[QuestionCandidate]:
        return [one for one in self.candidates if not one.failed]

    def add(
        self, source: WriterInput, result: list[Written] | Unwritten, by: FilterSettings
    ) -> None:
        """Judge what was written by its text; best are those that pass, by score."""
        if isinstance(result, Unwritten):
            self.unwritten = result
            return
        for written in result:
            failed = failures(written.question, written.score, source, self.context, by)
            self.candidates.append(QuestionCandidate(source, written, failed))
        self.candidates.sort(key=lambda one: (bool(one.failed), -(one.written.score or 0.0)))


def filter_by_margin(
    sentences: Sequence[SentenceCandidates], writer: Writer, filters: FilterSettings
) -> Sequence[SentenceCandidates]:
    """A question that is likelier when another entry is asked for asks for that one."""
    if filters.min_margin <= OFF:
        return sentences
    passing = [candidate for sentence in sentences for candidate in sentence.passing()]
    pairs = [
        (place, source)
        for place, candidate in enumerate(passing)
        for source in _asking_for_others(candidate.source)
    ]
    scores = writer.score([(source, passing[place].written.question) for place, source in pairs])
    if scores is None:
        return sentences
    best: dict[int, float] = defaultdict(lambda: float("-inf"))
    for (place, _), score in zip(pairs, scores, strict=True):
        best[place] = max(best[place], score)
    for place, rival in best.items():
        candidate = passing[place]
        candidate.margin = (candidate.written.score or 0.0) - rival
        if candidate.margin < filters.min_margin:
            candidate.failed.append(ASKS_ELSE)
    return sentences


def filter_by_round_trip(
    sentences: Sequence[SentenceCandidates], model: RoundTrip, filters: FilterSettings
) -> Sequence[SentenceCandidates]:
    """Put the best candidates of each sentence to a table model; others have not come back."""
    asked: list[tuple[SentenceCandidates, QuestionCandidate]] = []
    others: list[QuestionCandidate] = []
    for sentence in sentences:
        passing = sentence.passing()
        asked += [(sentence, candidate) for candidate in passing[: filters.round_trips]]
        others += passing[filters.round_trips :]
    replies = model.ask(
        [(candidate.written.question, sentence.mined.table) for sentence, candidate in asked]
    )
    came_back = [
        comes_back(candidate.written.question, reply, sentence.context, filters)
        for (sentence, candidate), reply in zip(asked, replies, strict=True)
    ]
    for (_, candidate), reply, came in zip(asked, replies, came_back, strict=True):
        candidate.reply = reply
        if not came:
            others.append(candidate)
    for candidate in others:
        candidate.failed.append(NO_ROUND_TRIP)
    return sentences


class BestQuestions:
    """Of each sentence the best question that passes and is unlike those kept of its table."""

    def __init__(self, filters: FilterSettings) -> None:
        self._filters = filters
        self._kept: dict[tuple[str, str], list[str]] = defaultdict(list)

    def select(self, sentence: SentenceCandidates) -> None:
        others = self._kept[sentence.mined.url, table_digest(sentence.mined.table)]
        for candidate in sentence.passing():
            if is_alike(candidate.written.question, others, self._filters):
                candidate.failed.append(ALIKE)
                continue
            candidate.kept = True
            others.append(candidate.written.question)
            break


def _asking_for_others(source: WriterInput) -> list[WriterInput]:
    """The source as it would be if another cell were asked for."""
    entries = source.entries
    return [
        replace(source, entries=(entry, *entries[:place], *entries[place + 1 :]), asked=1)
        for place, entry in enumerate(entries)
        if place >= source.asked and entry.column
    ]
