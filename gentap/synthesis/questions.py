"""A question for each mined sentence, by the trained writer: Examples of the kind ``long``."""

import re
import tomllib
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gentap.errors import InputError
from gentap.records import (
    EXAMPLE_SCHEMA,
    Cell,
    Example,
    Mined,
    digest,
    example_to_row,
    mined_from_row,
)
from gentap.runner import run_shards
from gentap.settings import LinearizerSettings, WriterSettings, WriteSettings
from gentap.store import Shard, StageFolder, Tally, count_rows, parts, read_slice
from gentap.synthesis.invert import mined_pieces

if TYPE_CHECKING:
    from gentap.model.tokenizer import TableTokenizer

_WORDS = re.compile(r"\w+")


def write_questions(
    sentences: Path,
    writer: str,
    settings: WriteSettings,
    folder: StageFolder,
    *,
    seed: int,
) -> Tally:
    """Write Examples for the sentences of a mined folder into ``folder``.

    Shards are slices of the mined parts; with ``max_sentences`` only that many sentences, spread
    evenly over the corpus, are used.
    """
    shards = _plan(parts(sentences), settings)
    if not shards:
        raise InputError(f"{sentences}: holds no mined sentences (part-*.parquet).")
    task = partial(_Writing(writer).write_shard, settings=settings, seed=seed)
    tally = run_shards(
        folder.path, shards, task, {".": EXAMPLE_SCHEMA}, workers=1, label="questions write"
    )
    if not tally.counts["examples"]:
        raise InputError(
            "questions write: no question passed the filters "
            f"({dict(sorted(tally.rejected.items()))}). Train the writer for longer."
        )
    return tally


def _plan(files: Sequence[Path], settings: WriteSettings) -> list[tuple[Path, int, int, int]]:
    """Slices ``(file, start, stop, stride)`` of the mined parts."""
    counts = [count_rows(file) for file in files]
    stride = 1
    if settings.max_sentences:
        stride = max(1, -(-sum(counts) // settings.max_sentences))
    size = settings.shard_records * stride
    shards = []
    begun = 0
    for file, count in zip(files, counts, strict=True):
        for start in range(-begun % stride, count, size):
            shards.append((file, start, min(start + size, count), stride))
        begun += count
    return shards


def _entries_learnt(writer: Path) -> int:
    """How many entries the writer was trained with, from the settings in its folder."""
    recipe = writer / "recipe.toml"
    saved = tomllib.loads(recipe.read_text(encoding="utf-8")) if recipe.exists() else {}
    return int(saved.get("writer", {}).get("max_entries", WriterSettings().max_entries))


class _Writing:
    """Holds the writer's model, loaded when the first shard needs it."""

    def __init__(self, writer: str) -> None:
        self._path = writer
        self._max_entries = _entries_learnt(Path(writer))
        self._loaded: tuple[Any, TableTokenizer] | None = None

    def write_shard(
        self, shard_of: tuple[Path, int, int, int], shard: Shard, settings: WriteSettings, seed: int
    ) -> None:
        file, start, stop, stride = shard_of
        mined = [mined_from_row(row) for row in read_slice(file, start, stop, stride)]
        for record, question in zip(mined, self._questions(mined, settings, seed), strict=True):
            shard.count("sentences")
            reason = unfit_question(question, record.sentence, settings)
            if reason is not None:
                shard.reject(record.id, reason, question)
                continue
            example = Example(
                id=digest(record.id, question),
                kind="long",
                origin="mined",
                question=question,
                answer=record.sentence,
                table=record.table,
                cells=tuple(sorted({Cell(cell.row, cell.column) for cell in record.cells})),
                source=record.url,
            )
            shard.write(".", example_to_row(example))
            shard.count("examples")

    def _questions(self, mined: Sequence[Mined], settings: WriteSettings, seed: int) -> list[str]:
        from gentap.model.checkpoints import load_seq2seq
        from gentap.model.generate import generate_texts
        from gentap.model.tokenizer import load_tokenizer

        if self._loaded is None:
            tokenizer = load_tokenizer(self._path, LinearizerSettings())
            self._loaded = (load_seq2seq(self._path), tokenizer)
        model, tokenizer = self._loaded
        inputs = [
            tokenizer.linearizer.mark_texts(mined_pieces(record, seed, self._max_entries))
            for record in mined
        ]
        return generate_texts(
            model,
            tokenizer,
            inputs,
            beams=settings.beams,
            max_new_tokens=settings.max_question_tokens,
            batch_size=settings.batch_size,
            precision=settings.precision,
        )


def unfit_question(question: str, sentence: str, settings: WriteSettings) -> str | None:
    """Why a written question is set aside, by name; None where it is kept."""
    words = _WORDS.findall(question.casefold())
    if not question.endswith("?") or question.count("?") > 1:
        return "not one question"
    if len(words) < settings.min_words:
        return "question too short"
    if any(words[at : at + 3] == words[at + 3 : at + 6] for at in range(len(words) - 5)):
        return "question repeats itself"
    spoken = set(_WORDS.findall(sentence.casefold()))
    if sum(word in spoken for word in words) > settings.max_copied * len(words):
        return "question copies the sentence"
    return None
