"""What is drawn from a table: which questions, which answers, which evidence."""

import re

import pytest
from drawing import CUPS, ENGLISH, answer, answers, draw, one_kind, table, words

from gentap.grammar.parser import parse_grammar
from gentap.grammar.preview import BUILT_IN, ONE_ROW, PLAYERS
from gentap.grammar.rules import Alternative, Grammar, Rule
from gentap.grammar.sample import table_random
from gentap.grammar.sampler import QuestionSampler
from gentap.records import Table
from gentap.text.normal_form import is_placeholder

# Uniqueness


def test_a_value_that_several_rows_have_finds_none() -> None:
    found = answers(
        CUPS,
        "select [column A] where [column B] is [value B]",
        "[column A] of [column B] [value B]?",
    )
    assert not [question for question in found if "Rome" in question or "silver" in question]
    assert found["Winner of Town Oslo?"] == "Cy"


def test_two_values_are_asked_for_only_where_one_is_not_enough() -> None:
    found = answers(
        CUPS,
        "select [column A] where [column B] is [value B] and [column C] is [value C]",
        "[column A] of [column B] [value B] and [column C] [value C]?",
    )
    assert found == {
        "Winner of Town Rome and Medal silver?": "Bo",
        "Winner of Medal silver and Town Rome?": "Bo",
        "Year of Town Rome and Medal silver?": "1915",
        "Year of Medal silver and Town Rome?": "1915",
    }


def test_a_wording_without_the_column_needs_a_value_that_stands_in_one_row_alone() -> None:
    twice = table(["Rome", "Ada"], ["Ada", "Bo"], ["Oslo", "Cy"], header=["Town", "Winner"])
    found = answers(
        twice, "select [column A] where [column B] is [value B]", "[column A], [value B]?"
    )
    assert not [question for question in found if "Ada" in question]
    assert found["Winner, Oslo?"] == "Cy"
    named = answers(
        twice,
        "select [column A] where [column B] is [value B]",
        "[column A], [column B] [value B]?",
    )
    assert named["Winner, Town Ada?"] == "Bo"


def test_values_that_differ_in_a_closing_parenthesis_are_the_same() -> None:
    captains = table(["Ada (c)", "1"], ["Ada", "2"], ["Bo (c)", "3"], header=["Name", "Shirt"])
    found = answers(
        captains, "select [column A] where [column B:text] is [value B]", "[column A] of [value B]?"
    )
    assert found == {"Shirt of Bo (c)?": "3"}


def test_a_tie_in_an_extreme_is_refused() -> None:
    tied = table(["Ada", "7"], ["Bo", "7"], ["Cy", "5"], header=["Name", "Goals"])
    wording = "[column A] by [column B]?"
    assert answers(tied, "select [column A] largest [column B:number]", wording) == {}
    assert answers(tied, "select [column A] smallest [column B:number]", wording) == {
        "Name by Goals?": "Cy"
    }


@pytest.mark.parametrize(
    ("goals", "found"),
    [("9753", {2: "Bo", 3: "Cy"}), ("9973", {3: "Cy"}), ("9773", {}), ("9755", {2: "Bo"})],
)
def test_a_rank_needs_different_values_down_to_it(goals: str, found: dict[int, str]) -> None:
    players = table(*zip(["Ada", "Bo", "Cy", "Di"], goals, strict=True), header=["Name", "Goals"])
    drawn = answers(
        players,
        "select [column A] [nth] largest [column B:number]",
        "[nth] [column A] by [column B]?",
        "numbers nth =\n  2: second\n  3: third\n",
    )
    if goals == "9973":
        found = {}  # the two first are tied, so the third place is doubtful
    names = {2: "Second", 3: "Third"}
    assert drawn == {f"{names[rank]} Name by Goals?": name for rank, name in found.items()}


def test_between_and_comparisons_leave_one_row() -> None:
    runs = table(*[[name, str(size)] for name, size in zip("PQRST", [3, 5, 8, 8, 13], strict=True)],
                 header=["Run", "Length"])  # fmt: skip
    wording = "[column A] [column B] [value B]?"
    assert answers(runs, "select [column A] where [column B] above [value B]", wording) == {
        "Run Length 8?": "T"
    }
    assert answers(runs, "select [column A] where [column B] below [value B]", wording) == {
        "Run Length 5?": "P"
    }
    between = answers(
        runs,
        "select [column A] where [column B] between [value B low] and [value B high]",
        "[column A] [column B] from [value B low] to [value B high]?",
    )
    assert between == {"Run Length from 3 to 8?": "Q"}


def test_two_columns_are_compared_in_one_unit_only() -> None:
    teams = table(
        ["Ada", "3", "3", "3 km"], ["Bo", "4", "2", "4 km"], ["Cy", "1", "5", "9 km"],
        header=["Name", "Wins", "Draws", "Way"],
    )  # fmt: skip
    wording = "[column A]: [column B] and [column C]?"
    same = answers(teams, "select [column A] where [column B:number] is [column C:number]", wording)
    assert same == {"Name: Wins and Draws?": "Ada", "Name: Draws and Wins?": "Ada"} | {
        question: way for question, way in same.items() if question.startswith("Way")
    }
    assert not [question for question in same if "and Way" in question or ": Way" in question]
    more = answers(teams, "select [column A:text] where [column B] above [column C]", wording)
    assert more["Name: Wins and Draws?"] == "Bo"


