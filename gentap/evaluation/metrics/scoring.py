"""All scores of a system's answers under a named protocol, with their intervals and signatures.

:mod:`gentap.evaluation.protocols` says what each protocol is.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gentap.errors import InputError
from gentap.evaluation.metrics.bleu import bleu_statistics
from gentap.evaluation.metrics.declines import decline_statistics
from gentap.evaluation.metrics.denotation import cell_statistics
from gentap.evaluation.metrics.meteor import meteor_statistics
from gentap.evaluation.metrics.parent import parent_statistics
from gentap.evaluation.metrics.resampling import RESAMPLING, intervals
from gentap.evaluation.metrics.rouge import leaves_out_most, rouge_statistics
from gentap.evaluation.metrics.statistics import Statistics
from gentap.evaluation.metrics.support import support_statistics
from gentap.evaluation.prediction_text import prediction_texts
from gentap.evaluation.protocols import PROTOCOLS, Choices
from gentap.records import Example, Kind
from gentap.runs.counting import counted
from gentap.settings.sections import Protocol

METRICS = {
    "bleu": "BLEU",
    "rouge1": "ROUGE-1",
    "rouge2": "ROUGE-2",
    "rougeL": "ROUGE-L",
    "meteor": "METEOR",
    "brevity_penalty": "brevity",
    "parent": "PARENT",
    "parent_precision": "PARENT-P",
    "parent_recall": "PARENT-R",
    "supported": "supported",
    "declined_rightly": "declined rightly",
    "declined_wrongly": "declined wrongly",
    "exact_match": "exact match",
    "denotation_accuracy": "denotation",
    "judge_faithfulness": "judge: faithful",
    "judge_completeness": "judge: complete",
}
"""Each metric's name in files and its title for people, in the order of all tables."""

MAX_SCORED_CHARACTERS = 10_000
"""Characters of a prediction that are scored: more is no answer, and some metrics' time is square
in its length."""

NOT_LATIN = (
    "answers in scripts of which ROUGE scores the digits alone (its words are of a-z; those of "
    "--protocol unicode are of any script)"
)

_KINDS: tuple[Kind, ...] = ("long", "cell")


@dataclass(frozen=True, slots=True)
class Scored:
    """A system's scores, with all that they are computed from.

    ``statistics`` hold a row for each example, in their order; ``warnings`` count what was scored
    though it is odd.
    """

    protocol: Protocol
    questions: dict[str, int]
    statistics: dict[str, Statistics]
    warnings: dict[str, int]

    def values(self) -> dict[str, float]:
        """In percent."""
        return {name: kept.score for name, kept in self.statistics.items()}

    def by_example(self) -> list[dict[str, float]]:
        """The scores of each example that apply to it, in percent."""
        columns = {name: kept.by_example() for name, kept in self.statistics.items()}
        return [
            {
                name: round(score, 2)
                for name, score in zip(columns, scores, strict=True)
                if score is not None
            }
            for scores in zip(*columns.values(), strict=True)
        ]

    def to_json(self) -> dict[str, Any]:
        """The content of ``scores.json``."""
        return {
            **{name: round(value, 4) for name, value in self.values().items()},
            "intervals": {
                name: [round(low, 4), round(high, 4)]
                for name, (low, high) in intervals(self.statistics).items()
            },
            "signatures": {name: kept.signature for name, kept in self.statistics.items()},
            "resampling": RESAMPLING,
            "protocol": self.protocol,
            "questions": self.questions,
            "warnings": self.warnings,
        }


