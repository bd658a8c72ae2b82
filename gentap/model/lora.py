"""Low-rank adapters of one network, several side by side (LoRA, Hu et al. 2021).

An adapter adds ``scale * B(A(x))`` to the output of every linear layer of the trunk. Which one does
so is said for each pass, so that passes of several adapters stand in one graph: no weight's
``requires_grad`` is touched. On the disk an adapter is a folder in peft's format.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, cast

import torch
from torch import nn
from transformers.pytorch_utils import Conv1D

from gentap.documents.input_files import no_file
from gentap.errors import InputError, first_line
from gentap.model.loading.model_folder import listed, read_object

ADAPTER_CONFIG, ADAPTER_WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
SCALE = 2.0
"""``lora_alpha`` divided by the rank."""

_MOST_RANK = 2**16
_PREFIX = "base_model.model."
_TRUNK = "trunk"


class LowRank(nn.Module):
    """``B(A(x))`` from ``inputs`` to ``outputs`` features; zero until it is trained."""

    def __init__(self, inputs: int, outputs: int, rank: int) -> None:
        super().__init__()
        self.lora_A = nn.Parameter(torch.empty(rank, inputs))
        self.lora_B = nn.Parameter(torch.zeros(outputs, rank))
        nn.init.kaiming_uniform_(self.lora_A, a=5**0.5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.linear(nn.functional.linear(x, self.lora_A), self.lora_B)


class Adapters(nn.Module):
    """The adapters of a trunk by name; see the module's docstring.

    ``layers`` names the linear layers that they change: all but the head. Raises InputError where
    the trunk has none.
    """

    def __init__(
        self, trunk: Any, rank: int, dropout: float = 0.0, heads: Sequence[Any] = ()
    ) -> None:
        """``heads`` are further output layers that stay as they are, beside the trunk's own."""
        super().__init__()
        self.rank = rank
        self.active = ""
        self.named = nn.ModuleDict()
        self._dropout = nn.Dropout(dropout)
        self.layers: dict[str, tuple[int, int]] = {}
        self._transposed = False
        kept = [trunk.get_output_embeddings(), *heads]
        for path, layer in trunk.named_modules():
            if isinstance(layer, nn.Linear | Conv1D) and not any(layer is one for one in kept):
                rows, columns = layer.weight.shape
                self._transposed |= isinstance(layer, Conv1D)
                self.layers[path] = (rows, columns) if self._transposed else (columns, rows)
                layer.register_forward_hook(partial(_add_low_rank, self, _key(path)))
        if not self.layers:
            raise InputError(
                f"A model of the type '{trunk.config.model_type}' has no linear layer."
            )

    def add(self, name: str) -> None:
        """A new adapter, which changes nothing yet."""
        self.named[name] = nn.ModuleDict(
            {_key(path): LowRank(*sizes, self.rank) for path, sizes in self.layers.items()}
        )

    @contextmanager
    def use(self, name: str) -> Iterator[None]:
        """Let the adapter ``name`` act within the block; "": none."""
        before, self.active = self.active, name
        try:
            yield
        finally:
            self.active = before

    def is_zero(self, name: str) -> bool:
        """Whether the adapter changes nothing."""
        return not any(bool(layer.lora_B.any()) for layer in self.named[name].values())  # type: ignore

    @torch.no_grad()
    def merge(self, name: str, trunk: Any) -> None:
        """Add what an adapter changes to the trunk's own weights, and let no adapter act."""
        for path in self.layers:
            low_rank = cast(LowRank, cast(Any, self.named[name])[_key(path)])
            change = SCALE * low_rank.lora_B @ low_rank.lora_A
            weight = trunk.get_submodule(path).weight
            weight.add_((change.T if self._transposed else change).to(weight.dtype))
        self.active = ""

    def save(self, name: str, folder: Path, trunk: Any, print_of_trunk: str) -> None:
        """Write an adapter in peft's format; ``print_of_trunk`` says which trunk it belongs to."""
        from safetensors.torch import save_file

        folder.mkdir(parents=True, exist_ok=True)
        weights = {
            f"{_PREFIX}{key}": weight.detach().cpu().contiguous()
            for key, weight in self._weights(name).items()
        }
        save_file(weights, folder / ADAPTER_WEIGHTS, {"format": "pt", _TRUNK: print_of_trunk})
        config = {
            "peft_type": "LORA",
            "task_type": "CAUSAL_LM",
            "base_model_name_or_path": "..",
            "r": self.rank,
            "lora_alpha": SCALE * self.rank,
            "lora_dropout": 0.0,
            "bias": "none",
            "fan_in_fan_out": self._transposed,
            "target_modules": sorted({path.rpartition(".")[2] for path in self.layers}),
            "inference_mode": True,
        }
        (folder / ADAPTER_CONFIG).write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")

    def load(self, name: str, folder: Path, print_of_trunk: str = "") -> None:
        """Take an adapter's weights from a folder in peft's format.

        Raises InputError where they are missing, no numbers, or those of another trunk.
        """
        if name not in self.named:
            self.add(name)
        found, wanted = self.read(folder, print_of_trunk), self._weights(name)
        with torch.no_grad():
            for key, weight in wanted.items():
                weight.copy_(found[key])

    def read(self, folder: Path, print_of_trunk: str = "") -> dict[str, torch.Tensor]:
        """An adapter's weights from a folder in peft's format, checked as :meth:`load` says."""
        from safetensors import SafetensorError, safe_open

        file = folder / ADAPTER_WEIGHTS
        if kind := no_file(file):
            raise InputError(f"{file}: no adapter can be read: it is {kind}.")
        try:
            with safe_open(file, "pt") as stored:
                made_for = (stored.metadata() or {}).get(_TRUNK, "")
                names = list(stored.keys())
                found = {key.removeprefix(_PREFIX): stored.get_tensor(key) for key in names}
        except (OSError, SafetensorError) as error:
            raise InputError(f"{file}: no adapter can be read: {first_line(error)}") from error
        wanted = {}
        for path, (inputs, outputs) in self.layers.items():
            wanted[f"{path}.lora_A.weight"] = (self.rank, inputs)
            wanted[f"{path}.lora_B.weight"] = (outputs, self.rank)
        foreign = bool(made_for and print_of_trunk and made_for != print_of_trunk)
        if not foreign and (missing := sorted(wanted.keys() - found.keys())):
            raise InputError(
                f"{file}: {len(missing):,} of {len(wanted):,} tensors are missing: "
                f"{listed(missing)}. Copy or fetch the whole folder, or the adapters of this model."
            )
        shapes = {key: tuple(weight.shape) for key, weight in found.items()}
        if foreign or shapes != wanted:
            raise InputError(
                f"{folder}: an adapter of another model than the one in {folder.parent}. Put the "
                "adapters and the model of one training together."
            )
        if broken := [key for key, weight in found.items() if not bool(weight.isfinite().all())]:
            raise InputError(
                f"{file}: {len(broken):,} tensors are not finite (NaN or infinite): "
                f"{listed(broken)}. Copy or fetch the file again."
            )
        return found

    def _weights(self, name: str) -> dict[str, torch.Tensor]:
        """An adapter's weights by their names in peft's format."""
        return {
            f"{path}.{kind}.weight": getattr(self.named[name][_key(path)], kind)  # type: ignore[index]
            for path in self.layers
            for kind in ("lora_A", "lora_B")
        }


def rank_of(folder: Path) -> int:
    """The rank of an adapter in peft's format; InputError where it can't be read."""
    file = folder / ADAPTER_CONFIG
    if kind := no_file(file):
        raise InputError(f"{file}: no adapter can be read: it is {kind}.")
    rank = read_object(file).get("r")
    if type(rank) is not int or not 1 <= rank <= _MOST_RANK:
        raise InputError(
            f"{file}: no adapter can be read: its rank r is {rank!r}, and it must be a whole "
            f"number from 1 to {_MOST_RANK:,}."
        )
    return rank


def _key(path: str) -> str:
    return path.replace(".", "/")


def _add_low_rank(
    adapters: Adapters, key: str, _: nn.Module, given: Sequence[torch.Tensor], out: torch.Tensor
) -> torch.Tensor | None:
    if not adapters.active:
        return None
    layer = cast(Any, adapters.named[adapters.active])[key]
    # in place: nothing has read the output yet, and no linear layer needs it for its gradient
    return out.add_(layer(adapters._dropout(given[0])), alpha=SCALE)
