"""What the notation's mistakes are called, and where."""

import re
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gentap.errors import InputError, SettingError
from gentap.grammar.parser import load_grammar, parse_grammar, read_grammar
from gentap.grammar.rules import find_grammar
from gentap.grammar.sampler import QuestionSampler
from gentap.grammar.wordings import Wordings
from gentap.records import Table

QUESTION = """\
question city =
    > select [column A] where [column B] is [value B]
    what [column A] has [value B]?
"""


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        (
            QUESTION + "    [waht] [column A] [value B]?\nwhat =\n    what\n",
            4,
            5,
            "[waht] is not defined. Did you mean 'what'?",
        ),
        (
            QUESTION + "    2* the [colunm] is [value B]?\n",
            4,
            12,
            "[colunm] is not defined. Did you mean 'column'?",
        ),
        (QUESTION + "    so [zzz] [value B]\n", 4, 8, "[zzz] is not defined. Define it, or mend"),
        (QUESTION + "    what [column A has\n", 4, 10, "'[' that is not closed by ']'."),
        (QUESTION + "    what [column [value B]\n", 4, 10, "'[' that is not closed by ']'."),
        (QUESTION + "    2*  what column A] has\n", 4, 22, "']' without a '[' before it."),
        (QUESTION + "    [column A] b] [c]\n", 4, 17, "']' without a '[' before it."),
        (QUESTION + "    what [column A B]?\n", 4, 10, "'[column A B]' is no name of a rule"),
        (QUESTION + "    what []?\n", 4, 10, "'[]' is no name of a rule"),
        (QUESTION + "    what [column A:text]?\n", 4, 10, "a guard belongs in the query line"),
        (
            QUESTION + "    what [column C] of [value B]?\n",
            4,
            10,
            "[column C] is not in the query of 'city'.",
        ),
        (
            QUESTION + "    is it [value A] or [value B]?\n",
            4,
            11,
            "[value A] is not in the query of 'city'.",
        ),
        (
            QUESTION + "    is [value B] [such]?\nsuch =\n    a [value C]\n",
            4,
            18,
            "[value C] is not in the query of 'city'.",
        ),
        (QUESTION + "    what [column A]?\n", 4, 1, "the wording leaves out [value B], which"),
        (QUESTION + "question other\n    > select\n", 4, 15, "a rule begins 'question other ='"),
        (QUESTION + "what city is it\n", 4, 1, "expected 'name =', 'question name =',"),
        (QUESTION + "empty =\n", 4, 1, "'empty' has no wording. Indent a line below it."),
        (QUESTION + "words empty =\n", 4, 1, "'empty' has no words. Indent a line below it."),
        (
            "question city =\n    what?\n",
            1,
            1,
            "the question 'city' has no query line ('> select …').",
        ),
        (QUESTION + "a =\n    of [b]\nb =\n    by [a]\n", 4, 1, "'a' contains itself (a → b → a)."),
        (QUESTION + "a =\n    [a]\n", 4, 1, "'a' contains itself (a → a)."),
        (QUESTION + "\n" + QUESTION, 5, 10, "'city' is defined already in line 1."),
        (QUESTION + "column =\n    x\n", 4, 1, "'column' is sampled from the table; give the rule"),
        ("question value =\n    x\n", 1, 10, "'value' is sampled from the table; give the rule"),
        ("    what?\n" + QUESTION, 1, 1, "an indented line before the first rule."),
        (QUESTION + "what is it?\n", 4, 1, "expected 'name =', 'question name =', 'numbers name ="),
        (QUESTION + "    > select [column A]\n", 4, 5, "'city' has a second query."),
        ("what =\n    > select [column A]\n", 2, 5, "'what' has a query: begin 'question what ='."),
        (QUESTION + "    0* what?\n", 4, 5, "a weight is from 1 to 10,000."),
        ("question city 0* =\n", 1, 15, "a weight is from 1 to 10,000."),
        ("option columns lowercas\n" + QUESTION, 1, 8, "unknown option 'columns lowercas'. Known:"),
        (QUESTION + "words w =\n    a, *\n", 5, 5, "'*' alone is every word."),
        (QUESTION + "words w =\n    ,\n", 5, 5, "a line without words."),
        (QUESTION + "words months =\n    march\n", 5, 5, "a line of 'months' begins with its numb"),
        (QUESTION + "words months =\n    13: x\n", 5, 5, "a month's number is from 1 to 12."),
        (QUESTION + "words said =\n    pts\n", 5, 5, "a line of 'said' begins with what is said"),
        (QUESTION + "numbers n =\n    second\n", 5, 5, "a line of a numbers rule begins with its"),
        (
            QUESTION.replace("[column B]", "[column B:nubmer]"),
            2,
            31,
            "unknown guard 'nubmer' of [column B]. Did you mean 'number'?",
        ),
        (
            QUESTION.replace("is [value B]", "is [value B] [nht] last") + "numbers nth =\n  2: x\n",
            2,
            55,
            "[nht] is no numbers rule. Did you mean 'nth'?",
        ),
        (
            QUESTION.replace("what", "[list]") + "words list =\n  x\n",
            3,
            5,
            "[list] is a list of words for guards; it can't be said.",
        ),
        (
            QUESTION.replace("what", "[city]"),
            3,
            5,
            "[city] is a question; only phrases can be part of a wording.",
        ),
    ],
)
def test_a_mistake_is_reported_with_line_column_and_remedy(
    text: str, line: int, column: int, message: str
) -> None:
    with pytest.raises(SettingError) as caught:
        parse_grammar(text, "my.grammar")
    first = str(caught.value).splitlines()[0]
    assert first.startswith(f"my.grammar, line {line}, column {column}: {message}")


