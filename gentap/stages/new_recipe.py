"""A commented recipe for documents and questions of one's own, and what its stages may take.

The times are estimates: sizes are counted, the speed of matrix products on this machine is
measured for a moment, and the rates between the two are those of the documentation.
"""

import json
import math
import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gentap.errors import SettingError
from gentap.runs.counting import counted
from gentap.runs.files.output_files import refuse_others, write_text

_MARK = "# Written by `gentap init`"
_MEASURED = ("# About ", "# Measured: ", "# All of it: ")
"""How lines begin that differ from one time to the next."""
_MINED_BYTES = 7e6
"""Bytes of HTML that a core mines in a second: half of what docs/mining.md measures."""
_UNPACKED = 5
"""How many times its size a compressed file unpacks to, roughly."""
_EFFICIENCY, _SEARCH_EFFICIENCY = 0.5, 0.1
"""Of the speed of large matrix products what a training step and a beam search have, roughly."""
_LONGEST, _ANSWER_TOKENS, _SYSTEMS = 512, 40, 3
_LONG_STEP = 20.0
"""Seconds of a training step that are too many: smaller ones are taken then."""
_MOST_SENTENCES, _FEWEST_STEPS = 4000, 24
_SENTENCE_BYTES, _READING_BYTES, _PAIR_TOKENS = 2000, 400, 128
"""Bytes of documents for a mined sentence, and of a reading file for a question, roughly; tokens of
what a writer reads for one."""
_BYTES_A_TOKEN, _BASE_PASSES = 20, 20
"""Bytes of documents, markup and all, for a token of their tables and prose, roughly; how often a
base from scratch sees them."""
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


def write_recipe(path: Path, text: str, *, overwrite: bool = False) -> None:
    """Write a recipe, over nothing but the same one.

    Raises FolderError where another file is there, or a recipe of ours with changes since, unless
    it may be overwritten.
    """
    there = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    changed = (
        "is a recipe that was changed since, or one for other data"
        if there.startswith(_MARK)
        else "was not written by this command"
    )
    same = _lasting(there) == _lasting(text)
    refuse_others(path, lambda: same, overwrite=overwrite, other=changed)
    write_text(path, text)


def _lasting(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.startswith(_MEASURED)]


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
    budget = _budget(own, machine)
    parts = [
        _mine(own, machine),
        _base(own, budget),
        _writer(own, budget),
        _examples(own),
        _pretrain(own, budget),
        *([_finetune(own, budget)] if own.train else []),
        *([_evaluate(own, machine, budget)] if own.test else []),
    ]
    head = _head(own, machine, budget, sum(part.seconds for part in parts))
    return "\n".join([head, *(part.text for part in parts)])


@dataclass(frozen=True, slots=True)
class _Budget:
    """The model's parameters, tokens a step, seconds a step, and the longest input; ``asks`` where
    the recipe is to say that one."""

    parameters: float
    batch: int
    step: float
    tokens: int
    asks: bool


@dataclass(frozen=True, slots=True)
class _Part:
    """Some sections of the recipe, and the seconds that they take."""

    text: str
    seconds: float = 0.0


def _budget(own: OwnData, machine: Machine) -> _Budget:
    """Small steps where large ones would take long."""
    from gentap.model.tokenizer import saved_linearizer

    parameters = _parameters(own.base)
    token = 6 * parameters / (machine.speed * _EFFICIENCY)
    saved = saved_linearizer(Path(own.base)) if own.base else None
    tokens = saved.max_tokens if saved else _LONGEST if own.base else 384
    batch = 4096 if token * 4096 < _LONG_STEP or tokens > 512 else 1024
    return _Budget(parameters, batch, token * batch, tokens, asks=saved is None)


def _head(own: OwnData, machine: Machine, budget: _Budget, seconds: float) -> str:
    gpu = (
        "# They are the processor's: a GPU trains many times as fast.\n" if machine.has_gpu else ""
    )
    cut = f"""
# What the model reads at a time: tables above this are cut, rows least like the question first.
[linearizer]
max_tokens = {budget.tokens}
"""
    cores = counted(machine.cores, "core")
    return f"""\
{_MARK}: above each stage stands what it makes and about how long it takes.
# Measured: {cores}, {machine.speed / 1e9:,.0f} GFLOP/s in fp32. The times are rough
# estimates from that and from sizes, for a machine that does nothing else.
# All of it: about {_clock(seconds)}. Steps go by how much data there is.
{gpu}# `gentap run` with this file does it all; what is done already is skipped.

output = {_toml(own.output)}
seed = 1
workers = {machine.cores}
{cut if budget.asks else ""}"""


def _mine(own: OwnData, machine: Machine) -> _Part:
    size, count = _documents(own.documents)
    files = counted(count, "file")
    shown = f"{size / 1e6:,.1f} MB" if size >= 1e5 else f"{max(1, round(size / 1e3)):,} kB"
    seconds = 2 + size / (_MINED_BYTES * machine.cores)
    text = f"""\
# Tables and sentences of {files} of documents, {shown}. What the sets below
# `exclude` hold is kept out of what is trained on: pages, tables and answers.
{_takes(seconds)}
[mine]
inputs = {_toml(own.documents)}
exclude = {_toml((*own.dev, *own.test))}
"""
    return _Part(text, seconds)


