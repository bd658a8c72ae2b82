"""Annotated question-answering sets: FeTaQA's JSONL as released, a plain JSONL, CSV tables.

The plain layout, one question a line::

    {"question": "…", "answer": "…", "kind": "long",
     "table": {"header": ["…"], "rows": [["…"]], "title": "…", "section": "…", "caption": "…"},
     "cells": [[0, 1]], "id": "…"}

``table`` may be the path of a CSV file instead, relative to the JSONL file. ``kind`` (``long`` for
a sentence, ``cell`` for one cell's value), ``cells`` (evidence, body rows from 0), ``id`` and the
table's title, section and caption may be left out.
"""

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gentap.documents.jsonl import json_object, table_from_json
from gentap.documents.read import Unread
from gentap.errors import InputError
from gentap.records import Cell, Example, Table, digest


def read_annotated(path: Path) -> tuple[list[Example], list[Unread]]:
    """All questions of a file, and the lines that were set aside with their reasons.

    Raises InputError where the file can't be read or holds not one question.
    """
    examples: list[Example] = []
    unread: list[Unread] = []
    seen: dict[str, int] = {}
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except FileNotFoundError:
        raise InputError(f"{path}: no such file.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not a readable UTF-8 text file: {error}.") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            example = _read_line(line, path, number)
            if example.id in seen:
                raise ValueError(f"the id {example.id!r} stands already in line {seen[example.id]}")
        except ValueError as error:
            unread.append(Unread(f"{path.name}:{number}", "bad question record", str(error)))
            continue
        seen[example.id] = number
        examples.append(example)
    if not examples:
        first = (
            f" The first line set aside is {unread[0].where}: {unread[0].detail}." if unread else ""
        )
        raise InputError(f"{path}: holds no question that can be read.{first}")
    return examples, unread


def _read_line(line: str, path: Path, number: int) -> Example:
    entry = {name: value for name, value in json_object(line).items() if value is not None}
    if "table_array" in entry:
        return _from_fetaqa(entry, path)
    return _from_plain(entry, path, number)


def _from_fetaqa(entry: dict[str, Any], path: Path) -> Example:
    array = entry["table_array"]
    if not isinstance(array, list) or len(array) < 2:
        raise ValueError("'table_array' has no rows below its header")
    table = table_from_json(
        array[0],
        array[1:],
        title=str(entry.get("table_page_title") or ""),
        section=str(entry.get("table_section_title") or ""),
    )
    return Example(
        id=str(entry.get("feta_id", digest(json.dumps(entry, sort_keys=True)))),
        kind="long",
        origin="annotated",
        question=_text(entry, "question"),
        answer=_text(entry, "answer"),
        table=table,
        cells=_cells(entry.get("highlighted_cell_ids") or [], table, above=1),
        source=str(entry.get("page_wikipedia_url") or path.name),
    )


def _from_plain(entry: dict[str, Any], path: Path, number: int) -> Example:
    content = entry.get("table")
    if isinstance(content, str):
        try:
            table = read_csv_table(path.parent / content)
        except InputError as error:
            raise ValueError(str(error)) from error
    elif isinstance(content, dict):
        names = ("title", "section", "caption")
        context = {name: str(content.get(name) or "") for name in names}
        table = table_from_json(content.get("header"), content.get("rows"), **context)
    else:
        raise ValueError("'table' is missing: give an object with header and rows, or a CSV's path")
    kind = entry.get("kind", "long")
    if kind not in ("long", "cell"):
        raise ValueError(f"'kind' is {kind!r}; it must be 'long' or 'cell'")
    return Example(
        id=str(entry.get("id", f"{path.stem}-{number}")),
        kind=kind,
        origin="annotated",
        question=_text(entry, "question"),
        answer=_text(entry, "answer"),
        table=table,
        cells=_cells(entry.get("cells") or [], table),
        source=str(entry.get("source") or path.name),
    )


def _text(entry: dict[str, Any], name: str) -> str:
    value = entry.get(name)
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{name!r} is missing or empty")
    return " ".join(value.split())


def _cells(pairs: Any, table: Table, above: int = 0) -> tuple[Cell, ...]:
    """The body cells among ``[row, column]`` pairs, whose rows count ``above`` header rows too."""
    try:
        cells = {Cell(int(row) - above, int(column)) for row, column in pairs}
    except (TypeError, ValueError, OverflowError):
        raise ValueError("the evidence cells are no list of [row, column] pairs") from None
    inside = (len(table.rows), len(table.header))
    return tuple(
        cell for cell in sorted(cells) if 0 <= cell.row < inside[0] and 0 <= cell.column < inside[1]
    )


def read_csv_table(path: Path) -> Table:
    """A CSV or TSV file with a header line; its name becomes the table's title.

    Raises InputError with file and line where rows are ragged or there are none.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError(f"{path}: no such file.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not a readable UTF-8 text file: {error}.") from error
    delimiter = "\t" if path.suffix == ".tsv" else _delimiter(text)
    try:
        numbered = list(_numbered_rows(text, delimiter))
    except csv.Error as error:
        raise InputError(f"{path}: not a readable CSV file: {error}.") from error
    if len(numbered) < 2:
        raise InputError(f"{path}: needs a header line and at least one row below it.")
    header = numbered[0][1]
    if len(header) < 2:
        raise InputError(
            f"{path}, line {numbered[0][0]}: the header has one column only. Part the columns with "
            "commas, semicolons or tabs."
        )
    for line, row in numbered[1:]:
        if len(row) != len(header):
            raise InputError(
                f"{path}, line {line}: {len(row)} cells where the header has {len(header)}. Give "
                "every row as many cells as the header (put a text with commas in double quotes)."
            )
    rows = tuple(tuple(row) for _, row in numbered[1:])
    return Table(title=path.stem.replace("_", " "), header=tuple(header), rows=rows)


def _numbered_rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    for row in reader:
        if any(cell.strip() for cell in row):
            yield reader.line_num, [" ".join(cell.split()) for cell in row]


def _delimiter(text: str) -> str:
    """The separator that the header line has most of; a comma where it has none."""
    header = re.sub(r'"[^"]*"', "", text.lstrip().partition("\n")[0])
    return max(",;\t|", key=lambda mark: (header.count(mark), mark == ","))
