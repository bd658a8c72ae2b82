"""OTT-QA's tables and the passages that their cells link to, as documents that `gentap mine` reads.

The repository's archive has a JSON file for each table (``traindev_tables_tok/ID.json``) and one of
the same name with the passages (``traindev_request_tok/ID.json``), whose texts are tokens parted by
spaces. Both become a line of ``documents.jsonl.gz``: ``id``, ``url``, ``title``, ``section_title``,
``intro``, ``section_text``, ``header``, ``rows``, and ``passages`` with ``url`` and ``text``.
"""

import gzip
import json
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gentap.errors import InputError
from gentap.runs.files.output_files import writing

OTTQA_ARCHIVE = "master.zip"
_TABLES, _PASSAGES = "/data/traindev_tables_tok/", "/data/traindev_request_tok/"
_WIKI = "https://en.wikipedia.org"
_SPACES = (
    (re.compile(r" (?=[,.;:!?%)\]](?: |$))"), ""),
    (re.compile(r"(?<=[(\[]) "), ""),
    (re.compile(r" (?='(?:s|re|ve|ll|d|m)\b|n't\b)"), ""),
)


def write_ottqa_documents(folder: Path) -> None:
    """Write ``documents.jsonl.gz`` beside the archive, unless it is there.

    Raises InputError where the archive is damaged or holds something else.
    """
    target, archive = folder / "documents.jsonl.gz", folder / OTTQA_ARCHIVE
    if target.exists():
        return
    aside, count = target.with_name(f"{target.name}.part"), 0
    try:
        with (
            zipfile.ZipFile(archive) as held,
            writing(aside),
            gzip.GzipFile(aside, "wb", mtime=0) as lines,
        ):
            for document in _documents(held):
                lines.write(f"{json.dumps(document, ensure_ascii=False)}\n".encode())
                count += 1
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
        raise InputError(
            f"{archive}: not a whole zip file: {error}. Delete it and run the command again."
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{archive}: a table of it is none of OTT-QA's: {error!r}.") from None
    if not count:
        raise InputError(f"{archive}: holds no tables of OTT-QA (…{_TABLES}*.json).")
    aside.replace(target)


def _documents(archive: zipfile.ZipFile) -> Iterator[dict[str, Any]]:
    names = set(archive.namelist())
    for name in sorted(names):
        if _TABLES not in name or not name.endswith(".json"):
            continue
        linked = name.replace(_TABLES, _PASSAGES)
        passages = json.loads(archive.read(linked)) if linked in names else {}
        yield _document(json.loads(archive.read(name)), passages)


def _document(table: dict[str, Any], passages: dict[str, str]) -> dict[str, Any]:
    return {
        "id": table["uid"],
        "url": table["url"],
        "title": table["title"],
        "section_title": table["section_title"],
        "intro": plain_text(table["intro"]),
        "section_text": plain_text(table["section_text"]),
        "header": [plain_text(text) for text, _ in table["header"]],
        "rows": [[plain_text(text) for text, _ in row] for row in table["data"]],
        "passages": [
            {"url": f"{_WIKI}{link}", "text": plain_text(text)} for link, text in passages.items()
        ],
    }


def plain_text(tokens: str) -> str:
    """``Mo Farah ( GBR ) 's race .`` without the spaces that tokens were parted by."""
    for space, filler in _SPACES:
        tokens = space.sub(filler, tokens)
    return tokens