def _base(own: OwnData, budget: _Budget) -> _Part:
    if own.base:
        return _Part(f"""\
# The checkpoint that all models begin from, about {budget.parameters / 1e6:,.0f} M parameters.
[base]
checkpoint = {_toml(own.base)}
""")
    size = _documents(own.documents)[0] / _BYTES_A_TOKEN
    steps = min(2400, max(_FEWEST_STEPS, math.ceil(_BASE_PASSES * size / budget.batch)))
    seconds = steps * budget.step
    text = f"""\
# No checkpoint is given: a tiny T5 is trained from scratch on the documents. That shows that the
# chain works; a pretrained base (checkpoint = "t5-base") answers far better.
{_takes(seconds)}
[base]
size = "tiny"
max_steps = {steps}
batch_tokens = {budget.batch}
dropout = 0.0
"""
    return _Part(text, seconds)


def _writer(own: OwnData, budget: _Budget) -> _Part:
    """Steps enough to see each question some times."""
    from gentap.documents.input_files import size_of

    annotated = f"annotated = {_toml(own.train)}\n" if own.train else ""
    more = "" if own.reading else " (`gentap fetch squad` has more to learn from)"
    questions = (
        _questions(own.train) + sum(size_of(Path(file)) for file in own.reading) / _READING_BYTES
    )
    steps = _steps(questions * _PAIR_TOKENS, 10, 400, own, budget)
    seconds = steps * budget.step
    text = f"""\
# The question writer: questions turned round{more}.
{_takes(seconds)}
[writer]
data = {_toml(own.reading)}
{annotated}{_training(steps, own, budget)}"""
    return _Part(text, seconds)


def _examples(own: OwnData) -> _Part:
    return _Part(f"""\
# A question for each mined sentence. How many there are is known once they are mined.
[write]
max_sentences = {_MOST_SENTENCES}

# Questions whose answer is one cell, from a grammar: see `gentap grammar show english`.
[sample]
grammar = {_toml(own.grammar)}
per_table = 8
""")


def _pretrain(own: OwnData, budget: _Budget) -> _Part:
    """Steps enough to see what the documents may give some times: as many cells as sentences."""
    sentences = min(_MOST_SENTENCES, _documents(own.documents)[0] / _SENTENCE_BYTES)
    steps = _steps(2 * sentences * budget.tokens / 2, 3, 1000, own, budget)
    seconds = steps * budget.step
    text = f"""\
# One encoder and two decoders, on both kinds of questions.
{_takes(seconds)}
[pretrain]
{_training(steps, own, budget)}"""
    return _Part(text, seconds)


def _finetune(own: OwnData, budget: _Budget) -> _Part:
    """Epochs enough for some hundred steps, but not without end."""
    questions = _questions(own.train)
    in_a_step = max(1, budget.batch // budget.tokens)
    epochs = min(50, max(6, -(-150 * in_a_step // questions)))
    seconds = epochs * questions / in_a_step * budget.step
    text = f"""\
# On {counted(questions, "annotated question")}; the state that is best on dev is kept.
{_takes(seconds)}
[finetune]
train = {_toml(own.train)}
dev = {_toml(own.dev)}
epochs = {epochs}
batch_tokens = {budget.batch}
"""
    return _Part(text, seconds)


def _evaluate(own: OwnData, machine: Machine, budget: _Budget) -> _Part:
    questions = _questions(own.test)
    read = budget.tokens + 4 * _ANSWER_TOKENS
    work = questions * _SYSTEMS * 2 * budget.parameters * read
    seconds = work / (machine.speed * _SEARCH_EFFICIENCY)
    text = f"""\
# Answers of all systems to {counted(questions, "test question")}, their scores, and a report.
{_takes(seconds)}
[evaluate]
data = {_toml(own.test)}
"""
    return _Part(text, seconds)


def _steps(tokens: float, passes: int, most: int, own: OwnData, budget: _Budget) -> int:
    """Steps that see so many tokens so often, from scratch oftener; within bounds."""
    often = passes if own.base else 4 * passes
    limit = most if own.base else 1000
    return min(limit, max(_FEWEST_STEPS, math.ceil(often * tokens / budget.batch)))


def _training(steps: int, own: OwnData, budget: _Budget) -> str:
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
        return counted(max(1, round(seconds)), "second")
    if seconds < 5400:
        return f"{round(seconds / 60)} minutes"
    return f"{seconds / 3600:.0f} hours" if seconds < 172_800 else f"{seconds / 86_400:.0f} days"


def _toml(value: str | Sequence[str]) -> str:
    """A text or a list of such; JSON's notation of them is TOML's."""
    return json.dumps(value if isinstance(value, str) else list(value), ensure_ascii=False)
