"""Counts and their nouns."""

import pytest

from gentap.runs.counting import counted


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ((0, "record"), "0 records"),
        ((1, "record"), "1 record"),
        ((1234, "record"), "1,234 records"),
        ((1, "batch", "batches"), "1 batch"),
        ((2, "batch", "batches"), "2 batches"),
    ],
)
def test_a_noun_has_its_number(given: tuple[int, str], wanted: str) -> None:
    assert counted(*given) == wanted
