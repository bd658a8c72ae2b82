from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gentap.documents.rejected import RejectedRecord
from gentap.model.tokenizer import TableTokenizer, with_special_tokens
from gentap.records import SourcedTable, Table, sourced_table_to_row
from gentap.settings.sections import LinearizerSettings
from gentap.training.data.lookups import (
    MAX_LOOKUP_TOKENS,
    PARTS,
    LookupStream,
    cell_places,
    lookup_windows,
)
from gentap.training.data.streams import Hiding
from gentap.training.data.token_store import write_tokens

END = 1
BRIDGES = Table(
    title="Bridges",
    header=("Bridge", "Opened", "Painter"),
    rows=(
        ("small bridge", "1851", "sailor"),
        ("tall bridge", "1862", "sailor"),
        ("", "1873", "teacher"),
        ("tall bridge", "1884", ""),
    ),
)


@pytest.fixture(scope="module")
def wide(tokenizer: TableTokenizer) -> TableTokenizer:
    return with_special_tokens(
        tokenizer.hf, LinearizerSettings(max_tokens=1024, max_question_tokens=64)
    )


def windows(tokenizer: TableTokenizer, *tables: Table, size: int = 1024) -> list:
    rows = [
        sourced_table_to_row(SourcedTable(id=f"t{number}", url="u", table=table))
        for number, table in enumerate(tables)
    ]
    return list(lookup_windows(rows, tokenizer, size))


def asked(
    path: Path,
    tokenizer: TableTokenizer,
    table: Table,
    epochs: int,
    seed: int = 1,
    rows: float = 0.5,
) -> list[tuple[str, str, list[int]]]:
    """Question, target and window's tokens of some epochs of one table."""
    store = write_tokens(path / "store", windows(tokenizer, table))
    stream = LookupStream(store, Hiding([9], END, seed), rows)
    window = store.pair(0)[0].tolist()
    mark = tokenizer.hf.convert_tokens_to_ids("<row>")
    found = []
    for epoch in range(epochs):
        source, target = stream.pair(0, epoch)
        question = source[: len(source) - len(window) - 1]
        assert source == [*question, *window, END]
        assert target[-1] == END
        assert (question[0] == mark) == (target[0] == mark)
        found.append((tokenizer.texts([question])[0], tokenizer.texts([target])[0], target[:-1]))
    return found


def test_a_value_finds_the_cells_and_the_row_that_it_stands_in(tmp_path: Path, wide) -> None:
    pairs = {(question, target) for question, target, _ in asked(tmp_path, wide, BRIDGES, 400)}
    keys = {
        "small bridge": BRIDGES.rows[0],
        "1851": BRIDGES.rows[0],
        "1862": BRIDGES.rows[1],
        "1873": BRIDGES.rows[2],
        "teacher": BRIDGES.rows[2],
        "1884": BRIDGES.rows[3],
    }  # "tall bridge" and "sailor" stand in two rows
    wanted = {(key, " ".join(text for text in row if text)) for key, row in keys.items()}
    for key, row in keys.items():
        for name, value in zip(BRIDGES.header, row, strict=True):
            if value and value != key:
                wanted |= {(f"{name} {key}", value), (f"{key} {name}", value)}
    assert pairs == wanted


