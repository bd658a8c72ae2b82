import unicodedata
from datetime import date

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gentap.tables.values import (
    Number,
    fold,
    is_placeholder,
    match_form,
    normal_form,
    parse_date,
    parse_number,
    read_column,
)

MONTHS = [
    *["January", "February", "March", "April", "May", "June", "July"],
    *["August", "September", "October", "November", "December"],
]
pieces = st.sampled_from(
    [
        "Oslo",
        "ﬁlm",
        "Ⅳ",
        "km²",
        "[1]",
        "［2］",
        "[note\u00a03]",
        "[a]",
        " ",
        "\u3000",
        "“",
        "‑",
        "−",
    ]
)


@given(st.text() | st.lists(pieces).map("".join))
@example("[note\u00a01]")
@example("Straße")
def test_the_normal_form_is_its_own_normal_form(text: str) -> None:
    assert normal_form(normal_form(text)) == normal_form(text)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("  Oslo\n\t City ", "oslo city"),
        ("Oslo[1]", "oslo"),
        ("Oslo[12][b] [citation needed]", "oslo"),
        ("1,234[note 1]", "1,234"),
        ("Oslo[Note\u00a02]", "oslo"),
        ("[draft] Oslo", "[draft] oslo"),
        ("[1984]", "[1984]"),
        ("“Dusk” and ‘Dawn’", "\"dusk\" and 'dawn'"),
        ("−5", "-5"),
        ("ﬁlm Ⅳ", "film iv"),
        ("ÉCOLE", "école"),
        ("ΟΔΟΣ", "οδοσ"),
        ("", ""),
    ],
)
def test_the_normal_form(text: str, form: str) -> None:
    assert normal_form(text) == form


@given(st.text())
@example("Straße")
@example("İstanbul")
def test_folding_keeps_every_character_in_its_place(text: str) -> None:
    assert [fold(letter) for letter in text] == list(fold(text))


@given(st.text(max_size=20))
@example("the ﬁlm “Dawn”")
@example("½ of İstanbul")
def test_a_matched_sentence_knows_where_its_characters_came_from(sentence: str) -> None:
    form, places = match_form(sentence)
    origins = range(len(form)) if places is None else places
    assert len(form) == len(origins)
    assert list(origins) == sorted(origins)
    for letter, place in zip(form, origins, strict=True):
        assert letter in match_form(sentence[place])[0]


@given(st.text(st.characters(codec="ascii", exclude_characters="[]")))
def test_plain_text_has_the_same_form_in_a_cell_and_in_a_sentence(text: str) -> None:
    form, places = match_form(text)
    assert " ".join(form.split()) == normal_form(text)
    assert places is None


@pytest.mark.parametrize(
    "text", ["", "  ", "-", "–", "—", "N/A", "TBD", "…", "Unknown", "[1]", "?", "−"]
)
def test_a_cell_that_says_nothing_is_a_placeholder(text: str) -> None:
    assert is_placeholder(text)


@pytest.mark.parametrize("text", ["0", "no", "nobody", "Nilsson", "X-ray", "1"])
def test_a_cell_that_says_something_is_no_placeholder(text: str) -> None:
    assert not is_placeholder(text)


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("1,234", 1234, ""),
        ("1,234,567.5", 1234567.5, ""),
        ("1920", 1920, ""),
        ("007", 7, ""),
        ("12%", 12, "%"),
        ("12 %", 12, "%"),
        ("$5", 5, "$"),
        ("-$5.25", -5.25, "$"),
        ("US$ 5", 5, "us$"),
        ("€3.5 million", 3.5, "€million"),
        ("3 km", 3, "km"),
        ("3KM", 3, "km"),
        ("5 km²", 5, "km2"),
        ("120/km²", 120, "/km2"),
        ("35 m³", 35, "m3"),
        ("21.5 °C", 21.5, "°c"),
        ("90 km/h", 90, "km/h"),
        ("-5.5", -5.5, ""),
        ("−5.5", -5.5, ""),
        ("+4", 4, ""),
        ("3rd", 3, "ordinal"),
        ("21st", 21, "ordinal"),
        ("1,234[3]", 1234, ""),
        (" 42 ", 42, ""),
    ],
)
def test_numbers(text: str, value: float, unit: str) -> None:
    assert parse_number(text) == Number(value, unit)


@pytest.mark.parametrize(
    "text",
    [
        *["", "-", "km", "$", "1,23", "1,2345", "12,34,567", "1.2.3", ".", "1-2", "2–1", "3 of 4"],
        *["5 km 3", "5 square kilometres", "about 5", "5 (est.)", "½", "1/2", "9 March 1920"],
        *["1e5", "0x10", "nan", "inf", "5%%", "$5$"],
    ],
)
def test_texts_that_are_no_single_number(text: str) -> None:
    assert parse_number(text) is None


