"""What a score is computed from, example by example.

A metric keeps a row of numbers for each example; the sum of the rows over any choice of examples is
all that its score needs. So a score, its bootstrap interval and a paired test are sums of rows and
one formula, and nothing is tokenized twice.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gentap.errors import InputError
from gentap.runs.counting import counted

Rows = NDArray[np.float64]
"""Of shape (examples, numbers); a row of zeros where the metric does not apply to an example."""

Formula = Callable[[Rows], Rows]
"""Sums of rows (…, numbers) to scores (…) in percent."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """A metric's rows, the formulas of its score and of one example's score, and its signature."""

    rows: Rows
    signature: str
    formula: Formula
    of_one: Formula

    @property
    def score(self) -> float:
        """In percent."""
        return float(self.formula(self.rows.sum(axis=0)))

    def by_example(self) -> list[float | None]:
        """Each example's own score in percent; None where the metric does not apply to it."""
        applies = np.any(self.rows, axis=1).tolist()
        scores = self.of_one(self.rows).tolist()
        return [score if there else None for score, there in zip(scores, applies, strict=True)]


def check_references(predictions: Sequence[str], references: Sequence[Sequence[str]]) -> None:
    """Raises InputError where a prediction has no reference to be scored by."""
    if len(predictions) != len(references):
        raise InputError(
            f"{counted(len(predictions), 'prediction')} and {counted(len(references), 'list')} "
            "of references: give "
            "each prediction its own list."
        )
    for number, wanted in enumerate(references, start=1):
        if not wanted:
            raise InputError(
                f"The list of references of prediction {number:,} is empty: give each prediction "
                "at least one reference."
            )


def summary(kept: Mapping[str, Statistics]) -> dict[str, Any]:
    """Scores in percent, and ``signatures``."""
    signatures = {name: statistics.signature for name, statistics in kept.items()}
    return {
        **{name: statistics.score for name, statistics in kept.items()},
        "signatures": signatures,
    }


def ratio(sums: Rows) -> Rows:
    """The first number for each unit of the second, in percent; 0 where there is no unit."""
    units = sums[..., 1]
    share = np.divide(sums[..., 0], units, out=np.zeros_like(units), where=units > 0)
    return 100 * share


def mean_statistics(scores: Any, signature: str) -> Statistics:
    """Of a metric whose score is the mean of the examples' scores (0 to 1)."""
    values = np.asarray(scores, dtype=np.float64)
    rows = np.stack([values, np.ones_like(values)], axis=1) if len(values) else np.zeros((0, 2))
    return ratio_statistics(rows, signature)


def ratio_statistics(rows: Rows, signature: str) -> Statistics:
    """Of a metric whose score is a sum over another sum."""
    return Statistics(rows, signature, ratio, ratio)
