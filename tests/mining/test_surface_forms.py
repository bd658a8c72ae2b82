"""Forms of cells and prose: one value written in several ways, and the way back to the text."""

import re
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gentap.mining.surface_forms import FormNormalizer, Rules
from gentap.text.normal_form import normal_form
from gentap.text.sentences import tidy

FORMER = FormNormalizer(Rules())
OFF = FormNormalizer(Rules(numbers=False, dates=False, names=False))


def found(cell: str, text: str, former: FormNormalizer = FORMER) -> list[str]:
    """What a text says where a cell's form stands in it."""
    (form,) = former.cells([cell])
    prose = former.prose(tidy(text))
    spans = [prose.original(*hit.span()) for hit in re.finditer(re.escape(form), prose.form)]
    return [tidy(text)[slice(*span)] for span in spans if span is not None]


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("1,234", "1234"),
        ("1234", "1,234"),
        ("1 234", "1,234"),
        ("1234567", "1 234 567"),
        ("1,234,567", "1234567"),
        ("1,234.50", "1234.50"),
        ("1,500,000", "1.5 million"),
        ("2 billion", "2,000,000,000"),
        ("12 thousand", "12,000"),
        ("£1,234", "£1234"),
        ("10,000 Maniacs", "10000 Maniacs"),
    ],
)
def test_a_number_is_the_same_in_every_format(cell: str, said: str) -> None:
    text = f"They counted {said} there."
    assert found(cell, text) == [said]
    assert found(cell, text, FormNormalizer(Rules(numbers=False))) == []


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("in 2004 350 people", "in 2004 350 people"),
        ("12345 678", "12345 678"),
        ("1,2345", "1,2345"),
        ("11,22,333", "11,22,333"),
        ("1.234,567", "1.234,567"),
        ("a1,234", "a1,234"),
        ("1,234a", "1,234a"),
        ("1.23456 thousand", "1.23456 thousand"),
        ("5 millionaires", "5 millionaires"),
    ],
)
def test_what_is_no_grouped_number_stays(text: str, form: str) -> None:
    assert FORMER.prose(text).form == form
    assert FORMER.cells([text]) == [form]


DATES = [
    "9 March 1920",
    "9th March 1920",
    "9th of March 1920",
    "9 Mar. 1920",
    "March 9, 1920",
    "March 9th, 1920",
    "Mar 9 1920",
    "1920-03-09",
]


@pytest.mark.parametrize("cell", DATES)
@pytest.mark.parametrize("said", DATES)
def test_a_date_is_the_same_in_every_format(cell: str, said: str) -> None:
    text = f"It opened on {said}, in the rain."
    assert found(cell, text) == [said]
    assert found(cell, text, FormNormalizer(Rules(dates=False))) == ([said] if cell == said else [])


@pytest.mark.parametrize("said", DATES)
@pytest.mark.parametrize(
    ("cell", "part"),
    [
        ("1920", "1920"),
        ("March 1920", "(?:March|Mar|03).*1920|1920-03"),
        ("March 9", "March 9(th)?|Mar 9|9.*Mar(ch)?|03-09"),
        ("9 Mar", "March 9(th)?|Mar 9|9.*Mar(ch)?|03-09"),
    ],
)
def test_a_part_of_a_date_is_found_in_the_whole(said: str, cell: str, part: str) -> None:
    (where,) = found(cell, f"It opened on {said}, in the rain.")
    assert re.fullmatch(part, where)


@pytest.mark.parametrize(
    "text",
    [
        *["31 2004", "March 1,920", "March 45, 1920", "2004-13-09", "1920-03-091"],
        *["12 maybe 1920", "amarch 9, 1920", "x9 march", "1.9 march", "march 9.5"],
    ],
)
def test_what_is_no_date_stays(text: str) -> None:
    assert "\x01" not in FORMER.prose(text).form


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 90_000), st.integers(0, 7), st.integers(0, 7))
def test_any_day_is_found_however_it_is_written(days: int, one: int, other: int) -> None:
    day = date(1800, 1, 1) + timedelta(days)
    month = day.strftime("%B")
    ways = [
        *[f"{day.day} {month} {day.year}", f"{month} {day.day}, {day.year}", day.isoformat()],
        *[f"{day.day} {month[:3]} {day.year}", f"{month[:3]}. {day.day}, {day.year}"],
        *[f"{day.day}th {month}, {day.year}", f"{month} {day.day}th {day.year}"],
        f"{day.day}rd of {month} {day.year}",
    ]
    assert found(ways[one], f"On {ways[other]} it rained.") == [ways[other]]


@pytest.mark.parametrize(
    ("name", "shorter"),
    [
        ("Titanic (1997)", "titanic"),
        ("Titanic (1997 film) †", "titanic"),
        ('"Dawn"', "dawn"),
        ('"Dawn" (live)', "dawn"),
        ("Ada Dawn*", "ada dawn"),
        ("Ada Dawn", None),
        ("(1997)", None),
        ("", None),
    ],
)
def test_a_name_counts_without_its_qualifier(name: str, shorter: str | None) -> None:
    forms = FORMER.cells([name])
    assert FORMER.shorter(forms) == ([] if shorter is None else [(0, shorter)])
    assert OFF.shorter(forms) == []


TEXTS = st.lists(
    st.sampled_from(
        [
            *["9 March 1920", "March 9, 1920", "1,234", "1 234", "5 million", "½", "ﬁ", "é", "–"],
            *[
                "e\u0301",
                "ß",
                "İ",
                "…",
                "²",
                " ",
                " ",
                " ",
                ",",
                ".",
                "may",
                "9",
                "[3]",
                "‘x’",
                "\u00a0",
            ],
        ]
    ),
    max_size=12,
).map("".join)


@settings(max_examples=200, deadline=None)
@given(st.lists(TEXTS, max_size=5))
def test_cells_have_the_same_forms_one_by_one_as_together(texts: list[str]) -> None:
    together = FORMER.cells(texts)
    assert together == [FORMER.cells([text])[0] for text in texts]


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_without_rules_a_form_is_the_normal_form_with_plain_dashes(text: str) -> None:
    assert OFF.cells([text]) == [" ".join(normal_form(text).replace("–", "-").split())]


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_every_place_of_a_form_comes_from_its_own_text(text: str) -> None:
    text = tidy(text)
    prose = FORMER.prose(text)
    assert prose.original(0, len(prose.form)) == (0, len(text)) or not text
    for start in range(len(prose.form)):
        for end in range(start + 1, len(prose.form) + 1):
            span = prose.original(start, end)
            if span is not None:
                assert 0 <= span[0] < span[1] <= len(text)
                assert (
                    FORMER.prose(text[slice(*span)]).form.strip()
                    or not prose.form[start:end].strip()
                )
