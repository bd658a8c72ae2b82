"""The length of answers, chosen on dev questions."""

from pathlib import Path

import pytest
from mixed_questions import CELL_QUESTIONS, LONG_QUESTIONS, read_lines, write_questions

from gentap.errors import InputError, SettingError
from gentap.runs.files.own_files import read_json
from gentap.settings.sections import EvaluateSettings
from gentap.stages.evaluation_stages import EvaluateStage, evaluate


@pytest.mark.usefixtures("wordnet")
def test_the_length_is_tuned_on_dev_and_reported(
    tmp_path: Path, toy_model: Path, settings: EvaluateSettings
) -> None:
    dev = write_questions(tmp_path / "dev.jsonl", LONG_QUESTIONS)
    chosen = settings.model_copy(update={"tune_length": [str(dev)], "max_answer_tokens": 16})
    EvaluateStage(model=str(toy_model), evaluate=chosen).scores(tmp_path / "report")
    stats = read_json(tmp_path / "report" / "stats.json")
    trials = stats["length trials"]
    best = max(trials, key=lambda trial: trial["bleu"])
    assert (stats["length_penalty"], stats["min_answer_tokens"]) == (
        best["length_penalty"],
        best["min_answer_tokens"],
    )
    tried = {(trial["length_penalty"], trial["min_answer_tokens"]) for trial in trials}
    assert {(penalty, 0) for penalty in (0.6, 0.8, 1.0, 1.5, 2.0, 3.0)} <= tried
    assert {least for _, least in tried} == {0, 8, 12}
    assert len(trials) == len(tried)
    fixed = chosen.model_copy(
        update={
            "tune_length": [],
            "length_penalty": stats["length_penalty"],
            "min_answer_tokens": stats["min_answer_tokens"],
        }
    )
    EvaluateStage(model=str(toy_model), evaluate=fixed).scores(tmp_path / "fixed")
    assert read_lines(tmp_path / "fixed") == read_lines(tmp_path / "report")


def test_the_length_cannot_be_tuned_on_cells_alone(tmp_path: Path, toy_model: Path) -> None:
    path = str(write_questions(tmp_path / "cells.jsonl", CELL_QUESTIONS))
    chosen = EvaluateSettings(data=[path], tune_length=[path])
    with pytest.raises(InputError, match="no question that is answered in a sentence"):
        EvaluateStage(model=str(toy_model), evaluate=chosen).scores(tmp_path / "report")


def test_the_least_length_is_below_the_greatest(tmp_path: Path, toy_model: Path) -> None:
    path = write_questions(tmp_path / "cells.jsonl", CELL_QUESTIONS)
    with pytest.raises(SettingError, match="must be below max_answer_tokens"):
        evaluate(
            str(toy_model), [path], tmp_path / "none", max_answer_tokens=12, min_answer_tokens=12
        )
    assert not (tmp_path / "none").exists()
