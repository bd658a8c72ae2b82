"""A commented recipe for documents and questions of one's own, and what its stages may take.

The times are estimates: sizes are counted, the speed of matrix products on this machine is
measured for a moment, and the rates between the two are those of the documentation.
"""

import json
import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gentap.errors import SettingError
from gentap.runs.counting import counted

RECIPE_MARK = "# Written by `gentap init`"
"""What tells a recipe of ours, which may be replaced, from others."""
_MINED_BYTES = 7e6
"""Bytes of HTML that a core mines in a second: half of what docs/mining.md measures."""
_UNPACKED = 5
"""How many times its size a compressed file unpacks to, roughly."""
_EFFICIENCY, _SEARCH_EFFICIENCY = 0.5, 0.1
"""Of the speed of large matrix products what a training step and a beam search have, roughly."""
_LONGEST, _ANSWER_TOKENS, _SYSTEMS = 512, 40, 3
_SCRATCH_PARAMETERS = 2.5e6
_BYTES_A_PARAMETER = 4


@dataclass(frozen=True, slots=True)
class OwnData:
    """What there is: documents, annotated questions, reading comprehension, a checkpoint."""

    documents: tuple[str, ...]
    train: tuple[str, ...] = ()
    dev: tuple[str, ...] = ()
    test: tuple[str, ...] = ()
    reading: tuple[str, ...] = ()
    base: str = ""
    grammar: str = "english"
    output: str = "runs/own"


@dataclass(frozen=True, slots=True)
class Machine:
    """Cores, and operations of a matrix product in a second, on all of them."""

    cores: int
    speed: float
    has_gpu: bool


def measure_machine() -> Machine:
    """Takes less than a second of each core.

    Processor time counts, so that a busy machine is not taken for a slow one.
    """
    import numpy as np

    square = np.ones((768, 768), dtype=np.float32)
    square @ square
    started, rounds = time.process_time(), 0  # of all threads together
    while (spent := time.process_time() - started) < 0.3:
        square @ square
        rounds += 1
    cores = len(os.sched_getaffinity(0))
    return Machine(
        cores, cores * rounds * 2 * 768**3 / spent, shutil.which("nvidia-smi") is not None
    )


def unread_questions(own: OwnData) -> list[str]:
    """What is assumed of the questions' files, and what of them can't be read."""
    from gentap.documents.annotated.reading import read_questions
    from gentap.documents.rejected import reading_told

    return [
        line
        for of, files in (("train ", own.train), ("dev ", own.dev), ("test ", own.test))
        for line in reading_told(read_questions(files).unread, of)
    ]


def recipe_text(own: OwnData, machine: Machine) -> str:
    """The recipe, with a line above each stage on what it makes and about how long it takes.

    Raises InputError for files that are not there, SettingError where there is nothing to train
    the question writer on.
    """
    if not own.reading and not own.train:
        raise SettingError(
            "init: a question writer needs questions to learn from: give annotated ones "
            "(--train), or reading comprehension in SQuAD layout (--reading; `gentap fetch "
            "squad`)."
        )
    parameters = _parameters(own.base)
    batch = 4096
    step = 6 * parameters * batch / (machine.speed * _EFFICIENCY)
    budget = _Budget(batch, step, 400 if own.base else 1000, _LONGEST if own.base else 384)
    sections = [
        _head(own, machine, budget),
        _mine(own, machine),
        _base(own, parameters, budget),
        _writer(own, budget),
        _examples(own),
        _pretrain(own, budget),
        *([_finetune(own, budget)] if own.train else []),
        *([_evaluate(own, machine, parameters, budget)] if own.test else []),
    ]
    return "\n".join(sections)


@dataclass(frozen=True, slots=True)
class _Budget:
    """Tokens a step, seconds a step, the writer's steps, and the longest input."""

    batch: int
    step: float
    writer: int
    tokens: int


def _head(own: OwnData, machine: Machine, budget: _Budget) -> str:
    gpu = (
        "# They are the processor's: a GPU trains many times as fast.\n" if machine.has_gpu else ""
    )
    return f"""\
{RECIPE_MARK}: above each stage stands what it makes and about how long it takes.
# Measured: {machine.cores} cores, {machine.speed / 1e9:,.0f} GFLOP/s in fp32. The times are rough
# estimates from that and from sizes, for a machine that does nothing else.
{gpu}# `gentap run` with this file does it all; what is done already is skipped.

output = {_toml(own.output)}
seed = 1
workers = {machine.cores}

# What the model reads at a time: tables above this are cut, rows least like the question first.
[linearizer]
max_tokens = {budget.tokens}
"""


def _mine(own: OwnData, machine: Machine) -> str:
    size, count = _documents(own.documents)
    files = counted(count, "file")
    return f"""\
# Tables and sentences of {files} of documents, {size / 1e6:,.1f} MB. What the sets below
# `exclude` hold is kept out of what is trained on: pages, tables and answers.
{_takes(2 + size / (_MINED_BYTES * machine.cores))}
[mine]
inputs = {_toml(own.documents)}
exclude = {_toml((*own.dev, *own.test))}
"""


