"""Questions that are answered in a sentence: which rows, which words, which evidence."""

import re
from collections import Counter
from collections.abc import Callable

import pytest
from drawing import AS_PEOPLE_DO, BASE, CUPS, ENGLISH, sentence_kind, sentences, table, told
from hypothesis import given, settings
from hypothesis import strategies as st

from gentap.errors import SettingError
from gentap.grammar.parser import load_grammar, parse_grammar
from gentap.grammar.preview import BUILT_IN, FILMS, PLAYERS, WINNERS
from gentap.grammar.rules import Grammar, Rule, find_grammar
from gentap.grammar.sample import table_random
from gentap.grammar.sampler import QuestionSampler
from gentap.grammar.sentence_sampler import SampledSentence, SentenceSampler
from gentap.records import HEADER_ROW, Table
from gentap.text.normal_form import is_placeholder

GERMAN = load_grammar(find_grammar("german"))


# Which rows


def test_every_row_under_a_condition_is_told() -> None:
    found = told(
        CUPS,
        "select every [column A:name] where [column B:text not name] is [value B]",
        "who has [column B] [value B]?",
        "[each cell A] [are] it.",
    )
    assert found == {
        "Who has Town Rome?": "Ada, Bo and Di are it.",
        "Who has Town Oslo?": "Cy is it.",
        "Who has Medal silver?": "Bo and Cy are it.",
        "Who has Medal gold?": "Ada is it.",
        "Who has Medal bronze?": "Di is it.",
    }


def test_rows_beyond_a_value_stand_in_the_order_asked_for() -> None:
    found = told(
        CUPS,
        "select every [column A:name] where [column B:year] above [value B] largest [column B]",
        "who came after [value B]?",
        "[each entry].",
        BASE + "entry =\n  [cell A] ([cell B])\n",
    )
    assert found == {
        "Who came after 1914?": "Di (1917), Cy (1916) and Bo (1915).",
        "Who came after 1915?": "Di (1917) and Cy (1916).",
        "Who came after 1916?": "Di (1917).",
    }


@pytest.mark.parametrize(
    ("sizes", "pick", "answer"),
    [
        ("9753", "two largest", "P, Q"),
        ("9953", "two largest", None),
        ("9773", "two largest", None),
        ("9733", "two largest", "P, Q"),
        ("9753", "two smallest", "S, R"),
        ("9753", "smallest and largest", "S, P"),
        ("9953", "smallest and largest", None),
        ("9733", "smallest and largest", None),
        ("9553", "smallest and largest", "S, P"),
    ],
)
def test_a_tie_leaves_an_order_undecided(sizes: str, pick: str, answer: str | None) -> None:
    about = table(*zip("PQRS", sizes, strict=True), header=["Run", "Size"])
    query = f"select [column A:text] {pick} [column B:number]"
    found = told(about, query, "which [column A] by [column B]?", "[first cell A], [last cell A].")
    assert list(found.values()) == ([f"{answer}."] if answer else [])


def test_two_rows_stand_in_the_order_of_their_names_or_sizes() -> None:
    about = table(["P", "3"], ["Q", "5"], ["R", "8"], header=["Run", "Size"])
    asked = "select [column A] where [column A:text] is [value A one] or [value A two]"
    words = "[value A one] or [value A two]?"
    plain = told(about, f"{asked} about [column B]", words, "[first cell A], [second cell A].")
    assert plain["P or R?"] == "P, R."
    assert plain["R or P?"] == "R, P."
    sized = told(
        about, f"{asked} two largest [column B]", words, "[first cell A] by [difference B]."
    )
    assert {sized["P or R?"], sized["R or P?"]} == {"R by 5."}


def test_what_rises_is_told_of_rows_in_order_of_time() -> None:
    about = table(["1990", "5 km"], ["1994", "8 km"], ["1998", "6 km"], header=["Year", "Way"])
    query = (
        "select [column B:measure] where [column Y:year] is [value Y one] or [value Y two] "
        "two smallest [column Y] {} [column B]"
    )
    words = (
        "from [value Y one] to [value Y two]?",
        "[first cell B], [second cell B]: [difference B].",
    )
    assert told(about, query.format("rising"), *words) == {
        "From 1990 to 1994?": "5 km, 8 km: 3 km.",
        "From 1990 to 1998?": "5 km, 6 km: 1 km.",
    }
    assert told(about, query.format("falling"), *words) == {
        "From 1994 to 1998?": "8 km, 6 km: 2 km."
    }


def test_who_did_both_stands_beside_each_of_two_values() -> None:
    about = table(
        ["1990", "Ada"], ["1991", "Bo"], ["1992", "Ada"], ["1993", "Cy"], header=["Year", "Winner"]
    )
    query = "select [column P:text] where [column Y:year] is [value Y one] and [value Y two]"
    found = told(about, query, "in [value Y one] and [value Y two]?", "[first cell P].")
    assert set(found) <= {"In 1990 and 1992?", "In 1992 and 1990?"}
    assert set(found.values()) == {"Ada."}


