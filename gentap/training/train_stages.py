"""What each stage trains on: the question writer, pretraining, finetuning."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from gentap.documents.rejected import RejectedRecord
from gentap.errors import InputError
from gentap.model.loading.checkpoints import check_model
from gentap.model.loading.load import load_table_model, load_writer_model
from gentap.model.objectives import OBJECTIVES, ON_TABLES, Objective
from gentap.model.tokenizer import TableTokenizer, load_tokenizer
from gentap.records import PAIR_SCHEMA, TABLE_SCHEMA, Example, Kind
from gentap.runs.files.output_files import write_text
from gentap.runs.files.parquet_parts import parts, read_rows
from gentap.runs.store import OF_DEV, REJECTED, StageFolder, Tally
from gentap.settings.sections import LinearizerSettings
from gentap.settings.training_sections import (
    AdaptedSettings,
    FinetuneSettings,
    PretrainSettings,
    WriterSettings,
)
from gentap.training.data.examples import CorpusPart, EncodedPair, TableEncoder
from gentap.training.data.streams import (
    MaskedStream,
    MixedStream,
    PairStream,
    ReplacedStream,
    Stream,
)
from gentap.training.data.token_store import TokenStore, write_tokens
from gentap.training.data.windows import hiding_of, parting_of, table_cells, table_windows
from gentap.training.loop.consolidation import consolidate
from gentap.training.loop.finish_model import finish_model
from gentap.training.loop.private import train_privately
from gentap.training.loop.processes import is_main, main_first
from gentap.training.loop.trainer import train

KINDS: tuple[Kind, ...] = ("long", "cell")
_SENTENCES: frozenset[CorpusPart] = frozenset({"long", "stated"})
ExampleSource = Sequence[Example] | Sequence[Path]


def train_writer(
    base: str,
    settings: WriterSettings,
    linearizer: LinearizerSettings,
    folder: StageFolder,
    *,
    seed: int,
) -> dict[str, Any]:
    """Train the question writer on the pairs below ``folder`` (``pairs/train``, ``pairs/dev``).

    Raises InputError where no question can be used.
    """
    tokenizer = load_tokenizer(base, linearizer)
    tally, of_dev = Tally(), Tally()
    streams = {}
    with main_first():
        for split in ("train", "dev"):
            rows = read_rows(parts(folder.path / "pairs" / split), schema=PAIR_SCHEMA)
            pairs = _writer_pairs(rows, tokenizer, settings.max_target_tokens)
            store = write_tokens(folder.work / "tokens" / split, pairs)
            tally.add(store.tally)
            streams[split] = PairStream(store)
            if split == "dev":
                of_dev.add(store.tally)
                of_dev.counts["examples"] += len(streams[split])
    if not len(streams["train"]):
        raise InputError("questions train: no question can be used; see rejected.jsonl.")
    model = load_writer_model(base, tokenizer, dropout=settings.dropout, adapters=settings.adapters)
    trained = train(
        model,
        {"pairs": streams["train"]},
        {"pairs": streams["dev"]} if len(streams["dev"]) else None,
        settings,
        folder.work,
        padding=tokenizer.hf.pad_token_id,
        seed=seed,
        label="writer",
        command="questions train",
        patience=settings.patience,
    )
    finish_model(model, trained, tokenizer, folder.path)
    return {**trained.stats, **tally.to_json(), OF_DEV: of_dev.to_json()}


def _writer_pairs(
    rows: Iterable[Mapping[str, Any]], tokenizer: TableTokenizer, longest: int
) -> Iterator[EncodedPair]:
    for row in rows:
        source, target = (
            tokenizer.linearizer.mark_texts(
                [(piece["mark"], piece["text"]) for piece in row[name]], target=target
            )
            for name, target in (("pieces", False), ("target_pieces", True))
        )
        if not any(piece["text"].strip() for piece in row["target_pieces"]):
            yield RejectedRecord(row["id"], "question without a token", row["target"])
        elif len(target) > min(longest, tokenizer.settings.max_tokens - 1):
            yield RejectedRecord(row["id"], "question too long to learn from", row["target"])
        elif len(source) >= tokenizer.settings.max_tokens:
            yield RejectedRecord(row["id"], "sentence too long for the model", row["target"])
        else:
            yield source, target


def pretrain(
    base: str,
    corpora: Mapping[Objective, Sequence[Path]],
    settings: PretrainSettings,
    linearizer: LinearizerSettings,
    folder: StageFolder,
    *,
    seed: int,
) -> dict[str, Any]:
    """Train both decoders, or one where the mix or the corpora hold only its examples.

    ``corpora`` are Example folders for ``long`` and ``cell``, of which the examples of that kind
    are taken, and mined folders for ``masked`` and ``replaced``, whose tables have cells hidden or
    exchanged. ``stated`` of the ``long`` examples are those that a grammar states, where there are
    others: by their numbers a few hundred written ones would be lost among them.

    Raises InputError where a corpus is empty or no example fits the model.
    """
    files: dict[Objective, list[Path]] = {kind: [] for kind in OBJECTIVES if kind in corpora}
    for kind, found in files.items():
        for corpus in corpora[kind]:
            held = parts(corpus / "tables" if kind in ON_TABLES else corpus)
            if not held:
                what = "tables (tables/part-*.parquet)" if kind in ON_TABLES else "examples"
                raise InputError(f"{corpus}: holds no {what} (part-*.parquet).")
            found += held
    examples: dict[CorpusPart, Sequence[Path]] = {
        kind: files[kind] for kind in KINDS if kind in files
    }
    if settings.stated > 0 and "long" in examples:
        examples["stated"] = examples["long"]
    if is_main():
        write_text(folder.path / REJECTED, "")
    return _train_table_model(
        base,
        examples,
        {},
        settings,
        linearizer,
        folder,
        seed=seed,
        label="pretrain",
        tables={kind: files[kind] for kind in ON_TABLES if kind in files},
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
    former: Sequence[Example] = (),
) -> dict[str, Any]:
    """Train the decoders that the annotated examples have answers for.

    What the model can do of the ``former`` examples is kept, as ``settings.ewc`` says.

    Raises SettingError where dev lacks a kind of answer that is trained, InputError where no
    example fits the model.
    """
    by_kind = _by_kind(examples)
    dev_split = {kind: [example for example in dev if example.kind == kind] for kind in by_kind}
    return _train_table_model(
        base,
        by_kind,
        dev_split if dev else {},
        settings,
        linearizer,
        folder,
        seed=seed,
        label="finetune",
        former=_by_kind(former),
    )


def _share_sentences(streams: dict[str, Stream], stated: float) -> None:
    """Join the sentences that are written and those that a grammar states to one stream."""
    by_grammar, written = streams.pop("stated", None), streams.get("long")
    if by_grammar is not None and written is not None:
        both = {"long": written, "stated": by_grammar}
        streams["long"] = MixedStream(both, {"long": 1 - stated, "stated": stated})
    elif by_grammar is not None:
        streams["long"] = by_grammar


def _filled(
    stores: Mapping[CorpusPart, TokenStore], label: str, split: str
) -> dict[CorpusPart, TokenStore]:
    """Those that hold anything; of the sentences, those of a grammar or all others may be missing.

    Raises InputError where nothing else is there to learn a kind of answer from.
    """
    filled = {part: store for part, store in stores.items() if len(store)}
    for part in stores:
        alike = _SENTENCES if part in _SENTENCES else {part}
        if filled.keys() & alike:
            continue
        rejected: Counter[str] = Counter()
        for one in stores.keys() & alike:
            rejected.update(stores[one].tally["rejected"])
        if not rejected:
            raise InputError(
                f"{label}: no {part} example of {split} in what was given. Sentences that a "
                "grammar states are left out where pretrain.stated is 0."
            )
        reasons = ", ".join(f"{reason}: {n:,}" for reason, n in sorted(rejected.items()))
        raise InputError(
            f"{label}: no {part} example of {split} fits the model ({reasons}). Raise "
            "linearizer.max_tokens or max_target_tokens."
        )
    return filled


def _table_stream(
    objective: Objective,
    files: Sequence[Path],
    settings: PretrainSettings,
    tokenizer: TableTokenizer,
    folder: StageFolder,
    seed: int,
) -> MaskedStream | ReplacedStream:
    """Tables whose cells are hidden or exchanged, anew in every epoch."""
    rows = read_rows(files, schema=TABLE_SCHEMA)
    where = folder.work / "tokens" / f"train-{objective}"
    share = settings.hidden_cells
    if objective == "replaced":
        store = write_tokens(where, table_cells(rows, tokenizer))
        return ReplacedStream(store, tokenizer.linearizer, parting_of(tokenizer), share, seed)
    hiding = hiding_of(tokenizer, seed)
    store = write_tokens(where, table_windows(rows, tokenizer, lambda name: True))
    return MaskedStream(store, hiding, share)


def _by_kind(examples: Sequence[Example]) -> dict[CorpusPart, Sequence[Example]]:
    """The examples of each kind of answer that there are any of."""
    split: dict[CorpusPart, Sequence[Example]] = {
        kind: [one for one in examples if one.kind == kind] for kind in KINDS
    }
    return {kind: of_kind for kind, of_kind in split.items() if of_kind}


def _train_table_model(
    base: str,
    examples: Mapping[CorpusPart, ExampleSource],
    dev: Mapping[CorpusPart, ExampleSource],
    settings: AdaptedSettings,
    linearizer: LinearizerSettings,
    folder: StageFolder,
    *,
    seed: int,
    label: str,
    tables: Mapping[Objective, Sequence[Path]] | None = None,
    former: Mapping[CorpusPart, ExampleSource] | None = None,
) -> dict[str, Any]:
    check_model(base)  # before examples are tokenized for it
    encoder = TableEncoder(base, linearizer, settings.max_target_tokens)
    tokenizer = encoder.tokenizer
    workers = settings.workers if isinstance(settings, PretrainSettings) else 1
    tally, of_dev = Tally(), Tally()
    streams: dict[str, dict[str, Stream]] = {"train": {}, "dev": {}, "former": {}}
    with main_first():
        for split, corpora in (("train", examples), ("dev", dev), ("former", former or {})):
            stores: dict[CorpusPart, TokenStore] = {}
            for part, corpus in corpora.items():
                counted = Tally()
                pairs = encoder.encode(corpus, part, counted, workers)
                store = write_tokens(folder.work / "tokens" / f"{split}-{part}", pairs, counted)
                if split != "former":
                    tally.add(store.tally)
                if split == "dev":
                    of_dev.add(store.tally)
                stores[part] = store
            filled = _filled(stores, label, split)
            streams[split] = {part: PairStream(store) for part, store in filled.items()}
        for objective, files in (tables or {}).items():
            assert isinstance(settings, PretrainSettings)
            stream = _table_stream(objective, files, settings, tokenizer, folder, seed)
            tally.add(stream.store.tally)
            streams["train"][objective] = stream
    sizes = {name: len(stream) for name, stream in streams["train"].items()}
    if isinstance(settings, PretrainSettings):
        _share_sentences(streams["train"], settings.stated)
    model = load_table_model(
        base, tokenizer=tokenizer, dropout=settings.dropout, adapters=settings.adapters
    )
    if isinstance(settings, FinetuneSettings) and settings.private.epsilon > 0:
        private = train_privately(
            model,
            streams["train"],
            settings,
            padding=tokenizer.hf.pad_token_id,
            seed=seed,
            label=label,
        )
        finish_model(model, private, tokenizer, folder.path)
        write_text(folder.path / REJECTED, "")  # it would name private examples
        return {**private.stats, **tally.to_json(), OF_DEV: of_dev.to_json()}
    hold = None
    if streams["former"] and isinstance(settings, FinetuneSettings):
        hold = consolidate(
            model,
            streams["former"],
            settings.ewc.strength,
            padding=tokenizer.hf.pad_token_id,
        )
    trained = train(
        model,
        streams["train"],
        streams["dev"] or None,
        settings,
        folder.work,
        padding=tokenizer.hf.pad_token_id,
        seed=seed,
        label=label,
        hold=hold,
        mix=settings.mix.model_dump() if isinstance(settings, PretrainSettings) else None,
        patience=settings.patience if isinstance(settings, FinetuneSettings) else 0,
        dev_answers=settings.dev_answers if isinstance(settings, FinetuneSettings) else 0,
    )
    held = {} if hold is None else {"ewc": {"examples": hold.examples, "penalty": hold.penalty()}}
    finish_model(model, trained, tokenizer, folder.path)
    counts = {"examples": sizes, **tally.to_json(), OF_DEV: of_dev.to_json()}
    return {**trained.stats, **held, **counts}
