import json
from dataclasses import replace
from pathlib import Path

import pytest

from gentap.documents.annotated.reading import read_annotated
from gentap.errors import InputError, SettingError
from gentap.model.answerer import Answer
from gentap.records import Cell, Table
from gentap.serving.answer_service import ModelReply
from gentap.serving.feedback import FeedbackFile
from gentap.serving.named_cells import named_cells

TABLE = Table(
    title="Mara Lind",
    section="Films",
    header=("Year", "Film"),
    rows=(("2004", "Dawn"), ("2005", "Dusk at Sea")),
)


def reply(sentence: str = "She made Dawn in 2004.") -> ModelReply:
    answer = Answer(sentence, "Dawn", Cell(0, 1), False, (0, 1), (0, 1), 0.5)
    return ModelReply(
        model="m", table=TABLE, answer=answer, named=named_cells(sentence, TABLE), seconds=1.0
    )


def test_good_and_mended_answers_are_questions_to_finetune_on(tmp_path: Path) -> None:
    kept = FeedbackFile(tmp_path / "feedback.jsonl")
    good = kept.remember("Which film in  2004?", reply())
    mended = kept.remember("Which film in 2005?", reply())
    bad = kept.remember("Which film in 2006?", reply())
    kept.judge(good, "up")
    kept.judge(mended, "down", " She made Dusk at Sea\nin 2005. ")
    kept.judge(bad, "down")
    examples, unread = read_annotated(kept.path)
    assert [(one.id, one.question, one.answer, one.cells) for one in examples] == [
        (good, "Which film in 2004?", "She made Dawn in 2004.", (Cell(0, 0), Cell(0, 1))),
        (mended, "Which film in 2005?", "She made Dusk at Sea in 2005.", (Cell(1, 0), Cell(1, 1))),
    ]
    assert {one.table for one in examples} == {TABLE}
    assert {one.kind for one in examples} == {"long"}
    assert [(one.where, one.detail) for one in unread] == [
        ("feedback.jsonl:3", "a bad answer was marked and no right one given")
    ]


def test_a_second_verdict_replaces_the_first(tmp_path: Path) -> None:
    kept = FeedbackFile(tmp_path / "feedback.jsonl")
    names = [kept.remember(f"Question {n}?", reply()) for n in range(3)]
    for name in names:
        kept.judge(name, "up")
    kept.judge(names[1], "down")
    kept.judge(names[1], "down", "Dusk.")
    entries = [json.loads(line) for line in kept.path.read_text("utf-8").splitlines()]
    assert [entry["id"] for entry in entries] == [names[0], names[2], names[1]]
    assert [entry["answer"] for entry in entries][2] == "Dusk."
    assert entries[2]["said"]["sentence"] == "She made Dawn in 2004."


def test_other_ends_of_lines_within_a_text_part_nothing(tmp_path: Path) -> None:
    kept = FeedbackFile(tmp_path / "feedback.jsonl")
    table = replace(TABLE, caption="Films\u2028of hers\x85")
    name = kept.remember("Which?", replace(reply(), table=table))
    for verdict in ("up", "down", "up"):
        kept.judge(name, verdict)
    again = FeedbackFile(kept.path)
    again.judge(again.remember("One?", reply()), "up")
    assert [one.question for one in read_annotated(kept.path)[0]] == ["Which?", "One?"]


def test_verdicts_of_earlier_days_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "feedback.jsonl"
    first = FeedbackFile(path)
    first.judge(first.remember("One?", reply()), "up")
    second = FeedbackFile(path)
    second.judge(second.remember("Two?", reply()), "up")
    assert [one.question for one in read_annotated(path)[0]] == ["One?", "Two?"]


def test_only_answers_that_were_given_here_can_be_judged(tmp_path: Path) -> None:
    kept = FeedbackFile(tmp_path / "feedback.jsonl")
    with pytest.raises(InputError, match="no longer known"):
        kept.judge("0123", "up")
    name = kept.remember("One?", reply())
    with pytest.raises(InputError, match="more than 2,000 characters"):
        kept.judge(name, "down", "x" * 2_001)
    assert not kept.path.exists()


@pytest.mark.parametrize("content", ["notes", '{"a": 1}\n', "[1]\n", "\xff"])
def test_a_file_of_something_else_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "notes.jsonl"
    path.write_text(content, encoding="latin-1")
    with pytest.raises(SettingError, match="holds something else than verdicts"):
        FeedbackFile(path)
    assert path.read_text(encoding="latin-1") == content
    with pytest.raises(SettingError, match="no such folder"):
        FeedbackFile(tmp_path / "none" / "feedback.jsonl")
