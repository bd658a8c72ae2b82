r"""WikiTableQuestions as released (Pasupat and Liang 2015): questions whose answers are values.

A TSV file with the columns ``id``, ``utterance``, ``context`` and ``targetValue``: one of the
release's ``data/``, or a ``.tagged`` file, whose column ``targetCanon`` says which number or date
each value of the answer is. ``context`` names a table below the release's folder, in which the
file's folder (``data/``, ``tagged/data/``) lies; the ``.tsv`` form of a table is read where its
``.csv`` is not there. An answer of several values is written with ``|`` between them, here as
there.

Both forms of a table escape: the CSV files ``"`` and ``\`` with a backslash, the TSV files line
ends as ``\n``, ``|`` as ``\p`` and ``\`` as ``\\``. Answers are escaped as the TSV files are.
"""

import csv
import io
import json
import os
import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from gentap.documents.annotated.fields import Entries, each, field_text, read_text_file, table_file
from gentap.documents.jsonl import table_from_json
from gentap.errors import InputError
from gentap.records import Example, Table
from gentap.runs.counting import counted

COLUMNS = ("id", "utterance", "context", "targetValue")
_ESCAPED = re.compile(r"\\([np\\])")
_MEANT = {"n": "\n", "p": "|", "\\": "\\"}


def read_wikitablequestions(path: Path) -> Entries:
    """Raises InputError where the file's columns are others."""
    lines = read_text_file(path).split("\n")
    columns = lines[0].rstrip("\r").split("\t")
    missing = [name for name in COLUMNS if name not in columns]
    if missing:
        raise InputError(
            f"{path}, line 1: no column {', '.join(missing)}. A TSV file of questions has the "
            f"columns of WikiTableQuestions: {', '.join(COLUMNS)}."
        )
    numbered = enumerate(lines[1:], start=2)
    return each(
        ((number, line.rstrip("\r")) for number, line in numbered if line.strip()),
        lambda line, _: _read_line(line.split("\t"), columns, path),
    )


def _read_line(fields: Sequence[str], columns: Sequence[str], path: Path) -> Example:
    if len(fields) != len(columns):
        raise ValueError(
            f"{counted(len(fields), 'field')} where the first line has "
            f"{counted(len(columns), 'column')}"
        )
    entry = dict(zip(columns, fields, strict=True))
    values = [_unescape(value) for value in entry["targetValue"].split("|")]
    return Example(
        id=field_text(entry, "id"),
        kind="cell",
        origin="annotated",
        question=" ".join(_unescape(field_text(entry, "utterance")).split()),
        answer=field_text({"targetValue": "|".join(values)}, "targetValue"),
        table=_table(path.parent, field_text(entry, "context")),
        cells=(),
        source=entry["context"],
        canonical=_unescape(entry.get("targetCanon", "")),
    )


def _unescape(text: str) -> str:
    return _ESCAPED.sub(lambda match: _MEANT[match[1]], text)


@lru_cache(maxsize=4096)
def _table(folder: Path, context: str) -> Table:
    relative = Path(context)
    release = folder.parent
    if folder.parts[-2:] == ("tagged", "data"):
        release = release.parent
    for root in (release, folder):
        for name in (relative, relative.with_suffix(".tsv")):
            if os.path.lexists(root / name):
                file, title = table_file(root, str(name)), _title(root, relative)
                header, *rows = _rows(file) or [[]]
                return table_from_json(header, rows, title=title)
    raise ValueError(f"the table {context} is neither below {release} nor below {folder}")


def _rows(file: Path) -> list[list[str]]:
    try:
        text = file.read_text(encoding="utf-8")
        if file.suffix == ".tsv":
            lines = text.removesuffix("\n").split("\n")
            return [[_unescape(cell) for cell in line.split("\t")] for line in lines]
        reader = csv.reader(io.StringIO(text), doublequote=False, escapechar="\\")
        return [row for row in reader if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"the table {file.name} can't be read: {error}") from None


def _title(root: Path, table: Path) -> str:
    """The page's title, where the release's ``page/`` folder is there too."""
    page = root / "page" / table.parent.name.replace("csv", "page") / f"{table.stem}.json"
    try:
        return str(json.loads(table_file(root, str(page.relative_to(root))).read_bytes())["title"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return ""