def test_lookups_by_the_title() -> None:
    about = table(
        ["Rome", "10"], ["Oslo", "20"], ["Bonn", "30"], header=["Town", "Size"], title="Oslo"
    )
    query = "select [column A] where [column B] is [value title]"
    assert answers(about, query, "[column A] of [value title]?") == {"Size of Oslo?": "20"}
    untitled = table(*about.rows, header=about.header)
    assert answers(untitled, query, "[column A] of [value title]?") == {}


def test_a_wording_with_the_title_waits_for_one() -> None:
    text = (
        "question q =\n  > select [column A] first\n  [column A] in [value title]?\n  [column A]?\n"
    )
    towns = table(["Rome"], ["Oslo"], header=["Town"])
    grammar = parse_grammar(text, "test")
    assert {one.question for one in draw(towns, grammar)} == {"Town?"}
    titled = table(*towns.rows, header=towns.header, title="Cups")
    assert {one.question for one in draw(titled, grammar)} == {"Town?", "Town in Cups?"}


# Answers and evidence


def test_answers_are_cells_that_are_filled_short_and_not_named(tables: list[Table]) -> None:
    count = 0
    for about in tables:
        drawn = draw(about, ENGLISH, wanted=40)
        assert len({one.question for one in drawn}) == len(drawn)
        for one in drawn:
            text = answer(about, one)
            assert words(text) not in words(one.question)
            assert not is_placeholder(text)
            assert len(text) <= 60
            assert one.answer in one.evidence
            assert one.question[-1] in "?."
            assert "  " not in one.question
            count += 1
    assert count > 2000


def evidence(query: str, wording: str) -> dict[str, list[tuple[int, int]]]:
    drawn = draw(CUPS, one_kind(query, wording), wanted=200)
    return {one.question: [(cell.row, cell.column) for cell in one.evidence] for one in drawn}


@pytest.mark.parametrize(
    ("query", "wording", "question", "cells"),
    [
        (
            "select [column A] where [column B] is [value B] and [column C] is [value C]",
            "[column A] of [column B] [value B], [column C] [value C]?",
            "Winner of Town Rome, Medal silver?",
            [(1, 0), (1, 1), (1, 3)],
        ),
        (
            "select [column A] where [column B] is [value B] largest [column C:date]",
            "[column A] of [column B] [value B] by [column C]?",
            "Winner of Town Rome by Year?",
            [(3, 0), (3, 2), (3, 3)],
        ),
        (
            "select [column A] where [column B] is [value B] after",
            "[column A] after [column B] [value B]?",
            "Winner after Town Oslo?",
            [(2, 0), (3, 3)],
        ),
        (
            "select [column A] where [column B] is [value B] before",
            "[column A] before [column B] [value B]?",
            "Year before Winner Bo?",
            [(0, 2), (1, 3)],
        ),
        (
            "select [column A] where [column B:date] above [value B]",
            "[column A] after [value B]?",
            "Winner after 1916?",
            [(2, 2), (3, 2), (3, 3)],
        ),
        (
            "select [column A] where [column B:date] between [value B low] and [value B high]",
            "[column A] from [value B low] to [value B high]?",
            "Winner from 1914 to 1916?",
            [(0, 2), (1, 2), (1, 3), (2, 2)],
        ),
    ],
)
def test_the_evidence_holds_all_that_the_question_goes_by(
    query: str, wording: str, question: str, cells: list[tuple[int, int]]
) -> None:
    assert evidence(query, wording)[question] == cells


def test_rows_of_totals_and_headings_are_no_answers_and_hide_no_extreme() -> None:
    more = "words totals =\n  total, * total\n"
    towns = [["Rome", "10"], ["Oslo", "20"]]
    lookup = "select [column A] where [column B] is [value B]"
    for odd in (["Total", "30"], ["In the north", "In the north"], ["Town", "Medals"]):
        about = table(*towns, odd, ["Bonn", "5"], header=["Town", "Medals"])
        assert (
            answers(about, "select [column A] largest [column B]", "[column A] [column B]?", more)
            == {}
        )
        assert answers(about, "select [column A] last", "[column A]?", more) == {}
        found = answers(about, lookup, "[column A] of [column B] [value B]?", more)
        assert set(found.values()) == {"Rome", "Oslo", "Bonn", "10", "20", "5"}


# Wordings


def only(rule: Rule, place: int) -> Grammar:
    """A grammar with one question and one of its wordings."""
    rules = {name: below for name, below in ENGLISH.rules.items() if below.kind != "question"}
    rules[rule.name] = Rule(
        rule.name, rule.line, "question", 1, [rule.alternatives[place]], rule.query, rule.query_line
    )
    return Grammar(rules, ENGLISH.lowercase_columns)


def pattern(alternative: Alternative) -> str:
    """A regular expression for what a wording can say."""
    said = ""
    for part in alternative.parts:
        if isinstance(part, str):
            said += re.escape(part)
        elif part.kind == "rule":
            below = ENGLISH.rules[part.label].alternatives
            said += "(?:" + "|".join(pattern(one) for one in below) + ")"
        else:
            said += "(.+)"
    return said


def test_each_wording_of_each_kind_can_be_drawn(tables: list[Table]) -> None:
    ready = [BUILT_IN, PLAYERS, ONE_ROW, *tables]
    for rule in ENGLISH.cell_questions:
        for place, alternative in enumerate(rule.alternatives):
            maker = QuestionSampler(only(rule, place))
            random = table_random(1, rule.name).random
            found = (
                one for about in ready for one in maker.draws(maker.askable(about), 1, 20, random)
            )
            one = next(found, None)
            assert one is not None, (rule.name, alternative.line)
            assert re.fullmatch(pattern(alternative), one.question, re.I)
