"""E2E as released (Novikova et al. 2017): slots of a restaurant, said in a sentence.

A CSV file with the columns ``mr`` (``name[Blue Spice], area[riverside]``) and ``ref``. The slots
become the columns of a table with one row, all of it evidence; lines of the same slots become one
question with several right answers. There is nothing to ask, so that all have the same question.
"""

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path

from gentap.documents.annotated.fields import Entries, each, field_text, read_text_file
from gentap.documents.annotated.table_to_text import WHOLE_ROW
from gentap.errors import InputError
from gentap.records import Cell, Example, Table

_SLOT = re.compile(r"\s*(\w[\w ]*)\[([^\[\]]*)\]\s*")


def read_e2e(path: Path) -> Entries:
    """Raises InputError where the file's columns are others."""
    reader = csv.reader(io.StringIO(read_text_file(path)))
    try:
        columns = next(reader, [])
        rows = [(reader.line_num, row) for row in reader if row]
    except csv.Error as error:
        raise InputError(f"{path}, line {reader.line_num}: not readable as CSV: {error}.") from None
    if columns[:2] != ["mr", "ref"]:
        raise InputError(
            f"{path}, line 1: not the columns mr, ref. A CSV file of questions has the layout of "
            "E2E; a table goes into a JSONL file of questions by its path."
        )
    grouped: dict[str, tuple[int, list[list[str]]]] = {}
    for number, row in rows:
        grouped.setdefault(row[0].strip(), (number, []))[1].append(row)
    return each(
        ((number, lines) for number, lines in grouped.values()),
        lambda lines, number: _example(lines, path, number),
    )


def _example(lines: Sequence[Sequence[str]], path: Path, number: int) -> Example:
    slots = parse_slots(lines[0][0])
    references = [field_text({"ref": "".join(line[1:2])}, "ref") for line in lines]
    answer, *alternatives = dict.fromkeys(references)
    table = Table(
        header=tuple(name for name, _ in slots), rows=(tuple(value for _, value in slots),)
    )
    return Example(
        id=f"{path.stem}-{number}",
        kind="long",
        origin="annotated",
        question=WHOLE_ROW,
        answer=answer,
        table=table,
        cells=tuple(Cell(0, column) for column in range(len(slots))),
        source=path.name,
        alternatives=tuple(alternatives),
    )


def parse_slots(text: str) -> list[tuple[str, str]]:
    """``name[Blue Spice], area[riverside]`` to its names and values.

    Raises ValueError where a slot is not written so.
    """
    slots = []
    place = 0
    while place < len(text):
        match = _SLOT.match(text, place)
        if match is None or (match.end() < len(text) and text[match.end()] != ","):
            raise ValueError(f"'mr' is no list of slots such as name[…], area[…]: {text!r}")
        slots.append((match[1].strip(), " ".join(match[2].split())))
        place = match.end() + 1
    if not slots:
        raise ValueError("'mr' is missing or empty")
    return slots
