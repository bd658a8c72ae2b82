"""Questions for mined sentences: written, judged, the best kept as Examples of the kind ``long``.

Beside the examples, ``questions/`` holds every question that was written, kept or not, with its
score, writer, settings, the mined record's id, and the names of the filters that it fails.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa

from gentap.errors import InputError
from gentap.model.chat.chat_client import is_address
from gentap.questions.candidate_selection import (
    BestQuestions,
    QuestionCandidate,
    SentenceCandidates,
    filter_by_margin,
    filter_by_round_trip,
)
from gentap.questions.question_context import QuestionContext
from gentap.questions.round_trip import RoundTrip
from gentap.questions.writer_input import WriterInput, mined_sources
from gentap.questions.writers.interface import Unwritten, Writer, Written
from gentap.questions.writers.open_writer import open_writer
from gentap.records import (
    EXAMPLE_SCHEMA,
    MINED_SCHEMA,
    Cell,
    Example,
    Mined,
    Origin,
    Row,
    digest,
    example_to_row,
    mined_from_row,
)
from gentap.runs.files.parquet_parts import groups_at, parts, read_at, read_rows
from gentap.runs.net import INTERNAL_ERROR, apart
from gentap.runs.runner import run_shards
from gentap.runs.shards import Shard
from gentap.runs.store import REJECTED, StageFolder, Tally, own_files
from gentap.settings.question_sections import WriteSettings

NO_ENTRY = "sentence without an entry"
QUESTIONS = ".questions"
"""The folder, within that of the examples, of all that was written; hidden from other programs."""
_ENTRY = pa.struct([pa.field("column", pa.string()), pa.field("text", pa.string())])
QUESTION_SCHEMA = pa.schema(
    [
        pa.field("id", pa.string()),
        pa.field("mined", pa.string()),
        pa.field("question", pa.string()),
        pa.field("kept", pa.bool_()),
        pa.field("failed", pa.list_(pa.string())),
        pa.field("score", pa.float64()),
        pa.field("margin", pa.float64()),
        pa.field("reply", pa.string()),
        pa.field("value", pa.string()),
        pa.field("writer", pa.string()),
        pa.field("settings", pa.string()),
        pa.field("sentence", pa.string()),
        pa.field("entries", pa.list_(_ENTRY)),
        pa.field("title", pa.string()),
        pa.field("section", pa.string()),
        pa.field("header", pa.list_(pa.string())),
        pa.field("rows", pa.list_(pa.list_(pa.string()))),
        pa.field("source", pa.string()),
    ]
)
OUTPUTS = {".": EXAMPLE_SCHEMA, QUESTIONS: QUESTION_SCHEMA}


def write_questions(
    sentences: Path | None,
    writer: str,
    settings: WriteSettings,
    folder: StageFolder,
    *,
    seed: int,
    linked: Path | None = None,
) -> Tally:
    """Write Examples for mined ``sentences``, and for ``linked`` ones, into ``folder``.

    Both are folders of parts; examples of linked sentences are annotated ones. Shards are slices of
    the parts, whole documents each; with ``max_sentences`` only that many sentences, spread evenly
    over the corpus, are used, and with ``min_probability`` only those that are likely to state
    their rows.

    Raises InputError where there is no sentence, or no question passes.
    """
    folders = [one for one in (sentences, linked) if one is not None]
    shards = plan_writing_shards([part for one in folders for part in parts(one)], settings)
    if not shards:
        least = settings.min_probability
        which = f" of probability {least} and more (write.min_probability)" if least else ""
        named = ", ".join(settings.linked.files) if sentences is None else str(sentences)
        raise InputError(f"{named}: holds no mined sentences{which}.")
    task = _Writing(writer, settings, seed, folder.work, linked).write_shard
    tally = run_shards(folder.path, shards, task, OUTPUTS, workers=1, label="questions write")
    if not tally.counts["examples"]:
        failed = ", ".join(f"{why}: {count:,}" for why, count in tally.rejected.most_common())
        raise InputError(
            f"questions write: no question passed the filters ({failed}). "
            f"{remedy(is_address(writer))}, or loosen write.filters. What was written is shown by "
            f"`gentap questions review {folder.path}`, "
            f"and listed in {own_files(folder.path) / REJECTED}."
        )
    return tally


def remedy(endpoint: bool) -> str:
    """What to do where no question passes, be they an endpoint's or a model's."""
    if endpoint:
        return (
            "Look at what the endpoint says, and try a larger model, write.temperature = 0 or a "
            "prompt of your own (write.endpoint.prompt)"
        )
    return (
        "Train the writer for longer, on more questions, or from a larger base (gentap questions "
        "train)"
    )


SentenceSlice = tuple[Path, int, int, int, int]
"""A mined part, its first row and the row after the last, and of the likely rows between them
which is the first to write for, and how many further the next."""


def plan_writing_shards(files: Sequence[Path], settings: WriteSettings) -> list[SentenceSlice]:
    """Slices of the mined parts, in memory that grows with their number alone.

    A slice ends where a document does, so that all questions of a table are judged together.
    """
    least, stride = settings.min_probability, 1
    if settings.max_sentences:
        found = sum(
            row["probability"] >= least
            for row in read_rows(files, ["probability"], schema=MINED_SCHEMA)
        )
        stride = max(1, -(-found // settings.max_sentences))
    shards = []
    likely = 0
    for file in files:
        start = taken = place = 0
        skip, url = -likely % stride, None
        rows = read_rows([file], ["url", "probability"], schema=MINED_SCHEMA)
        for place, row in enumerate(rows):
            if row["url"] != url and taken >= settings.shard_records:
                shards.append((file, start, place, skip, stride))
                start, taken, skip = place, 0, -likely % stride
            url = row["url"]
            if row["probability"] >= least:
                taken += likely % stride == 0
                likely += 1
        if taken:
            shards.append((file, start, place + 1, skip, stride))
    return shards


def rows_of(shard: SentenceSlice, least: float) -> Iterator[Row]:
    """The mined rows of a slice to write for: of those as likely as that, as the slice says."""
    file, start, stop, skip, stride = shard
    groups = groups_at(file, range(start, stop), ["probability"], schema=MINED_SCHEMA)
    found = chain.from_iterable(group["probability"].to_pylist() for group in groups)
    likely = [place for place, one in enumerate(found, start) if one >= least]
    return read_at(file, likely[skip::stride], MINED_SCHEMA)


class _Writing:
    """Holds the writer and the round trip's model, loaded when the first shard needs them."""

    def __init__(
        self, writer: str, settings: WriteSettings, seed: int, work: Path, linked: Path | None
    ) -> None:
        self._name, self._settings, self._seed, self._work = writer, settings, seed, work
        self._linked = linked
        self._writer: Writer | None = None
        self._round_trip: RoundTrip | None = None

    def _open(self) -> Writer:
        if self._writer is None:
            self._writer = open_writer(self._name, self._settings, self._work)
        return self._writer

    def _open_round_trip(self) -> RoundTrip:
        if self._round_trip is None:
            folder = self._settings.filters.round_trip
            self._round_trip = RoundTrip(
                folder, self._settings.batch_size, self._settings.precision
            )
        return self._round_trip

    def write_shard(self, shard_of: SentenceSlice, shard: Shard) -> None:
        filters = self._settings.filters
        rows = rows_of(shard_of, self._settings.min_probability)
        sentences: list[SentenceCandidates] = []
        for row in rows:
            with shard.record(str(row["id"])):
                sentences.append(SentenceCandidates(QuestionContext(mined_from_row(row))))
        sentences = self._write(sentences, shard)
        writer = self._open()
        sentences = _filtered(
            lambda some: filter_by_margin(some, writer, filters), sentences, shard
        )
        if filters.round_trip:
            model = self._open_round_trip()
            sentences = _filtered(
                lambda some: filter_by_round_trip(some, model, filters), sentences, shard
            )
        best = BestQuestions(filters)
        about = {"writer": self._open().name, "settings": self._described()}
        origin: Origin = "annotated" if shard_of[0].parent == self._linked else "mined"
        for sentence in sentences:
            with shard.record(sentence.mined.id):
                best.select(sentence)
                _store(sentence, shard, about, origin)

    def _write(
        self, sentences: Sequence[SentenceCandidates], shard: Shard
    ) -> list[SentenceCandidates]:
        """Write for sentences; returns those with which nothing unforeseen went wrong."""
        writer, settings = self._open(), self._settings
        sources: list[list[WriterInput]] = []
        asked: list[SentenceCandidates] = []
        for sentence in sentences:
            with shard.record(sentence.mined.id):
                sources.append(
                    mined_sources(sentence.mined, self._seed, settings.asked, writer.max_entries)
                )
                asked.append(sentence)
        results = iter(
            apart(
                lambda some: writer.write(some, self._seed),
                list(chain.from_iterable(sources)),
                _lost,
            )
        )
        judged: list[SentenceCandidates] = []
        for sentence, own in zip(asked, sources, strict=True):
            written = [(source, next(results)) for source in own]
            if fault := next(filter(None, (_fault(result) for _, result in written)), ""):
                shard.reject(sentence.mined.id, INTERNAL_ERROR, fault)
                continue
            with shard.record(sentence.mined.id):
                for source, result in written:
                    sentence.add(source, result, settings.filters)
                judged.append(sentence)
        return judged

    def _described(self) -> str:
        """The settings that a question depends on, as JSON."""
        names = ["beams", "temperature", "top_p", "candidates", "asked", "max_question_tokens"]
        names += [] if is_address(self._name) else ["backend", "precision"]
        values = self._settings.model_dump(include=set(names))
        return json.dumps({**values, "seed": self._seed}, sort_keys=True)


