"""HTML pages to documents: prose by heading, data tables with their spans expanded.

The parser's tree is walked as little as can be: one search finds tables, headings and paragraphs;
one search within each data table finds what its cells' text is not made of; its cells are then
read row by row. That is what makes reading little slower than parsing.
"""

import re
from collections.abc import Callable
from typing import Any, Literal
from urllib.parse import urljoin, urlsplit

from gentap.documents.markup.grid import (
    Content,
    GridRow,
    Span,
    TooLargeError,
    expand,
    read_grid,
    read_pairs,
)
from gentap.documents.markup.nesting import MAX_MEMORY, TooHeavyError, bounded_memory
from gentap.documents.markup.prose import read_prose
from gentap.documents.markup.visible_text import (
    BREAK,
    CELL_TAGS,
    CONTROLS,
    IN_PROSE,
    IN_TABLE,
    clean,
    is_footnote,
    is_hidden,
    one_line,
    prepare,
    unlink,
)
from gentap.records import Block, Document, Table

_ONE_SLOT = (1, 1)
_HEAD = 4096
"""Bytes in which a page says whether it is XHTML."""
_CONTROL_REFERENCE = re.compile(
    rb"&#(?:[xX]0*(?:[0-8]|[eE]|1[0-9abAB])(?![0-9a-fA-F])|0*(?:[0-8]|1[4-9]|2[0-7])(?![0-9]));?"
)
_OPEN_REFERENCE = re.compile(
    rb"(&#(?:[0-9]+|[xX][0-9a-fA-F]+))(?=[" + re.escape(CONTROLS.encode()) + rb"])"
)

_XML = re.compile(rb"\A\s*<\?xml|<html[^>]*\sxmlns=", re.I)
_RAW_TAG = re.compile(
    rb"<(/?)(title|textarea|script|style|iframe|noembed|noframes|noscript|xmp)(?=[\s/>])"
    rb"[^<>]*?(/?)>",
    re.I,
)
"""Tags of elements whose content is text: an HTML parser takes the whole page behind ``<title/>``
for it, where in XML the element ends at once."""

_LOWER = bytes(range(256)).lower()

_INFOBOX = re.compile(r"\binfobox\b", re.I)
_LAYOUT = re.compile(
    r"\b(navbox|vertical-navbox|sidebar|infobox|metadata|[a-z]mbox|mbox-small|toc|plainlinks"
    r"|navigation|succession-box|layout|sistersitebox|wikitable-nav)\b",
    re.I,
)
_LAYOUT_ROLES = frozenset(["presentation", "navigation", "none"])
_SITE_NAME = re.compile(r" [-–—|] [^-–—|]{2,60}$")

Report = Callable[[str, str], None]
"""Takes the reason and the details of what was left out of a page."""


def read_html(
    html: str | bytes,
    url: str,
    *,
    title: str = "",
    name: str = "",
    infoboxes: bool = False,
    tableless: bool = True,
    report: Report = lambda reason, detail: None,
) -> Document:
    """Read one page; bytes are UTF-8.

    Hidden text, scripts and footnote marks go; layout and navigation tables go; nested tables are
    read apart. Within a cell, lines and entries of lists are parted by ``\\n``. With ``infoboxes``
    they are read as tables of two columns. A page without tables or prose gives a document without
    them; a table that is too large goes to ``report``. Where none is found the prose is left unread
    unless ``tableless``. ``title`` stands for the page's own, and
    ``name`` where it has none.

    Raises TooHeavyError where the page can't be parsed within :data:`nesting.MAX_MEMORY`.
    """
    page = _Page(_parse(_as_html(_without_controls(html))))
    page.outline(infoboxes)
    found = []
    for node, heading, kind, spans in reversed(page.tables):  # inner ones before those around them
        try:
            if kind is not None and (content := _read_table(node, kind, spans, infoboxes)):
                found.append((heading, content))
        except TooLargeError as error:
            report("table too large", str(error))
        unlink(node)
    headings = page.headings()
    blocks = page.prose(headings) if found or tableless else ()
    title = title or page.title() or name
    return Document(
        url=page.canonical_url(url) or url,
        title=title,
        tables=tuple(
            Table(title=title, section=headings[heading], caption=caption, header=header, rows=rows)
            for heading, (caption, (header, rows)) in reversed(found)
        ),
        blocks=blocks,
    )


