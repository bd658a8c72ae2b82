"""Find input files and read documents from them, whatever their format.

A record that can't be read is yielded as :class:`~gentap.documents.rejected.RejectedRecord` with
its place and a named reason, and reading goes on with the next one.
"""

import glob
from collections.abc import Iterator, Sequence
from pathlib import Path

from gentap.documents import pages
from gentap.documents.charset import decode
from gentap.documents.compressed import DamagedError, open_packed
from gentap.documents.dumps import read_dump
from gentap.documents.jsonl import read_lines
from gentap.documents.markdown import markdown_to_html
from gentap.documents.rejected import RejectedRecord
from gentap.documents.warc import read_warc
from gentap.errors import InputError
from gentap.records import Document
from gentap.settings.sections import FieldMap

HTML_SUFFIXES = (".html", ".htm", ".xhtml")
MARKDOWN_SUFFIXES = (".md", ".markdown")
JSONL_SUFFIXES = tuple(
    f".{name}{packed}" for name in ("jsonl", "ndjson") for packed in ("", ".gz", ".zst")
)
WARC_SUFFIXES = (".warc", ".warc.gz", ".warc.zst")
DUMP_SUFFIXES = (".tar.gz", ".tgz")
DOCUMENT_SUFFIXES = (
    HTML_SUFFIXES + MARKDOWN_SUFFIXES + JSONL_SUFFIXES + WARC_SUFFIXES + DUMP_SUFFIXES
)


def expand_inputs(
    patterns: Sequence[str], suffixes: Sequence[str] = DOCUMENT_SUFFIXES
) -> list[Path]:
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


def read_documents(
    path: Path, fields: FieldMap, *, infoboxes: bool = False
) -> Iterator[Document | RejectedRecord]:
    """All documents of one file; with ``infoboxes`` these are read as tables too."""
    name = path.name
    try:
        with path.open("rb") as file:
            empty = not file.read(1)
        if empty:
            yield RejectedRecord(name, "empty file")
        elif name.endswith(WARC_SUFFIXES):
            yield from read_warc(path, infoboxes)
        elif name.endswith(DUMP_SUFFIXES):
            yield from read_dump(path, infoboxes)
        elif name.endswith(JSONL_SUFFIXES):
            yield from _read_jsonl(path, fields, infoboxes)
        elif path.stat().st_size > pages.MAX_PAGE_BYTES:
            yield RejectedRecord(name, "page too large", f"{path.stat().st_size:,} bytes")
        elif name.endswith(MARKDOWN_SUFFIXES):
            html, title = markdown_to_html(decode(path.read_bytes()))
            yield from pages.read_page(
                html.encode(), "utf-8", name, name, title=title, infoboxes=infoboxes
            )
        else:
            yield from pages.read_page(path.read_bytes(), None, name, name, infoboxes=infoboxes)
    except OSError as error:
        yield RejectedRecord(name, "unreadable file", str(error))


def _read_jsonl(
    path: Path, fields: FieldMap, infoboxes: bool
) -> Iterator[Document | RejectedRecord]:
    with open_packed(path) as stream:
        try:
            yield from read_lines(stream, fields, path.name, infoboxes)
        except DamagedError as error:
            yield RejectedRecord(error.where, "damaged compressed file", str(error))
