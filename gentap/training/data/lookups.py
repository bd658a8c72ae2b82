"""Rows and cells that are looked up in a table: what a base learns to copy, and to find, from.

A question is made of the table's own texts and stands before it, as questions do. Of the table in
:mod:`gentap.tables.linearize`::

    a cell  Film 2005 <title> Jane Doe … <row> 2005 <cell> Dusk </s>   Dusk </s>
    a row   <row> 2005 <title> Jane Doe … <row> 2005 <cell> Dusk </s>  <row> 2005 <cell> Dusk </s>

A row has many tokens to copy for each input, which is what copying is learnt from; a cell has few,
and the first of them, which no token before it leads to, has to be found.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from gentap.documents.rejected import RejectedRecord, guarded_each
from gentap.model.tokenizer import TableTokenizer, with_special_tokens
from gentap.records import Row, table_from_row
from gentap.tables.linearize import CELL, HEAD, ROW
from gentap.training.data.streams import Hiding, TokenPair
from gentap.training.data.token_store import TokenStore

PARTS = (4, 2, 1)
"""Tables are cut in turn to such parts of a window: copying begins where there is less to read."""

SMALLEST = 64
"""Tokens of the smallest such part."""

MAX_LOOKUP_TOKENS = 64
"""Tokens of a row that are asked for at most."""

_HEADER = -1

CellSpan = tuple[int, int, int, int]
"""Row (-1 for the header), column, and the token where a cell starts and stops."""


def lookup_windows(
    rows: Iterable[Row], tokenizer: TableTokenizer, size: int
) -> Iterator[tuple[list[int], list[int]] | RejectedRecord]:
    """Linearized tables of up to ``size`` tokens with their cells' places, flat."""
    bounded = [_cut_to(tokenizer, min(size, max(SMALLEST, size // part))) for part in PARTS]
    marks = [tokenizer.hf.convert_tokens_to_ids(mark) for mark in (HEAD, ROW, CELL)]

    def window(numbered: tuple[int, Row]) -> Iterator[tuple[list[int], list[int]] | RejectedRecord]:
        number, row = numbered
        linearizer = bounded[number % len(bounded)].linearizer
        ids = linearizer.table_ids(linearizer.fit(table_from_row(row)).table)
        places = cell_places(ids, *marks)
        if _askable(ids, places):
            yield ids, [bound for place in places for bound in place]
        else:
            yield RejectedRecord(row["id"], "table without a row to look up", row["title"])

    return guarded_each(enumerate(rows), window, lambda numbered: str(numbered[1]["id"]))


def cell_places(ids: list[int], head: int, row: int, cell: int) -> list[CellSpan]:
    """The cells of a linearized table in order, header and empty ones with them.

    ``head``, ``row`` and ``cell`` are the marks' ids.
    """
    marks = [place for place, token in enumerate(ids) if token in (head, row, cell)]
    places: list[CellSpan] = []
    at, column = _HEADER - 1, 0
    for start, stop in pairwise([*marks, len(ids)]):
        at, column = (at, column + 1) if ids[start] == cell else (at + 1, 0)
        places.append((at, column, start + 1, stop))
    return places


@dataclass(frozen=True, slots=True)
class LookupStream:
    """A row or a cell to look up in each window of ``store`` (:func:`lookup_windows`).

    It is drawn anew in each epoch: a row with the probability ``rows``, else a cell, found by any
    value of its row that no other row has.
    """

    store: TokenStore
    hiding: Hiding
    rows: float

    def __len__(self) -> int:
        return len(self.store)

    def lengths(self) -> npt.NDArray[np.int64]:
        """The windows' lengths; questions are short, and of like length in all of them."""
        lengths = self.store.lengths()
        lengths[:, 1] = 0
        return lengths

    def pair(self, index: int, epoch: int) -> TokenPair:
        ids, flat = self.store.pair(index)
        window = ids.tolist()
        places: list[CellSpan] = [
            (row, column, start, stop) for row, column, start, stop in flat.reshape(-1, 4).tolist()
        ]
        rng = self.hiding.rng(index, epoch)
        askable = _askable(window, places)
        key, wanted = askable[int(rng.integers(len(askable)))]
        name = _texts(window, [key])[0]
        if rng.random() < self.rows:
            row = [place for place in places if place[0] == key[0]]
            target = window[row[0][2] - 1 : row[-1][3]][:MAX_LOOKUP_TOKENS]
            question = [target[0], *name]  # the mark tells that the row is asked for
        else:
            cell = wanted[int(rng.integers(len(wanted)))]
            header = next(place for place in places if place[:2] == (_HEADER, cell[1]))
            asked, target = _texts(window, [header, cell])
            question = [*asked, *name] if rng.random() < 0.5 else [*name, *asked]
        end = self.hiding.end
        return [*question, *window, end], [*target, end]


def _askable(ids: list[int], places: list[CellSpan]) -> list[tuple[CellSpan, list[CellSpan]]]:
    """Cells whose text no other row has, each with the other cells of its row.

    Of those, the filled ones that their column's name tells from the others.
    """
    headers = Counter(text for place, text in _said(ids, places) if place[0] == _HEADER)
    rows: dict[int, list[tuple[CellSpan, tuple[int, ...]]]] = {}
    named = set()
    for place, text in _said(ids, places):
        if place[0] == _HEADER and headers[text] == 1:
            named.add(place[1])
        elif place[0] != _HEADER:
            rows.setdefault(place[0], []).append((place, text))
    held = Counter(text for row in rows.values() for text in {text for _, text in row})
    found = []
    for row in rows.values():
        for place, text in row:
            others = [other for other, _ in row if other != place and other[1] in named]
            if others and held[text] == 1:
                found.append((place, others))
    return found


def _said(ids: list[int], places: list[CellSpan]) -> list[tuple[CellSpan, tuple[int, ...]]]:
    """The cells that hold anything, with their tokens."""
    return [(place, tuple(ids[place[2] : place[3]])) for place in places if place[2] < place[3]]


def _texts(ids: list[int], places: list[CellSpan]) -> list[list[int]]:
    return [ids[start:stop] for _, _, start, stop in places]


def _cut_to(tokenizer: TableTokenizer, size: int) -> TableTokenizer:
    """The same tokenizer, its tables cut to ``size`` tokens, a quarter of them for a question."""
    bounded = min(size, tokenizer.settings.max_tokens)
    changes = {"max_tokens": bounded, "max_question_tokens": bounded // 4}
    return with_special_tokens(tokenizer.hf, tokenizer.settings.model_copy(update=changes))
