"""Every mistake in a setting, option or output folder gets one message; no traceback."""

from pathlib import Path

import pytest
from complaints import PAGE, complaint, gentap, mined, questions, write

pytestmark = pytest.mark.usefixtures("own_folder")
PAGES = '[mine]\ninputs = ["mara.html"]\n'
WRITER = '[writer]\ndata = ["none.json"]\n'
PROTOCOLS = "'fetaqa', 'totto', 'cased' or 'unicode'"
READING = Path(__file__).resolve().parents[1] / "data" / "reading" / "questions.json"


@pytest.mark.parametrize(
    ("text", "place", "what"),
    [
        ('output = "o"\n[write]\nbeam = 2\n', "line 3", "unknown setting 'write.beam'. Did you"),
        ('output = "o"\n[write]\nbeams = "x"\n', "line 3", "'write.beams' is 'x'"),
        ('output = "o"\nseed = \n', "not valid TOML", "line 2"),
        ("seed = 1\n", "recipe.toml", "the setting 'output' is missing"),
        (f'output = "o"\n{PAGES}', "writer.data", "no reading-comprehension file given"),
        ('output = "o"\n', "mine", "Give files, folders or globs (mine.inputs)"),
        (f'output = "o"\n{WRITER}[mine]\ninputs = ["x"]\n', "x: ", "no such file or folder"),
        (f'output = "o"\n{WRITER}{PAGES}', "none.json", "no such file or folder"),
        (
            f'output = "o"\n{PAGES}[writer]\ndata = ["{READING}"]\n'
            '[sample]\ngrammar = "no.grammar"\n',
            "no.grammar",
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
            f"evaluate: 'protocol' is 'bleu': Input should be {PROTOCOLS}.",
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
        f"--protocol: 'protocol' is 'x': Input should be {PROTOCOLS}."
    )


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
