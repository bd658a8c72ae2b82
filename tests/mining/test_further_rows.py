"""Which rows a sentence tells besides the one that it is about."""

import re
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matching_tables import LIKELY, candidates, table

from gentap.mining.further_rows import further_rows
from gentap.mining.row_selection import RowMatch
from gentap.records import Table
from gentap.text.normal_form import normal_form

FILMS = table(
    ["1914", "Dawn Cup", "Ada Hall", "Rome"],
    ["1915", "Dusk Cup", "Bo Wood", "Oslo"],
    ["1916", "Noon Cup", "Cy Hall", "Rome"],
    ["1917", "Ruby Cup", "Ada Hall", "Paris"],
    header=["Year", "Film", "Actor", "City"],
    title="Cup films",
)


def told(sentence: str, one: Table = FILMS, least: float = LIKELY) -> tuple[int, tuple[int, ...]]:
    """The row that a sentence is about and the further ones that it tells."""
    (found,) = candidates([sentence], one)
    return found.matches[0].row, further_rows(found.matches, found.sentence, one, least)


@pytest.mark.parametrize(
    ("sentence", "rows"),
    [
        ("Dawn Cup of 1914 won a prize.", {0}),
        ("Ada Hall was in Dawn Cup (1914) and in Ruby Cup (1917).", {0, 3}),
        ("Dawn Cup came in 1914, Dusk Cup in 1915 and Noon Cup in 1916.", {0, 1, 2}),
        # a name alone, beside that of the row with two values
        ("She went from Dawn Cup (1914) to Dusk Cup.", {0, 1}),
        # a value that stands in several rows tells none of them
        ("Bo Wood was in Dusk Cup, a film from Rome, in 1915.", {1}),
        # no name of a row: a year alone
        ("Dawn Cup of 1914 won a prize, and again in 1917.", {0}),
    ],
)
def test_the_rows_told(sentence: str, rows: set[int]) -> None:
    row, further = told(sentence)
    assert {row, *further} == rows
    assert row not in further


def test_the_pages_title_tells_no_row() -> None:
    one = table(
        ["Ada Hall (actor)", "Dawn Cup", "1914"],
        ["Bo Wood", "Dusk Cup", "1915"],
        header=["Actor", "Film", "Year"],
        title="Bo Wood (actor)",
    )
    assert told("Bo Wood met Ada Hall in Dawn Cup in 1914.", one) == (0, ())


def test_rows_that_are_as_likely_as_one_another_are_not_told() -> None:
    one = table(
        ["1914", "Dawn Cup", "Rome"],
        ["1915", "Dusk Cup", "Oslo"],
        ["1915", "Dusk Cup", "Oslo"],
        header=["Year", "Film", "City"],
    )
    row, further = told("Dawn Cup was made in 1914 in Rome and Dusk Cup in 1915 in Oslo.", one)
    assert (row, further) == (0, ())


def slow_further(
    matches: Sequence[RowMatch], sentence: str, one: Table, least: float
) -> tuple[int, ...]:
    """Every row of the table is asked, by what all rows told before it say."""
    first = matches[0]
    place = {match.row: at for at, match in enumerate(matches) if match.table == first.table}

    def says(row: int) -> set[str]:
        return {normal_form(sentence[c.start : c.end]) for c in first.cells if c.row == row}

    def of_likely(count: int) -> set[int]:
        """The rows told among the first matches, by how likely they are."""
        if count <= 1:
            return {first.row}
        before = of_likely(count - 1)
        match = matches[count - 1]
        if match.table != first.table or match.probability < least:
            return before
        new = fresh(match.row, before)
        equals = [
            other
            for other in matches
            if other.row != match.row
            and other.table == first.table
            and other.probability == match.probability
            and fresh(other.row, before) == new
        ]
        return before if equals or not new else before | {match.row}

    def fresh(row: int, before: set[int]) -> set[str]:
        title = normal_form(one.title)
        said = {title, re.sub(r" \([^()]*\)$", "", title)}.union(*map(says, before))
        return says(row) - said

    likely = of_likely(len(matches))
    by_name = {
        row
        for row in range(len(one.rows))
        if {row, first.row} <= first.named and fresh(row, likely)
    }
    assert all(row in place for row in likely)
    return tuple(sorted((likely | by_name) - {first.row}))


NAMES = ["Dawn Cup", "Dusk Cup", "Noon Cup", "Ruby Cup", "Ada", "Paris", "Cup", "won"]
YEARS = ["1914", "1915", "1916", "1917"]


@st.composite
def tellings(draw: st.DrawFn) -> tuple[Table, str]:
    rows = draw(
        st.lists(
            st.tuples(st.sampled_from(NAMES), st.sampled_from(YEARS), st.sampled_from(NAMES)),
            min_size=2,
            max_size=6,
        )
    )
    one = table(*rows, title=draw(st.sampled_from(["", "Paris", "Ada (city)", "Cups"])))
    cells = st.sampled_from([cell for row in rows for cell in row])
    said = draw(st.lists(cells, min_size=2, max_size=8))
    glue = draw(st.sampled_from([" and ", ", ", " in "]))
    return one, f"So {glue.join(said)} it was."


@settings(max_examples=200, deadline=None)
@given(tellings(), st.sampled_from([0.0, 0.1, LIKELY, 0.9]))
def test_the_rows_told_are_those_of_the_slow_oracle(
    telling: tuple[Table, str], least: float
) -> None:
    one, sentence = telling
    for found in candidates([sentence], one):
        if found.matches:
            rows = further_rows(found.matches, found.sentence, one, least)
            assert rows == slow_further(found.matches, found.sentence, one, least)
            assert found.matches[0].row not in rows
