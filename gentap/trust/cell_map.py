"""What an encoder makes of cells: their embeddings before it and after, in two dimensions.

A cell is the mean of its tokens' vectors: of their embeddings, which know nothing of the table, and
of what the encoder makes of them. t-SNE (van der Maaten and Hinton 2008) draws both so that what is
near stays near. How much nearer cells of a column, a kind of value or a page have come is counted
in all dimensions, as the share of each cell's nearest neighbours that are of its own.
"""

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gentap.errors import InputError, SettingError
from gentap.records import SourcedTable, Table, digest
from gentap.runs.extra_packages import require
from gentap.runs.runner import Progress
from gentap.settings.sections import LinearizerSettings
from gentap.tables.columns import ColumnReader, Language
from gentap.tables.linearize import table_pieces
from gentap.text.months import MONTHS
from gentap.text.normal_form import normal_forms

NEIGHBOURS = 10
_CELLS_A_TABLE = 5
"""So many cells are taken of a table where tables are many."""
_KINDS = ("date", "number", "name")
_READER = ColumnReader(Language(months=MONTHS))

Points = NDArray[np.float32]
"""Of shape (cells, dimensions)."""


@dataclass(frozen=True, slots=True)
class MappedCell:
    """A cell, its row, and what it is coloured by."""

    text: str
    row: tuple[str, ...]
    header: tuple[str, ...]
    column: str
    kind: str
    page: str

    @property
    def labels(self) -> dict[str, str]:
        return {"column": self.column, "kind of value": self.kind, "page": self.page}


@dataclass(frozen=True, slots=True)
class CellEmbeddings:
    """Cells and their vectors before the encoder and after; ``seen`` counts all tables."""

    cells: list[MappedCell]
    before: Points
    after: Points
    tables: int
    seen: int


def check_map(cells: int, perplexity: float) -> None:
    """Raise SettingError where scikit-learn is missing or so few cells can't be drawn."""
    with require("map", "scikit-learn", "trust"):
        import sklearn.manifold  # noqa: F401
    if cells <= perplexity:
        raise SettingError(
            f"map: {cells:,} cells are too few for a perplexity of {perplexity:g}, which is how "
            "many neighbours each is drawn by: raise --cells, or lower --perplexity."
        )