def score(examples: Sequence[Example], predictions: Sequence[Any], protocol: Protocol) -> Scored:
    """Score a prediction for each example; sentence and cell answers each by their metrics.

    Predictions are texts; numbers, null and lists of values count as the texts that stand for them.

    Raises InputError where there is no example, or not a prediction for each.
    """
    if not examples:
        raise InputError("There is no question to score answers of.")
    if len(predictions) != len(examples):
        raise InputError(
            f"{counted(len(predictions), 'prediction')} for "
            f"{counted(len(examples), 'question')}: give one "
            "prediction a line, in the order of the questions."
        )
    predictions = prediction_texts(predictions)
    cut = [text[:MAX_SCORED_CHARACTERS] for text in predictions]
    found: dict[str, Statistics] = {}
    choices = PROTOCOLS[protocol]
    for kind in _KINDS:
        empty = choices.empty if kind == "long" else ""
        places = [place for place, example in enumerate(examples) if example.kind == kind]
        if places:
            chosen = [examples[place] for place in places]
            said = [cut[place] or empty for place in places]
            for compute in SCORERS[kind]:
                for name, kept in compute((chosen, said, choices)).items():
                    found[name] = _spread(kept, places, len(examples))
    return Scored(
        protocol,
        {kind: sum(example.kind == kind for example in examples) for kind in _KINDS},
        {name: found[name] for name in METRICS if name in found},
        _warnings(examples, predictions, choices),
    )


def needs_wordnet(examples: Iterable[Example]) -> bool:
    """Whether METEOR will be computed: cell answers are scored without it."""
    return any(example.kind == "long" for example in examples)


Answers = tuple[Sequence[Example], Sequence[str], Choices]
"""Examples, what was said to each, and the choices of the protocol."""


def _bleu(answers: Answers) -> Mapping[str, Statistics]:
    examples, said, choices = answers
    texts = choices.texts(said, [example.references for example in examples])
    return bleu_statistics(
        *texts, lowercase=choices.lowercase_bleu, detokenized=choices.detokenized
    )


def _rouge(answers: Answers) -> Mapping[str, Statistics]:
    examples, said, choices = answers
    wanted = [example.references for example in examples]
    return rouge_statistics(said, wanted, words=choices.rouge_words)


def _meteor(answers: Answers) -> Mapping[str, Statistics]:
    examples, said, choices = answers
    wanted = [example.references for example in examples]
    return meteor_statistics(said, wanted, tokens=choices.meteor_tokens)


def _parent(answers: Answers) -> Mapping[str, Statistics]:
    examples, said, choices = answers
    beside = [example.section_text for example in examples] if choices.parent == "totto" else ()
    return parent_statistics(
        *choices.texts(said, [example.references for example in examples]),
        [example.table for example in examples],
        [example.cells for example in examples],
        form=choices.parent,
        beside=beside,
    )


def _support(answers: Answers) -> Mapping[str, Statistics]:
    examples, said, _ = answers
    questions = [example.question for example in examples]
    return support_statistics(said, questions, [example.table for example in examples])


def _declines(answers: Answers) -> Mapping[str, Statistics]:
    examples, said, _ = answers
    return decline_statistics(said, [example.references for example in examples])


def _cells(answers: Answers) -> Mapping[str, Statistics]:
    examples, said, _ = answers
    references = [example.references for example in examples]
    return cell_statistics(said, references, [example.canonical for example in examples])


SCORERS: Mapping[Kind, Sequence[Callable[[Answers], Mapping[str, Statistics]]]] = {
    "long": (_bleu, _rouge, _meteor, _parent, _support, _declines),
    "cell": (_cells,),
}
"""What computes the metrics of each kind of answer."""


def _spread(kept: Statistics, places: Sequence[int], count: int) -> Statistics:
    """Rows of some examples among rows of zeros for the others."""
    rows = np.zeros((count, kept.rows.shape[1]))
    rows[list(places)] = kept.rows
    return Statistics(rows, kept.signature, kept.formula, kept.of_one)


def _warnings(
    examples: Sequence[Example], predictions: Sequence[str], choices: Choices
) -> dict[str, int]:
    counts = Counter[str]()
    latin = choices.rouge_words == "latin"
    for example, text in zip(examples, predictions, strict=True):
        counts[NOT_LATIN] += latin and example.kind == "long" and leaves_out_most(example.answer)
        counts["empty predictions"] += not text.strip()
        counts[f"predictions scored by their first {MAX_SCORED_CHARACTERS:,} characters"] += (
            len(text) > MAX_SCORED_CHARACTERS
        )
    return {name: count for name, count in counts.items() if count}
