"""Sums and differences of cells, written as the cells are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gentap.tables.arithmetic import add_up, read_amount, subtract


@pytest.mark.parametrize(
    ("texts", "comma", "total"),
    [
        (["3", "4"], False, "7"),
        (["3.5 km", "4 km"], False, "7.5 km"),
        (["$1.50", "$2"], False, "$3.50"),
        (["1,200", "900"], False, "2,100"),
        (["1200", "900"], False, "2100"),
        (["900", "800"], False, "1700"),
        (["9000 m", "8,000 m"], False, None),
        (["60,000", "1"], False, "60,001"),
        (["9 999", "2 001"], False, "12 000"),
        (["1.204,5 m", "980 m"], True, "2.184,5 m"),
        (["−3", "5"], False, "2"),
        (["$3 million", "$4.5 million"], False, "$7.5 million"),
        (["3 km", "4 m"], False, None),
        (["3:45", "4:15"], False, None),
        (["3", "many"], False, None),
        (["1.5", "2.50"], False, "4.00"),
        (["12 (3)", "4"], False, None),
        (["999", "9001"], False, "10000"),
    ],
)
def test_sums(texts: list[str], comma: bool, total: str | None) -> None:
    amounts = [read_amount(text, comma) for text in texts]
    sizes = [float(amount.value) if amount is not None else 0.0 for amount in amounts]
    assert add_up(texts, sizes, comma) == total


def test_differences_have_no_sign() -> None:
    assert subtract(("3 km", "5.5 km"), (3, 5.5)) == "2.5 km"
    assert subtract(("5.5 km", "3 km"), (5.5, 3)) == "2.5 km"
    assert subtract(("1.500", "999"), (1500, 999), decimal_comma=True) == "501"


@pytest.mark.parametrize("comma", [False, True])
def test_what_a_mark_means_is_told_by_the_sizes(comma: bool) -> None:
    assert add_up(["1,850", "300"], [1850, 300], comma) == "2,150"
    assert add_up(["1,850", "3"], [1.85, 3], comma) == "4,850"
    assert add_up(["1,850", "2,000"], [1850, 2000], comma) == "3,850"
    assert add_up(["1,850", "300"], [1850, 3], comma) is None
    assert add_up(["999,999", "1,001"], [999_999, 1001], comma) == "1,001,000"


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=6), st.booleans())
def test_whole_numbers_add_up_however_they_are_parted(sizes: list[int], parted: bool) -> None:
    texts = [f"{size:,} km" if parted else f"{size} km" for size in sizes]
    total = add_up(texts, list(map(float, sizes)))
    assert total is not None
    amount = read_amount(total)
    assert amount is not None
    assert amount.value == sum(sizes)
    assert amount.after == " km"
