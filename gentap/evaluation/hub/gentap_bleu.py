"""BLEU for ``evaluate.load``: a configuration is a protocol's name; left out, ``fetaqa``."""

from typing import Any

import datasets
import evaluate

from gentap.evaluation.hub import text_metric
from gentap.evaluation.metrics.bleu import bleu_statistics
from gentap.evaluation.metrics.statistics import summary
from gentap.evaluation.protocols import choices_of


class Bleu(text_metric.TextMetric):
    """sacreBLEU, tokenizer 13a: ``bleu`` and ``brevity_penalty`` in percent, with signatures."""

    def _info(self) -> evaluate.MetricInfo:
        self._choices = choices_of(self.config_name)
        return evaluate.MetricInfo(
            description=str(self.__doc__),
            citation="Papineni et al. 2002; Post 2018",
            inputs_description="predictions: texts; references: for each a list of texts",
            features=datasets.Features(
                {
                    "predictions": datasets.Value("string"),
                    "references": datasets.Sequence(datasets.Value("string")),
                }
            ),
        )

    def _compute(self, predictions: list[str], references: list[list[str]]) -> dict[str, Any]:
        choices = self._choices
        texts = choices.texts(predictions, references)
        return summary(
            bleu_statistics(
                *texts, lowercase=choices.lowercase_bleu, detokenized=choices.detokenized
            )
        )
