"""Cell examples to Arrow columns; a table that many questions are about is converted once."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from gentap.records import EXAMPLE_SCHEMA, SourcedTable, Table, digest
from gentap.shards import ITEMS_A_GROUP, ROWS_A_GROUP, Shard
from gentap.synthesis.draw import Draw


class ExampleWriter:
    """Collects the draws of many tables and writes them to a shard, a row group at a time."""

    def __init__(self, shard: Shard) -> None:
        self._shard = shard
        self._clear()

    def _clear(self) -> None:
        self._items = 0
        self._tables: list[Table] = []
        self._table_of: list[int] = []
        self._texts: dict[str, list[str]] = {
            name: [] for name in ("id", "question", "answer", "source")
        }
        self._cells: list[tuple[int, int]] = []
        self._cell_ends: list[int] = [0]

    def add(self, sourced: SourcedTable, table: Table, draws: Sequence[Draw]) -> None:
        """Add one table's draws; ``table`` is the one that was asked about, perhaps cut."""
        if not draws:
            return
        texts = self._texts
        for draw in draws:
            self._table_of.append(len(self._tables))
            texts["id"].append(digest(sourced.id, draw.question))
            texts["question"].append(draw.question)
            texts["answer"].append(table.rows[draw.answer.row][draw.answer.column])
            texts["source"].append(sourced.url)
            self._cells += [(cell.row, cell.column) for cell in draw.evidence]
            self._cell_ends.append(len(self._cells))
        self._tables.append(table)
        self._items += len(draws) * len(table.rows) * len(table.header)
        if len(self._table_of) >= ROWS_A_GROUP or self._items >= ITEMS_A_GROUP:
            self.flush()

    def flush(self) -> None:
        """Write what has been collected."""
        if self._table_of:
            self._shard.write_arrow(".", self._to_arrow())
            self._clear()

    def _to_arrow(self) -> Any:
        count = len(self._table_of)
        tables = _table_columns(self._tables).take(pa.array(self._table_of, pa.int32()))
        rows, columns = zip(*self._cells, strict=True)
        fields = list(EXAMPLE_SCHEMA.field("cells").type.value_type)
        cells = pa.StructArray.from_arrays(
            [pa.array(rows, pa.int32()), pa.array(columns, pa.int32())], fields=fields
        )
        made: dict[str, Any] = {name: pa.array(texts) for name, texts in self._texts.items()}
        made |= {
            "kind": pa.repeat("cell", count),
            "origin": pa.repeat("grammar", count),
            "alternatives": pa.array([[]] * count, EXAMPLE_SCHEMA.field("alternatives").type),
            "cells": pa.ListArray.from_arrays(pa.array(self._cell_ends, pa.int32()), cells),
        }
        arrays = [
            made[name] if name in made else tables.column(name) for name in EXAMPLE_SCHEMA.names
        ]
        return pa.Table.from_arrays(arrays, schema=EXAMPLE_SCHEMA)


def _table_columns(tables: Sequence[Table]) -> Any:
    rows = [row for table in tables for row in table.rows]
    texts = {name: [getattr(table, name) for table in tables] for name in _CONTEXT}
    columns: dict[str, Any] = {name: pa.array(content) for name, content in texts.items()}
    columns["header"] = _lists([table.header for table in tables])
    row_ends = _ends([table.rows for table in tables])
    columns["rows"] = pa.ListArray.from_arrays(row_ends, _lists(rows))
    return pa.table(columns)


_CONTEXT = ("title", "section", "caption")


def _lists(texts: Sequence[Sequence[str]]) -> Any:
    flat = pa.array([text for inner in texts for text in inner], pa.string())
    return pa.ListArray.from_arrays(_ends(texts), flat)


def _ends(lists: Sequence[Sequence[Any]]) -> Any:
    ends = [0]
    for inner in lists:
        ends.append(ends[-1] + len(inner))
    return pa.array(ends, pa.int32())
