"""Which rows a sentence tells besides the one that it is about."""

from collections.abc import Sequence

from gentap.mining.row_selection import RowMatch
from gentap.mining.specificity import title_forms
from gentap.records import Table
from gentap.text.normal_form import normal_form


def further_rows(
    matches: Sequence[RowMatch], sentence: str, table: Table, least: float
) -> tuple[int, ...]:
    """The rows of the likeliest row's table that a sentence tells besides it, in order.

    ``matches`` are the rows of which it names two values, the likeliest first; ``table`` is that of
    the first of them; ``least`` is how likely a row must be. A row is told where the sentence names
    a value of it that is not the page's title, and that no row told before explains, and where

    - it is as likely as that, and likelier than all others of the same new values; or
    - the sentence says the row's own name, beside that of the likeliest row.
    """
    first, *others = matches
    values: dict[int, set[str]] = {}
    for cell in first.cells:
        values.setdefault(cell.row, set()).add(normal_form(sentence[cell.start : cell.end]))
    if len(values) == 1:
        return ()
    known = {*values[first.row], *title_forms(table.title)}
    likely = [one for one in others if one.table == first.table and one.probability >= least]
    told: list[int] = []
    for match in likely:
        new = values[match.row] - known
        rivals = (
            one for one in likely if one is not match and one.probability == match.probability
        )
        if new and all(values[rival.row] - known != new for rival in rivals):
            told.append(match.row)
            known |= new
    if first.row in first.named:
        told += [row for row in first.named.difference(told) if values[row] - known]
    return tuple(sorted(told))
