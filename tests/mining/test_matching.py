"""Which values count, and which row a sentence is about."""

from dataclasses import replace

import pytest
from matching_tables import LIKELY, best, candidates, named, table
from slow_matcher import agree

from gentap.mining.matching import RowCandidates
from gentap.mining.surface_forms import Rules
from gentap.records import Table
from gentap.text.sentences import tidy


def test_a_cell_that_two_of_its_forms_name_counts_once() -> None:
    tables = table(("Ada Dawn\n(Ada Dusk)", "Rome"), ("Bo Dusk", "Oslo"))
    sentence = "In 1914 Ada Dawn moved to Rome."
    cells = [(0, 0, "Ada Dawn"), (0, 1, "Rome")]
    assert named(best(sentence, tables), sentence) == cells


# What tells one row from another


def likely(paragraph: str, *tables: Table) -> list[float]:
    """How likely a paragraph's sentences state their rows."""
    return [
        found.match.probability if found.match else -1.0
        for found in candidates([paragraph], *tables)
    ]


FILMS = table(
    ["Dawn Cup", "drama", "1914"],
    ["Dusk Cup", "drama", "1915"],
    ["Noon Cup", "comedy", "1916"],
)


def test_years_alone_name_no_row() -> None:
    terms = table(["Ada", "1914", "1918"], ["Bo", "1915", "1920"])
    assert likely("He served from 1914 to 1918.", terms) == [-1.0]
    assert likely("Ada served from 1914 to 1918.", terms)[0] > LIKELY


def test_a_row_that_the_paragraph_spoke_of_last_is_likelier() -> None:
    (alone,) = likely("It was a drama of 1914.", FILMS)
    (spoken,) = likely("Dusk Cup ended. Dawn Cup began. It was a drama of 1914.", FILMS)
    (other,) = likely("Dawn Cup began. Dusk Cup ended. It was a drama of 1914.", FILMS)
    assert spoken > alone
    assert other <= alone


def test_a_row_loses_where_the_sentence_says_the_year_of_another() -> None:
    (right,) = likely("In 1914 the Dawn Cup was a drama.", FILMS)
    (none,) = likely("Then the Dawn Cup was a drama.", FILMS)
    (wrong,) = likely("In 1916 the Dawn Cup was a drama.", FILMS)
    assert right > none > wrong
    (elsewhere,) = likely("In 1888 the Dawn Cup was a drama.", FILMS)
    assert wrong < elsewhere < right


def test_a_day_with_another_year_is_no_value() -> None:
    days = table(["14 May", "Ada Hall"], ["15 May", "Bo Hall"])
    dated = replace(days, section="2012")
    assert best("On 14 May 2012 it opened in Ada Hall.", dated) is not None
    assert best("On 14 May it opened in Ada Hall.", dated) is not None
    assert best("On 14 May 2002 it opened in Ada Hall.", dated) is None
    assert best("On 14 May 2002 it opened in Ada Hall.", days) is not None


@pytest.mark.parametrize("before", ["", "x", "ab c", "²²²²", "１９１４"])
def test_the_mark_within_dates_may_stand_in_a_text(before: str) -> None:
    days = table(["14 May", "Ada Hall"], ["15 May", "Bo Hall"])
    assert best(f"{before}\x0105\x0114 in Ada Hall.", days) is not None


def test_values_of_one_kind_make_a_row_unlikely() -> None:
    rows = [["Rome", "Oslo"], ["Oslo", "Rome"], ["Rome", "Bonn"], ["Bonn", "Oslo"]]
    others = [["Rome", "Oslo"], ["Lima", "Rio"], ["Rome", "Bonn"], ["Lima", "Oslo"]]
    (alike,) = likely("Rome is a rival of Bonn.", table(*rows))
    (unlike,) = likely("Rome is a rival of Bonn.", table(*others))
    assert alike < LIKELY < unlike


