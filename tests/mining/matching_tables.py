"""Tables and sentences for tests of matching."""

from collections.abc import Sequence

from gentap.mining.matching import PageMatcher, RowCandidates
from gentap.mining.row_selection import RowMatch
from gentap.mining.surface_forms import FormNormalizer, Rules
from gentap.records import Table
from gentap.text.sentences import tidy

LIKELY = 0.5
FORMER = FormNormalizer(Rules())


def table(*rows: Sequence[str], header: Sequence[str] = (), title: str = "") -> Table:
    names = tuple(header) or tuple(f"Column {place}" for place in range(len(rows[0])))
    return Table(title=title, header=names, rows=tuple(map(tuple, rows)))


def candidates(
    paragraphs: Sequence[str], *tables: Table, rules: Rules | None = None
) -> list[RowCandidates]:
    former = FormNormalizer(rules or Rules())
    matcher = PageMatcher(tables, former)
    return list(matcher.candidates([tidy(paragraph) for paragraph in paragraphs]))


def best(sentence: str, *tables: Table, rules: Rules | None = None) -> RowMatch | None:
    """The match of a single sentence, however unlikely."""
    found = candidates([sentence], *tables, rules=rules)
    assert len(found) <= 1
    return found[0].match if found else None


def named(match: RowMatch | None, sentence: str) -> list[tuple[int, int, str]]:
    """Row, column and text of every cell of a match."""
    assert match is not None
    return [(cell.row, cell.column, sentence[cell.start : cell.end]) for cell in match.cells]
