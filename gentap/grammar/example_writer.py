"""Examples to Arrow columns; a table that many questions are about is converted once."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from gentap.grammar.sampler import SampledQuestion
from gentap.grammar.sentence_sampler import SampledSentence
from gentap.records import EXAMPLE_SCHEMA, SourcedTable, Table, digest
from gentap.runs.arrow import column
from gentap.runs.shards import ITEMS_A_GROUP, ROWS_A_GROUP, Shard


class ExampleWriter:
    """Collects the draws of many tables and writes them to a shard, a row group at a time."""

    def __init__(self, shard: Shard) -> None:
        self._shard = shard
        self._clear()

    def _clear(self) -> None:
        self._items = 0
        self._tables: list[Table] = []
        self._table_of: list[int] = []
        self._made: dict[str, list[Any]] = {
            name: [] for name in ("id", "kind", "question", "answer", "source", "cells")
        }

    def add(
        self,
        sourced: SourcedTable,
        table: Table,
        draws: Sequence[SampledQuestion | SampledSentence],
    ) -> None:
        """Add one table's draws; ``table`` is the one that was asked about, perhaps cut."""
        if not draws:
            return
        own: dict[str, list[Any]] = {
            "id": [digest(sourced.id, draw.question) for draw in draws],
            "kind": ["long" if isinstance(draw, SampledSentence) else "cell" for draw in draws],
            "question": [draw.question for draw in draws],
            "answer": [
                draw.answer if isinstance(draw, SampledSentence) else table.text_at(draw.answer)
                for draw in draws
            ],
            "source": [sourced.url] * len(draws),
            "cells": [
                [{"row": cell.row, "column": cell.column} for cell in draw.evidence]
                for draw in draws
            ],
        }
        for name, values in own.items():
            self._made[name] += values
        self._table_of += [len(self._tables)] * len(draws)
        self._tables.append(table)
        self._items += len(draws) * len(table.rows) * len(table.header)

    def flush_if_full(self) -> None:
        if len(self._table_of) >= ROWS_A_GROUP or self._items >= ITEMS_A_GROUP:
            self.flush()

    def flush(self) -> None:
        """Write what has been collected."""
        if self._table_of:
            self._shard.write_arrow(".", self._to_arrow())
            self._clear()

    def _to_arrow(self) -> Any:
        count = len(self._table_of)
        made = {
            **self._made,
            "origin": ["grammar"] * count,
            "alternatives": [[]] * count,
            "canonical": [""] * count,
            "section_text": [""] * count,
        }
        table_of = column(self._table_of, pa.int32())
        columns = [
            column(made[field.name], field.type)
            if field.name in made
            else column([getattr(table, field.name) for table in self._tables], field.type).take(
                table_of
            )
            for field in EXAMPLE_SCHEMA
        ]
        return pa.Table.from_arrays(columns, schema=EXAMPLE_SCHEMA)