def may_hold_tables(html: bytes) -> bool:
    """Whether a page's bytes name the element ``table`` anywhere; far faster than parsing.

    False only where :func:`read_html` finds no table, in whatever encoding a page comes: they all
    write it as ASCII does, UTF-16 with a NUL for every letter.
    """
    return b"<table" in html or b"<table" in html.translate(_LOWER, CONTROLS.encode())


def _without_controls(html: str | bytes) -> bytes:
    """The page less control characters, some of which have a meaning here."""
    content = html.encode("utf-8", "replace") if isinstance(html, str) else html
    clean = content.translate(None, CONTROLS.encode())
    if len(clean) < len(content):  # a reference goes on behind none of them
        clean = _OPEN_REFERENCE.sub(rb"\1;", content).translate(None, CONTROLS.encode())
    return _CONTROL_REFERENCE.sub(b"", clean)


def _as_html(page: bytes) -> bytes:
    """A page of XHTML with the end tags that HTML wants; any other as it is."""
    if b"/>" not in page or not _XML.search(page[:_HEAD]):
        return page
    parts: list[bytes] = []
    taken, inside = 0, b""
    for tag in _RAW_TAG.finditer(page):
        ends, name, closed = tag[1], tag[2].lower(), tag[3]
        if inside:
            inside = b"" if ends and name == inside else inside
        elif closed and not ends:
            parts += [page[taken : tag.end() - 2], b"></", name, b">"]
            taken = tag.end()
        elif not ends:
            inside = name
    return b"".join([*parts, page[taken:]])


def _parse(html: bytes) -> Any:
    from selectolax.lexbor import LexborDocumentOptions, LexborHTMLParser, SelectolaxError

    options = LexborDocumentOptions.WO_EVENTS
    try:
        with bounded_memory():
            return LexborHTMLParser(html, options=options, scripting=True)
    except (SelectolaxError, MemoryError):
        raise TooHeavyError(f"over {MAX_MEMORY >> 20:,} MB") from None


_Spans = dict[int, Span]
_Kind = Literal["data", "infobox"]


class _Page:
    """A parsed page, and what is known of its elements by their addresses.

    ``tables`` are those shown, each with the place of its heading, its kind (None for layout) and
    the spans of its cells.
    """

    def __init__(self, parser: Any) -> None:
        self._parser = parser
        self._places: dict[int, tuple[bool, int]] = {}
        self.tables: list[tuple[Any, int, _Kind | None, _Spans]] = []
        self._headings: list[tuple[Any, bool]] = []
        self._outside: list[tuple[Any, int]] = []

    def outline(self, infoboxes: bool) -> None:
        """Find tables and headings, and prepare the tables' texts."""
        shown = []
        for node in self._parser.css("h1, h2, h3, h4, table"):  # before anything is taken out
            above = node.parent
            hidden, around = self._places.get(above.mem_id) or self._place(above)
            if not hidden and not is_hidden(node.tag, node.attributes):
                shown.append((node, around))
        prepared: dict[int, _Spans] = {}
        heading = heading_of_prose = 0
        for node, around in shown:
            tag = node.tag
            if tag == "table":
                spans = prepared.get(around)
                kind = _kind(node, infoboxes)
                if spans is None and kind is not None:
                    spans = prepare(node, IN_TABLE)
                if spans is not None:
                    prepared[node.mem_id] = spans
                if not around:
                    node.insert_before(BREAK * 2)  # no words before it go on behind it
                self.tables.append((node, heading, kind, spans or {}))
                continue
            if around and around not in prepared:
                prepare(node, IN_PROSE)
            self._headings.append((node, tag == "h1"))
            if tag != "h1":
                heading = len(self._headings)
                heading_of_prose = heading_of_prose if around else heading
            if not around:
                self._outside.append((node, heading_of_prose))

    def headings(self) -> list[str]:
        """The headings, ``""`` first, once all tables are out of the page."""
        prepare(self._parser, IN_PROSE)
        headings = ["", *(one_line(node) for node, _ in self._headings)]
        self._title = next(
            (
                text
                for (_, top), text in zip(self._headings, headings[1:], strict=True)
                if top and text
            ),
            "",
        )
        return headings

    def prose(self, headings: list[str]) -> tuple[Block, ...]:
        """The paragraphs, each under one of the headings."""
        return tuple(read_prose(self._parser, self._outside, headings))

    def title(self) -> str:
        """The page's first heading, else its title without the site's name."""
        if self._title:
            return self._title
        head = self._parser.head
        title = head.css_first("title") if head is not None else None
        return _SITE_NAME.sub("", one_line(title)) if title is not None else ""

    def _place(self, node: Any) -> tuple[bool, int]:
        """Whether an element is hidden, and the address of the table that it is or stands in."""
        above = []
        while node is not None and node.mem_id not in self._places:
            above.append(node)
            node = node.parent
        place = (False, 0) if node is None else self._places[node.mem_id]
        for node in reversed(above):
            hidden, table = place
            place = (
                hidden or _is_out(node),
                node.mem_id if node.tag == "table" else table,
            )
            self._places[node.mem_id] = place
        return place

    def canonical_url(self, url: str) -> str:
        head = self._parser.head
        link = head.css_first('link[rel="canonical" i]') if head is not None else None
        target = ((link.attributes.get("href") or "") if link is not None else "").strip()
        if not target:
            return ""
        try:
            whole = urljoin(url, target)
            return whole if urlsplit(whole).netloc else ""
        except ValueError:
            return ""


