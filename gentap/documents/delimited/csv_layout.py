"""Which of a file's records are its header, its rows, and what people write around them.

Titles stand above the header (in one cell, or with fewer cells than the table), remarks begin with
``#``, the columns of a header of two levels lie under the cells of its first, exports end each line
with a delimiter or in columns without a name or a cell, and notes stand below the rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from gentap.documents.delimited.csv_records import NUMBER, CsvRecord, usual_width
from gentap.runs.counting import counted

_LONGEST_TITLE = 20
"""Records that may stand above a header."""


@dataclass(slots=True)
class TableLayout:
    """A header, its body records, and what stood around them; lines count from 1.

    ``nameless`` says which columns the file's header has no cell for.
    """

    header: tuple[str, ...]
    rows: list[CsvRecord]
    header_lines: list[int]
    title: str = ""
    dropped: list[CsvRecord] = field(default_factory=list)
    empty_columns: int = 0
    nameless: str = ""


def find_layout(records: Sequence[CsvRecord]) -> TableLayout | None:
    """The table among records, blank ones included; None where there is no row below a header.

    The rows may be ragged still: each has the cells that its record has, but for empty ones at the
    end of those that are longer than the header.
    """
    kept = [record for record in records if record.filled]
    if not kept:
        return None
    dropped = [record for record in kept if _is_remark(record, kept)]
    kept = [record for record in kept if record not in dropped] if dropped else kept
    if not kept:
        return None
    width = _width(kept)
    blank = {record.line for record in records if not record.filled}
    first = _first_of_header(kept, width, blank)
    above, kept = kept[:first], kept[first:]
    width = max(width, kept[0].used)
    kept, notes = _without_notes(kept, width, blank)
    levels = _header_levels(kept, width)
    header = _joined_header([_filled_up(record.cells, width) for record in kept[:levels]])
    header_lines = [record.line for record in kept[:levels]]
    rows = kept[levels:]
    if rows and not header[0] and rows[0].used == 1 and len(rows) > 1 and rows[1].filled > 1:
        header, rows = (rows[0].cells[0], *header[1:]), rows[1:]  # an index's name, as pandas does
    repeated = [record for record in rows if record.cells == kept[0].cells]
    if repeated:
        dropped += repeated
        rows = [record for record in rows if record.cells != kept[0].cells]
    used = max([len(_trimmed(header)), *(record.used for record in rows)])
    wide = max([width, *(len(record.cells) for record in rows)])
    nameless = _nameless(kept[0].cells, rows, used) if levels == 1 else ""
    if nameless == _FIRST:
        header = ("", *kept[0].cells)
    title = " ".join(cell for record in above for cell in record.cells if cell)
    rows = [
        CsvRecord(record.line, record.cells[:used], record.enclosed, record.stray)
        for record in rows
    ]
    return TableLayout(
        header[:used],
        rows,
        header_lines,
        title,
        sorted([*dropped, *notes], key=_line),
        wide - used,
        nameless,
    )


_FIRST = "the first column"


def _nameless(header: Sequence[str], rows: Sequence[CsvRecord], used: int) -> str:
    """Which columns the header has no cell for: one is that of R's row names, the first."""
    missing = used - len(header)
    if missing == 1 and all(header) and all(len(row.cells) == used for row in rows):
        return _FIRST
    return f"the last {counted(missing, 'column')}" if missing > 0 else ""


def _line(record: CsvRecord) -> int:
    return record.line


def _trimmed(cells: Sequence[str]) -> Sequence[str]:
    used = max((place for place, cell in enumerate(cells, start=1) if cell), default=0)
    return cells[:used]


def _filled_up(cells: Sequence[str], width: int) -> tuple[str, ...]:
    return (*cells[:width], *[""] * (width - len(cells)))


def _is_remark(record: CsvRecord, all_: Sequence[CsvRecord]) -> bool:
    """``# exported 2024-01-02``: no row, unless all rows of its width begin so."""
    text = record.cells[0]
    if not text.startswith(("#", "//")) or len(text) < 2 or record.enclosed:
        return False
    if text.startswith("#") and text[1:2].isdigit() and record.filled > 1:
        return False  # a rank, such as #1
    return record.filled == 1 or len(record.cells) < usual_width(all_)


def _width(records: Sequence[CsvRecord]) -> int:
    """Columns of the table: what most records have, less those that are empty in all of them."""
    width = usual_width(records)
    return width if width > 1 else max(len(record.cells) for record in records)


