"""Which cells of a document's tables a sentence names."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import ahocorasick

from gentap.records import NamedCell, Table
from gentap.tables.values import is_placeholder, match_form, normal_form

_SPACES_ONLY_NUMBER = re.compile(r"[\d.,:/\-+%$€£ ]+")
_WEAK_WORDS = frozenset(
    "the and for home away host hosts final finals semifinal won win wins lost loss losses draw"
    " yes no not total other others none single singles double doubles album film films actor"
    " actress director producer himself herself various unknown nominated winner winners result"
    " main lead guest first second third fourth last new old north south east west male female men"
    " women active retired present red blue green white black gold silver bronze left right and"
    " released release year years date name title role team club city state country party"
    " award".split()
)


@dataclass(frozen=True, slots=True)
class Match:
    """The table (by its place in the document), its best row, and all cells named of it."""

    table: int
    row: int
    cells: tuple[NamedCell, ...]


def informative_forms(table: Table, max_column_share: float) -> dict[str, list[tuple[int, int]]]:
    """Normal forms of the cells that tell their row apart, with their places.

    Left out: placeholders, single characters, bare numbers of less than three digits, the page's
    own title, and values that fill more than ``max_column_share`` of their column.
    """
    title = normal_form(table.title)
    places: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for column in range(len(table.header)):
        forms = [normal_form(row[column]) for row in table.rows]
        counts = Counter(forms)
        limit = max(1.0, max_column_share * len(forms))
        for row, form in enumerate(forms):
            if counts[form] <= limit and form != title and _tells(form):
                places[form].append((row, column))
    return dict(places)


def _tells(form: str) -> bool:
    if len(form) < 2 or is_placeholder(form) or not any(letter.isalnum() for letter in form):
        return False
    if is_numeric(form):
        return sum(letter.isdigit() for letter in form) >= 3
    return form not in _WEAK_WORDS


def is_numeric(form: str) -> bool:
    """Whether a value has digits and number signs only."""
    return bool(_SPACES_ONLY_NUMBER.fullmatch(form))


class CellMatcher:
    """Finds the cells of a document's tables in its sentences, all values in one pass."""

    def __init__(self, tables: Sequence[Table], max_column_share: float) -> None:
        self._automaton = ahocorasick.Automaton()
        places: dict[str, list[tuple[int, int, int]]] = defaultdict(list)
        for index, table in enumerate(tables):
            for form, cells in informative_forms(table, max_column_share).items():
                places[form].extend((index, row, column) for row, column in cells)
        for form, cells_of_form in places.items():
            self._automaton.add_word(form, (form, cells_of_form))
        self._empty = not places
        if places:
            self._automaton.make_automaton()

    def best(self, sentence: str) -> Match | None:
        """The table and row of which the sentence names most, or None.

        The rule: a row needs two cells in different columns at different spans, not all of them
        numbers. Among such rows the one with most spans wins, then most characters, then the
        earlier table, then the earlier row.
        """
        if self._empty:
            return None
        spans = self._spans(sentence)
        if len(spans) < 2:
            return None
        rows: dict[tuple[int, int], list[NamedCell]] = defaultdict(list)
        for (start, end), (_, places) in spans.items():
            for table, row, column in places:
                rows[table, row].append(NamedCell(row, column, start, end))
        forms = {span: form for span, (form, _) in spans.items()}
        best = min(
            (
                (-len(named), -sum(end - start for start, end in named), table, row)
                for (table, row), cells in rows.items()
                if (named := _named_spans(cells, forms))
            ),
            default=None,
        )
        if best is None:
            return None
        cells = [cell for (table, _), named in rows.items() if table == best[2] for cell in named]
        return Match(best[2], best[3], tuple(sorted(cells)))

    def _spans(
        self, sentence: str
    ) -> Mapping[tuple[int, int], tuple[str, Sequence[tuple[int, int, int]]]]:
        """Values at word boundaries by their span; of overlapping ones the longest, then first."""
        form, origins = match_form(sentence)
        found = [
            (end - len(value) + 1, end + 1, value, places)
            for end, (value, places) in self._automaton.iter(form)
            if _stands_alone(form, end - len(value) + 1, end + 1)
            and _is_whole(origins, end - len(value) + 1, end + 1)
        ]
        found.sort(key=lambda hit: (hit[0] - hit[1], hit[0]))
        taken = bytearray(len(form))
        spans = {}
        for start, end, value, places in found:
            if any(taken[start:end]):
                continue
            taken[start:end] = b"\1" * (end - start)
            span = (start, end) if origins is None else (origins[start], origins[end - 1] + 1)
            if not _is_common_word(sentence[slice(*span)]):
                spans[span] = (value, places)
        return dict(sorted(spans.items()))


def _named_spans(
    cells: Iterable[NamedCell], forms: Mapping[tuple[int, int], str]
) -> set[tuple[int, int]] | None:
    """The spans of a row's cells, where they hold two values of two columns, one not a number.

    Columns and values as the two sides of a graph: where each side has two members and no member is
    alone, two of its edges share no end.
    """
    spans = {(cell.start, cell.end) for cell in cells}
    values = {forms[span] for span in spans}
    columns = {cell.column for cell in cells}
    if len(values) < 2 or len(columns) < 2 or all(map(is_numeric, values)):
        return None
    return spans


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Whether ``text[start:end]`` is bounded by no letter or digit, nor cut out of a number."""
    if start and text[start].isalnum() and text[start - 1].isalnum():
        return False
    if end < len(text) and text[end - 1].isalnum() and text[end].isalnum():
        return False
    if (
        start > 1
        and text[start].isdigit()
        and text[start - 1] in ".,"
        and text[start - 2].isdigit()
    ):
        return False
    return not (
        end + 1 < len(text)
        and text[end - 1].isdigit()
        and text[end] in ".,"
        and text[end + 1].isdigit()
    )


def _is_whole(origins: Sequence[int] | None, start: int, end: int) -> bool:
    """Whether no character that became several, such as ``½``, is cut at either end."""
    if origins is None:
        return True
    return (start == 0 or origins[start - 1] != origins[start]) and (
        end == len(origins) or origins[end - 1] != origins[end]
    )


def _is_common_word(text: str) -> bool:
    """A short lower-case word: it stands in many sentences that speak of something else."""
    return len(text) <= 5 and text.isalpha() and text.islower()
