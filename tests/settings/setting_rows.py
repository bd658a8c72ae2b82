"""A row for every setting: a value of its own, and where that can be seen.

A new setting fails ``test_every_setting.py`` until it has a row here. ``effect`` is a function of a
recipe that the value must change, under the settings ``given``; without one, it is what the stages'
fingerprints cover. Settings of pace (``pace``) must leave the fingerprints as they are.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from setting_effects import (
    Effect,
    decided,
    filtered,
    folders,
    linearized,
    mined,
    passed_on,
    sampled,
    training,
)


@dataclass(frozen=True)
class Row:
    """``given`` are settings by dotted name under which the value counts."""

    value: Any
    effect: Effect = decided
    pace: bool = False
    given: dict[str, Any] = field(default_factory=dict)


TRAINED = ("base", "writer", "pretrain", "finetune")
ROWS: dict[str, Row] = {
    # The run
    "extends": Row("below.toml", passed_on("", "extends"), pace=True),
    "output": Row("elsewhere", folders, pace=True),
    "reuse": Row("former", passed_on("", "reuse"), pace=True),
    "seed": Row(7),
    "workers": Row(3, passed_on("", "workers"), pace=True),
    "finetunings": Row(2, given={"finetune.train": ["qa.jsonl"]}),
    "note": Row("tried twice", passed_on("", "note"), pace=True),
    "variants": Row({"short": {"mine": {"max_words": 20}}}),
    "linearizer.max_tokens": Row(256, linearized),
    "linearizer.max_question_tokens": Row(32, linearized),
    "linearizer.max_cell_chars": Row(20, linearized),
    # Mining
    "mine.inputs": Row(["infobox.html"], given={"mine.infoboxes": True}, effect=mined),
    "mine.exclude": Row(["qa.jsonl"], mined),
    "mine.fields.url": Row("address", mined),
    "mine.fields.title": Row("name", mined),
    "mine.fields.text": Row(["prose"], mined),
    "mine.fields.tables": Row("others", mined),
    "mine.fields.section": Row("part", mined),
    "mine.fields.caption": Row("note", mined),
    "mine.fields.header": Row("top", mined),
    "mine.fields.rows": Row("lines", mined),
    "mine.fields.html": Row("page", mined),
    "mine.infoboxes": Row(True, mined, given={"mine.inputs": ["pages.jsonl", "infobox.html"]}),
    "mine.tableless": Row(True, mined, given={"mine.inputs": ["pages.jsonl", "plain.html"]}),
    "mine.shard_bytes": Row(1, mined, given={"mine.inputs": ["pages.jsonl", "infobox.html"]}),
    "mine.min_words": Row(8, mined),
    "mine.max_words": Row(8, mined),
    "mine.numbers": Row(False, mined),
    "mine.dates": Row(False, mined),
    "mine.names": Row(False, mined),
    "mine.row_probability": Row(0.98, mined),
    "mine.join": Row(True, mined),
    "mine.pronouns": Row("drop", mined),
    "mine.english": Row(0.5, mined),
    "mine.similar_sentence": Row(1.0, mined),
    "mine.similar_table": Row(0.05, mined, given={"mine.exclude": ["other.jsonl"]}),
    "mine.answer_words": Row(3, mined, given={"mine.exclude": ["qa.jsonl"]}),
    # The base
    "base.checkpoint": Row("t5-small"),
    "base.size": Row("tiny"),
    "base.vocabulary": Row(4000),
    "base.vocabulary_sentences": Row(1000),
    "base.window": Row(128),
    "base.noise": Row(0.3),
    "base.mean_span": Row(2.0),
    "base.hidden_cells": Row(0.3, given={"base.table_share": 0.1}),
    "base.table_share": Row(0.2),
    "base.sentence_share": Row(0.1),
    "base.lookup_share": Row(0.1),
    "base.lookup_steps": Row(10),
    "base.lookup_batch_tokens": Row(512),
    "base.held_out": Row(0.1),
    # The question writer
    "writer.data": Row(["squad.json"]),
    "writer.annotated": Row(["qa.jsonl"]),
    "writer.held_out": Row(0.3),
    "writer.max_entries": Row(4),
    "writer.max_answer_words": Row(6),
    "writer.tags": Row(False),
    "writer.dev_beams": Row(2),
    "writer.patience": Row(3),
    "write.backend": Row("ctranslate2"),
    "write.beams": Row(2),
    "write.temperature": Row(0.7),
    "write.top_p": Row(0.5, given={"write.temperature": 0.7}),
    "write.candidates": Row(2),
    "write.asked": Row(0),
    "write.max_question_tokens": Row(30),
    "write.batch_size": Row(8),
    "write.threads": Row(2, passed_on("write", "threads"), pace=True),
    "write.shard_records": Row(16),
    "write.min_probability": Row(0.6),
    "write.max_sentences": Row(100),
    "write.precision": Row("fp32"),
    "write.filters.min_words": Row(2, filtered),
    "write.filters.max_words": Row(5, filtered),
    "write.filters.max_copied": Row(1.0, filtered),
    "write.filters.min_grounded": Row(0.0, filtered),
    "write.filters.max_new_words": Row(1.0, filtered),
    "write.filters.min_mentions": Row(0, filtered),
    "write.filters.min_said": Row(0, filtered),
    "write.filters.min_left": Row(0, filtered),
    "write.filters.match_kind": Row(False, filtered),
    "write.filters.min_score": Row(-0.5, filtered),
    "write.filters.min_margin": Row(0.1),
    "write.filters.max_alike": Row(1.0, filtered),
    "write.filters.round_trip": Row("finetuned-base", given={"finetune.train": ["qa.jsonl"]}),
    "write.filters.min_overlap": Row(0.2, given={"write.filters.round_trip": "model"}),
    "write.filters.round_trips": Row(1, given={"write.filters.round_trip": "model"}),
    "write.endpoint.model": Row("large"),
    "write.endpoint.prompt": Row("prompt.txt"),
    "write.endpoint.max_tokens": Row(64),
    "write.linked.files": Row(["linked.jsonl"]),
    "write.linked.tables": Row("tables.jsonl"),
    "write.linked.exclude": Row(["qa.jsonl"]),
    "write.linked.fields.id": Row("other"),
    "write.linked.fields.sentence": Row("other"),
    "write.linked.fields.cells": Row("other"),
    "write.linked.fields.url": Row("other"),
    "write.linked.fields.title": Row("other"),
    "write.linked.fields.section": Row("other"),
    "write.linked.fields.caption": Row("other"),
    "write.linked.fields.header": Row("other"),
    "write.linked.fields.rows": Row("other"),
    "write.linked.fields.table": Row("other"),
    # Sampling
    "sample.grammar": Row("german", sampled),
    "sample.per_table": Row(2, sampled),
    "sample.sentences": Row(0.0, sampled),
    "sample.evidence_rows": Row([1.0, 0.0, 0.0, 0.0], sampled),
    "sample.unanswerable": Row(1.0, sampled),
    "sample.shard_tables": Row(1, sampled),
    "sample.attempts": Row(1),
    "sample.delimiter": Row(";"),
    "sample.encoding": Row("cp1252"),
    # Pretraining and finetuning
    "pretrain.mix.long": Row(2),
    "pretrain.mix.cell": Row(2),
    "pretrain.mix.masked": Row(1),
    "pretrain.mix.replaced": Row(1),
    "pretrain.stated": Row(0.25),
    "pretrain.hidden_cells": Row(0.3, given={"pretrain.mix.masked": 1}),
    "pretrain.swapped": Row(0.5),
    "pretrain.swap_words": Row("german", given={"pretrain.swapped": 0.5}),
    "pretrain.workers": Row(2, passed_on("pretrain", "workers"), pace=True),
    "finetune.train": Row(["qa.jsonl"]),
    "finetune.dev": Row(["dev.jsonl"], given={"finetune.train": ["qa.jsonl"]}),
    "finetune.task": Row("text", given={"finetune.train": ["qa.jsonl"]}),
    "finetune.shots": Row(1, given={"finetune.train": ["qa.jsonl"]}),
    "finetune.patience": Row(3, given={"finetune.train": ["qa.jsonl"]}),
    "finetune.dev_answers": Row(10, given={"finetune.train": ["qa.jsonl"]}),
    "finetune.canaries": Row(5, given={"finetune.train": ["qa.jsonl"]}),
    "finetune.private.epsilon": Row(8.0, given={"finetune.train": ["qa.jsonl"]}),
    "finetune.private.delta": Row(1e-6, given={"finetune.train": ["qa.jsonl"]}),
    "finetune.private.clip": Row(0.5, given={"finetune.train": ["qa.jsonl"]}),
    "finetune.private.batch": Row(32, given={"finetune.train": ["qa.jsonl"]}),
    "finetune.mend": Row("cohorts.json", given={"finetune.train": ["qa.jsonl"]}),
    "finetune.ewc.data": Row(["dev.jsonl"], given={"finetune.train": ["qa.jsonl"]}),
    "finetune.ewc.strength": Row(7.0, given={"finetune.train": ["qa.jsonl"]}),
    "finetune.ewc.examples": Row(50, given={"finetune.train": ["qa.jsonl"]}),
}
_TRAINED: dict[str, Callable[[str], Effect]] = {
    "dropout": lambda section: decided,
    "max_target_tokens": lambda section: decided,
    "keep_checkpoints": lambda section: passed_on(section, "keep_checkpoints"),
}
ROWS |= {
    f"cluster.{name}": Row(value, passed_on("cluster", name), pace=True)
    for name, value in {
        "engine": "ray",
        "cpus": 2,
        "memory_gb": 4,
        "partition": "main",
        "qos": "high",
        "time": "01:00:00",
        "setup": "module load python",
        "shards_per_job": 4,
        "stalled_seconds": 60,
    }.items()
}
_OPERATIONAL = {
    "key_variable": "OTHER_KEY",
    "concurrency": 8,
    "timeout": 30.0,
    "retries": 1,
    "backoff": 0.5,
    "max_requests": 10,
    "max_spent": 1000,
    "cache": "answers",
}
ROWS |= {
    f"{endpoint}.{name}": Row(value, passed_on(endpoint, name), pace=True)
    for endpoint in ("write.endpoint", "evaluate.judge")
    for name, value in _OPERATIONAL.items()
}
_ADAPTERS = {"rank": 8, "trunk": "frozen", "both_ways": True, "learning_rate": 1e-3}
ROWS |= {
    f"{section}.adapters.{name}": Row(value, given={"finetune.train": ["qa.jsonl"]})
    for section in ("writer", "pretrain", "finetune")
    for name, value in _ADAPTERS.items()
}
ROWS |= {
    f"{section}.{name}": Row(
        value,
        _TRAINED.get(name, training)(section),
        pace=name in ("keep_checkpoints", "report_to"),
        given={"finetune.train": ["qa.jsonl"]},
    )
    for section in TRAINED
    for name, value in {
        "epochs": 2.0,
        "max_steps": 3,
        "batch_tokens": 2048,
        "accumulate": 2,
        "optimizer": "adafactor" if section == "base" else "adamw",
        "learning_rate": 3e-4,
        "warmup": 0.5,
        "weight_decay": 0.3,
        "dropout": 0.0,
        "precision": "fp32",
        "save_every": 2,
        "keep_checkpoints": 5,
        "max_target_tokens": 50,
        "report_to": ["tensorboard"],
        "arguments": {"max_grad_norm": 0.5},
    }.items()
}  # fmt: skip
_JUDGED = {"evaluate.judge.address": "http://127.0.0.1:9/v1", "evaluate.judge.model": "small"}
_EVALUATED = {"finetune.train": ["qa.jsonl"], "evaluate.data": ["qa.jsonl"]}
ROWS |= {
    f"evaluate.{name}": Row(value, given=_EVALUATED | more)
    for name, value, more in [
        ("questions", 10, {}),
        ("task", "text", {}),
        ("protocol", "cased", {}),
        ("beams", 2, {}),
        ("max_answer_tokens", 32, {}),
        ("min_answer_tokens", 8, {}),
        ("length_penalty", 2.0, {}),
        ("tune_length", ["dev.jsonl"], {}),
        ("tune_questions", 20, {"evaluate.tune_length": ["dev.jsonl"]}),
        ("decoder", "long", {}),
        ("constrain_cells", True, {}),
        ("batch_size", 8, {}),
        ("chunk", 64, {}),
        ("precision", "fp32", {}),
        ("noise", "missing=0.1", {}),
        ("noise_questions", 10, {"evaluate.noise": "missing=0.1"}),
        ("noise_seed", 5, {"evaluate.noise": "missing=0.1"}),
        ("swap", "english", {}),
        ("swap_questions", 10, {"evaluate.swap": "english"}),
        ("judge.address", "http://127.0.0.1:9/v1", {"evaluate.judge.model": "small"}),
        ("judge.model", "large", _JUDGED),
        ("judge.prompt", "prompt.txt", _JUDGED),
        ("judge.max_tokens", 64, _JUDGED),
    ]
}  # fmt: skip
ROWS["evaluate.data"] = Row(["qa.jsonl"], given={"finetune.train": ["qa.jsonl"]})
