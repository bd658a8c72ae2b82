"""The plain layout of annotated questions, one a line of JSONL::

    {"question": "…", "answer": "…", "kind": "long",
     "table": {"header": ["…"], "rows": [["…"]], "title": "…", "section": "…", "caption": "…"},
     "cells": [[0, 1]], "id": "…"}

``table`` may be the path of a CSV file instead, relative to the JSONL file and not outside of its
folder; its title, section and caption then stand beside it. ``answer`` may be a list of texts, each
of them right. ``kind`` (``long`` for a sentence, ``cell`` for one cell's value), ``cells``
(evidence, body rows from 0), ``id`` and the table's title, section and caption may be left out. A
line with ``"verdict": "down"`` and no answer is a bad answer that somebody
marked (``gentap serve``) and gave no right one for: nothing is learnt from it.
"""

from pathlib import Path
from typing import Any

from gentap.documents.annotated.fields import cells_of, field_text, table_file
from gentap.documents.csv_table import read_csv_told
from gentap.documents.json_text import json_text
from gentap.documents.jsonl import table_from_json
from gentap.errors import InputError
from gentap.records import Example, Table

_TITLES = ("title", "section", "caption")


def from_plain(entry: dict[str, Any], path: Path, number: int, assumed: dict[str, None]) -> Example:
    """What is assumed of a CSV file that the entry names goes into ``assumed``, once for each.

    Raises ValueError with the reason where the entry is no question.
    """
    table = _table(entry, path, assumed)
    if entry.get("verdict") == "down" and entry.get("answer") is None:
        raise ValueError("a bad answer was marked and no right one given")
    kind = entry.get("kind", "long")
    if kind not in ("long", "cell"):
        raise ValueError(f"'kind' is {kind!r}; it must be 'long' or 'cell'")
    answer, *alternatives = _answers(entry)
    return Example(
        id=json_text(entry.get("id")) or f"{path.stem}-{number}",
        kind=kind,
        origin="annotated",
        question=field_text(entry, "question"),
        answer=answer,
        table=table,
        cells=cells_of(entry.get("cells") or [], table),
        source=json_text(entry.get("source")) or path.name,
        alternatives=tuple(alternatives),
    )


def _table(entry: dict[str, Any], path: Path, assumed: dict[str, None]) -> Table:
    """Its titles may stand in the table or beside it."""
    content = entry.get("table")
    beside = {name: text for name in _TITLES if (text := json_text(entry.get(name)))}
    if isinstance(content, str):
        try:
            table, told = read_csv_told(table_file(path.parent, content))
        except InputError as error:
            raise ValueError(str(error)) from error
        if told:
            assumed[told] = None
        own = {name: beside.get(name, getattr(table, name)) for name in _TITLES}
        return Table(header=table.header, rows=table.rows, **own)
    if isinstance(content, dict):
        own = {name: json_text(content.get(name)) or beside.get(name, "") for name in _TITLES}
        return table_from_json(content.get("header"), content.get("rows"), **own)
    raise ValueError("'table' is missing: give an object with header and rows, or a CSV's path")


def _answers(entry: dict[str, Any]) -> list[str]:
    given = entry.get("answer")
    if not isinstance(given, list):
        return [field_text(entry, "answer")]
    if not given:
        raise ValueError("'answer' is an empty list: give at least one right answer")
    texts = [field_text({f"answer {n}": text}, f"answer {n}") for n, text in enumerate(given, 1)]
    return list(dict.fromkeys(texts))
