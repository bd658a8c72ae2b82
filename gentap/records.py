"""Every record that passes between stages, and its Parquet columns.

A body cell of a table is addressed ``(row, column)``, both from 0; the header is no row, and a cell
of it that is evidence has the row :data:`HEADER_ROW`. Records hold only strings, integers and
tuples, so that a Parquet row of one is self-contained and loads with
``datasets.load_dataset("parquet", ...)``.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import pyarrow as pa

Kind = Literal["long", "cell"]
Origin = Literal["mined", "grammar", "annotated"]

HEADER_ROW = -1
"""The row of a header's cell among an example's evidence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A rectangular table: every row has exactly ``len(header)`` cells."""

    title: str = ""
    section: str = ""
    caption: str = ""
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def text_at(self, cell: "Cell") -> str:
        """The text of a body cell, or of a cell of the header."""
        return (self.header if cell.row == HEADER_ROW else self.rows[cell.row])[cell.column]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcedTable:
    """A table with the page it stands on; ``id`` is a digest of its url and content."""

    id: str
    url: str
    table: Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One paragraph of prose and the heading it stands under."""

    section: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One page: its prose in reading order and its tables."""

    url: str
    title: str
    blocks: tuple[Block, ...]
    tables: tuple[Table, ...]


class Cell(NamedTuple):
    """The place of a body cell, or in the row HEADER_ROW of a cell of the header."""

    row: int
    column: int


@dataclass(frozen=True, slots=True, order=True)
class NamedCell:
    """A body cell whose value a sentence names at ``sentence[start:end]``."""

    row: int
    column: int
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Mined:
    """A sentence, its table, and all body cells whose values it names.

    ``row`` is the table row of which the sentence names at least two cells; ``further`` are the
    other rows that it tells, in order. ``heading`` is the
    section that the sentence stands in; ``pronoun`` says that it opens with a pronoun, whose name
    stands before it. ``probability`` is how likely the sentence states what the row states.
    """

    id: str
    sentence: str
    url: str
    table: Table
    row: int
    cells: tuple[NamedCell, ...]
    further: tuple[int, ...] = ()
    heading: str = ""
    pronoun: bool = False
    probability: float = 1.0

    @property
    def rows_told(self) -> tuple[int, ...]:
        """The rows that the sentence tells, the one that it is about first."""
        return (self.row, *self.further)

    @property
    def evidence(self) -> tuple[NamedCell, ...]:
        """The cells that it names of the rows that it tells, by row."""
        told = self.rows_told
        return tuple(cell for cell in self.cells if cell.row in told)


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A question about a table, its answer and the evidence cells.

    ``kind`` is ``long`` (the answer is a sentence) or ``cell`` (one cell's value); ``source`` names
    the document or file that it came from. ``alternatives`` are further answers that are as right,
    for evaluation; ``canonical`` is what the answer's values count as where its source says so
    (WikiTableQuestions' numbers and dates), ``|`` between them. ``section_text`` is prose of the
    table's section that a metric takes as said by the table; no model is shown it.
    """

    id: str
    kind: Kind
    origin: Origin
    question: str
    answer: str
    table: Table
    cells: tuple[Cell, ...]
    source: str
    alternatives: tuple[str, ...] = ()
    canonical: str = ""
    section_text: str = ""

    @property
    def references(self) -> tuple[str, ...]:
        """All right answers, the first one first."""
        return (self.answer, *self.alternatives)

    @property
    def evidence_rows(self) -> frozenset[int]:
        """The body rows that hold evidence; a heading is evidence of no row."""
        return frozenset(cell.row for cell in self.cells if cell.row != HEADER_ROW)


_TEXT = pa.string()
_TABLE_FIELDS = [
    pa.field("title", _TEXT),
    pa.field("section", _TEXT),
    pa.field("caption", _TEXT),
    pa.field("header", pa.list_(_TEXT)),
    pa.field("rows", pa.list_(pa.list_(_TEXT))),
]
_CELL_FIELDS = [pa.field("row", pa.int32()), pa.field("column", pa.int32())]
_SPAN_FIELDS = [*_CELL_FIELDS, pa.field("start", pa.int32()), pa.field("end", pa.int32())]

