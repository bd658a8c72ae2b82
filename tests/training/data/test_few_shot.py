import pytest
from hypothesis import given
from hypothesis import strategies as st

from gentap.errors import SettingError
from gentap.records import Example, Table
from gentap.training.data.few_shot import draw_shots, draw_streamed

EXAMPLES = [
    Example(
        id=f"e{place}",
        kind="long",
        origin="annotated",
        question="describe the row",
        answer=f"Sentence {place}.",
        table=Table(header=("n",), rows=((str(place),),)),
        cells=(),
        source="e2e.csv",
    )
    for place in range(40)
]


@given(st.integers(1, 40), st.integers(0, 40), st.integers(0, 9))
def test_fewer_shots_are_among_more_of_the_same_seed(few: int, more: int, seed: int) -> None:
    drawn = draw_shots(EXAMPLES, few, seed)
    assert len(drawn) == few
    assert len({example.id for example in drawn}) == few
    assert drawn == [example for example in EXAMPLES if example in drawn]
    wider = draw_shots(EXAMPLES, min(40, few + more), seed)
    assert all(example in wider for example in drawn)


def test_the_draw_depends_on_the_seed_and_not_on_the_order() -> None:
    drawn = {example.id for example in draw_shots(EXAMPLES, 10, 1)}
    assert {example.id for example in draw_shots(EXAMPLES[::-1], 10, 1)} == drawn
    assert {example.id for example in draw_shots(EXAMPLES, 10, 2)} != drawn


def test_no_shots_are_all_and_too_many_are_an_error() -> None:
    assert draw_shots(EXAMPLES, 0, 1) == EXAMPLES
    with pytest.raises(SettingError, match=r"finetune.shots is 41, but there are only 40"):
        draw_shots(EXAMPLES, 41, 1)


@given(st.integers(1, 45), st.integers(0, 5))
def test_streamed_examples_are_those_that_are_drawn_from_a_list(count: int, seed: int) -> None:
    wanted = draw_shots(EXAMPLES, min(count, len(EXAMPLES)), seed)
    assert draw_streamed(iter(EXAMPLES), count, seed) == wanted
    assert draw_streamed(iter([*EXAMPLES, *EXAMPLES[::-1]]), count, seed) == wanted  # each id once
