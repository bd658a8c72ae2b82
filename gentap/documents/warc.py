"""WARC archives, plain, ``.gz`` or ``.zst``: their HTML responses as documents."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from gentap.documents import pages
from gentap.documents.packed import DAMAGE, gzip_is_whole
from gentap.documents.unread import Unread
from gentap.records import Document

_MARKUP = (b"<", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


def read_warc(path: Path, infoboxes: bool) -> Iterator[Document | Unread]:
    """All pages of an archive; what is no page is set aside with the reason.

    An archive that is cut or damaged gives all that stands before, and one report.
    """
    from fastwarc.stream_io import GzipReader, ZstdReader

    archive = _Archive(path.name)
    packed: Any = {".gz": GzipReader, ".zst": ZstdReader}.get(path.suffix)
    try:
        with path.open("rb") as file:
            stream: Any = packed(file) if packed else file
            yield from archive.records(stream, infoboxes)
            if path.suffix == ".gz":
                whole = gzip_is_whole(path, stream.frame_start_position() or 0)
            else:
                whole = bool(packed) or _ends_in_a_line(path)
    except (*DAMAGE, ValueError) as error:
        yield archive.damage(str(error))
        return
    if not whole and not archive.damaged:
        yield archive.damage("it ends within a record")
    elif archive.hollow is not None:
        yield archive.hollow


def _ends_in_a_line(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, 2)
        return file.read() == b"\n"


class _Archive:
    """The records of an archive, and what became of the last of them."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.damaged = False
        self.hollow: Unread | None = None
        """A record without content: perhaps only its header was left of it."""
        self._last = ""

    def damage(self, detail: str) -> Unread:
        return Unread(f"{self.name} after {self._last or 'its start'}", "damaged archive", detail)

    def records(self, stream: Any, infoboxes: bool) -> Iterator[Document | Unread]:
        from fastwarc.warc import ArchiveIterator, WarcRecordType

        kinds = WarcRecordType.response | WarcRecordType.resource
        for record in ArchiveIterator(stream, record_types=kinds, parse_http=False):
            if self.hollow is not None:
                yield self.hollow
                self.hollow = None
            length = record.content_length
            content = record.reader.read(pages.MAX_PAGE_BYTES + 1)
            url = record.headers.get("WARC-Target-URI") or record.record_id or ""
            where = f"{self.name}#{url}"
            if not length:
                self.hollow = Unread(where, "empty record")
                continue
            self._last = url
            if length > pages.MAX_PAGE_BYTES:
                yield Unread(where, "page too large", f"{length:,} bytes")
            elif len(content) < length:
                self.damaged = True
                yield Unread(where, "damaged archive", "it ends within this record")
            elif record.record_type == WarcRecordType.resource:
                content_type = record.headers.get("Content-Type") or ""
                yield from _read_body(content, content_type, None, url, where, infoboxes)
            elif not record.is_http:
                yield Unread(where, "not an HTTP response")
            else:
                yield from _read_response(content, url, where, infoboxes)


def _read_response(
    content: bytes, url: str, where: str, infoboxes: bool
) -> Iterator[Document | Unread]:
    try:
        record, body = _parse(content, "all")
    except (OSError, ValueError) as error:
        try:  # many archives hold bodies already decoded under the headers that they came with
            record, body = _parse(content, "none")
        except (OSError, ValueError):
            body = b""
        if not body.lstrip()[:3].startswith(_MARKUP):
            yield Unread(where, "undecodable response", str(error))
            return
    if record.http_headers is None:
        yield Unread(where, "not an HTTP response")
        return
    status = record.http_headers.status_code
    if status is not None and int(status) != 200:
        yield Unread(where, "HTTP error or redirect", f"status {status}")
        return
    content_type = record.http_content_type or ""
    yield from _read_body(body, content_type, record.http_charset, url, where, infoboxes)


def _parse(content: bytes, decoding: Literal["all", "none"]) -> tuple[Any, bytes]:
    """An HTTP response apart from its archive, whose reading a bad body would end."""
    from fastwarc.warc import WarcRecord

    record = WarcRecord()
    record.is_http = True
    record.set_bytes_content(content)
    record.parse_http(auto_decode=decoding)
    return record, record.reader.read(pages.MAX_PAGE_BYTES + 1)


def _read_body(
    body: bytes, content_type: str, charset: str | None, url: str, where: str, infoboxes: bool
) -> Iterator[Document | Unread]:
    if "html" not in content_type.lower():
        yield Unread(where, "not HTML", content_type.lower() or "no content type")
        return
    for found in pages.read_page(body, charset, url, where, infoboxes=infoboxes):
        if isinstance(found, Document):  # what was fetched is what it is called
            yield Document(url=url, title=found.title, blocks=found.blocks, tables=found.tables)
        else:
            yield found
