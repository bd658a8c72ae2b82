"""Neighbours of a paragraph joined into one answer."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from gentap.mining.joined_sentences import FoundSentence, join_neighbours
from gentap.records import Mined, NamedCell, Table, digest

TABLE = Table(
    title="Cups", header=("Name", "Year"), rows=(("Ada", "1914"), ("Bo", "1915"), ("Cy", "1916"))
)


def found(row: int, place: int, *, paragraph: int = 0, table: int = 0) -> FoundSentence:
    name, year = TABLE.rows[row]
    sentence = f"{name} won the cup in {year}."
    cells = (
        NamedCell(row, 0, 0, len(name)),
        NamedCell(row, 1, sentence.index(year), sentence.index(year) + 4),
    )
    mined = Mined(
        id=f"{row}-{place}",
        sentence=sentence,
        url="u",
        table=TABLE,
        row=row,
        cells=cells,
        heading="Winners",
        probability=0.8,
    )
    return FoundSentence(mined, table, "t", paragraph, place)


def joined(*sentences: FoundSentence, may_be: Callable[[str], bool] = bool) -> list[Mined]:
    return [one.mined for one in join_neighbours(sentences, may_be)]


def test_two_in_a_row_become_one_that_tells_both_rows() -> None:
    (one,) = joined(found(1, 0), found(0, 1))
    assert one.sentence == "Bo won the cup in 1915. Ada won the cup in 1914."
    assert one.id == digest("t", one.sentence)
    assert (one.row, one.further, one.heading) == (1, (0,), "Winners")
    assert one.probability == 0.64
    said = [(cell.row, cell.column, one.sentence[cell.start : cell.end]) for cell in one.cells]
    assert said == [(0, 0, "Ada"), (0, 1, "1914"), (1, 0, "Bo"), (1, 1, "1915")]
    assert one.evidence == one.cells


def test_no_sentence_is_joined_twice() -> None:
    sentences = [found(row, place) for place, row in enumerate((0, 1, 2))]
    assert [one.rows_told for one in joined(*sentences)] == [(0, 1), (2,)]
    again = [*sentences, found(0, 3)]
    assert [one.rows_told for one in joined(*again)] == [(0, 1), (2, 0)]


@pytest.mark.parametrize(
    "second",
    [
        found(1, 2),  # another sentence stands between
        found(1, 1, paragraph=1),
        found(1, 1, table=1),
        found(0, 1),  # tells the same row
    ],
)
def test_others_are_left_as_they_are(second: FoundSentence) -> None:
    first = found(0, 0)
    assert joined(first, second) == [first.mined, second.mined]


def test_what_must_not_be_an_answer_is_not_joined() -> None:
    first, second = found(0, 0), found(1, 1)
    assert joined(first, second, may_be=lambda text: len(text) < 40) == [first.mined, second.mined]
    assert joined() == []
    told = replace(second, mined=replace(second.mined, further=(2,)))
    (one,) = joined(first, told)
    assert one.rows_told == (0, 1, 2)
