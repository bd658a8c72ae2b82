"""A report's folder: what is kept of a system's answers, and how it is read back.

``examples.parquet`` (the questions, as :class:`gentap.records.Example` rows),
``predictions.jsonl``, ``predictions.txt``, ``statistics.parquet`` and ``scores.json``; the lines of
the first four belong together by their order. docs/evaluation.md gives every field.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gentap.documents.rejected import RejectedRecord
from gentap.errors import InputError
from gentap.evaluation.metrics.bleu import FORMULAS as BLEU_FORMULAS
from gentap.evaluation.metrics.scoring import Scored
from gentap.evaluation.metrics.statistics import Statistics, ratio
from gentap.evaluation.protocols import PROTOCOLS
from gentap.records import (
    EXAMPLE_SCHEMA,
    Example,
    Row,
    example_from_row,
    example_to_row,
    table_digest,
)
from gentap.runs.store import read_json, read_rows, write_json, write_text

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
    unread: tuple[RejectedRecord, ...] = ()


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


def read_results(folder: Path) -> Results:
    """Read a report's folder back; raises InputError where it is none."""
    if not is_report(folder):
        raise InputError(
            f"{folder}: not a report's folder (it lacks {SCORES} or another file of one). Make one "
            "with `gentap evaluate` or `gentap score -o`."
        )
    scores = read_json(folder / SCORES)
    if scores["protocol"] not in PROTOCOLS:
        raise InputError(
            f"{folder}: was scored under the protocol {scores['protocol']!r}, which is none of "
            f"{', '.join(PROTOCOLS)}. Score its {TEXTS} anew with `gentap score`; "
            f"its questions are in {EXAMPLES}."
        )
    examples = [example_from_row(row) for row in read_rows([folder / EXAMPLES])]
    rows = read_prediction_lines(folder / PREDICTIONS)
    predictions = [row["prediction"] for row in rows]
    statistics = _read_statistics(folder / STATISTICS, scores["signatures"])
    scored = Scored(scores["protocol"], scores["questions"], statistics, scores["warnings"])
    return Results(folder.name, examples, predictions, scored, list(map(_shown, rows)))


def read_prediction_lines(path: Path) -> list[dict[str, Any]]:
    """The lines of a predictions.jsonl that we wrote."""
    lines = path.read_text(encoding="utf-8").split("\n")
    return [json.loads(line) for line in lines if line]


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


def _shown(row: Mapping[str, Any]) -> Shown | None:
    if "rows_shown" not in row:
        return None
    return Shown(tuple(row["rows_shown"]), tuple(row["columns_shown"]))


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


def _read_statistics(path: Path, signatures: Mapping[str, str]) -> dict[str, Statistics]:
    rows = list(read_rows([path]))
    return {
        name: Statistics(
            np.asarray([row[name] for row in rows], dtype=np.float64),
            signature,
            *BLEU_FORMULAS.get(name, (ratio, ratio)),
        )
        for name, signature in signatures.items()
    }
