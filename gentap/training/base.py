"""A vocabulary and a small T5 from scratch, where no pretrained checkpoint is at hand."""

import math
from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from gentap.errors import InputError
from gentap.model.device import attention
from gentap.model.tokenizer import (
    TableTokenizer,
    load_saved_tokenizer,
    train_vocabulary,
)
from gentap.records import Row, digest, table_from_row
from gentap.settings import LinearizerSettings
from gentap.store import StageFolder, Tally, count_rows, parts, read_rows
from gentap.tables.linearize import table_pieces
from gentap.training.finish import finish_model
from gentap.training.processes import main_first
from gentap.training.streams import MaskedStream, MixedStream, SpanStream, Stream
from gentap.training.tokens import write_tokens
from gentap.training.trainer import train
from gentap.training.windows import (
    hiding_of,
    prose_windows,
    sentence_windows,
    table_windows,
    within,
)
from gentap.training_settings import BaseSettings, Size

_VOCABULARY = "vocabulary"
_CHARACTERS_A_TOKEN = 3.0
_HELD_OUT = 1000
"""Sentences that are measured at most."""

SIZES: dict[Size, dict[str, int]] = {
    "tiny": {"d_model": 128, "d_ff": 512, "d_kv": 32, "num_heads": 4, "num_layers": 2},
    "mini": {"d_model": 256, "d_ff": 1024, "d_kv": 64, "num_heads": 4, "num_layers": 4},
    "small": {"d_model": 512, "d_ff": 2048, "d_kv": 64, "num_heads": 8, "num_layers": 6},
    "base": {"d_model": 768, "d_ff": 3072, "d_kv": 64, "num_heads": 12, "num_layers": 12},
}
"""Layers are counted for the encoder and for the decoder; ``small`` and ``base`` are T5's own."""


def train_base(
    mined: Path,
    settings: BaseSettings,
    linearizer: LinearizerSettings,
    folder: StageFolder,
    *,
    seed: int,
) -> dict[str, Any]:
    """Train on the documents and tables of a mined folder; saved as an ordinary T5 folder."""
    documents, tables = parts(mined / "documents"), parts(mined / "tables")
    if not documents:
        raise InputError(f"{mined}: holds no documents to learn from (documents/part-*.parquet).")
    characters = sum(len(text) for text in _texts(documents, tables))
    with main_first():
        tokenizer = _vocabulary(documents, tables, settings, linearizer, folder.work, characters)
        tokens = folder.work / "tokens"
        stream, tally = _stream(mined, tokenizer, settings, tokens, characters, seed)
        held_out = _held_out(mined, tokenizer, settings, tokens, seed)
    if not len(stream):
        raise InputError(f"{mined}: the documents are too short to learn from.")
    model = _new_model(settings, tokenizer, seed)
    trained = train(
        model,
        {"pairs": stream},
        {"pairs": held_out} if len(held_out) else None,
        settings,
        folder.work,
        padding=tokenizer.hf.pad_token_id,
        seed=seed,
        label="base",
        keep_best=False,
    )
    finish_model(model, trained, tokenizer, folder.path)
    vocabulary = {"vocabulary": len(tokenizer.hf), "characters": characters}
    return {**trained.stats, **vocabulary, **tally.to_json()}


def _stream(
    mined: Path,
    tokenizer: TableTokenizer,
    settings: BaseSettings,
    folder: Path,
    characters: int,
    seed: int,
) -> tuple[MixedStream, Tally]:
    """Prose, tables and mined sentences, tokenized as far as the steps need them, and mixed."""
    shares = {
        "prose": round(1 - settings.table_share - settings.sentence_share, 9),
        "tables": settings.table_share,
        "sentences": settings.sentence_share,
    }
    documents, tables, sentences = (
        parts(mined / name) for name in ("documents", "tables", "sentences")
    )
    amounts = {
        "prose": characters / _CHARACTERS_A_TOKEN / settings.window,
        "tables": sum(map(count_rows, tables)),
        "sentences": sum(map(count_rows, sentences)),
    }
    needed = _needed_windows(settings)
    picked = {
        name: partial(_picked, needed * share / max(amounts[name], 1), seed)
        for name, share in shares.items()
    }
    bounded = within(tokenizer, settings.window)
    windows = {
        "prose": prose_windows(documents, bounded, picked["prose"]),
        "tables": table_windows(tables, bounded, picked["tables"]),
        "sentences": sentence_windows(
            (row for row in read_rows(sentences) if not _is_held_out(row, settings, seed)),
            bounded,
            picked["sentences"],
        ),
    }
    stores = {
        name: write_tokens(folder / name, windows[name] if share else ())
        for name, share in shares.items()
    }
    tally = Tally()
    for name, store in stores.items():
        tally.add(store.tally)
        tally.counts[f"{name} windows"] += len(store)
    hiding = hiding_of(tokenizer, seed)
    streams: dict[str, Stream] = {
        "prose": SpanStream(stores["prose"], hiding, settings.noise, settings.mean_span),
        "tables": MaskedStream(stores["tables"], hiding, settings.hidden_cells),
        "sentences": MaskedStream(stores["sentences"], hiding),
    }
    return MixedStream(streams, shares), tally


def _held_out(
    mined: Path, tokenizer: TableTokenizer, settings: BaseSettings, folder: Path, seed: int
) -> MaskedStream:
    """Sentences of the held-out pages: how many of their hidden values does the model find?"""
    rows = (
        row for row in read_rows(parts(mined / "sentences")) if _is_held_out(row, settings, seed)
    )
    bounded = within(tokenizer, settings.window)
    windows = sentence_windows(islice(rows, _HELD_OUT), bounded, lambda name: True)
    store = write_tokens(folder / "held-out", windows)
    return MaskedStream(store, hiding_of(tokenizer, seed))


def _is_held_out(row: Row, settings: BaseSettings, seed: int) -> bool:
    return _picked(settings.held_out, seed, f"held out:{row['url']}")


def _needed_windows(settings: BaseSettings) -> float:
    """Windows that the steps can show, and half as many again; the rest need no tokens."""
    if not settings.max_steps:
        return math.inf
    tokens = settings.max_steps * settings.accumulate * settings.batch_tokens
    return 1.5 * tokens / settings.window


def _picked(part: float, seed: int, name: str) -> bool:
    return int(digest("base", str(seed), name)[:8], 16) < part * 16**8


def _new_model(settings: BaseSettings, tokenizer: TableTokenizer, seed: int) -> Any:
    from transformers import T5Config, T5ForConditionalGeneration, set_seed

    set_seed(seed)
    values: dict[str, Any] = {
        **SIZES[settings.size],
        "vocab_size": -(-len(tokenizer.hf) // 64) * 64,
        "dropout_rate": settings.dropout,
        "decoder_start_token_id": tokenizer.hf.pad_token_id,
        "pad_token_id": tokenizer.hf.pad_token_id,
        "eos_token_id": tokenizer.hf.eos_token_id,
        "attn_implementation": attention(),
    }
    return T5ForConditionalGeneration(T5Config(**values))


def _texts(documents: list[Path], tables: list[Path]) -> Iterator[str]:
    for row in read_rows(documents):
        yield from row["blocks"]
    for row in read_rows(tables):
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
