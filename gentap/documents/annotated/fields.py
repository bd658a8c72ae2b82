"""What the readers of annotated sets share: lines of a text file, texts and cells of an entry."""

import io
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from gentap.documents.archives.compressed import DAMAGE, MAX_EMPTY_LINES, open_packed
from gentap.documents.input_files import no_file, require_file
from gentap.documents.json_text import json_text
from gentap.documents.jsonl import MAX_LINE_BYTES
from gentap.errors import InputError
from gentap.records import HEADER_ROW, Cell, Example, Table
from gentap.runs.net import net


class InternalError(ValueError):
    """What the net caught while a line was read."""


Entries = Iterator[tuple[int, Example | ValueError]]
"""Numbers of lines (from 1), each with its question or the reason why there is none."""

Line = TypeVar("Line")
MAX_TABLE_BYTES = 32 * 2**20
MAX_TEXT = 2**28
"""Characters of a file that is not read line by line."""
_TOO_EMPTY = f"over {MAX_EMPTY_LINES:,} empty lines, one after the other"


def each(lines: Iterable[tuple[int, Line]], read: Callable[[Line, int], Example]) -> Entries:
    """Read numbered lines; one that can't be read, whatever goes wrong with it, does not end it."""
    for number, line in lines:
        found: list[Example | ValueError] = []
        with net("", lambda *entry, found=found: found.append(InternalError(entry[-1]))):
            try:
                found.append(read(line, number))
            except ValueError as error:
                found.append(error)
        yield number, found[0]


@contextmanager
def open_text(path: Path) -> Iterator[io.TextIOWrapper]:
    """A UTF-8 text file to read from, packed or not; raises InputError where there is none."""
    require_file(path)
    try:
        with open_packed(path) as stream:
            yield io.TextIOWrapper(stream, encoding="utf-8-sig")
    except (*DAMAGE, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not a readable UTF-8 text file: {error}.") from error


def read_text_file(path: Path) -> str:
    """The text of a UTF-8 file, packed or not.

    Raises InputError where there is none, or one that unpacks to too much or to empty lines.
    """
    with open_text(path) as stream:
        text = stream.read(MAX_TEXT + 1)
    if len(text) > MAX_TEXT:
        raise InputError(f"{path}: over {MAX_TEXT:,} characters. Give it in several files.")
    if "\n" * (MAX_EMPTY_LINES + 1) in text:
        raise InputError(f"{path}: {_TOO_EMPTY}. Give a file without them.")
    return text


def text_lines(path: Path) -> Iterator[tuple[int, str | None]]:
    """Lines of a UTF-8 file with their numbers, empty ones left out; None for one that is too long.

    Memory holds one of them. Raises InputError as :func:`read_text_file` does, but for the length.
    """
    number = empty = 0
    with open_text(path) as stream:
        while line := stream.readline(MAX_LINE_BYTES + 1):
            number += 1
            too_long = len(line) > MAX_LINE_BYTES
            while too_long and line and not line.endswith("\n"):
                line = stream.readline(MAX_LINE_BYTES)
            empty = 0 if too_long or line.strip() else empty + 1
            if empty > MAX_EMPTY_LINES:
                raise InputError(f"{path}, line {number}: {_TOO_EMPTY}. Give a file without them.")
            if not empty:
                yield number, None if too_long else line


def table_file(folder: Path, name: str) -> Path:
    """A table's file that a question names, below ``folder``.

    Raises ValueError for one that lies elsewhere, is no file, or is too large: whoever wrote the
    questions need not be whoever reads them.
    """
    try:
        path = folder / name
        if not path.resolve().is_relative_to(folder.resolve()):
            raise ValueError(
                f"the table {name} lies outside of {folder}, the questions' folder: "
                "put it there or below"
            )
        if kind := no_file(path):
            what = "no such file" if kind == "not there" else f"it is {kind}, no file"
            raise ValueError(f"{path}: {what}")
        if path.stat().st_size > MAX_TABLE_BYTES:
            raise ValueError(f"the table {name} has over {MAX_TABLE_BYTES:,} bytes")
    except (OSError, RuntimeError) as error:  # a name that no file can have, a loop of links
        raise ValueError(f"the table {name} can't be read: {error}") from None
    return path


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

    Raises ValueError where they are no such pairs.
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
