"""Where a page's prose says a value of its tables."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ValueMatch:
    """A value's form and where a page's prose says it: start and end in its text.

    ``year`` is that which the prose says with a day of the year; ``again`` where it says the last
    word alone of a name.
    """

    form: str
    start: int
    end: int
    year: int = 0
    again: bool = False


RowsNamed = dict[tuple[int, int], list[tuple[ValueMatch, int]]]
"""For a table's row, the values named and their columns."""


def without_overlaps(hits: Sequence[ValueMatch]) -> list[ValueMatch]:
    """Hits that do not overlap: the longest first, then the earliest."""
    chosen: list[ValueMatch] = []
    for hit in sorted(hits, key=lambda hit: (hit.start - hit.end, hit.start, -len(hit.form))):
        if all(hit.end <= other.start or other.end <= hit.start for other in chosen):
            chosen.append(hit)
    return sorted(chosen, key=lambda hit: hit.start)
