"""BLEU, ROUGE and METEOR in percent, and exact match of cells, each with its signature.

Two protocols. ``default``: BLEU cased, METEOR on NLTK's word tokens. ``fetaqa`` is that of FeTaQA's
published figures: BLEU lower-cased, METEOR on tokens parted by white space. Both: sacreBLEU's 13a
tokenizer, ROUGE F1 without stemming, METEOR with alpha 0.9, beta 3, gamma 0.5 (NLTK).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from gentap import __version__
from gentap.errors import InputError
from gentap.evaluation.wordnet import open_wordnet
from gentap.settings import Protocol
from gentap.tables.values import normal_form

METRICS = ("bleu", "rouge1", "rouge2", "rougeL", "meteor")
_ROUGE = ("rouge1", "rouge2", "rougeL")


@dataclass(frozen=True, slots=True)
class Scores:
    """Each metric's value in percent and its signature."""

    values: dict[str, float]
    signatures: dict[str, str]

    def to_json(self) -> dict[str, Any]:
        rounded = {name: round(value, 4) for name, value in self.values.items()}
        return {**rounded, "signatures": self.signatures}


def score_sentences(
    predictions: Sequence[str], references: Sequence[str], protocol: Protocol
) -> Scores:
    """The five metrics of sentence answers, one reference each."""
    _check(predictions, references)
    lower = protocol == "fetaqa"
    values, signatures = _bleu(predictions, references, lower)
    for part in (_rouge(predictions, references), _meteor(predictions, references, lower)):
        values |= part[0]
        signatures |= part[1]
    return Scores(values, signatures)


def score_cells(predictions: Sequence[str], references: Sequence[str]) -> Scores:
    """Exact match of cell values, compared by normal form."""
    _check(predictions, references)
    same = [
        normal_form(prediction) == normal_form(reference)
        for prediction, reference in zip(predictions, references, strict=True)
    ]
    share = 100 * sum(same) / len(same)
    return Scores({"exact_match": share}, {"exact_match": f"normal form|gentap:{__version__}"})


def _check(predictions: Sequence[str], references: Sequence[str]) -> None:
    if not references:
        raise InputError("There is no reference to score against.")
    if len(predictions) != len(references):
        raise InputError(
            f"{len(predictions):,} predictions for {len(references):,} references: give one "
            "prediction a line, in the order of the references."
        )


def _bleu(
    predictions: Sequence[str], references: Sequence[str], lower: bool
) -> tuple[dict[str, float], dict[str, str]]:
    from sacrebleu.metrics.bleu import BLEU

    metric = BLEU(lowercase=lower)
    score = metric.corpus_score(list(predictions), [list(references)])
    return {"bleu": score.score}, {"bleu": str(metric.get_signature())}


def _rouge(
    predictions: Sequence[str], references: Sequence[str]
) -> tuple[dict[str, float], dict[str, str]]:
    from rouge_score.rouge_scorer import RougeScorer

    scorer = RougeScorer(list(_ROUGE), use_stemmer=False)
    sums = dict.fromkeys(_ROUGE, 0.0)
    for prediction, reference in zip(predictions, references, strict=True):
        scored = scorer.score(reference, prediction)
        for name in _ROUGE:
            sums[name] += scored[name].fmeasure
    signature = f"f1|stem:no|rouge-score:{version('rouge-score')}"
    count = len(references)
    return (
        {name: 100 * total / count for name, total in sums.items()},
        dict.fromkeys(_ROUGE, signature),
    )


def _meteor(
    predictions: Sequence[str], references: Sequence[str], on_spaces: bool
) -> tuple[dict[str, float], dict[str, str]]:
    from nltk.tokenize import NLTKWordTokenizer
    from nltk.translate.meteor_score import single_meteor_score

    wordnet = open_wordnet()
    tokens: Callable[[str], list[str]] = str.split if on_spaces else NLTKWordTokenizer().tokenize
    total = sum(
        single_meteor_score(tokens(reference), tokens(prediction), wordnet=wordnet)
        for prediction, reference in zip(predictions, references, strict=True)
    )
    signature = f"tok:{'spaces' if on_spaces else 'nltk'}|wordnet:3.0|nltk:{version('nltk')}"
    return {"meteor": 100 * total / len(references)}, {"meteor": signature}
