"""HTML pages to documents: prose by heading, data tables with their spans expanded."""

import re
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from gentap.records import Block, Document, Table

MAX_SPAN = 1000
MAX_CELLS = 500_000
"""A table with more cells than this, spans expanded, is left out."""

_HIDDEN = ", ".join(
    [
        "style",
        "script",
        "noscript",
        "template",
        "sup.reference",
        "sup.noprint",
        "[hidden]",
        ".sortkey",
        ".mw-editsection",
        ".editsection",
        '[style*="display:none"]',
        '[style*="display: none"]',
    ]
)
_BREAKS = "br, hr, div, p, li, dt, dd"
_LAYOUT = re.compile(
    r"\b(navbox|vertical-navbox|infobox|metadata|[a-z]mbox|mbox-small|toc|plainlinks|navigation"
    r"|succession-box|layout|sistersitebox|wikitable-nav)\b",
    re.I,
)
_LAYOUT_ROLES = frozenset(["presentation", "navigation", "none"])
_NOT_PROSE_SECTIONS = re.compile(
    r"(references|notes|notes and references|external links|see also|further reading|sources"
    r"|bibliography|footnotes|contents|navigation menu)\W*",
    re.I,
)
_DIGITS = re.compile(r"[0-9]+")
_SPACES = re.compile(r"\s+")
_SITE_NAME = re.compile(r" [-–—|] [^-–—|]{2,60}$")
_NUMERIC = re.compile(r"[\d\s.,%$€£+()/–-]+")

_SpanningCell = tuple[str, bool, int, int]


def decode(content: bytes, charset: str | None = None) -> str:
    """Bytes to text: byte-order mark, UTF-8, declared charset, else detection; never fails."""
    from resiliparse.parse.encoding import detect_encoding, map_encoding_to_html5

    if content[:3] == b"\xef\xbb\xbf":
        return content[3:].decode("utf-8", "replace")
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        pass
    name = map_encoding_to_html5(charset, fallback_utf8=False) if charset else None
    name = name or detect_encoding(content, from_html_meta=True) or "windows-1252"
    try:
        return content.decode(name, "replace")
    except LookupError:
        return content.decode("windows-1252", "replace")


def read_html(text: str, url: str) -> Document:
    """Read one page.

    Hidden text, scripts and footnote marks go; layout and navigation tables go; nested tables are
    read apart. A page without tables or prose gives a document without them.
    """
    from selectolax.lexbor import LexborHTMLParser

    page = LexborHTMLParser(text.replace("\0", ""))
    for node in page.css(_HIDDEN):
        if node.tag not in ("html", "body"):  # a page hidden until its script has run
            node.decompose()
    for node in page.css(_BREAKS):
        node.insert_before(" ")
        node.insert_after(" ")
    title = _title(page)
    return Document(
        url=_canonical_url(page) or url,
        title=title,
        tables=_tables(page, title),
        blocks=_prose(page),
    )


def _canonical_url(page: Any) -> str:
    link = page.css_first('link[rel="canonical"]')
    return (link.attributes.get("href") or "") if link is not None else ""


def _title(page: Any) -> str:
    heading = page.css_first("h1")
    if heading is not None and (text := _text(heading)):
        return text
    title = page.css_first("title")
    return _SITE_NAME.sub("", _text(title)) if title is not None else ""


def _text(node: Any) -> str:
    return _SPACES.sub(" ", node.text(deep=True, separator="", strip=False)).strip()


def _tables(page: Any, title: str) -> tuple[Table, ...]:
    """Read all tables and take them out of the page, so that what is left is prose."""
    placed: list[tuple[Any, str]] = []
    section = ""
    for node in page.css("h2, h3, h4, table"):
        if node.tag == "table":
            placed.append((node, section))
        else:
            section = _text(node)
    tables: list[Table] = []
    for node, section in reversed(placed):  # a nested table comes after the one around it
        if (table := _read_table(node, title, section)) is not None:
            tables.append(table)
        node.decompose()
    return tuple(reversed(tables))


