"""Checkpoints of a training: safetensors and JSON only, whole or not counted.

A checkpoint is written aside; then its files' digests are listed in it and it is renamed to
``checkpoint-N``. One whose files differ from its list was damaged since: the one before it is used.
"""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

_DIGESTS = "digests.json"
_OPTIMIZER, _SCHEDULE = "optimizer.safetensors", "schedule.json"
_NAME = re.compile(r"checkpoint-(\d+)")
_ASIDE = "aside"


def staging_folder(folder: Path) -> Path:
    """Where a checkpoint is written before it is renamed into ``folder``."""
    return folder / _ASIDE


def publish(written: Path, folder: Path) -> Path:
    """List the digests of a checkpoint written aside, and rename it into ``folder``."""
    digests = {
        str(path.relative_to(written)): _digest(path)
        for path in sorted(written.rglob("*"))
        if path.is_file()
    }
    with (written / _DIGESTS).open("w") as file:
        json.dump(digests, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    final = folder / written.name
    if final.exists():
        shutil.rmtree(final)
    written.rename(final)
    return final


def latest_checkpoint(folder: Path, tell: Callable[[str], None]) -> Path | None:
    """The newest whole checkpoint; damaged ones after it are named to ``tell`` and removed."""
    shutil.rmtree(staging_folder(folder), ignore_errors=True)
    for path in reversed(checkpoints(folder)):
        damage = _damage(path)
        if damage is None:
            return path
        tell(f"{path}: damaged ({damage}), so it is removed and the one before it is used.")
        shutil.rmtree(path)
    return None


def _damage(checkpoint: Path) -> str | None:
    """What is wrong with a checkpoint, if anything."""
    try:
        digests = json.loads((checkpoint / _DIGESTS).read_text())
        for name, digest in digests.items():
            if _digest(checkpoint / name) != digest:
                return f"{name} is not as it was written"
    except FileNotFoundError as error:
        return f"{Path(error.filename).name} is missing"
    except (OSError, ValueError, AttributeError) as error:
        return f"unreadable: {error}"
    return None


def _digest(path: Path) -> str:
    """The file's digest; it is on the disk when this returns."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        return hashlib.file_digest(file, "blake2b").hexdigest()[:32]


def drop_old(folder: Path, keep: int, best: Path | None) -> None:
    """Remove all but the newest checkpoints and the best one, each renamed away first."""
    for path in checkpoints(folder)[:-keep]:
        if path != best:
            shutil.rmtree(path.rename(staging_folder(folder)))


def checkpoints(folder: Path) -> list[Path]:
    """The folder's checkpoints, oldest first."""
    found = sorted(
        (int(match[1]), path)
        for path in (folder.iterdir() if folder.is_dir() else ())
        if (match := _NAME.fullmatch(path.name))
    )
    return [path for _, path in found]


def save_optimizer(checkpoint: Path, state: dict[str, Any], scheduler: Any) -> None:
    """The optimizer's tensors and numbers by parameter, its groups, and the schedule's place."""
    values = {
        f"{parameter}|{name}": value
        for parameter, of_parameter in state["state"].items()
        for name, value in of_parameter.items()
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
    content = {"schedule": schedule, "groups": state["param_groups"], "numbers": numbers}
    (checkpoint / _SCHEDULE).write_text(json.dumps(content))


def load_optimizer(checkpoint: Path, scheduler: Any) -> dict[str, Any]:
    """The optimizer's state, as :func:`save_optimizer` got it; the scheduler is set in place."""
    content = json.loads((checkpoint / _SCHEDULE).read_text())
    state: dict[Any, dict[str, Any]] = {}
    for key, value in {**load_file(checkpoint / _OPTIMIZER), **content["numbers"]}.items():
        parameter, _, name = key.rpartition("|")
        place = int(parameter) if parameter.isdigit() else parameter
        state.setdefault(place, {})[name] = value
    scheduler.load_state_dict({**scheduler.state_dict(), **content["schedule"]})
    return {"state": state, "param_groups": content["groups"]}


def save_random(checkpoint: Path, rank: int = 0) -> None:
    """The state of torch's generators in one process: dropout draws from nothing else."""
    states = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        states["cuda"] = torch.cuda.get_rng_state()
    save_file(states, checkpoint / _random(rank))


def load_random(checkpoint: Path, rank: int = 0) -> None:
    states = load_file(checkpoint / _random(rank))
    torch.set_rng_state(states["cpu"])
    if "cuda" in states and torch.cuda.is_available():
        torch.cuda.set_rng_state(states["cuda"])


def _random(rank: int) -> str:
    return f"random-{rank}.safetensors"