@pytest.mark.parametrize(
    ("sentence", "is_named"),
    [
        ("Ada Hall left Union early.", True),
        ("Ada Hall left Union Pacific early.", False),
        ("Ada Hall left Union Club early.", True),
        ("Ada Hall left Union FC early.", True),
        ("Ada Hall left Union V early.", False),
        ("Ada Hall left Union, Pacific and others.", True),
        ("Ada Hall left Union's Pacific early.", True),
        ("Ada Hall left Union March 3.", True),
        ("Ada Hall left Union Berlin early.", True),
        ("Ada Hall left Union. Pacific was late.", True),
        ("Ada Hall Pacific left Union early.", True),
    ],
)
def test_a_value_of_one_word_is_no_part_of_a_longer_name(sentence: str, is_named: bool) -> None:
    clubs = table(["Ada Hall", "Union", "Berlin"], ["Bo Hall", "Rover", "Rome"])
    agree([sentence], [clubs])
    assert any(found.match for found in candidates([sentence], clubs)) is is_named


def test_a_value_that_fills_its_column_confirms_a_row_that_is_named() -> None:
    films = [["Dawn Cup", "Drama", "1914"], ["Dusk Cup", "Drama", "1915"]]
    sentence = "Then the Dawn Cup was a Drama of Rome."
    assert likely(sentence, table(*films))[0] > LIKELY
    assert likely("Then the Cup of 1914 was a Drama of Rome.", table(*films))[0] < LIKELY
    assert likely(sentence, table(*films, title="Drama in Rome")) < likely(sentence, table(*films))


def test_a_line_of_a_long_list_is_no_value() -> None:
    few, many = ("\n".join(f"Route {number}" for number in range(50, 50 + n)) for n in (12, 13))
    sentence = "Ada took Route 51 there."
    assert best(sentence, table(["Ada", few], ["Bo", "Route 9"])) is not None
    assert best(sentence, table(["Ada", many], ["Bo", "Route 9"])) is None


# Where a named value stands


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        *[("film noir", "ﬁlm noir"), ("ﬁlm noir", "film noir"), ("250 km2", "250 km²")],
        *[("½ mile", "½ mile"), ("1⁄2 mile", "½ mile"), ("10⁻³ metres", "10⁻³ metres")],
        *[("2024 Cup", "２０２４ Cup"), ("Réunion", "Re\u0301union"), ("Re\u0301union", "Réunion")],
        *[("O'Hara[3]", "O’Hara"), ("Jean-Luc", "Jean‑Luc"), ("2003–04", "2003-04")],
        *[("STRASSE 9", "Strasse 9"), ("𝒟awn 🌅", "Dawn 🌅"), ("-914.5", "−914.5")],
        *[("1,234", "1 234"), ("9 March 1920", "March 9th, 1920"), ('"Dawn" (song)', "Dawn")],
    ],
)
def test_a_value_written_otherwise_is_the_same(cell: str, said: str) -> None:
    sentence = tidy(f"Marlowe’s ﬁrst saw {said} there.")
    match = best(sentence, table(["Marlowe", cell], ["Other", "Thing"]))
    assert named(match, sentence) == [(0, 0, "Marlowe"), (0, 1, tidy(said))]


@pytest.mark.parametrize(
    "larger",
    [
        *["19145", "51914", "1914.5", "1,914", "1 914", "1914,000", "1 914 000", "0.1914"],
        *["x1914", "1914th", "1914½", "1914²"],
    ],
)
@pytest.mark.parametrize("numbers", [True, False])
def test_a_number_is_not_found_in_a_larger_one(larger: str, numbers: bool) -> None:
    rules = Rules(numbers=numbers)
    for number in ("1914", "914"):
        if numbers and number == "1914" and larger in ("1,914", "1 914"):
            continue
        cells = table(["Marlowe", number], ["Other", "1915"])
        assert best(f"Marlowe counted {larger} there.", cells, rules=rules) is None
        assert best(f"Marlowe counted {number}, there.", cells, rules=rules) is not None


@pytest.mark.parametrize("around", ["1914–18", "(1914)", "1914.", "1914, 18", "$1914", "1914/15"])
def test_a_number_is_found_beside_other_signs(around: str) -> None:
    assert best(f"Marlowe, {around}", table(["Marlowe", "1914"], ["Other", "1915"])) is not None


