"""What the metrics for ``evaluate.load`` share: texts are taken as what they are.

``evaluate`` itself would turn a list or a truth value into Python's notation of it.
"""

from collections.abc import Sequence
from typing import Any

import evaluate

from gentap.evaluation.prediction_text import prediction_texts


class TextMetric(evaluate.Metric):  # type: ignore[misc]
    """A metric of texts. Raises InputError, by number, for what has no text."""

    def add_batch(self, *, predictions: Any = None, references: Any = None, **more: Any) -> None:
        """As ``evaluate.Metric``'s; numbers, null and lists of values are predictions too."""
        if predictions is not None:
            predictions = prediction_texts(predictions)
        if references is not None:
            references = [
                _each(of_one, number) for number, of_one in enumerate(references, start=1)
            ]
        super().add_batch(predictions=predictions, references=references, **more)

    def add(self, *, prediction: Any = None, reference: Any = None, **more: Any) -> None:
        """As ``evaluate.Metric``'s, for one prediction."""
        (prediction,) = prediction_texts([prediction])
        super().add(prediction=prediction, reference=_each(reference, 1), **more)


def _each(references: Any, number: int) -> Any:
    """The texts of a prediction's references; what is no list is left for ``evaluate`` to tell."""
    if isinstance(references, str) or not isinstance(references, Sequence):
        return references
    return prediction_texts(references, f"prediction {number}: reference")
