"""One training in two processes on this machine (gloo)."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import yaml

HERE = Path(__file__).parents[1]
SCRIPTS = HERE.parents[1] / "scripts" / "recipes"


def launch(processes: int, script: str, *arguments: str) -> str:
    command = [sys.executable, str(HERE / script), *arguments]
    if processes > 1:
        launcher = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
        command[1:1] = launcher
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=600,
        env={**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""},
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stderr


@pytest.mark.parametrize("kind", ["t5", "whole", "adapter", "frozen"])
def test_two_processes_train_as_one_that_accumulates_twice(tmp_path: Path, kind: str) -> None:
    launch(1, "two_processes.py", str(tmp_path / "one"), "2", "6", kind)
    said = launch(2, "two_processes.py", str(tmp_path / "two"), "1", "6", kind)
    assert said.count("6/6 steps") == 1
    one, two = (json.loads((tmp_path / name / "stats.json").read_text()) for name in ("one", "two"))
    assert one["steps"] == two["steps"] == 6
    assert one["examples"] == two["examples"]
    for entry, other in zip(one["history"], two["history"], strict=True):
        assert entry.keys() == other.keys()
        assert other == pytest.approx(entry, rel=1e-4)
    weights = [torch.load(tmp_path / name / "weights.pt") for name in ("one", "two")]
    for name, weight in weights[0].items():
        assert torch.allclose(weights[1][name], weight, atol=1e-4), name
    for name in ("one", "two"):
        (checkpoint, *_) = sorted((tmp_path / name / "checkpoints").glob("checkpoint-*"))
        count = len(list(checkpoint.glob("random-*")))
        assert count == {"one": 1, "two": 2}[name]


@pytest.mark.parametrize("arguments", [["--cpu"], []])
def test_processes_that_accelerate_does_not_start_are_missed(
    tmp_path: Path, arguments: list[str]
) -> None:
    launcher = ["-m", "accelerate.commands.launch", *arguments, "--num_processes", "2"]
    command = [sys.executable, *launcher, str(HERE / "two_processes.py"), str(tmp_path), "1", "1"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, env=environment)
    assert done.returncode == 0, done.stderr[-4000:]
    told = "`accelerate launch` was asked for several processes and started one"
    assert done.stderr.count(told) == 1
    assert "torchrun --nproc-per-node 2" in done.stderr


def test_a_process_alone_or_one_of_several_is_not_told_so(tmp_path: Path) -> None:
    for processes in (1, 2):
        folder = str(tmp_path / str(processes))
        assert "accelerate" not in launch(processes, "two_processes.py", folder, "1", "1")


def test_a_model_in_parts_is_saved_whole_and_goes_on_equal(tmp_path: Path) -> None:
    launch(2, "parts_of_a_model.py", str(tmp_path))
    assert (tmp_path / "equal").exists()


@pytest.mark.parametrize("name", ["fsdp.yaml", "deepspeed.yaml"])
def test_the_launchers_settings_are_known_to_accelerate(name: str) -> None:
    from accelerate.commands.config.config_args import load_config_from_file

    path = SCRIPTS / name
    config = load_config_from_file(str(path))
    given = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert config.distributed_type == given["distributed_type"]
    assert config.num_processes == given["num_processes"]


def test_the_fsdp_settings_make_a_plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    from accelerate.utils import FullyShardedDataParallelPlugin

    given = yaml.safe_load((SCRIPTS / "fsdp.yaml").read_text(encoding="utf-8"))["fsdp_config"]
    for name, value in given.items():
        variable = name.upper() if name.startswith("fsdp_") else f"FSDP_{name.upper()}"
        monkeypatch.setenv(variable, str(value))
    plugin = FullyShardedDataParallelPlugin()
    assert plugin.fsdp_version == 2
    assert "FULL_STATE_DICT" in str(plugin.state_dict_type)
    assert plugin.auto_wrap_policy is not None
