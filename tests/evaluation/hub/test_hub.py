"""The metrics as `evaluate.load` finds them: by path, with no network."""

import socket
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from gentap.errors import InputError, SettingError
from gentap.evaluation.metrics.bleu import bleu_statistics
from gentap.evaluation.metrics.denotation import cell_statistics
from gentap.evaluation.metrics.meteor import meteor_statistics
from gentap.evaluation.metrics.parent import parent_statistics
from gentap.evaluation.metrics.rouge import rouge_statistics
from gentap.evaluation.metrics.statistics import summary
from gentap.evaluation.metrics.support import support_statistics
from gentap.evaluation.protocols import choices_of
from gentap.records import Cell, Table

evaluate = pytest.importorskip("evaluate")

SAID = ["In 2005 she made Dusk.", "Dawn|1,200", "Jane Doe sang."]
WANTED = [["She made Dusk in 2005.", "Dusk is of 2005."], ["1,200|Dawn"], ["Jane sang it."]]
ROWS = [[["2005", "Dusk"]], [["2004", "Dawn"]], [["1999", "x"]]]


def load(name: str, folder: Path, configuration: str = "default") -> Any:
    path = files("gentap.evaluation.hub") / f"gentap_{name}.py"
    return evaluate.load(str(path), configuration, cache_dir=str(folder))


def lowered(lowercase: bool) -> dict[str, Any]:
    return summary(bleu_statistics(SAID, WANTED, lowercase=lowercase))


def as_totto() -> dict[str, Any]:
    texts = choices_of("totto").texts(SAID, WANTED)
    return summary(bleu_statistics(*texts, lowercase=True, detokenized=True))


@pytest.mark.parametrize(
    ("name", "configuration", "expected"),
    [
        ("bleu", "default", lambda: lowered(True)),
        ("bleu", "fetaqa", lambda: lowered(True)),
        ("bleu", "totto", as_totto),
        ("bleu", "cased", lambda: lowered(False)),
        ("rouge", "default", lambda: summary(rouge_statistics(SAID, WANTED))),
        ("meteor", "default", lambda: summary(meteor_statistics(SAID, WANTED, tokens="spaces"))),
        ("meteor", "cased", lambda: summary(meteor_statistics(SAID, WANTED, tokens="nltk"))),
        ("meteor", "fetaqa", lambda: summary(meteor_statistics(SAID, WANTED, tokens="spaces"))),
        ("cells", "default", lambda: summary(cell_statistics(SAID, WANTED))),
    ],
)
@pytest.mark.usefixtures("wordnet")
def test_a_metric_is_loaded_by_path_and_gives_its_modules_scores(
    tmp_path: Path, name: str, configuration: str, expected: Any
) -> None:
    metric = load(name, tmp_path, configuration)
    metric.add_batch(predictions=SAID[:2], references=WANTED[:2])
    metric.add(prediction=SAID[2], reference=WANTED[2])
    assert metric.compute() == expected()


@pytest.mark.parametrize("evidence", [[[0, 0], [0, 1]], []])
def test_faithfulness_takes_tables_and_evidence(tmp_path: Path, evidence: list[list[int]]) -> None:
    found = load("faithfulness", tmp_path).compute(
        predictions=SAID,
        references=WANTED,
        questions=["which?"] * 3,
        header=[["Year", "Film"]] * 3,
        rows=ROWS,
        cells=[evidence] * 3,
    )
    tables = [Table(header=("Year", "Film"), rows=(tuple(rows[0]),)) for rows in ROWS]
    cells = [[Cell(row, column) for row, column in evidence]] * 3
    kept = parent_statistics(SAID, WANTED, tables, cells)
    assert found == summary(kept | support_statistics(SAID, ["which?"] * 3, tables))


def test_faithfulness_by_tottos_protocol_takes_titles_and_prose(tmp_path: Path) -> None:
    found = load("faithfulness", tmp_path, "totto").compute(
        predictions=SAID,
        references=WANTED,
        questions=["which?"] * 3,
        header=[["Year", "Film"]] * 3,
        rows=ROWS,
        cells=[[[0, 0], [-1, 1]]] * 3,
        titles=["Jane Doe"] * 3,
        sections=["Films"] * 3,
        section_texts=["", "sang", "sang"],
    )
    tables = [
        Table(title="Jane Doe", section="Films", header=("Year", "Film"), rows=(tuple(rows[0]),))
        for rows in ROWS
    ]
    cells, beside = [[Cell(0, 0), Cell(-1, 1)]] * 3, ["", "sang", "sang"]
    texts = choices_of("totto").texts(SAID, WANTED)
    kept = parent_statistics(*texts, tables, cells, form="totto", beside=beside)
    assert found["parent"] == kept["parent"].score > 0
    assert found["signatures"]["parent"] == kept["parent"].signature


@pytest.mark.parametrize("name", ["bleu", "rouge", "meteor", "cells", "faithfulness"])
def test_a_protocol_that_there_is_none_of_is_an_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingError, match="No protocol is named 'bleurt': give one of fetaqa, "):
        load(name, tmp_path, "bleurt")


@pytest.mark.parametrize("name", ["bleu", "rouge", "meteor", "cells", "faithfulness"])
def test_a_prediction_without_references_is_the_same_error_in_every_metric(
    tmp_path: Path, name: str
) -> None:
    about = {"questions": ["?", "?"], "header": [["A"]] * 2, "rows": [[["1"]]] * 2}
    more: dict[str, Any] = {**about, "cells": [[], []]} if name == "faithfulness" else {}
    message = "The list of references of prediction 2 is empty: give each prediction at least one"
    with pytest.raises(InputError, match=message):
        load(name, tmp_path).compute(predictions=["a", "b"], references=[["a"], []], **more)


GIVEN = [2005, 2005.0, 12.5, True, None, ["a", 7], "as  it is"]
TEXTS = ["2005", "2005", "12.5", "true", "", "a|7", "as  it is"]


@pytest.mark.parametrize("name", ["bleu", "rouge", "cells"])
def test_predictions_that_are_no_texts_count_as_what_they_are(tmp_path: Path, name: str) -> None:
    metric = load(name, tmp_path)
    wanted = metric.compute(predictions=TEXTS, references=[[text] for text in TEXTS])
    given = [[one] for one in GIVEN]
    assert metric.compute(predictions=GIVEN, references=given) == wanted
    for one in GIVEN:
        metric.add(prediction=one, reference=[one])
    assert metric.compute() == wanted


def test_predictions_that_have_no_text_are_refused_by_number(tmp_path: Path) -> None:
    metric = load("bleu", tmp_path)
    with pytest.raises(InputError, match="prediction 2: an object stands where a text is wanted"):
        metric.compute(predictions=["a", {"text": "b"}], references=[["a"], ["b"]])
    with pytest.raises(InputError, match="prediction 1: reference 2: an object stands"):
        metric.compute(predictions=["a"], references=[["a", {}]])


def test_metrics_are_combined(tmp_path: Path) -> None:
    both = evaluate.combine([load("rouge", tmp_path), load("cells", tmp_path)])
    found = both.compute(predictions=SAID, references=WANTED)
    assert found["denotation_accuracy"] == pytest.approx(100 / 3)
    assert found["rouge1"] > 0


def test_loading_needs_no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: Any) -> None:
        raise OSError("no network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    metric = load("bleu", tmp_path)
    found = metric.compute(predictions=["a b c d"], references=[["a b c d"]])
    assert found["bleu"] == pytest.approx(100)