WriterResult = list[Written] | Unwritten


def _lost(source: WriterInput, fault: str) -> WriterResult:
    return Unwritten(INTERNAL_ERROR, fault)


def _fault(result: WriterResult) -> str:
    if isinstance(result, Unwritten) and result.reason == INTERNAL_ERROR:
        return result.detail
    return ""


def _filtered(
    work: Callable[[Sequence[SentenceCandidates]], Sequence[SentenceCandidates]],
    sentences: Sequence[SentenceCandidates],
    shard: Shard,
) -> list[SentenceCandidates]:
    """Filter sentences together; returns those with which nothing unforeseen went wrong."""

    def lost(sentence: SentenceCandidates, fault: str) -> None:
        shard.reject(sentence.mined.id, INTERNAL_ERROR, fault)

    return [one for one in apart(work, sentences, lost) if one is not None]


def _store(
    sentence: SentenceCandidates, shard: Shard, about: dict[str, str], origin: Origin
) -> None:
    """All candidates to ``questions/``; the one kept as an Example, or the reason why none is."""
    mined = sentence.mined
    shard.count("sentences")
    for candidate in sentence.candidates:
        shard.write(QUESTIONS, {**_question_row(mined, candidate), **about})
        for name in candidate.failed:
            shard.count(f"questions: {name}")
    kept = next((one for one in sentence.candidates if one.kept), None)
    if kept is not None:
        shard.write(".", example_to_row(_example(mined, kept.written.question, origin)))
        shard.count("examples")
    elif sentence.candidates:
        best = sentence.candidates[0]
        shard.reject(mined.id, best.failed[0], best.written.question)
    elif sentence.unwritten is not None:
        shard.reject(mined.id, sentence.unwritten.reason, sentence.unwritten.detail)
    else:
        shard.reject(mined.id, NO_ENTRY, mined.sentence)


def _example(mined: Mined, question: str, origin: Origin) -> Example:
    return Example(
        id=digest(mined.id, question),
        kind="long",
        origin=origin,
        question=question,
        answer=mined.sentence,
        table=mined.table,
        cells=tuple(sorted({Cell(cell.row, cell.column) for cell in mined.evidence})),
        source=mined.url,
    )


def _question_row(mined: Mined, candidate: QuestionCandidate) -> dict[str, Any]:
    source, reply = candidate.source, candidate.reply
    return {
        "id": digest(mined.id, candidate.written.question),
        "mined": mined.id,
        "question": candidate.written.question,
        "kept": candidate.kept,
        "failed": candidate.failed,
        "score": candidate.written.score,
        "margin": candidate.margin,
        "reply": reply.answer if reply else None,
        "value": reply.value if reply else None,
        "sentence": mined.sentence,
        "entries": [{"column": entry.column, "text": entry.text} for entry in source.entries],
        "title": mined.table.title,
        "section": mined.table.section,
        "header": list(mined.table.header),
        "rows": [list(mined.table.rows[row]) for row in mined.rows_told],
        "source": mined.url,
    }
