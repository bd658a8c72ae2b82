"""A vocabulary and a small T5 from scratch, where no pretrained checkpoint is at hand."""

import math
from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from gentap.errors import InputError
from gentap.model.loading.checkpoints import load_seq2seq
from gentap.model.tokenizer import (
    TableTokenizer,
    load_saved_tokenizer,
    train_vocabulary,
)
from gentap.records import (
    DOCUMENT_SCHEMA,
    MINED_SCHEMA,
    TABLE_SCHEMA,
    Row,
    digest,
    table_from_row,
)
from gentap.runs.console import say
from gentap.runs.files.parquet_parts import count_rows, parts, read_rows
from gentap.runs.store import StageFolder, Tally
from gentap.settings.sections import LinearizerSettings
from gentap.settings.training_sections import BaseSettings
from gentap.tables.linearize import table_pieces
from gentap.training.data.lookups import SMALLEST, LookupStream, lookup_windows
from gentap.training.data.losses import WINDOWS
from gentap.training.data.streams import MaskedStream, MixedStream, SpanStream, Stream
from gentap.training.data.token_store import write_tokens
from gentap.training.data.windows import (
    hiding_of,
    prose_windows,
    sentence_windows,
    table_windows,
    within,
)
from gentap.training.initialize import new_model
from gentap.training.loop.checkpoint import latest_checkpoint
from gentap.training.loop.finish_model import finish_model
from gentap.training.loop.processes import main_first
from gentap.training.loop.trainer import CHECKPOINTS, train

_VOCABULARY = "vocabulary"
_FIRST = "lookups-alone"
_CHARACTERS_A_TOKEN = 3.0
_ROWS = 0.5
"""Share of whole rows among the lookups that come alone; among all objectives they are cells."""
_HELD_OUT = 500
"""Sentences, and tables, that are measured at most."""


def train_base(
    mined: Path,
    settings: BaseSettings,
    linearizer: LinearizerSettings,
    folder: StageFolder,
    *,
    seed: int,
) -> dict[str, Any]:
    """Train on the documents and tables of a mined folder; saved as an ordinary T5 folder.

    Raises InputError where the documents hold too little to learn from.
    """
    documents, tables = parts(mined / "documents"), parts(mined / "tables")
    if not documents:
        raise InputError(f"{mined}: holds no documents to learn from (documents/part-*.parquet).")
    characters = sum(len(text) for text in _texts(documents, tables))
    with main_first():
        tokenizer = _vocabulary(documents, tables, settings, linearizer, folder.work, characters)
        tokens = folder.work / "tokens"
        stream, lookups, tally = _streams(mined, tokenizer, settings, tokens, characters, seed)
        held_out = _held_out(mined, tokenizer, settings, tokens, seed)
    if not len(stream):
        raise InputError(f"{mined}: the documents are too short to learn from.")
    dev = {name: stream for name, stream in held_out.items() if len(stream)}
    model = new_model(settings, tokenizer, seed)
    common: dict[str, Any] = {
        "padding": tokenizer.hf.pad_token_id,
        "seed": seed,
        "label": "base",
        "keep_best": False,
    }
    first: dict[str, Any] = {}
    if settings.lookup_steps and len(lookups):
        say(f"base: {settings.lookup_steps:,} steps of lookups alone, then all objectives")
        only = {"lookups": dev["lookups"]} if "lookups" in dev else None
        work = folder.work / _FIRST
        stats = train(model, {"pairs": lookups}, only, _alone(settings), work, **common).stats
        first = {"lookups_alone": {name: stats[name] for name in ("steps", "history")}}
        model = _trained_so_far(work, settings)
    trained = train(model, {"pairs": stream}, dev or None, settings, folder.work, **common)
    finish_model(model, trained, tokenizer, folder.path)
    vocabulary = {"vocabulary": len(tokenizer.hf), "characters": characters}
    looks = [entry for entry in trained.stats["history"] if "eval_loss" in entry]
    found = {name: looks[-1][f"eval_{name}_exact"] for name in dev} if looks else {}
    return {
        **trained.stats,
        **({"held_out_values_recovered": found} if found else {}),
        **first,
        **vocabulary,
        **tally.to_json(),
    }


