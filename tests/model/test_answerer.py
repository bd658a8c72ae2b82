import json
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from gentap.cli import app
from gentap.errors import InputError
from gentap.model.answerer import Answer, Answerer, answer, to_table
from gentap.model.cell_tree import find_cell
from gentap.records import Cell, Table
from gentap.tables.truncate import Fitted
from gentap.text.normal_form import normal_form

TABLE = Table(
    title="Mara Lind",
    header=("Year", "Film"),
    rows=(("2004", "Dawn"), ("2005", "Dusk at Sea"), ("2006", "DUSK AT SEA [1]")),
)
VALUES = st.sampled_from(["", "Dusk", "dusk", "Dusk [1]", " dusk ", "Dawn", "dawn", "Noon"])


def test_an_exact_cell_comes_before_an_earlier_one_of_like_normal_form() -> None:
    table = replace(TABLE, rows=TABLE.rows[::-1])
    assert find_cell(Fitted.whole(table), "Dusk at Sea") == Cell(1, 1)


def test_without_an_exact_cell_the_first_of_like_normal_form_is_taken() -> None:
    assert find_cell(Fitted.whole(TABLE), "dusk  at sea") == Cell(1, 1)


@pytest.mark.parametrize("value", ["Noon", "Dusk", "", "[1]", "Mara Lind", "Film"])
def test_no_cell_has_another_value(value: str) -> None:
    table = replace(TABLE, rows=(*TABLE.rows, ("", "[2]")))
    assert find_cell(Fitted.whole(table), value) is None


def test_a_cell_found_in_a_cut_table_has_its_place_in_the_whole_one() -> None:
    cut = Table(header=("Film",), rows=(("Dawn",), ("Dusk",)))
    fitted = Fitted(cut, rows=(3, 8), columns=(2,))
    assert find_cell(fitted, "Dusk") == Cell(8, 2)
    assert find_cell(fitted, "DAWN") == Cell(3, 2)


@given(st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=5), VALUES)
def test_the_found_cell_is_the_first_best_one(rows: list[tuple[str, str]], value: str) -> None:
    cells = [
        (Cell(row, column), rows[row][column]) for row in range(len(rows)) for column in (0, 1)
    ]
    exact = [cell for cell, text in cells if text == value != ""]
    near = [cell for cell, text in cells if normal_form(text) == normal_form(value) != ""]
    table = Table(header=("a", "b"), rows=tuple(rows))
    assert find_cell(Fitted.whole(table), value) == next(iter([*exact, *near]), None)


def test_an_answer_is_a_sentence_a_value_and_its_cell(constant_model: Path) -> None:
    assert answer(str(constant_model), TABLE, "Which film in 2005?") == Answer(
        sentence="She made Dusk at Sea.",
        value="Dusk at Sea",
        cell=Cell(1, 1),
        cut=False,
        rows=(0, 1, 2),
        columns=(0, 1),
    )


def test_where_no_cell_has_the_value_there_is_no_cell(constant_model: Path) -> None:
    table = replace(TABLE, rows=(("2004", "Dawn"),))
    found = answer(str(constant_model), table, "Which film?", beams=1)
    assert (found.value, found.cell) == ("Dusk at Sea", None)


def test_the_cell_is_found_in_a_table_that_had_to_be_cut(constant_model: Path) -> None:
    rows = [(str(1900 + n), f"Film {n}") for n in range(60)]
    rows[50] = ("1950", "Dusk at Sea")
    found = answer(str(constant_model), replace(TABLE, rows=tuple(rows)), "What was in 1950?")
    assert found.cell == Cell(50, 1)
    assert found.cut


@pytest.mark.parametrize(
    "table",
    [
        replace(TABLE, rows=(*TABLE.rows, ("2007", "a long name " * 5))),
        replace(TABLE, caption="a long caption " * 5),
        replace(TABLE, header=("Year", "a long heading " * 5)),
    ],
    ids=["cell", "caption", "heading"],
)
def test_a_table_whose_texts_were_shortened_counts_as_cut(
    constant_model: Path, table: Table
) -> None:
    assert answer(str(constant_model), table, "Which film in 2005?").cut


def test_a_question_of_ten_thousand_words_is_cut_and_answered(constant_model: Path) -> None:
    found = answer(str(constant_model), TABLE, "which film " * 5_000)
    assert found.cut
    assert found.sentence


def test_a_folder_without_a_model_is_an_error_that_says_what_to_give(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"not a model folder.*`gentap base`"):
        answer(str(tmp_path), TABLE, "Which film?")


