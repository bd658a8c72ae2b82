import pytest

from gentap.grammar.parser import load_grammar, parse_grammar, read_grammar
from gentap.grammar.rules import (
    Alternative,
    ConditionTemplate,
    Grammar,
    Guard,
    Slot,
    find_grammar,
)

QUESTION = """\
question city =
    > select [column A] where [column B] is [value B]
    what [column A] has [value B]?
"""
GRAMMARS = [load_grammar(find_grammar(name)) for name in ("english", "german")]


# What is read


def test_a_grammar_is_read() -> None:
    query = "select [column A] where [column B:text] is [value B] and [ column C ] above [value C]"
    query += " [nth] largest [column D:number|date money not rank] about [column E]"
    text = f"""\
# A comment

option columns lowercase   # like words

what =
    3* what
    # another comment
    which

numbers nth =
    2: second
    5* 3: third

words rank =
    rank, * rank
    -no rank

question best 2* =
    > {query}
    4* [what] [nth] [column A] of [value B], over [value C]?
"""
    grammar = parse_grammar(text, "test")
    assert grammar.lowercase_columns
    assert list(grammar.rules) == ["what", "nth", "rank", "best"]
    (best,) = grammar.questions
    assert (best.name, best.line, best.weight) == ("best", 18, 2)
    assert grammar.rules["what"].alternatives == [
        Alternative(("what",), 3, 6),
        Alternative(("which",), 1, 8),
    ]
    assert grammar.rules["nth"].alternatives == [
        Alternative(("second",), 1, 11, 2),
        Alternative(("third",), 5, 12, 3),
    ]
    assert grammar.rules["rank"].entries == [("", ("rank", "* rank")), ("", ("-no rank",))]
    (wording,) = best.alternatives
    assert (wording.weight, wording.line) == (4, 20)
    assert wording.parts == (
        Slot("rule", "what", 7),
        " ",
        Slot("rule", "nth", 14),
        " ",
        Slot("column", "A", 20),
        " of ",
        Slot("value", "B", 34),
        ", over ",
        Slot("value", "C", 50),
        "?",
    )
    template = best.query
    assert template is not None
    assert (template.select, template.pick, template.by, template.rank, template.about) == (
        *("A", "largest", "D", "nth"),
        ("E",),
    )
    assert template.conditions == (
        ConditionTemplate("B", "is", "B"),
        ConditionTemplate("C", "above", "C"),
    )
    assert template.guards == {
        "B": Guard((frozenset({"text"}),)),
        "D": Guard((frozenset({"number", "date"}), frozenset({"money"})), frozenset({"rank"})),
    }
    assert template.columns == ("A", "B", "C", "D", "E")


@pytest.mark.parametrize(
    ("query", "condition"),
    [
        ("[column B] is [value B]", ConditionTemplate("B", "is", "B")),
        ("[column B] below [value B]", ConditionTemplate("B", "below", "B")),
        (
            "[column B] between [value B low] and [value B high]",
            ConditionTemplate("B", "between", "B low", "B high"),
        ),
        ("[column B] is [column C]", ConditionTemplate("B", "is", other="C")),
        ("[column B] above [column C]", ConditionTemplate("B", "above", other="C")),
        ("[column B] is [value title]", ConditionTemplate("B", "is", "title")),
    ],
)
def test_conditions(query: str, condition: ConditionTemplate) -> None:
    said = "".join(f"[value {label}]" for label in (condition.value, condition.high) if label)
    text = f"question q =\n  > select [column A] where {query}\n  what {said} [column A]?\n"
    template = parse_grammar(text, "test").questions[0].query
    assert template is not None
    assert template.conditions == (condition,)


@pytest.mark.parametrize(
    ("pick", "read"), [("first", "row"), ("last", "last"), ("after", "after"), ("before", "before")]
)
def test_picks_without_a_column(pick: str, read: str) -> None:
    grammar = parse_grammar(QUESTION.replace("is [value B]", f"is [value B] {pick}"), "test")
    query = grammar.questions[0].query
    assert query is not None
    assert (query.pick, query.by, query.rank) == (read, "", "")