@given(
    st.decimals(-(10**12), 10**12, places=2, allow_nan=False),
    st.sampled_from(["", ","]),
    st.sampled_from([("", ""), ("", "%"), ("", " km"), ("", "kg"), ("€", "")]),
)
def test_written_numbers_are_read_back(value, grouping: str, unit: tuple[str, str]) -> None:
    sign = "-" if value < 0 else ""
    text = f"{sign}{unit[0]}{abs(value):{grouping}f}{unit[1]}"
    assert parse_number(text) == Number(float(value), (unit[0] + unit[1]).replace(" ", ""))


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("9 March 1920", date(1920, 3, 9)),
        ("March 9, 1920", date(1920, 3, 9)),
        ("1920-03-09", date(1920, 3, 9)),
        ("1920", date(1920, 1, 1)),
        ("March 1920", date(1920, 3, 1)),
        ("9th of March 1920", date(1920, 3, 9)),
        ("march 1st 1920", date(1920, 3, 1)),
        ("9 Mar. 1920", date(1920, 3, 9)),
        ("Sept 3, 2001", date(2001, 9, 3)),
        ("Sep 3 2001", date(2001, 9, 3)),
        ("May 3, 2001[2]", date(2001, 5, 3)),
        ("29 February 2000", date(2000, 2, 29)),
        ("9\u00a0March\u00a01920", date(1920, 3, 9)),
    ],
)
def test_dates(text: str, day: date) -> None:
    assert parse_date(text) == day


@pytest.mark.parametrize(
    "text",
    [
        *["", "March", "9 March", "30 February 2001", "29 February 1900", "1920-13-01"],
        *["0000-01-01", "1920-3-9", "1920–1921", "c. 1920", "1920s", "999", "2150", "19200"],
        *["0 March 1920", "32 March 1920", "9 Marching 1920", "9/3/1920", "1,920"],
    ],
)
def test_texts_that_are_no_date(text: str) -> None:
    assert parse_date(text) is None


@given(st.dates(date(1000, 1, 1), date(2099, 12, 31)))
def test_every_way_of_writing_a_day_is_read_as_that_day(day: date) -> None:
    month = MONTHS[day.month - 1]
    for name in (month, month[:3], month.upper()):
        assert parse_date(f"{day.day} {name} {day.year}") == day
        assert parse_date(f"{name} {day.day}, {day.year}") == day
    assert parse_date(day.isoformat()) == day
    assert parse_date(f"{month} {day.year}") == day.replace(day=1)
    assert parse_date(str(day.year)) == date(day.year, 1, 1)


@given(st.text())
@settings(max_examples=50)
def test_any_text_can_be_asked_for_its_number_and_date(text: str) -> None:
    number, day = parse_number(text), parse_date(text)
    if number is not None:
        assert any(unicodedata.category(letter) == "Nd" for letter in normal_form(text))
    assert day is None or 1 <= day.year <= 9999


@pytest.mark.parametrize(
    ("cells", "column_type", "keys"),
    [
        (["1,200", "300"], "number", (1200.0, 300.0)),
        (["12%", "—", "7.5%"], "number", (12.0, None, 7.5)),
        (["1 km", "2 km", "3 km", "4 km", "long"], "number", (1.0, 2.0, 3.0, 4.0, None)),
        (["1", "2", "3", "many", "more"], "text", (None,) * 5),
        (["5 km", "5 kg"], "text", (None, None)),
        (["$5", "5"], "text", (None, None)),
        (["3rd", "4"], "text", (None, None)),
        (["Dawn", "Dusk"], "text", (None, None)),
        (["—", "", "n/a"], "text", (None, None, None)),
        ([], "text", ()),
    ],
)
def test_columns_of_numbers_and_texts(cells, column_type, keys) -> None:
    column = read_column(cells)
    assert (column.type, column.keys) == (column_type, keys)


def test_a_column_of_dates_is_ordered_whatever_way_they_are_written() -> None:
    days = ["9 March 1920", "TBA", "1920-03-08", "1920", "March 1921", "Apr 1, 1920", "1999"]
    column = read_column(days)
    assert column.type == "date"
    assert column.keys[1] is None
    known = [(key, day) for key, day in zip(column.keys, days, strict=True) if key is not None]
    assert [day for _, day in sorted(known)] == [
        *["1920", "1920-03-08", "9 March 1920", "Apr 1, 1920", "March 1921", "1999"]
    ]


def test_years_are_dates_and_larger_numbers_are_not() -> None:
    assert read_column(["1998", "2004"]).type == "date"
    assert read_column(["1998", "2004", "52000", "61000"]).type == "number"


@given(st.lists(st.sampled_from(["1,500 km", "20 km", "far", "", "-"]), max_size=12))
def test_a_column_is_typed_by_the_share_of_its_filled_cells(cells: list[str]) -> None:
    numbers = sum(cell.endswith(" km") for cell in cells)
    filled = numbers + cells.count("far")
    expected = "number" if filled and 10 * numbers >= 8 * filled else "text"
    assert read_column(cells).type == expected
