"""JSONL documents: one page a line, its fields named by a map.

The default map reads this layout::

    {"url": "…", "title": "…", "text": "one paragraph" or ["several", …],
     "tables": [{"section": "…", "caption": "…", "header": ["…"], "rows": [["…"]]}]}

Another layout is read by naming its paths. ``passages[].text`` is the field ``text`` of each entry
of the list ``passages``; an empty ``tables`` says that the line itself is the table.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gentap.documents.grid import MAX_CELLS
from gentap.records import Block, Document, Table
from gentap.settings import FieldMap


def read_line(line: str, fields: FieldMap, where: str) -> Document:
    """Read one line; raises ValueError with the reason where it is no document."""
    entry = json_object(line)
    title = _first_text(entry, fields.title)
    tables = list(_values(entry, fields.tables)) if fields.tables else [entry]
    return Document(
        url=_first_text(entry, fields.url) or where,
        title=title,
        blocks=tuple(
            Block(section="", text=text)
            for path in fields.text
            for text in _values(entry, path)
            if isinstance(text, str) and text.strip()
        ),
        tables=tuple(
            table_from_json(
                _first(content, fields.header),
                _first(content, fields.rows),
                title=title,
                section=_first_text(content, fields.section),
                caption=_first_text(content, fields.caption),
            )
            for content in tables
        ),
    )


def json_object(line: str) -> dict[str, Any]:
    """The object on a line; raises ValueError with the reason where there is none."""
    try:
        entry = json.loads(line)
        if "\\u" in line:  # half a surrogate pair can be escaped, but is no text
            json.dumps(entry, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not valid JSON: {error}") from None
    if not isinstance(entry, dict):
        raise ValueError("not a JSON object")
    return entry


def table_from_json(
    header: Any, rows: Any, *, title: str = "", section: str = "", caption: str = ""
) -> Table:
    """A table from decoded JSON; raises ValueError where it is not one.

    Numbers become their text, null becomes empty; short rows are filled up with empty cells.
    """
    if not isinstance(header, list) or not header:
        raise ValueError("the table's header is missing or no list")
    if not isinstance(rows, list) or not rows:
        raise ValueError("the table has no rows")
    if not all(isinstance(row, list) for row in rows):
        raise ValueError("a table row is no list")
    width = max(len(header), *(len(row) for row in rows))
    if width * len(rows) > MAX_CELLS:
        raise ValueError(f"the table has more than {MAX_CELLS:,} cells")
    return Table(
        title=title,
        section=section,
        caption=caption,
        header=_cells(header, width),
        rows=tuple(_cells(row, width) for row in rows),
    )


def _cells(texts: Sequence[Any], width: int) -> tuple[str, ...]:
    cells = tuple("" if text is None else " ".join(str(text).split()) for text in texts)
    return cells + ("",) * (width - len(cells))


def _values(entry: Any, path: str) -> Iterator[Any]:
    name, _, rest = path.partition(".")
    many = name.endswith("[]")
    value = entry.get(name.removesuffix("[]")) if isinstance(entry, Mapping) else None
    entries = value if isinstance(value, list) else [value]
    for item in entries if many or not rest else [value]:
        if item is None:
            continue
        if rest:
            yield from _values(item, rest)
        else:
            yield item


def _first(entry: Any, path: str) -> Any:
    for name in path.split("."):
        if not isinstance(entry, Mapping):
            raise ValueError("a table is no JSON object")
        entry = entry.get(name)
    return entry


def _first_text(entry: Any, path: str) -> str:
    value = next(_values(entry, path), "")
    return " ".join(value.split()) if isinstance(value, str) else str(value)
