"""A report's folder: what is kept of a system's answers, and how it is read back.

``examples.parquet`` (the questions, as :class:`gentap.records.Example` rows),
``predictions.jsonl``, ``predictions.txt``, ``statistics.parquet`` and ``scores.json``; the lines of
the first four belong together by their order. docs/evaluation.md gives every field.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from gentap.documents.rejected import RejectedRecords
from gentap.errors import InputError
from gentap.evaluation.metrics.bleu import BLEU_ORDERS
from gentap.evaluation.metrics.bleu import FORMULAS as BLEU_FORMULAS
from gentap.evaluation.metrics.scoring import METRICS, Scored
from gentap.evaluation.metrics.statistics import Statistics, ratio
from gentap.evaluation.protocols import PROTOCOLS
from gentap.records import (
    EXAMPLE_SCHEMA,
    Example,
    Kind,
    Row,
    Table,
    example_from_row,
    example_to_row,
    table_digest,
)
from gentap.runs.counting import counted
from gentap.runs.files.missing_paths import no_such
from gentap.runs.files.output_files import write_json, write_text
from gentap.runs.files.own_files import EDITED, read_json, read_json_lines
from gentap.runs.files.parquet_parts import read_rows

EXAMPLES = "examples.parquet"
PREDICTIONS = "predictions.jsonl"
TEXTS = "predictions.txt"
STATISTICS = "statistics.parquet"
SCORES = "scores.json"


@dataclass(frozen=True, slots=True)
class Shown:
    """The rows and columns that a model was shown of a table that had to be cut."""

    rows: tuple[int, ...]
    columns: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Results:
    """One system's answers and scores, example by example.

    ``shown`` is None where an example's whole table was shown, or where nobody knows; ``unread``
    are the questions that were set aside.
    """

    name: str
    examples: list[Example]
    predictions: list[str]
    scored: Scored
    shown: list[Shown | None]
    unread: RejectedRecords = field(default_factory=RejectedRecords)


def write_results(folder: Path, results: Results) -> None:
    """Write all files of a report's folder but the report."""
    examples, predictions, scored = results.examples, results.predictions, results.scored
    lines = [
        json.dumps(_row(*about), ensure_ascii=False)
        for about in zip(examples, predictions, scored.by_example(), results.shown, strict=True)
    ]
    write_text(folder / PREDICTIONS, "".join(f"{line}\n" for line in lines))
    write_text(folder / TEXTS, "".join(f"{text}\n" for text in predictions))
    _write_table(folder / EXAMPLES, list(map(example_to_row, examples)), EXAMPLE_SCHEMA)
    _write_statistics(folder / STATISTICS, examples, scored.statistics)
    write_json(folder / SCORES, scored.to_json())


def is_report(folder: Path) -> bool:
    """Whether the folder holds results that can be read back."""
    return all((folder / name).exists() for name in (SCORES, PREDICTIONS, EXAMPLES, STATISTICS))


def require_report(folder: Path) -> None:
    """Raise InputError unless the folder holds results that can be read back."""
    if not folder.exists():
        raise InputError(no_such(folder, "folder"))
    if not is_report(folder):
        raise InputError(
            f"{folder}: not a report's folder (it lacks {SCORES} or another file of one). Make one "
            "with `gentap evaluate` or `gentap score -o`."
        )


def read_results(folder: Path) -> Results:
    """Read a report's folder back; raises InputError where it is none."""
    require_report(folder)
    scores = read_scores(folder)
    rows = read_rows([folder / EXAMPLES], schema=EXAMPLE_SCHEMA)
    examples = [example_from_row(row) for row in rows]
    lines = read_prediction_lines(folder / PREDICTIONS)
    statistics = _read_statistics(folder / STATISTICS, scores["signatures"], len(examples))
    if len(lines) != len(examples):
        raise InputError(
            f"{folder / PREDICTIONS}: holds {counted(len(lines), 'prediction')} for "
            f"{counted(len(examples), 'question')}. {EDITED}"
        )
    for number, (line, example) in enumerate(zip(lines, examples, strict=True), start=1):
        if not line.fits(example.table):
            raise InputError(
                f"{folder / PREDICTIONS}, line {number}: its table has no such rows or columns. "
                f"{EDITED}"
            )
    predictions = [line.prediction for line in lines]
    scored = Scored(scores["protocol"], scores["questions"], statistics, scores["warnings"])
    return Results(folder.name, examples, predictions, scored, [line.shown() for line in lines])


