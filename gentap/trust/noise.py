"""Tables as people have them: cells missing, mistyped or exchanged, rows in any order, no header.

What is spoiled depends on the example's id and a seed alone. The question and the reference stay
as they are, and the evidence cells go with their rows, so that a score on spoiled tables says how
well a model bears what it is shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from gentap.errors import SettingError
from gentap.records import HEADER_ROW, Cell, Example, digest

LEVELS = (0.05, 0.1, 0.2, 0.4)
"""Shares that the curves of a report are drawn over, after 0."""

_LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Noise:
    """Shares of the body cells that are emptied, mistyped, or exchanged with others of their
    column; whether rows are shuffled and the header's names left out."""

    missing: float = 0.0
    typos: float = 0.0
    swapped: float = 0.0
    shuffled_rows: bool = False
    dropped_header: bool = False


SHARES = ("missing", "typos", "swapped")
"""The kinds of noise that have a level."""


@dataclass(frozen=True, slots=True)
class Spoiled:
    """An example with its table spoiled, and how many cells that its reference needs are no longer
    what they were."""

    example: Example
    needed: int


def parse_noise(text: str) -> Noise:
    """``missing=0.1,typos=0.05,shuffled-rows``; raises SettingError for what can't be."""
    given: dict[str, Any] = {}
    known = {field.name.replace("_", "-"): field for field in fields(Noise)}
    for part in filter(None, map(str.strip, text.split(","))):
        name, sign, value = part.partition("=")
        if name not in known:
            raise SettingError(f"noise: there is no '{name}'. Known: {', '.join(known)}.")
        key = known[name].name
        if key in given:
            raise SettingError(f"noise: {name} is given twice.")
        if key in SHARES:
            given[key] = _share(name, value if sign else "")
        elif sign:
            raise SettingError(f"noise: {name} is all or nothing; it takes no number.")
        else:
            given[key] = True
    if text and not given:
        raise SettingError(f"noise: '{text}' names none. Known: {', '.join(known)}.")
    return Noise(**given)


def _share(name: str, text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 < share <= 1:
        raise SettingError(
            f"noise: {name} is a share of the cells, above 0 and at most 1, as in {name}=0.1; "
            f"{f'{text!r} was' if text else 'none was'} given."
        )
    return share


def single_kinds(noise: Noise) -> dict[str, list[tuple[float, Noise]]]:
    """Each kind that is given, by itself: over :data:`LEVELS`, or at 1 where it is all."""
    kinds: dict[str, list[tuple[float, Noise]]] = {}
    for field in fields(Noise):
        name = field.name
        if name in SHARES and getattr(noise, name):
            kinds[name] = [(level, _only(name, level)) for level in LEVELS]
        elif getattr(noise, name):
            kinds[name.replace("_", "-")] = [(1.0, _only(name, True))]
    return kinds


def _only(name: str, value: float | bool) -> Noise:
    given: dict[str, Any] = {name: value}
    return Noise(**given)


def spoil(example: Example, noise: Noise, seed: int) -> Spoiled:
    """The example with its table spoiled."""
    table = example.table
    generator = np.random.default_rng(int(digest("noise", str(seed), example.id), 16))
    columns = [[row[place] for row in table.rows] for place in range(len(table.header))]
    columns = [_spoil_column(column, noise, generator) for column in columns]
    rows = [tuple(cells) for cells in zip(*columns, strict=True)]
    needed = sum(
        rows[row][column] != table.rows[row][column]
        for row, column in example.cells
        if row != HEADER_ROW
    )
    order = list(range(len(rows)))
    if noise.shuffled_rows:
        order = generator.permutation(len(rows)).tolist()
    places = {before: after for after, before in enumerate(order)} | {HEADER_ROW: HEADER_ROW}
    header = table.header
    if noise.dropped_header:
        header = ("",) * len(header)
        needed += sum(row == HEADER_ROW for row, _ in example.cells)
    spoiled = replace(table, header=header, rows=tuple(rows[place] for place in order))
    cells = tuple(Cell(places[row], column) for row, column in example.cells)
    return Spoiled(replace(example, table=spoiled, cells=cells), needed)


def _spoil_column(column: Sequence[str], noise: Noise, generator: np.random.Generator) -> list[str]:
    """A column's cells exchanged, then mistyped, then emptied."""
    cells = list(column)
    chosen = _places(len(cells), noise.swapped, generator)
    if len(chosen) == 1 and len(cells) > 1:
        others = [place for place in range(len(cells)) if place != chosen[0]]
        chosen = [chosen[0], others[int(generator.integers(len(others)))]]
    order = [chosen[place] for place in generator.permutation(len(chosen))]
    for place, after in zip(order, [*order[1:], *order[:1]], strict=True):
        cells[place] = column[after]
    for place in _places(len(cells), noise.typos, generator):
        cells[place] = mistyped(cells[place], generator)
    for place in _places(len(cells), noise.missing, generator):
        cells[place] = ""
    return cells


def _places(count: int, share: float, generator: np.random.Generator) -> list[int]:
    """Each place with the chance ``share``."""
    return np.flatnonzero(generator.random(count) < share).tolist()


def mistyped(text: str, generator: np.random.Generator) -> str:
    """One slip of the hand: two characters exchanged, one left out, doubled, or another letter."""
    if not text:
        return text
    place = int(generator.integers(len(text)))
    slip = int(generator.integers(4))
    before, here, after = text[:place], text[place], text[place + 1 :]
    if slip == 0 and after and after[0] != here:
        return before + after[0] + here + after[1:]
    if slip == 1 and len(text) > 1:
        return before + after
    if slip == 2:
        return before + here + here + after
    others = _LETTERS.replace(here.lower(), "")
    return before + others[int(generator.integers(len(others)))] + after
