"""Wikimedia Enterprise HTML dumps: ``.tar.gz`` archives of NDJSON files, an article a line."""

import gzip
import tarfile
from collections.abc import Iterator
from pathlib import Path

from gentap.documents.archives.compressed import DAMAGE, DamagedError
from gentap.documents.jsonl import read_lines
from gentap.documents.pages import Wanted
from gentap.documents.rejected import RejectedRecord
from gentap.records import Document
from gentap.runs.counting import counted
from gentap.settings.sections import FieldMap

ARTICLE = FieldMap(url="url", title="name", html="article_body.html")
"""The fields of a dump's line that are read."""

_MEMBERS = (".ndjson", ".jsonl", ".json")


MAX_TAR_HEADER = 2**20
"""Bytes of a member's name and attributes, which a tar file may give any length."""


class _Member(tarfile.TarInfo):
    """A member whose name and attributes are bounded before they are read into memory."""

    def _proc_member(self, archive: tarfile.TarFile) -> tarfile.TarInfo:
        if self.type == tarfile.GNUTYPE_SPARSE:
            raise tarfile.ReadError("a sparse member, of whatever size")
        if self.type not in tarfile.REGULAR_TYPES and self.size > MAX_TAR_HEADER:
            raise tarfile.ReadError(f"a header of {counted(self.size, 'byte')}")
        return super()._proc_member(archive)  # type: ignore[misc,no-any-return]

    def _proc_gnusparse_10(self, *_: object) -> None:
        raise tarfile.ReadError("a sparse member, of whatever size")


def _open(stream: gzip.GzipFile) -> tarfile.TarFile:
    return tarfile.open(fileobj=stream, mode="r|", tarinfo=_Member)


def read_dump(path: Path, wanted: Wanted) -> Iterator[Document | RejectedRecord]:
    """All articles of a dump, as it is unpacked: nothing is written to disk."""
    where = path.name
    try:
        with gzip.open(path, "rb") as stream, _open(stream) as archive:
            for member in archive:
                where = f"{path.name}/{member.name}"
                if not member.isfile():
                    continue
                if not member.name.endswith(_MEMBERS):
                    yield RejectedRecord(where, "not NDJSON", counted(member.size, "byte"))
                    continue
                lines = archive.extractfile(member)
                if lines is not None:
                    yield from read_lines(lines, ARTICLE, where, wanted)
            while stream.read(2**20):  # to the end of the file, which the archive's need not be
                pass
    except DamagedError as error:
        yield RejectedRecord(error.where, error.reason, str(error))
    except tarfile.TarError as error:
        yield RejectedRecord(where, "damaged archive", str(error))
    except DAMAGE as error:
        yield RejectedRecord(where, "damaged compressed file", str(error))