PICKS = "largest or smallest or first or last or row or after or before or only"


@pytest.mark.parametrize(
    ("query", "column", "message"),
    [
        ("selct [column A]", 7, "expected select, found 'selct'. Did you mean 'select'?"),
        ("", 6, "expected select, the query ends."),
        ("select", 13, "expected [column …], the query ends."),
        ("select [value A]", 14, "expected [column …], found '[value A]'."),
        ("select [column A", 14, "expected [column …], found '[column'."),
        ("select column A", 14, "expected [column …], found 'column'."),
        (
            "select [column A] wher [column B] is [value B]",
            25,
            f"expected {PICKS}, found 'wher'. Did you mean 'where'?",
        ),
        (
            "select [column A] where [column B] iss [value B]",
            42,
            "expected is or above or below or between, found 'iss'. Did you mean 'is'?",
        ),
        (
            "select [column A] where [column B] is [value C]",
            45,
            "a column is compared with its own [value B], with [value title] or with a column.",
        ),
        ("select [column A] where [column B] is", 44, "expected [value …], the query ends."),
        (
            "select [column A] where [column B] between [value B]",
            59,
            "expected and, the query ends.",
        ),
        (
            "select [column A] larges [column B]",
            25,
            f"expected {PICKS}, found 'larges'. Did you mean 'largest'?",
        ),
        (
            "select [column A] first adn",
            31,
            "'adn' after the end of the query. Did you mean 'and'?",
        ),
        ("select [column A] first where", 31, "'where' after the end of the query."),
        ("select [column A: -]", 14, "'-' is no guard. Write it as in [column A:number|date not"),
        ("select [column A] after", 6, "'after' needs a 'where' that finds one row."),
        ("select [column A] row", 25, "'row' needs a number before it, as in '[nth] row'."),
        ("select [column A] [nth] after", 25, "after [nth] comes largest or smallest or row or la"),
        ("select [column A] [a b] last", 25, "[a b] is no name of a numbers rule."),
    ],
)
def test_a_mistake_in_a_query_is_reported_with_its_place(
    query: str, column: int, message: str
) -> None:
    with pytest.raises(SettingError) as caught:
        parse_grammar(f"question city =\n    > {query}\n    what?\n", "my.grammar")
    assert str(caught.value).startswith(f"my.grammar, line 2, column {column}: {message}")


def test_all_mistakes_are_reported_at_once_in_order() -> None:
    text = QUESTION + "    what [zzz] of [value B]?\n    [open\n"
    with pytest.raises(SettingError) as caught:
        parse_grammar(f"option x\n{text}", "my")
    places = re.findall(r"^my, line (\d), column (\d+)", str(caught.value), flags=re.M)
    assert places == [("1", "8"), ("5", "10"), ("6", "5")]