def embed_cells(
    model: str, tables: Iterable[SourcedTable], cells: int, perplexity: float, seed: int
) -> CellEmbeddings:
    """The vectors of at most so many cells, drawn by the seed from tables drawn by it.

    Raises InputError where the tables have fewer cells than the perplexity needs.
    """
    from gentap.model.device import best_device
    from gentap.model.loading.load import load_table_model
    from gentap.model.tokenizer import load_tokenizer

    chosen, seen = _draw_tables(tables, -(-cells // _CELLS_A_TABLE), seed)
    if not chosen:
        raise InputError("map: there is no table to take cells of. Give other files or folders.")
    tokenizer = load_tokenizer(model, LinearizerSettings())
    fitted = [(one, tokenizer.linearizer.encode("", one.table)) for one in chosen]
    places = [
        (digest(str(seed), one.id, str(at)), number, *place)
        for number, (one, encoded) in enumerate(fitted)
        for at, place in enumerate(_cell_places(encoded.fitted.table, tokenizer.linearizer))
    ]
    drawn = sorted(heapq.nsmallest(cells, places))
    if len(drawn) <= perplexity:
        raise InputError(
            f"map: the tables have {len(drawn):,} cells that are not empty, and a perplexity of "
            f"{perplexity:g} needs more than that many. Give more tables, or lower --perplexity."
        )
    network: Any = load_table_model(model, tokenizer=tokenizer)
    network = network.to(best_device()).eval()
    wanted: dict[int, list[tuple[int, int, int, int]]] = {}
    for _, number, *place in drawn:
        wanted.setdefault(number, []).append((place[0], place[1], place[2], place[3]))
    found: list[MappedCell] = []
    sides: tuple[list[Points], list[Points]] = ([], [])
    progress = Progress("map", len(wanted), "tables")
    for number in sorted(wanted):
        sourced, encoded = fitted[number]
        states = _states(network, encoded.ids)
        for row, column, start, stop in sorted(wanted[number]):
            found.append(_mapped(sourced, encoded.fitted.table, row, column))
            for side, of_tokens in zip(sides, states, strict=True):
                side.append(of_tokens[start:stop].mean(axis=0))
        progress.advance(1)
    return CellEmbeddings(found, np.stack(sides[0]), np.stack(sides[1]), len(wanted), seen)


def _draw_tables(
    tables: Iterable[SourcedTable], count: int, seed: int
) -> tuple[list[SourcedTable], int]:
    """So many tables by a digest of their ids, and how many there are; no more are held."""
    seen = 0

    def numbered() -> Iterable[tuple[str, int, SourcedTable]]:
        nonlocal seen
        for seen, table in enumerate(tables, start=1):
            yield digest("map", str(seed), table.id), seen, table

    drawn = heapq.nsmallest(count, numbered(), key=lambda entry: entry[:2])
    return [table for _, _, table in drawn], seen


def _cell_places(table: Table, linearizer: Any) -> list[tuple[int, int, int, int]]:
    """Row, column, and first and last token of each body cell that is not empty, as
    :meth:`Linearizer.encode` has them behind an empty question."""
    pieces = table_pieces(table)
    width = len(table.header)
    first_cell = len(pieces) - width * len(table.rows)
    start = len(linearizer.start) + len(linearizer.tokenize([""])[0])
    places = []
    for place, tokens in enumerate(linearizer.tokenize([text for _, text in pieces])):
        stop = start + 1 + len(tokens)
        if place >= first_cell and tokens:
            places.append((*divmod(place - first_cell, width), start + 1, stop))
        start = stop
    return places


def _states(network: Any, ids: Sequence[int]) -> tuple[Points, Points]:
    import torch

    with torch.inference_mode():
        before, after = network.token_states(torch.tensor([ids], device=network.device))
    return before.float().cpu().numpy(), after.float().cpu().numpy()


def _mapped(sourced: SourcedTable, shown: Table, row: int, column: int) -> MappedCell:
    forms = normal_forms([cells[column] for cells in shown.rows])
    kinds = _READER.read_column(forms).kinds
    return MappedCell(
        shown.rows[row][column],
        shown.rows[row],
        shown.header,
        shown.header[column] or "(no name)",
        next((kind for kind in _KINDS if kind in kinds), "text"),
        sourced.table.title or sourced.url or "(no title)",
    )


def flattened(points: Points, perplexity: float, seed: int) -> list[list[int]]:
    """Each point's place in a square of 1,000 by 1,000, by t-SNE; one thread, so that the sums have
    one order and the same seed gives the same picture."""
    with require("map", "scikit-learn", "trust"):
        from sklearn.manifold import TSNE
        from threadpoolctl import threadpool_limits
    unit = points / np.maximum(np.linalg.norm(points, axis=1, keepdims=True), 1e-12)
    with threadpool_limits(1):
        tsne = TSNE(perplexity=perplexity, random_state=seed, init="pca", n_jobs=1)
        placed = tsne.fit_transform(unit.astype(np.float64))
    low, high = placed.min(axis=0), placed.max(axis=0)
    within = (placed - low) / np.maximum(high - low, 1e-12)
    found: list[list[int]] = np.rint(within * 1000).astype(int).tolist()
    return found


def neighbour_shares(points: Points, cells: Sequence[MappedCell]) -> dict[str, float]:
    """The share, in percent, of each cell's nearest neighbours (cosine) that are of its own column,
    kind of value, and page; of cells of other texts alone, as equal ones are nearest anyhow."""
    unit = points / np.maximum(np.linalg.norm(points, axis=1, keepdims=True), 1e-12)
    near = unit @ unit.T
    texts = _numbers([cell.text for cell in cells])
    near[texts[:, None] == texts] = -np.inf
    count = min(NEIGHBOURS, len(cells) - 1)
    nearest = np.argsort(-near, axis=1, kind="stable")[:, :count]
    valid = np.isfinite(np.take_along_axis(near, nearest, axis=1))
    shares = {}
    for name in cells[0].labels:
        labels = _numbers([cell.labels[name] for cell in cells])
        same = labels[nearest] == labels[:, None]
        shares[name] = float(100 * same[valid].mean()) if valid.any() else 0.0
    return shares


def _numbers(texts: Sequence[str]) -> NDArray[np.int64]:
    known: dict[str, int] = {}
    return np.array([known.setdefault(text, len(known)) for text in texts])
