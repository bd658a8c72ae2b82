"""Annotated questions in JSONL, each line in the layout that its fields tell."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from gentap.documents.annotated.fetaqa import from_fetaqa
from gentap.documents.annotated.fields import Entries, each, text_lines
from gentap.documents.annotated.hitab import from_hitab
from gentap.documents.annotated.plain import from_plain
from gentap.documents.annotated.totto import from_totto
from gentap.documents.jsonl import MAX_LINE_BYTES, json_object
from gentap.records import Example

LAYOUTS: Mapping[frozenset[str], Callable[[dict[str, Any], Path, int], Example]] = {
    frozenset({"table_array"}): from_fetaqa,
    frozenset({"highlighted_cells"}): from_totto,
    frozenset({"sub_sentence", "linked_cells"}): from_hitab,
}
"""The fields that tell a released layout, and its reader; all other lines are in the plain one."""


def read_jsonl(path: Path, assumed: dict[str, None]) -> Entries:
    """The questions; what is assumed of the tables' files that they name goes into ``assumed``."""
    return each(text_lines(path), lambda line, number: _read_line(line, path, number, assumed))


def _read_line(line: str | None, path: Path, number: int, assumed: dict[str, None]) -> Example:
    if line is None:
        raise ValueError(f"the line has over {MAX_LINE_BYTES:,} characters")
    entry = {name: value for name, value in json_object(line).items() if value is not None}
    for fields, read in LAYOUTS.items():
        if entry.keys() >= fields:
            return read(entry, path, number)
    return from_plain(entry, path, number, assumed)
