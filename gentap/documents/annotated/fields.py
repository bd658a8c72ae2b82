"""What the readers of annotated sets share: lines of a text file, texts and cells of an entry."""

import io
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from gentap.documents.compressed import DAMAGE, open_packed
from gentap.documents.json_text import json_text
from gentap.errors import InputError
from gentap.records import HEADER_ROW, Cell, Example, Table

Entries = Iterator[tuple[int, Example | ValueError]]
"""Numbers of lines (from 1), each with its question or the reason why there is none."""

Line = TypeVar("Line")


def each(lines: Iterable[tuple[int, Line]], read: Callable[[Line, int], Example]) -> Entries:
    """Read numbered lines; one that raises ValueError does not end it."""
    for number, line in lines:
        try:
            yield number, read(line, number)
        except ValueError as error:
            yield number, error


def read_text_file(path: Path) -> str:
    """A UTF-8 text file, packed or not; raises InputError where there is none."""
    try:
        with open_packed(path) as stream:
            return io.TextIOWrapper(stream, encoding="utf-8-sig").read()
    except FileNotFoundError:
        raise InputError(f"{path}: no such file.") from None
    except (*DAMAGE, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not a readable UTF-8 text file: {error}.") from error


def field_text(entry: dict[str, Any], name: str) -> str:
    """A field's text, a number's too; raises ValueError where there is none."""
    value = entry.get(name)
    if isinstance(value, list):
        raise ValueError(f"{name!r} is a list; it must be a text")
    try:
        text = json_text(value)
    except ValueError as error:
        raise ValueError(f"{name!r}: {error}") from None
    if not text:
        raise ValueError(f"{name!r} is missing or empty")
    return text


def cells_of(pairs: Any, table: Table, above: int = 0) -> tuple[Cell, ...]:
    """The table's cells among ``[row, column]`` pairs, whose rows count ``above`` header rows too.

    Without such rows the pairs name body cells, or in the row HEADER_ROW cells of the header.
    """
    try:
        cells = {Cell(int(row) - above, int(column)) for row, column in pairs}
    except (TypeError, ValueError, OverflowError):
        raise ValueError("the evidence cells are no list of [row, column] pairs") from None
    inside = (len(table.rows), len(table.header))
    return tuple(
        cell
        for cell in sorted(cells)
        if HEADER_ROW <= cell.row < inside[0] and 0 <= cell.column < inside[1]
    )