def test_before_and_after_tell_of_three_rows() -> None:
    query = "select [column A:name] where [column A] is [value A] before and after"
    grammar = sentence_kind(query, "around [value A]?", "[first cell A], [second cell A].")
    drawn = sentences(CUPS, grammar)
    assert {one.question: one.answer for one in drawn} == {
        "Around Bo?": "Ada, Cy.",
        "Around Cy?": "Bo, Di.",
    }
    assert all(len({cell.row for cell in one.evidence}) == 3 for one in drawn)


def test_a_comma_within_parentheses_keeps_a_list_apart() -> None:
    rows = [["Ida", "Rome, Italy", "red"], ["Bo", "Oslo, Norway", "red"], ["Cy", "Bonn", "blue"]]
    query = "select every [column A:subject] where [column B:text] is [value B] about [column C]"
    about = table(*rows, header=["Name", "Town", "Sort"])
    more = BASE + "with_town =\n  [cell A] ([cell C])\n"
    asked = "who has [column B] [value B], and what [column C]?"
    found = told(about, query, asked, "[each with_town].", more)
    assert found["Who has Sort red, and what Town?"] == "Ida (Rome, Italy) and Bo (Oslo, Norway)."


# What is said


def test_number_and_tense_agree() -> None:
    more = (
        "and =\n  and\nnumbers be =\n  1: is\n  2+: are\nnumbers was =\n  1: was\n  2+: were\n"
        "tense verb =\n  [be]\n  [was]\ntense had =\n  has\n  had\n"
        "numbers entries =\n  1: [noun A]\n  2+: [nouns A]\n"
        "words plurals =\n  *ies: *y\n  *s: *\nwords called =\n  city: town\n"
    )
    query = "select every [column A:name] where [column B:text not name] is [value B]"
    question = "which [nouns A] [had] [column B] [value B]?"
    answer = "the [entries] that [had] it [verb] [each cell A]."
    towns = table(["Rome", "w"], ["Oslo", "y"], ["Bonn", "y"], header=["Town", "Sort"])
    grammar = sentence_kind(query, question, answer, more)
    said = {
        (one.question, one.answer)
        for seed in range(20)
        for one in sentences(towns, grammar, seed=seed)
    }
    assert said == {
        ("Which cities has Sort w?", "The city that has it is Rome."),
        ("Which cities had Sort w?", "The city that had it was Rome."),
        ("Which cities has Sort y?", "The cities that has it are Oslo and Bonn."),
        ("Which cities had Sort y?", "The cities that had it were Oslo and Bonn."),
    }


def test_one_of_a_count_is_not_said_before_a_plural() -> None:
    about = table(["P", "1"], ["Q", "2"], ["R", "3"], header=["Run", "Wins"])
    query = "select [column B:count] where [column A:text] is [value A]"
    found = told(about, query, "how many of [value A]?", "[cell B] [column B].")
    assert found == {"How many of Q?": "2 Wins.", "How many of R?": "3 Wins."}


def test_what_could_not_be_told_apart_is_not_told() -> None:
    rows = [["Rome, Italy", "x"], ["Oslo", "x"], ["Ada and Bo", "y"], ["Cy", "y"], ["Di*", "z"],
            ["Ed", "z"], ["Fay (b)", "w"], ["Gil", "v"]]  # fmt: skip
    query = "select every [column A:text] where [column B:text] is [value B]"
    about = table(*rows, header=["Name", "Sort"])
    found = told(about, query, "of [column B] [value B]?", "it ([each cell A]).")
    assert found == {"Of Sort v?": "It (Gil)."}


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_whatever_the_table_each_sentence_tells_cells_of_it(data: st.DataObject) -> None:
    cells = st.sampled_from(
        ["Rome", "rome [1]", "1914", "1915", "20", "1,500 km", "2 km", "", "—", "Total", "a b"]
    )
    width = data.draw(st.integers(1, 4))
    row = st.lists(cells | st.text(max_size=6), min_size=width, max_size=width)
    names = st.sampled_from(["Town", "Year", "Winner", "Wins", "", "Total"]) | st.text(max_size=5)
    header = data.draw(st.lists(names, min_size=width, max_size=width))
    about = table(*data.draw(st.lists(row, max_size=7)), header=header)
    for one in sentences(about, ENGLISH, wanted=12):
        check(about, one)


