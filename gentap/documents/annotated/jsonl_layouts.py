"""Annotated questions in JSONL, each line in the layout that its fields tell."""

from pathlib import Path

from gentap.documents.annotated.fetaqa import from_fetaqa
from gentap.documents.annotated.fields import Entries, each, read_text_file
from gentap.documents.annotated.hitab import from_hitab
from gentap.documents.annotated.plain import from_plain
from gentap.documents.annotated.totto import from_totto
from gentap.documents.jsonl import json_object
from gentap.records import Example


def read_jsonl(path: Path) -> Entries:
    lines = enumerate(read_text_file(path).split("\n"), start=1)
    return each(
        ((number, line) for number, line in lines if line.strip()),
        lambda line, number: _read_line(line, path, number),
    )


def _read_line(line: str, path: Path, number: int) -> Example:
    entry = {name: value for name, value in json_object(line).items() if value is not None}
    if "table_array" in entry:
        return from_fetaqa(entry, path)
    if "highlighted_cells" in entry:
        return from_totto(entry, path, number)
    if "sub_sentence" in entry and "linked_cells" in entry:
        return from_hitab(entry, path, number)
    return from_plain(entry, path, number)
