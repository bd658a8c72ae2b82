"""Every mistake in what is read gets one message that says where it is and what to do."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from complaints import PAGE, TABLE, complaint, gentap, jsonl, mined, questions, rejected, write

from gentap.runs.counting import counted

pytestmark = pytest.mark.usefixtures("own_folder")
GRAMMAR = """question film =
    > select [column A] where [column B] is [value B]
    what is the [column A] when [column B] is [value B]?
"""


@pytest.mark.parametrize(
    "command",
    [
        ["mine", "none.html", "-o", "out"],
        ["mine", "none-*.html", "-o", "out"],
        ["mine", "pages", "-o", "out", "--exclude", "none.jsonl"],
        ["questions", "train", "none.json", "--base", "model", "-o", "out"],
        ["finetune", "--model", "model", "--train", "none.jsonl", "-o", "out"],
        ["evaluate", "--model", "model", "--data", "none.jsonl", "-o", "out"],
        ["score", "--predictions", "none.txt", "--data", "test.jsonl"],
        ["score", "--predictions", "test.jsonl", "--data", "none.jsonl"],
        ["answer", "--model", "model", "--table", "none.csv", "Which film?"],
        ["run", "none.toml"],
        ["mine", "pages", "-o", "out", "--recipe", "none.toml"],
    ],
    ids=" ".join,
)
def test_a_missing_file_is_named_and_nothing_is_written(command: list[str]) -> None:
    write("pages/mara.html", PAGE)
    questions()
    message = complaint(*command)
    assert message.startswith("none")
    assert ": no such " in message
    assert not Path("out").exists()


@pytest.mark.parametrize(
    ("command", "made_by"),
    [
        (["base", "{}", "-o", "out"], "mine"),
        (["sample", "{}", "-o", "out"], "mine"),
        (["questions", "write", "{}", "--writer", "w", "-o", "out"], "mine"),
        (["pretrain", "--base", "b", "--long", "{}", "-o", "out"], "questions write"),
        (["pretrain", "--base", "b", "--cell", "{}", "-o", "out"], "sample"),
    ],
)
@pytest.mark.parametrize("name", ["empty", "missing"])
def test_a_folder_of_no_earlier_stage_is_told_with_the_command_that_makes_one(
    command: list[str], made_by: str, name: str
) -> None:
    Path("empty").mkdir()
    message = complaint(*(name if part == "{}" else part for part in command))
    assert message.startswith(f"{name}: ")
    assert f"`gentap {made_by}`" in message
    assert not Path("out").exists()


def test_an_unfinished_earlier_stage_is_told_to_be_completed() -> None:
    folder = Path(mined())
    (folder / ".gentap/done.json").rename(folder / ".gentap/unfinished.json")
    assert complaint("base", "mined", "-o", "out") == (
        "mined: is unfinished: run its command again to complete it."
    )


def test_an_empty_folder_of_pages_is_told_with_the_names_that_are_read() -> None:
    Path("pages").mkdir()
    message = complaint("mine", "pages", "-o", "out")
    assert message.startswith("pages: the folder holds no file that ends in .html, ")
    assert not Path("out").exists()


def test_pages_without_tables_are_told_with_the_reasons() -> None:
    write("pages/a.html", "<p>Only a sentence stands here.</p>")
    write("pages/b.html", "")
    message = complaint("mine", "pages", "-o", "out")
    assert message == (
        "mine: no data table in 1 page (empty file: 1, page without a data table: 1). Records set "
        "aside are listed in out/.gentap/rejected.jsonl."
    )
    assert [entry["where"] for entry in rejected("out")] == ["a.html", "b.html"]


def test_a_file_of_an_unknown_format_is_told_with_those_that_are_known() -> None:
    write("mara.html.gz", gzip.compress(PAGE.encode())[:-30])
    message = complaint("mine", "mara.html.gz", "-o", "out")
    assert message.startswith("mara.html.gz: can't tell the format of this file.")
    assert ".warc.gz" in message


def test_a_truncated_archive_with_nothing_whole_in_it_is_told() -> None:
    head = b"WARC/1.1\r\nWARC-Type: response\r\nWARC-Target-URI: http://lind.example/\r\n"
    record = head + b"Content-Length: 5000\r\n\r\n" + b"x" * 5000
    write("pages.warc.gz", gzip.compress(record)[:-20])
    message = complaint("mine", "pages.warc.gz", "-o", "out")
    assert "no data table in 0 pages (damaged archive: 1)" in message
    assert "out/.gentap/rejected.jsonl" in message


def documents(count: int) -> list[dict[str, Any]]:
    text = "In 2005 she made Dusk with her crew number {} from the old harbour."
    return [
        {"url": f"page-{n}", "title": f"Page {n}", "text": text.format(n), "tables": [TABLE]}
        for n in range(count)
    ]


def test_of_truncated_jsonl_the_whole_lines_are_mined_and_the_place_is_listed() -> None:
    whole = gzip.compress(jsonl(*documents(400)).encode())
    write("pages.jsonl.gz", whole[: len(whole) // 2])
    result = gentap("mine", "pages.jsonl.gz", "-o", "out", "--workers", "1")
    assert result.exit_code == 0, result.output
    assert "1 record set aside" in result.stderr
    (entry,) = rejected("out")
    pages = json.loads(Path("out/.gentap/stats.json").read_text())["counts"]["pages read"]
    assert 0 < pages < 400
    assert entry["reason"] == "damaged compressed file"
    assert entry["where"] == f"pages.jsonl.gz:{pages + 1}"


def test_broken_lines_among_good_ones_are_set_aside_with_their_places() -> None:
    first, second = documents(2)
    write("pages.jsonl", jsonl(first, '{"url": "x"', second, "[]", ""))
    result = gentap("mine", "pages.jsonl", "-o", "out", "--workers", "1")
    assert result.exit_code == 0, result.output
    assert "2 sentences and 2 tables from 2 pages; 2 records set aside" in result.stderr
    places = [(entry["where"], entry["reason"]) for entry in rejected("out")]
    assert places == [(f"pages.jsonl:{n}", "bad JSONL record") for n in (2, 4)]


def test_questions_of_which_none_can_be_read_are_told_with_the_first_reason() -> None:
    write("test.jsonl", jsonl("{", {"question": "Which?"}))
    message = complaint("score", "--predictions", "test.jsonl", "--data", "test.jsonl")
    assert message.startswith("test.jsonl: holds no question that can be read.")
    assert "test.jsonl:1: not valid JSON" in message


@pytest.mark.parametrize("count", [1, 4])  # of 2 the third could be an empty one
def test_predictions_of_another_number_are_told_with_both_numbers(count: int) -> None:
    said = write("said.txt", "Dusk\n" * count)
    message = complaint("score", "--predictions", said, "--data", questions(count=3))
    said_count = counted(count, "prediction")
    assert message.startswith(f"said.txt: holds {said_count}; test.jsonl holds 3 questions.")
    assert "Give one prediction a line" in message


MODEL_COMMANDS = [
    ["evaluate", "--model", "model", "--data", "test.jsonl", "-o", "out"],
    ["finetune", "--model", "model", "--train", "test.jsonl", "-o", "out"],
    ["answer", "--model", "model", "--table", "films.csv", "Which film?"],
]


@pytest.mark.usefixtures("wordnet")
@pytest.mark.parametrize("command", MODEL_COMMANDS, ids=lambda command: command[0])
def test_a_folder_that_is_no_model_is_told_with_what_to_give(command: list[str]) -> None:
    Path("model").mkdir()
    questions()
    write("films.csv", "Year,Film\n2004,Dawn\n")
    message = complaint(*command)
    assert message.startswith("model: not a model folder (no config.json in it). Give ")


@pytest.mark.parametrize("name", ["./models/none", "nobody/no-such-model"])
def test_a_model_that_is_nowhere_is_told(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    write("films.csv", "Year,Film\n2004,Dawn\n")
    message = complaint("answer", "--model", name, "--table", "films.csv", "Which film?")
    assert message.startswith(f"{name}: no")


@pytest.fixture
def wordnet() -> None:
    from gentap.errors import InputError
    from gentap.evaluation.metrics.wordnet import open_wordnet

    try:
        open_wordnet()
    except InputError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize(
    ("grammar", "message"),
    [
        (
            GRAMMAR.replace("what is", "[wath] is") + "what =\n    what\n",
            "films.grammar, line 3, column 5: [wath] is not defined. Did you mean 'what'?",
        ),
        (
            GRAMMAR.replace("what is", "[ask]"),
            "films.grammar, line 3, column 5: [ask] is not defined. Define it, or mend its name.",
        ),
        (
            "what =\n    what\n",
            "films.grammar, line 1, column 1: no question rule. Begin one with 'question name ='.",
        ),
    ],
)
def test_a_grammar_with_a_mistake_is_told_with_its_place(grammar: str, message: str) -> None:
    write("films.grammar", grammar)
    command = ["sample", mined(), "-g", "films.grammar", "-o", "out"]
    assert complaint(*command) == message
    assert not Path("out").exists()


def test_an_empty_question_is_told() -> None:
    write("films.csv", "Year,Film\n2004,Dawn\n")
    message = complaint("answer", "--model", "model", "--table", "films.csv", "  ")
    assert message == "The question is empty."


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "Year,Film\n2004,Dawn\n2005,Dusk,3\n",
            "films.csv, line 3: 3 cells where the header has 2.",
        ),
        ("Year,Film\n\n2004\n", "films.csv, line 3: 1 cell where the header has 2."),
        (
            'Year,Film\n1994,Dawn\n"1995\n1996,Noon\n',
            "films.csv, line 3: a quotation mark in this row is never closed.",
        ),
        (
            'Year,Film\n"19\n94"\n1995,Dusk\n',
            "films.csv, line 2: 1 cell where the header has 2.",
        ),
        ("Year,Film\n", "films.csv: needs a header line and at least one row below it."),
        ("", "films.csv: needs a header line and at least one row below it."),
        ("Film\nDawn\n", "films.csv, line 1: the header has one column only."),
        (b"Year,Film\n2004,\0\xff\n", "films.csv: its encoding can't be told. Give it (--encoding"),
        (b"PK\x03\x04abc", "films.csv: is no text but an Excel workbook or a zip file."),
    ],
)
def test_a_bad_table_is_told_with_its_line(text: str | bytes, message: str) -> None:
    write("films.csv", text)
    command = ["answer", "--model", "model", "--table", "films.csv", "Which film?"]
    assert complaint(*command).startswith(message)
