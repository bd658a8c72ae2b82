"""HTML pages to documents: prose by heading, data tables with their spans expanded.

The parser's tree is walked as little as can be: one search finds tables, headings and paragraphs;
one search within each data table finds what its cells' text is not made of; its cells are then
read row by row. That is what makes reading little slower than parsing.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Literal
from urllib.parse import urljoin, urlsplit

from gentap.documents.grid import (
    Content,
    GridRow,
    Span,
    TooLargeError,
    expand,
    read_grid,
    read_pairs,
)
from gentap.documents.nesting import MAX_MEMORY, TooHeavyError, bounded_memory
from gentap.records import Block, Document, Table

MAX_SPAN = 1000

_BREAK = "\x01"
"""Stands in a text where one line ends and the next begins."""
_CELL_TAGS = frozenset(["td", "th"])
_ONE_SLOT = (1, 1)

_HIDDEN = (
    "style, script, noscript, template, sup, [hidden], .sortkey, .mw-editsection, .editsection,"
    ' [style*="none" i], [style*="hidden" i]'
)
_IN_TABLE = f"br, hr, div, p, li, dt, dd, [colspan], [rowspan], {_HIDDEN}"
_IN_PROSE = f"br, {_HIDDEN}"
_BREAKING = frozenset(["br", "hr", "div", "p", "li", "dt", "dd"])
_HIDDEN_TAGS = frozenset(["style", "script", "noscript", "template"])
_HIDDEN_CLASSES = frozenset(["sortkey", "mw-editsection", "editsection"])
_NEVER_HIDDEN = frozenset(["html", "body"])
"""A page may be hidden until its script has run."""
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden")
_FOOTNOTE_CLASSES = frozenset(["reference", "noprint", "mw-ref"])
_FOOTNOTE = re.compile(r"\s*\[.{1,20}\]\s*")
_INFOBOX = re.compile(r"\binfobox\b", re.I)
_LAYOUT = re.compile(
    r"\b(navbox|vertical-navbox|sidebar|infobox|metadata|[a-z]mbox|mbox-small|toc|plainlinks"
    r"|navigation|succession-box|layout|sistersitebox|wikitable-nav)\b",
    re.I,
)
_LAYOUT_ROLES = frozenset(["presentation", "navigation", "none"])
_NOT_PROSE_SECTIONS = re.compile(
    r"(references|notes|notes and references|external links|see also|further reading|sources"
    r"|bibliography|footnotes|contents|navigation menu)\W*",
    re.I,
)
_DIGITS = re.compile(r"[0-9]+")
_SITE_NAME = re.compile(r" [-–—|] [^-–—|]{2,60}$")

Report = Callable[[str, str], None]
"""Takes the reason and the details of what was left out of a page."""


def read_html(
    html: str | bytes,
    url: str,
    *,
    title: str = "",
    infoboxes: bool = False,
    report: Report = lambda reason, detail: None,
) -> Document:
    """Read one page; bytes are UTF-8.

    Hidden text, scripts and footnote marks go; layout and navigation tables go; nested tables are
    read apart. Within a cell, lines and entries of lists are parted by ``\\n``. With ``infoboxes``
    they are read as tables of two columns. A page without tables or prose gives a document without
    them; a table that is too large goes to ``report``. ``title`` stands for the page's own.

    Raises TooHeavyError where the page can't be parsed within :data:`nesting.MAX_MEMORY`.
    """
    html = html.replace("\0", "") if isinstance(html, str) else html.replace(b"\0", b"")
    page = _Page(_parse(html))
    page.outline(infoboxes)
    found = []
    for node, heading, kind, spans in reversed(page.tables):  # inner ones before those around them
        try:
            if kind is not None and (content := _read_table(node, kind, spans, infoboxes)):
                found.append((heading, content))
        except TooLargeError as error:
            report("table too large", str(error))
        node.decompose(recursive=False)
    headings, blocks = page.prose()
    title = title or page.title()
    return Document(
        url=page.canonical_url(url) or url,
        title=title,
        tables=tuple(
            Table(title=title, section=headings[heading], caption=caption, header=header, rows=rows)
            for heading, (caption, (header, rows)) in reversed(found)
        ),
        blocks=blocks,
    )


def _parse(html: str | bytes) -> Any:
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
        self._paragraphs: list[tuple[Any, int]] = []

    def outline(self, infoboxes: bool) -> None:
        """Find tables, headings and paragraphs, and prepare the tables' texts."""
        prepared: dict[int, _Spans] = {}
        heading = heading_of_prose = 0
        for node in self._parser.css("h1, h2, h3, h4, p, table"):
            tag = node.tag
            above = node.parent
            hidden, around = self._places.get(above.mem_id) or self._place(above)
            if hidden or _is_hidden(tag, node.attributes):
                continue
            if tag == "table":
                place = node.mem_id
                spans = prepared.get(around)
                kind = _kind(node, infoboxes)
                if spans is None and kind is not None:
                    spans = _prepare(node, _IN_TABLE)
                if spans is not None:
                    prepared[place] = spans
                self.tables.append((node, heading, kind, spans or {}))
            elif tag == "p":
                if not around:
                    self._paragraphs.append((node, heading_of_prose))
            else:
                if around and around not in prepared:
                    _prepare(node, _IN_PROSE)
                self._headings.append((node, tag == "h1"))
                if tag != "h1":
                    heading = len(self._headings)
                    heading_of_prose = heading_of_prose if around else heading

    def prose(self) -> tuple[list[str], tuple[Block, ...]]:
        """The headings, ``""`` first, and the paragraphs, once all tables are out of the page."""
        _prepare(self._parser, _IN_PROSE)
        headings = ["", *(_text(node) for node, _ in self._headings)]
        self._title = next(
            (
                text
                for (_, top), text in zip(self._headings, headings[1:], strict=True)
                if top and text
            ),
            "",
        )
        blocks = []
        for node, heading in self._paragraphs:
            section = headings[heading]
            if not _NOT_PROSE_SECTIONS.fullmatch(section) and (text := _text(node)):
                blocks.append(Block(section=section, text=text))
        return headings, tuple(blocks)

    def title(self) -> str:
        """The page's first heading, else its title without the site's name."""
        if self._title:
            return self._title
        head = self._parser.head
        title = head.css_first("title") if head is not None else None
        return _SITE_NAME.sub("", _text(title)) if title is not None else ""

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
                hidden or _is_hidden(node.tag, node.attributes),
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


