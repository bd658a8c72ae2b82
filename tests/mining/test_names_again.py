"""Names that a paragraph says in full, or again by their last word."""

from collections.abc import Sequence

import pytest
from matching_tables import candidates, named, table

from gentap.mining.surface_forms import Rules

PLAYERS = table(
    ["Cecil Powell", "Bristol", "1928"],
    ["Ada Reed", "Oslo", "1931"],
    ["Bo Reed", "Lima", "1933"],
    ["New Albany", "Rome", "1935"],
    ["Leeds Club", "Turin", "1937"],
    ["Red Comet", "Delft", "1939"],
)


def said(paragraph: str, *, rules: Rules | None = None) -> Sequence[str]:
    """What the last sentence that names two cells of a row says of its row's first column."""
    found = candidates([paragraph], PLAYERS, rules=rules)
    if not found:
        return []
    match = found[-1].match
    if match is None:
        return []
    return [text for _, column, text in named(match, found[-1].sentence) if column == 0]


@pytest.mark.parametrize(
    "opening",
    [
        "Cecil Frank Powell (born 5 December 1903)",
        "Cecil F. Powell (5 December 1903 – 9 August 1969)",
        'Cecil "Frank" Powell (/ˈpaʊəl/; born December 5, 1903)',
        "Cecil von Frank Powell, Jr. (1903-1969)",
        "Cecil Frank Powell Smith (born 1903)",
    ],
)
def test_whom_a_paragraph_opens_with_it_calls_by_all_names(opening: str) -> None:
    (name,) = said(f"{opening} was a player of Bristol.")
    assert name.startswith("Cecil")
    assert name.endswith("Powell")


@pytest.mark.parametrize(
    "opening",
    [
        "Cecil Frank Powell",
        "Cecil Frank Powell (a player)",
        "Cecil One Two Three Four Five Six Seven Powell (born 1903)",
        "The player Cecil Frank Powell (born 1903)",
        "Cecil Frank Powells (born 1903)",
        "Cecil (a player) Powell (born 1903)",
    ],
)
def test_another_opening_names_no_one_by_all_names(opening: str) -> None:
    assert not said(f"{opening} was with Bristol.")


@pytest.mark.parametrize(
    "sentence",
    [
        "Powell left Bristol.",
        "At Bristol it was Powell who played.",
        "When Powell came to Bristol, it rained.",
        "However, Powell's team was Bristol.",
        "He, Powell, left Bristol.",
    ],
)
def test_a_name_is_said_again_by_its_last_word(sentence: str) -> None:
    assert said(f"Cecil Powell was tall. {sentence}") == ["Powell"]
    assert said(f"Cecil Frank Powell (born 1903) was tall. {sentence}") == ["Powell"]
    assert not said(sentence), "not named in full before"
    assert not said(f"Cecil Powell was tall. {sentence}", rules=Rules(names=False))


@pytest.mark.parametrize(
    ("before", "sentence"),
    [
        ("Cecil Powell was tall.", "Joan Powell left Bristol."),
        ("Cecil Powell was tall.", "J. Powell left Bristol."),
        ("Cecil Powell was tall.", "The Powell of Wales left Bristol."),
        ("Cecil Powell was tall.", "The Lloyd-Powell left Bristol."),
        ("Cecil Powell was tall.", "The Powell Cup went to Bristol."),
        ("Cecil Powell had a powell.", "Powell left Bristol."),
        ("Ada Reed met Bo Reed.", "Reed left Oslo."),
        ("New Albany was new.", "Albany left Rome."),
        ("Leeds Club won.", "At last the Club left Turin."),
    ],
)
def test_a_last_word_that_may_be_another_names_nothing(before: str, sentence: str) -> None:
    assert not said(f"{before} {sentence}")


def test_the_name_must_stand_in_the_paragraph_before() -> None:
    sentences = ["Cecil Powell was tall.", "Powell left Bristol."]
    assert not candidates(sentences, PLAYERS)
    assert candidates([" ".join(sentences)], PLAYERS)
    assert not candidates([" ".join(reversed(sentences))], PLAYERS)


def test_a_name_that_is_said_in_full_again_counts_as_it_stands() -> None:
    assert said("Cecil Powell was tall. Cecil Powell left Bristol.") == ["Cecil Powell"]
    assert said("Red Comet flew. The Comet was over Delft.") == ["Comet"]