def check(about: Table, one: SampledSentence) -> None:
    """What holds of every sentence."""
    assert one.question[-1] in "?."
    assert one.answer[-1] in ".!?"
    assert "  " not in one.question + one.answer
    assert "[" not in re.sub(r"\[\w{1,3}\]", "", one.answer) or "[" in str(about.rows)
    for told_of in one.told:
        for row in told_of.rows:
            if told_of.column >= 0:
                assert HEADER_ROW < row < len(about.rows)
                assert not is_placeholder(about.rows[row][told_of.column])
                assert (row, told_of.column) in one.evidence
    for value in one.values.values():
        assert not is_placeholder(value)
        assert " ".join(value.split()).casefold() in one.question.casefold()


# How many rows


def test_the_rows_of_evidence_follow_their_shares() -> None:
    counts: Counter[int] = Counter()
    for seed in range(150):
        for one in sentences(BUILT_IN, ENGLISH, 4, seed, AS_PEOPLE_DO):
            counts[min(4, len({cell.row for cell in one.evidence}))] += 1
    total = counts.total()
    for rows, share in enumerate(AS_PEOPLE_DO, start=1):
        assert abs(counts[rows] / total - share / 100) < 0.06


def test_a_share_of_nothing_is_not_drawn_and_what_lacks_is_told() -> None:
    assert all(
        len({cell.row for cell in one.evidence}) == 3
        for one in sentences(BUILT_IN, ENGLISH, 10, shares=(0, 0, 1, 0))
    )
    maker = QuestionSampler(ENGLISH)
    teller = SentenceSampler(maker, (0, 0.5, 0, 0.5), 0.0)
    small = table(["Rome", "10"], ["Oslo", "20"], ["Bonn", "30"], header=["Town", "Wins"])
    drawn, missed = teller.draws(maker.askable(small), 6, 4, table_random(1, "t").random)
    assert {len({cell.row for cell in one.evidence}) for one in drawn} == {2}
    assert set(missed) == {"4 rows or more"}


# Each kind, worked out another way

Row = tuple[str, ...]


def number(text: str) -> float:
    return float(re.sub(r"[^\d.]", "", text.replace("-", "")))


def equal(column: int, value: str) -> Callable[[Row], bool]:
    return lambda row: row[column] == value


def expected(about: Table, one: SampledSentence) -> list[Row]:
    """The rows that a question about a built-in table asks for, by plain Python over its texts."""
    query, values = one.query, list(one.values.values())
    rows = list(about.rows)
    place = query.conditions[0].column if query.conditions else 0
    kind = one.kind
    by = query.by if query.by is not None else place

    def size(row: Row) -> float:
        return number(row[by])

    if kind in BEYOND:
        sign = BEYOND[kind]
        kept = [row for row in rows if sign * (number(row[place]) - number(values[0])) > 0]
        return sorted(kept, key=size, reverse=kind in LARGEST_FIRST)
    if "between" in kind:
        low, high = map(number, values)
        return sorted((row for row in rows if low < number(row[place]) < high), key=size)
    if kind in TOPS:
        count, reverse = TOPS[kind]
        return sorted(rows, key=size, reverse=reverse)[:count]
    if kind in ("highest_and_lowest", "most_and_fewest"):
        return [min(rows, key=size), max(rows, key=size)]
    if kind == "first_and_last_of":
        members = list(filter(equal(place, values[0]), rows))
        return [min(members, key=size), max(members, key=size)]
    if kind in ("more_of_two", "greater_of_two"):
        return sorted((row for row in rows if row[place] in values), key=size, reverse=True)
    if kind in ("earlier_of_two", "winners_of_two", "rose", "fell"):
        return sorted((row for row in rows if row[place] in values), key=size)
    if kind in ("properties_of_two", "two_times", "sum_of_two", "sum_of_measures", "both"):
        return [row for value in values for row in rows if row[place] == value]
    if kind in ("before_and_after", "people_around"):
        at = next(at for at, row in enumerate(rows) if row[place] == values[0])
        return [rows[at - 1], rows[at + 1]]
    if kind == "first_and_last":
        return [rows[0], rows[-1]]
    if kind.startswith(DECLINED) and not kind.startswith("not_told_of"):
        return []
    if kind.startswith("all_entries"):
        return rows
    return list(filter(equal(place, values[0]), rows))


BEYOND = {
    "all_above_counts": 1, "all_above": 1, "all_below": -1, "all_after": 1, "all_before": -1,
    "times_above": 1, "times_below": -1, "listed_after": 1, "listed_before": -1,
    "ranked_before": -1,
}  # fmt: skip
LARGEST_FIRST = {"all_above_counts", "all_above", "times_above"}
TOPS = {
    "most_and_next": (2, True), "highest_and_next": (2, True), "greatest_and_next": (2, True),
    "lowest_and_next": (2, False), "earliest_and_next": (2, False), "latest_and_before": (2, True),
    "shortest_and_next": (2, False), "highest_times": (2, True), "top_three_counts": (3, True),
    "top_three": (3, True), "first_three_in_time": (3, False), "first_three_ranked": (3, False),
}  # fmt: skip

