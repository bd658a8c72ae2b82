"""JSONL documents: one page a line, its fields named by a map.

The default map reads this layout::

    {"url": "…", "title": "…", "text": "one paragraph" or ["several", …],
     "tables": [{"section": "…", "caption": "…", "header": ["…"], "rows": [["…"]]}]}

Another layout is read by naming its paths. ``passages[].text`` is the field ``text`` of each entry
of the list ``passages``; an empty ``tables`` says that the line itself is the table. Where ``html``
names a field, what stands in it is read as a page.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, Any

from gentap.documents.archives.compressed import numbered_lines
from gentap.documents.json_text import json_text
from gentap.documents.markup.grid import MAX_CELLS
from gentap.documents.pages import Wanted, read_page
from gentap.documents.rejected import RejectedRecord, guarded
from gentap.records import Block, Document, Table
from gentap.settings.sections import FieldMap
from gentap.text.normal_form import part_digits
from gentap.text.paragraphs import paragraphs

MAX_LINE_BYTES = 32 * 2**20
"""A line longer than this is set aside unread."""


class BadRecordError(ValueError):
    """A line is no document; the message says why."""


def read_lines(
    stream: IO[bytes], fields: FieldMap, name: str, wanted: Wanted
) -> Iterator[Document | RejectedRecord]:
    """The documents of an open file, whose ``name`` stands for it in what is set aside.

    Raises DamagedError where it can't be read to its end.
    """
    for number, line in numbered_lines(stream, MAX_LINE_BYTES, name):
        where = f"{name}:{number}"
        if line is None:
            yield RejectedRecord(where, "line too long", f"over {MAX_LINE_BYTES:,} bytes")
            continue
        try:
            text = line.decode("utf-8-sig")
            if not text.strip():
                continue
        except UnicodeDecodeError as error:
            yield RejectedRecord(where, "bad JSONL record", str(error))
        else:
            yield from guarded(_read_line(text, fields, where, wanted), where)


def _read_line(
    line: str, fields: FieldMap, where: str, wanted: Wanted
) -> Iterator[Document | RejectedRecord]:
    try:
        if fields.html:
            yield from _read_html_line(line, fields, where, wanted)
        else:
            yield read_line(line, fields, where)
    except BadRecordError as error:
        yield RejectedRecord(where, "bad JSONL record", str(error))


def _read_html_line(
    line: str, fields: FieldMap, where: str, wanted: Wanted
) -> Iterator[Document | RejectedRecord]:
    entry = json_object(line)
    html = _first_text(entry, fields.html, collapse=False)
    url = _first_text(entry, fields.url) or where
    title = _first_text(entry, fields.title)
    yield from read_page(html.encode(), "utf-8", url, where, wanted, title=title)


def read_line(line: str, fields: FieldMap, where: str) -> Document:
    """Read one line; raises BadRecordError with the reason where it is none."""
    entry = json_object(line)
    title = _first_text(entry, fields.title)
    tables = list(_values(entry, fields.tables)) if fields.tables else [entry]
    return Document(
        url=_first_text(entry, fields.url) or where,
        title=title,
        blocks=tuple(
            Block(section="", text=part_digits(paragraph))
            for path in fields.text
            for text in _values(entry, path)
            if isinstance(text, str)
            for paragraph in paragraphs(text.splitlines())
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
    """The object on a line; raises BadRecordError with the reason where there is none."""
    try:
        entry = json.loads(line)
        if "\\u" in line:  # half a surrogate pair can be escaped, but is no text
            json.dumps(entry, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise BadRecordError(f"not valid JSON: {error}") from None
    if not isinstance(entry, dict):
        raise BadRecordError("not a JSON object")
    return entry


def table_from_json(
    header: Any, rows: Any, *, title: str = "", section: str = "", caption: str = ""
) -> Table:
    """A table from decoded JSON; raises BadRecordError where it is none.

    Numbers become their text, null and NaN become empty; short rows are filled up with empty cells.
    """
    if not isinstance(header, list) or not header:
        raise BadRecordError("the table's header is missing or no list")
    if not isinstance(rows, list) or not rows:
        raise BadRecordError("the table has no rows")
    if not all(isinstance(row, list) for row in rows):
        raise BadRecordError("a table row is no list")
    width = max(len(header), *(len(row) for row in rows))
    if width * len(rows) > MAX_CELLS:
        raise BadRecordError(f"the table has more than {MAX_CELLS:,} cells")
    return Table(
        title=title,
        section=section,
        caption=caption,
        header=_cells(header, width),
        rows=tuple(_cells(row, width) for row in rows),
    )


def _cells(texts: Sequence[Any], width: int) -> tuple[str, ...]:
    try:
        cells = [part_digits(json_text(text)) for text in texts]
    except ValueError as error:
        raise BadRecordError(f"a table cell: {error}") from None
    return tuple(cells + [""] * (width - len(cells)))


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
            raise BadRecordError("a table is no JSON object")
        entry = entry.get(name)
    return entry


def _first_text(entry: Any, path: str, collapse: bool = True) -> str:
    value = next(_values(entry, path), "")
    if isinstance(value, str) and not collapse:
        return value
    try:
        return json_text(value)
    except ValueError as error:
        raise BadRecordError(f"{path!r}: {error}") from None
