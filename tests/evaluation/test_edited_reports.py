"""Reports that somebody has edited: each is refused with the file's name, none is compared."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from systems import example, results

from gentap.errors import InputError
from gentap.evaluation.report.page import training_log
from gentap.evaluation.results import read_results, read_scores, write_results


@pytest.fixture
def report(tmp_path: Path) -> Path:
    examples = [example(f"q{n}", "Which film?", f"It was film {n}.") for n in range(3)]
    write_results(tmp_path, results("ours", examples, ["It was film 0."] * 3))
    return tmp_path


def edit(file: Path, change: Callable[[Any], object]) -> None:
    content = json.loads(file.read_text(encoding="utf-8"))
    change(content)
    file.write_text(json.dumps(content), encoding="utf-8")


def test_an_unedited_report_is_read(report: Path) -> None:
    assert read_results(report).predictions == ["It was film 0."] * 3


@pytest.mark.parametrize(
    "change",
    [
        lambda scores: scores.pop("signatures"),
        lambda scores: scores.update(signatures=[]),
        lambda scores: scores.update(signatures={}),
        lambda scores: scores["signatures"].update(nothing="x"),
        lambda scores: scores["signatures"].update(bleu=None),
        lambda scores: scores.update(bleu="high"),
        lambda scores: scores.update(bleu=float("nan")),
        lambda scores: scores.pop("bleu"),
        lambda scores: scores["intervals"].pop("bleu"),
        lambda scores: scores["intervals"].update(bleu=[1]),
        lambda scores: scores["intervals"].update(bleu=[1, float("inf")]),
        lambda scores: scores.update(questions={"short": 1}),
        lambda scores: scores.update(warnings={"x": "y"}),
        lambda scores: scores.update(protocol=3),
    ],
)
def test_scores_that_were_edited(report: Path, change: Callable[[Any], object]) -> None:
    edit(report / "scores.json", change)
    with pytest.raises(InputError, match=r"scores\.json: |was scored under the protocol"):
        read_scores(report)
    with pytest.raises(InputError):
        read_results(report)


@pytest.mark.parametrize(
    ("number", "line", "told"),
    [
        (1, "{", "line 2: not a readable JSON file"),
        (1, "[]", "line 2: "),
        (1, "{}", "line 2: prediction: Field required"),
        (2, '{"prediction": null}', "line 3: prediction: "),
        (0, '{"prediction": "x", "rows_shown": "all"}', "line 1: rows_shown: "),
        (0, '{"prediction": "x", "rows_shown": [99], "columns_shown": [0]}', "line 1: its table"),
        (0, '{"prediction": "x", "rows_shown": [0], "columns_shown": [-1]}', "line 1: its table"),
        (2, "", "holds 2 predictions for 3 questions"),
    ],
)
def test_predictions_that_were_edited(report: Path, number: int, line: str, told: str) -> None:
    file = report / "predictions.jsonl"
    lines = file.read_text(encoding="utf-8").splitlines()
    lines[number] = line
    file.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(InputError, match=r"predictions\.jsonl") as raised:
        read_results(report)
    assert told in str(raised.value)


@pytest.mark.parametrize(
    "values",
    [
        [[1.0, 2.0]] * 2 + [[1.0]],
        [[1.0]] * 3,
        [[1.0, 2.0]] * 2 + [[1.0, None]],
        [[1.0, 2.0]] * 2 + [None],
        [[1.0, float("nan")]] * 3,
        [[1.0, -2.0]] * 3,
        [["1", "2"]] * 3,
        [1.0, 2.0, 3.0],
    ],
)
@pytest.mark.parametrize("metric", ["rougeL", "bleu"])
def test_statistics_that_were_edited(report: Path, metric: str, values: list[Any]) -> None:
    file = report / "statistics.parquet"
    table = pq.read_table(file)
    place = table.column_names.index(metric)
    pq.write_table(table.set_column(place, metric, pa.array(values)), file)
    with pytest.raises(InputError, match=r"statistics\.parquet: "):
        read_results(report)


@pytest.mark.parametrize("rows", [0, 2])
def test_statistics_of_other_questions(report: Path, rows: int) -> None:
    file = report / "statistics.parquet"
    pq.write_table(pq.read_table(file).slice(0, rows), file)
    with pytest.raises(InputError, match=r"statistics\.parquet: .* each of 3 questions"):
        read_results(report)


@pytest.mark.parametrize(
    "history", [None, 3, {}, [None], [{"step": "1", "loss": 2}], [{"step": 1, "loss": 10**400}]]
)
def test_a_training_s_log_that_was_edited_is_no_curve(tmp_path: Path, history: Any) -> None:
    (tmp_path / "stats.json").write_text(json.dumps({"history": history}))
    assert all(isinstance(entry, dict) for entry in training_log(str(tmp_path)))
