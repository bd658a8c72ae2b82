"""PARENT and the share of supported numbers and names for ``evaluate.load``."""

from typing import Any

import datasets
import evaluate

from gentap.evaluation.metrics.parent import parent_statistics
from gentap.evaluation.metrics.statistics import summary
from gentap.evaluation.metrics.support import support_statistics
from gentap.records import Cell, Table


class Faithfulness(evaluate.Metric):  # type: ignore[misc]
    """``parent``, its precision and recall, and ``supported``, in percent, with signatures."""

    def _info(self) -> evaluate.MetricInfo:
        text = datasets.Value("string")
        return evaluate.MetricInfo(
            description=str(self.__doc__),
            citation="Dhingra et al. 2019",
            inputs_description=(
                "predictions and questions: texts; references: for each a list of texts; header: "
                "texts; rows: lists of texts; cells: the evidence, [row, column] pairs, or []"
            ),
            features=datasets.Features(
                {
                    "predictions": text,
                    "references": datasets.Sequence(text),
                    "questions": text,
                    "header": datasets.Sequence(text),
                    "rows": datasets.Sequence(datasets.Sequence(text)),
                    "cells": datasets.Sequence(datasets.Sequence(datasets.Value("int32"))),
                }
            ),
        )

    def _compute(
        self,
        predictions: list[str],
        references: list[list[str]],
        questions: list[str],
        header: list[list[str]],
        rows: list[list[list[str]]],
        cells: list[list[list[int]]],
    ) -> dict[str, Any]:
        tables = [
            Table(header=tuple(names), rows=tuple(map(tuple, body)))
            for names, body in zip(header, rows, strict=True)
        ]
        evidence = [[Cell(row, column) for row, column in pairs] for pairs in cells]
        return summary(
            parent_statistics(predictions, references, tables, evidence)
            | support_statistics(predictions, questions, tables)
        )
