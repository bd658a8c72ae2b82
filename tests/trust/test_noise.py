from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gentap.errors import SettingError
from gentap.records import HEADER_ROW, Cell, Example, Table
from gentap.trust.noise import LEVELS, Noise, mistyped, parse_noise, single_kinds, spoil

WIDE = Table(
    title="Rowers",
    header=("Name", "Year", "Town"),
    rows=tuple((f"Rower {n}", str(1900 + n), f"Town {n % 7}") for n in range(200)),
)
EXAMPLE = Example(
    id="q",
    kind="long",
    origin="annotated",
    question="Who rowed in 1905?",
    answer="Rower 5 rowed in 1905.",
    table=WIDE,
    cells=(Cell(5, 0), Cell(5, 1), Cell(HEADER_ROW, 1)),
    source="q.jsonl",
)
noises = st.builds(
    Noise,
    missing=st.floats(0, 1),
    typos=st.floats(0, 1),
    swapped=st.floats(0, 1),
    shuffled_rows=st.booleans(),
    dropped_header=st.booleans(),
)


def test_noise_is_read_as_it_is_typed() -> None:
    assert parse_noise("missing=0.1, typos=0.05,swapped=1,shuffled-rows,dropped-header") == Noise(
        0.1, 0.05, 1.0, True, True
    )
    assert parse_noise("") == Noise()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("missing=1.5", "above 0 and at most 1, as in missing=0.1; '1.5' was given"),
        ("missing=0", "'0' was given"),
        ("missing=nan", "'nan' was given"),
        ("typos=-0.1", "'-0.1' was given"),
        ("typos=many", "'many' was given"),
        ("swapped", "none was given"),
        ("mising=0.1", "there is no 'mising'. Known: missing, typos, swapped, shuffled-rows"),
        ("shuffled-rows=0.1", "shuffled-rows is all or nothing; it takes no number"),
        ("missing=0.1,missing=0.2", "missing is given twice"),
        (",", "',' names none. Known: missing"),
    ],
)
def test_noise_that_can_not_be_is_refused(text: str, said: str) -> None:
    with pytest.raises(SettingError) as caught:
        parse_noise(text)
    assert said in str(caught.value)


@given(noises, st.integers(0, 5))
def test_a_spoiled_table_keeps_its_shape_and_its_evidence(noise: Noise, seed: int) -> None:
    spoiled = spoil(EXAMPLE, noise, seed)
    assert spoiled == spoil(EXAMPLE, noise, seed)
    table = spoiled.example.table
    assert len(table.rows) == len(WIDE.rows)
    assert {len(row) for row in table.rows} == {3}
    assert (spoiled.example.question, spoiled.example.answer) == (EXAMPLE.question, EXAMPLE.answer)
    changed = sum(
        table.text_at(after) != WIDE.text_at(before)
        for after, before in zip(spoiled.example.cells, EXAMPLE.cells, strict=True)
    )
    assert spoiled.needed == changed


@pytest.mark.parametrize("share", LEVELS)
def test_shares_are_those_that_were_asked_for(share: float) -> None:
    for name in ("missing", "typos", "swapped"):
        table = spoil(EXAMPLE, Noise(**{name: share}), 3).example.table
        pairs = [
            (one, other)
            for row, before in zip(table.rows, WIDE.rows, strict=True)
            for one, other in zip(row, before, strict=True)
        ]
        changed = np.mean([one != other for one, other in pairs])
        assert share * 0.5 < changed < share * 1.5, name
        if name == "missing":
            assert {one for one, other in pairs if one != other} == {""}


def test_swapped_values_stay_in_their_column_and_shuffled_rows_whole() -> None:
    swapped = spoil(EXAMPLE, Noise(swapped=0.4), 1).example.table
    for place in range(3):
        column, before = ([row[place] for row in one.rows] for one in (swapped, WIDE))
        assert column != before
        assert Counter(column) == Counter(before)
    shuffled = spoil(EXAMPLE, Noise(shuffled_rows=True), 1)
    assert shuffled.example.table.rows != WIDE.rows
    assert sorted(shuffled.example.table.rows) == sorted(WIDE.rows)
    assert shuffled.needed == 0
    first = shuffled.example.cells[0]
    assert shuffled.example.table.text_at(first) == "Rower 5"


def test_a_dropped_header_counts_what_is_needed_of_it() -> None:
    spoiled = spoil(EXAMPLE, Noise(dropped_header=True), 1)
    assert spoiled.example.table.header == ("", "", "")
    assert spoiled.needed == 1


def test_examples_are_spoiled_each_in_its_own_way() -> None:
    noise = Noise(missing=0.5)
    other = replace(EXAMPLE, id="r")
    assert spoil(EXAMPLE, noise, 1).example.table != spoil(other, noise, 1).example.table
    assert spoil(EXAMPLE, noise, 1).example.table != spoil(EXAMPLE, noise, 2).example.table


@given(st.text(min_size=1, max_size=12), st.integers(0, 99))
def test_a_slip_of_the_hand_changes_one_place(text: str, seed: int) -> None:
    slipped = mistyped(text, np.random.default_rng(seed))
    assert slipped != text or set(text) == {text[0]}
    assert abs(len(slipped) - len(text)) <= 1
    assert mistyped("", np.random.default_rng(seed)) == ""


def test_tables_of_one_row_or_none_are_spoiled_too() -> None:
    for rows in ((), (("a", "b", "c"),)):
        one = replace(EXAMPLE, table=replace(WIDE, rows=rows), cells=())
        spoiled = spoil(one, Noise(0.9, 0.9, 0.9, True, True), 1)
        assert len(spoiled.example.table.rows) == len(rows)


def test_each_kind_is_drawn_by_itself() -> None:
    kinds = single_kinds(Noise(missing=0.1, shuffled_rows=True))
    assert kinds == {
        "missing": [(level, Noise(missing=level)) for level in LEVELS],
        "shuffled-rows": [(1.0, Noise(shuffled_rows=True))],
    }