@pytest.mark.parametrize(("share", "bounds"), [(0.0, (0, 0)), (0.5, (220, 280)), (1, (500, 500))])
def test_rows_are_asked_for_in_their_share(
    tmp_path: Path, wide, share: float, bounds: tuple[int, int]
) -> None:
    mark = wide.hf.convert_tokens_to_ids("<row>")
    pairs = asked(tmp_path, wide, BRIDGES, 500, rows=share)
    assert bounds[0] <= sum(mark in target for _, _, target in pairs) <= bounds[1]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.lists(st.sampled_from(["", "river", "tall", "1851", "1862", "<row>"]), min_size=3),
        min_size=1,
        max_size=6,
    ),
    st.integers(0, 99),
)
def test_what_is_asked_for_stands_in_the_window(
    tmp_path_factory, wide, rows: list[list[str]], seed: int
) -> None:
    table = Table(header=("a", "", "b"), rows=tuple(tuple(row[:3]) for row in rows))
    (found,) = windows(wide, table)
    if isinstance(found, RejectedRecord):
        assert found.reason == "table without a row to look up"
        return
    ids = found[0]
    for question, text, target in asked(tmp_path_factory.mktemp("s"), wide, table, 12, seed):
        assert text
        assert any(
            ids[place : place + len(target)] == target
            for place in range(ids.index(wide.hf.convert_tokens_to_ids("<head>")), len(ids))
        )
        assert any(
            text in row or text == " ".join(cell for cell in row if cell)
            for row in table.rows
            if any(
                value and value in question and sum(value in row for row in table.rows) == 1
                for value in row
            )
        )


def test_a_rerun_asks_alike_and_another_epoch_or_seed_otherwise(tmp_path: Path, wide) -> None:
    store = write_tokens(tmp_path / "store", windows(wide, BRIDGES))

    def pairs(seed: int, epochs: range) -> list:
        return [LookupStream(store, Hiding([9], END, seed), 0.5).pair(0, epoch) for epoch in epochs]

    assert pairs(1, range(20)) == pairs(1, range(20))
    assert pairs(1, range(20)) != pairs(2, range(20))
    assert len({str(pair) for pair in pairs(1, range(20))}) > 5
    (size, unknown) = LookupStream(store, Hiding([9], END, 1), 0.5).lengths()[0]
    assert (size, unknown) == (len(store.pair(0)[0]), 0)


def test_places_are_rows_and_columns(wide) -> None:
    ((ids, flat),) = windows(wide, BRIDGES)
    places = [flat[start : start + 4] for start in range(0, len(flat), 4)]
    found = {(row, column): wide.texts([ids[a:b]])[0] for row, column, a, b in places}
    wanted = {(-1, column): text for column, text in enumerate(BRIDGES.header)}
    wanted |= {
        (row, column): text
        for row, texts in enumerate(BRIDGES.rows)
        for column, text in enumerate(texts)
    }
    assert found == wanted
    assert cell_places([5, 6], 90, 91, 92) == []


def test_tables_are_cut_to_parts_of_a_window_in_turn(wide) -> None:
    rows = tuple((f"river {number}", str(1850 + number)) for number in range(300))
    table = Table(header=("River", "Year"), rows=rows)
    sizes = [len(ids) for ids, _ in windows(wide, table, table, table, table, size=512)]
    for size, part in zip(sizes, [*PARTS, PARTS[0]], strict=True):
        assert 0.6 * 512 / part < size <= 0.75 * 512 / part


def test_a_long_row_is_asked_for_in_part(tmp_path: Path, wide) -> None:
    row = tuple(f"tall river {number}" for number in range(30))
    table = Table(header=tuple(f"a{number}" for number in range(30)), rows=(row,))
    mark = wide.hf.convert_tokens_to_ids("<row>")
    targets = [target for _, _, target in asked(tmp_path, wide, table, 30)]
    assert max(len(target) for target in targets if target[0] == mark) == MAX_LOOKUP_TOKENS


@pytest.mark.parametrize(
    "table",
    [
        Table(title="none", header=("a", "b"), rows=()),
        Table(title="one column", header=("a",), rows=(("tall",), ("small",))),
        Table(title="no name", header=("", ""), rows=(("tall", "1851"), ("small", "1862"))),
        Table(title="same names", header=("a", "a"), rows=(("tall", "1851"),)),
        Table(title="same rows", header=("a", "b"), rows=(("tall", "1851"), ("tall", "1851"))),
    ],
    ids=lambda table: table.title,
)
def test_tables_with_nothing_to_look_up_are_listed(wide, table: Table) -> None:
    assert windows(wide, table) == [
        RejectedRecord("t0", "table without a row to look up", table.title)
    ]
