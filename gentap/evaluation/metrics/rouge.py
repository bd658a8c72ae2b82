"""ROUGE-1, ROUGE-2 and ROUGE-L: F1 of shared words, word pairs, and the longest common sequence
(Lin 2004), as Google's rouge-score computes them, without stemming."""

from collections.abc import Sequence
from importlib.metadata import version

import numpy as np

from gentap.evaluation.metrics.statistics import Statistics, mean_statistics

ROUGE = ("rouge1", "rouge2", "rougeL")


def rouge_statistics(
    predictions: Sequence[str], references: Sequence[Sequence[str]]
) -> dict[str, Statistics]:
    """Each of the three; of several references the best counts, each time."""
    from rouge_score.rouge_scorer import RougeScorer

    scorer = RougeScorer(list(ROUGE), use_stemmer=False)
    scores = np.zeros((len(predictions), len(ROUGE)))
    for row, said, wanted in zip(scores, predictions, references, strict=True):
        for reference in wanted:
            scored = scorer.score(reference, said)
            row[:] = np.maximum(row, [scored[name].fmeasure for name in ROUGE])
    signature = f"f1|stem:no|refs:best|rouge-score:{version('rouge-score')}"
    return {
        name: mean_statistics(scores[:, column], signature) for column, name in enumerate(ROUGE)
    }
