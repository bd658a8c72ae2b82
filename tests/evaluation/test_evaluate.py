import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from mixed_questions import CELL_QUESTIONS, MIXED, TABLE, read_lines, write_questions
from typer.testing import CliRunner

from gentap.cli import app
from gentap.documents.annotated.reading import read_questions
from gentap.errors import InputError
from gentap.evaluation.evaluate import evaluate_model
from gentap.evaluation.metrics.scoring import METRICS, score
from gentap.evaluation.read_predictions import score_file
from gentap.evaluation.results import Shown, read_results
from gentap.model.answerer import Answerer
from gentap.runs.files.own_files import read_json
from gentap.runs.store import is_done, open_stage
from gentap.settings.sections import EvaluateSettings
from gentap.stages.evaluation_stages import EvaluateStage


def results(folder: Path) -> dict[str, bytes]:
    return {
        path.name: path.read_bytes()
        for path in folder.iterdir()
        if path.is_file() and path.name not in (".lock", "done.json", "made_from.json")
    }


@pytest.mark.usefixtures("wordnet")
def test_evaluate_writes_predictions_in_order_with_scores_of_both_kinds(
    tmp_path: Path, toy_model: Path, settings: EvaluateSettings
) -> None:
    folder = tmp_path / "report"
    scores = EvaluateStage(model=str(toy_model), evaluate=settings).scores(folder)
    rows = [json.loads(line) for line in (folder / "predictions.jsonl").open(encoding="utf-8")]
    assert [row["question"] for row in rows] == [question["question"] for question in MIXED]
    assert [row["reference"] for row in rows] == [question["answer"] for question in MIXED]
    assert [row["kind"] for row in rows] == ["long", "cell", "long", "cell", "long"]
    texts = (folder / "predictions.txt").read_text(encoding="utf-8").split("\n")
    assert texts == [*(row["prediction"] for row in rows), ""]
    computed = {name for name in METRICS if not name.startswith(("judge", "declined"))}
    assert set(scores["signatures"]) == set(scores["intervals"]) == computed <= set(scores)
    assert read_json(folder / "stats.json")["questions"] == {"long": 3, "cell": 2}
    assert "exact match" in (folder / "report.md").read_text(encoding="utf-8")
    assert not (folder / ".work" / "chunks").exists()


@pytest.mark.usefixtures("wordnet")
def test_each_kind_is_answered_by_its_own_decoder(
    tmp_path: Path, toy_model: Path, settings: EvaluateSettings
) -> None:
    said = {}
    for kind in ("long", "cell"):
        lines = [{**question, "kind": kind} for question in MIXED]
        path = write_questions(tmp_path / f"{kind}.jsonl", lines)
        chosen = settings.model_copy(update={"data": [str(path)]})
        EvaluateStage(model=str(toy_model), evaluate=chosen).scores(tmp_path / kind)
        said[kind] = (tmp_path / kind / "predictions.txt").read_text(encoding="utf-8").split("\n")
    EvaluateStage(model=str(toy_model), evaluate=settings).scores(tmp_path / "mixed")
    mixed = (tmp_path / "mixed" / "predictions.txt").read_text(encoding="utf-8").split("\n")
    assert mixed[:-1] == [said[line.get("kind", "long")][n] for n, line in enumerate(MIXED)]
    assert said["long"] != said["cell"]


