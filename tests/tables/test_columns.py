from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gentap.grammar.parser import load_grammar
from gentap.grammar.rules import find_grammar
from gentap.tables.columns import ColumnReader, Language, loose_form
from gentap.text.normal_form import normal_form

ENGLISH = ColumnReader(load_grammar(find_grammar("english")).language)
NO_WORDS = ColumnReader(Language())
MONTHS = [
    *["January", "February", "March", "April", "May", "June", "July"],
    *["August", "September", "October", "November", "December"],
]


def read(text: str) -> tuple[str, float] | None:
    return ENGLISH.read(normal_form(text))


def day(year: int, month: int, number: int) -> float:
    return float(date(year, month, number).toordinal())


@pytest.mark.parametrize(
    ("text", "unit", "size"),
    [
        ("1,234", "", 1234),
        ("1 234 567", "", 1234567),
        ("1,234,567.5", "", 1234567.5),
        (".5", "", 0.5),
        ("007", "", 7),
        ("12%", "%", 12),
        ("12 %", "%", 12),
        ("$5", "$", 5),
        ("-$5.25", "$", -5.25),
        ("US$ 5", "us$", 5),
        ("€3.5 million", "€", 3_500_000),
        ("2 billion km", "km", 2_000_000_000),
        ("5 €", "€", 5),
        ("3 km", "km", 3),
        ("3KM", "km", 3),
        ("5 km²", "km2", 5),
        ("120/km²", "/km2", 120),
        ("21.5 °C", "°c", 21.5),
        ("90 km/h", "km/h", 90),
        ("5 square kilometres", "square kilometres", 5),
        ("1,370 lb (635 kg)", "lb", 1370),
        ("−5.5", "", -5.5),
        ("+4", "", 4),
        ("3rd", "ordinal", 3),
        ("21st", "ordinal", 21),
        ("1,234[3]", "", 1234),
        (" 42 ", "", 42),
        ("6 ft 3 in", "ft", 6.25),
        ("6'3\"", "ft", 6.25),
        ("1 h 20 min", "duration", 4800),
        ("45 min", "duration", 2700),
        ("2 hours, 5 minutes", "duration", 7500),
        ("3:45", "clock", 225),
        ("12:05.5", "clock", 725.5),
        ("1:02:10", "longclock", 3730),
        ("1920", "year", 1920),
        ("2004–05", "season", 2004),
        ("1999-00", "season", 1999),
        ("9 March 1920", "day", day(1920, 3, 9)),
        ("9th of March 1920", "day", day(1920, 3, 9)),
        ("March 9, 1920", "day", day(1920, 3, 9)),
        ("march 9 , 1920", "day", day(1920, 3, 9)),
        ("Sunday, March 9, 1920", "day", day(1920, 3, 9)),
        ("1920-03-09", "day", day(1920, 3, 9)),
        ("Sept 3, 2001", "day", day(2001, 9, 3)),
        ("March 1920", "month", day(1920, 3, 1)),
        ("29 February 2000", "day", day(2000, 2, 29)),
    ],
)
def test_a_cell_is_read_with_its_unit(text: str, unit: str, size: float) -> None:
    assert read(text) == (unit, size)


@pytest.mark.parametrize(
    "text",
    [
        *["", "-", "km", "$", "1,23", "1,2345", "12,34,567", "1.2.3", ".", "3 of 4", "5 km 3"],
        *["about 5", "5 (6)", "½", "1/2", "1e5", "0x10", "nan", "inf", "5%%", "$5$", "$3rd"],
        *["1994 world group", "2001 a league"],
        *["March", "30 February 2001", "29 February 1900", "1920-13-01", "0000-01-01"],
        *["c. 1920", "0 March 1920", "9 Marching 1920", "9/3/1920", "3 March 1920 (5)x"],
    ],
)
def test_texts_that_say_more_or_less_than_one_size(text: str) -> None:
    assert read(text) is None


@pytest.mark.parametrize(
    ("text", "unit"),
    [("3–1", "score"), ("21 - 14", "score"), ("4:1", "score"), ("10-3-2", "score"),
     ("March 9", "monthday"), ("9 March", "monthday"), ("1992–1996", "period")],
)  # fmt: skip
def test_some_values_have_a_sort_but_no_order(text: str, unit: str) -> None:
    reading = read(text)
    assert reading is not None
    assert reading[0] == unit
    column = ENGLISH.read_column([normal_form(text)] * 3)
    assert column.keys == (None, None, None)


@given(
    st.decimals(-(10**12), 10**12, places=2, allow_nan=False),
    st.sampled_from(["", ","]),
    st.sampled_from([("", "%"), ("", " km"), ("", "kg"), ("€", "")]),
)
def test_written_numbers_are_read_back(value, grouping: str, unit: tuple[str, str]) -> None:
    sign = "-" if value < 0 else ""
    text = f"{sign}{unit[0]}{abs(value):{grouping}f}{unit[1]}"
    assert read(text) == ((unit[0] + unit[1]).replace(" ", ""), float(value))


@given(st.dates(date(1000, 1, 1), date(2099, 12, 31)))
def test_every_way_of_writing_a_day_is_read_as_that_day(when: date) -> None:
    month = MONTHS[when.month - 1]
    for name in (month, month[:3], month.upper()):
        for text in (f"{when.day} {name} {when.year}", f"{name} {when.day}, {when.year}"):
            assert read(text) == ("day", when.toordinal())
    assert read(when.isoformat()) == ("day", when.toordinal())
    assert read(f"{month} {when.year}") == ("month", when.replace(day=1).toordinal())
    assert read(str(when.year)) == ("year", when.year)


