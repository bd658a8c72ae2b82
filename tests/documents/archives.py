"""WARC records and archives for tests, and short forms of what was read."""

import gzip
from pathlib import Path

import pyarrow as pa

from gentap.documents.read import read_documents
from gentap.documents.rejected import RejectedRecord
from gentap.records import Document
from gentap.settings.sections import FieldMap

Item = Document | RejectedRecord


def read_all(path: Path, fields: FieldMap | None = None) -> list[Item]:
    return list(read_documents(path, fields or FieldMap()))


def outcome(items: list[Item]) -> list[str]:
    """Titles of documents and reasons of what was set aside."""
    return [item.title if isinstance(item, Document) else item.reason for item in items]


def set_aside(item: Item) -> tuple[str, str]:
    assert isinstance(item, RejectedRecord)
    return item.where, item.reason


def zstd(content: bytes) -> bytes:
    return bytes(pa.compress(content, codec="zstd", asbytes=True))


def brotli(content: bytes) -> bytes:
    return bytes(pa.compress(content, codec="brotli", asbytes=True))


PACKERS = {".gz": lambda content: gzip.compress(content, mtime=0), ".zst": zstd}
PAGE = b"<title>%s</title><p>Words of %s.</p>"


def response(
    name: str,
    body: bytes | None = None,
    *,
    status: str = "200 OK",
    content_type: str = "text/html; charset=utf-8",
    headers: str = "",
    warc_type: str = "response",
    block_type: str = "application/http; msgtype=response",
) -> bytes:
    """One WARC record of https://w.example/<name>."""
    if body is None:
        body = PAGE % (name.encode(), name.encode())
    block = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\n{headers}\r\n".encode() + body
    head = (
        f"WARC/1.1\r\nWARC-Type: {warc_type}\r\nWARC-Target-URI: https://w.example/{name}\r\n"
        "WARC-Date: 2020-02-02T00:00:00Z\r\n"
        "WARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-000000000001>\r\n"
        f"Content-Type: {block_type}\r\nContent-Length: {len(block)}\r\n\r\n"
    )
    return head.encode() + block + b"\r\n\r\n"


def chunked(body: bytes) -> bytes:
    parts = [body[start : start + 10] for start in range(0, len(body), 10)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in [*parts, b""])


def warc(folder: Path, *records: bytes, name: str = "a.warc.gz") -> Path:
    path = folder / name
    pack = PACKERS.get(path.suffix, bytes)
    path.write_bytes(b"".join(pack(record) for record in records))
    return path