def test_a_rule_may_be_used_in_many_places_and_below_others() -> None:
    text = "a =\n  [b] [b]\nb =\n  of [c]\nc =\n  the\n" + QUESTION.replace("what", "[a] [b] [c]")
    assert list(parse_grammar(text, "test").rules) == ["a", "b", "c", "city"]


@pytest.mark.parametrize(
    ("words", "header", "belongs"),
    [
        ("rank, *rank", "World Rank", True),
        ("rank", "Ranking", False),
        ("*s, -*ss", "Goals", True),
        ("*s, -*ss", "Class", False),
        ("9999*", "2004 points", True),
        ("?", "W", True),
        ("no.", "nox", False),
        ("rank", "Rank (2004)", True),
    ],
)
def test_lists_of_words_sort_columns_by_their_names(words: str, header: str, belongs: bool) -> None:
    text = f"words sort =\n  {words}\n{QUESTION.replace('[column B]', '[column B: sort]')}"
    assert ("sort" in parse_grammar(text, "test").name_of(header)[1]) == belongs


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("Home Town in the UK (km)", "home town in the UK"),
        ("Pts.", "points"),
        ("runner - up", "runner-up"),
        ("Player[2]", "player"),
        ("(all)", "(all)"),
    ],
)
def test_names_are_said_as_the_grammar_says(header: str, name: str) -> None:
    text = f"option columns lowercase\nwords said =\n  points: pts, pts.\n{QUESTION}"
    assert parse_grammar(text, "test").name_of(header)[0] == name


# The grammars that come with the project


@pytest.mark.parametrize("grammar", GRAMMARS, ids=["english", "german"])
def test_every_question_can_be_asked_in_six_ways_and_in_one_with_the_title(
    grammar: Grammar,
) -> None:
    assert len(grammar.questions) >= 14
    for rule in grammar.questions:
        assert len(rule.alternatives) >= 6, rule.name
        titled = "[value title]" in _spelled(grammar, rule.alternatives)
        assert titled or "section" in rule.name or rule.query is None, rule.name
        for alternative in rule.alternatives:
            last = alternative.parts[-1]
            assert isinstance(last, str)
            assert last[-1] in "?.", rule.name


def _spelled(grammar: Grammar, alternatives: list[Alternative]) -> str:
    text = ""
    for alternative in alternatives:
        for slot in alternative.slots:
            text += f"[{slot.kind} {slot.label}]"
            if slot.kind == "rule":
                text += _spelled(grammar, grammar.rules[slot.label].alternatives)
    return text


@pytest.mark.parametrize("name", ["english", "german"])
def test_the_grammars_have_no_mistake_and_no_rule_left_over(name: str) -> None:
    _, mistakes = read_grammar(find_grammar(name).read_text(encoding="utf-8"))
    assert mistakes == []


def test_the_english_grammar_covers_all_picks_and_comparisons() -> None:
    queries = [rule.query for rule in GRAMMARS[0].questions if rule.query]
    picks = {(query.pick, bool(query.rank)) for query in queries}
    assert {pick for pick, _ in picks} == {
        *("any", "only", "largest", "smallest", "row", "last", "after", "before"),
        *("ends", "edges", "around"),
    }
    assert {("largest", True), ("smallest", True), ("row", True), ("last", True)} <= picks
    conditions = [condition for query in queries for condition in query.conditions]
    assert {condition.comparison for condition in conditions} == {
        *("is", "above", "below", "between", "either", "both")
    }
    assert {query.many for query in queries} == {"one", "every", "none"}
    assert any(query.rising for query in queries)
    assert any(query.falling for query in queries)
    assert {(one.comparison, bool(one.other)) for one in conditions} >= {("is", True)}
    assert {condition.value for condition in conditions} >= {"title", "section"}