def _is_out(node: Any) -> bool:
    tag = node.tag
    return is_hidden(tag, node.attributes) or (tag == "sup" and is_footnote(node))


def _kind(table: Any, infoboxes: bool) -> _Kind | None:
    attributes = table.attributes
    names = f"{attributes.get('class') or ''} {attributes.get('id') or ''}"
    if infoboxes and _INFOBOX.search(names):
        return "infobox"
    if (attributes.get("role") or "") in _LAYOUT_ROLES or _LAYOUT.search(names):
        return None
    return "data"


def _read_table(
    node: Any, kind: _Kind, spans: _Spans, infoboxes: bool
) -> tuple[str, Content] | None:
    """A table's caption, header and rows; None where it is no data table."""
    caption = ""
    rows: list[GridRow] = []
    cells: list[Any] = []
    lefts: list[int] = []
    for group in _in_order(list(node.iter())):
        tag = group.tag
        if tag == "caption":
            caption = caption or one_line(group)
            continue
        members = [row for row in group.iter() if row.tag == "tr"]
        lefts += range(len(members), 0, -1)
        for member in members:
            before = len(cells)
            cells += member.iter()
            rows.append(GridRow(len(cells) - before, in_head=tag == "thead"))
    _fill(rows, cells, lefts, spans)
    rows = expand(rows)
    found = read_pairs(rows) if kind == "infobox" else read_grid(rows, infoboxes)
    if found is None:
        return None
    over, content = found
    return caption or over, content


def _in_order(groups: list[Any]) -> list[Any]:
    """A table's row groups as they are shown: its first ``thead`` above all, ``tfoot`` below."""
    for name, place in (("tfoot", len(groups)), ("thead", 0)):
        first = next((at for at, group in enumerate(groups) if group.tag == name), None)
        if first is not None:
            groups.insert(place, groups.pop(first))
    return groups


def _fill(rows: list[GridRow], cells: list[Any], lefts: list[int], spans: _Spans) -> None:
    """Give rows their cells' texts and spans.

    ``lefts`` counts the rows of each one's group from it on: no cell spans more, and a span of 0
    means all of them.
    """
    tags = [cell.tag for cell in cells]
    if not CELL_TAGS.issuperset(tags):
        start = 0
        for row in rows:
            stop = start + row.own
            row.own = sum(tag in CELL_TAGS for tag in tags[start:stop])
            start = stop
        cells = [cell for cell, tag in zip(cells, tags, strict=True) if tag in CELL_TAGS]
        tags = [tag for tag in tags if tag in CELL_TAGS]
    texts = clean([cell.text_lexbor() for cell in cells])
    keys = [cell.mem_id for cell in cells] if spans else []
    start = 0
    for row, left in zip(rows, lefts, strict=True):
        stop = start + row.own
        row.texts = texts[start:stop]
        if "th" in (heads := tags[start:stop]):
            row.heads = heads.count("th")
            row.first_head = heads[0] == "th"
        if spans and not spans.keys().isdisjoint(own := keys[start:stop]):
            found = [spans.get(key, _ONE_SLOT) for key in own]
            row.spans = [(columns, min(down or left, left)) for columns, down in found]
        start = stop
