"""METEOR for ``evaluate.load``: a configuration is a protocol's name; left out, ``fetaqa``."""

from typing import Any

import datasets
import evaluate

from gentap.evaluation.hub import text_metric
from gentap.evaluation.metrics.meteor import meteor_statistics
from gentap.evaluation.metrics.statistics import summary
from gentap.evaluation.protocols import choices_of


class Meteor(text_metric.TextMetric):
    """METEOR with WordNet 3.0, in percent, with its signature."""

    def _info(self) -> evaluate.MetricInfo:
        self._choices = choices_of(self.config_name)
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
        tokens = self._choices.meteor_tokens
        return summary(meteor_statistics(predictions, references, tokens=tokens))