def _first_of_header(records: Sequence[CsvRecord], width: int, blank: set[int]) -> int:
    """Where the header begins: past titles, which have fewer cells than what follows.

    Above a blank line these may be several; without one a title is one cell alone.
    """
    top = records[: _LONGEST_TITLE + 1]
    used = max(record.used for record in records if len(record.cells) <= width)
    first = 0
    for place, (record, following) in enumerate(pairwise(top), start=1):
        if record.used >= used:
            break
        if any(line in blank for line in range(record.line, following.line)):
            first = place
    while first + 1 < len(top):
        record = records[first]
        alone = record.filled == 1 and (len(record.cells) == 1 or bool(record.cells[0]))
        if not alone or (records[first + 1].filled < 2 and first + 2 == len(records)):
            break
        first += 1
    while first and not _may_head(records[first]):
        first -= 1
    return first


def _may_head(record: CsvRecord) -> bool:
    filled = [cell for cell in record.cells if cell]
    return (
        len(filled) > 1
        and not all(NUMBER.fullmatch(cell) for cell in filled)
        and NUMBER.fullmatch(record.cells[0]) is None  # 2004,Dawn is a row
        and not (
            sum(NUMBER.fullmatch(cell) is not None for cell in filled) * 2 > len(filled)
            and bool(record.cells[0])
            and not _are_years(filled)
        )
    )


def _are_years(cells: Sequence[str]) -> bool:
    numbers = [cell for cell in cells if NUMBER.fullmatch(cell)]
    return all(
        len(cell) == 4 and cell.isdigit() and cell[:2] in ("18", "19", "20") for cell in numbers
    )


def _without_notes(
    records: list[CsvRecord], width: int, blank: set[int]
) -> tuple[list[CsvRecord], list[CsvRecord]]:
    """The records without notes at the end: one cell alone, short of a row, or a sentence."""
    end = len(records)
    while end > 2 and _is_note(records[end - 1], records[end - 2], width, blank):
        end -= 1
    return records[:end], records[end:]


def _is_note(record: CsvRecord, before: CsvRecord, width: int, blank: set[int]) -> bool:
    parted = any(line in blank for line in range(before.line, record.line))
    text = record.cells[0]
    if record.filled > 1:  # a sentence that holds a delimiter
        return parted and len(record.cells) < width and len(text.split()) > 1
    if not any(map(str.isalpha, text)) and not text.startswith("*"):
        return False
    if len(record.cells) < width and (len(record.cells) == 1 or parted):
        return True
    return (
        parted
        or text.startswith(("*", "†", "("))
        or text.partition(":")[0].casefold() in _NOTES
        or (len(text.split()) > 4 and text[-1] in ".!)")
    )


_NOTES = frozenset("source sources note notes quelle quellen fuente nota footnote remark".split())


def _header_levels(records: Sequence[CsvRecord], width: int) -> int:
    """How many records name what lies under the first one's cells, and it itself: 1, 2 or 3."""
    if len(records) < 3 or width < 3:
        return 1
    if _has_three_levels(records, width):
        return 3
    above = _filled_up(records[0].cells, width)
    below = _filled_up(records[1].cells, width)
    body = _filled_up(records[2].cells, width)
    if any(not one and not other for one, other in zip(above[1:], below[1:], strict=True)):
        return 1
    filled = [cell for cell in above if cell]
    grouped = len(filled) < width - (not above[0]) or len(set(filled)) < len(filled)
    if not grouped or not body[0]:
        return 1
    joined = _joined_header([above, below])
    if len(set(joined)) < len(joined):
        return 1
    if not below[0]:
        return 2
    texts = not any(NUMBER.fullmatch(cell) for cell in below if cell)
    numbers = [place for place, cell in enumerate(body) if NUMBER.fullmatch(cell)]
    return (
        2 if texts and numbers and all(below[place] for place in numbers if not above[place]) else 1
    )


def _has_three_levels(records: Sequence[CsvRecord], width: int) -> bool:
    """Whether two records without a first cell stand between a first of groups and the rows."""
    if len(records) < 4:
        return False
    above, between, below, body = (_filled_up(record.cells, width) for record in records[:4])
    if between[0] or below[0] or not body[0] or not all(below[1:]):
        return False
    grouped = sum(map(bool, above[1:])) <= sum(map(bool, between)) < width - 1
    joined = _joined_header([above, between, below])
    return grouped and bool(any(above[1:])) and len(set(joined)) == len(joined)


def _joined_header(levels: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Each column's name, those of its groups before it; a group ends where one above it does."""
    if len(levels) == 1:
        return tuple(levels[0])
    names, groups = [], [""] * (len(levels) - 1)
    for *above, below in zip(*levels, strict=True):
        for place, text in enumerate(above):
            if text:
                groups[place:] = [text, *[""] * (len(groups) - place - 1)]
        if not below and not any(above):
            groups = [""] * len(groups)
        names.append(" ".join(dict.fromkeys(text for text in (*groups, below) if text)))
    return tuple(names)
