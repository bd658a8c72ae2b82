"""Which columns and cells are asked about, how evenly, and what odd tables give."""

from collections import Counter

import pytest
from drawing import CUPS, ENGLISH, answer, answers, draw, one_kind, table, words
from hypothesis import given, settings
from hypothesis import strategies as st

from gentap.grammar.parser import parse_grammar
from gentap.grammar.preview import BUILT_IN, ONE_ROW
from gentap.grammar.sample import table_random
from gentap.grammar.sampler import QuestionSampler
from gentap.records import Cell
from gentap.text.normal_form import is_placeholder

# Columns and names


def test_columns_of_one_name_are_never_asked_about() -> None:
    twice = table(
        ["Rome", "Ada", "Bo"], ["Oslo", "Cy", "Di"], header=["Town", "Player", "PLAYER [1]"]
    )
    drawn = draw(twice, ENGLISH)
    assert drawn
    assert all("player" not in one.question.casefold() for one in drawn)


@pytest.mark.parametrize(
    "name", ["", "—", "#", "1914", "N" * 41, "A name that was cut…", "4 of 7 b"]
)
def test_columns_without_a_name_are_never_asked_about(name: str) -> None:
    grammar = one_kind("select [column A] first", "[column A]?")
    towns = table(["Rome", "Ada"], ["Oslo", "Bo"], header=["Town", name])
    assert {one.answer.column for one in draw(towns, grammar)} == {0}


def test_unasked_columns_are_never_asked_about() -> None:
    grammar = one_kind("select [column A] first", "[column A]?", "words unasked =\n  note*\n")
    towns = table(["Rome", "x"], ["Oslo", "y"], header=["Town", "Notes"])
    assert {one.answer.column for one in draw(towns, grammar)} == {0}


@pytest.mark.parametrize(
    ("header", "rows", "subject"),
    [
        (["Rank", "Player", "Team"], [["1", "Ada", "Rome"], ["2", "Bo", "Oslo"]], "Player"),
        (["Venue", "Player"], [["Rome", "Ada"], ["Oslo", "Bo"]], "Player"),
        (["Team", "Goals"], [["Rome", "3"], ["Oslo", "4"]], "Team"),
        (["Date", "Team"], [["2004-05-01", "Rome"], ["2004-05-08", "Oslo"]], None),
    ],
)
def test_the_subject_names_the_row_s_entry(
    header: list[str], rows: list[list[str]], subject: str | None
) -> None:
    askable = QuestionSampler(ENGLISH).askable(table(*rows, header=header))
    found = [header[column] for column in range(len(header)) if "subject" in askable.kinds[column]]
    assert found == ([subject] if subject else [])


# Balance


def test_kinds_take_turns() -> None:
    text = "".join(
        f"question {name} =\n  > select [column A] {name}\n  the {name} [column A]?\n"
        for name in ("first", "last")
    )
    for seed in range(10):
        drawn = draw(CUPS, parse_grammar(text, "test"), wanted=4, seed=seed)
        assert Counter(one.kind for one in drawn) == {"first": 2, "last": 2}


def test_a_kind_of_more_weight_is_drawn_more_often() -> None:
    text = """\
question first 3* =
    > select [column A] where [column B] is [value B]
    [column A] of [value B]?
question last =
    > select [column A] last
    the last [column A]?
"""
    counts: Counter[str] = Counter()
    for seed in range(100):
        counts.update(one.kind for one in draw(CUPS, parse_grammar(text, "test"), 4, seed))
    assert 2.2 < counts["first"] / counts["last"] < 4


def test_all_columns_and_rows_have_their_turn() -> None:
    wide = table(*[[f"{row}{letter}" for letter in "abcdef"] for row in "mnopqrst"],
                 header=["Aa", "Bb", "Cc", "Dd", "Ee", "Ff"])  # fmt: skip
    query = "select [column A] where [column B] is [value B]"
    columns: Counter[int] = Counter()
    rows: Counter[int] = Counter()
    for seed in range(40):
        for one in draw(wide, one_kind(query, "[column A] of [value B]?"), 6, seed):
            columns[one.answer.column] += 1
            rows[one.answer.row] += 1
    assert len(columns) == 6
    assert max(columns.values()) - min(columns.values()) < 10
    assert len(rows) == 8
    assert max(rows.values()) < 2 * min(rows.values())


def test_columns_take_turns_across_kinds() -> None:
    kinds = [
        f"question k{kind} 20* =\n  > select [column A:{sort}] [nth] row\n"
        f"  {kind}: [nth] [column A]?\n"
        for kind, sort in enumerate(["number", "number", "number", "number", "text"])
    ]
    grammar = parse_grammar("numbers nth =\n  1: first\n  2: next\n" + "".join(kinds), "test")
    about = table(["a", "1"], ["b", "2"], ["c", "3"], header=["Letter", "Size"])
    columns = [
        [one.answer.column for one in draw(about, grammar, wanted=4, seed=seed)]
        for seed in range(60)
    ]
    assert sum(drawn.count(0) for drawn in columns) > 70  # 48 if kinds alone took turns


