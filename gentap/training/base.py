"""A vocabulary and a small T5 from scratch, where no pretrained checkpoint is at hand."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gentap.errors import InputError
from gentap.model.device import attention
from gentap.model.tokenizer import (
    SENTINELS,
    TableTokenizer,
    load_saved_tokenizer,
    train_vocabulary,
)
from gentap.records import digest, table_from_row
from gentap.settings import BaseSettings, LinearizerSettings, Size
from gentap.store import StageFolder, parts, read_rows
from gentap.tables.linearize import table_pieces
from gentap.training.batches import DenoiseStream
from gentap.training.finish import finish_model
from gentap.training.tokens import write_tokens
from gentap.training.trainer import train

_VOCABULARY = "vocabulary"
_CHARACTERS_A_TOKEN = 3.0

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
    tokenizer = _vocabulary(documents, tables, settings, linearizer, folder.work, characters)
    share = _needed_share(settings, characters)
    windows = _windows(documents, tables, tokenizer, settings, share, seed)
    store = write_tokens(folder.work / "tokens", ((window, ()) for window in windows))
    if not len(store):
        raise InputError(f"{mined}: the documents are too short to learn from.")
    stream = DenoiseStream(
        store,
        [tokenizer.hf.convert_tokens_to_ids(f"<extra_id_{i}>") for i in range(SENTINELS)],
        tokenizer.hf.eos_token_id,
        settings.noise,
        settings.mean_span,
        seed,
    )
    model = _new_model(settings, tokenizer, seed)
    stats = train(
        model,
        {"pairs": stream},
        None,
        settings,
        folder.work,
        padding=tokenizer.hf.pad_token_id,
        seed=seed,
        label="base",
    )
    finish_model(model, tokenizer, folder.path)
    return {**stats, "vocabulary": len(tokenizer.hf), "characters": characters}


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


def _needed_share(settings: BaseSettings, characters: int) -> float:
    """The share of the corpus that the steps can show; the rest need not be tokenized."""
    if not settings.max_steps:
        return 1.0
    tokens = settings.max_steps * settings.accumulate * settings.batch_tokens
    return min(1.0, tokens * _CHARACTERS_A_TOKEN * 1.5 / max(characters, 1))


def _windows(
    documents: list[Path],
    tables: list[Path],
    tokenizer: TableTokenizer,
    settings: BaseSettings,
    share: float,
    seed: int,
) -> Iterator[list[int]]:
    """Windows of prose, and of linearized tables in the wanted proportion."""
    prose = _prose_windows(documents, tokenizer, settings.window, share, seed)
    grids = _table_windows(tables, tokenizer, settings.window, share, seed)
    if settings.table_share == 1:
        yield from grids
        return
    owed = 0.0
    for window in prose:
        yield window
        owed += settings.table_share / (1 - settings.table_share)
        while owed >= 1 and (table := next(grids, None)) is not None:
            yield table
            owed -= 1


def _picked(name: str, share: float, seed: int) -> bool:
    return int(digest("base", str(seed), name)[:8], 16) < share * 16**8


def _prose_windows(
    documents: list[Path], tokenizer: TableTokenizer, window: int, share: float, seed: int
) -> Iterator[list[int]]:
    end = tokenizer.hf.eos_token_id
    held: list[int] = []
    for row in read_rows(documents):
        for number, text in enumerate(row["blocks"]):
            if not _picked(f"{row['url']}:{number}", share, seed):
                continue
            held += [*tokenizer.hf(text, add_special_tokens=False)["input_ids"], end]
            while len(held) >= window:
                yield held[:window]
                held = held[window:]
    if len(held) >= 8:
        yield held


def _table_windows(
    tables: list[Path], tokenizer: TableTokenizer, window: int, share: float, seed: int
) -> Iterator[list[int]]:
    linearizer = tokenizer.linearizer
    for row in read_rows(tables):
        if _picked(row["id"], share, seed):
            ids = linearizer.table_ids(linearizer.fit(table_from_row(row)).table)
            if len(ids) >= 8:
                yield ids[:window]
