"""Hidden spans of tokens that the model must write: the objectives that need no question.

Each hidden span leaves a sentinel, and the target gives the spans back after their sentinels. Of
``Thank you for inviting me to your party`` the spans ``for inviting`` and ``your party`` hidden::

    input    Thank you <extra_id_0> me to <extra_id_1> </s>
    target   <extra_id_0> for inviting <extra_id_1> your party </s>

Which spans are hidden makes the objective: random ones of prose (span corruption, Raffel et al.
2020, section 3.1.4), whole cells of a linearized table (masked cells), or the values that a mined
sentence shares with the table that stands behind it (after salient spans, Guu et al. 2020, section
3.4), which can be copied from there.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

Spans = Sequence[tuple[int, int]]
"""Starts and ends of spans of tokens, in order and apart."""


def hide(
    tokens: npt.NDArray[np.int32], spans: Spans, sentinels: Sequence[int], end: int
) -> tuple[list[int], list[int]]:
    """Input and target ids with the spans hidden; at most as many as there are sentinels."""
    source: list[int] = []
    target: list[int] = []
    place = 0
    for sentinel, (start, stop) in zip(sentinels, spans, strict=False):
        source += [*tokens[place:start].tolist(), sentinel]
        target += [sentinel, *tokens[start:stop].tolist()]
        place = stop
    return [*source, *tokens[place:].tolist(), end], [*target, end]


def random_spans(
    length: int, rng: np.random.Generator, *, noise: float, mean_span: float, most: int
) -> list[tuple[int, int]]:
    """Spans of ``mean_span`` tokens that take about ``noise`` of ``length``.

    Shown and hidden spans take turns, a shown one first; there are at most ``most`` hidden ones.
    """
    hidden = min(max(round(length * noise), 1), length - 1)
    count = min(max(round(hidden / mean_span), 1), hidden, length - hidden, most)
    spans = []
    place = 0
    for shown, lost in zip(
        _parts(length - hidden, count, rng), _parts(hidden, count, rng), strict=True
    ):
        spans.append((place + shown, place + shown + lost))
        place += shown + lost
    return spans


def some_of(spans: Spans, count: int, rng: np.random.Generator) -> list[tuple[int, int]]:
    """``count`` of the spans, in order, all such choices alike likely."""
    chosen = rng.choice(len(spans), count, replace=False)
    return [spans[place] for place in sorted(chosen.tolist())]


def _parts(total: int, count: int, rng: np.random.Generator) -> list[int]:
    """``total`` as a random sum of ``count`` positive numbers, all such sums alike likely."""
    cuts = rng.choice(total - 1, count - 1, replace=False) + 1 if count > 1 else np.zeros(0, int)
    bounds = [0, *sorted(cuts.tolist()), total]
    return [after - before for before, after in pairwise(bounds)]
