"""Which examples go into which step, and a step's tensors.

A step takes equally many examples of every stream (``long`` and ``cell``), whatever the streams'
sizes. Like lengths go together, so that little is padding, within the budget of tokens. The plan
depends on lengths, seed and budget alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch.utils.data import Dataset

from gentap.model.generate import pad
from gentap.training.streams import Stream

WINDOW = 4096
"""Examples of a stream that are sorted by length together."""


@dataclass(frozen=True, slots=True)
class Step:
    """The examples of one micro-batch, by stream."""

    epoch: int
    indices: Mapping[str, npt.NDArray[np.int64]]


def plan(
    streams: Mapping[str, Stream], batch_tokens: int, epochs: float, seed: int, limit: int = 0
) -> list[Step]:
    """All steps of a training, in order; at most ``limit`` where it is not 0.

    An epoch shows the largest stream once; smaller streams start over. A part of an epoch takes
    that part of its steps.
    """
    lengths = {name: stream.lengths() for name, stream in streams.items()}
    steps: list[Step] = []
    epoch = 0
    while epoch < epochs and not (limit and len(steps) >= limit):
        planned = _plan_epoch(lengths, batch_tokens, seed, epoch)
        steps += planned[: max(1, round(len(planned) * min(1.0, epochs - epoch)))]
        epoch += 1
    return steps[:limit] if limit else steps


def _plan_epoch(
    lengths: Mapping[str, npt.NDArray[np.int64]], batch_tokens: int, seed: int, epoch: int
) -> list[Step]:
    size = max(map(len, lengths.values()))
    rng = np.random.default_rng([seed, epoch])
    orders = {name: _order(len(of_stream), size, rng) for name, of_stream in lengths.items()}
    steps = []
    for start in range(0, size, WINDOW):
        window = {}
        for name, order in orders.items():
            part = order[start : start + WINDOW]
            window[name] = part[np.argsort(lengths[name][part], kind="stable")]
        steps += _pack(window, lengths, batch_tokens, epoch)
    return [steps[index] for index in rng.permutation(len(steps))]


def _order(count: int, size: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """``size`` indices below ``count``: whole permutations, one after another."""
    rounds = -(-size // count)
    return np.concatenate([rng.permutation(count) for _ in range(rounds)])[:size]


def _pack(
    window: Mapping[str, npt.NDArray[np.int64]],
    lengths: Mapping[str, npt.NDArray[np.int64]],
    batch_tokens: int,
    epoch: int,
) -> list[Step]:
    longest = np.maximum.reduce([lengths[name][part] for name, part in window.items()])
    steps = []
    start = 0
    for stop in range(1, len(longest) + 1):
        last = stop == len(longest)
        if last or (stop + 1 - start) * len(window) * longest[stop] > batch_tokens:
            steps.append(Step(epoch, {name: part[start:stop] for name, part in window.items()}))
            start = stop
    return steps


class StepDataset(Dataset[dict[str, torch.Tensor]]):
    """The tensors of each step.

    ``input_ids`` and ``attention_mask`` (batch, tokens) hold the streams' examples one stream after
    another; ``<stream>_labels`` (examples of the stream, tokens) their targets, padded with -100. A
    single stream ``pairs`` gives plain ``labels``.
    """

    def __init__(self, streams: Mapping[str, Stream], steps: Sequence[Step], padding: int) -> None:
        self._streams, self._steps, self._padding = streams, steps, padding

    def __len__(self) -> int:
        return len(self._steps)

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        step = self._steps[index]
        sources: list[Sequence[int]] = []
        tensors: dict[str, torch.Tensor] = {}
        for name, indices in step.indices.items():
            pairs = [self._streams[name].pair(int(place), step.epoch) for place in indices]
            sources += [source for source, _ in pairs]
            labels, mask = pad([target for _, target in pairs], 0)
            labels[mask == 0] = -100
            tensors["labels" if name == "pairs" else f"{name}_labels"] = labels
        tensors["input_ids"], tensors["attention_mask"] = pad(sources, self._padding)
        return tensors
