"""ROUGE-1, ROUGE-2 and ROUGE-L: F1 of shared words, word pairs, and the longest common sequence
(Lin 2004), as Google's rouge-score computes them, without stemming.

rouge-score's own words are runs of a–z and digits, so that of a text in another script only the
digits are scored; :func:`leaves_out_most` tells such texts. Those of ``unicode`` are the words and
numbers of any script (:mod:`gentap.text.unicode_words`), lower-cased.
"""

from collections.abc import Sequence
from importlib.metadata import version

import numpy as np

from gentap.evaluation.metrics.statistics import Statistics, check_references, mean_statistics
from gentap.evaluation.protocols import RougeWords
from gentap.text.unicode_words import words_and_signs

ROUGE = ("rouge1", "rouge2", "rougeL")


def rouge_statistics(
    predictions: Sequence[str],
    references: Sequence[Sequence[str]],
    *,
    words: RougeWords = "latin",
) -> dict[str, Statistics]:
    """Each of the three; of several references the best counts, each time."""
    from rouge_score.rouge_scorer import RougeScorer

    check_references(predictions, references)
    tokenizer = _UnicodeWords() if words == "unicode" else None
    scorer = RougeScorer(list(ROUGE), use_stemmer=False, tokenizer=tokenizer)
    scores = np.zeros((len(predictions), len(ROUGE)))
    for row, said, wanted in zip(scores, predictions, references, strict=True):
        for reference in wanted:
            scored = scorer.score(reference, said)
            row[:] = np.maximum(row, [scored[name].fmeasure for name in ROUGE])
    signature = f"f1|tok:{words}|stem:no|refs:best|rouge-score:{version('rouge-score')}"
    return {
        name: mean_statistics(scores[:, column], signature) for column, name in enumerate(ROUGE)
    }


class _UnicodeWords:
    """A tokenizer as rouge-score takes it."""

    def tokenize(self, text: str) -> list[str]:
        return [token for token in words_and_signs(text.lower()) if any(map(str.isalnum, token))]


def leaves_out_most(text: str) -> bool:
    """Whether ROUGE's tokenizer leaves out more than half of a text's letters."""
    letters = [letter for letter in text if letter.isalpha()]
    return 2 * sum(letter.isascii() for letter in letters) < len(letters)