def _text(node: Any) -> str:
    return " ".join(node.text_lexbor().replace(_BREAK, " ").split())


def _clean(texts: list[str]) -> list[str]:
    """Collapse spaces and put each line on one of its own, in all texts of a table at once."""
    text = " ".join("\0".join(texts).split())
    text = text.replace(" \0", "\0").replace("\0 ", "\0")
    if _BREAK in text:
        text = text.replace(f" {_BREAK}", _BREAK).replace(f"{_BREAK} ", _BREAK)
        while _BREAK * 2 in text:
            text = text.replace(_BREAK * 2, _BREAK)
        text = text.replace(f"{_BREAK}\0", "\0").replace(f"\0{_BREAK}", "\0").strip(_BREAK)
        text = text.replace(_BREAK, "\n")
    return text.split("\0")


def _prepare(node: Any, selector: str) -> _Spans:
    """Take out what is hidden below a node, mark line breaks; the spans of its cells."""
    spans: _Spans = {}
    for below in node.css(selector):
        tag = below.tag
        attributes = below.attributes
        if tag == "sup":
            if _is_footnote(below, attributes) or _is_hidden(tag, attributes):
                below.decompose(recursive=False)
        elif (attributes or tag in _HIDDEN_TAGS) and _is_hidden(tag, attributes):
            below.decompose(recursive=False)
        elif tag in _CELL_TAGS:
            columns = min(_span(attributes.get("colspan")) or 1, MAX_SPAN)
            spans[below.mem_id] = (columns, _span(attributes.get("rowspan")))
        elif tag in _BREAKING:
            below.insert_before(_BREAK)
            if tag != "br":
                below.insert_after(_BREAK)
    return spans


def _is_hidden(tag: str, attributes: Mapping[str, str | None]) -> bool:
    if tag in _HIDDEN_TAGS:
        return True
    if not attributes or tag in _NEVER_HIDDEN:
        return False
    return (
        "hidden" in attributes
        or ((style := attributes.get("style")) and _HIDDEN_STYLE.search(style.lower()) is not None)
        or (
            (names := attributes.get("class")) is not None
            and not _HIDDEN_CLASSES.isdisjoint(names.split())
        )
    )


def _is_footnote(node: Any, attributes: Mapping[str, str | None]) -> bool:
    if not _FOOTNOTE_CLASSES.isdisjoint((attributes.get("class") or "").split()):
        return True
    text = node.text_lexbor()
    return bool(_FOOTNOTE.fullmatch(text)) or (
        len(text) <= 4 and node.css_first('a[href^="#"]') is not None
    )


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
    for group in node.iter():
        tag = group.tag
        if tag == "caption":
            caption = caption or _text(group)
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


def _fill(rows: list[GridRow], cells: list[Any], lefts: list[int], spans: _Spans) -> None:
    """Give rows their cells' texts and spans.

    ``lefts`` counts the rows of each one's group from it on: no cell spans more, and a span of 0
    means all of them.
    """
    tags = [cell.tag for cell in cells]
    if not _CELL_TAGS.issuperset(tags):
        start = 0
        for row in rows:
            stop = start + row.own
            row.own = sum(tag in _CELL_TAGS for tag in tags[start:stop])
            start = stop
        cells = [cell for cell, tag in zip(cells, tags, strict=True) if tag in _CELL_TAGS]
        tags = [tag for tag in tags if tag in _CELL_TAGS]
    texts = _clean([cell.text_lexbor() for cell in cells])
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


def _span(value: str | None) -> int:
    """A span attribute as a browser reads it: its leading digits, else 1."""
    match = _DIGITS.match(value.strip()) if value else None
    return int(match[0][:9]) if match else 1
