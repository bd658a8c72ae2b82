"""Length control: the length penalty and the least length under which BLEU on dev is best.

Published T5 answers to FeTaQA are short, and BLEU punishes that: its brevity penalty takes up to a
quarter of their score. First the penalties are tried with no least length, then the least lengths
with the best penalty. Of equal scores the first one tried wins, so that the settings at hand stay
unless others are better.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gentap.errors import InputError
from gentap.evaluation.metrics.bleu import bleu_statistics
from gentap.evaluation.predict import ChunkedAnswers, Length
from gentap.evaluation.protocols import PROTOCOLS
from gentap.evaluation.spread import spread
from gentap.records import Example
from gentap.settings.sections import EvaluateSettings

PENALTIES = (1.0, 0.6, 0.8, 1.5, 2.0, 3.0)
LEAST = (0, 8, 12, 16, 20)


def tune_length(
    model: str, dev: Sequence[Example], settings: EvaluateSettings, folder: Path
) -> tuple[Length, list[dict[str, Any]]]:
    """The best length settings, and every trial with its scores.

    Only questions that are answered in a sentence count; of more than ``tune_questions`` so many
    are taken, evenly spread. Raises InputError where there are none.
    """
    asked = spread([one for one in dev if one.kind == "long"], settings.tune_questions)
    if not asked:
        raise InputError(
            f"{', '.join(settings.tune_length)}: no question that is answered in a sentence; only "
            "those can tune the length."
        )
    answerer = ChunkedAnswers(model, asked, settings)
    tried: dict[Length, dict[str, Any]] = {}

    def best_of(lengths: Sequence[Length]) -> Length:
        for length in lengths:
            if length not in tried:
                tried[length] = _try(answerer, length, asked, settings, folder)
        return max(tried, key=lambda length: float(tried[length]["bleu"]))

    given = Length(settings.length_penalty, settings.min_answer_tokens)
    penalties = [Length(penalty, given.least) for penalty in (given.penalty, *PENALTIES)]
    best = best_of(penalties) if settings.beams > 1 else given
    longest = settings.max_answer_tokens
    best = best_of([Length(best.penalty, least) for least in LEAST if least < longest])
    return best, list(tried.values())


def _try(
    answerer: ChunkedAnswers,
    length: Length,
    asked: Sequence[Example],
    settings: EvaluateSettings,
    folder: Path,
) -> dict[str, Any]:
    name = f"penalty {length.penalty:g}, least {length.least}"
    said = answerer.answer(length, folder / name, f"tune length, {name}")
    choices = PROTOCOLS[settings.protocol]
    texts = choices.texts(said, [example.references for example in asked])
    kept = bleu_statistics(*texts, lowercase=choices.lowercase_bleu)
    scores = {metric: round(statistics.score, 4) for metric, statistics in kept.items()}
    return {"length_penalty": length.penalty, "min_answer_tokens": length.least, **scores}
