"""Where the records of a WARC archive begin and end, whatever stands between them.

ISO 28500: a line ``WARC/1.x``, named fields, an empty line, so many bytes of content. Lines may end
in LF alone, and the empty lines after a record may be missing. What is no record is told once, and
reading goes on where the next one begins.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

MAX_HEADER = 2**16
"""Bytes that a record's fields may take."""

_VERSION = b"WARC/"
_PIECE = 2**16


@dataclass(frozen=True, slots=True)
class WarcRecord:
    """A record: its fields by their names in small letters, its content, and what it should have.

    ``content`` holds no more than the limit given, and less than ``length`` where it was cut.
    """

    fields: dict[str, str]
    content: bytes
    length: int


@dataclass(frozen=True, slots=True)
class Gap:
    """What is no record, from after a record on to where the next one begins."""

    detail: str


def read_records(stream: IO[bytes], limit: int) -> Iterator[WarcRecord | Gap]:
    """All records of an unpacked archive, with at most ``limit`` bytes of each one's content."""
    line = _first_line(stream)
    while line:
        if not line.startswith(_VERSION):
            yield Gap("no record begins where one should")
            line = _next_version(stream)
            continue
        fields, line, wrong = _read_fields(stream)
        length = _length(fields)
        if not wrong and length is None:
            wrong = "a record without a length"
        if wrong or length is None:
            yield Gap(wrong)
            line = line if line.startswith(_VERSION) else _next_version(stream)
            continue
        content = stream.read(min(length, limit))
        left = length - len(content)
        if len(content) == limit:
            while left > 0 and (piece := stream.read(min(left, _PIECE))):
                left -= len(piece)
        yield WarcRecord(fields, content, length)
        line = _first_line(stream)


def _first_line(stream: IO[bytes]) -> bytes:
    """The next line that is not empty; nothing at the end."""
    line = stream.readline(_PIECE)
    while line and not line.strip():
        line = stream.readline(_PIECE)
    return line


def _next_version(stream: IO[bytes]) -> bytes:
    """The next line that begins a record; nothing at the end."""
    begins = True
    while line := stream.readline(_PIECE):
        if begins and line.startswith(_VERSION):
            return line
        begins = line.endswith(b"\n")
    return b""


def _read_fields(stream: IO[bytes]) -> tuple[dict[str, str], bytes, str]:
    """A record's fields; the line that is no part of them, and what is wrong with them."""
    fields: dict[str, str] = {}
    name = ""
    size = 0
    while line := stream.readline(_PIECE):
        size += len(line)
        if size > MAX_HEADER:
            return fields, b"", f"a record's header of over {MAX_HEADER:,} bytes"
        if line.startswith(_VERSION):
            return fields, line, "a record's header without an end"
        text = line.decode("utf-8", "replace")
        if not text.strip():
            return fields, b"", ""
        if text[0] in " \t" and name:
            fields[name] += f" {text.strip()}"
            continue
        name, _, value = text.partition(":")
        name = name.strip().lower()
        fields.setdefault(name, value.strip())
    return fields, b"", "it ends within a record"


def _length(fields: dict[str, str]) -> int | None:
    value = fields.get("content-length", "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 19 else None
