"""What each stage trains on: the question writer, pretraining, finetuning."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from gentap.documents.unread import Unread
from gentap.errors import InputError, SettingError
from gentap.model.checkpoints import load_seq2seq
from gentap.model.network import load_model
from gentap.model.tokenizer import TableTokenizer, load_tokenizer
from gentap.records import Example, Kind, example_from_row
from gentap.settings import (
    FinetuneSettings,
    LinearizerSettings,
    PretrainSettings,
    TrainingSettings,
    WriterSettings,
)
from gentap.store import REJECTED, StageFolder, Tally, parts, read_rows, write_text
from gentap.training.finish import finish_model
from gentap.training.streams import PairStream
from gentap.training.tokens import write_tokens
from gentap.training.trainer import train

KINDS: tuple[Kind, ...] = ("long", "cell")
Pair = tuple[list[int], list[int]] | Unread


def train_writer(
    base: str,
    settings: WriterSettings,
    linearizer: LinearizerSettings,
    folder: StageFolder,
    *,
    seed: int,
) -> dict[str, Any]:
    """Train the question writer on the pairs below ``folder`` (``pairs/train``, ``pairs/dev``)."""
    tokenizer = load_tokenizer(base, linearizer)
    tally = Tally()
    streams = {}
    for split in ("train", "dev"):
        rows = read_rows(parts(folder.path / "pairs" / split))
        pairs = _writer_pairs(rows, tokenizer, settings.max_target_tokens)
        store = write_tokens(folder.work / "tokens" / split, pairs)
        tally.add(store.tally)
        streams[split] = PairStream(store)
    if not len(streams["train"]):
        raise InputError("questions train: no question can be used; see rejected.jsonl.")
    model = load_seq2seq(base, vocabulary=len(tokenizer.hf), dropout=settings.dropout)
    dev = {"pairs": streams["dev"]} if len(streams["dev"]) else None
    stats = train(
        model,
        {"pairs": streams["train"]},
        dev,
        settings,
        folder.work,
        padding=tokenizer.hf.pad_token_id,
        seed=seed,
        label="writer",
    )
    finish_model(model, tokenizer, folder.path)
    return {**stats, **tally.to_json()}


def _writer_pairs(
    rows: Iterable[Mapping[str, Any]], tokenizer: TableTokenizer, longest: int
) -> Iterator[Pair]:
    for row in rows:
        source, target = (
            tokenizer.linearizer.mark_texts([(piece["mark"], piece["text"]) for piece in pieces])
            for pieces in (row["pieces"], row["target_pieces"])
        )
        if len(target) > min(longest, tokenizer.settings.max_tokens - 1):
            yield Unread(row["id"], "question too long to learn from", row["target"])
        elif len(source) >= tokenizer.settings.max_tokens:
            yield Unread(row["id"], "sentence too long for the model", row["target"])
        else:
            yield source, target


def pretrain(
    base: str,
    corpora: Mapping[Kind, Path],
    settings: PretrainSettings,
    linearizer: LinearizerSettings,
    folder: StageFolder,
    *,
    seed: int,
) -> dict[str, Any]:
    """Train both decoders, or one where only one corpus is given, on Example folders."""
    files = {kind: parts(corpora[kind]) for kind in KINDS if kind in corpora}
    for kind, path in corpora.items():
        if not files[kind]:
            raise InputError(f"{path}: holds no examples (part-*.parquet).")
    examples = {
        kind: (example_from_row(row) for row in read_rows(paths)) for kind, paths in files.items()
    }
    write_text(folder.path / REJECTED, "")
    return _train_table_model(
        base, examples, {}, settings, linearizer, folder, seed=seed, label="pretrain"
    )


def finetune(
    base: str,
    examples: Sequence[Example],
    dev: Sequence[Example],
    settings: FinetuneSettings,
    linearizer: LinearizerSettings,
    folder: StageFolder,
    *,
    seed: int,
) -> dict[str, Any]:
    """Train the decoders that the annotated examples have answers for."""
    kinds = [kind for kind in KINDS if any(example.kind == kind for example in examples)]
    split = {kind: [example for example in examples if example.kind == kind] for kind in kinds}
    dev_split = {kind: [example for example in dev if example.kind == kind] for kind in kinds}
    missing = [kind for kind in kinds if dev and not dev_split[kind]]
    if missing:
        raise SettingError(
            f"finetune: the training questions have {missing[0]} answers, those of dev have none. "
            "Add some to dev, or leave dev out."
        )
    return _train_table_model(
        base,
        split,
        dev_split if dev else {},
        settings,
        linearizer,
        folder,
        seed=seed,
        label="finetune",
    )


def _train_table_model(
    base: str,
    examples: Mapping[Kind, Iterable[Example]],
    dev: Mapping[Kind, Iterable[Example]],
    settings: TrainingSettings,
    linearizer: LinearizerSettings,
    folder: StageFolder,
    *,
    seed: int,
    label: str,
) -> dict[str, Any]:
    tokenizer = load_tokenizer(base, linearizer)
    tally = Tally()
    streams: dict[str, dict[str, PairStream]] = {"train": {}, "dev": {}}
    for split, corpora in (("train", examples), ("dev", dev)):
        for kind, corpus in corpora.items():
            counted = Tally()
            pairs = _table_pairs(corpus, tokenizer, settings.max_target_tokens, counted)
            store = write_tokens(folder.work / "tokens" / f"{split}-{kind}", pairs, counted)
            tally.add(store.tally)
            if not len(store):
                raise InputError(
                    f"{label}: no {kind} example of {split} fits the model "
                    f"({dict(tally.rejected)}). Raise linearizer.max_tokens or max_target_tokens."
                )
            streams[split][kind] = PairStream(store)
    model = load_model(base, vocabulary=len(tokenizer.hf), dropout=settings.dropout)
    stats = train(
        model,
        streams["train"],
        streams["dev"] or None,
        settings,
        folder.work,
        padding=tokenizer.hf.pad_token_id,
        seed=seed,
        label=label,
    )
    finish_model(model, tokenizer, folder.path)
    return {**stats, **tally.to_json()}


def _table_pairs(
    examples: Iterable[Example], tokenizer: TableTokenizer, longest: int, tally: Tally
) -> Iterator[Pair]:
    """Encode examples; a grammar's table must fit as it is, for its answer was computed on it."""
    limit = tokenizer.settings.max_tokens
    for example in examples:
        target = tokenizer.target_ids(example.answer)
        if len(target) > longest:
            yield Unread(example.id, "answer too long to learn from", example.answer)
            continue
        computed = example.origin == "grammar"
        encoded = tokenizer.linearizer.encode(
            example.question, example.table, example.cells, cut_table=not computed
        )
        if len(encoded.ids) > limit:
            yield Unread(example.id, "sampled table too long for the model", example.question)
            continue
        if encoded.question_cut:
            yield Unread(example.id, "question too long for the model", example.question)
            continue
        kept = sum(encoded.fitted.place(cell) is not None for cell in example.cells)
        tally.counts["examples"] += 1
        tally.counts["examples whose table was cut"] += len(encoded.fitted.rows) < len(
            example.table.rows
        )
        tally.counts["examples with all evidence kept"] += kept == len(example.cells)
        yield encoded.ids, target
