import re
from pathlib import Path

import pytest

from gentap.errors import InputError, SettingError
from gentap.synthesis.grammar import (
    Alternative,
    ColumnSlot,
    Grammar,
    RuleSlot,
    ValueSlot,
    load_grammar,
    parse_grammar,
)

QUESTION = """\
question city =
    > select [column A] where [column B] is [value B]
    what [column A] has [value B]?
"""


@pytest.fixture(scope="module")
def english(data: Path) -> Grammar:
    return load_grammar(data.parent / "grammars" / "english.grammar")


# What is read


def test_a_grammar_is_read() -> None:
    query = "select [column A] where [column B:text] is [value B] and [ column C ] above [value C]"
    query += " largest [column D:number|date]"
    text = f"""\
# A comment

option columns lowercase   # like words

what =
    3* what
    # another comment
    which

question best 2* =
    > {query}
    4* [what] [column A] of [value B], over [value C]?
    [what]  [column A] by [column D] ?
"""
    grammar = parse_grammar(text, "test")
    assert grammar.lowercase_columns
    assert list(grammar.rules) == ["what", "best"]
    (best,) = grammar.questions
    assert (best.name, best.line, best.weight) == ("best", 10, 2)
    assert grammar.rules["what"].alternatives == [
        Alternative(("what",), 3, 6),
        Alternative(("which",), 1, 8),
    ]
    assert best.alternatives == [
        Alternative(
            (
                RuleSlot("what", 7),
                " ",
                ColumnSlot("A", 14),
                " of ",
                ValueSlot("B", 28),
                ", over ",
                ValueSlot("C", 44),
                "?",
            ),
            4,
            12,
        ),
        Alternative(
            (RuleSlot("what", 4), "  ", ColumnSlot("A", 12), " by ", ColumnSlot("D", 26), " ?"),
            1,
            13,
        ),
    ]
    query = best.query
    assert query is not None
    assert (query.select, query.pick, query.by) == ("A", "largest", "D")
    assert query.conditions == (("B", "is"), ("C", "above"))
    assert query.guards == {"B": {"text"}, "D": {"number", "date"}}


@pytest.mark.parametrize("pick", ["first", "last", "after", "before"])
def test_picks_without_a_column(pick: str) -> None:
    grammar = parse_grammar(QUESTION.replace("is [value B]", f"is [value B] {pick}"), "test")
    query = grammar.questions[0].query
    assert query is not None
    assert (query.pick, query.by) == (pick, None)


def test_a_rule_may_be_used_in_many_places_and_below_others() -> None:
    text = "a =\n  [b] [b]\nb =\n  of [c]\nc =\n  the\n" + QUESTION.replace("what", "[a] [b] [c]")
    assert list(parse_grammar(text, "test").rules) == ["a", "b", "c", "city"]


# Mistakes


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        (
            QUESTION + "    [waht] [column A]?\nwhat =\n    what\n",
            4,
            5,
            "[waht] is not defined. Did you mean [what]?",
        ),
        (
            QUESTION + "    2* the [colunm] is [zzz]?\n",
            4,
            12,
            "[colunm] is not defined. Did you mean [column]?",
        ),
        (QUESTION + "    so [zzz]\n", 4, 8, "[zzz] is not defined. Define it, or mend its name."),
        (QUESTION + "    what [column A has\n", 4, 10, "'[' that is not closed by ']'."),
        (QUESTION + "    what [column [value B]\n", 4, 10, "'[' that is not closed by ']'."),
        (QUESTION + "    2*  what column A] has\n", 4, 22, "']' without a '[' before it."),
        (QUESTION + "    [column A] b] [c]\n", 4, 17, "']' without a '[' before it."),
        (QUESTION + "    what [column A B]?\n", 4, 10, "'[column A B]' is no name of a rule"),
        (QUESTION + "    what []?\n", 4, 10, "'[]' is no name of a rule"),
        (QUESTION + "    what [column A:text]?\n", 4, 10, "a type guard belongs in the query line"),
        (QUESTION + "    what [column C]?\n", 4, 10, "[column C] is not in the query of 'city'."),
        (QUESTION + "    is it [value A]?\n", 4, 11, "[value A] is not in the query of 'city'."),
        (
            QUESTION + "    is it [such]?\nsuch =\n    a [value C]\n",
            4,
            11,
            "[value C] is not in the query of 'city'.",
        ),
        (QUESTION + "empty =\n", 4, 1, "'empty' has no wording. Indent one below it."),
        (
            "question city =\n    what?\n",
            1,
            1,
            "the question 'city' has no query line ('> select …').",
        ),
        (QUESTION + "a =\n    of [b]\nb =\n    by [a]\n", 4, 1, "'a' contains itself (a → b → a)."),
        (QUESTION + "a =\n    [a]\n", 4, 1, "'a' contains itself (a → a)."),
        (QUESTION + "\n" + QUESTION, 5, 1, "'city' is defined already in line 1."),
        (QUESTION + "column =\n    x\n", 4, 1, "'column' is sampled from the table; give the rule"),
        ("question value =\n    x\n", 1, 1, "'value' is sampled from the table; give the rule"),
        ("    what?\n" + QUESTION, 1, 1, "an indented line before the first rule."),
        (
            QUESTION + "what is it?\n",
            4,
            1,
            "expected 'name =' or 'question name =', found 'what is",
        ),
        (QUESTION + "    > select [column A]\n", 4, 5, "'city' has a second query."),
        ("what =\n    > select [column A]\n", 2, 5, "'what' has a query: begin 'question what ='."),
        (QUESTION + "    0* what?\n", 4, 5, "a weight is 1 or more."),
        ("question city 0* =\n", 1, 15, "a weight is 1 or more."),
        ("option columns lowercas\n" + QUESTION, 1, 16, "unknown option 'lowercas'. Known: lowerc"),
    ],
)
def test_a_mistake_is_reported_with_line_column_and_remedy(
    text: str, line: int, column: int, message: str
) -> None:
    with pytest.raises(SettingError) as caught:
        parse_grammar(text, "my.grammar")
    assert str(caught.value).startswith(f"my.grammar, line {line}, column {column}: {message}")