@given(st.text())
@settings(max_examples=80)
def test_any_text_can_be_read(text: str) -> None:
    reading = read(text)
    if reading is not None:
        assert any(letter.isdecimal() for letter in normal_form(text))


def test_a_placeholder_may_be_written_with_spaces() -> None:
    assert ENGLISH.filled(["n/a", "n / a", "—", "- -", "", "a b"]) == [*[False] * 5, True]


def test_words_belong_to_a_language() -> None:
    assert NO_WORDS.read("9 march 1920") is None
    assert NO_WORDS.read("1920-03-09") == ("day", day(1920, 3, 9))
    german = ColumnReader(
        Language(months={"märz": 3}, ordinals=frozenset("."), scales={"mio": 1e6},
                 decimal_comma=True)
    )  # fmt: skip
    assert german.read("9. märz 1920") == ("day", day(1920, 3, 9))
    assert german.read("1.234,5 km") == ("km", 1234.5)
    assert german.read("2,5 mio €") == ("€", 2_500_000)
    assert german.read("3.") == ("ordinal", 3)


@pytest.mark.parametrize(
    ("cells", "kind", "keys"),
    [
        (["1,200", "300"], "count", (1200.0, 300.0)),
        (["12%", "—", "7.5%"], "percent", (12.0, None, 7.5)),
        (["1 km", "2 km", "3 km", "4 km", "long"], "measure", (1.0, 2.0, 3.0, 4.0, None)),
        (["$5", "$6", "$7", "$8", "9"], "money", (5.0, 6.0, 7.0, 8.0, None)),
        (["1.5", "2"], "decimal", (1.5, 2.0)),
        (["1st", "2nd"], "ordinal", (1.0, 2.0)),
        (["3:45", "4:01"], "duration", (225.0, 241.0)),
        (["1998", "2004"], "year", (1998.0, 2004.0)),
        (["1998", "2004", "52000", "61000"], "count", (1998.0, 2004.0, 52000.0, 61000.0)),
        (
            ["1241", "2780", "1102", "1500", "1310"],
            "count",
            (1241.0, 2780.0, 1102.0, 1500.0, 1310.0),
        ),
        (["2004-05", "2005-06"], "season", (2004.0, 2005.0)),
        (["May 2001", "June 2001"], "month", (day(2001, 5, 1), day(2001, 6, 1))),
    ],
)
def test_a_column_is_read_in_one_unit(
    cells: list[str], kind: str, keys: tuple[float | None, ...]
) -> None:
    column = ENGLISH.read_column([normal_form(cell) for cell in cells])
    assert kind in column.kinds
    assert column.keys == keys


@pytest.mark.parametrize(
    "cells",
    [
        ["1", "2", "3", "many", "more"],
        ["5 km", "5 kg"],
        ["$5", "5"],
        ["3rd", "4"],
        ["May 2001", "2002"],
        ["Dawn", "Dusk"],
        ["—", "", "n/a"],
        [],
        ["15:30", "20:00", "17:45"],
        ["3700 BC", "3150 BC"],
    ],
)
def test_mixed_columns_and_times_of_day_have_no_order(cells: list[str]) -> None:
    column = ENGLISH.read_column([normal_form(cell) for cell in cells])
    assert column.type == "text"
    assert column.keys == (None,) * len(cells)


@given(st.lists(st.sampled_from(["1,500 km", "20 km", "far", "", "-"]), max_size=12))
def test_a_column_is_typed_by_the_share_of_its_filled_cells(cells: list[str]) -> None:
    numbers = sum(cell.endswith(" km") for cell in cells)
    filled = numbers + cells.count("far")
    expected = "number" if filled and 10 * numbers >= 8 * filled else "text"
    assert ENGLISH.read_column([normal_form(cell) for cell in cells]).type == expected


@pytest.mark.parametrize(
    ("cells", "are_names"),
    [
        (["Ada Lee", "Bo", "Cy Ray"], True),
        (["Dawn", "Dusk", '"Noon"'], True),
        (["Rome", "Rome", "Oslo"], False),
        (["She was born there in the year of the great flood", "x", "y"], False),
        (["w 3-1 (ot)", "l 2-0 (so)"], False),
        (["Apollo 11", "Vostok", "Mir"], True),
    ],
)
def test_names_are_short_different_and_mostly_words(cells: list[str], are_names: bool) -> None:
    column = ENGLISH.read_column([normal_form(cell) for cell in cells])
    assert ("name" in column.kinds) == are_names


@pytest.mark.parametrize(
    ("form", "loose"),
    [("ada lee (c)", "ada lee"), ("ada lee*", "ada lee"), ("ada * (gk) †", "ada"), ("(x)", "(x)"),
     ("a (b) c", "a (b) c"), ("", ""), ("*", "*")],
)  # fmt: skip
def test_a_loose_form_leaves_out_what_people_do(form: str, loose: str) -> None:
    assert loose_form(form) == loose


def test_reading_long_and_hostile_cells_takes_no_time() -> None:
    for text in [
        "9" * 10_000,
        "1," * 5_000,
        "a1 " * 3_000,
        "1 " + "a." * 5_000,
        "(" * 9_999 + "1)",
    ]:
        assert read(text) is None
    ENGLISH.read_column(["1 " + "a" * 38] * 5_000)


def test_numbers_that_are_too_long_to_be_told_apart_are_text() -> None:
    accounts = [f"9007199254740993{last}" for last in range(4)]
    assert ENGLISH.read_column(accounts).keys == (None,) * 4
    assert ENGLISH.read_column(["9007199254740991", "12"]).type == "text"
    assert ENGLISH.read_column(["300000000000000000000", "12"]).keys == (3e20, 12)
    assert ENGLISH.read_column(["123456789012345", "12"]).keys == (123456789012345, 12)
