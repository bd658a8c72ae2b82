import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import set_seed

from gentap.errors import WorkerError
from gentap.model.device import best_device
from gentap.model.network import GenTapModel
from gentap.settings import TrainingSettings
from gentap.training import trainer
from gentap.training.batches import StepDataset, plan
from gentap.training.trainer import CHECKPOINTS, train

Weights = dict[str, torch.Tensor]


def settings(**changes: Any) -> TrainingSettings:
    values = {"epochs": 1, "batch_tokens": 64, "precision": "fp32", "learning_rate": 0.01}
    return TrainingSettings(**{**values, "optimizer": "adamw", **changes})


def random_pairs(count: int, seed: int = 0) -> list[tuple[list[int], list[int]]]:
    rng = np.random.default_rng(seed)
    sizes = rng.integers(2, 12, (count, 2)).tolist()
    return [tuple(rng.integers(3, 40, size).tolist() for size in pair) for pair in sizes]


def weights(model: Any) -> Weights:
    return {name: weight.detach().cpu().clone() for name, weight in model.state_dict().items()}


def same(one: Weights, other: Weights) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@pytest.fixture
def run(list_stream: Any, make_t5: Callable[..., Any], tmp_path: Path) -> Callable[..., Any]:
    """Train a toy model with two decoders; gives its statistics and weights.

    ``breaks_at``: the number of the example at which the training is interrupted.
    """

    class Breaking(list_stream):  # type: ignore[misc]
        left = math.inf

        def pair(self, index: int, epoch: int) -> Any:
            Breaking.left -= 1
            if Breaking.left < 0:
                raise KeyboardInterrupt
            return super().pair(index, epoch)

    def train_toy(name: str, *, breaks_at: float = math.inf, dev: bool = False, **changes: Any):
        Breaking.left = breaks_at
        model = GenTapModel.from_stock(make_t5(dropout=0.2))
        streams = {
            "long": Breaking(random_pairs(30)),
            "cell": list_stream(random_pairs(12, seed=1)),
        }
        dev_streams = {kind: list_stream(random_pairs(3, seed=2)) for kind in streams}
        stats = train(
            model,
            streams,
            dev_streams if dev else None,
            settings(**changes),
            tmp_path / name,
            padding=0,
            seed=4,
            label="pretrain",
        )
        return stats, weights(model)

    return train_toy


