"""Exact match and denotation accuracy of cell answers for ``evaluate.load``."""

from typing import Any

import datasets
import evaluate

from gentap.evaluation.hub import text_metric
from gentap.evaluation.metrics.denotation import cell_statistics
from gentap.evaluation.metrics.statistics import summary
from gentap.evaluation.protocols import choices_of


class Cells(text_metric.TextMetric):
    """``exact_match`` and WikiTableQuestions' ``denotation_accuracy`` in percent, with signatures.

    Several values of one answer are written with ``|`` between them.
    """

    def _info(self) -> evaluate.MetricInfo:
        choices_of(self.config_name)  # the same under all protocols, but none of another name
        return evaluate.MetricInfo(
            description=str(self.__doc__),
            citation="Pasupat and Liang 2015",
            inputs_description="predictions: texts; references: for each a list of texts",
            features=datasets.Features(
                {
                    "predictions": datasets.Value("string"),
                    "references": datasets.Sequence(datasets.Value("string")),
                }
            ),
        )

    def _compute(self, predictions: list[str], references: list[list[str]]) -> dict[str, Any]:
        return summary(cell_statistics(predictions, references))
