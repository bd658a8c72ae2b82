"""Models that are held in parts by several processes (FSDP), as whole states and back.

Whole states are what checkpoints hold, so that a training can go on with another number of
processes.
"""

from pathlib import Path
from typing import Any

from safetensors.torch import load_file
from torch.distributed.checkpoint.state_dict import (
    StateDictOptions,
    get_optimizer_state_dict,
    set_model_state_dict,
    set_optimizer_state_dict,
)

_WHOLE = StateDictOptions(full_state_dict=True, cpu_offload=True)
_TO_PARTS = StateDictOptions(full_state_dict=True, strict=False)


def full_optimizer_state(model: Any, optimizer: Any) -> dict[str, Any]:
    """The whole optimizer's state, by the parameters' names; all processes must call this."""
    state: dict[str, Any] = get_optimizer_state_dict(model, _bare(optimizer), options=_WHOLE)
    return state


def load_full_optimizer(model: Any, optimizer: Any, state: dict[str, Any]) -> None:
    set_optimizer_state_dict(model, _bare(optimizer), state, options=_TO_PARTS)


def load_full_model(model: Any, checkpoint: Path) -> None:
    """Each process takes its part of a checkpoint's ``model.safetensors``."""
    weights: dict[str, Any] = load_file(checkpoint / "model.safetensors")
    set_model_state_dict(model, weights, options=_TO_PARTS)


def _bare(optimizer: Any) -> Any:
    return getattr(optimizer, "optimizer", optimizer)