@pytest.mark.parametrize(
    "changes",
    [
        {"save_every": 2},
        {"save_every": 3, "accumulate": 2},
        {"save_every": 5, "dev": True, "keep_checkpoints": 1},
        {"save_every": 3, "optimizer": "adafactor", "learning_rate": 0.02},
        {"save_every": 5, "max_steps": 40, "epochs": 9, "batch_tokens": 100, "breaks_at": 24},
    ],
    ids=["plain", "accumulated", "dev", "adafactor", "between logs"],
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


def test_a_checkpoint_that_a_kill_left_incomplete_is_not_resumed(
    tmp_path: Path, run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    stats, wanted = run("whole", save_every=2)
    mark = trainer.mark_complete

    def killed_at_four(checkpoint: Path) -> None:
        if checkpoint.name == "checkpoint-4":
            (checkpoint / "model.safetensors").write_bytes(b"half")
            raise KeyboardInterrupt
        mark(checkpoint)

    with monkeypatch.context() as patch:
        patch.setattr(trainer, "mark_complete", killed_at_four)
        with pytest.raises(KeyboardInterrupt):
            run("broken", save_every=2, keep_checkpoints=1)
    folder = tmp_path / "broken" / CHECKPOINTS
    assert {path.name for path in folder.iterdir()} == {"checkpoint-2", "checkpoint-4"}
    resumed, found = run("broken", save_every=2, keep_checkpoints=1)
    assert resumed == stats
    assert same(found, wanted)


@pytest.mark.parametrize("dev", [False, True])
def test_nothing_is_pickled_and_few_checkpoints_are_kept(tmp_path, run, dev: bool) -> None:
    stats, _ = run("out", save_every=1, keep_checkpoints=2, dev=dev)
    files = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert {path.suffix for path in files} == {".safetensors", ".json"}
    steps = {int(path.name.partition("-")[2]) for path in (tmp_path / "out").glob("*/checkpoint-*")}
    newest = {stats["steps"], stats["steps"] - 1}
    assert newest <= steps
    assert len(steps - newest) <= dev


def test_a_step_takes_the_mean_gradient_of_its_micro_batches(
    list_stream, make_t5, tmp_path
) -> None:
    rows = np.random.default_rng(1).integers(3, 40, (12, 16)).tolist()
    streams = {"pairs": list_stream([(row[:10], row[10:]) for row in rows])}
    chosen = settings(accumulate=2, warmup=0, weight_decay=0, batch_tokens=64)
    data = StepDataset(streams, plan(streams, 64, 1, 4), 0)
    count = len(data)
    assert count == 3
    trained, model = make_t5(), make_t5()
    stats = train(trained, streams, None, chosen, tmp_path, padding=0, seed=4, label="writer")

    set_seed(4)
    model = model.to(best_device()).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=chosen.learning_rate, weight_decay=0)
    total = 2
    losses = []
    for step in range(total):
        optimizer.param_groups[0]["lr"] = chosen.learning_rate * (1 - step / total)
        group = [data[place] for place in range(2 * step, min(2 * step + 2, count))]
        optimizer.zero_grad()
        mean = sum(
            model(**{name: ids.to(model.device) for name, ids in batch.items()}).loss / len(group)
            for batch in group
        )
        mean.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(mean.item())
    assert stats["steps"] == total
    assert [entry["loss"] for entry in stats["history"]] == pytest.approx(losses, rel=1e-3)
    for name, weight in weights(model).items():
        assert torch.allclose(weights(trained)[name], weight, atol=1e-5), name


def test_statistics_tell_of_steps_examples_and_losses(run: Callable[..., Any]) -> None:
    stats, found = run("out", dev=True, save_every=3)
    assert stats["examples"] == {"long": 30, "cell": 12}
    assert stats["parameters"] == sum(
        weight.numel()
        for name, weight in found.items()
        if "embed_tokens" not in name and "lm_head" not in name
    )
    steps = [entry["step"] for entry in stats["history"] if "loss" in entry]
    assert steps == list(range(1, stats["steps"] + 1))
    losses = [entry["loss"] for entry in stats["history"] if "loss" in entry]
    assert (losses[0], losses[-1]) == (stats["first_loss"], stats["last_loss"])
    dev = [entry["eval_loss"] for entry in stats["history"] if "eval_loss" in entry]
    assert stats["best_dev_loss"] == min(dev)


def test_the_state_of_least_loss_on_dev_is_kept(list_stream, make_t5, tmp_path: Path) -> None:
    # What is learnt for the one input is wrong on dev, the longer the worse.
    streams = {"pairs": list_stream([([5, 6, 1], [7, 8, 9, 1])] * 180)}
    dev = {"pairs": list_stream([([5, 6, 1], [7, 8, 20, 1])])}
    model = make_t5()
    chosen = settings(learning_rate=0.05, batch_tokens=64, keep_checkpoints=1)
    stats = train(model, streams, dev, chosen, tmp_path, padding=0, seed=4, label="finetune")
    losses = [entry["eval_loss"] for entry in stats["history"] if "eval_loss" in entry]
    assert len(losses) >= 5
    assert stats["best_dev_loss"] == min(losses) < losses[-1] - 0.1
    batch = StepDataset(dev, plan(dev, 64, 1, 0), 0)[0]
    model.eval()
    with torch.no_grad():
        loss = model(**{name: ids.to(model.device) for name, ids in batch.items()}).loss
    assert loss.item() == pytest.approx(min(losses), rel=1e-3)


@pytest.mark.parametrize("max_steps", [3, 64])
def test_a_loss_that_is_no_number_ends_the_training(tmp_path, list_stream, make_t5, max_steps):
    model = make_t5()
    with torch.no_grad():
        model.shared.weight[5] = math.nan
    streams = {"pairs": list_stream([([5, 1], [6, 1])] * 10)}
    chosen = settings(epochs=90, max_steps=max_steps, save_every=1)
    with pytest.raises(WorkerError, match="the loss is nan at step 1") as caught:
        train(model, streams, None, chosen, tmp_path, padding=0, seed=4, label="writer")
    for remedy in ("writer.learning_rate", "precision to fp32", str(tmp_path / CHECKPOINTS)):
        assert remedy in str(caught.value)
    assert not list(tmp_path.rglob("*.safetensors"))