def _base(own: OwnData, parameters: float, budget: _Budget) -> str:
    if own.base:
        return f"""\
# The checkpoint that all models begin from, about {parameters / 1e6:,.0f} M parameters.
[base]
checkpoint = {_toml(own.base)}
"""
    return f"""\
# No checkpoint is given: a tiny T5 is trained from scratch on the documents. That shows that the
# chain works; a pretrained base (checkpoint = "t5-base") answers far better.
{_takes(2400 * budget.step)}
[base]
size = "tiny"
max_steps = 2400
batch_tokens = {budget.batch}
dropout = 0.0
"""


def _writer(own: OwnData, budget: _Budget) -> str:
    annotated = f"annotated = {_toml(own.train)}\n" if own.train else ""
    more = "" if own.reading else " (`gentap fetch squad` has more to learn from)"
    return f"""\
# The question writer: questions turned round{more}.
{_takes(budget.writer * budget.step)}
[writer]
data = {_toml(own.reading)}
{annotated}{_steps(budget.writer, own, budget)}"""


def _examples(own: OwnData) -> str:
    return f"""\
# A question for each mined sentence. How many there are is known once they are mined.
[write]
max_sentences = 4000

# Questions whose answer is one cell, from a grammar: see `gentap grammar show english`.
[sample]
grammar = {_toml(own.grammar)}
per_table = 8
"""


def _pretrain(own: OwnData, budget: _Budget) -> str:
    return f"""\
# One encoder and two decoders, on both kinds of questions.
{_takes(1000 * budget.step)}
[pretrain]
{_steps(1000, own, budget)}"""


def _finetune(own: OwnData, budget: _Budget) -> str:
    """Epochs enough for some hundred steps, but not without end."""
    questions = _questions(own.train)
    in_a_step = max(1, budget.batch // budget.tokens)
    epochs = min(50, max(6, -(-150 * in_a_step // questions)))
    return f"""\
# On the {questions:,} annotated questions; the state that is best on dev is kept.
{_takes(epochs * questions / in_a_step * budget.step)}
[finetune]
train = {_toml(own.train)}
dev = {_toml(own.dev)}
epochs = {epochs}
batch_tokens = {budget.batch}
"""


def _evaluate(own: OwnData, machine: Machine, parameters: float, budget: _Budget) -> str:
    questions = _questions(own.test)
    read = budget.tokens + 4 * _ANSWER_TOKENS
    seconds = questions * _SYSTEMS * 2 * parameters * read / (machine.speed * _SEARCH_EFFICIENCY)
    return f"""\
# Answers of all systems to the {questions:,} test questions, their scores, and a report.
{_takes(seconds)}
[evaluate]
data = {_toml(own.test)}
"""


def _steps(steps: int, own: OwnData, budget: _Budget) -> str:
    scratch = "" if own.base else 'optimizer = "adamw"\nlearning_rate = 1e-3\ndropout = 0.0\n'
    return f"max_steps = {steps}\nbatch_tokens = {budget.batch}\n{scratch}"


def _takes(seconds: float) -> str:
    return f"# About {_clock(seconds)}."


def _documents(patterns: Sequence[str]) -> tuple[int, int]:
    """Bytes and number of the files of documents."""
    from gentap.documents.input_files import size_of
    from gentap.mining.mine import find_inputs
    from gentap.settings.sections import MineSettings

    files = find_inputs(MineSettings(inputs=list(patterns)))
    packed = (".gz", ".zst", ".tgz")
    sizes = (size_of(file) * (_UNPACKED if file.suffix in packed else 1) for file in files)
    return sum(sizes), len(files)


def _questions(files: Sequence[str]) -> int:
    from gentap.documents.annotated.reading import read_annotated

    return sum(len(read_annotated(Path(file))[0]) for file in files)


def _parameters(base: str) -> float:
    """Of a checkpoint's folder by the size of its weights, else by a size in its name."""
    if not base:
        return _SCRATCH_PARAMETERS
    weights = [*Path(base).glob("*.safetensors"), *Path(base).glob("*.bin")]
    if weights:
        return sum(file.stat().st_size for file in weights) / _BYTES_A_PARAMETER
    named = {"small": 60e6, "base": 220e6, "large": 740e6, "3b": 3e9, "xl": 3e9, "135m": 135e6}
    return next((count for size, count in named.items() if size in base.lower()), 220e6)


def _clock(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} seconds"
    if seconds < 5400:
        return f"{round(seconds / 60)} minutes"
    return f"{seconds / 3600:.0f} hours" if seconds < 172_800 else f"{seconds / 86_400:.0f} days"


def _toml(value: str | Sequence[str]) -> str:
    """A text or a list of such; JSON's notation of them is TOML's."""
    return json.dumps(value if isinstance(value, str) else list(value), ensure_ascii=False)
