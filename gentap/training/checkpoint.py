"""Checkpoints of a training: safetensors and JSON only, complete or not counted.

Each ``checkpoint-N`` gets a marker when all of it is written; a folder without one is what a kill
left behind, and the checkpoint before it is used.
"""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

_COMPLETE = "complete.json"
_OPTIMIZER, _RANDOM, _SCHEDULE = "optimizer.safetensors", "random.safetensors", "schedule.json"
_NAME = re.compile(r"checkpoint-(\d+)")


def latest_checkpoint(folder: Path) -> Path | None:
    """The newest complete checkpoint; incomplete ones are removed."""
    for path in reversed(_checkpoints(folder)):
        if (path / _COMPLETE).exists():
            return path
        shutil.rmtree(path)
    return None


def mark_complete(checkpoint: Path) -> None:
    (checkpoint / _COMPLETE).write_text("{}\n")


def drop_old(folder: Path, keep: int, best: Path | None) -> None:
    """Remove all but the newest checkpoints and the best one, the marker of each first."""
    for path in _checkpoints(folder)[:-keep]:
        if path != best:
            (path / _COMPLETE).unlink(missing_ok=True)
            shutil.rmtree(path)


def _checkpoints(folder: Path) -> list[Path]:
    found = sorted(
        (int(match[1]), path)
        for path in (folder.iterdir() if folder.is_dir() else ())
        if (match := _NAME.fullmatch(path.name))
    )
    return [path for _, path in found]


def save_optimizer(checkpoint: Path, optimizer: Any, scheduler: Any) -> None:
    """The optimizer's tensors and numbers by parameter, and the schedule's place."""
    values = {
        f"{number}.{name}": value
        for number, state in optimizer.state_dict()["state"].items()
        for name, value in state.items()
    }
    tensors = {
        name: value.detach().cpu().contiguous()
        for name, value in values.items()
        if isinstance(value, torch.Tensor)
    }
    numbers = {name: value for name, value in values.items() if name not in tensors}
    save_file(tensors, checkpoint / _OPTIMIZER)
    schedule = {
        name: value for name, value in scheduler.state_dict().items() if name != "lr_lambdas"
    }
    rates = [group["lr"] for group in optimizer.param_groups]
    content = {"schedule": schedule, "rates": rates, "numbers": numbers}
    (checkpoint / _SCHEDULE).write_text(json.dumps(content))


def load_optimizer(checkpoint: Path, optimizer: Any, scheduler: Any) -> None:
    content = json.loads((checkpoint / _SCHEDULE).read_text())
    state: dict[int, dict[str, Any]] = {}
    for key, value in {**load_file(checkpoint / _OPTIMIZER), **content["numbers"]}.items():
        number, _, name = key.partition(".")
        state.setdefault(int(number), {})[name] = value
    groups = optimizer.state_dict()["param_groups"]
    for group, rate in zip(groups, content["rates"], strict=True):
        group["lr"] = rate
    optimizer.load_state_dict({"state": state, "param_groups": groups})
    scheduler.load_state_dict({**scheduler.state_dict(), **content["schedule"]})


def save_random(checkpoint: Path) -> None:
    """The state of torch's generators: dropout draws from nothing else."""
    states = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        states["cuda"] = torch.cuda.get_rng_state()
    save_file(states, checkpoint / _RANDOM)


def load_random(checkpoint: Path) -> None:
    states = load_file(checkpoint / _RANDOM)
    torch.set_rng_state(states["cpu"])
    if "cuda" in states and torch.cuda.is_available():
        torch.cuda.set_rng_state(states["cuda"])
