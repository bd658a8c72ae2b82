from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gentap.documents.rejected import RejectedRecord
from gentap.model.tokenizer import TableTokenizer
from gentap.training.data.replaced_cells import PlacedCell, exchange
from gentap.training.data.streams import Hiding, ReplacedStream
from gentap.training.data.token_store import write_tokens
from gentap.training.data.windows import table_cells

SENTINELS = list(range(900, 940))
END = 1


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


def undone(source: list[int], target: list[int]) -> list[int]:
    """The window that a target puts right: each wrong value, from the left, by the right one."""
    parts: list[list[int]] = []
    for token in target[:-1]:
        if token in SENTINELS:
            assert token == SENTINELS[len(parts)]
            parts.append([])
        else:
            parts[-1].append(token)
    wrong, right = parts[::2], parts[1::2]
    assert len(wrong) == len(right)
    text = source[:-1]
    start = 0
    for shown, original in zip(wrong, right, strict=True):
        place = next(at for at in range(start, len(text)) if text[at : at + len(shown)] == shown)
        text[place : place + len(shown)] = original
        start = place + len(original)
    return text


@given(st.integers(1, 4), st.integers(1, 8), st.integers(1, 6), st.floats(0.05, 0.9),
       st.integers(0, 99))  # fmt: skip
def test_replaced_cells_hold_values_of_their_column_and_are_told(
    columns: int, rows: int, values: int, share: float, seed: int
) -> None:
    tokens, spans = table(columns, rows, values, seed)
    rng = np.random.default_rng(seed)
    source, target = exchange(
        tokens, spans, rng, share=share, longest=10_000, sentinels=SENTINELS, end=END
    )
    assert source[-1] == target[-1] == END
    replaced = sum(token in SENTINELS for token in target) // 2
    several = {
        column
        for column in range(columns)
        if len({tuple(tokens[a:b]) for a, b, c in spans if c == column}) > 1
    }
    assert replaced <= max(1, round(share * len(spans)))
    assert (replaced > 0) == bool(several)
    shown = {token for token in source if token >= 100}
    assert shown <= {*tokens, END}


def test_the_target_names_what_stands_wrongly_and_what_stood_there() -> None:
    tokens = [500, 600, 7, 600, 8, 8]
    spans = [(2, 3, 0), (4, 6, 0)]
    rng = np.random.default_rng(0)
    source, target = exchange(
        tokens, spans, rng, share=0.5, longest=100, sentinels=SENTINELS, end=END
    )
    assert (source, target) in [
        ([500, 600, 8, 8, 600, 8, 8, END], [900, 8, 8, 901, 7, END]),
        ([500, 600, 7, 600, 7, END], [900, 7, 901, 8, 8, END]),
    ]
    # the first one does not fit into 7 tokens
    for seed in range(20):
        source, _ = exchange(tokens, spans, np.random.default_rng(seed), share=0.5, longest=7,
                             sentinels=SENTINELS, end=END)  # fmt: skip
        assert source == [500, 600, 7, 600, 7, END]


def test_a_table_of_like_cells_stays_and_says_nothing() -> None:
    tokens, spans = [600, 7, 600, 7], [(1, 2, 0), (3, 4, 0)]
    rng = np.random.default_rng(0)
    told = exchange(tokens, spans, rng, share=0.5, longest=100, sentinels=SENTINELS, end=END)
    assert told == ([*tokens, END], [END])


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
    stream = ReplacedStream(store, Hiding(SENTINELS, END, 3), 0.3, 64)
    pairs = [stream.pair(0, epoch) for epoch in range(12)]
    assert pairs[0] == stream.pair(0, 0)
    assert len({str(pair) for pair in pairs}) > 3
    assert stream.lengths().tolist() == [[len(ids), 0]]


@pytest.mark.parametrize("share", [0.01, 0.5])
def test_at_least_one_cell_is_replaced_and_no_more_than_sentinels_tell(share: float) -> None:
    tokens, spans = table(3, 60, 6, 1)
    rng = np.random.default_rng(1)
    _, target = exchange(
        tokens, spans, rng, share=share, longest=10_000, sentinels=SENTINELS, end=END
    )
    assert sum(token in SENTINELS for token in target) == (4 if share == 0.01 else 40)