@pytest.mark.usefixtures("wordnet")
def test_interrupted_evaluation_goes_on_and_gives_the_same_files(
    tmp_path: Path,
    toy_model: Path,
    settings: EvaluateSettings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    EvaluateStage(model=str(toy_model), evaluate=settings).scores(tmp_path / "undisturbed")
    write, calls = Answerer.write, 0

    def interrupted(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise KeyboardInterrupt
        return write(*args, **kwargs)

    folder = tmp_path / "interrupted"
    monkeypatch.setattr(Answerer, "write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        EvaluateStage(model=str(toy_model), evaluate=settings).scores(folder)
    assert [file.name for file in (folder / ".work" / "chunks").iterdir()] == ["00000000.json"]
    assert not is_done(folder)
    calls = 10
    EvaluateStage(model=str(toy_model), evaluate=settings).scores(folder)
    assert calls == 10 + 2
    assert results(folder) == results(tmp_path / "undisturbed")


@pytest.mark.usefixtures("wordnet")
def test_finished_evaluation_is_not_done_again(
    tmp_path: Path, toy_model: Path, settings: EvaluateSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    first = EvaluateStage(model=str(toy_model), evaluate=settings).scores(tmp_path / "report")
    before = results(tmp_path / "report")
    capsys.readouterr()
    assert (
        EvaluateStage(model=str(toy_model), evaluate=settings).scores(tmp_path / "report") == first
    )
    assert "done already" in capsys.readouterr().err
    assert results(tmp_path / "report") == before


def test_lines_that_are_no_question_are_set_aside_and_listed(
    tmp_path: Path, toy_model: Path, settings: EvaluateSettings
) -> None:
    path = write_questions(tmp_path / "cells.jsonl", [CELL_QUESTIONS[0], "{", CELL_QUESTIONS[1]])
    chosen = settings.model_copy(update={"data": [str(path)]})
    with open_stage(tmp_path / "report", "evaluate", {}, [path]) as folder:
        assert folder is not None
        stats = evaluate_model(str(toy_model), chosen, folder)
    assert stats["set aside"] == 1
    (line,) = (tmp_path / "report" / "rejected.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["where"] == "cells.jsonl:2"
    assert json.loads(line)["reason"] == "bad question record"
    scores = read_json(tmp_path / "report" / "scores.json")
    assert scores["questions"] == {"long": 0, "cell": 2}


@pytest.mark.usefixtures("wordnet")
def test_written_predictions_score_the_same_again(
    tmp_path: Path, toy_model: Path, settings: EvaluateSettings, data: str
) -> None:
    folder = tmp_path / "report"
    scores = EvaluateStage(model=str(toy_model), evaluate=settings).scores(folder)
    for name in ("predictions.jsonl", "predictions.txt"):
        assert score_file(folder / name, [data], settings.protocol).scored.to_json() == scores


@pytest.mark.usefixtures("wordnet")
def test_so_many_questions_are_asked_spread_evenly_over_the_set(
    tmp_path: Path, toy_model: Path
) -> None:
    ten = [CELL_QUESTIONS[0] | {"id": str(number)} for number in range(10)]
    path = str(write_questions(tmp_path / "ten.jsonl", ten))
    settings = EvaluateSettings(data=[path], questions=4, beams=1, max_answer_tokens=4)
    EvaluateStage(model=str(toy_model), evaluate=settings).make(tmp_path / "report")
    assert [line["id"] for line in read_lines(tmp_path / "report")] == ["0", "2", "5", "7"]
    page = (tmp_path / "report" / "report.html").read_text(encoding="utf-8")
    assert "4 questions, drawn evenly from the 10 of" in page
    settings = settings.model_copy(update={"questions": 20})
    EvaluateStage(model=str(toy_model), evaluate=settings).make(tmp_path / "all")
    page = (tmp_path / "all" / "report.html").read_text(encoding="utf-8")
    assert "10 questions of" in page


def test_scores_are_of_the_kinds_of_answers_that_are_there(tmp_path: Path) -> None:
    path = write_questions(tmp_path / "cells.jsonl", CELL_QUESTIONS)
    examples = read_questions([path]).examples
    assert list(score(examples, ["a", "b"], "cased").values()) == [
        "exact_match",
        "denotation_accuracy",
    ]
    with pytest.raises(InputError, match="1 prediction for 2 questions"):
        score(examples, ["a"], "cased")


def test_all_is_written_in_an_order_of_length_and_given_back_in_that_of_the_data(
    tmp_path: Path, toy_model: Path
) -> None:
    lines = [
        {"question": question, "answer": "Dusk", "kind": "cell", "table": {**TABLE, "title": title}}
        for question, title in (
            ("the harbour choir sang", "in town"),
            ("winter", ""),
            ("every winter in the old town", "films and concerts"),
            ("Mara Lind gave films", "every concert"),
            ("old", "winter"),
        )
    ]
    said = {}
    for name, order in (("one", lines), ("two", lines[::-1])):
        path = write_questions(tmp_path / f"{name}.jsonl", order)
        chosen = EvaluateSettings(
            data=[str(path)],
            decoder="long",
            chunk=2,
            batch_size=1,
            max_answer_tokens=8,
            precision="fp32",
        )
        EvaluateStage(model=str(toy_model), evaluate=chosen).scores(tmp_path / name)
        said[name] = [row["prediction"] for row in read_lines(tmp_path / name)]
    assert said["one"] == said["two"][::-1]
    assert len(set(said["one"])) > 1


def large_table(title: str) -> dict[str, Any]:
    """More rows than the toy model's 64 tokens hold."""
    rows = [[str(1900 + row), f"winter concert {row}"] for row in range(40)]
    return {"title": title, "header": ["Year", "Concert"], "rows": rows}


def test_what_was_shown_of_a_cut_table_stands_beside_its_prediction(
    tmp_path: Path, toy_model: Path
) -> None:
    table = large_table("Mara Lind")
    lines = [
        CELL_QUESTIONS[0],
        {"question": "which in 1937", "answer": "Dusk", "kind": "cell", "table": table},
        {"question": "which in 1911", "answer": "1937", "kind": "cell", "table": table},
    ]
    path = write_questions(tmp_path / "cells.jsonl", lines)
    chosen = EvaluateSettings(data=[str(path)], beams=1, max_answer_tokens=4)
    EvaluateStage(model=str(toy_model), evaluate=chosen).scores(tmp_path / "report")
    whole, *cut = read_lines(tmp_path / "report")
    assert not {"rows_shown", "columns_shown"} & whole.keys()
    for row, asked in zip(cut, (37, 11), strict=True):
        assert asked in row["rows_shown"]  # the question names it; the answer is not looked at
        assert row["rows_shown"] == sorted(row["rows_shown"])
        assert 0 < len(row["rows_shown"]) < 40
        assert row["columns_shown"] == [0, 1]
    read = read_results(tmp_path / "report").shown
    assert read == [None, *(Shown(tuple(row["rows_shown"]), (0, 1)) for row in cut)]
    stats = read_json(tmp_path / "report" / "stats.json")
    assert stats["inputs"]["questions whose table was cut"] == 2


@pytest.mark.parametrize("beams", [1, 3])
def test_constrained_answers_to_cell_questions_are_cells_that_were_shown(
    tmp_path: Path, toy_model: Path, beams: int
) -> None:
    tables: list[dict[str, Any]] = [
        TABLE,
        large_table("films"),
        {"title": "old", "header": ["Year"], "rows": [["1850 in the old town"]]},
        {"title": "empty", "header": ["Year", "Film"], "rows": [["", ""]]},
    ]
    lines = [
        {"question": question, "answer": "Dusk", "kind": "cell", "table": table}
        for table in tables
        for question in ("which film", "the harbour choir in winter")
    ]
    path = write_questions(tmp_path / "cells.jsonl", lines)
    free = EvaluateSettings(data=[str(path)], beams=beams, batch_size=3, precision="fp32")
    chosen = free.model_copy(update={"constrain_cells": True, "max_answer_tokens": 4})
    for name, settings in (("free", free), ("bound", chosen)):
        EvaluateStage(model=str(toy_model), evaluate=settings).scores(tmp_path / name)
    said = []
    for line, row in zip(lines, read_lines(tmp_path / "bound"), strict=True):
        rows = line["table"]["rows"]
        shown = row.get("rows_shown", range(len(rows)))
        assert row["prediction"] in {cell for place in shown for cell in rows[place]}
        said.append(row["prediction"])
    assert all(said[:-2])
    assert said[-2:] == ["", ""]
    assert said != [row["prediction"] for row in read_lines(tmp_path / "free")]


@pytest.mark.usefixtures("wordnet")
def test_sentences_are_written_freely_where_cells_are_constrained(
    tmp_path: Path, toy_model: Path, settings: EvaluateSettings
) -> None:
    bound = settings.model_copy(update={"constrain_cells": True})
    for name, chosen in (("free", settings), ("bound", bound)):
        EvaluateStage(model=str(toy_model), evaluate=chosen).scores(tmp_path / name)
    free, said = read_lines(tmp_path / "free"), read_lines(tmp_path / "bound")
    for one, other in zip(free, said, strict=True):
        if one["kind"] == "long":
            assert one["prediction"] == other["prediction"]
        else:
            assert other["prediction"] in {"2004", "Dawn", "2005", "Dusk"}


@pytest.mark.usefixtures("wordnet")
def test_a_named_decoder_answers_every_question(
    tmp_path: Path, toy_model: Path, settings: EvaluateSettings
) -> None:
    said = {}
    for decoder in ("long", "cell"):
        chosen = settings.model_copy(update={"decoder": decoder})
        EvaluateStage(model=str(toy_model), evaluate=chosen).scores(tmp_path / decoder)
        rows = read_lines(tmp_path / decoder)
        assert [row["kind"] for row in rows] == ["long", "cell", "long", "cell", "long"]
        said[decoder] = [row["prediction"] for row in rows]
    EvaluateStage(model=str(toy_model), evaluate=settings).scores(tmp_path / "auto")
    auto = [row["prediction"] for row in read_lines(tmp_path / "auto")]
    assert auto == [said[line.get("kind", "long")][n] for n, line in enumerate(MIXED)]


def test_a_stock_model_answers_cell_questions_with_its_one_decoder_and_says_so(
    tmp_path: Path, toy_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from gentap.model.network import load_model

    load_model(str(toy_model)).stock("long").save_pretrained(tmp_path / "stock")
    for file in ("tokenizer.json", "tokenizer_config.json", "linearizer.json"):
        (tmp_path / "stock" / file).write_bytes((toy_model / file).read_bytes())
    path = write_questions(tmp_path / "cells.jsonl", CELL_QUESTIONS)
    chosen = EvaluateSettings(data=[str(path)], beams=1, max_answer_tokens=4)
    EvaluateStage(model=str(tmp_path / "stock"), evaluate=chosen).scores(tmp_path / "report")
    told = "cell questions answered by the model's one decoder"
    assert read_json(tmp_path / "report" / "stats.json")["inputs"][told] == 2
    assert f"evaluate: {told}: 2" in capsys.readouterr().err


@pytest.mark.usefixtures("wordnet")
def test_several_models_are_evaluated_and_compared(
    tmp_path: Path, toy_model: Path, data: str
) -> None:
    copy = tmp_path / "second"
    shutil.copytree(toy_model, copy)
    options = ["--set", "beams=1", "--set", "max_answer_tokens=4", "--set", "precision=fp32"]
    command = ["evaluate", "--model", str(toy_model), "--model", str(copy), "--data", data]
    result = CliRunner().invoke(app, [*command, "-o", str(tmp_path / "out"), *options, "--json"])
    assert result.exit_code == 0, result.output
    scores = json.loads(result.stdout)
    assert list(scores) == [toy_model.name, "second"]
    assert scores["second"] == scores[toy_model.name]
    found = read_json(tmp_path / "out" / "compared" / "compare.json")
    assert list(found["systems"]) == list(scores)
    assert found["examples"] == []
