"""WARC archives, plain, ``.gz`` or ``.zst``: their HTML responses as documents."""

from collections.abc import Iterator
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import IO, Any

from gentap.documents import pages
from gentap.documents.archives.compressed import DAMAGE, gzip_is_whole, unpacked
from gentap.documents.archives.warc_records import Gap, read_records
from gentap.documents.rejected import RejectedRecord, guarded
from gentap.records import Document
from gentap.runs.counting import counted

_MARKUP = (b"<", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


def read_warc(path: Path, wanted: pages.Wanted) -> Iterator[Document | RejectedRecord]:
    """All pages of an archive; what is no page is set aside with the reason.

    An archive that is cut or damaged gives all that stands before, and one report.
    """
    archive = _Archive(path.name)
    suffix = path.suffix.lower()
    try:
        if suffix in (".gz", ".zst"):
            with unpacked(path) as stream:
                yield from archive.records(stream, wanted)
                stream.read(1)  # tells damage from an end
                start = stream.raw.packed.frame_start_position() or 0
            whole = suffix == ".zst" or gzip_is_whole(path, start)
        else:
            with path.open("rb") as file:
                yield from archive.records(file, wanted)
            whole = _ends_in_a_line(path)
    except DAMAGE as error:
        if not archive.damaged:
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
        """Whether damage at its end was told."""
        self.hollow: RejectedRecord | None = None
        """A record without content: perhaps only its header was left of it."""
        self._last = ""

    def damage(self, detail: str) -> RejectedRecord:
        self.damaged = True
        return RejectedRecord(
            f"{self.name} after {self._last or 'its start'}", "damaged archive", detail
        )

    def records(
        self, stream: IO[bytes], wanted: pages.Wanted
    ) -> Iterator[Document | RejectedRecord]:
        for record in read_records(stream, pages.MAX_PAGE_BYTES + 1):
            if self.hollow is not None:
                yield self.hollow
                self.hollow = None
            if isinstance(record, Gap):
                yield self.damage(record.detail)
                continue
            self.damaged = False
            fields, content, length = record.fields, record.content, record.length
            kind = fields.get("warc-type", "").lower()
            if kind not in ("response", "resource"):
                self.damaged = len(content) < min(length, pages.MAX_PAGE_BYTES + 1)
                if self.damaged:
                    yield self.damage("it ends within a record")
                continue
            url = fields.get("warc-target-uri") or fields.get("warc-record-id") or ""
            where = f"{self.name}#{url}"
            content_type = fields.get("content-type", "").lower()
            if not length:
                self.hollow = RejectedRecord(where, "empty record")
                continue
            self._last = url
            if length > pages.MAX_PAGE_BYTES:
                yield RejectedRecord(where, "page too large", counted(length, "byte"))
            elif len(content) < length:
                self.damaged = True
                yield RejectedRecord(where, "damaged archive", "it ends within this record")
            elif kind == "resource":
                if "html" in content_type:
                    yield from guarded(_read_body(content, None, url, where, wanted), where)
                else:
                    yield RejectedRecord(where, "not HTML", content_type or "no content type")
            elif content_type and not content_type.startswith("application/http"):
                yield RejectedRecord(where, "not an HTTP response")
            else:
                yield from guarded(_read_response(content, url, where, wanted), where)


def _read_response(
    content: bytes, url: str, where: str, wanted: pages.Wanted
) -> Iterator[Document | RejectedRecord]:
    """Read an HTTP response apart from its archive, whose reading a bad body would end."""
    from fastwarc.warc import WarcRecord

    content = _with_whole_line_ends(content)
    record = WarcRecord()
    record.is_http = True
    record.set_bytes_content(content)
    try:
        record.parse_http(auto_decode="none")
    except (OSError, ValueError) as error:
        yield RejectedRecord(where, "not an HTTP response", str(error))
        return
    http = record.http_headers
    if http is None:
        yield RejectedRecord(where, "not an HTTP response")
        return
    if http.status_code is not None and int(http.status_code) != 200:
        yield RejectedRecord(where, "HTTP error or redirect", f"status {http.status_code}")
        return
    content_type = record.http_content_type or ""
    if "html" not in content_type.lower():
        yield RejectedRecord(where, "not HTML", content_type.lower() or "no content type")
        return
    sent = content[len(content) - record.content_length :]
    codings = [http.get(name) or "" for name in ("Content-Encoding", "Transfer-Encoding")]
    try:
        body = _decode(sent, ",".join(codings))
    except (OSError, ValueError) as error:
        if not sent.lstrip()[:3].startswith(_MARKUP):
            yield RejectedRecord(where, "undecodable response", str(error))
            return
        body = sent  # archived already decoded, under the headers that it came with
    yield from _read_body(body, record.http_charset, url, where, wanted)


def _with_whole_line_ends(content: bytes) -> bytes:
    """A response whose headers' lines end in CR LF; some servers leave out the CR."""
    whole = content.find(b"\r\n\r\n")
    bare = content.find(b"\n\n", 0, whole if whole >= 0 else len(content))
    if bare < 0:
        return content
    head, body = content[:bare], content[bare + 2 :]
    return b"\r\n".join(line.rstrip(b"\r") for line in head.split(b"\n")) + b"\r\n\r\n" + body


def _decode(body: bytes, codings: str) -> bytes:
    """Undo the codings, the last first; no more than a page may hold. Others' names say nothing."""
    from fastwarc.stream_io import BrotliReader, ChunkedReader, GzipReader, ZstdReader

    readers: dict[str, Any] = {
        "chunked": ChunkedReader,
        "gzip": GzipReader,
        "x-gzip": GzipReader,
        "deflate": partial(GzipReader, zlib=True),
        "br": BrotliReader,
        "zstd": ZstdReader,
    }
    for coding in reversed(codings.lower().split(",")):
        if reader := readers.get(coding.strip()):
            body = reader(BytesIO(body)).read(pages.MAX_PAGE_BYTES + 1)
    return body


def _read_body(
    body: bytes, charset: str | None, url: str, where: str, wanted: pages.Wanted
) -> Iterator[Document | RejectedRecord]:
    for found in pages.read_page(body, charset, url, where, wanted):
        if isinstance(found, Document):  # what was fetched is what it is called
            yield Document(url=url, title=found.title, blocks=found.blocks, tables=found.tables)
        else:
            yield found
