"""One page's bytes to a document, or the reason why not."""

from collections.abc import Iterator
from dataclasses import dataclass

from gentap.documents.charset import to_utf8
from gentap.documents.markup.html import may_hold_tables, read_html
from gentap.documents.markup.nesting import TooHeavyError, too_heavy
from gentap.documents.rejected import RejectedRecord
from gentap.records import Document

MAX_PAGE_BYTES = 32 * 2**20
"""A page larger than this is set aside unread."""
NO_TABLE = "page without a data table"
"""The reason's name where nothing on a page can be mined."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of pages is wanted: infoboxes as tables too, and pages without any table."""

    infoboxes: bool = False
    tableless: bool = True


def read_page(
    content: bytes,
    charset: str | None,
    url: str,
    where: str,
    wanted: Wanted,
    *,
    title: str = "",
    name: str = "",
) -> Iterator[Document | RejectedRecord]:
    """Read a page of any encoding; its document comes last, after what was left out of it.

    ``title`` stands for the page's own, ``name`` where it has none.
    """
    if len(content) > MAX_PAGE_BYTES:
        yield RejectedRecord(where, "page too large", f"over {MAX_PAGE_BYTES:,} bytes")
        return
    if not content or content.isspace():
        yield RejectedRecord(where, "empty page")
        return
    if not wanted.tableless and not may_hold_tables(content):  # most of the web, left undecoded
        yield RejectedRecord(where, NO_TABLE)
        return
    html = to_utf8(content, charset)
    if detail := too_heavy(html):
        yield RejectedRecord(where, "page too heavy to parse", detail)
        return
    left_out: list[RejectedRecord] = []
    try:
        document = read_html(
            html,
            url,
            title=title,
            name=name,
            infoboxes=wanted.infoboxes,
            tableless=wanted.tableless,
            report=lambda reason, detail: left_out.append(RejectedRecord(where, reason, detail)),
        )
    except TooHeavyError as error:
        yield RejectedRecord(where, "page too heavy to parse", str(error))
        return
    yield from left_out
    yield document
