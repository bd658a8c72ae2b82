"""Questions that are rows of :class:`gentap.records.Example` already."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from gentap.documents.annotated.fields import Entries, cells_of, each, field_text
from gentap.documents.input_files import require_file
from gentap.documents.json_text import json_text
from gentap.documents.jsonl import table_from_json
from gentap.errors import InputError
from gentap.records import Example, Kind, Origin
from gentap.runs.files.parquet_parts import parts, read_rows

_NEEDED = ("question", "answer", "header", "rows")
_KINDS: tuple[Kind, ...] = ("long", "cell")
_ORIGINS: tuple[Origin, ...] = ("mined", "grammar", "annotated")

Known = TypeVar("Known", bound=str)


def read_parquet(path: Path) -> Entries:
    """A Parquet file, or a folder of ``part-*.parquet``; rows are numbered from 1.

    Raises InputError where a file can't be read or lacks a column.
    """
    files = example_files(path) if path.is_dir() else [path]
    for file in files:
        _check_columns(file)
    return each(enumerate(read_rows(files), start=1), partial(_example, path))


def example_files(folder: Path) -> list[Path]:
    """The files of a folder of examples; raises InputError where it holds none."""
    files = parts(folder)
    if files:
        return files
    hint = ""
    if parts(folder / "sentences"):
        hint = " It is a mined folder: questions are made from it by `gentap questions write`."
    elif near := [*sorted(folder.glob("*.parquet")), *sorted(folder.glob("*.jsonl"))]:
        hint = f" Name the file of questions in it, such as {near[0]}."
    raise InputError(f"{folder}: holds no examples (part-*.parquet).{hint}")


def _check_columns(file: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    require_file(file)
    try:
        names = pq.read_schema(file).names
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"{file}: not a readable Parquet file: {error}.") from error
    missing = [name for name in _NEEDED if name not in names]
    if missing:
        raise InputError(
            f"{file}: no column {', '.join(missing)}. Give a file of examples, whose columns are "
            f"{', '.join(_NEEDED)} and, if known, id, kind, title, section, caption and cells."
        )


def _example(path: Path, row: Mapping[str, Any], number: int) -> Example:
    """An example of a row; columns that others leave out are filled as in the plain layout."""
    texts = {name: json_text(row.get(name)) for name in ("title", "section", "caption")}
    try:
        table = table_from_json(row["header"], row["rows"], **texts)
    except ValueError as error:
        raise ValueError(f"the row is no example: {error}") from None
    if any(len(cells) != len(row["header"]) for cells in row["rows"]):
        raise ValueError("a table row has not as many cells as the header")
    kind = _one_of(_KINDS, row.get("kind") or "long", "kind")
    origin = _one_of(_ORIGINS, row.get("origin") or "annotated", "origin")
    further = row.get("alternatives") or []
    if not isinstance(further, list):
        raise ValueError("'alternatives' is no list of texts")
    return Example(
        id=json_text(row.get("id")) or f"{path.stem}-{number}",
        kind=kind,
        origin=origin,
        question=field_text(dict(row), "question"),
        answer=field_text(dict(row), "answer"),
        table=table,
        cells=cells_of(_pairs(row.get("cells")), table),
        source=json_text(row.get("source")) or path.name,
        alternatives=tuple(map(json_text, further)),
        canonical=json_text(row.get("canonical")),
        section_text=json_text(row.get("section_text")),
    )


def _one_of(known: Sequence[Known], given: Any, name: str) -> Known:
    for one in known:
        if one == given:
            return one
    names = " or ".join(map(repr, known))
    raise ValueError(f"{name!r} is {given!r}; it must be {names}")


def _pairs(cells: Any) -> Any:
    """Evidence cells as pairs, whether they are structs or pairs in the file."""
    if isinstance(cells, list) and all(isinstance(cell, dict) for cell in cells):
        return [(cell.get("row"), cell.get("column")) for cell in cells]
    return cells or []
