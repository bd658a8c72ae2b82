import pytest

from gentap.mining.specificity import (
    Specificity,
    are_alike,
    is_distinct,
    is_mostly_text,
    page_share,
    row_share,
    text_bits,
    years,
)
from gentap.records import Table


@pytest.mark.parametrize(
    ("less", "more"),
    [
        (("the", "the"), ("dawn", "dawn")),
        (("dawn", "dawn"), ("dawn", "Dawn")),
        (("dawn", "Dawn"), ("ada dawn", "Ada Dawn")),
        (("1914", "1914"), ("191.4", "191.4")),
        (("1914", "1914"), ("19143", "19,143")),
        (("2-1", "2–1"), ("bo", "Bo")),
        (("final", "final"), ("cornelius", "Cornelius")),
    ],
)
def test_a_longer_rarer_or_proper_text_tells_more(
    less: tuple[str, str], more: tuple[str, str]
) -> None:
    assert text_bits(*less) < text_bits(*more)


def test_the_shares_fall_from_one_to_nothing() -> None:
    rows = [row_share(count, 20) for count in range(1, 21)]
    assert rows[0] == 1
    assert rows[-1] == 0
    assert rows == sorted(rows, reverse=True)
    assert row_share(1, 1) == 1
    pages = [page_share(mentions, 30) for mentions in range(1, 31)]
    assert pages[0] == 1
    assert 0 < pages[-1] < 0.1
    assert pages == sorted(pages, reverse=True)


@pytest.mark.parametrize(
    ("forms", "distinct", "text"),
    [
        (["ada", "bo", "cy"], True, True),
        (["ada", "bo", "-", ""], True, True),
        (["ada", "", "", ""], False, True),
        (["1914", "1915", "1916"], True, False),
        (["rome", "rome", "oslo", "bonn"], False, True),
        ([], False, True),
    ],
)
def test_what_tells_rows_apart(forms: list[str], distinct: bool, text: bool) -> None:
    assert is_distinct(forms) is distinct
    assert is_mostly_text(forms) is text


@pytest.mark.parametrize(
    ("less", "more"),
    [
        ("3200", "3234"),
        ("33000000", "33123456"),
        ("1914", "1913-14"),
        ("1913-14", "19134"),
        ("05\x0112", "1914\x0105\x0112"),
        ("9.5", "9.58"),
    ],
)
def test_a_number_tells_by_its_digits_less_for_zeros_years_and_dates(less: str, more: str) -> None:
    assert 0 < text_bits(less, less) < text_bits(more, more)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("in 1997, and 2001", {1997, 2001}),
        ("1997–99", {1997, 1998, 1999}),
        ("1998-2001 season", {1998, 1999, 2000, 2001}),
        ("2003/04", {2003, 2004}),
        ("1999–2000", {1999, 2000}),
        ("2010–09", {2010}),
        ("2009-07-03 and 2005/06/12", {2009, 2005}),
        ("12 May", set()),
        ("31997 of 2250", set()),
    ],
)
def test_the_years_that_a_text_says(text: str, said: set[int]) -> None:
    assert years(text) == said


@pytest.mark.parametrize(
    ("column", "said", "found"),
    [
        (["1914", "1915", "x"], {1914}, 0),
        (["1914", "1915"], {1914}, 1),
        (["1914", "1915"], {1914, 1915}, 1),
        (["1914", "1915"], {1915}, -1),
        (["1914", "1915"], {1888}, 0),
        (["1914", "1914"], {1888}, -1),
        (["1914", "1914"], set(), 0),
        (["1913–15", "1915"], {1914}, 1),
        (["a", "b"], {1914}, 0),
    ],
)
def test_the_years_said_are_the_rows_or_those_of_others(
    column: list[str], said: set[int], found: int
) -> None:
    one = Table(header=("a", "b"), rows=tuple((f"Row {text}", text) for text in column))
    if len(column) == 3:
        one = Table(header=("b",), rows=tuple((text,) for text in column))
    telling = Specificity([one], lambda _, at: [row[at] for row in one.rows], {}, {}, 1)
    assert telling.years_said(0, 0, frozenset(said)) == found


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        (["rome", "oslo", "bonn", "lima"], ["oslo", "rome", "lima", "bonn"], True),
        (["rome", "oslo", "bonn", "lima"], ["ada", "rome", "bo", "cy"], False),
        (["dawn", "dusk", "noon"], ["dawn", "dusk", "dawn"], False),
        (["-", "", "n/a"], ["", "-", "-"], False),
    ],
)
def test_columns_that_share_values_in_different_rows_are_of_one_kind(
    one: list[str], other: list[str], alike: bool
) -> None:
    assert are_alike(one, other) is alike
    assert are_alike(other, one) is alike


def test_a_value_tells_more_in_the_column_that_names_the_rows() -> None:
    columns = [["rome", "rome", "oslo"], ["ada", "bo", "cy"], ["dawn", "dusk", "noon"]]
    table = Table(title="Cy", header=("a", "b", "c"), rows=tuple(zip(*columns, strict=True)))
    places = {
        form: [
            (0, row, at)
            for at, forms in enumerate(columns)
            for row, own in enumerate(forms)
            if own == form
        ]
        for forms in columns
        for form in forms
    }
    telling = Specificity([table], lambda _, at: columns[at], places, dict.fromkeys(places, 1), 5)
    assert telling.bits("ada", "Ada", 0, 1) > telling.bits("dawn", "Dawn", 0, 2)
    assert telling.bits("oslo", "Oslo", 0, 0) > telling.bits("rome", "Rome", 0, 0) > 0
    assert telling.bits("cy", "Cy", 0, 1) == 0, "the page's title"
