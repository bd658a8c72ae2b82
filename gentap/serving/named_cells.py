"""The cells of a table whose values an answer names."""

import re
from collections import Counter
from dataclasses import dataclass

from gentap.mining.matching import values_said
from gentap.mining.surface_forms import FormNormalizer, Rules
from gentap.records import Cell, Table

_FORMER = FormNormalizer(Rules())
_SHORT = re.compile(r"[^\W_]{1,2}")
"""Values that are too short to be looked for in a text, but for those of a row that it names."""


@dataclass(frozen=True, slots=True)
class NamedCells:
    """The cells that a sentence names, in reading order, and where it names them."""

    cells: tuple[Cell, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()


def named_cells(sentence: str, table: Table) -> NamedCells:
    """The cells whose values stand in a sentence of single spaces, however they are written there.

    A value that stands in several rows counts in those of them that the sentence names most values
    of. Values of one or two digits or letters count only in rows that are named by others.
    """
    said = values_said(sentence, table, _FORMER)
    named: Counter[int] = Counter()
    for _, places in said:
        named.update({row for _, row, _ in places})
    cells: set[Cell] = set()
    for _, places in said:
        most = max((named[row] for _, row, _ in places), default=0)
        cells |= {Cell(row, column) for _, row, column in places if named[row] == most}
    spans = [(match.start, match.end) for match, _ in said]
    for row in sorted({cell.row for cell in cells}):
        for column, text in enumerate(table.rows[row]):
            found = _short_value(sentence, text, spans) if Cell(row, column) not in cells else None
            if found is not None:
                spans.append(found)
                cells.add(Cell(row, column))
    return NamedCells(tuple(sorted(cells)), tuple(sorted(spans)))


def _short_value(sentence: str, text: str, taken: list[tuple[int, int]]) -> tuple[int, int] | None:
    """Where a sentence says a text of one or two digits or letters, beside what is taken."""
    if not _SHORT.fullmatch(text):
        return None
    word = rf"(?<![^\W_])(?<![\d][.,]){re.escape(text)}(?![^\W_])(?![.,]\d)"
    for match in re.finditer(word, sentence):
        if all(match.end() <= start or end <= match.start() for start, end in taken):
            return match.span()
    return None
