"""What the commands for grammars print."""

from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from gentap.cli import app

BAD = """\
option columns lowercse

question city =
    > selct [column A] where [column B] is [value B]
    what [column A] has [value B]?

question town =
    > select [column A] where [column B] is [value B]
    waht [wht] [column A has [value B]?
    [what] [column A] of [value B]?
    [loop] [value B]

what =
    what

loop =
    a [loop]
"""


def gentap(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def test_check_lists_every_mistake_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "my.grammar"
    path.write_text(BAD)
    result = gentap("grammar", "check", str(path))
    assert result.exit_code == 1
    places = [line.removeprefix(str(path)) for line in result.stdout.splitlines()]
    assert [place.split(": ")[0] for place in places] == [
        ", line 1, column 8",
        ", line 4, column 7",
        ", line 9, column 16",
        ", line 16, column 1",
    ]
    assert "Did you mean 'select'?" in places[1]
    assert "contains itself (loop → loop)" in places[3]


@pytest.mark.parametrize("name", ["english", "german"])
def test_check_draws_five_questions_of_each_kind(name: str) -> None:
    result = gentap("grammar", "check", name)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    kinds = [line for line in lines if not line.startswith(" ")]
    draws = [line for line in lines if line.startswith(" ") and "  →  " in line]
    assert len(kinds) >= 14
    assert len(draws) > 3 * len(kinds)
    assert not [line for line in lines if line.startswith("    none")]


def test_check_draws_sentences_with_their_answers() -> None:
    lines = gentap("grammar", "check", "english", "-n", "2").stdout.splitlines()
    drawn = lines[lines.index("two_times") :]
    assert [line.endswith(".") for line in drawn[1:3]] == [True, True]
    assert "how_often" in lines


def test_check_names_an_idle_rule_and_still_draws(tmp_path: Path) -> None:
    path = tmp_path / "my.grammar"
    path.write_text("question a =\n  > select [column A] first\n  first [column A]?\nleft =\n  x\n")
    result = gentap("grammar", "check", str(path), "-n", "1")
    assert result.exit_code == 1
    assert "line 4, column 1: 'left' is unreachable" in result.stdout
    assert "  →  " in result.stdout


def test_draw_shows_how_a_table_is_read_and_what_is_asked(tmp_path: Path) -> None:
    path = tmp_path / "bridges.csv"
    path.write_text("Bridge,Opened,Length,Notes\nOld,3 May 1902,1204 m,x\nNew,1950-05-12,980 m,\n"
                    "Low,1 June 1961,75 m,\n")  # fmt: skip
    result = gentap("grammar", "draw", "english", "--table", str(path))
    assert result.exit_code == 0, result.output
    assert "bridges: 3 rows" in result.stdout
    assert "  Length: number in m (distinct, lengths, measure), said as 'length'" in result.stdout
    assert "  Notes: text; never asked about" in result.stdout
    assert "longest\n" in result.stdout
    longest = result.stdout.split("longest\n")[1].splitlines()[0]
    assert longest.endswith("→  Old")
    assert "  only_row: the table has more than one row" in result.stdout


def test_draw_says_what_is_wrong_with_a_table(tmp_path: Path) -> None:
    path = tmp_path / "wrong.csv"
    path.write_text("a/b/c\n1/2/3\n")
    result = gentap("grammar", "draw", "english", "--table", str(path))
    assert result.exit_code == 1
    assert "Part the columns with commas, semicolons, tabs or pipes" in result.stderr


def test_sample_takes_tables_of_any_source(tmp_path: Path) -> None:
    (tmp_path / "towns.csv").write_text("Town,Size\nRome,10\nOslo,20\nBonn,30\n")
    out = tmp_path / "out"
    result = gentap("sample", str(tmp_path / "towns.csv"), "-o", str(out), "--workers", "1")
    assert result.exit_code == 0, result.output
    assert "4 cell examples and 2 sentences from 1 table" in result.output
    again = gentap("sample", str(tmp_path / "towns.csv"), "-o", str(out), "--workers", "1")
    assert "done already" in again.output
