"""What is seen of a sentence and a row."""

from dataclasses import replace
from math import log1p

import pytest
from matching_tables import candidates, table

from gentap.mining.row_probability import Evidence
from gentap.records import Table

FILMS = table(
    ["1914", "Dawn Cup", "Ada Hall", "Rome"],
    ["1915", "Dusk Cup", "Bo Wood", "Oslo"],
    ["1916", "Noon Cup", "Cy Hall", "Rome"],
)


def seen(paragraph: str, one: Table = FILMS) -> Evidence:
    """The evidence of a paragraph's last sentence that names a row."""
    found = candidates([paragraph], one)[-1].match
    assert found is not None
    return found.evidence


@pytest.mark.parametrize(
    ("sentence", "gap"),
    [
        ("Dawn Cup (1914) began.", 2),
        ("1914: Dawn Cup.", 2),
        ("Dawn Cup opened early in the year 1914.", 26),
        ("Dawn Cup (a film of two hours, in color) came in 1914.", 10),
        ("1914 saw the Dawn Cup with Ada Hall.", 6),
    ],
)
def test_the_gap_is_that_of_the_nearest_values_less_brackets(sentence: str, gap: int) -> None:
    assert seen(sentence).gap == pytest.approx(log1p(gap))


def test_values_of_neighbouring_columns() -> None:
    assert seen("The Dawn Cup of 1914 began.").adjacent == 1
    assert seen("The Dawn Cup of Rome began.").adjacent == 0
    assert seen("In 1914 the Dawn Cup of Rome began.").adjacent == 1


def test_words_of_unnamed_cells_count_by_how_well_they_tell_the_row() -> None:
    assert seen("In 1914 Dawn Cup began.").row_words == 0
    rare = seen("In 1914 Dawn Cup began for Ada.").row_words
    common = seen("In 1914 Dawn Cup began for the Halls, Hall said.").row_words
    both = seen("In 1914 Dawn Cup began for Ada of the Halls, Hall said.").row_words
    assert rare == pytest.approx(log1p(1))
    assert 0 < common < rare < both
    assert seen("In 1915 Dusk Cup began for Ada.").row_words == 0, "another row's"


def test_words_of_the_tables_section_and_caption() -> None:
    one = replace(FILMS, section="Silent films", caption="All films of the archive")
    assert seen("In 1914 Dawn Cup began.", one).table_words == 0
    told = seen("In 1914 Dawn Cup opened the archive of silent film.", one).table_words
    assert told == pytest.approx(2 / 4)
    assert seen("In 1914 Dawn Cup began.").table_words == 0


def test_words_of_the_headers_of_named_columns() -> None:
    one = replace(FILMS, header=("Opening year", "Film", "Director", "Town"))
    assert seen("In 1914 Dawn Cup began.", one).header_words == 0
    assert seen("In 1914 the film Dawn Cup began.", one).header_words == 1
    assert seen("The YEAR 1914 saw Dawn Cup.", one).header_words == 1
    assert seen("In 1914 the director saw Dawn Cup.", one).header_words == 0, "no value of it"


def test_the_rows_name_before_the_sentence_or_at_its_start() -> None:
    context = seen("Dawn Cup came first. Ada Hall went to Rome for it.")
    assert (context.context, context.leads) == (1, 0)
    assert seen("Dusk Cup came first. Ada Hall went to Rome for it.").context == 0
    assert seen("Dawn Cup came first. Dawn Cup took Ada Hall to Rome.").context == 0
    assert seen("The Dawn Cup took Ada Hall to Rome.").leads == 1
    assert seen("At the Dawn Cup Ada Hall went to Rome.").leads == 0
    assert seen("Ada Hall went to Rome.").leads == 0


def test_where_the_sentence_stands_and_how_it_opens() -> None:
    first = seen("Dawn Cup began in 1914.")
    later = seen("It was cold. It became the Dawn Cup of 1914.")
    assert (first.opens, first.pronoun) == (1, 0)
    assert (later.opens, later.pronoun) == (0, 1)


def test_a_name_that_is_said_by_its_last_word_alone() -> None:
    one = replace(FILMS, rows=(("1914", "Dawn Cup", "Ada Reed", "Rome"), *FILMS.rows[1:]))
    assert seen("Ada Reed went to Rome.", one).again == 0
    assert seen("Ada Reed was tall. Reed went to Rome.", one).again == 1
    assert seen("Ada Reed was tall. Reed, Ada Reed, went to Rome.", one).again == 0
    assert seen("Ada Reed was tall. In 1914 Dawn Cup began.", one).again == 0


@pytest.mark.parametrize(
    ("sentence", "others"),
    [
        ("Dawn Cup began in 1914.", 0),
        ("Then Dawn Cup began in March 1914.", 0),
        ("Then Dawn Cup of the Lima Union began in 1914.", 2),
        ("Then Dawn Cup of the City began in 1914.", 0),
    ],
)
def test_capitalised_words_of_other_names(sentence: str, others: int) -> None:
    one = replace(FILMS, title="Films in the City")
    assert seen(sentence, one).other_names == pytest.approx(log1p(others))


def test_what_the_strongest_values_tell() -> None:
    few, more = seen("Dawn Cup began in 1914."), seen("Ada Hall saw Dawn Cup begin in 1914.")
    assert 0 < few.second < few.told < more.told
    assert few.second < more.second
