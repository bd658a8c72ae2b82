"""The mean loss of annotated answers under several models, and what parts each from the first one.

Usage: python scripts/studies/answer_losses.py QUESTIONS MODEL [MODEL …]

Says what a finetuning has forgotten where whole answers are too rarely right to count. Intervals
are of 2,000 resamples of the questions, the same ones for all models.
"""

import sys

import numpy as np

from gentap.documents.annotated.reading import read_questions
from gentap.trust.membership import LossReader

SAMPLES = 2_000


def main() -> None:
    """Print a line for each model."""
    questions, *models = sys.argv[1:]
    examples = read_questions([questions]).examples
    losses = [LossReader(model).losses(examples, model) for model in models]
    draws = np.random.default_rng(1).integers(len(examples), size=(SAMPLES, len(examples)))
    for model, found in zip(models, losses, strict=True):
        low, high = np.percentile(found[draws].mean(1), [2.5, 97.5])
        line = f"{model}: {found.mean():.3f} [{low:.3f}, {high:.3f}]"
        if found is not losses[0]:
            apart = found - losses[0]
            low, high = np.percentile(apart[draws].mean(1), [2.5, 97.5])
            line += f", {apart.mean():+.3f} [{low:+.3f}, {high:+.3f}] to {models[0]}"
        print(line)


if __name__ == "__main__":
    main()