def _prose(page: Any) -> tuple[Block, ...]:
    blocks = []
    section = ""
    for node in page.css("h2, h3, h4, p"):
        text = _text(node)
        if node.tag != "p":
            section = text
        elif text and not _NOT_PROSE_SECTIONS.fullmatch(section):
            blocks.append(Block(section=section, text=text))
    return tuple(blocks)


def _is_layout(node: Any) -> bool:
    attributes = node.attributes
    names = f"{attributes.get('class') or ''} {attributes.get('id') or ''}"
    return (attributes.get("role") or "") in _LAYOUT_ROLES or bool(_LAYOUT.search(names))


def _read_table(node: Any, title: str, section: str) -> Table | None:
    if _is_layout(node):
        return None
    caption = node.css_first("caption")
    caption_text = _text(caption) if caption is not None else ""
    rows: list[list[_SpanningCell]] = []
    for _, group in groupby(node.css("tr"), key=lambda row: row.parent.mem_id):
        members = list(group)
        rows += [_row_cells(row, len(members) - index) for index, row in enumerate(members)]
    grid, heads = _expand(rows)
    split = _split_header(grid, heads)
    if split is None:
        return None
    header, body = split
    return Table(title=title, section=section, caption=caption_text, header=header, rows=body)


def _row_cells(row: Any, left: int) -> list[_SpanningCell]:
    """A row's cells: text, whether a ``th``, columns and rows spanned.

    ``left`` counts the rows of its group from this one on: no cell spans more, and a span of 0
    means all of them.
    """
    return [
        (
            _text(cell),
            cell.tag == "th",
            min(_span(cell.attributes.get("colspan")) or 1, MAX_SPAN),
            min(_span(cell.attributes.get("rowspan")) or left, left),
        )
        for cell in row.iter()
        if cell.tag in ("td", "th")
    ]


def _span(value: str | None) -> int:
    """A span attribute as a browser reads it: its leading digits, else 1."""
    match = _DIGITS.match(value.strip()) if value else None
    return int(match[0][:9]) if match else 1


def _expand(rows: Sequence[Sequence[_SpanningCell]]) -> tuple[list[list[str]], list[bool]]:
    """Repeat spanning cells over their rectangle; rows are padded to one width.

    Where two cells overlap, the later one stands. Also says for each row whether all its cells
    are ``th``. Rows without cells of their own are left out.
    """
    lines: list[dict[int, str]] = [{} for _ in rows]
    total = 0
    for index, cells in enumerate(rows):
        column = 0
        for text, _, columns, down in cells:
            while column in lines[index]:
                column += 1
            total += columns * down
            if total > MAX_CELLS:
                return [], []
            spanned = dict.fromkeys(range(column, column + columns), text)
            for line in lines[index : index + down]:
                line.update(spanned)
            column += columns
    width = max((max(line, default=-1) + 1 for line in lines), default=0)
    if width * len(lines) > MAX_CELLS:
        return [], []
    own = [(line, cells) for line, cells in zip(lines, rows, strict=True) if cells]
    grid = [[line.get(column, "") for column in range(width)] for line, _ in own]
    return grid, [all(is_head for _, is_head, _, _ in cells) for _, cells in own]


def _split_header(
    grid: list[list[str]], heads: list[bool]
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]] | None:
    """Part header rows from body rows; None where the grid is no data table."""
    width = len(grid[0]) if grid else 0
    if width < 2 or len(grid) < 2:
        return None
    count = next((index for index, head in enumerate(heads) if not head), len(heads))
    titles = [line for line in grid[:count] if len(set(line)) > 1]
    if count == 0:
        if not all(text and not _NUMERIC.fullmatch(text) for text in grid[0]):
            return None
        count, titles = 1, [grid[0]]
    if not titles:
        return None
    header = tuple(
        " ".join(dict.fromkeys(line[column] for line in titles if line[column]))
        for column in range(width)
    )
    lines = [
        tuple(line) for line, head in zip(grid[count:], heads[count:], strict=True) if not head
    ]
    body = tuple(line for line in lines if len({text for text in line if text}) > 1)
    used = [column for column in range(width) if header[column] or any(row[column] for row in body)]
    if not body or len(used) < 2:
        return None
    return (
        tuple(header[column] for column in used),
        tuple(tuple(row[column] for column in used) for row in body),
    )