@pytest.fixture
def films(tmp_path: Path) -> Path:
    path = tmp_path / "films_of_Mara.csv"
    path.write_text("Year,\n2004,Dawn\n2005,Dusk at Sea\n", encoding="utf-8")
    return path


def test_the_command_prints_sentence_and_cell_with_its_place(
    constant_model: Path, films: Path
) -> None:
    command = ["answer", "--model", str(constant_model), "--table", str(films), "Which film?"]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.stderr
    assert result.stdout == (
        "answer: She made Dusk at Sea.\ncell:   Dusk at Sea (row 2, column 'column 2')\n"
    )
    assert "note:" not in result.stderr


def test_the_command_answers_several_questions(constant_model: Path, films: Path) -> None:
    command = ["answer", "--model", str(constant_model), "--table", str(films)]
    asked = ["Which film?", "When was it?"]
    given = CliRunner().invoke(app, [*command, *asked])
    piped = CliRunner().invoke(app, command, input="Which film?\n\n  When was it?\n")
    assert given.exit_code == piped.exit_code == 0, given.stderr + piped.stderr
    assert given.stdout == piped.stdout
    assert given.stdout.startswith(
        "question: Which film?\nanswer:   She made Dusk at Sea.\n"
        "cell:     Dusk at Sea (row 2, column 'column 2')\n\nquestion: When was it?\n"
    )


def test_the_command_prints_json(constant_model: Path, films: Path) -> None:
    command = ["answer", "--model", str(constant_model), "--table", str(films), "--json"]
    lines = CliRunner().invoke(app, [*command, "Which film?", "When?"]).stdout.splitlines()
    assert [json.loads(line)["question"] for line in lines] == ["Which film?", "When?"]
    first = json.loads(lines[0])
    assert 0 <= first.pop("probability") <= 1
    assert first == {
        "question": "Which film?",
        "answer": "She made Dusk at Sea.",
        "value": "Dusk at Sea",
        "cell": {"row": 1, "column": 1},
        "cut": False,
        "rows": [0, 1],
        "columns": [0, 1],
    }


def test_the_command_asks_on_a_terminal(
    constant_model: Path, films: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gentap.commands.answer_commands.is_interactive", lambda: True)
    command = ["answer", "--model", str(constant_model), "--table", str(films)]
    for typed in ("Which film?\nWhen?\n\nWhere?\n", "Which film?\nWhen?\n"):
        result = CliRunner().invoke(app, command, input=typed)
        assert result.exit_code == 0, result.stderr
        assert result.stdout.count("She made Dusk at Sea.") == 2
        assert result.stderr.count("question (an empty line ends): ") == 3


def test_without_a_question_the_command_says_so(constant_model: Path, films: Path) -> None:
    command = ["answer", "--model", str(constant_model), "--table", str(films)]
    result = CliRunner().invoke(app, command, input=" \n")
    assert result.exit_code == 1
    assert "No question is given" in result.stderr


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "cp1252"])
def test_tables_of_other_encodings_are_read(
    constant_model: Path, tmp_path: Path, encoding: str
) -> None:
    path = tmp_path / "films.csv"
    path.write_text("Jahr;Film\n2004;Dämmerung über dem Fluß\n2005;Dusk\n", encoding=encoding)
    command = ["answer", "--model", str(constant_model), "--table", str(path), "Which film?"]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.stderr
    assert "cells parted by semicolons" in result.stderr