def test_each_line_of_a_cell_is_a_value_of_it() -> None:
    sentence = "Marlowe and Ada Dawn won there."
    match = best(sentence, table(["Marlowe", 'Bo Dusk\n"Ada Dawn" (late)'], ["Other", "Thing"]))
    assert named(match, sentence) == [(0, 0, "Marlowe"), (0, 1, "Ada Dawn")]


# Which rows are named

CUPS = table(
    ["Marlowe", "Rome", "1914"],
    ["Dawson", "Oslo", "1915"],
    ["Ingrid", "Rome", "1916"],
    ["Rome", "Lima", "1,916"],
)


@pytest.mark.parametrize(
    "sentence",
    [
        "Marlowe won.",
        "Marlowe won, and Marlowe won again.",
        "Marlowe and Dawson won.",
        "Marlowe won; Oslo was cold.",
        "Marlowe won. Rome was cold.",
        "",
    ],
)
def test_a_row_needs_two_values_of_two_columns(sentence: str) -> None:
    assert best(sentence, CUPS) is None


def test_one_value_in_two_columns_is_not_two() -> None:
    twice = table(["Dawn Cup", "Dawn Cup"], ["Dusk", "Noon"])
    assert best("The Dawn Cup is the Dawn Cup.", twice) is None


@pytest.mark.parametrize("value", ["7", "12", "x", "—", "12.", "#7", "(9)"])
def test_a_letter_and_a_small_bare_number_are_no_values(value: str) -> None:
    cells = table(["Marlowe", value], ["Dawson", "5"])
    assert best(f"Marlowe said {value} there.", cells) is None


def test_evidence_over_several_rows_is_recorded() -> None:
    sentence = "Marlowe won in Rome in 1914, Dawson in 1915 and Ingrid later."
    match = best(sentence, CUPS)
    assert match is not None
    assert (match.table, match.row) == (0, 0)
    assert named(match, sentence) == [
        (0, 0, "Marlowe"),
        (0, 1, "Rome"),
        (0, 2, "1914"),
        (1, 0, "Dawson"),
        (1, 2, "1915"),
        (2, 0, "Ingrid"),
        (2, 1, "Rome"),
        (3, 0, "Rome"),
    ]


def test_a_value_said_twice_is_recorded_twice() -> None:
    sentence = "Dawson left Oslo, and Oslo missed Dawson."
    assert [place[:2] for place in named(best(sentence, CUPS), sentence)] == [
        *[(1, 0), (1, 0), (1, 1), (1, 1)]
    ]


def test_the_longest_value_of_a_table_stands() -> None:
    places = table(["New York", "Dusk"], ["York Minster", "Dawn"], ["Minster", "Noon"])
    others = table(["New York", "Dusk"], ["Lima", "Noon"])
    sentence = "The New York Minster saw Dawn, Noon and Dusk."
    assert named(best(sentence, places), sentence) == [
        (0, 1, "Dusk"),
        (1, 0, "York Minster"),
        (1, 1, "Dawn"),
        (2, 1, "Noon"),
    ]
    match = best(sentence, others)
    assert named(match, sentence)[0] == (0, 0, "New York")


KNOWN = {
    "more told": table(["Ada", "Bo", "Rome"], ["Yes", "Of", "The"]),
    "less told": table(["Ada", "Bo", "Oslo"], ["Yes", "Of", "The"]),
    "more cells": table(["Ada", "Bo", "Oslo"], ["Yes", "Of", "Ada"]),
    "same row twice": table(["Yes", "Of"], ["Ada", "Bo"], ["Ada", "Bo"], ["The", "In"]),
}


@pytest.mark.parametrize(
    ("tables", "sentence", "place"),
    [
        (["more told", "less told"], "Ada met Bo in Rome.", (0, 0)),
        (["less told", "more told"], "Ada met Bo in Rome.", (1, 0)),
        (["less told", "less told"], "Ada met Bo.", (0, 0)),
        (["same row twice"], "Ada met Bo.", (0, 1)),
    ],
)
def test_the_likeliest_row_wins(tables: list[str], sentence: str, place: tuple[int, int]) -> None:
    match = best(sentence, *(KNOWN[name] for name in tables))
    assert match is not None
    assert (match.table, match.row) == place


