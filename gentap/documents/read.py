"""Find input files and read documents from them, whatever their format.

A record that can't be read is yielded as :class:`Unread` with its place and a named reason, and
reading goes on with the next one.
"""

import glob
import gzip
import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gentap.documents.charset import to_utf8
from gentap.documents.html import read_html
from gentap.documents.jsonl import read_line
from gentap.errors import InputError
from gentap.records import Document
from gentap.settings import FieldMap
from gentap.store import write_text

HTML_SUFFIXES = (".html", ".htm", ".xhtml")
JSONL_SUFFIXES = (".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz")
WARC_SUFFIXES = (".warc", ".warc.gz")
SUFFIXES = HTML_SUFFIXES + JSONL_SUFFIXES + WARC_SUFFIXES

MAX_PAGE_BYTES = 32 * 2**20
"""A page larger than this is set aside unread."""


@dataclass(frozen=True, slots=True)
class Unread:
    """A record that was set aside: its place, the reason's name, and more about it."""

    where: str
    reason: str
    detail: str = ""


def list_unread(path: Path, unread: Iterable[Unread]) -> None:
    """Write a stage's list of records that were set aside."""
    lines = [json.dumps(asdict(entry), ensure_ascii=False) for entry in unread]
    write_text(path, "".join(f"{line}\n" for line in lines))


def expand_inputs(patterns: Sequence[str], suffixes: Sequence[str] = SUFFIXES) -> list[Path]:
    """Files, folders and globs to the files they name, in the given order, each once.

    Raises InputError where one of them names nothing that can be read.
    """
    found: dict[Path, None] = {}
    for pattern in patterns:
        path = Path(pattern)
        if path.is_dir():
            files = [
                file
                for file in sorted(path.rglob("*"))
                if file.name.endswith(tuple(suffixes)) and file.is_file()
            ]
            if not files:
                raise InputError(
                    f"{pattern}: the folder holds no file that ends in {', '.join(suffixes)}."
                )
        elif path.is_file():
            if not path.name.endswith(tuple(suffixes)):
                raise InputError(
                    f"{pattern}: can't tell the format of this file. Its name must end in "
                    f"{', '.join(suffixes)}."
                )
            files = [path]
        else:
            files = [Path(name) for name in sorted(glob.glob(pattern, recursive=True))]  # noqa: PTH207
            if not files:
                raise InputError(f"{pattern}: no such file or folder.")
            files = expand_inputs([str(file) for file in files], suffixes)
        found.update(dict.fromkeys(files))
    return list(found)


def read_documents(path: Path, fields: FieldMap) -> Iterator[Document | Unread]:
    """All documents of one file."""
    try:
        if path.name.endswith(WARC_SUFFIXES):
            yield from _read_warc(path)
        elif path.name.endswith(JSONL_SUFFIXES):
            yield from _read_jsonl(path, fields)
        else:
            yield from _read_page(path)
    except OSError as error:
        yield Unread(path.name, "unreadable file", str(error))


def _read_page(path: Path) -> Iterator[Document | Unread]:
    if path.stat().st_size > MAX_PAGE_BYTES:
        yield Unread(path.name, "page too large", f"{path.stat().st_size:,} bytes")
        return
    content = path.read_bytes()
    if not content.strip():
        yield Unread(path.name, "empty page")
        return
    yield read_html(to_utf8(content), path.name)


def _read_jsonl(path: Path, fields: FieldMap) -> Iterator[Document | Unread]:
    opened: Any = gzip.open if path.name.endswith(".gz") else open
    number = 0
    try:
        with opened(path, "rb") as file:
            for number, line in enumerate(file, start=1):
                where = f"{path.name}:{number}"
                if not line.strip():
                    continue
                try:
                    yield read_line(line.decode("utf-8-sig"), fields, where)
                except ValueError as error:
                    yield Unread(where, "bad JSONL record", str(error))
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        yield Unread(f"{path.name}:{number + 1}", "damaged compressed file", str(error))


class _Gzip(gzip.GzipFile):
    """Hands out all that stands before damaged data, then raises."""

    def read(self, size: int | None = -1) -> bytes:
        return self.read1(-1 if size is None else size)


def _read_warc(path: Path) -> Iterator[Document | Unread]:
    from fastwarc.warc import ArchiveIterator, WarcRecordType

    url = ""
    opened: Any = _Gzip if path.name.endswith(".gz") else open
    try:
        with opened(path, "rb") as stream:
            responses = WarcRecordType.response
            for record in ArchiveIterator(stream, record_types=responses, parse_http=False):
                length = record.content_length
                content = record.reader.read(MAX_PAGE_BYTES + 1)
                url = record.headers.get("WARC-Target-URI") or record.record_id or ""
                where = f"{path.name}#{url}"
                if length > MAX_PAGE_BYTES:
                    yield Unread(where, "page too large", f"{length:,} bytes")
                    continue
                if len(content) < length:
                    yield Unread(where, "damaged archive", "it ends within this record")
                    continue
                try:
                    yield from _read_response(content, record.is_http, where, url)
                except (OSError, ValueError) as error:
                    yield Unread(where, "undecodable response", str(error))
    except (OSError, EOFError, ValueError, zlib.error) as error:
        yield Unread(f"{path.name} after {url or 'its start'}", "damaged archive", str(error))


def _read_response(
    content: bytes, is_http: bool, where: str, url: str
) -> Iterator[Document | Unread]:
    from fastwarc.warc import WarcRecord

    record = WarcRecord()  # apart from the archive, whose reading a bad body would end
    record.is_http = is_http
    record.set_bytes_content(content)
    record.parse_http(auto_decode="all")
    http = record.http_headers
    content_type = (record.http_content_type or "").lower()
    if http is None:
        yield Unread(where, "not an HTTP response")
    elif http.status_code is not None and int(http.status_code) != 200:
        yield Unread(where, "HTTP error or redirect", f"status {http.status_code}")
    elif "html" not in content_type:
        yield Unread(where, "not HTML", content_type or "no content type")
    else:
        page = record.reader.read(MAX_PAGE_BYTES + 1)
        if len(page) > MAX_PAGE_BYTES:
            yield Unread(where, "page too large", f"over {MAX_PAGE_BYTES:,} bytes")
        elif not page.strip():
            yield Unread(where, "empty page")
        else:
            document = read_html(to_utf8(page, record.http_charset), url)
            yield Document(
                url=url, title=document.title, blocks=document.blocks, tables=document.tables
            )