def test_extremes_are_asked_of_columns_with_one() -> None:
    about = table(["a", "1", "5"], ["b", "2", "7"], ["c", "2", "9"], header=["Town", "Wins", "Age"])
    most = "select [column A:text] largest [column B:count]"
    drawn = draw(about, one_kind(most, "which [column A] has most [column B]?"), attempts=1)
    assert [one.query.by for one in drawn] == [2]
    least = "select [column A:text] smallest [column B:count]"
    drawn = draw(about, one_kind(least, "which [column A] has least [column B]?"), attempts=1)
    assert sorted(one.query.by or 0 for one in drawn) == [1, 2]


def test_two_values_are_found_where_only_one_row_has_both() -> None:
    rows = [["a", "red", "in"], ["b", "red", "out"], ["c", "blue", "in"], ["d", "red", "out"]]
    about = table(*rows, header=["Town", "Sort", "Side"])
    maker = QuestionSampler(ENGLISH)
    assert maker.askable(about).pairs(1, 2) == [0]


def test_weights_are_chances() -> None:
    text = "question kind =\n  > select [column A] first\n  3* a [column A]?\n  b [column A]?\n"
    towns = table(["Rome"], ["Oslo"], header=["City"])
    first = Counter(draw(towns, parse_grammar(text, "test"), 1, seed)[0].question[0]
                    for seed in range(400))  # fmt: skip
    assert 260 < first["A"] < 340


def test_draws_depend_on_the_seed_and_the_table_s_id() -> None:
    maker = QuestionSampler(ENGLISH)
    askable = maker.askable(BUILT_IN)

    def questions(seed: int, name: str) -> list[str]:
        draws = maker.draws(askable, 6, 4, table_random(seed, name).random)
        return [one.question for one in draws]

    assert questions(1, "t1") == questions(1, "t1")
    assert questions(1, "t1") != questions(2, "t1")
    assert questions(1, "t1") != questions(1, "t2")


# Odd tables

LONG = "very long " * 1000
RIGHT_TO_LEFT = table(
    ["القاهرة", "٢٠", "النيل"], ["תל אביב", "30", "ירקון"], ["بغداد", "40", "دجلة"],
    header=["مدينة", "מספר", "نهر"],
)  # fmt: skip


def test_a_table_of_one_row() -> None:
    assert {one.kind for one in draw(ONE_ROW, ENGLISH)} == {"only_row"}


def test_a_table_of_one_column() -> None:
    towns = table(["Rome"], ["Oslo"], ["Bonn"], header=["Town"])
    kinds = {one.kind for one in draw(towns, ENGLISH)}
    assert kinds == {
        "first_row",
        "last_row",
        "nth_listed",
        "nth_last",
        "next_entry",
        "previous_entry",
    }


def test_right_to_left_text_is_asked_about() -> None:
    drawn = draw(RIGHT_TO_LEFT, ENGLISH)
    assert {answer(RIGHT_TO_LEFT, one) for one in drawn} >= {"القاهرة", "بغداد"}
    assert any("القاهرة" in one.question for one in drawn)


def test_long_cells_and_sentences_are_not_asked_about() -> None:
    sentence = "She was the first to cross it."
    long = table(
        ["Rome", LONG, "Ada", sentence], ["Oslo", "Dawn " * 13, "Bo", "It went well there. Then."],
        ["Bonn", LONG, "Cy", "x"], header=["Town", "Tale", "Winner", "Story"],
    )  # fmt: skip
    drawn = draw(long, ENGLISH, wanted=200)
    assert drawn
    assert all(len(one.question) < 200 and len(answer(long, one)) <= 60 for one in drawn)
    assert not [one for one in drawn if "cross it" in one.question or "went well" in one.question]


def test_a_table_of_5000_columns_takes_little_time() -> None:
    wide = table(
        *[[f"{row} {column}" for column in range(5000)] for row in "abc"],
        header=[f"Name {'x' * (column % 7)}{column}" for column in range(5000)],
    )
    assert len(draw(wide, ENGLISH, wanted=10, attempts=4)) == 10


def test_mixed_columns_have_no_extreme() -> None:
    mixed = table(
        ["Ada", "7"], ["Bo", "many"], ["Cy", "5 km"], ["Di", "9"], header=["Name", "Goals"]
    )
    wording = "[column A] by [column B]?"
    assert answers(mixed, "select [column A] largest [column B]", wording) == {}
    assert answers(mixed, "select [column A] where [column B] above [value B]",
                   "[column A] [value B]?") == {}  # fmt: skip


CELLS = st.sampled_from(
    [
        "Rome",
        "rome [1]",
        "1914",
        "20",
        "1,500 km",
        "",
        "—",
        "Total",
        "★",
        "a b",
        "3:45",
        "2004-05-06",
    ]
)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_whatever_the_table_each_answer_is_one_of_its_cells(data: st.DataObject) -> None:
    width = data.draw(st.integers(1, 4))
    row = st.lists(CELLS | st.text(max_size=9), min_size=width, max_size=width)
    names = st.sampled_from(["Town", "Year", "town", "", "№", "Total"]) | st.text(max_size=5)
    header = data.draw(st.lists(names, min_size=width, max_size=width))
    title = data.draw(st.sampled_from(["", "Rome", "Cups"]))
    about = table(*data.draw(st.lists(row, max_size=5)), header=header, title=title)
    for one in draw(about, ENGLISH, wanted=12):
        assert isinstance(one.answer, Cell)
        text = answer(about, one)
        assert not is_placeholder(text)
        assert words(text) not in words(one.question)
        assert one.question[-1] in "?."
