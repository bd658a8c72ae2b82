"""What a command leaves out is counted in its last lines, by its reason, and listed."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from complaints import gentap, jsonl, rejected
from sound_folders import COMMANDS

from gentap.runs.store import own_files


@pytest.fixture(autouse=True)
def _work(sound_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(shutil.copytree(sound_folder, tmp_path / "work"))


def bad_questions(*files: str) -> Callable[[], None]:
    def spoil() -> None:
        for file in files:
            with Path(file).open("a") as questions:
                questions.write(jsonl("{", {"question": "Which?"}))

    return spoil


def bad_paragraphs() -> None:
    content = json.loads(Path("squad.json").read_text())
    content["data"][0]["paragraphs"] += [None, {"context": "x", "qas": [3]}]
    Path("squad.json").write_text(json.dumps(content))


def bad_pages() -> None:
    Path("pages/link.html").symlink_to("nowhere")
    os.mkfifo("pages/pipe.html")
    Path("pages/empty.html").touch()


def bad_lines() -> None:
    with Path("pages.jsonl").open("a") as pages:
        pages.write(jsonl("{", "[]", '"x"'))


def long_answers() -> None:
    lines = [json.loads(line) for line in Path("test.jsonl").read_text().splitlines()]
    lines.append({**lines[0], "id": "long", "answer": "Dawn is of 2004. " * 60})
    Path("test.jsonl").write_text(jsonl(*lines, "{"))


QUESTION = "bad question record"
CASES: list[tuple[str, Callable[[], None], dict[str, int]]] = [
    ("finetune", bad_questions("test.jsonl"), {QUESTION: 2}),
    ("finetune", long_answers, {QUESTION: 1, "answer too long to learn from": 1}),
    ("finetune causal", bad_questions("qa.jsonl"), {QUESTION: 2}),
    ("evaluate", bad_questions("test.jsonl"), {QUESTION: 2}),
    ("train", bad_paragraphs, {"bad paragraph": 1, QUESTION: 1}),
    ("mine", bad_pages, {"unreadable file": 2, "empty file": 1}),
    ("mine", bad_lines, {"bad JSONL record": 3}),
]


@pytest.mark.parametrize(("name", "spoil", "wanted"), CASES)
def test_reasons_and_numbers_stand_in_the_last_lines_and_in_the_list(
    name: str, spoil: Callable[[], None], wanted: dict[str, int]
) -> None:
    spoil()
    result = gentap(*COMMANDS[name])
    assert result.exit_code == 0, result.output
    (told,) = [line for line in result.stderr.splitlines() if "(listed in " in line]
    reasons = [entry["reason"] for entry in rejected("out")]
    for reason, count in wanted.items():
        assert f"{reason}: {count}" in told
        assert reasons.count(reason) == count
    stats = json.loads((own_files(Path("out")) / "stats.json").read_text())
    counted = [stats, *(part for part in stats.values() if isinstance(part, dict))]
    for reason, count in wanted.items():
        assert sum(part.get("rejected", {}).get(reason, 0) for part in counted) == count


def test_annotated_questions_and_dev_questions_count_too() -> None:
    Path("dev.jsonl").write_text(Path("test.jsonl").read_text().replace('"a"', '"c"') + "{\n")
    train = gentap(*COMMANDS["train"], "--annotated", "dev.jsonl")
    assert train.exit_code == 0, train.output
    assert "bad question record: 1" in train.stderr
    assert rejected("out")[0]["where"] == "dev.jsonl:3"
    shutil.rmtree("out")
    scored = gentap(*COMMANDS["evaluate"], "--tune-length", "dev.jsonl")
    assert scored.exit_code == 0, scored.output
    assert "bad question record: 1" in scored.stderr
    assert "questions set aside: 1: not valid JSON" in scored.stderr


def test_what_is_left_out_of_dev_is_told_apart() -> None:
    bad_questions("test.jsonl")()
    short = json.loads(Path("test.jsonl").read_text().splitlines()[1])
    long = {**short, "id": "long", "answer": "Dawn is of 2004. " * 60}
    Path("dev.jsonl").write_text(jsonl({**short, "id": "short"}, long, "{"))
    tuned = gentap(*COMMANDS["finetune"], "--dev", "dev.jsonl")
    assert tuned.exit_code == 0, tuned.output
    told = tuned.stderr.replace("\n", " ")
    assert f"{QUESTION}: 3 (1 of dev), answer too long to learn from: 1 (1 of dev), " in told
    assert "finetune: questions set aside: 1: not valid JSON" in tuned.stderr
    assert "finetune: dev questions set aside: 1: not valid JSON" in tuned.stderr
    assert "finetune: warning: dev: answer too long to learn from: 1 of 2 (50%)" in tuned.stderr
    shutil.rmtree("out")
    scored = gentap(*COMMANDS["evaluate"], "--tune-length", "dev.jsonl")
    assert scored.exit_code == 0, scored.output
    assert "evaluate: dev questions set aside: 1: not valid JSON" in scored.stderr
    assert f"{QUESTION}: 3 (1 of dev) (listed" in scored.stderr


@pytest.mark.parametrize("name", ["finetune", "evaluate", "score", "score into"])
def test_what_is_assumed_of_a_questions_table_is_told_once(name: str) -> None:
    Path("ragged.csv").write_text("Year;Film\n2004;Dawn\n2005;Dusk\n2006\n")
    lines = [json.loads(line) for line in Path("test.jsonl").read_text().splitlines()]
    Path("test.jsonl").write_text(jsonl(*({**line, "table": "ragged.csv"} for line in lines)))
    Path("said.txt").write_text("Dawn is of 2004.\nIt was Dusk.\n")
    result = gentap(*COMMANDS[name])
    assert result.exit_code == 0, result.output
    told = (
        "ragged.csv: read with cells parted by semicolons; empty cells added at the end of line 4"
    )
    assert result.stderr.count(told) == 1


def test_an_audit_says_what_it_leaves_out_of_each_side() -> None:
    bad_questions("test.jsonl")()
    Path("others.jsonl").write_text(Path("test.jsonl").read_text())
    result = gentap("audit", "model", "--members", "test.jsonl", "--others", "others.jsonl")
    assert "audit: members' questions set aside: 1: not valid JSON" in result.stderr
    assert "audit: others' questions set aside: 1: not valid JSON" in result.stderr


def test_what_of_an_evaluation_set_is_not_kept_out_is_told() -> None:
    bad_questions("test.jsonl")()
    result = gentap(*COMMANDS["mine apart"])
    assert result.exit_code == 0, result.output
    told = "mine: of the evaluation sets, not read and so not kept out: 1: not valid JSON"
    assert told in result.stderr


@pytest.mark.parametrize("name", ["score", "score into"])
def test_a_scoring_says_what_it_leaves_out(name: str) -> None:
    bad_questions("test.jsonl")()
    Path("said.txt").write_text("Dawn is of 2004.\nIt was Dusk.\nx\ny\n")
    result = gentap(*COMMANDS[name])
    assert result.exit_code == 0, result.output
    assert "questions set aside: 1: not valid JSON" in result.stderr
    assert "(first test.jsonl:3)" in result.stderr
    assert "questions set aside: 1: 'table' is missing" in result.stderr


def test_a_sampling_sets_one_bad_table_among_others_aside() -> None:
    Path("more").mkdir()
    shutil.copy("films.csv", "more")
    Path("more/bad.csv").write_text("Year,Film\n1\n")
    Path("more/link.csv").symlink_to("nowhere")
    os.mkfifo("more/pipe.csv")
    result = gentap("sample", "more", "-o", "out", "--workers", "1", "--base", "base")
    assert result.exit_code == 0, result.output
    assert "bad CSV table: 1" in result.stderr
    assert "unreadable file: 2" in result.stderr


def test_why_tables_are_set_aside_is_said_once() -> None:
    Path("whole.csv").write_text("Film,Year\nDawn,2004\nDusk,2005\nNoon,2007\n")
    Path("empty.csv").touch()
    result = gentap("sample", "whole.csv", "empty.csv", "-g", "english", "-o", "sampled")
    assert result.exit_code == 0, result.output
    assert result.stderr.count("bad CSV table") == 1
    assert "bad CSV table: 1 (listed in " in result.stderr
