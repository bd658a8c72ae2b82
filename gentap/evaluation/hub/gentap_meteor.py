"""METEOR for ``evaluate.load``: the configurations ``default`` (NLTK's word tokens) and ``fetaqa``
(tokens parted by white space)."""

from typing import Any

import datasets
import evaluate

from gentap.evaluation.metrics.meteor import Tokens, meteor_statistics
from gentap.evaluation.metrics.statistics import summary


class Meteor(evaluate.Metric):  # type: ignore[misc]
    """METEOR with WordNet 3.0, in percent, with its signature."""

    def _info(self) -> evaluate.MetricInfo:
        return evaluate.MetricInfo(
            description=str(self.__doc__),
            citation="Lavie and Agarwal 2007",
            inputs_description="predictions: texts; references: for each a list of texts",
            features=datasets.Features(
                {
                    "predictions": datasets.Value("string"),
                    "references": datasets.Sequence(datasets.Value("string")),
                }
            ),
        )

    def _compute(self, predictions: list[str], references: list[list[str]]) -> dict[str, Any]:
        tokens: Tokens = "spaces" if self.config_name == "fetaqa" else "nltk"
        return summary(meteor_statistics(predictions, references, tokens=tokens))
