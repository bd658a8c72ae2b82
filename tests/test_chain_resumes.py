"""Runs of the whole chain that are repeated, changed or broken off.

Stages are run again on the folders of the undisturbed run, each into an output folder of its own,
and must write the very bytes that it wrote.
"""

import os
import re
import signal
from pathlib import Path
from typing import Any

import pytest
from whole_chain import (
    FOLDERS,
    REPORTS,
    RESULTS,
    Chain,
    content,
    gentap,
    kill_when,
    stamps,
    started,
    wait_until,
    write_recipe,
)

from gentap.runs.store import is_done


def test_a_second_run_does_nothing_and_imports_no_torch(chain: Chain, tmp_path: Path) -> None:
    chain.copy_to(tmp_path, *FOLDERS[:8], "reports")
    before = stamps(tmp_path / "out")
    run = gentap("run", write_recipe(tmp_path), python=("-X", "importtime"))
    imported = re.findall(r"^import time:.*\| +(\S+)$", run.stderr, re.MULTILINE)
    said = [line for line in run.stderr.splitlines() if not line.startswith("import time:")]
    assert len(said) == len(FOLDERS)
    assert all(": done already, nothing to do (" in line for line in said)
    assert "gentap.stages.training_stages" in imported
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
        assert not is_done(output)
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
    assert not is_done(output / "pretrained")
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
