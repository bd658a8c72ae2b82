"""Sentences that somebody has linked to the cells of a table, as records like mined ones.

Rows of Parquet or lines of JSONL, whose columns are named by a map::

    {"sentence": "Ann Lee made Dusk in 2005.", "title": "Films", "header": ["Year", "Film"],
     "rows": [["2005", "Dusk"]], "cells": [[0, 0], [0, 1]]}

``cells`` are ``[row, column]`` pairs or structs of ``row`` and ``column``, body rows from 0, with
``start`` and ``end`` where it is known where the sentence names them; else they are looked for.
``id``, ``url``, ``title``, ``section`` and ``caption`` may be left out. A table may stand in a file
of its own instead, where the sentence gives its name. ``.json`` files are TabFact's links and
Logic2Text as released (:mod:`gentap.documents.released_links`). All but Parquet may be packed.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from gentap.documents.annotated.fields import field_text, read_text_file
from gentap.documents.input_files import packed
from gentap.documents.json_text import json_text
from gentap.documents.jsonl import json_object, table_from_json
from gentap.documents.rejected import RejectedRecord, guarded
from gentap.documents.released_links import OF_COLUMNS, released_sentences
from gentap.errors import InputError
from gentap.records import Mined, NamedCell, Table, digest, table_digest
from gentap.runs.files.parquet_parts import read_rows
from gentap.settings.question_sections import LinkedFields, LinkedSettings
from gentap.text.normal_form import normal_form
from gentap.text.sentences import opens_with_pronoun
from gentap.text.word_overlap import find_value

_RELEASED = packed(".json")
LINKED_SUFFIXES = (".parquet", *packed(".jsonl"), *_RELEASED)
BAD = "bad linked sentence"
UNNAMED = "names none of its cells"
_BEFORE, _AFTER = re.compile(r"\d[.,]$"), re.compile(r"[.,]\d")


def read_linked(path: Path, settings: LinkedSettings) -> Iterator[Mined | RejectedRecord]:
    """The linked sentences of a file, and what is set aside.

    Raises InputError where a file can't be read.
    """
    fields = settings.fields
    for number, entry in _entries(path, settings):
        where = f"{path.name}:{number}"
        yield from guarded(_read(entry, fields, settings.tables, where), where)


def _entries(path: Path, settings: LinkedSettings) -> Iterator[tuple[int, Any]]:
    name = path.name.lower()
    if name.endswith(".parquet"):
        yield from enumerate(read_rows([path]), start=1)
    elif name.endswith(_RELEASED):
        yield from enumerate(released_sentences(path, settings.fields), start=1)
    else:
        for number, line in enumerate(read_text_file(path).split("\n"), start=1):
            if line.strip():
                yield number, line


def _read(
    entry: Any, fields: LinkedFields, tables: str, where: str
) -> Iterator[Mined | RejectedRecord]:
    try:
        content = json_object(entry) if isinstance(entry, str) else entry
        url, table = _table(content, fields, tables)
        sentence = field_text(content, fields.sentence)
        links = content.get(fields.cells)
        if links is None and OF_COLUMNS in content:
            links = _of_columns(content[OF_COLUMNS], table)
        cells = _named(links, sentence, table)
    except ValueError as error:
        yield RejectedRecord(where, BAD, str(error))
        return
    if not cells:
        yield RejectedRecord(where, UNNAMED, sentence)
        return
    row, *_ = sorted(counts := Counter(cell.row for cell in cells), key=lambda r: (-counts[r], r))
    url = json_text(content.get(fields.url)) or url or where.rpartition(":")[0]
    yield Mined(
        id=json_text(content.get(fields.id)) or digest(url, table_digest(table), sentence),
        sentence=sentence,
        url=url,
        table=table,
        row=row,
        cells=cells,
        further=tuple(sorted(counts.keys() - {row})),
        pronoun=opens_with_pronoun(sentence),
    )


def _table(entry: Mapping[str, Any], fields: LinkedFields, tables: str) -> tuple[str, Table]:
    """A sentence's table and its page's address, where that is known."""
    texts = {
        name: json_text(entry.get(getattr(fields, name)))
        for name in ("title", "section", "caption")
    }
    if entry.get(fields.header) is not None:
        return "", table_from_json(entry[fields.header], entry.get(fields.rows), **texts)
    name = field_text(dict(entry), fields.table)
    if not tables:
        raise ValueError(f"the table {name} is named, but no file of tables (linked.tables)")
    if name not in (listed := _listed(Path(tables), fields)):
        raise ValueError(f"the table {name} is not in {tables}")
    content = listed[name]
    texts = {
        key: text or json_text(content.get(getattr(fields, key))) for key, text in texts.items()
    }
    table = table_from_json(content.get(fields.header), content.get(fields.rows), **texts)
    return json_text(content.get(fields.url)), table


@lru_cache(maxsize=1)
def _listed(path: Path, fields: LinkedFields) -> Mapping[str, dict[str, Any]]:
    """The tables of a JSONL file by their names."""
    try:
        lines = [json_object(line) for line in read_text_file(path).split("\n") if line.strip()]
        return {field_text(line, fields.table): line for line in lines}
    except ValueError as error:
        raise InputError(f"{path}: not tables of JSONL, one a line: {error}.") from error


def _named(links: Any, sentence: str, table: Table) -> tuple[NamedCell, ...]:
    """The body cells among links that the sentence names, each with where.

    Raises ValueError where a link is no place of the table.
    """
    if isinstance(links, str) or not isinstance(links or (), Sequence):
        raise ValueError("the cells are no list")
    found = set()
    for link in links or ():
        row, column, span = _link(link)
        if row < 0:
            continue  # the header's
        if row >= len(table.rows) or not 0 <= column < len(table.header):
            raise ValueError(f"the table has no cell in row {row}, column {column}")
        span = span or _find(sentence, table.rows[row][column])
        if span and not 0 <= span[0] < span[1] <= len(sentence):
            raise ValueError(f"the sentence has no characters {span[0]} to {span[1]}")
        if span:
            found.add(NamedCell(row, column, *span))
    return tuple(sorted(found))


def _find(sentence: str, value: str) -> tuple[int, int] | None:
    """Where a sentence names a value that is no part of a number there: ``4`` in ``3.4``."""
    span = find_value(sentence, value)
    if span is None or _BEFORE.search(sentence[: span[0]]) or _AFTER.match(sentence[span[1] :]):
        return None
    return span


def _of_columns(columns: Sequence[int], table: Table) -> list[tuple[int, int]]:
    """The cells of some columns whose values stand in one row alone."""
    cells = []
    for column in columns:
        if not isinstance(column, int) or not 0 <= column < len(table.header):
            raise ValueError(f"the table has no column {column}")
        forms = [normal_form(row[column]) for row in table.rows]
        counts = Counter(forms)
        cells += [(row, column) for row, form in enumerate(forms) if counts[form] == 1]
    return cells


def _link(link: Any) -> tuple[int, int, tuple[int, int] | None]:
    """A link's row and column, and where the sentence says it, if the link tells."""
    numbers = link
    if isinstance(link, Mapping):
        numbers = [link.get(name) for name in ("row", "column", "start", "end")]
        numbers = numbers[:2] if numbers[2:] == [None, None] else numbers
    if not (
        isinstance(numbers, Sequence)
        and len(numbers) in (2, 4)
        and all(isinstance(one, int) and not isinstance(one, bool) for one in numbers)
    ):
        raise ValueError(f"no row and column of a cell: {json.dumps(link, default=str)[:80]}")
    row, column, *span = numbers
    return row, column, (span[0], span[1]) if span else None
