"""Bootstrap intervals, and paired tests of two systems, by resampling kept statistics.

A resample draws as many examples as there are, with replacement; the same draws serve all metrics
and all systems. An interval holds the middle 95 percent of the resamples' scores (Efron 1979). A
resample without any example that a metric applies to has no score of it, and is left out there.

For two systems with the score difference d:

* *paired bootstrap* (Koehn 2004): the share of resamples whose difference is at least abs(d) away
  from the resamples' mean difference;
* *approximate randomization* (Riezler and Maxwell 2005): the share of trials whose difference is at
  least abs(d), where a trial exchanges the systems' answers to each example with probability 1/2.

Both p are two-sided and count the data themselves as one more trial, so that none is 0.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gentap.evaluation.metrics.statistics import Rows, Statistics

SAMPLES = 1_000
LEVEL = 95
SEED = 2022
RESAMPLING = f"bootstrap:percentile|samples:{SAMPLES}|level:{LEVEL}|seed:{SEED}"

_AT_ONCE = 2**22
"""Numbers of a block of weights: it bounds the memory, not the result."""

_ROUNDING = 1e-9

Weights = Callable[[np.random.Generator, int], Rows]
"""A trial's weight of each of so many examples."""


@dataclass(frozen=True, slots=True)
class Difference:
    """By how much a second system scores above a first one, in points, and how sure that is."""

    points: float
    low: float
    high: float
    bootstrap_p: float
    randomization_p: float


def intervals(kept: Mapping[str, Statistics]) -> dict[str, tuple[float, float]]:
    """Each score's interval, in percent."""
    found = {}
    for name, scores in _resampled(kept).items():
        found[name] = _middle(_scored(scores))
    return found


def differences(
    first: Mapping[str, Statistics], second: Mapping[str, Statistics]
) -> dict[str, Difference]:
    """Test two systems on each metric that both have."""
    names = [name for name in first if name in second]
    one, two = ({name: system[name] for name in names} for system in (first, second))
    before, after = _resampled(one), _resampled(two)
    exchanged = _exchanged(one, two)
    found = {}
    for name in names:
        points = two[name].score - one[name].score
        drawn = _scored(after[name] - before[name])
        found[name] = Difference(
            points,
            *_middle(drawn),
            _p(drawn - drawn.mean(), points),
            _p(exchanged[name], points),
        )
    return found


def _scored(trials: Rows) -> Rows:
    """The trials that have a score; a 0 where none has."""
    kept = trials[~np.isnan(trials)]
    return kept if len(kept) else np.zeros(1)


def _middle(trials: Rows) -> tuple[float, float]:
    low, high = np.percentile(trials, [50 - LEVEL / 2, 50 + LEVEL / 2])
    return float(low), float(high)


def _p(trials: Rows, points: float) -> float:
    beyond = int((np.abs(trials) >= abs(points) - _ROUNDING).sum())
    return (beyond + 1) / (len(trials) + 1)


def _resampled(kept: Mapping[str, Statistics]) -> dict[str, Rows]:
    """Each metric's scores of all resamples; not a number where it applies to no example drawn."""
    sums = _trials({name: statistics.rows for name, statistics in kept.items()}, _draws)
    return {
        name: np.where(sums[name].any(axis=1), statistics.formula(sums[name]), np.nan)
        for name, statistics in kept.items()
    }


def _exchanged(one: Mapping[str, Statistics], two: Mapping[str, Statistics]) -> dict[str, Rows]:
    """The differences of two systems that exchange answers at random."""
    swapped = _trials({name: two[name].rows - one[name].rows for name in one}, _coins)
    found = {}
    for name, moved in swapped.items():
        formula = one[name].formula
        first, second = (side[name].rows.sum(axis=0) for side in (one, two))
        found[name] = formula(second - moved) - formula(first + moved)
    return found


def _trials(rows: Mapping[str, Rows], weights: Weights) -> dict[str, Rows]:
    """For each metric the weighted sums of its rows, of shape (SAMPLES, numbers)."""
    if not rows:
        return {}
    matrix = np.concatenate(list(rows.values()), axis=1)
    generator = np.random.default_rng(SEED)
    block = max(1, _AT_ONCE // max(1, len(matrix)))
    sums = []
    for start in range(0, SAMPLES, block):
        trials = range(start, min(start + block, SAMPLES))
        sums.append(np.stack([weights(generator, len(matrix)) for _ in trials]) @ matrix)
    ends = np.cumsum([part.shape[1] for part in rows.values()])[:-1]
    return dict(zip(rows, np.split(np.concatenate(sums), ends, axis=1), strict=True))


def _draws(generator: np.random.Generator, count: int) -> Rows:
    drawn: NDArray[np.int64] = generator.integers(count, size=count)
    return np.bincount(drawn, minlength=count).astype(np.float64)


def _coins(generator: np.random.Generator, count: int) -> Rows:
    return generator.integers(2, size=count).astype(np.float64)
