"""Real trainings killed at random moments and run again: the same weights, bit for bit."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from whole_chain import Chain, environment

KILLS = 20
ROOT = Path(__file__).resolve().parents[2]


def start(command: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "gentap", *command],
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def learnt(folder: Path) -> dict[str, bytes]:
    """Weights, vocabulary and settings of a finished folder, but for what holds times."""
    kept = ("*.safetensors", "*.json", "*.model", "*.toml")
    files = (file for pattern in kept for file in folder.rglob(pattern))
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in files
        if file.name != "made_from.json"
    }


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["base", "pretrain", "finetune"])
def test_a_killed_training_ends_with_the_weights_of_an_undisturbed_one(
    chain: Chain, tmp_path: Path, stage: str
) -> None:
    wanted = learnt(chain.made_by(stage))
    chance = random.Random(stage)
    folder = tmp_path / "out"
    command = [str(part) for part in chain.command(stage, folder)]
    begun = time.monotonic()
    assert start(command).wait() == 0
    took = time.monotonic() - begun
    assert learnt(folder) == wanted
    hit = attempt = 0
    while hit < KILLS:
        attempt += 1
        folder = tmp_path / f"killed-{attempt}"
        command = [str(part) for part in chain.command(stage, folder)]
        # A run may be killed several times before it ends: each kill counts.
        while hit < KILLS:
            process = start(command)
            time.sleep(chance.random() * took)
            if process.poll() is not None:
                break
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            hit += 1
            if chance.random() < 0.5:
                break
        assert start(command).wait() == 0
        assert learnt(folder) == wanted, f"kill {hit}"