PICKS = "largest or smallest or first or last or after or before"


@pytest.mark.parametrize(
    ("query", "column", "message"),
    [
        ("selct [column A]", 7, "expected select, found 'selct'. Did you mean 'select'?"),
        ("", 6, "expected select, the query ends."),
        ("select", 13, "expected [column …], found ''."),
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
            "expected is or above or below, found 'iss'. Did you mean 'is'?",
        ),
        (
            "select [column A] where [column B] is [value C]",
            45,
            "a column is compared with its own",
        ),
        ("select [column A] where [column B] is [column B]", 45, "expected [value …], found '[col"),
        ("select [column A] where [column B] is", 44, "expected [value …], found ''."),
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
        ("select [column A:nubmer]", 14, "unknown type 'nubmer'. Known: number, date, text."),
        ("select [column A:text|year]", 14, "unknown type 'year'. Known: number, date, text."),
        ("select [column A] after", 6, "'after' needs a 'where' that finds one row."),
    ],
)
def test_a_mistake_in_a_query_is_reported_with_its_place(
    query: str, column: int, message: str
) -> None:
    with pytest.raises(SettingError) as caught:
        parse_grammar(f"question city =\n    > {query}\n    what?\n", "my.grammar")
    assert str(caught.value).startswith(f"my.grammar, line 2, column {column}: {message}")


def test_a_word_that_is_right_elsewhere_is_not_suggested_again() -> None:
    with pytest.raises(SettingError) as caught:
        parse_grammar("question a =\n  > select [column A] first where\n  what?\n", "test")
    assert "Did you mean" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "# nothing\n", "what =\n    what\n"])
def test_a_grammar_without_questions_is_a_mistake(text: str) -> None:
    with pytest.raises(SettingError, match=r"^my: no question rule\. Begin one with 'question na"):
        parse_grammar(text, "my")


def test_a_file_that_is_missing_or_no_text_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such grammar"):
        load_grammar(tmp_path / "none.grammar")
    (tmp_path / "bytes.grammar").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="not a readable UTF-8"):
        load_grammar(tmp_path / "bytes.grammar")


def test_a_file_may_begin_with_a_byte_order_mark_and_end_lines_as_on_windows(
    tmp_path: Path,
) -> None:
    path = tmp_path / "windows.grammar"
    path.write_bytes(b"\xef\xbb\xbf" + QUESTION.replace("\n", "\r\n").encode())
    assert load_grammar(path).rules == parse_grammar(QUESTION, "test").rules


# The grammar that comes with the project


def test_the_english_grammar_asks_many_kinds_in_many_ways(english: Grammar) -> None:
    assert len(english.questions) >= 14
    for rule in english.questions:
        assert len(rule.alternatives) >= 6
    picks = {rule.query.pick for rule in english.questions if rule.query}
    assert picks >= {"any", "largest", "smallest", "first", "last", "after", "before"}


def test_the_english_grammar_uses_all_its_phrases_and_ends_its_questions(
    data: Path, english: Grammar
) -> None:
    text = (data.parent / "grammars" / "english.grammar").read_text(encoding="utf-8")
    phrases = {rule.name for rule in english.rules.values() if not rule.is_question}
    assert phrases <= set(re.findall(r"\[(\w+)\]", text))
    for rule in english.questions:
        for alternative in rule.alternatives:
            last = alternative.parts[-1]
            assert isinstance(last, str)
            assert last[-1] in "?."
