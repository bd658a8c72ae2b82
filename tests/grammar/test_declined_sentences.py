"""Questions that the table does not answer, and answers that say so."""

from drawing import AS_PEOPLE_DO, CUPS, ENGLISH, sentence_kind, sentences, table

from gentap.grammar.preview import BUILT_IN

DECLINED = ("no_such", "nobody", "not_told_of")
"""How the names of these kinds begin."""


def test_no_row_is_asked_for_only_where_each_condition_has_some() -> None:
    query = (
        "select none [column W:name] where [column A:text not name] is [value A] "
        "and [column B:text not name] is [value B]"
    )
    grammar = sentence_kind(
        query, "[value A] and [value B] of [column A], [column B]?", "no [column W]."
    )
    drawn = sentences(CUPS, grammar, unanswerable=1.0)
    pairs = {(row[0], row[1]) for row in CUPS.rows} | {(row[1], row[0]) for row in CUPS.rows}
    assert drawn
    for one in drawn:
        values = list(one.values.values())
        assert (values[0], values[1]) not in pairs
        assert one.evidence == one.rows == ()


def test_a_missing_value_is_made_like_those_of_its_column_and_stands_nowhere() -> None:
    about = table(
        *(["Ida Frost", "1990", "4"], ["Kim Rudd", "1994", "6"], ["Lea Stone", "1995", "9"]),
        header=["Player", "Year", "Wins"],
        title="After 1993, Kim Frost",
    )
    query = "select none [column W] where [column A:{}] is [value A missing]"
    said: dict[str, set[str]] = {}
    for sort in ("name", "year", "count"):
        grammar = sentence_kind(query.format(sort), "[value A missing]?", "not in the table.")
        said[sort] = {
            one.question[:-1]
            for seed in range(60)
            for one in sentences(about, grammar, 20, seed, unanswerable=1.0)
        }
    assert said["name"] == {"Ida Rudd", "Ida Stone", "Kim Stone", "Lea Frost", "Lea Rudd"}
    near = table(*[[one, "9"] for one in ("Costa Rica", "Puerto Rico", "El Salvador")],
                 header=["Nation", "Wins"])  # fmt: skip
    grammar = sentence_kind(query.format("name"), "[value A missing]?", "not in the table.")
    drawn = sentences(near, grammar, 20, unanswerable=1.0)
    assert {one.question for one in drawn} == set()  # "Costa Rico" may be meant for Costa Rica
    assert said["year"] == set(map(str, range(1982, 2004))) - {"1990", "1993", "1994", "1995"}
    assert said["count"] == {"5", "7", "8"}


def test_a_missing_number_of_a_column_of_large_ones_is_small_and_soon_found() -> None:
    about = table(
        *(["Ashby", "1"], ["Brill", "9000000000000"], ["Corran", "7"]), header=["Town", "People"]
    )
    query = "select none [column W] where [column A:count] is [value A missing]"
    grammar = sentence_kind(query, "[value A missing]?", "not in the table.")
    drawn = sentences(about, grammar, 20, unanswerable=1.0)
    said = {int(one.question[:-1]) for one in drawn}
    assert len(said) > 10
    assert said <= set(range(2, 1000)) - {7}


def test_what_the_table_lacks_is_neither_its_heading_nor_title_nor_cell() -> None:
    more = (
        "words lacks =\n  height: *height*, size\n  weight: *weight*\n  age: *age*\n  salary: pay\n"
    )
    query = "select none [column A:name] where [column A] is [value A] without [lacks]"
    about = table(["Ida Frost", "9"], ["Kim Rudd", "8"], ["Lea Stone", "large"],
                  header=["Player", "Size"], title="Players by weight")  # fmt: skip
    grammar = sentence_kind(query, "what is the [lacks] of [value A]?", "not in the table.", more)
    drawn = sentences(about, grammar, unanswerable=1.0)
    assert {one.question for one in drawn} == {
        f"What is the {lack} of {row[0]}?" for row in about.rows for lack in ("age", "salary")
    }
    assert all(not one.evidence and len(one.rows) == 1 for one in drawn)


def test_a_share_of_the_sentences_says_that_the_table_does_not_answer() -> None:
    drawn = [
        one
        for seed in range(100)
        for one in sentences(BUILT_IN, ENGLISH, 4, seed, AS_PEOPLE_DO, unanswerable=0.25)
    ]
    share = sum(not one.evidence for one in drawn) / len(drawn)
    assert 0.18 < share < 0.32
    assert all(one.kind.startswith(DECLINED) == (not one.evidence) for one in drawn)
