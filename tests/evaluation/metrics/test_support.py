import pytest
from hypothesis import given
from hypothesis import strategies as st

from gentap.evaluation.metrics.support import (
    capitalised_names,
    numbers_of,
    support,
    support_statistics,
)
from gentap.records import Table

TABLE = Table(
    title="Jane Doe",
    section="Films of the twenties",
    caption="with Smith-Jones",
    header=("Year", "Gross in Euro"),
    rows=(("2004", "1,200"), ("2005", "3.50 for Dusk")),
)


@pytest.mark.parametrize(
    ("said", "supported", "there"),
    [
        ("In 2005 she made Dusk.", 2, 2),
        ("In 2006 she made Dusk.", 1, 2),
        ("Jane Doe made Noon.", 2, 3),
        ("Jane sang.", 0, 0),
        ("She sang in three films.", 0, 0),
        ("It took 1200 or 1,200.00 euro.", 2, 2),
        ("It took 3.5 Euro.", 2, 2),
        ("Doe's films took 1,200.", 1, 1),
        ("The film was by Doe's and JANE'S friends.", 2, 2),
        ("It was by Smith and by Smith-Jones.", 2, 2),
        ("It was by Jones-Smith and Dusk-Noon.", 1, 2),
        ("It was by Élan.", 0, 1),
        ("She asked Who and When.", 0, 0),
        ("", 0, 0),
    ],
)
def test_numbers_and_names_are_looked_for_in_the_table(
    said: str, supported: int, there: int
) -> None:
    assert support(said, "what?", TABLE) == (supported, there)


def test_the_question_supports_too_and_small_numbers_in_words() -> None:
    assert support("Noon had 7 songs by Ann.", "how many of the seven did Ann sing?", TABLE) == (
        2,
        2,
    )


def test_numbers_are_read_with_separators() -> None:
    assert numbers_of("1,200.5 and 3,50 or 2004-05, 7th") == [1200.5, 3, 50, 2004, 5, 7]


def test_the_first_word_is_a_name_only_before_another_one() -> None:
    assert capitalised_names("Jane Doe sang") == ["Jane", "Doe"]
    assert capitalised_names("Jane sang") == []
    assert capitalised_names("Then Jane sang with O'Hara") == ["Jane", "O'Hara"]


def test_answers_without_a_number_or_name_do_not_count() -> None:
    said = ["She sang.", "In 2005 by Noon.", "In 1900."]
    kept = support_statistics(said, ["?"] * 3, [TABLE] * 3)["supported"]
    assert kept.by_example() == [None, 50, 0]
    assert kept.score == pytest.approx(100 / 3)


@given(st.text(max_size=60))
def test_any_text_is_supported_by_itself(text: str) -> None:
    supported, there = support(text, text, TABLE)
    assert supported == there
