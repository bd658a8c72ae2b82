"""How often a system declines where the table does not answer, and where it does.

An answer *declines* where it says that the table does not tell, or holds no such entry: it speaks
of the table (or of rows or entries) and denies it. A question is unanswerable where its reference
declines. ``declined_rightly`` is the share of unanswerable questions whose answer declines,
``declined_wrongly`` that of the answerable ones; they exist only where some question is
unanswerable. English and German are known.
"""

import re
from collections.abc import Sequence

import numpy as np

from gentap import __version__
from gentap.evaluation.metrics.statistics import Statistics, check_references, ratio_statistics

_DECLINES = re.compile(
    r"\btable (?:does not|doesn't|cannot|can't|lists no|has no|gives no|names no)\b"
    r"|\bno \S+(?: \S+){0,4} in the table\b"
    r"|\baccording to the table, no\b"
    r"|\b(?:tabelle|die tabelle) (?:enthält|nennt|hat) kein"
    r"|\bbeantwortet die tabelle nicht\b|\bsteht nicht in der tabelle\b"
    r"|\bin der tabelle gibt es kein|\bkeine zeile der tabelle\b|\blaut der tabelle gibt es kein",
    re.I,
)


def declines(answer: str) -> bool:
    """Whether an answer says that the table does not give one.

    >>> declines("The table does not say who won in 1990."), declines("No team won in 1990.")
    (True, False)
    """
    return _DECLINES.search(answer) is not None


def decline_statistics(
    predictions: Sequence[str], references: Sequence[Sequence[str]]
) -> dict[str, Statistics]:
    """``declined_rightly`` and ``declined_wrongly``; none where every question has an answer."""
    check_references(predictions, references)
    unanswerable = np.array([any(map(declines, wanted)) for wanted in references], dtype=bool)
    if not unanswerable.any():
        return {}
    declined = np.array(list(map(declines, predictions)), dtype=bool)
    signature = f"phrases:en,de|gentap:{__version__}"
    return {
        name: ratio_statistics(
            np.stack([declined & among, among], axis=1).astype(np.float64), signature
        )
        for name, among in (("declined_rightly", unanswerable), ("declined_wrongly", ~unanswerable))
    }
