"""Trainings that are broken off, and what they leave."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import SafetensorError
from toy_training import same

from gentap.errors import WorkerError
from gentap.training.loop import trainer
from gentap.training.loop.trainer import CHECKPOINTS


@pytest.mark.parametrize(
    "changes",
    [
        {"save_every": 2},
        {"save_every": 3, "accumulate": 2},
        {"save_every": 5, "dev": True, "keep_checkpoints": 1},
        {"save_every": 3, "optimizer": "adafactor", "learning_rate": 0.02},
        {"save_every": 5, "max_steps": 40, "epochs": 9, "batch_tokens": 60, "breaks_at": 24},
        {"save_every": 3, "trunk": "whole", "optimizer": "adafactor", "dev": True},
        {"save_every": 2, "trunk": "adapter"},
        {"save_every": 2, "trunk": "frozen", "accumulate": 2},
    ],
    ids=[
        *["plain", "accumulated", "dev", "adafactor", "between logs"],
        *["decoder-only", "adapters alone", "frozen trunk"],
    ],
)
def test_a_resumed_training_ends_as_an_undisturbed_one(tmp_path, run, changes) -> None:
    breaks_at = changes.pop("breaks_at", 20)
    stats, wanted = run("whole", **changes)
    with pytest.raises(KeyboardInterrupt):
        run("broken", breaks_at=breaks_at, **changes)
    left = list((tmp_path / "broken" / CHECKPOINTS).glob("checkpoint-*"))
    assert 0 < max(int(path.name.partition("-")[2]) for path in left) < stats["steps"]
    resumed, found = run("broken", **changes)
    assert resumed == stats
    assert same(found, wanted)


def test_the_seed_decides_the_training(run: Callable[..., Any], tmp_path: Path) -> None:
    stats, wanted = run("one", save_every=4)
    again, found = run("two", save_every=100)
    assert same(found, wanted)
    assert again == stats
    assert not same(run("three", learning_rate=0.02)[1], wanted)


def test_a_kill_while_a_checkpoint_is_written_loses_that_one_alone(
    tmp_path: Path, run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    stats, wanted = run("whole", save_every=2)
    write = trainer.publish

    def killed_at_four(written: Path, folder: Path) -> Path:
        if written.name == "checkpoint-4":
            (written / "model.safetensors").write_bytes(b"half")
            raise KeyboardInterrupt
        return write(written, folder)

    with monkeypatch.context() as patch:
        patch.setattr(trainer, "publish", killed_at_four)
        with pytest.raises(KeyboardInterrupt):
            run("broken", save_every=2, keep_checkpoints=1)
    folder = tmp_path / "broken" / CHECKPOINTS
    assert {path.name for path in folder.iterdir()} == {"checkpoint-2", "aside"}
    resumed, found = run("broken", save_every=2, keep_checkpoints=1)
    assert resumed == stats
    assert same(found, wanted)


def test_a_damaged_checkpoint_is_passed_over(tmp_path: Path, run, capsys) -> None:
    stats, wanted = run("whole", save_every=2)
    with pytest.raises(KeyboardInterrupt):
        run("broken", save_every=2, breaks_at=26)
    kept = sorted((tmp_path / "broken" / CHECKPOINTS).glob("checkpoint-*"))
    assert len(kept) == 2
    newest = max(kept, key=lambda path: int(path.name.partition("-")[2]))
    weights_file = newest / "model.safetensors"
    damaged = bytearray(weights_file.read_bytes())
    damaged[-1] ^= 1
    weights_file.write_bytes(damaged)
    resumed, found = run("broken", save_every=2)
    assert f"{newest.name}: damaged (model.safetensors" in capsys.readouterr().err
    assert resumed == stats
    assert same(found, wanted)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (torch.OutOfMemoryError("CUDA out of memory. Tried"), r"memory ran out on a batch of \d+"),
        (RuntimeError("[enforce fail at alloc] can't allocate memory: you"), "batch_tokens"),
        (MemoryError(), "gradient_checkpointing"),
        (OSError(28, "No space left on device"), "disk is full.*Free some space"),
        (SafetensorError("I/O error: No space left on device (os error 28)"), "disk is full"),
    ],
    ids=["gpu", "cpu", "python", "disk", "safetensors"],
)
def test_what_the_machine_lacks_is_told_with_the_last_good_checkpoint(
    run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, error: Exception, said: str
) -> None:
    stats, wanted = run("whole", save_every=2)
    save = trainer.save_optimizer
    saved = []

    def fails_at_the_third(*args: Any) -> None:
        if len(saved) == 2:
            raise error
        saved.append(save(*args))

    with monkeypatch.context() as patch:
        patch.setattr(trainer, "save_optimizer", fails_at_the_third)
        with pytest.raises(WorkerError, match=said) as caught:
            run("broken", save_every=2)
    assert "checkpoint-4." in str(caught.value)
    resumed, found = run("broken", save_every=2)
    assert resumed == stats
    assert same(found, wanted)


def test_another_error_is_not_disguised(run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: Any) -> None:
        raise RuntimeError("shapes differ")

    monkeypatch.setattr(trainer, "save_optimizer", broken)
    with pytest.raises(RuntimeError, match="shapes differ"):
        run("out", save_every=1)