DOCUMENT_SCHEMA = pa.schema(
    [
        pa.field("url", _TEXT),
        pa.field("title", _TEXT),
        pa.field("blocks", pa.list_(_TEXT)),
    ]
)
TABLE_SCHEMA = pa.schema([pa.field("id", _TEXT), pa.field("url", _TEXT), *_TABLE_FIELDS])
MINED_SCHEMA = pa.schema(
    [
        pa.field("id", _TEXT),
        pa.field("sentence", _TEXT),
        pa.field("url", _TEXT),
        *_TABLE_FIELDS,
        pa.field("row", pa.int32()),
        pa.field("cells", pa.list_(pa.struct(_SPAN_FIELDS))),
        pa.field("further", pa.list_(pa.int32())),
        pa.field("heading", _TEXT),
        pa.field("pronoun", pa.bool_()),
        pa.field("probability", pa.float64()),
    ]
)
EXAMPLE_SCHEMA = pa.schema(
    [
        pa.field("id", _TEXT),
        pa.field("kind", _TEXT),
        pa.field("origin", _TEXT),
        pa.field("question", _TEXT),
        pa.field("answer", _TEXT),
        *_TABLE_FIELDS,
        pa.field("cells", pa.list_(pa.struct(_CELL_FIELDS))),
        pa.field("source", _TEXT),
        pa.field("alternatives", pa.list_(_TEXT)),
        pa.field("canonical", _TEXT),
        pa.field("section_text", _TEXT),
    ]
)
_PIECES = pa.list_(pa.struct([pa.field("mark", _TEXT), pa.field("text", _TEXT)]))
PAIR_SCHEMA = pa.schema(
    [
        pa.field("id", _TEXT),
        pa.field("origin", _TEXT),
        pa.field("pieces", _PIECES),
        pa.field("target_pieces", _PIECES),
        pa.field("target", _TEXT),
    ]
)
"""What a question is written from and the question, as marked pieces: the writer's examples."""

EVALUATION_COLUMNS = frozenset({"alternatives", "canonical", "section_text"})
"""Columns of examples that a file may lack: nothing is trained on them."""

Row = dict[str, Any]


def digest(*parts: str) -> str:
    """Sixteen hexadecimal digits that depend on the parts and on where each one ends."""
    hasher = hashlib.blake2b(digest_size=8)
    for part in parts:
        encoded = part.encode("utf-8", "surrogatepass")
        hasher.update(len(encoded).to_bytes(8, "little"))
        hasher.update(encoded)
    return hasher.hexdigest()


def table_digest(table: Table) -> str:
    """A digest of everything that the table holds."""
    context = (table.title, table.section, table.caption)
    return digest(json.dumps([*context, table.header, table.rows]))


def table_to_row(table: Table) -> Row:
    return {
        "title": table.title,
        "section": table.section,
        "caption": table.caption,
        "header": table.header,
        "rows": table.rows,
    }


def table_from_row(row: Mapping[str, Any]) -> Table:
    return Table(
        title=row["title"],
        section=row["section"],
        caption=row["caption"],
        header=tuple(row["header"]),
        rows=tuple(tuple(cells) for cells in row["rows"]),
    )


def sourced_table_to_row(sourced: SourcedTable) -> Row:
    return {"id": sourced.id, "url": sourced.url, **table_to_row(sourced.table)}


def sourced_table_from_row(row: Mapping[str, Any]) -> SourcedTable:
    return SourcedTable(id=row["id"], url=row["url"], table=table_from_row(row))


def mined_to_row(mined: Mined) -> Row:
    return {
        "id": mined.id,
        "sentence": mined.sentence,
        "url": mined.url,
        **table_to_row(mined.table),
        "row": mined.row,
        "cells": [
            {"row": cell.row, "column": cell.column, "start": cell.start, "end": cell.end}
            for cell in mined.cells
        ],
        "further": mined.further,
        "heading": mined.heading,
        "pronoun": mined.pronoun,
        "probability": mined.probability,
    }


def mined_from_row(row: Mapping[str, Any]) -> Mined:
    return Mined(
        id=row["id"],
        sentence=row["sentence"],
        url=row["url"],
        table=table_from_row(row),
        row=row["row"],
        cells=tuple(
            NamedCell(cell["row"], cell["column"], cell["start"], cell["end"])
            for cell in row["cells"]
        ),
        further=tuple(row["further"]),
        heading=row["heading"],
        pronoun=row["pronoun"],
        probability=row["probability"],
    )


def example_to_row(example: Example) -> Row:
    return {
        "id": example.id,
        "kind": example.kind,
        "origin": example.origin,
        "question": example.question,
        "answer": example.answer,
        **table_to_row(example.table),
        "cells": [{"row": cell.row, "column": cell.column} for cell in example.cells],
        "source": example.source,
        "alternatives": list(example.alternatives),
        "canonical": example.canonical,
        "section_text": example.section_text,
    }


def example_from_row(row: Mapping[str, Any]) -> Example:
    return Example(
        id=row["id"],
        kind=row["kind"],
        origin=row["origin"],
        question=row["question"],
        answer=row["answer"],
        table=table_from_row(row),
        cells=tuple(Cell(cell["row"], cell["column"]) for cell in row["cells"]),
        source=row["source"],
        alternatives=tuple(row.get("alternatives") or ()),
        canonical=row.get("canonical") or "",
        section_text=row.get("section_text") or "",
    )
