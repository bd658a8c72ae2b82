"""Elastic weight consolidation (Kirkpatrick et al. 2017): what was learnt before is kept.

A weight that the former examples depend on is held near its former value: to the loss comes

    strength / 2 * sum_i F_i (w_i - w*_i)^2

where w* are the weights before, and F_i, the diagonal of the Fisher information, is the mean over
the former examples of the squared derivative of log p(answer | question, table) by the weight i.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from gentap.model.device import best_device
from gentap.training.data.batches import Step, StepDataset
from gentap.training.data.streams import Stream

_IGNORED = -100


@dataclass(frozen=True, slots=True)
class Held:
    """A weight, what it was, and its Fisher information, all of one shape."""

    weight: torch.nn.Parameter
    former: torch.Tensor
    fisher: torch.Tensor


@dataclass(frozen=True, slots=True)
class Consolidation:
    """The weights that are held, and how strongly; ``examples`` is what the Fisher is of."""

    held: list[Held]
    strength: float
    examples: int

    @torch.no_grad()
    def add_gradient(self, share: float = 1.0) -> None:
        """Add the penalty's gradient, ``share * strength * F (w - w*)``, to that of each weight.

        A weight without a gradient is not trained and needs no hold.
        """
        for one in self.held:
            if one.weight.grad is not None:
                drift = (one.weight - one.former).mul_(one.fisher)
                one.weight.grad.add_(drift, alpha=share * self.strength)

    @torch.no_grad()
    def penalty(self) -> float:
        """The penalty as the weights are now."""
        sums = [(one.fisher * (one.weight - one.former) ** 2).sum().item() for one in self.held]
        return self.strength / 2 * sum(sums)


def consolidate(
    model: Any,
    streams: Mapping[str, Stream],
    strength: float,
    *,
    padding: int,
) -> Consolidation:
    """Hold a model to what it is now, by all examples of the former streams."""
    model.to(best_device())
    weights = {name: one for name, one in model.named_parameters() if one.requires_grad}
    sums = {name: torch.zeros_like(one) for name, one in weights.items()}
    alone = [
        Step(0, {name: np.array([place])})
        for name, stream in streams.items()
        for place in range(len(stream))
    ]
    data = StepDataset(streams, alone, padding)
    was_training = model.training
    model.eval()
    for index in range(len(alone)):
        _add_squares(model, data[index], weights, sums)
    model.zero_grad()
    model.train(was_training)
    held = [
        Held(weight, weight.detach().clone(), sums[name].div_(max(len(alone), 1)))
        for name, weight in weights.items()
    ]
    return Consolidation(held, strength, len(alone))


def _add_squares(
    model: Any,
    batch: Mapping[str, torch.Tensor],
    weights: Mapping[str, torch.nn.Parameter],
    sums: Mapping[str, torch.Tensor],
) -> None:
    """Add the squared derivatives of one example's log-likelihood, that of all its tokens."""
    model.zero_grad()
    on_device = {name: tensor.to(model.device) for name, tensor in batch.items()}
    (labels,) = (one for name, one in on_device.items() if name.endswith("labels"))
    tokens = (labels != _IGNORED).sum()
    (model(**on_device).loss * tokens).backward()  # the model's loss is the mean over the tokens
    for name, weight in weights.items():
        if weight.grad is not None:
            sums[name].addcmul_(weight.grad, weight.grad)
