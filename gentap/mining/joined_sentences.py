"""Neighbours of a paragraph that tell rows of one table, joined into one answer."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from gentap.records import Mined, NamedCell, digest


@dataclass(frozen=True, slots=True)
class FoundSentence:
    """A mined sentence, its table's place in the page and identity, and its own place.

    ``paragraph`` and ``place`` count from 0; the place is that among its paragraph's sentences.
    """

    mined: Mined
    table: int
    identity: str
    paragraph: int
    place: int


def join_neighbours(
    found: Iterable[FoundSentence], may_be: Callable[[str], bool]
) -> Iterator[FoundSentence]:
    """Two sentences in a row become one where the second tells a row that the first does not.

    Both must tell rows of one table, and ``may_be`` say that their joined text may be an answer.
    Others are left as they are. No sentence is joined twice.
    """
    before: FoundSentence | None = None
    for one in found:
        if before is not None and _belong_together(before, one):
            joined = _joined(before, one)
            if may_be(joined.mined.sentence):
                yield joined
                before = None
                continue
        if before is not None:
            yield before
        before = one
    if before is not None:
        yield before


def _belong_together(first: FoundSentence, second: FoundSentence) -> bool:
    return (
        second.table == first.table
        and second.paragraph == first.paragraph
        and second.place == first.place + 1
        and not set(second.mined.rows_told) <= set(first.mined.rows_told)
    )


def _joined(first: FoundSentence, second: FoundSentence) -> FoundSentence:
    """Both as one, which is about the first one's row and as likely as both together."""
    one, other = first.mined, second.mined
    shift = len(one.sentence) + 1
    later = (NamedCell(c.row, c.column, c.start + shift, c.end + shift) for c in other.cells)
    sentence = f"{one.sentence} {other.sentence}"
    mined = replace(
        one,
        id=digest(first.identity, sentence),
        sentence=sentence,
        cells=tuple(sorted((*one.cells, *later))),
        further=tuple(sorted({*one.further, *other.rows_told} - {one.row})),
        probability=round(one.probability * other.probability, 6),
    )
    return replace(first, mined=mined)
