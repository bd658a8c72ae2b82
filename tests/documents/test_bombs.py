"""Files of a few kilobytes that unpack to a gigabyte are read in bounded memory."""

import json
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from archives import response, zstd

GIGABYTE = 2**30
MEGABYTE = b"x" * 2**20

READ = """
import json, resource, sys
from pathlib import Path
from gentap.documents.read import read_documents
from gentap.records import Document
from gentap.settings.sections import FieldMap
list(read_documents(Path(sys.argv[2]), FieldMap()))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
items = read_documents(Path(sys.argv[1]), FieldMap())
print(json.dumps([item.title if isinstance(item, Document) else item.reason for item in items]))
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def gzip_bomb(start: bytes, end: bytes) -> bytes:
    """A gzip member of ``start``, a gigabyte of ``x``, ``end``: one block of it, repeated."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    head = packer.compress(start) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(MEGABYTE) + packer.flush(zlib.Z_FULL_FLUSH)
    tail = packer.compress(end) + packer.flush()
    count = GIGABYTE // len(MEGABYTE)
    check = zlib.crc32(start)
    for _ in range(count):
        check = zlib.crc32(MEGABYTE, check)
    check = zlib.crc32(end, check)
    size = (len(start) + GIGABYTE + len(end)) % 2**32
    sums = check.to_bytes(4, "little") + size.to_bytes(4, "little")
    return b"\x1f\x8b\x08" + bytes(7) + head + block * count + tail + sums


def line(title: str) -> bytes:
    return json.dumps({"title": title}).encode() + b"\n"


def warc_of_a_gigabyte() -> bytes:
    length = str(GIGABYTE).encode()
    start, _, _ = response("x").partition(b"HTTP/1.1")
    start = start[: start.rindex(b"Content-Length: ")] + b"Content-Length: " + length
    packed = zlib.compressobj(wbits=31)
    one, two = response("one"), response("two")
    good = packed.compress(one) + packed.flush()
    packed = zlib.compressobj(wbits=31)
    last = packed.compress(two) + packed.flush()
    return good + gzip_bomb(start + b"\r\n\r\n", b"\r\n\r\n") + last


def warc_of_a_packed_gigabyte() -> bytes:
    bomb = response("x", gzip_bomb(b"<p>", b"</p>"), headers="Content-Encoding: gzip\r\n")
    return response("one") + bomb + response("two")


@pytest.mark.parametrize(
    ("name", "content", "outcome"),
    [
        ("a.warc.gz", warc_of_a_gigabyte, ["one", "page too large", "two"]),
        ("a.warc", warc_of_a_packed_gigabyte, ["one", "page too large", "two"]),
        (
            "a.jsonl.gz",
            lambda: gzip_bomb(line("one") + b'{"title": "', b'"}\n' + line("two")),
            ["one", "line too long", "two"],
        ),
        (
            "a.jsonl.zst",
            lambda: zstd(line("one")) + zstd(MEGABYTE) * 1024 + zstd(b"\n" + line("two")),
            ["one", "line too long", "two"],
        ),
    ],
)
def test_a_file_that_unpacks_to_a_gigabyte_is_read_in_little_memory(
    tmp_path: Path, name: str, content: object, outcome: list[str]
) -> None:
    assert callable(content)
    (tmp_path / name).write_bytes(content())
    assert (tmp_path / name).stat().st_size < 10**7
    small = tmp_path / f"small.{name.partition('.')[2]}"
    small.write_bytes(b"\0")
    done = subprocess.run(
        [sys.executable, "-c", READ, str(tmp_path / name), str(small)],
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    found, megabytes = done.stdout.splitlines()
    assert json.loads(found) == outcome
    assert int(megabytes) < 250