def test_a_frame_that_pandas_saved_is_a_table(constant_model: Path, tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(
        {"Year": [2004, 2005], "Film": ["Dawn", "Dusk at Sea"], "Made": [None, "x"]},
    )
    for name, saved in {
        "plain": frame,
        "sorted": frame.sort_values("Film", ascending=False),
        "named": frame.set_index("Year"),
        "dates": frame.set_index(pandas.date_range("2004-01-01", periods=2, name="Day")),
    }.items():
        path = tmp_path / f"{name}.parquet"
        saved.to_parquet(path)
        command = ["answer", "--model", str(constant_model), "--table", str(path), "Which?"]
        result = CliRunner().invoke(app, command)
        assert result.exit_code == 0, result.stderr
        assert "column 'Film')" in result.stdout


def test_the_command_notes_what_was_cut_and_that_no_cell_was_named(
    constant_model: Path, films: Path
) -> None:
    films.write_text("Year,Film\n2004,Dawn\n", encoding="utf-8")
    question = "which film " * 5_000
    command = ["answer", "--model", str(constant_model), "--table", str(films), question]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.stderr
    assert result.stdout.endswith("cell:   Dusk at Sea (no cell of the table has this value)\n")
    assert (
        "note: the table or question was cut to what the model can read: 1 of 1 row and 2 of "
        in result.stderr
    )


QUESTIONS = ("Which film in 2005?", "When was Dawn made?", "Which was the last film?")
OTHERS = (
    Table(title="Towns", header=("Town",), rows=(("Harbour",), ("Old year",))),
    Table(header=("Year", "Film"), rows=(("", " "), ("", ""))),
    Table(header=("Year", "Film"), rows=()),
    Table(header=("n", "Film"), rows=tuple((str(n), f"choir {n}") for n in range(90))),
)


@pytest.mark.parametrize("beams", [1, 4])
def test_constrained_answers_to_several_questions_are_cells_of_their_tables(
    constant_model: Path, beams: int
) -> None:
    asked = [(question, table) for table in (TABLE, *OTHERS) for question in QUESTIONS]
    bound, free = (
        Answerer(str(constant_model), beams=beams, batch_size=4, constrain=constrain).answer_many(
            asked
        )
        for constrain in (True, False)
    )
    for (_, table), found, freely in zip(asked, bound, free, strict=True):
        if any(text.strip() for row in table.rows for text in row):
            assert found.cell is not None
            assert found.cell.row in found.rows
            assert found.cell.column in found.columns
            assert found.value == table.rows[found.cell.row][found.cell.column] != ""
        else:
            assert (found.value, found.cell) == ("", None)
        assert found.sentence == freely.sentence
        assert found.cut is (len(table.rows) == 90)


def test_what_the_model_would_say_anyway_is_said_where_cells_are_constrained(
    constant_model: Path,
) -> None:
    free = Answerer(str(constant_model))
    bound = Answerer(str(constant_model), constrain=True)
    asked = [(question, TABLE) for question in QUESTIONS]
    assert bound.answer_many(asked) == free.answer_many(asked)
    assert free.answer(OTHERS[0], QUESTIONS[0]).cell is None
    assert bound.answer(OTHERS[0], QUESTIONS[0]).cell is not None


@pytest.mark.parametrize("constrain", [False, True])
def test_answers_do_not_depend_on_what_else_is_asked(constant_model: Path, constrain: bool) -> None:
    asked = [(question, table) for question in QUESTIONS for table in (TABLE, *OTHERS)]
    answerer = Answerer(str(constant_model), batch_size=4, constrain=constrain)
    together = answerer.answer_many(asked)
    assert answerer.answer_many(asked[::-1]) == together[::-1]
    assert [answerer.answer(table, question) for question, table in asked[:5]] == together[:5]
    assert answerer.answer_many([]) == []


def test_the_command_answers_with_nothing_but_a_cell_where_it_is_told_to(
    constant_model: Path, films: Path
) -> None:
    films.write_text("Year,Film\n2004,Dawn\n,Dusk\n", encoding="utf-8")
    command = ["answer", "--model", str(constant_model), "--table", str(films), "Which film?"]
    free, bound = (CliRunner().invoke(app, [*command, *more]) for more in ([], ["--constrain"]))
    assert free.stdout.endswith("cell:   Dusk at Sea (no cell of the table has this value)\n")
    assert bound.exit_code == 0, bound.stderr
    assert bound.stdout in {
        f"answer: She made Dusk at Sea.\ncell:   {value} (row {row}, column '{column}')\n"
        for value, row, column in (("2004", 1, "Year"), ("Dawn", 1, "Film"), ("Dusk", 2, "Film"))
    }


def test_tables_of_many_kinds_are_taken() -> None:
    wanted = Table(header=("Year", "Film"), rows=(("2004", "Dawn"), ("", "Dusk")))
    rows = [{"Year": 2004, "Film": "Dawn"}, {"Film": "Dusk"}]
    assert to_table(rows) == wanted
    assert to_table(wanted) is wanted
    for name in ("pandas", "polars"):
        if find_spec(name) is not None:
            frame = import_module(name).DataFrame(
                {"Year": ["2004", None], "Film": ["Dawn", "Dusk"]}
            )
            assert to_table(frame) == wanted
    for bad, message in ((3, "is no table"), ([], "no rows"), ([{}], "no rows")):
        with pytest.raises(InputError, match=message):
            to_table(bad)
