"""The whole chain in toy settings: one undisturbed run of it, and ways to break one off."""

import copy
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli_w

from gentap.runs.files.made_from import MADE_FROM

ROOT = Path(__file__).resolve().parents[1]
PAGES = ["data/pages/a*.html", "data/pages/b*.html"]
DEV, TEST, TRAIN = (f"data/qa/{name}.jsonl" for name in ("dev", "test", "train"))
SEED, WORKERS, QUESTIONS, RUN_TIMEOUT = 3, 2, 20, 600

TRAINING = {
    "max_steps": 15,
    "batch_tokens": 512,
    "dropout": 0.1,
    "precision": "fp32",
    "save_every": 5,
}
RECIPE: dict[str, Any] = {
    "seed": SEED,
    "workers": WORKERS,
    "linearizer": {"max_tokens": 192, "max_question_tokens": 32},
    "mine": {"inputs": PAGES, "exclude": [DEV, TEST], "shard_bytes": 1},
    "base": {
        **TRAINING,
        "size": "tiny",
        "vocabulary": 800,
        "window": 64,
        "lookup_steps": 5,
        "max_steps": 20,
        "optimizer": "adamw",
        "learning_rate": 5e-3,
    },
    # The shortest questions, learnt by heart: a writer that ends its questions after few steps.
    "writer": {
        **TRAINING,
        "data": ["data/reading/questions.json"],
        "held_out": 0.0,
        "max_entries": 2,
        "max_target_tokens": 24,
        "max_steps": 100,
        "batch_tokens": 256,
        "optimizer": "adamw",
        "learning_rate": 5e-3,
        "dropout": 0.0,
        "save_every": 25,
    },
    "write": {
        "max_question_tokens": 24,
        "batch_size": 8,
        "shard_records": 8,
        "beams": 2,
        "precision": "fp32",
        "filters": {
            "max_copied": 1.0,
            "min_grounded": 0.0,
            "max_new_words": 1.0,
            "min_mentions": 0,
            "min_said": 0,
            "min_left": 0,
            "match_kind": False,
        },
    },
    "sample": {"grammar": "grammars/english.grammar", "per_table": 20, "shard_tables": 1},
    "pretrain": {**TRAINING},
    "finetune": {**TRAINING, "train": [TRAIN], "dev": [DEV]},
    "evaluate": {
        "data": [TEST],
        "beams": 1,
        "max_answer_tokens": 16,
        "chunk": 4,
        "precision": "fp32",
    },
}

MODELS = ["base", "writer", "pretrained", "finetuned-base", "finetuned"]
REPORTS = ["reports/finetuned-base", "reports/pretrained", "reports/finetuned"]
FOLDERS = ["mined", *MODELS, "long", "cell", *REPORTS]
RESULTS = ["results.json", "results.md", "report.html", "report.md", "report.tex", "report.csv"]
RESULTS += ["references.bib"]
SYSTEMS = ["base, finetuned", "GenTaP, zero-shot", "GenTaP, finetuned"]
METRICS = ["bleu", "rouge1", "rouge2", "rougeL", "meteor"]


def environment(hash_seed: int | None = None) -> dict[str, str]:
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    offline = {"HF_HUB_OFFLINE": "1", "CUDA_VISIBLE_DEVICES": ""}
    values = {**os.environ, **offline, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"}
    values.pop("PYTHONHASHSEED", None)
    return values if hash_seed is None else {**values, "PYTHONHASHSEED": str(hash_seed)}


def gentap(
    *arguments: str | Path,
    fails: bool = False,
    python: tuple[str, ...] = (),
    hash_seed: int | None = None,
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, *python, "-m", "gentap.cli", *map(str, arguments)],
        cwd=ROOT,
        env=environment(hash_seed),
        capture_output=True,
        text=True,
        timeout=RUN_TIMEOUT,
    )
    assert done.returncode == int(fails), done.stderr
    return done


@contextmanager
def started(*arguments: str | Path) -> Iterator[subprocess.Popen[str]]:
    """A command in a process group of its own, which does not outlive the block."""
    with subprocess.Popen(
        [sys.executable, "-m", "gentap.cli", *map(str, arguments)],
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def wait_until(seen: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + RUN_TIMEOUT
    while not seen():
        assert process.poll() is None, f"ended too soon: {process.communicate()[1]}"
        assert time.monotonic() < deadline
        time.sleep(0.001)


def kill_when(seen: Callable[[], bool], *arguments: str | Path) -> None:
    with started(*arguments) as process:
        wait_until(seen, process)
        os.killpg(process.pid, signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL


def stamps(folder: Path, pattern: str = "*") -> dict[str, int]:
    """Times of change by file, but for locks, which every run opens."""
    return {
        str(path.relative_to(folder)): path.stat().st_mtime_ns
        for path in folder.rglob(pattern)
        if path.is_file() and path.name != ".lock"
    }


def content(folder: Path) -> dict[str, bytes]:
    """By file its bytes, but for what holds times."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != MADE_FROM)
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def write_recipe(folder: Path, **changes: dict[str, Any]) -> Path:
    """The recipe with some settings changed, its output below ``folder``."""
    recipe = copy.deepcopy(RECIPE)
    for section, values in changes.items():
        recipe[section].update(values)
    path = folder / "chain.toml"
    path.write_text(tomli_w.dumps({"output": str(folder / "out"), **recipe}))
    return path


@dataclass(frozen=True)
class Chain:
    """The undisturbed run."""

    recipe: Path
    output: Path
    printed: str

    def command(self, stage: str, output: Path, *options: str) -> list[str | Path]:
        """A stage by its own command, with this run's settings, on this run's folders."""
        base, mined = self.output / "base", self.output / "mined"
        commands: dict[str, list[str | Path]] = {
            "mine": ["mine", *PAGES, "--exclude", DEV, "--exclude", TEST],
            "base": ["base", mined],
            "writer": ["questions", "train", *RECIPE["writer"]["data"], "--base", base],
            "write": ["questions", "write", mined, "--writer", self.output / "writer"],
            "sample": ["sample", mined, "--base", base],
            "pretrain": [
                *["pretrain", "--base", base, "--cell", self.output / "cell"],
                *["--long", self.output / "long", "--long", self.output / "cell"],
            ],
            "finetune": ["finetune", "--model", self.output / "pretrained"],
            "evaluate": ["evaluate", "--model", self.output / "finetuned"],
        }
        seed = [] if stage in ("mine", "evaluate") else ["--seed", str(SEED)]
        return [*commands[stage], *seed, "--recipe", self.recipe, "-o", output, *options]

    def made_by(self, stage: str) -> Path:
        return self.output / {
            "mine": "mined",
            "write": "long",
            "sample": "cell",
            "pretrain": "pretrained",
            "finetune": "finetuned",
            "evaluate": "reports/finetuned",
        }.get(stage, stage)

    def copy_to(self, folder: Path, *names: str) -> None:
        """Copy output folders of this run, by name, to another run's output."""
        for name in names:
            shutil.copytree(self.output / name, folder / "out" / name)


def run_once(base: Path) -> Chain:
    """The undisturbed run below ``base``, made once; parallel test processes wait for the first
    one and share its folders."""
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "chain"
    folder.mkdir(exist_ok=True)
    printed = folder / "printed.txt"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not printed.exists():
            recipe = write_recipe(folder)
            printed.write_text(gentap("run", recipe, hash_seed=0).stdout)
    return Chain(folder / "chain.toml", folder / "out", printed.read_text())
