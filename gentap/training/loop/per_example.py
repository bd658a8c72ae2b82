"""Gradients of adapters, example by example, clipped and summed (DP-SGD, Abadi et al. 2016).

An adapter's layer computes ``B(A(x))`` row by row, so that the gradients of one example follow from
what went into the layer for it and what came back:

    dB_i = sum_t g_it (A x_it)'    dA_i = sum_t (B' g_it) x_it'

Both are kept as a batch goes through the network; no example's pass is made alone.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch

from gentap.model.lora import LowRank

_IGNORED = -100
Parameter = torch.nn.Parameter


class PerExampleGradients:
    """Watches adapters' layers, and keeps each one's gradients of every row of a batch.

    All rows of the batch must go through a layer that is watched, each row for itself.
    """

    def __init__(self, layers: Sequence[LowRank]) -> None:
        self.parameters = [weight for one in layers for weight in (one.lora_A, one.lora_B)]
        self._kept: dict[Parameter, torch.Tensor] = {}
        self._rows = 0
        self._handles = [one.register_forward_hook(self._watch) for one in layers]

    def clipped_sum(
        self, model: Any, batch: dict[str, torch.Tensor], clip: float
    ) -> list[torch.Tensor]:
        """The sum over the rows of their gradients, each clipped to the norm ``clip``.

        A row's loss is the mean over its own answer's tokens: no row changes another's, and one
        whose gradient is no number counts as nothing. The batch is of one objective. In the order
        of :attr:`parameters`.
        """
        (labels,) = (one for name, one in batch.items() if name.endswith("labels"))
        tokens = (labels != _IGNORED).sum(1)
        self._kept, self._rows = {}, len(labels)
        loss = model(**batch).loss  # the mean over all rows' tokens
        grads = torch.autograd.grad(loss, self.parameters, allow_unused=True)
        del grads  # of the whole batch; the hooks keep the rows' own
        share = tokens.sum() / tokens.clamp(min=1)
        rows = [self._kept.get(weight) for weight in self.parameters]
        squares: Any = sum(
            (one.flatten(1).norm(dim=1) * share) ** 2 for one in rows if one is not None
        )
        norms = torch.sqrt(squares)
        factor = share * (clip / norms.clamp(min=1e-12)).clamp(max=1.0)
        self._kept = {}
        sound = norms.isfinite()
        return [
            torch.zeros_like(weight)
            if one is None
            else torch.einsum("n,n...->...", factor[sound], one[sound])
            for weight, one in zip(self.parameters, rows, strict=True)
        ]

    def close(self) -> None:
        """Stop watching."""
        for handle in self._handles:
            handle.remove()

    def _watch(self, layer: Any, given: tuple[torch.Tensor, ...], out: torch.Tensor) -> None:
        if out.requires_grad:
            out.register_hook(partial(self._keep, layer, given[0].detach()))

    def _keep(self, layer: LowRank, x: torch.Tensor, grad: torch.Tensor) -> None:
        x = x.reshape(self._rows, -1, x.shape[-1]).float()
        grad = grad.detach().reshape(self._rows, -1, grad.shape[-1]).float()
        inner = torch.nn.functional.linear(x, layer.lora_A.detach().float())
        back = grad @ layer.lora_B.detach().float()
        self._add(layer.lora_A, back.transpose(1, 2) @ x)
        self._add(layer.lora_B, grad.transpose(1, 2) @ inner)

    def _add(self, weight: Parameter, of_rows: torch.Tensor) -> None:
        before = self._kept.get(weight)
        self._kept[weight] = of_rows if before is None else before + of_rows
