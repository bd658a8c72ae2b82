from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gentap.documents.rejected import RejectedRecord
from gentap.model.tokenizer import TableTokenizer
from gentap.training.data.replaced_cells import PlacedCell, exchange
from gentap.training.data.streams import ReplacedStream
from gentap.training.data.token_store import write_tokens
from gentap.training.data.windows import table_cells

SENTINELS = list(range(900, 940))


def table(columns: int, rows: int, values: int, seed: int) -> tuple[list[int], list[PlacedCell]]:
    """A window of a mark before each cell of one to three tokens, and its cells."""
    generator = np.random.default_rng(seed)
    tokens: list[int] = [500]
    spans: list[PlacedCell] = []
    for _ in range(rows):
        for column in range(columns):
            tokens.append(600)
            value = 10 * column + int(generator.integers(values))
            text = [100 + value] * (1 + value % 3)
            spans.append((len(tokens), len(tokens) + len(text), column))
            tokens += text
    return tokens, spans


def cells(tokens: Sequence[int]) -> list[list[int]]:
    """The cells of a window of :func:`table`, in order."""
    found: list[list[int]] = []
    for token in tokens:
        if token == 600:
            found.append([])
        elif found:
            found[-1].append(token)
    return found


def told(target: Sequence[int]) -> list[list[int]]:
    """The values that a target tells, wrong ones and right ones in turn."""
    parts: list[list[int]] = []
    for token in target:
        if token in SENTINELS:
            assert token == SENTINELS[len(parts)]
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


@given(st.integers(1, 4), st.integers(1, 8), st.integers(1, 6), st.floats(0.05, 0.9),
       st.integers(0, 99))  # fmt: skip
def test_replaced_cells_hold_values_of_their_column_and_are_told(
    columns: int, rows: int, values: int, share: float, seed: int
) -> None:
    tokens, spans = table(columns, rows, values, seed)
    rng = np.random.default_rng(seed)
    source, target = exchange(tokens, spans, rng, share=share, longest=10_000, parting=SENTINELS)
    replaced = sum(token in SENTINELS for token in target) // 2
    several = {
        column
        for column in range(columns)
        if len({tuple(tokens[a:b]) for a, b, c in spans if c == column}) > 1
    }
    assert replaced <= max(1, round(share * len(spans)))
    assert (replaced > 0) == bool(several)
    changed = [
        [shown, stood]
        for shown, stood in zip(cells(source), cells(tokens), strict=True)
        if shown != stood
    ]
    assert told(target) == [value for pair in changed for value in pair]
    # Values of a column have their own ten ids.
    assert all(shown[0] // 10 == stood[0] // 10 for shown, stood in changed)


def test_the_target_names_what_stands_wrongly_and_what_stood_there() -> None:
    tokens = [500, 600, 7, 600, 8, 8]
    spans = [(2, 3, 0), (4, 6, 0)]
    rng = np.random.default_rng(0)
    source, target = exchange(tokens, spans, rng, share=0.5, longest=100, parting=SENTINELS)
    assert (source, target) in [
        ([500, 600, 8, 8, 600, 8, 8], [900, 8, 8, 901, 7]),
        ([500, 600, 7, 600, 7], [900, 7, 901, 8, 8]),
    ]
    # the first one does not fit into 6 tokens
    for seed in range(20):
        source, _ = exchange(tokens, spans, np.random.default_rng(seed), share=0.5, longest=6,
                             parting=SENTINELS)  # fmt: skip
        assert source == [500, 600, 7, 600, 7]


def test_a_table_of_like_cells_stays_and_says_nothing() -> None:
    tokens, spans = [600, 7, 600, 7], [(1, 2, 0), (3, 4, 0)]
    rng = np.random.default_rng(0)
    assert exchange(tokens, spans, rng, share=0.5, longest=100, parting=SENTINELS) == (tokens, [])


def test_tables_are_stored_with_columns_and_exchanged_anew_each_epoch(
    tokenizer: TableTokenizer, tmp_path: Path
) -> None:
    about = {"title": "Rivers", "section": "", "caption": "", "header": ["river", "keeper"]}
    rows = [["early", "small"], ["", "tall"], ["late", "wooden"]]
    tables = [{"id": "a", **about, "rows": rows}, {"id": "b", **about, "rows": [["", ""]]}]
    windows = list(table_cells(tables, tokenizer))
    ids, flat = windows[0]  # type: ignore[misc]
    cells = [tuple(flat[at : at + 3]) for at in range(0, len(flat), 3)]
    said = [tokenizer.hf.decode(ids[start:stop]).strip() for start, stop, _ in cells]
    assert said == ["early", "small", "tall", "late", "wooden"]
    assert [column for _, _, column in cells] == [0, 1, 1, 0, 1]
    assert isinstance(windows[1], RejectedRecord)
    store = write_tokens(tmp_path / "tokens", windows)
    stream = ReplacedStream(store, tokenizer.linearizer, SENTINELS, 0.3, 3)
    pairs = [stream.pair(0, epoch) for epoch in range(12)]
    assert pairs[0] == stream.pair(0, 0)
    assert len({str(pair) for pair in pairs}) > 3
    assert stream.lengths().tolist() == [[len(ids), 0]]
    assert {tuple(side[-1:]) for pair in pairs for side in pair} == {(tokenizer.hf.eos_token_id,)}


@pytest.mark.parametrize("share", [0.01, 0.5])
def test_at_least_one_cell_is_replaced_and_no_more_than_sentinels_tell(share: float) -> None:
    tokens, spans = table(3, 60, 6, 1)
    rng = np.random.default_rng(1)
    _, target = exchange(tokens, spans, rng, share=share, longest=10_000, parting=SENTINELS)
    assert sum(token in SENTINELS for token in target) == (4 if share == 0.01 else 40)