@dataclass(frozen=True, slots=True)
class _Scores:
    """What ``scores.json`` holds beside the scores themselves."""

    protocol: str
    questions: dict[Kind, int]
    signatures: dict[str, str]
    intervals: dict[str, tuple[float, float]]
    warnings: dict[str, int]


def read_scores(folder: Path) -> dict[str, Any]:
    """The scores of a report's folder, as :meth:`Scored.to_json` has them."""
    path = folder / SCORES
    content: dict[str, Any] = read_json(path)
    if content.get("protocol") not in PROTOCOLS:
        raise InputError(
            f"{folder}: was scored under the protocol {content.get('protocol')!r}, which is none "
            f"of {', '.join(PROTOCOLS)}. Score its {TEXTS} anew with `gentap score`; "
            f"its questions are in {EXAMPLES}."
        )
    about: _Scores = read_json(path, _Scores)
    for name in about.signatures:
        if name not in METRICS:
            raise InputError(f"{path}: there is no metric {name!r}. {EDITED}")
        score = content.get(name)
        if not isinstance(score, int | float) or not math.isfinite(score):
            raise InputError(f"{path}: {name} is no number. {EDITED}")
        if not all(map(math.isfinite, about.intervals.get(name, (math.nan,)))):
            raise InputError(f"{path}: intervals.{name} is no pair of numbers. {EDITED}")
    if not about.signatures:
        raise InputError(f"{path}: holds no scores. {EDITED}")
    return content


@dataclass(frozen=True, slots=True)
class PredictionLine:
    """What is read of a line of ``predictions.jsonl``."""

    prediction: str
    rows_shown: tuple[int, ...] | None = None
    columns_shown: tuple[int, ...] | None = None

    def shown(self) -> Shown | None:
        if self.rows_shown is None or self.columns_shown is None:
            return None
        return Shown(self.rows_shown, self.columns_shown)

    def fits(self, table: Table) -> bool:
        """Whether the table has all rows and columns that were shown."""
        rows, columns = range(len(table.rows)), range(len(table.header))
        return all(row in rows for row in self.rows_shown or ()) and all(
            column in columns for column in self.columns_shown or ()
        )


def read_prediction_lines(path: Path) -> list[PredictionLine]:
    """The lines of a predictions.jsonl that we wrote."""
    return read_json_lines(path, PredictionLine)


def _row(
    example: Example, prediction: str, scores: Mapping[str, float], shown: Shown | None
) -> dict[str, Any]:
    cut = {} if shown is None else {"rows_shown": shown.rows, "columns_shown": shown.columns}
    return {
        "id": example.id,
        "kind": example.kind,
        "question": example.question,
        "prediction": prediction,
        "reference": example.answer,
        "references": list(example.references),
        "title": example.table.title,
        "table": table_digest(example.table),
        **cut,
        "scores": dict(scores),
    }


def _write_statistics(
    path: Path, examples: Sequence[Example], statistics: Mapping[str, Statistics]
) -> None:
    import pyarrow as pa

    columns = [pa.field(name, pa.list_(pa.float64())) for name in statistics]
    lists = {name: kept.rows.tolist() for name, kept in statistics.items()}
    rows = [
        {"id": example.id, **{name: numbers[place] for name, numbers in lists.items()}}
        for place, example in enumerate(examples)
    ]
    _write_table(path, rows, pa.schema([pa.field("id", pa.string()), *columns]))


def _write_table(path: Path, rows: Sequence[Row], schema: Any) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    aside = path.with_name(path.name + ".tmp")
    pq.write_table(pa.Table.from_pylist(list(rows), schema), aside, compression="zstd")
    aside.replace(path)


def _read_statistics(
    path: Path, signatures: Mapping[str, str], count: int
) -> dict[str, Statistics]:
    import pyarrow as pa

    numbers = pa.list_(pa.float64())
    schema = pa.schema([pa.field(name, numbers) for name in signatures])
    rows = list(read_rows([path], list(signatures), schema=schema))
    found = {}
    for name, signature in signatures.items():
        width = 2 * (1 + BLEU_ORDERS) if name in BLEU_FORMULAS else 2
        if len(rows) != count or any(len(row[name]) != width for row in rows):
            raise InputError(
                f"{path}: {name} is not {width} numbers for each of "
                f"{counted(count, 'question')}. {EDITED}"
            )
        kept = np.asarray([row[name] for row in rows], dtype=np.float64).reshape(count, width)
        if not (np.isfinite(kept) & (kept >= 0)).all():
            raise InputError(f"{path}: {name} holds what is no count. {EDITED}")
        formulas = BLEU_FORMULAS.get(name, (ratio, ratio))
        found[name] = Statistics(kept, signature, *formulas)
    return found
