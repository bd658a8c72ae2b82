"""Every mistake gets one message that says where it is and what to do; no traceback."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from gentap.cli import app

TABLE = {"header": ["Year", "Film"], "rows": [["2004", "Dawn"], ["2005", "Dusk"]]}
PAGE = """<html><head><title>Mara Lind</title></head><body>
<p>In 2005 she made Dusk with her old crew from the harbour.</p>
<table><tr><th>Year<th>Film<tr><td>2004<td>Dawn<tr><td>2005<td>Dusk<tr><td>2006<td>Noon</table>
</body></html>"""
GRAMMAR = """question film =
    > select [column A] where [column B] is [value B]
    what is the [column A] when [column B] is [value B]?
"""
WRITER = '[writer]\ndata = ["none.json"]\n'


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def gentap(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def complaint(*arguments: str) -> str:
    """The one message of a command that did nothing."""
    result = gentap(*arguments)
    assert isinstance(result.exception, SystemExit), result.exc_info
    assert result.exit_code == 1, result.output
    assert result.stdout == ""
    lines = [line for line in result.stderr.splitlines() if "/1 shards, " not in line]
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("gentap: ")
    return lines[0].removeprefix("gentap: ")


def write(name: str, content: str | bytes) -> str:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return name


def jsonl(*lines: Any) -> str:
    texts = (line if isinstance(line, str) else json.dumps(line) for line in lines)
    return "".join(f"{text}\n" for text in texts)


def questions(name: str = "test.jsonl", count: int = 1) -> str:
    lines = [{"question": f"Which {n}?", "answer": "Dusk", "table": TABLE} for n in range(count)]
    return write(name, jsonl(*lines))


def mined() -> str:
    write("pages/mara.html", PAGE)
    result = gentap("mine", "pages", "-o", "mined", "--workers", "1")
    assert result.exit_code == 0, result.output
    return "mined"


def rejected(output: str) -> list[dict[str, str]]:
    lines = Path(output, "rejected.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


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
    (folder / "done.json").rename(folder / "unfinished.json")
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
        "mine: no data table in 1 pages (empty file: 1, page without a data table: 1). Records set "
        "aside are listed in out/rejected.jsonl."
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
    assert "out/rejected.jsonl" in message


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
    assert "1 records set aside" in result.stderr
    (entry,) = rejected("out")
    pages = json.loads(Path("out/stats.json").read_text())["counts"]["pages read"]
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


@pytest.mark.parametrize(
    ("text", "place", "what"),
    [
        ('output = "o"\n[write]\nbeam = 2\n', "line 3", "unknown setting 'write.beam'. Did you"),
        ('output = "o"\n[write]\nbeams = "x"\n', "line 3", "'write.beams' is 'x'"),
        ('output = "o"\nseed = \n', "not valid TOML", "line 2"),
        ("seed = 1\n", "recipe.toml", "the setting 'output' is missing"),
        ('output = "o"\n', "writer.data", "names no reading-comprehension file"),
        (f'output = "o"\n{WRITER}', "mine", "Give files, folders or globs (mine.inputs)"),
        (f'output = "o"\n{WRITER}[mine]\ninputs = ["x"]\n', "x: ", "no such file or folder"),
        (
            f'output = "o"\n{WRITER}[mine]\ninputs = ["mara.html"]\n'
            '[sample]\ngrammar = "none.grammar"\n',
            "none.grammar",
            "no such grammar",
        ),
    ],
)
def test_a_bad_recipe_ends_before_any_work(text: str, place: str, what: str) -> None:
    write("mara.html", PAGE)
    message = complaint("run", write("recipe.toml", text))
    assert place in message
    assert what in message
    assert sorted(path.name for path in Path().iterdir()) == ["mara.html", "recipe.toml"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--set", "beam=2"], "evaluate: unknown setting 'beam'. Did you mean 'beams'?"),
        (["--set", "beams"], "--set beams: write it as name=value."),
        (
            ["--set", "beams=0"],
            "evaluate: 'beams' is 0: Input should be greater than or equal to 1.",
        ),
        (
            ["--protocol", "bleu"],
            "evaluate: 'protocol' is 'bleu': Input should be 'default' or 'fetaqa'.",
        ),
    ],
)
def test_a_bad_setting_of_the_command_line_is_told(arguments: list[str], message: str) -> None:
    command = ["evaluate", "--model", "model", "--data", questions(), "-o", "out", *arguments]
    assert complaint(*command) == message
    assert not Path("out").exists()


def test_an_unknown_protocol_to_score_by_is_told_with_those_that_are_known() -> None:
    data = questions()
    assert complaint("score", "--predictions", data, "--data", data, "--protocol", "x") == (
        "--protocol: 'protocol' is 'x': Input should be 'default' or 'fetaqa'."
    )


@pytest.mark.parametrize("count", [1, 3])
def test_predictions_of_another_number_are_told_with_both_numbers(count: int) -> None:
    said = write("said.txt", "Dusk\n" * count)
    message = complaint("score", "--predictions", said, "--data", questions(count=2))
    assert message.startswith(f"said.txt: holds {count} predictions; test.jsonl holds 2 questions.")
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
    from gentap.evaluation.wordnet import open_wordnet

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
        ("Year,Film\n\n2004\n", "films.csv, line 3: 1 cells where the header has 2."),
        (
            'Year,Film\n1994,Dawn\n"1995,Dusk\n1996,Noon\n',
            "films.csv, line 3: a quotation mark in this row is never closed.",
        ),
        (
            'Year,Film\n"19\n94"\n1995,Dusk\n',
            "films.csv, line 2: 1 cells where the header has 2.",
        ),
        ("Year,Film\n", "films.csv: needs a header line and at least one row below it."),
        ("", "films.csv: needs a header line and at least one row below it."),
        ("Film\nDawn\n", "films.csv, line 1: the header has one column only."),
        (b"Year,Film\n2004,\xff\n", "films.csv: not a readable UTF-8 text file: "),
    ],
)
def test_a_bad_table_is_told_with_its_line(text: str | bytes, message: str) -> None:
    write("films.csv", text)
    command = ["answer", "--model", "model", "--table", "films.csv", "Which film?"]
    assert complaint(*command).startswith(message)


def test_foreign_files_in_an_output_folder_are_told_and_kept() -> None:
    write("pages/mara.html", PAGE)
    write("out/letters.txt", "mine")
    for more in ([], ["--overwrite"]):
        message = complaint("mine", "pages", "-o", "out", *more)
        assert message.startswith(
            "out: holds files that GenTaP did not write (such as letters.txt)"
        )
        assert "-o" in message
    assert [path.name for path in Path("out").iterdir()] == ["letters.txt"]


def test_a_file_in_the_place_of_an_output_folder_is_told() -> None:
    write("pages/mara.html", PAGE)
    write("out", "a file")
    assert complaint("mine", "pages", "-o", "out").startswith("out: can't be used for output: ")
    assert Path("out").read_text() == "a file"


def test_other_work_in_an_output_folder_is_told_with_both_remedies() -> None:
    mined()
    command = ["mine", "pages", "-o", "mined", "--workers", "1", "--set", "min_words=6"]
    message = complaint(*command)
    assert message.startswith("mined: holds finished work of 'mine' with other settings or inputs")
    assert "-o" in message
    assert "--overwrite" in message
    assert gentap(*command, "--overwrite").exit_code == 0


@pytest.mark.parametrize(
    ("command", "what"),
    [
        (
            ["pretrain", "--base", "b", "-o", "out"],
            "pretrain: give --long, --cell, or both, as the mix asks for.",
        ),
        (["finetune", "--model", "m", "-o", "out"], "finetune: no annotated questions given"),
        (["evaluate", "--model", "m", "-o", "out"], "evaluate: no annotated questions given"),
    ],
)
def test_what_is_left_out_is_told_with_the_option_that_gives_it(
    command: list[str], what: str
) -> None:
    message = complaint(*command)
    assert message.startswith(what)
    assert "--" in message
    assert not Path("out").exists()


@pytest.mark.parametrize("arguments", [["min"], ["mine"], ["mine", "x"], ["mine", "x", "--outptu"]])
def test_a_wrong_command_line_is_told_with_how_to_get_help(arguments: list[str]) -> None:
    result = gentap(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "--help" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_base_is_not_trained_where_a_checkpoint_is_given() -> None:
    message = complaint("base", "mined", "-o", "out", "--set", "checkpoint=t5-base")
    assert "t5-base" in message
    assert "--base" in message
    assert not Path("out").exists()


def test_settings_that_do_not_fit_together_are_told_in_one_sentence() -> None:
    shares = ["--set", "lookup_share=0.9", "--set", "sentence_share=0.4"]
    message = "table_share, sentence_share and lookup_share together must be at most 1."
    assert complaint("base", mined(), "-o", "out", *shares) == f"base: {message}"
