import shutil
from pathlib import Path

import pytest
import torch

from gentap.training.checkpoint import (
    drop_old,
    latest_checkpoint,
    load_optimizer,
    load_random,
    mark_complete,
    save_optimizer,
    save_random,
)


def make(folder: Path, step: int, *, complete: bool = True) -> Path:
    checkpoint = folder / f"checkpoint-{step}"
    checkpoint.mkdir(parents=True)
    (checkpoint / "model.safetensors").write_bytes(b"weights")
    if complete:
        mark_complete(checkpoint)
    return checkpoint


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_without_checkpoints_there_is_none(tmp_path: Path) -> None:
    (tmp_path / "checkpoint-best").mkdir()
    assert latest_checkpoint(tmp_path / "nowhere") is None
    assert latest_checkpoint(tmp_path) is None
    assert names(tmp_path) == ["checkpoint-best"]


def test_the_newest_complete_checkpoint_counts_and_incomplete_ones_go(tmp_path: Path) -> None:
    make(tmp_path, 900)
    newest = make(tmp_path, 1000)
    make(tmp_path, 1100, complete=False)
    make(tmp_path, 1200, complete=False)
    assert latest_checkpoint(tmp_path) == newest
    assert names(tmp_path) == ["checkpoint-1000", "checkpoint-900"]


def test_where_none_is_complete_the_training_starts_anew(tmp_path: Path) -> None:
    make(tmp_path, 10, complete=False)
    assert latest_checkpoint(tmp_path) is None
    assert names(tmp_path) == []


def test_the_newest_and_the_best_are_kept(tmp_path: Path) -> None:
    made = [make(tmp_path, step, complete=step != 20) for step in (8, 9, 10, 20, 30)]
    drop_old(tmp_path, 2, made[1])
    assert names(tmp_path) == ["checkpoint-20", "checkpoint-30", "checkpoint-9"]
    drop_old(tmp_path, 1, None)
    assert names(tmp_path) == ["checkpoint-30"]


def test_a_checkpoint_that_is_half_removed_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path, 1)
    make(tmp_path, 2)

    def interrupted(path: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", interrupted)
        with pytest.raises(KeyboardInterrupt):
            drop_old(tmp_path, 1, None)
    shutil.rmtree(tmp_path / "checkpoint-2")
    assert latest_checkpoint(tmp_path) is None


def optimization(
    start: list[float],
) -> tuple[torch.nn.Parameter, torch.nn.Parameter, object, object]:
    weight = torch.nn.Parameter(torch.tensor(start))
    unused = torch.nn.Parameter(torch.ones(2))
    optimizer = torch.optim.AdamW([unused, weight], lr=0.1)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 / (1 + step))
    return weight, unused, optimizer, schedule


def advance(weight: torch.nn.Parameter, optimizer, schedule, steps: int) -> None:
    for _ in range(steps):
        optimizer.zero_grad()
        (weight**3).sum().backward()
        optimizer.step()
        schedule.step()


def test_a_loaded_optimizer_goes_on_bit_for_bit(tmp_path: Path) -> None:
    weight, _, optimizer, schedule = optimization([0.3, -0.7, 1.1])
    advance(weight, optimizer, schedule, 3)
    save_optimizer(tmp_path, optimizer, schedule)
    other, unused, loaded, place = optimization(weight.tolist())
    load_optimizer(tmp_path, loaded, place)
    assert place.get_last_lr() == schedule.get_last_lr() == [0.1 / 4]
    advance(weight, optimizer, schedule, 4)
    advance(other, loaded, place, 4)
    assert torch.equal(other, weight)
    assert place.get_last_lr() == schedule.get_last_lr()
    assert torch.equal(unused, torch.ones(2))
    assert names(tmp_path) == ["optimizer.safetensors", "schedule.json"]


def test_loaded_randomness_goes_on_as_saved(tmp_path: Path) -> None:
    torch.manual_seed(3)
    torch.rand(5)
    save_random(tmp_path)
    wanted = torch.rand(4)
    torch.manual_seed(9)
    load_random(tmp_path)
    assert torch.equal(torch.rand(4), wanted)
    assert names(tmp_path) == ["random.safetensors"]
