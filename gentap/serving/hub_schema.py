"""The hub's schema of table question answering, as JSON comes in and goes out.

A request is ``{"inputs": {"query": "…", "table": {"column": ["text", …], …}}}``; ``question`` may
stand for ``query``, and beside them may stand the table's ``title``, ``section`` and ``caption``,
which models read. Several questions of one table are a list as ``query``, several tables a list as
``inputs``; either is answered with a list. ``parameters`` may name the ``model``.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gentap.documents.json_text import json_text
from gentap.errors import InputError
from gentap.records import Cell, Table
from gentap.serving.answer_service import ModelReply

_CONTEXT = ("title", "section", "caption")
_INPUTS = ("query", "question", "table", *_CONTEXT)
_WITHOUT_EFFECT = frozenset({"padding", "sequential", "truncation"})
"""Parameters of the hub's schema that other models have."""


@dataclass(frozen=True, slots=True)
class HubRequest:
    """Questions and their tables; ``single`` is answered with an object, else with a list."""

    asked: tuple[tuple[str, Table], ...]
    model: str
    single: bool


def parse_request(content: Any, models: Sequence[str]) -> HubRequest:
    """A request from decoded JSON; raises InputError that says what is wrong and where."""
    if not isinstance(content, dict) or "inputs" not in content:
        raise InputError(
            'The request is no object with "inputs". Send {"inputs": {"query": "…", "table": '
            '{"column": ["text", …]}}}.'
        )
    _refuse_unknown(content, ("inputs", "parameters", "options"), "")
    inputs = content["inputs"]
    several = isinstance(inputs, list)
    asked: list[tuple[str, Table]] = []
    for number, one in enumerate(inputs if several else [inputs]):
        asked += _questions(one, f"inputs[{number}]" if several else "inputs")
    if not asked:
        raise InputError("inputs: holds no question.")
    single = not several and not isinstance(_query(inputs), list)
    return HubRequest(tuple(asked), _model(content.get("parameters"), models), single)


def _query(entry: Mapping[str, Any]) -> Any:
    return entry.get("query", entry.get("question"))


def _questions(entry: Any, where: str) -> list[tuple[str, Table]]:
    if not isinstance(entry, dict):
        raise InputError(f'{where}: is no object with "query" and "table".')
    _refuse_unknown(entry, _INPUTS, f"{where}: ")
    query = _query(entry)
    queries = query if isinstance(query, list) else [query]
    if not all(isinstance(one, str) and one.strip() for one in queries):
        raise InputError(f"{where}.query: is no text, nor a list of texts. Give a question.")
    table = _table(entry, where)
    return [(one, table) for one in queries]


def _refuse_unknown(given: Iterable[str], known: Sequence[str], where: str) -> None:
    """Raise for a name that would have no effect: it may be one that was meant."""
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise InputError(f"{where}there is no '{unknown[0]}'. There is: {', '.join(known)}.")


def _table(entry: Mapping[str, Any], where: str) -> Table:
    """Texts of single spaces; numbers become texts, null becomes empty."""
    columns = entry.get("table")
    if not isinstance(columns, dict) or not columns:
        raise InputError(
            f'{where}.table: is no object of columns. Give {{"column": ["text", …], …}}.'
        )
    texts: list[list[str]] = []
    for name, cells in columns.items():
        if not isinstance(cells, list):
            raise InputError(f"{where}.table['{name}']: is no list of texts.")
        texts.append([_text(cell, f"{where}.table['{name}'][{n}]") for n, cell in enumerate(cells)])
    lengths = {len(cells) for cells in texts}
    if len(lengths) > 1:
        sizes = ", ".join(f"'{name}' {len(cells)}" for name, cells in list(columns.items())[:8])
        raise InputError(f"{where}.table: the columns are not of one length: {sizes}.")
    if lengths == {0}:
        raise InputError(f"{where}.table: has no rows.")
    context = {name: _text(entry.get(name), f"{where}.{name}") for name in _CONTEXT}
    return Table(
        header=tuple(" ".join(name.split()) for name in columns),
        rows=tuple(zip(*texts, strict=True)),
        **context,
    )


def _text(value: Any, where: str) -> str:
    try:
        return json_text(value)
    except ValueError as error:
        raise InputError(f"{where}: {error}.") from None


def _model(parameters: Any, models: Sequence[str]) -> str:
    if parameters is None:
        return models[0]
    if not isinstance(parameters, dict):
        raise InputError("parameters: is no object.")
    _refuse_unknown(parameters.keys() - _WITHOUT_EFFECT, ("model",), "parameters: ")
    model = parameters.get("model") or models[0]
    if isinstance(model, str) and "://" in model:  # this server's address, as the hub's client has
        return models[0]
    if model not in models:
        raise InputError(
            f"parameters.model: there is no model '{model}' here. There is {', '.join(models)}."
        )
    return str(model)


def reply_content(reply: ModelReply) -> dict[str, Any]:
    """A reply as JSON: the hub's ``answer``, ``coordinates`` and ``cells``, and more beside them.

    Coordinates are ``[row, column]`` of the table sent, from 0, the header being no row.
    """
    answer = reply.answer
    return {
        "answer": answer.sentence,
        "coordinates": _coordinates(reply.cells),
        "cells": [reply.table.text_at(cell) for cell in reply.cells],
        "value": answer.value,
        "probability": answer.probability,
        "named": {
            "coordinates": _coordinates(reply.named.cells),
            "cells": [reply.table.text_at(cell) for cell in reply.named.cells],
            "spans": [list(span) for span in reply.named.spans],
        },
        "cut": answer.cut,
        "rows": list(answer.rows) if answer.cut else None,
        "columns": list(answer.columns) if answer.cut else None,
        "model": reply.model,
        "seconds": round(reply.seconds, 3),
    }


def _coordinates(cells: Sequence[Cell]) -> list[list[int]]:
    return [[cell.row, cell.column] for cell in cells]