RANKS = table(
    *[[str(rank), f"Player {letter}", f"{rank + 9}.5"] for rank, letter in enumerate("ABCDEF", 1)],
    header=["Rank", "Rider", "Distance"],
)
TOWNS = table(
    *[[name, rest] for name, rest in zip(("Ashby", "Brill", "Corran"), "xyz", strict=True)],
    header=["Town", "Fair"],
)
TABLES = (BUILT_IN, PLAYERS, WINNERS, RANKS, FILMS, TOWNS)
DECLINED = ("no_such", "nobody", "not_told_of")


def only(rule: Rule) -> Grammar:
    rules = {name: below for name, below in ENGLISH.rules.items() if below.kind != "question"}
    return Grammar({**rules, rule.name: rule}, ENGLISH.lowercase_columns)


@pytest.mark.parametrize("rule", ENGLISH.sentence_questions, ids=lambda rule: str(rule.name))
def test_each_kind_finds_the_rows_that_plain_python_finds(rule: Rule) -> None:
    count = 0
    for about in TABLES:
        for seed in range(3):
            for one in sentences(about, only(rule), 20, seed, unanswerable=0.3):
                found = [about.rows[row] for row in one.rows]
                assert found == expected(about, one), one.question
                check(about, one)
                count += 1
    assert count > 3


@pytest.mark.parametrize("grammar", [ENGLISH, GERMAN], ids=["english", "german"])
def test_each_kind_has_six_wordings_of_question_and_answer(grammar: Grammar) -> None:
    assert len(grammar.sentence_questions) >= 12
    for rule in grammar.sentence_questions:
        assert len(rule.alternatives) >= 6, rule.name
        assert len(rule.answers) >= 6, rule.name


# Mistakes in a grammar

LACKS = (
    "question q =\n    > select none [column A] where [column A] is [value A] without [{}]\n"
    "    {} of [value A]?\n    < no.\n"
)
LIST = "question q =\n    > select every [column A] where [column B] is [value B]\n    [value B]?\n"


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        (LIST, 2, 1, "the query of 'q' gives several rows or none, so it needs answers"),
        (LIST + "    < [cell A].\n", 4, 7, "[cell A] of which row? Say [each cell …]"),
        (LIST + "    < [all].\nall =\n    [cell A]\n", 4, 7, "[cell A] of which row?"),
        (LIST + "    < [each cell A].\n", 4, 1, "[each …] needs a phrase 'and ='"),
        (LIST + "    < yes.\n", 4, 1, "the answer tells nothing of the row."),
        (LIST + "    < [first cell C].\n", 4, 7, "[first cell C] is not in the query of 'q'."),
        (LIST + "    < [each sum A].\n", 4, 7, "'each' is said of a cell or a rule"),
        (LIST + "    [cell A]?\n    < [first cell A].\n", 4, 5, "[cell A] gives the answer away."),
        (LIST + "    [how many]?\n    < [first cell A].\n", 4, 5, "[how many] gives the answer"),
        ("x =\n    < a\n", 2, 5, "'x' has an answer: begin 'question x ='."),
        ("cell =\n    a\n", 1, 1, "'cell' is sampled from the table; give the rule another name."),
        (
            LIST + "    < [first cell A] [t] [u].\ntense t =\n    a\n    b\ntense u =\n    a\n",
            8,
            1,
            "'u' has other tenses, or other weights, than 't'",
        ),
        (
            LIST.replace("is [value B]", "is [value B] first") + "    < [first cell A].\n",
            2,
            6,
            "after 'every' comes at most largest or smallest, for the order.",
        ),
        (LIST.replace("every", "none"), 2, 6, "'none' needs two conditions that no row meets"),
        (
            LIST.replace("[value B]", "[value B missing]") + "    < [each cell A].\n",
            2,
            6,
            "what the table does not hold is asked for by 'select none' alone.",
        ),
        (LACKS.format("w", "[w]") + "words w =\n    height\n", 2, 68, "[w] needs lines that"),
        (LACKS.format("v", "[v]") + "words w =\n    a: b\n", 2, 68, "[v] is no list of words."),
        (LACKS.format("w", "it") + "words w =\n    a: b\n", 3, 1, "the wording leaves out [w]"),
        (
            LIST.replace("select every", "select").replace("is [value B]", "is [value B] two last"),
            2,
            59,
            "after two or three comes largest or smallest.",
        ),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, line: int, column: int, message: str) -> None:
    with pytest.raises(SettingError) as caught:
        parse_grammar(text, "my")
    assert f"my, line {line}, column {column}: {message}" in str(caught.value)
