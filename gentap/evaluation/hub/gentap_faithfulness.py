"""PARENT and the share of supported numbers and names for ``evaluate.load``."""

from typing import Any

import datasets
import evaluate

from gentap.evaluation.hub import text_metric
from gentap.evaluation.metrics.parent import parent_statistics
from gentap.evaluation.metrics.statistics import summary
from gentap.evaluation.metrics.support import support_statistics
from gentap.evaluation.protocols import choices_of
from gentap.records import Cell, Table

CONTEXT = ("titles", "sections", "section_texts")


class Faithfulness(text_metric.TextMetric):
    """``parent``, its precision and recall, and ``supported``, in percent, with signatures."""

    def _info(self) -> evaluate.MetricInfo:
        self._choices = choices_of(self.config_name)
        text = datasets.Value("string")
        return evaluate.MetricInfo(
            description=str(self.__doc__),
            citation="Dhingra et al. 2019",
            inputs_description=(
                "predictions and questions: texts; references: for each a list of texts; header: "
                "texts; rows: lists of texts; cells: the evidence, [row, column] pairs, or []; for "
                "the configuration totto also titles, sections and section_texts: texts"
            ),
            features=datasets.Features(
                {
                    **(dict.fromkeys(CONTEXT, text) if self._choices.parent == "totto" else {}),
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
        titles: list[str] | None = None,
        sections: list[str] | None = None,
        section_texts: list[str] | None = None,
    ) -> dict[str, Any]:
        none = [""] * len(predictions)
        tables = [
            Table(title=title, section=section, header=tuple(names), rows=tuple(map(tuple, body)))
            for title, section, names, body in zip(
                titles or none, sections or none, header, rows, strict=True
            )
        ]
        evidence = [[Cell(row, column) for row, column in pairs] for pairs in cells]
        return summary(
            parent_statistics(
                *self._choices.texts(predictions, references),
                tables,
                evidence,
                form=self._choices.parent,
                beside=section_texts or (),
            )
            | support_statistics(predictions, questions, tables)
        )