def _streams(
    mined: Path,
    tokenizer: TableTokenizer,
    settings: BaseSettings,
    folder: Path,
    characters: int,
    seed: int,
) -> tuple[MixedStream, Stream, Tally]:
    """All objectives mixed, tokenized as far as the steps need them, and the lookups alone."""
    shares = {
        "lookups": settings.lookup_share,
        "sentences": settings.sentence_share,
        "tables": settings.table_share,
    }
    shares["prose"] = round(1 - sum(shares.values()), 9)
    documents, tables, sentences = (
        parts(mined / name) for name in ("documents", "tables", "sentences")
    )
    amounts = {
        "prose": characters / _CHARACTERS_A_TOKEN / settings.window,
        "lookups": sum(map(count_rows, tables)),
        "tables": sum(map(count_rows, tables)),
        "sentences": sum(map(count_rows, sentences)),
    }
    needed = _needed_windows(settings)
    used = {name: needed * share if share else 0.0 for name, share in shares.items()}
    used["lookups"] = max(used["lookups"], _needed_alone(settings))
    picked = {
        name: partial(_picked, count / max(amounts[name], 1), seed) for name, count in used.items()
    }
    bounded = within(tokenizer, settings.window)

    def shown(files: list[Path], schema: Any) -> Iterator[Row]:
        rows = read_rows(files, schema=schema)
        return (row for row in rows if not _is_held_out(row, settings, seed))

    windows = {
        "prose": prose_windows(documents, bounded, picked["prose"]),
        "tables": table_windows(shown(tables, TABLE_SCHEMA), bounded, picked["tables"]),
        "sentences": sentence_windows(shown(sentences, MINED_SCHEMA), bounded, picked["sentences"]),
        "lookups": lookup_windows(
            (row for row in shown(tables, TABLE_SCHEMA) if picked["lookups"](row["id"])),
            tokenizer,
            settings.window,
        ),
    }
    stores = {
        name: write_tokens(folder / name, windows[name] if used[name] else ()) for name in shares
    }
    tally = Tally()
    for name, store in stores.items():
        tally.add(store.tally)
        tally.counts[f"{name} {WINDOWS}"] += len(store)
    hiding = hiding_of(tokenizer, seed)
    streams: dict[str, Stream] = {
        "prose": SpanStream(stores["prose"], hiding, settings.noise, settings.mean_span),
        "tables": MaskedStream(stores["tables"], hiding, settings.hidden_cells),
        "sentences": MaskedStream(stores["sentences"], hiding),
        "lookups": LookupStream(stores["lookups"], hiding, rows=0.0),
    }
    alone = LookupStream(stores["lookups"], hiding, _ROWS)
    return MixedStream(streams, shares), alone, tally


def _held_out(
    mined: Path, tokenizer: TableTokenizer, settings: BaseSettings, folder: Path, seed: int
) -> dict[str, Stream]:
    """Sentences and tables of the held-out pages: how much does the model find in them?"""

    def first(name: str, schema: Any) -> Iterator[Row]:
        rows = read_rows(parts(mined / name), schema=schema)
        return islice((row for row in rows if _is_held_out(row, settings, seed)), _HELD_OUT)

    bounded = within(tokenizer, settings.window)
    sentences = sentence_windows(first("sentences", MINED_SCHEMA), bounded, lambda name: True)
    lookups = lookup_windows(first("tables", TABLE_SCHEMA), tokenizer, settings.window)
    hiding = hiding_of(tokenizer, seed)
    return {
        "sentences": MaskedStream(write_tokens(folder / "held-out-sentences", sentences), hiding),
        "lookups": LookupStream(
            write_tokens(folder / "held-out-lookups", lookups), hiding, rows=0.0
        ),
    }


def _alone(settings: BaseSettings) -> BaseSettings:
    """The settings of the steps that show lookups alone."""
    changes = {
        "max_steps": settings.lookup_steps,
        "batch_tokens": settings.lookup_batch_tokens,
    }
    return settings.model_copy(update=changes)


def _trained_so_far(work: Path, settings: BaseSettings) -> Any:
    """The model of the last checkpoint: whole in every process, however it was trained."""
    checkpoint = latest_checkpoint(work / CHECKPOINTS, say)
    assert checkpoint is not None  # a training ends with one
    return load_seq2seq(str(checkpoint), dropout=settings.dropout)


def _is_held_out(row: Row, settings: BaseSettings, seed: int) -> bool:
    return _picked(settings.held_out, seed, f"held out:{row['url']}")


def _needed_windows(settings: BaseSettings) -> float:
    """Windows that the steps can show, and half as many again; the rest need no tokens."""
    if not settings.max_steps:
        return math.inf
    tokens = settings.max_steps * settings.accumulate * settings.batch_tokens
    return 1.5 * tokens / settings.window


def _needed_alone(settings: BaseSettings) -> float:
    """The same for the steps of lookups alone, as if all of their windows were the smallest."""
    tokens = settings.lookup_steps * settings.accumulate * settings.lookup_batch_tokens
    return 1.5 * tokens / SMALLEST


def _picked(part: float, seed: int, name: str) -> bool:
    return int(digest("base", str(seed), name)[:8], 16) < part * 16**8


def _texts(documents: list[Path], tables: list[Path]) -> Iterator[str]:
    for row in read_rows(documents, schema=DOCUMENT_SCHEMA):
        yield from row["blocks"]
    for row in read_rows(tables, schema=TABLE_SCHEMA):
        yield " ".join(text for _, text in table_pieces(table_from_row(row)))


def _vocabulary(
    documents: list[Path],
    tables: list[Path],
    settings: BaseSettings,
    linearizer: LinearizerSettings,
    folder: Path,
    characters: int,
) -> TableTokenizer:
    """Learn the vocabulary from texts picked evenly over the corpus; kept for a resumed run."""
    saved = folder / _VOCABULARY
    if not (saved / "linearizer.json").exists():
        wanted = settings.vocabulary_sentences
        step = max(1, round(characters / (wanted * 400)))
        texts = (
            text[:4000] for index, text in enumerate(_texts(documents, tables)) if not index % step
        )
        saved.mkdir(exist_ok=True)
        train_vocabulary(texts, settings.vocabulary, linearizer).save(saved)
    return load_saved_tokenizer(saved)
