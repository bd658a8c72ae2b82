"""The whole chain through the command line: one undisturbed run, and runs that are broken off.

A full run with toy settings is made once. Stages are then run again on its folders, each into an
output folder of its own, and must write the very bytes that it wrote.
"""

import copy
import fcntl
import json
import os
import re
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

import pytest
import tomli_w

ROOT = Path(__file__).resolve().parents[1]
PAGES = ["data/pages/a*.html", "data/pages/b*.html"]
DEV, TEST, TRAIN = (f"data/qa/{name}.jsonl" for name in ("dev", "test", "train"))
SEED, WORKERS, QUESTIONS, RUN_TIMEOUT = 3, 2, 20, 600

TRAINING = {
    "epochs": 100,
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
RESULTS = ["results.json", "results.md", "report.html", "report.md"]
SYSTEMS = ["base, finetuned", "GenTaP, zero-shot", "GenTaP, finetuned"]
METRICS = ["bleu", "rouge1", "rouge2", "rougeL", "meteor"]
OF_EVERY_FOLDER = {".lock", "done.json", "recipe.toml", "rejected.jsonl", "stats.json"}
OF_A_REPORT = {
    "examples.parquet",
    "predictions.jsonl",
    "predictions.txt",
    "report.md",
    "scores.json",
    "statistics.parquet",
}
OF_A_MODEL = {
    "config.json",
    "generation_config.json",
    "linearizer.json",
    "model.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
}
TABLE_COLUMNS = ["title", "section", "caption", "header", "rows"]
EXAMPLE_COLUMNS = [
    *["id", "kind", "origin", "question", "answer"],
    *TABLE_COLUMNS,
    *["cells", "source", "alternatives"],
]
COLUMNS = {
    "mined/documents": ["url", "title", "blocks"],
    "mined/tables": ["id", "url", *TABLE_COLUMNS],
    "mined/sentences": [
        "id",
        "sentence",
        "url",
        *TABLE_COLUMNS,
        "row",
        "cells",
        "heading",
        "pronoun",
    ],
    "long": EXAMPLE_COLUMNS,
    "cell": EXAMPLE_COLUMNS,
}


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
    files = (path for path in folder.rglob("*") if path.is_file())
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
                *["pretrain", "--base", base],
                *["--long", self.output / "long", "--cell", self.output / "cell"],
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


@pytest.fixture(scope="session")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Chain:
    """Made once; parallel test processes wait for the first one and share its folders."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "chain"
    folder.mkdir(exist_ok=True)
    printed = folder / "printed.txt"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not printed.exists():
            recipe = write_recipe(folder)
            printed.write_text(gentap("run", recipe, hash_seed=0).stdout)
    return Chain(folder / "chain.toml", folder / "out", printed.read_text())


@pytest.mark.parametrize("name", FOLDERS)
def test_a_finished_folder_holds_what_it_should_and_nothing_else(chain: Chain, name: str) -> None:
    folder = chain.output / name
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert found >= OF_EVERY_FOLDER
    data = found - OF_EVERY_FOLDER
    parts = {path for path in data if re.fullmatch(r"(.*/)?part-\d{5}\.parquet", path)}
    if name in MODELS:
        pairs = {f"pairs/{split}/part-00000.parquet" for split in ("train", "dev")}
        assert data == OF_A_MODEL | ({*pairs, "writer.json"} if name == "writer" else set())
    elif name in REPORTS:
        assert data >= OF_A_REPORT
    else:
        assert parts
        assert data == parts


def test_nothing_stands_beside_the_folders_but_the_results(chain: Chain) -> None:
    assert {str(path.relative_to(chain.output)) for path in chain.output.iterdir()} == {
        *[name for name in FOLDERS if "/" not in name],
        *["reports", *RESULTS],
    }


@pytest.mark.parametrize("name", COLUMNS)
def test_a_corpus_loads_with_datasets(chain: Chain, name: str, tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    loaded = datasets.load_dataset(
        "parquet",
        data_files=str(chain.output / name / "part-*.parquet"),
        cache_dir=str(tmp_path),
        split="train",
    )
    assert loaded.column_names == COLUMNS[name]
    stats = json.loads((chain.output / name.partition("/")[0] / "stats.json").read_text())
    counted = "examples" if name in ("long", "cell") else name.partition("/")[2]
    assert len(loaded) == stats["counts"][counted] > 0
    for row in loaded:
        if "cells" not in row:
            continue
        assert row["cells"]
        values = [row["rows"][cell["row"]][cell["column"]] for cell in row["cells"]]
        if name == "cell":
            assert (row["kind"], row["origin"]) == ("cell", "grammar")
            assert row["answer"] in values
        if name == "long":
            assert (row["kind"], row["origin"]) == ("long", "mined")
            assert row["question"].endswith("?")


@pytest.mark.parametrize("name", MODELS)
def test_a_model_folder_loads_with_from_pretrained(chain: Chain, name: str) -> None:
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    from gentap.model.network import GenTapModel

    folder = chain.output / name
    kind: Any = AutoModelForSeq2SeqLM if name in ("base", "writer") else GenTapModel
    model, loading = kind.from_pretrained(folder, output_loading_info=True)
    assert not any(loading.values())
    assert all(weight.isfinite().all() for weight in model.parameters())
    tokenizer = AutoTokenizer.from_pretrained(folder)
    assert len(tokenizer) <= model.config.vocab_size
    assert tokenizer.decode(tokenizer("Apollo 11")["input_ids"], skip_special_tokens=True)


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_holds_all_scores_and_a_prediction_a_line(chain: Chain, name: str) -> None:
    folder = chain.output / name
    scores = json.loads((folder / "scores.json").read_text())
    assert set(METRICS) <= set(scores["signatures"]) == set(scores["intervals"]) <= set(scores)
    assert all(0 <= scores[name] <= 100 for name in scores["signatures"])
    assert all(scores["signatures"].values())
    rows = [json.loads(line) for line in (folder / "predictions.jsonl").read_text().splitlines()]
    said = (folder / "predictions.txt").read_text().split("\n")
    assert said == [*(row["prediction"] for row in rows), ""]
    asked = [json.loads(line) for line in (ROOT / TEST).read_text().splitlines()]
    assert len(rows) == len(asked) == QUESTIONS
    for row, question in zip(rows, asked, strict=True):
        assert (row["question"], row["reference"]) == (question["question"], question["answer"])


def test_the_predictions_of_a_report_get_its_scores_again(chain: Chain) -> None:
    folder = chain.output / "reports" / "finetuned"
    for name in ("predictions.txt", "predictions.jsonl"):
        said = gentap("score", "--predictions", folder / name, "--data", TEST, "--json")
        kept = json.loads((folder / "scores.json").read_text())
        assert json.loads(said.stdout) == kept


def test_the_results_bring_all_systems_together(chain: Chain) -> None:
    results = json.loads((chain.output / "results.json").read_text())
    assert results["recipe"] == "chain.toml"
    assert results["scores"] == {
        system: json.loads((chain.output / report / "scores.json").read_text())
        for system, report in zip(SYSTEMS, REPORTS, strict=True)
    }
    text = (chain.output / "results.md").read_text()
    assert text in chain.printed
    for system in SYSTEMS:
        (line,) = (line for line in text.splitlines() if line.startswith(f"| {system} "))
        shown = [float(cell) for cell in line.strip("|").split("|")[1:]]
        scores = results["scores"][system]
        assert shown == [round(scores[name], 2) for name in scores["signatures"]]
        assert len(re.findall(f"^{re.escape(system)}: ", text, re.MULTILINE)) == 3


def test_a_second_run_does_nothing_and_imports_no_torch(chain: Chain, tmp_path: Path) -> None:
    chain.copy_to(tmp_path, *FOLDERS[:8], "reports")
    before = stamps(tmp_path / "out")
    run = gentap("run", write_recipe(tmp_path), python=("-X", "importtime"))
    imported = re.findall(r"^import time:.*\| +(\S+)$", run.stderr, re.MULTILINE)
    said = [line for line in run.stderr.splitlines() if not line.startswith("import time:")]
    assert len(said) == len(FOLDERS)
    assert all(": done already, nothing to do (" in line for line in said)
    assert "gentap.stages.training" in imported
    assert not {"torch", "transformers"} & {name.partition(".")[0] for name in imported}
    after = stamps(tmp_path / "out")
    assert {after.pop(name) for name in RESULTS}
    assert after == before
    for name in RESULTS:
        said_now = (tmp_path / "out" / name).read_text()
        assert said_now == (chain.output / name).read_text()


@pytest.mark.parametrize(
    ("section", "change", "redone"),
    [
        ("evaluate", {"max_answer_tokens": 8}, REPORTS),
        (
            "sample",
            {"per_table": 19},
            ["cell", "pretrained", "finetuned", "reports/pretrained", "reports/finetuned"],
        ),
    ],
)
def test_a_changed_setting_redoes_its_stage_and_those_after_it(
    chain: Chain, tmp_path: Path, section: str, change: dict[str, Any], redone: list[str]
) -> None:
    chain.copy_to(tmp_path, *FOLDERS[:8], "reports")
    before = {name: stamps(tmp_path / "out" / name) for name in FOLDERS}
    gentap("run", write_recipe(tmp_path, **{section: change}))
    after = {name: stamps(tmp_path / "out" / name) for name in FOLDERS}
    for name in FOLDERS:
        changed = {file for file in before[name] if before[name][file] != after[name].get(file)}
        assert changed == (set(before[name]) if name in redone else set()), name


MARKS = {
    "mine": ".shards/*.json",
    "sample": ".shards/*.json",
    "write": ".shards/*.json",
    "evaluate": ".work/chunks/*.json",
}
CHECKPOINT = ".work/checkpoints/*/digests.json"
SLOW = [
    pytest.param(stage, marks=pytest.mark.slow)
    for stage in ("base", "writer", "finetune", "evaluate")
]


@pytest.mark.parametrize("stage", ["mine", "sample", "write", "pretrain", *SLOW])
def test_a_stage_killed_twice_keeps_what_it_has_and_ends_with_the_same_bytes(
    chain: Chain, tmp_path: Path, stage: str
) -> None:
    output = tmp_path / "out"
    command = chain.command(stage, output)
    mark = MARKS.get(stage, CHECKPOINT)
    kept: dict[str, int] = {}
    for _ in range(2):
        before = set(kept)
        kill_when(lambda known=before: bool(marked(output, mark) - known), *command)
        assert not (output / "done.json").exists()
        now = {name: (output / name).stat().st_mtime_ns for name in marked(output, mark)}
        assert kept.items() <= now.items()
        kept = now
    said = gentap(*command).stderr
    assert "going on with unfinished work" in said
    assert content(output) == content(chain.made_by(stage))


def marked(output: Path, mark: str) -> set[str]:
    return {str(path.relative_to(output)) for path in output.glob(mark)}


def test_a_run_killed_while_it_pretrains_ends_with_the_same_results(
    chain: Chain, tmp_path: Path
) -> None:
    chain.copy_to(tmp_path, "mined", "base", "writer", "long", "cell")
    output, recipe = tmp_path / "out", write_recipe(tmp_path)
    kill_when(lambda: bool(marked(output / "pretrained", CHECKPOINT)), "run", recipe)
    assert not (output / "pretrained" / "done.json").exists()
    said = gentap("run", recipe).stderr
    assert said.count("done already") == 6  # the base is finetuned before
    assert "pretrain: going on with unfinished work" in said
    for name in ("results.json", "finetuned/model.safetensors"):
        assert (output / name).read_bytes() == (chain.output / name).read_bytes()


def test_a_folder_in_use_is_refused_and_not_disturbed(chain: Chain, tmp_path: Path) -> None:
    output = tmp_path / "out"
    command = chain.command("mine", output)
    with started(*command) as process:
        wait_until(lambda: bool(marked(output, MARKS["mine"])), process)
        os.killpg(process.pid, signal.SIGSTOP)
        before = stamps(output)
        for options in ([], ["--overwrite"]):
            said = gentap(*command, *options, fails=True).stderr
            assert said.startswith(f"gentap: {output}: another run is writing to this folder.")
        assert stamps(output) == before
        os.killpg(process.pid, signal.SIGCONT)
        assert process.wait() == 0
    assert content(output) == content(chain.made_by("mine"))


@pytest.mark.parametrize(("stage", "options"), [("sample", ["--workers", "1"]), ("write", [])])
def test_neither_the_hash_seed_nor_the_workers_change_a_byte(
    chain: Chain, tmp_path: Path, stage: str, options: list[str]
) -> None:
    gentap(*chain.command(stage, tmp_path / "out", *options), hash_seed=1)
    assert content(tmp_path / "out") == content(chain.made_by(stage))
