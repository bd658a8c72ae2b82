"""What written questions score against the questions of people: BLEU-4, ROUGE-L, METEOR."""

from collections.abc import Mapping, Sequence
from typing import Any

from gentap.evaluation.metrics.bleu import bleu_statistics
from gentap.evaluation.metrics.meteor import meteor_statistics
from gentap.evaluation.metrics.rouge import rouge_statistics

QUESTION_METRICS = ("bleu", "rougeL", "meteor")


def score_questions(lines: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """Scores in percent of all questions, and of each origin where there are several.

    Each line has ``written``, ``reference`` and ``origin``.
    """
    if not lines:
        return {}
    origins = sorted({line["origin"] for line in lines})
    scores: dict[str, Any] = {}
    for name in ("all", *(origins if len(origins) > 1 else ())):
        chosen = [line for line in lines if name in ("all", line["origin"])]
        texts = [line["written"] for line in chosen]
        references = [(line["reference"],) for line in chosen]
        found = {
            **bleu_statistics(texts, references, lowercase=False),
            **rouge_statistics(texts, references),
            **meteor_statistics(texts, references, tokens="nltk"),
        }
        scores[name] = {
            "questions": len(chosen),
            **{metric: round(found[metric].score, 4) for metric in QUESTION_METRICS},
            "signatures": {metric: found[metric].signature for metric in QUESTION_METRICS},
        }
    return scores
