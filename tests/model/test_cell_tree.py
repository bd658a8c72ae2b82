from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gentap.model.cell_tree import CellTree, cell_text
from gentap.model.tokenizer import TableTokenizer
from gentap.records import Cell, Table
from gentap.tables.truncate import Fitted

CELLS = st.sampled_from(["", " ", "river", "River", "river bridge", "1850", "1,850", "☃", "the"])


def paths(node: Any, before: tuple[int, ...] = ()) -> set[tuple[int, ...]]:
    if not node:
        return {before}
    return {path for token, below in node.items() for path in paths(below, (*before, token))}


@pytest.mark.parametrize("kind", ["tokenizer", "bart_tokenizer"])
@given(rows=st.lists(st.tuples(CELLS, CELLS), max_size=4))
def test_the_paths_are_the_targets_of_the_filled_cells(request, kind, rows) -> None:
    tokenizer: TableTokenizer = request.getfixturevalue(kind)
    table = Table(header=("a", "b"), rows=tuple(rows))
    tree = CellTree(tokenizer, Fitted.whole(table))
    filled = {text for row in rows for text in row if text.strip()}
    wanted = {tuple(tokenizer.target_ids(text)) for text in filled}
    assert paths(tree.root) == (wanted or {(tokenizer.hf.eos_token_id,)})
    for text in filled:
        ids = tokenizer.target_ids(text)[:-1]
        found = tree.cell(ids)
        assert found is not None
        assert tokenizer.target_ids(cell_text(table, found)) == [*ids, tokenizer.hf.eos_token_id]
    assert tree.cell([5, 5, 5, 5, 5]) is None


def test_a_shortened_cell_stands_for_the_whole_one(tokenizer: TableTokenizer) -> None:
    table = Table(header=("a", "b"), rows=(("x", "y"), ("z", "river bridge castle")))
    fitted = Fitted(Table(header=("b",), rows=(("river…",),)), (1,), (1,))
    tree = CellTree(tokenizer, fitted)
    cell = tree.cell(tokenizer.target_ids("river…")[:-1])
    assert cell == Cell(1, 1)
    assert cell_text(table, cell) == "river bridge castle"


def test_no_cell_is_no_text(tmp_path: Path) -> None:
    assert cell_text(Table(header=("a",), rows=(("x",),)), None) == ""