def test_a_rule_that_is_not_used_is_reported_but_stops_nothing() -> None:
    text = QUESTION + "left =\n  over\nwords sorts =\n  of, columns\n"
    assert set(parse_grammar(text, "test").rules) == {"city", "left", "sorts"}
    _, mistakes = read_grammar(text)
    assert [(one.line, one.column, one.stops) for one in mistakes] == [(4, 1, False), (6, 1, False)]
    assert mistakes[0].message.startswith("'left' is unreachable: no question uses it.")


@pytest.mark.parametrize("text", ["", "# nothing\n", "what =\n    what\n"])
def test_a_grammar_without_questions_is_a_mistake(text: str) -> None:
    with pytest.raises(SettingError, match=r"no question rule\. Begin one with 'question name ='"):
        parse_grammar(text, "my")


LINES = st.sampled_from(
    [
        *QUESTION.splitlines(),
        *("what =", "  [what]", "  a [b", "words months =", "  3: x", "numbers n =", "  2: two"),
        *(
            "  > select [column A] [n] largest [column B:x|y not z] about",
            "  [n] [value]",
            "option",
        ),
    ]
)


@settings(max_examples=200)
@given(st.lists(LINES | st.text(max_size=20), max_size=12))
def test_whatever_the_file_every_mistake_has_a_place_in_it(lines: list[str]) -> None:
    text = "\n".join(lines)
    _, mistakes = read_grammar(text)
    for mistake in mistakes:
        assert 1 <= mistake.line <= max(1, len(text.splitlines()))
        assert mistake.column >= 1
        assert mistake.message


def test_a_file_that_is_missing_or_no_text_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such grammar"):
        load_grammar(tmp_path / "none.grammar")
    with pytest.raises(InputError, match="no such grammar"):
        find_grammar("klingon")
    (tmp_path / "bytes.grammar").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="not a readable UTF-8"):
        load_grammar(tmp_path / "bytes.grammar")


def test_a_file_may_begin_with_a_byte_order_mark_and_end_lines_as_on_windows(
    tmp_path: Path,
) -> None:
    path = tmp_path / "windows.grammar"
    path.write_bytes(b"\xef\xbb\xbf" + QUESTION.replace("\n", "\r\n").encode())
    assert load_grammar(path).rules == parse_grammar(QUESTION, "test").rules


def test_rules_that_double_at_each_step_are_checked_at_once() -> None:
    rules = "".join(f"r{n} =\n    [r{n + 1}] [r{n + 1}]\n    [r{n + 1}]\n" for n in range(30))
    text = QUESTION.replace("[value B]?", "[value B] [r0]?") + rules + "r30 =\n    x\n"
    grammar = parse_grammar(text, "test")
    assert Wordings(grammar, frozenset()).choice(grammar.rules["city"]).wordings


@pytest.mark.parametrize("up", [True, False])
def test_rules_too_deep_in_each_other_are_a_mistake(up: bool) -> None:
    rules = [f"r{n} =\n    [r{n + 1}]\n" for n in range(1500)]
    ordered = rules if up else rules[::-1]
    text = QUESTION.replace("[value B]?", "[value B] [r0]?") + "".join(ordered) + "r1500 =\n    x\n"
    _, mistakes = read_grammar(text)
    assert mistakes
    for mistake in mistakes:
        assert "is a rule of more than 50 below each other. Say it with fewer." in mistake.message


def test_a_rule_that_can_only_be_said_by_doubling_is_a_mistake() -> None:
    rules = "".join(f"r{n} =\n    [r{n + 1}] [r{n + 1}]\n" for n in range(40))
    text = QUESTION.replace("[value B]?", "[value B] [r0]?") + rules + "r40 =\n    x\n"
    _, mistakes = read_grammar(text)
    (mistake,) = mistakes
    assert "takes more than 10,000 rules, each within another. Say it with" in mistake.message


def test_a_wording_that_grows_without_bound_is_not_said() -> None:
    rules = "".join(f"r{n} =\n    [r{n + 1}] [r{n + 1}]\n    x\n" for n in range(40))
    text = QUESTION.replace("[value B]?", "[value B] [r0]?") + rules + "r40 =\n    x\n"
    heavy = text.replace("    [r", "    9999* [r")
    sampler = QuestionSampler(parse_grammar(heavy, "test"))
    table = sampler.askable(Table(header=("City", "Mayor"), rows=(("Oslo", "Ann"), ("Rome", "Bo"))))
    assert sampler.draw_kind(table, sampler.plans[0], 1, 4, Random(1).random) == []
