"""Which examples go into which step, and a step's tensors.

A step takes equally many examples of every stream (``long`` and ``cell``), or others in a given
proportion, whatever the streams' sizes. Like lengths go together, so that little is padding, within
the budget of tokens. The plan depends on lengths, proportion, seed and budget alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch.utils.data import Dataset

from gentap.model.generate import pad
from gentap.model.objectives import OBJECTIVES, labels_of
from gentap.training.data.streams import Stream

WINDOW = 4096
"""Groups of examples that are sorted by length together."""

WIDTH_STEP = 8
"""Inputs are padded to a multiple of this."""

_PADDING = 0.1


@dataclass(frozen=True, slots=True)
class Step:
    """The examples of one micro-batch, by stream."""

    epoch: int
    indices: Mapping[str, npt.NDArray[np.int64]]


def plan(
    streams: Mapping[str, Stream],
    batch_tokens: int,
    epochs: float,
    seed: int,
    limit: int = 0,
    mix: Mapping[str, int] | None = None,
) -> list[Step]:
    """All steps of a training, in order; at most ``limit`` where it is not 0.

    A step holds the streams' examples in the proportion ``mix``, equal numbers where there is none.
    An epoch shows the stream that is largest for its proportion once; the others start over. A part
    of an epoch takes that part of its steps.
    """
    lengths = {name: stream.lengths() for name, stream in streams.items()}
    proportion = {name: (mix or {}).get(name, 1) for name in streams}
    steps: list[Step] = []
    epoch = 0
    while epoch < epochs and not (limit and len(steps) >= limit):
        planned = _plan_epoch(lengths, proportion, batch_tokens, seed, epoch)
        steps += planned[: max(1, round(len(planned) * min(1.0, epochs - epoch)))]
        epoch += 1
    return steps[:limit] if limit else steps


def _plan_epoch(
    lengths: Mapping[str, npt.NDArray[np.int64]],
    proportion: Mapping[str, int],
    batch_tokens: int,
    seed: int,
    epoch: int,
) -> list[Step]:
    """Groups of examples in the streams' proportion, packed by length and then shuffled."""
    groups = max(-(-len(of_stream) // proportion[name]) for name, of_stream in lengths.items())
    rng = np.random.default_rng([seed, epoch])
    orders = {
        name: _order(len(of_stream), groups * proportion[name], rng).reshape(groups, -1)
        for name, of_stream in lengths.items()
    }
    steps = []
    for start in range(0, groups, WINDOW):
        window = {}
        for name, order in orders.items():
            part = order[start : start + WINDOW]
            by_length = part.ravel()[_by_length(lengths[name][part.ravel()])]
            window[name] = by_length.reshape(part.shape)
        steps += _pack(window, lengths, batch_tokens, epoch)
    return [steps[index] for index in rng.permutation(len(steps))]


def _order(count: int, size: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """``size`` indices below ``count``: whole permutations, one after another."""
    rounds = -(-size // count)
    return np.concatenate([rng.permutation(count) for _ in range(rounds)])[:size]


def _by_length(lengths: npt.NDArray[np.int64]) -> npt.NDArray[np.intp]:
    """The order by input length as it is padded, then by target length; ``lengths`` (n, 2)."""
    return np.lexsort((lengths[:, 1], -(-lengths[:, 0] // WIDTH_STEP)))


def _pack(
    window: Mapping[str, npt.NDArray[np.int64]],
    lengths: Mapping[str, npt.NDArray[np.int64]],
    batch_tokens: int,
    epoch: int,
) -> list[Step]:
    """As many groups a step as the budget allows; ``window`` is (groups, examples) by stream.

    A stream takes its examples times its longest input.
    """
    streams = [
        (part.shape[1], lengths[name][part, 0].max(axis=1).tolist())
        for name, part in window.items()
    ]
    groups = len(streams[0][1])
    steps = []
    start = 0
    longest = [0] * len(streams)
    for stop in range(1, groups + 1):
        longest = [max(held, of[stop - 1]) for held, (_, of) in zip(longest, streams, strict=True)]
        if stop < groups:
            cost = sum(
                (stop + 1 - start) * size * max(held, of[stop])
                for held, (size, of) in zip(longest, streams, strict=True)
            )
            if cost <= batch_tokens:
                continue
        chosen = {name: part[start:stop].ravel() for name, part in window.items()}
        steps.append(Step(epoch, chosen))
        start = stop
        longest = [0] * len(streams)
    return steps


class StepDataset(Dataset[dict[str, torch.Tensor]]):
    """The tensors of each step.

    ``input_ids`` and ``attention_mask`` (batch, tokens) hold the streams' examples one stream after
    another; ``<stream>_labels`` (examples of the stream, tokens) the targets, padded with -100.
    The labels of streams for a model of one
    decoder (``pairs``, ``sentences``, ``lookups``) are plain ``labels``.
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
            tensors[labels_of(name)] = labels
        tensors["input_ids"], tensors["attention_mask"] = pad(sources, self._padding)
        return tensors


def split_by_width(batch: Mapping[str, torch.Tensor]) -> list[dict[str, torch.Tensor]]:
    """A batch of several objectives as it is encoded: whole, or the rows of each for themselves.

    They are parted where a tenth of the whole would be padding, which the narrower rows then do
    without. Rows of one objective never are.
    """
    ids, mask = batch["input_ids"], batch["attention_mask"]
    lengths = mask.sum(1)
    objectives = [name for name in map(labels_of, OBJECTIVES) if name in batch]
    if len(objectives) < 2 or lengths.sum() >= (1 - _PADDING) * mask.numel():
        return [dict(batch)]
    parts = []
    first = 0
    for name in objectives:
        rows = slice(first, first + len(batch[name]))
        width = -(-int(lengths[rows].max()) // WIDTH_STEP) * WIDTH_STEP
        parts.append(
            {
                "input_ids": ids[rows, :width],
                "attention_mask": mask[rows, :width],
                name: batch[name],
            }
        )
        first = rows.stop
    return parts
