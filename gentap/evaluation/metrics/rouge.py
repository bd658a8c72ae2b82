"""ROUGE-1, ROUGE-2 and ROUGE-L: F1 of shared words, word pairs, and the longest common sequence
(Lin 2004), as Google's rouge-score computes them, without stemming.

rouge-score's words are runs of a–z and digits, so that of a text in another script only the digits
are scored; :func:`leaves_out_most` tells such texts.
"""

from collections.abc import Sequence
from importlib.metadata import version

import numpy as np

from gentap.evaluation.metrics.statistics import Statistics, check_references, mean_statistics

ROUGE = ("rouge1", "rouge2", "rougeL")


def rouge_statistics(
    predictions: Sequence[str], references: Sequence[Sequence[str]]
) -> dict[str, Statistics]:
    """Each of the three; of several references the best counts, each time."""
    from rouge_score.rouge_scorer import RougeScorer

    check_references(predictions, references)
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


def leaves_out_most(text: str) -> bool:
    """Whether ROUGE's tokenizer leaves out more than half of a text's letters."""
    letters = [letter for letter in text if letter.isalpha()]
    return 2 * sum(letter.isascii() for letter in letters) < len(letters)
