import pytest

from gentap.records import Table
from gentap.synthesis.specificity import Specificity, is_naming, page_share, row_share, text_bits


@pytest.mark.parametrize(
    ("less", "more"),
    [
        (("the", "the"), ("dawn", "dawn")),
        (("dawn", "dawn"), ("dawn", "Dawn")),
        (("dawn", "Dawn"), ("ada dawn", "Ada Dawn")),
        (("12", "12"), ("1914", "1914")),
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
    ("forms", "naming"),
    [
        (["ada", "bo", "cy"], True),
        (["ada", "bo", "-", ""], True),
        (["ada", "", "", ""], False),
        (["1914", "1915", "1916"], False),
        (["rome", "rome", "oslo", "bonn"], False),
        ([], False),
    ],
)
def test_what_names_rows(forms: list[str], naming: bool) -> None:
    assert is_naming(forms) is naming


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
    assert telling.bits("n/a", "n/a", 0, 1) == 0
