"""Compressed files as streams whose every read is bounded, and which tell a cut from an end."""

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

DAMAGE = (EOFError, OSError, zlib.error)
"""What a damaged stream raises, after all that stands before the damage was read."""

MAX_EMPTY_LINES = 100_000
"""So many one after the other end the reading of a file: a few kilobytes unpack to millions."""

TOO_MANY_EMPTY = (f"over {MAX_EMPTY_LINES:,} one after the other", "too many empty lines")
"""What is said of them, and the reason's name."""

_CHUNK = 2**16
_BUFFER = 2**18


class DamagedError(Exception):
    """A stream can't be read on from ``where``: it is cut, damaged, or a bomb."""

    def __init__(self, where: str, detail: str, reason: str = "damaged compressed file") -> None:
        super().__init__(detail)
        self.where, self.reason = where, reason


def open_packed(path: Path) -> Any:
    """A file's content, unpacked where its name ends in ``.gz`` or ``.zst``."""
    name = path.name.lower()
    if name.endswith(".gz"):
        return gzip.open(path, "rb")  # its own buffer: another would lose what precedes damage
    if name.endswith(".zst"):
        return unpacked(path)
    return path.open("rb")


def unpacked(path: Path) -> "io.BufferedReader[Unpacked]":
    """A ``.gz`` or ``.zst`` file by FastWARC's readers, which are faster."""
    return io.BufferedReader(Unpacked(path), _BUFFER)


class Unpacked(io.RawIOBase):
    """All members or frames of a packed file, one after the other.

    Damage is an end first, so that nothing that stands before it is lost, and raised when more is
    read. ``packed`` is FastWARC's reader.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file, self.packed = self._open()
        self._read = 0
        self._damage: Exception | None = None

    def _open(self) -> tuple[IO[bytes], Any]:
        from fastwarc.stream_io import GzipReader, ZstdReader

        file = self._path.open("rb")
        return file, (GzipReader if self._path.suffix.lower() == ".gz" else ZstdReader)(file)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self._damage is not None:
            raise self._damage
        try:
            content = self.packed.read(len(buffer))
        except DAMAGE as error:
            self._damage = error
            content = self._before_damage(len(buffer))
        buffer[: len(content)] = content
        self._read += len(content)
        return len(content)

    def _before_damage(self, size: int) -> bytes:
        """What the read that failed had unpacked before."""
        file, packed = self._open()
        content = bytearray()
        with file, suppress(*DAMAGE):
            left = self._read
            while left and (piece := packed.read(min(left, _CHUNK))):
                left -= len(piece)
            while len(content) < size and (byte := packed.read(1)):
                content += byte
        return bytes(content)

    def close(self) -> None:
        self._file.close()
        super().close()


def gzip_is_whole(path: Path, start: int) -> bool:
    """Whether the gzip member that begins at ``start``, and with it the file, has its end."""
    with path.open("rb") as file:
        file.seek(start)
        member = zlib.decompressobj(wbits=31)
        content = file.read(_CHUNK)
        while content and not member.eof:
            member.decompress(content, _CHUNK)
            content = member.unconsumed_tail or file.read(_CHUNK)
        return member.eof


def numbered_lines(stream: IO[bytes], limit: int, name: str) -> Iterator[tuple[int, bytes | None]]:
    """Lines with their numbers from 1; None for one of more than ``limit`` bytes.

    Raises DamagedError, with the number of the line that can't be read.
    """
    number = 1
    empty = 0
    while True:
        try:
            line = stream.readline(limit + 1) or stream.read(1)  # which tells damage from an end
            too_long = len(line) > limit
            while too_long and line and not line.endswith(b"\n"):
                line = stream.readline(_CHUNK)
        except DAMAGE as error:
            raise DamagedError(f"{name}:{number}", str(error)) from error
        if too_long:
            yield number, None
        elif line:
            empty = empty + 1 if line.isspace() else 0
            if empty > MAX_EMPTY_LINES:
                raise DamagedError(f"{name}:{number}", *TOO_MANY_EMPTY)
            yield number, line
        else:
            return
        number += 1
