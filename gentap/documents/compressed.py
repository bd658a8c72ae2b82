"""Compressed files as streams whose every read is bounded, and which tell a cut from an end."""

import gzip
import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

DAMAGE = (EOFError, OSError, zlib.error)
"""What a damaged stream raises, after all that stands before the damage was read."""

_CHUNK = 2**16
_BUFFER = 2**18


class DamagedError(Exception):
    """A stream is cut or damaged at ``where``."""

    def __init__(self, where: str, detail: str) -> None:
        super().__init__(detail)
        self.where = where


def open_packed(path: Path) -> Any:
    """A file's content, unpacked where its name ends in ``.gz`` or ``.zst``."""
    if path.name.endswith(".gz"):
        return gzip.open(path, "rb")  # its own buffer: another would lose what precedes damage
    if path.name.endswith(".zst"):
        return io.BufferedReader(_Zstd(path), _BUFFER)
    return path.open("rb")


class _Zstd(io.RawIOBase):
    """All frames of a zstd file, one after the other."""

    def __init__(self, path: Path) -> None:
        from fastwarc.stream_io import ZstdReader

        self._file = path.open("rb")
        self._frames = ZstdReader(self._file)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        content = self._frames.read(len(buffer))
        buffer[: len(content)] = content
        return len(content)

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
    while True:
        try:
            line = stream.readline(limit + 1)
            too_long = len(line) > limit
            while too_long and line and not line.endswith(b"\n"):
                line = stream.readline(_CHUNK)
        except DAMAGE as error:
            raise DamagedError(f"{name}:{number}", str(error)) from error
        if too_long:
            yield number, None
        elif line:
            yield number, line
        else:
            return
        number += 1
