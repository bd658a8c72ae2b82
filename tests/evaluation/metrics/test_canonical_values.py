"""The text of a value that no tagger has read."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gentap.documents.annotated.reading import read_questions
from gentap.evaluation.metrics.canonical_values import MONTH_NAMES, canonical


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1,200", 1200),
        ("-1,234.5", -1234.5),
        ("+38.9", 38.9),
        ("98 453", 98453),
        ("17 years", 17),
        (".900 silver", 0.9),
        ("4.60 m", 4.6),
        ("7km", 7),
        ('7"', 7),
        ("202.6 km/h", 202.6),
        ("48.4%", 48.4),
        ("12 percent", 12),
        ("$1,500", 1500),
        ("£4.00", 4),
        ("$1.56 billion", 1.56e9),
        ("24.86 million", 24.86e6),
        ("1st", 1),
        ("11th (h)", 11),
        ("202 (estimate)", 202),
        ("Season 2", 2),
    ],
)
def test_a_number_with_its_unit_is_that_number(text: str, number: float) -> None:
    assert float(canonical(text)) == number


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("Dec. 17, 2007", "2007-12-17"),
        ("December 17 2007", "2007-12-17"),
        ("17 Dec 2007", "2007-12-17"),
        ("17 December, 2007", "2007-12-17"),
        ("September", "xxxx-09-xx"),
        ("Sept 11", "xxxx-09-11"),
        ("8 August", "xxxx-08-08"),
        ("October 2011", "2011-10-xx"),
    ],
)
def test_a_date_in_words_is_that_date(text: str, date: str) -> None:
    assert canonical(text) == date


@pytest.mark.parametrize(
    "text",
    [
        *"1982-1985 1914/15 1:47.066 GL-B-6 730d 4.0L 49ers 125cc 50s Decade Marchand".split(),
        *"+-5 1,20 1.2.3 3h $ % km".split(),
        *("Fiat 500 1.4", "3 783 069", "+ 39.092", "31 years, 289 days", "170 cm (5 ft 7 in)", ""),
    ],
)
def test_other_texts_are_themselves(text: str) -> None:
    assert canonical(text) == text


@given(st.integers(0, 10**15), st.sampled_from(["", " years", "%", "th", " (estimate)", " m"]))
def test_whole_numbers_keep_their_value(number: int, after: str) -> None:
    assert int(canonical(f"{number:,}{after}")) == int(canonical(f"{number}{after}")) == number


@given(st.integers(1, 12), st.integers(1, 31), st.integers(1000, 2999))
def test_all_ways_to_write_a_day_are_one(month: int, day: int, year: int) -> None:
    name = MONTH_NAMES[month - 1].capitalize()
    texts = (f"{name} {day}, {year}", f"{day} {name} {year}", f"{name[:3]}. {day}, {year}")
    assert {canonical(text) for text in texts} == {f"{year}-{month:02}-{day:02}"}


@given(st.text(max_size=30))
def test_any_text_is_read(text: str) -> None:
    assert isinstance(canonical(text), str)


def test_the_released_tags_are_met(shared: Callable[[str], Path]) -> None:
    path = shared("wikitablequestions/tagged/pristine-unseen-tables.tagged")
    pairs = {
        pair
        for example in read_questions([path]).examples
        for pair in zip(example.answer.split("|"), example.canonical.split("|"), strict=True)
    }
    other = [(text, tag) for text, tag in pairs if not alike(canonical(text), tag)]
    assert len(pairs) == 2131
    assert len(other) == 8, other


def alike(one: str, other: str) -> bool:
    try:
        return float(one) == float(other)
    except ValueError:
        return one == other
