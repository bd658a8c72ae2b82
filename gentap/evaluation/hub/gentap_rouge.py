"""ROUGE for ``evaluate.load``: a configuration is a protocol's name; left out, ``fetaqa``."""

from typing import Any

import datasets
import evaluate

from gentap.evaluation.hub import text_metric
from gentap.evaluation.metrics.rouge import rouge_statistics
from gentap.evaluation.metrics.statistics import summary
from gentap.evaluation.protocols import choices_of


class Rouge(text_metric.TextMetric):
    """ROUGE-1, ROUGE-2 and ROUGE-L F1 without stemming, in percent, with signatures."""

    def _info(self) -> evaluate.MetricInfo:
        self._words = choices_of(self.config_name).rouge_words
        return evaluate.MetricInfo(
            description=str(self.__doc__),
            citation="Lin 2004",
            inputs_description="predictions: texts; references: for each a list of texts",
            features=datasets.Features(
                {
                    "predictions": datasets.Value("string"),
                    "references": datasets.Sequence(datasets.Value("string")),
                }
            ),
        )

    def _compute(self, predictions: list[str], references: list[list[str]]) -> dict[str, Any]:
        return summary(rouge_statistics(predictions, references, words=self._words))
