"""Tables of Markdown in files called CSV: cells between pipes, a ruled line below the header.

GitHub Flavored Markdown, section 4.10 (tables): https://github.github.com/gfm/#tables-extension-
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from gentap.documents.delimited.csv_records import CsvRecord

_RULED = re.compile(r":?-+:?")
_LEAST_DASHES = "---"
"""A line of single dashes may be a row that says nothing."""


def take_ruled_line(records: Sequence[CsvRecord]) -> tuple[list[CsvRecord], CsvRecord | None]:
    """Records whose cells pipes part, less the ruled line and the pipes around each line.

    The second is the ruled line; None where there is none, and the records are what they were.
    """
    for place in range(1, len(records)):
        record, header = records[place], records[place - 1]
        if len(record.cells) == len(header.cells) and _is_ruled(record.cells):
            break
    else:
        return list(records), None
    enclosed = all(not one.cells[0] for one in records[place - 1 :] if one.filled)
    kept = [
        replace(one, cells=_with_own_pipes(one.cells)[enclosed and len(one.cells) > 1 :])
        for one in (*records[:place], *records[place + 1 :])
    ]
    return kept, record


def _is_ruled(cells: Sequence[str]) -> bool:
    filled = [cell for cell in cells if cell]
    return (
        len(filled) > 1
        and all(_RULED.fullmatch(cell) for cell in filled)
        and any(_LEAST_DASHES in cell for cell in filled)
    )


def _with_own_pipes(cells: Sequence[str]) -> tuple[str, ...]:
    r"""Cells joined again where a pipe is the text's own: ``\|``."""
    joined: list[str] = []
    for cell in cells:
        if joined and joined[-1].endswith("\\"):
            joined[-1] = f"{joined[-1][:-1]}|{cell}"
        else:
            joined.append(cell)
    return tuple(joined)
