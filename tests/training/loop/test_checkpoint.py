import shutil
from pathlib import Path

import pytest
import torch

from gentap.training.loop.checkpoint import (
    checkpoints,
    drop_old,
    latest_checkpoint,
    load_optimizer,
    load_random,
    publish,
    save_optimizer,
    save_random,
    staging_folder,
)


def make(folder: Path, step: int, weights: bytes = b"weights") -> Path:
    written = staging_folder(folder) / f"checkpoint-{step}"
    written.mkdir(parents=True)
    (written / "model.safetensors").write_bytes(weights)
    (written / "trainer_state.json").write_text("{}")
    return publish(written, folder)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != "aside")


@pytest.fixture
def told() -> list[str]:
    return []


def test_without_checkpoints_there_is_none(tmp_path: Path, told: list[str]) -> None:
    (tmp_path / "checkpoint-best").mkdir()
    assert latest_checkpoint(tmp_path / "nowhere", told.append) is None
    assert latest_checkpoint(tmp_path, told.append) is None
    assert names(tmp_path) == ["checkpoint-best"]
    assert told == []


def test_the_newest_checkpoint_counts_and_what_a_kill_left_goes(tmp_path: Path, told) -> None:
    make(tmp_path, 900)
    newest = make(tmp_path, 1000)
    half = staging_folder(tmp_path) / "checkpoint-1100"
    half.mkdir()
    (half / "model.safetensors").write_bytes(b"ha")
    assert latest_checkpoint(tmp_path, told.append) == newest
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint-1000", "checkpoint-900"]
    assert told == []


def cut_short(checkpoint: Path) -> None:
    (checkpoint / "model.safetensors").write_bytes(b"weigh")


def bit_flipped(checkpoint: Path) -> None:
    (checkpoint / "model.safetensors").write_bytes(b"weighus")


def file_lost(checkpoint: Path) -> None:
    (checkpoint / "trainer_state.json").unlink()


def list_lost(checkpoint: Path) -> None:
    (checkpoint / "digests.json").unlink()


def list_broken(checkpoint: Path) -> None:
    (checkpoint / "digests.json").write_text("[1, 2")


@pytest.mark.parametrize("damage", [cut_short, bit_flipped, file_lost, list_lost, list_broken])
def test_a_damaged_checkpoint_is_named_and_the_one_before_is_used(tmp_path, told, damage) -> None:
    before = make(tmp_path, 10)
    damage(make(tmp_path, 20))
    assert latest_checkpoint(tmp_path, told.append) == before
    assert names(tmp_path) == ["checkpoint-10"]
    (message,) = told
    assert "checkpoint-20: damaged" in message


def test_where_all_are_damaged_the_training_starts_anew(tmp_path: Path, told: list[str]) -> None:
    for step in (10, 20):
        cut_short(make(tmp_path, step))
    assert latest_checkpoint(tmp_path, told.append) is None
    assert len(told) == 2
    assert names(tmp_path) == []


def test_a_step_that_is_saved_again_replaces_the_old_one(tmp_path: Path, told) -> None:
    make(tmp_path, 10, b"old")
    make(tmp_path, 10, b"new")
    newest = latest_checkpoint(tmp_path, told.append)
    assert newest is not None
    assert (newest / "model.safetensors").read_bytes() == b"new"


def test_the_newest_and_the_best_are_kept(tmp_path: Path) -> None:
    made = [make(tmp_path, step) for step in (8, 9, 10, 20, 30)]
    drop_old(tmp_path, 2, made[1])
    assert names(tmp_path) == ["checkpoint-20", "checkpoint-30", "checkpoint-9"]
    drop_old(tmp_path, 1, None)
    assert names(tmp_path) == ["checkpoint-30"]


def test_a_checkpoint_that_is_half_removed_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: list[str]
) -> None:
    make(tmp_path, 1)
    newest = make(tmp_path, 2)

    def interrupted(path: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", interrupted)
        with pytest.raises(KeyboardInterrupt):
            drop_old(tmp_path, 1, None)
    assert checkpoints(tmp_path) == [newest]
    assert latest_checkpoint(tmp_path, told.append) == newest


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
    save_optimizer(tmp_path, optimizer.state_dict(), schedule)
    other, unused, loaded, place = optimization(weight.tolist())
    loaded.load_state_dict(load_optimizer(tmp_path, place))
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
    assert names(tmp_path) == ["random-0.safetensors"]
