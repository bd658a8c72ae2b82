"""Read documents from files of any format.

A record that can't be read is yielded as :class:`~gentap.documents.rejected.RejectedRecord` with
its place and a named reason, and reading goes on with the next one.
"""

from collections.abc import Iterator
from pathlib import Path

from gentap.documents import pages
from gentap.documents.archives.compressed import DamagedError, open_packed
from gentap.documents.archives.dumps import read_dump
from gentap.documents.archives.warc import read_warc
from gentap.documents.charset import decode
from gentap.documents.input_files import no_file, packed
from gentap.documents.jsonl import read_lines
from gentap.documents.markdown import markdown_to_html
from gentap.documents.rejected import RejectedRecord, guarded
from gentap.records import Document
from gentap.runs.counting import counted
from gentap.settings.sections import FieldMap

HTML_SUFFIXES = (".html", ".htm", ".xhtml")
MARKDOWN_SUFFIXES = (".md", ".markdown")
JSONL_SUFFIXES = packed(".jsonl") + packed(".ndjson")
WARC_SUFFIXES = packed(".warc")
DUMP_SUFFIXES = (".tar.gz", ".tgz")
EVERYTHING = pages.Wanted()
DOCUMENT_SUFFIXES = (
    HTML_SUFFIXES + MARKDOWN_SUFFIXES + JSONL_SUFFIXES + WARC_SUFFIXES + DUMP_SUFFIXES
)


def read_documents(
    path: Path, fields: FieldMap, wanted: pages.Wanted = EVERYTHING
) -> Iterator[Document | RejectedRecord]:
    """All documents of one file that are wanted."""
    name = path.name
    if kind := no_file(path):
        reason = "unreadable folder" if path.is_dir() else "unreadable file"
        yield RejectedRecord(str(path) if path.is_dir() else name, reason, kind)
        return
    try:
        with path.open("rb") as file:
            empty = not file.read(1)
        if empty:
            yield RejectedRecord(name, "empty file")
        else:
            yield from guarded(_read_file(path, fields, wanted), name)
    except OSError as error:
        yield RejectedRecord(name, "unreadable file", str(error))


def _read_file(
    path: Path, fields: FieldMap, wanted: pages.Wanted
) -> Iterator[Document | RejectedRecord]:
    name, end = path.name, path.name.lower()
    if end.endswith(WARC_SUFFIXES):
        yield from read_warc(path, wanted)
    elif end.endswith(DUMP_SUFFIXES):
        yield from read_dump(path, wanted)
    elif end.endswith(JSONL_SUFFIXES):
        yield from _read_jsonl(path, fields, wanted)
    elif path.stat().st_size > pages.MAX_PAGE_BYTES:
        yield RejectedRecord(name, "page too large", counted(path.stat().st_size, "byte"))
    else:
        content, charset, title = path.read_bytes(), None, ""
        if end.endswith(MARKDOWN_SUFFIXES):
            html, title = markdown_to_html(decode(content))
            content, charset = html.encode(), "utf-8"
        own = " ".join(path.stem.replace("_", " ").split())
        yield from pages.read_page(content, charset, name, name, wanted, title=title, name=own)


def _read_jsonl(
    path: Path, fields: FieldMap, wanted: pages.Wanted
) -> Iterator[Document | RejectedRecord]:
    with open_packed(path) as stream:
        try:
            yield from read_lines(stream, fields, path.name, wanted)
        except DamagedError as error:
            yield RejectedRecord(error.where, error.reason, str(error))
