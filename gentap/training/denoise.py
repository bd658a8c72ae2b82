"""Span corruption (Raffel et al. 2020, section 3.1.4): hide spans of tokens, ask for them.

Shown and hidden spans take turns, a shown one first. Of ``Thank you for inviting me to your party``
the spans ``for inviting`` and ``your party`` are hidden::

    input    Thank you <extra_id_0> me to <extra_id_1> </s>
    target   <extra_id_0> for inviting <extra_id_1> your party </s>
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt


def corrupt(
    tokens: npt.NDArray[np.int32],
    sentinels: Sequence[int],
    end: int,
    rng: np.random.Generator,
    *,
    noise: float,
    mean_span: float,
) -> tuple[list[int], list[int]]:
    """Input and target ids; about ``noise`` of the tokens is hidden, in spans of ``mean_span``."""
    hidden = min(max(round(len(tokens) * noise), 1), len(tokens) - 1)
    spans = min(max(round(hidden / mean_span), 1), hidden, len(tokens) - hidden, len(sentinels))
    hidden_lengths = _parts(hidden, spans, rng)
    shown_lengths = _parts(len(tokens) - hidden, spans, rng)
    source: list[int] = []
    target: list[int] = []
    place = 0
    for sentinel, shown, lost in zip(sentinels, shown_lengths, hidden_lengths, strict=False):
        source += [*tokens[place : place + shown].tolist(), sentinel]
        place += shown
        target += [sentinel, *tokens[place : place + lost].tolist()]
        place += lost
    return [*source, end], [*target, end]


def _parts(total: int, count: int, rng: np.random.Generator) -> list[int]:
    """``total`` as a random sum of ``count`` positive numbers, all such sums alike likely."""
    cuts = rng.choice(total - 1, count - 1, replace=False) + 1 if count > 1 else np.zeros(0, int)
    bounds = [0, *sorted(cuts.tolist()), total]
    return [after - before for before, after in pairwise(bounds)]