def test_all_rows_of_which_two_values_count_are_ranked() -> None:
    (found,) = candidates(["Ada met Bo in Rome."], KNOWN["less told"], KNOWN["same row twice"])
    assert [(match.table, match.row) for match in found.matches] == [(0, 0), (1, 1), (1, 2)]
    ranked = [match.probability for match in found.matches]
    assert ranked == sorted(ranked, reverse=True)


def test_where_no_two_values_count_a_candidate_has_no_match() -> None:
    terms = table(["1914", "1918"], ["1915", "1920"])
    (untold,) = candidates(["They served from 1914 to 1918."], terms)
    assert untold == RowCandidates(0, 0, "They served from 1914 to 1918.", ())
    assert untold.match is None


def test_what_fills_its_columns_makes_a_row_unlikely() -> None:
    filled = table(["final", "away"], ["final", "away"])
    assert 0 < likely("They lost the final away.", filled)[0] < LIKELY


@pytest.mark.parametrize("nothing", ["n/a", "unknown", "tba"])
def test_a_placeholder_is_no_value(nothing: str) -> None:
    assert best(f"Dawson is {nothing} there.", table(["Dawson", nothing])) is None
    assert best("Dawson is away there.", table(["Dawson", "away"])) is not None


def test_tables_without_a_value_match_nothing() -> None:
    assert candidates(["Nothing is here."], table(["—", "12"])) == []
    assert candidates(["Nothing is here."]) == []


@pytest.mark.parametrize(
    "film",
    [
        "Oh! What a Night",
        "Who Is It? And Why",
        "Mamma Mia! Here We Go Again",
        "Dr. No. The Return",
        "“Stop!” She Said",
        "Yes! No! Maybe",
    ],
)
def test_a_value_that_holds_a_sign_is_not_cut_in_two(film: str) -> None:
    films = table((film, "Ann Lee", "1963"), ("Dusk", "Jo Ray", "1964"))
    sentence = f"The role in {film} went to Ann Lee of Reno in 1963."
    (found,) = candidates([f"It rained all day. {sentence} It was a hit."], films)
    assert found.sentence == sentence
    assert (0, 0, film) in named(found.match, sentence)


def test_the_title_of_a_page_is_not_cut_in_two() -> None:
    cast = table(("Ann Lee", "The Nurse"), ("Jo Ray", "The Sailor"), title="Oh! What a Night")
    sentence = "Oh! What a Night has Ann Lee as The Nurse."
    (found,) = candidates([f"{sentence} It was a hit."], cast)
    assert found.sentence == sentence


def test_a_value_of_prose_joins_no_sentences() -> None:
    notes = table(("Ann Lee", "She won. It rained."), ("Jo Ray", "He lost."))
    found = candidates(["Ann Lee ran. She won. It rained. Jo Ray of Reno lost."], notes)
    assert all(one.sentence != "She won. It rained." for one in found)


HEADERS_AGAIN = [
    ("Year", "Championship", "League One"),
    ("Year", "Second", "Third"),
    ("year", "Second division", "League One"),
    ("Year", "", "League One"),
    ("YEAR", "Championship", ""),
]


@pytest.mark.parametrize("row", HEADERS_AGAIN)
def test_a_header_that_stands_among_the_rows_is_no_row(row: tuple[str, ...]) -> None:
    header = ("Year", "Second division", "Third division")
    leagues = table(("1996", "Reno", "Dusk"), row, ("1998", "Lee", "Dawn"), header=header)
    told = "The club led Championship and League One of Second, Third and Second division."
    assert candidates([told], leagues) == []
    (found,) = candidates(["Reno won the second and Dusk the third in 1996."], leagues)
    assert found.match is not None
    assert found.match.row == 0


def test_a_row_that_is_called_as_its_column_is_one() -> None:
    header = ("Princess", "Work", "Author")
    tales = table(("Princess", "The Trunk", "Ann Lee"), ("Ada", "Dusk", "Jo Ray"), header=header)
    match = best("The Trunk is a tale by Ann Lee.", tales)
    assert match is not None
    assert match.row == 0
