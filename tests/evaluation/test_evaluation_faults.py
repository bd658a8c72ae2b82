"""Faults that nobody foresaw, in answering and in scoring: they cost their own question."""

from pathlib import Path
from typing import Any, cast

import pytest
from mixed_questions import MIXED, read_lines

from gentap.documents.annotated.reading import read_questions
from gentap.errors import InputError
from gentap.evaluation.metrics import scoring
from gentap.evaluation.predict import ChunkedAnswers, Length
from gentap.evaluation.read_predictions import score_file
from gentap.model.answerer import Answerer
from gentap.runs.files.own_files import read_json_lines
from gentap.runs.net import INTERNAL_ERROR, SWITCH
from gentap.runs.store import REJECTED, own_files
from gentap.settings.sections import EvaluateSettings
from gentap.stages.evaluation_stages import EvaluateStage


def test_a_fault_costs_its_own_question_and_is_told_after_a_resume_too(
    tmp_path: Path, toy_model: Path, settings: EvaluateSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Answerer.write

    def fails_at_the_choir(self: Answerer, asked: Any, *given: Any, **more: Any) -> Any:
        choir = list(self.encode("the choir", asked[0].table).ids)
        if any(one.ids.tolist() == choir for one in asked):
            raise RuntimeError("out of the blue")
        return real(self, asked, *given, **more)

    monkeypatch.delenv(SWITCH)
    monkeypatch.setattr(Answerer, "write", fails_at_the_choir)
    examples = read_questions(settings.data).examples
    for _ in range(2):  # the second time what was written is read
        answerer = ChunkedAnswers(str(toy_model), examples, settings)
        texts = answerer.answer(Length(1.0, 0), tmp_path / "chunks", "evaluate")
        assert list(map(bool, texts)) == [True] * 4 + [False]
        (entry,) = answerer.unread.listed
        assert (entry.where, entry.reason) == (examples[4].id, INTERNAL_ERROR)
        assert entry.detail.startswith("RuntimeError: out of the blue")


@pytest.mark.usefixtures("wordnet")
def test_a_record_that_makes_a_metric_fail_is_set_aside_alone(
    tmp_path: Path, toy_model: Path, settings: EvaluateSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = scoring.SCORERS["long"][0]

    def fails_at_the_choir(answers: scoring.Answers) -> Any:
        if any(example.question == "the choir" for example in answers[0]):
            raise RuntimeError("out of the blue")
        return real(answers)

    monkeypatch.setitem(cast("Any", scoring.SCORERS), "long", (fails_at_the_choir,))
    with pytest.raises(RuntimeError):
        EvaluateStage(model=str(toy_model), evaluate=settings).scores(tmp_path / "without a net")
    monkeypatch.delenv(SWITCH)
    stage = EvaluateStage(model=str(toy_model), evaluate=settings)
    scores = stage.scores(tmp_path / "out")
    assert scores["questions"] == {"long": 2, "cell": 2}
    assert [line["question"] for line in read_lines(tmp_path / "out")] == [
        one["question"] for one in MIXED[:4]
    ]
    (entry,) = read_json_lines(own_files(tmp_path / "out") / REJECTED)
    assert entry["reason"] == INTERNAL_ERROR
    assert entry["where"] == read_questions(settings.data).examples[4].id
    assert entry["detail"].startswith("RuntimeError: out of the blue")

    texts = tmp_path / "said.txt"
    texts.write_text("a\nb\nc\nd\ne\n")
    results = score_file(texts, settings.data, settings.protocol)
    assert results.predictions == list("abcd")
    assert results.unread.counts == {INTERNAL_ERROR: 1}


def test_where_every_record_makes_a_metric_fail_it_is_said(
    tmp_path: Path, settings: EvaluateSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(answers: scoring.Answers) -> Any:
        raise RuntimeError("out of the blue")

    monkeypatch.delenv(SWITCH)
    for kind in ("long", "cell"):
        monkeypatch.setitem(cast("Any", scoring.SCORERS), kind, (fails,))
    texts = tmp_path / "said.txt"
    texts.write_text("a\nb\nc\nd\ne\n")
    with pytest.raises(InputError, match="no question"):
        score_file(texts, settings.data, settings.protocol)


@pytest.mark.usefixtures("wordnet")
def test_a_fault_that_comes_once_loses_no_record(
    tmp_path: Path, settings: EvaluateSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = tmp_path / "said.txt"
    texts.write_text("a\nb\nc\nd\ne\n")
    right = score_file(texts, settings.data, settings.protocol).scored
    real = scoring.SCORERS["long"][0]
    faults = iter([RuntimeError("out of the blue")])

    def fails_once(answers: scoring.Answers) -> Any:
        for fault in faults:
            raise fault
        return real(answers)

    monkeypatch.delenv(SWITCH)
    monkeypatch.setitem(
        cast("Any", scoring.SCORERS), "long", (fails_once, *scoring.SCORERS["long"][1:])
    )
    results = score_file(texts, settings.data, settings.protocol)
    assert results.predictions == list("abcde")
    assert results.scored.values() == right.values()
