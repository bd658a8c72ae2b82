"""Cells that stand in the wrong row, to be found and put right.

After TabTransformer's replaced-value detection (Huang et al. 2020), which it trains beside masked
values: some cells hold what stands in another row of their column. The target tells each wrong
value and the one that stood there, each after a sentinel, or after the table's own marks in turn
where a vocabulary has no sentinels (those of decoder-only models). Of the table

    <row> 2004 <cell> Dawn <row> 2005 <cell> Dusk

with the second film replaced::

    input    … <row> 2004 <cell> Dawn <row> 2005 <cell> Dawn </s>
    target   <extra_id_0> Dawn <extra_id_1> Dusk </s>     or  <row> Dawn <cell> Dusk </s>
"""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

PlacedCell = tuple[int, int, int]
"""Start and stop of a cell's tokens, and its column."""


def exchange(
    tokens: Sequence[int],
    spans: Sequence[PlacedCell],
    rng: np.random.Generator,
    *,
    share: float,
    longest: int,
    parting: Sequence[int],
) -> tuple[list[int], list[int]]:
    """The window with ``share`` of its cells replaced, at least one where one can be, and the
    values told; ``parting`` are the ids that stand before them, one after another. The window stays
    within ``longest`` tokens where it is."""
    texts = [tuple(tokens[start:stop]) for start, stop, _ in spans]
    columns: dict[int, list[int]] = defaultdict(list)
    for place, (_, _, column) in enumerate(spans):
        columns[column].append(place)
    wanted = min(max(1, round(share * len(spans))), len(parting) // 2)
    shown: dict[int, tuple[int, ...]] = {}
    room = max(0, longest - len(tokens))
    for place in rng.permutation(len(spans)).tolist():
        if len(shown) == wanted:
            break
        others = [
            texts[other]
            for other in columns[spans[place][2]]
            if texts[other] != texts[place] and len(texts[other]) <= len(texts[place]) + room
        ]
        if others:
            shown[place] = others[int(rng.integers(len(others)))]
            room -= len(shown[place]) - len(texts[place])
    source: list[int] = []
    target: list[int] = []
    before = 0
    for number, place in enumerate(sorted(shown)):
        start, stop, _ = spans[place]
        source += [*tokens[before:start], *shown[place]]
        target += [parting[2 * number], *shown[place], parting[2 * number + 1], *texts[place]]
        before = stop
    return [*source, *tokens[before:]], target
