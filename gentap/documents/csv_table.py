"""A table from a CSV or TSV file, as people and their programs write it."""

import codecs
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gentap.documents.delimited.csv_dialect import find_dialect, take_sep_line
from gentap.documents.delimited.csv_encoding import read_delimited
from gentap.documents.delimited.csv_layout import TableLayout, find_layout
from gentap.documents.delimited.csv_records import CsvRecord, Dialect, split_records
from gentap.documents.input_files import require_file
from gentap.errors import InputError, SettingError
from gentap.records import Table

NAMES = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|", "space": " ", "\\t": "\t"}
"""Names that ``--delimiter`` takes for what is hard to type."""

_SAID = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "pipes", " ": "spaces"}


@dataclass(frozen=True, slots=True)
class CsvFormat:
    """What is known of a file's format; what is empty is found out.

    Raises SettingError where the delimiter is no single character or the encoding is none.
    """

    delimiter: str = ""
    encoding: str = ""

    def __post_init__(self) -> None:
        if self.delimiter and (len(self.mark) != 1 or self.mark in "\"'\n\r\\"):
            raise SettingError(
                f"--delimiter: {self.delimiter!r} can't part cells. Give one character, or "
                f"{', '.join(name for name in NAMES if name.isalpha())}."
            )
        if self.encoding:
            try:
                known = codecs.lookup(self.encoding)
                b"a".decode(self.encoding) if known.name not in _WIDE else ""
            except (LookupError, ValueError, UnicodeError):
                raise SettingError(
                    f"--encoding: {self.encoding!r} is no encoding of text. Give utf-8, cp1252, "
                    "utf-16 or the like."
                ) from None

    @property
    def mark(self) -> str:
        """The delimiter itself."""
        return NAMES.get(self.delimiter.lower(), self.delimiter)


_WIDE = ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be")
FOUND_OUT = CsvFormat()


def read_csv_table(path: Path, given: CsvFormat = FOUND_OUT) -> Table:
    """As :func:`read_csv_told`, the table alone."""
    return read_csv_told(path, given)[0]


def read_csv_told(path: Path, given: CsvFormat = FOUND_OUT) -> tuple[Table, str]:
    """The table of a CSV or TSV file, and what was assumed of it, in one line; empty where plain.

    A title above the header becomes the table's, else the file's name. Raises InputError with file
    and line where rows are ragged, a quotation mark is never closed, or there are no rows.
    """
    require_file(path)
    text, encoding = read_delimited(path, given.encoding)
    return read_csv_text(text, path, given, encoding)


def read_csv_text(
    text: str, path: Path, given: CsvFormat = FOUND_OUT, encoding: str = "utf-8"
) -> tuple[Table, str]:
    """As :func:`read_csv_told`, from the text itself; ``path`` is what messages call it.

    Lines end with line feeds.
    """
    named, text = take_sep_line(text)
    skipped = 1 if named else 0
    delimiter = given.mark or named
    if delimiter:
        dialect = find_dialect(text, (delimiter,))
    elif path.suffix.lower() == ".tsv" and "\t" in text:
        dialect = find_dialect(text, ("\t",))
    else:
        dialect = find_dialect(text)
    records = split_records(text, dialect)
    layout = find_layout(records)
    _check(path, text, dialect, layout, skipped)
    assert layout is not None
    table = Table(
        title=layout.title or path.stem.replace("_", " "),
        header=layout.header,
        rows=tuple(row.cells for row in layout.rows),
    )
    return table, _told(path, encoding, dialect, layout, skipped, named)


def _check(
    path: Path, text: str, dialect: Dialect, layout: TableLayout | None, skipped: int
) -> None:
    if layout is None or not layout.rows:
        raise InputError(f"{path}: needs a header line and at least one row below it.")
    width = len(layout.header)
    if width < 2:
        raise InputError(
            f"{path}, line {layout.header_lines[0] + skipped}: the header has one column only. "
            "Part the columns with commas, semicolons, tabs or pipes, or say what parts them "
            "(--delimiter)."
        )
    for record in layout.rows:
        if len(record.cells) != width:
            _refuse(path, text, dialect, record, width, skipped)


def _refuse(
    path: Path, text: str, dialect: Dialect, record: CsvRecord, width: int, skipped: int
) -> None:
    place = f"{path}, line {record.line + skipped}"
    if record.stray and text.split("\n")[record.line - 1].count(dialect.quote) % 2:
        raise InputError(
            f"{place}: a quotation mark in this row is never closed. Close it, or write two for "
            "one that belongs to the text."
        )
    raise InputError(
        f"{place}: {len(record.cells)} cells where the header has {width}. Give every row as many "
        "cells as the header (put a text with commas in double quotes), or say what parts the "
        "cells (--delimiter)."
    )


def _told(
    path: Path, encoding: str, dialect: Dialect, layout: TableLayout, skipped: int, named: str
) -> str:
    """What was found out, said in one line; nothing of a plain file."""
    said = []
    if encoding not in ("utf-8", "utf-8-sig"):
        said.append(f"encoding {encoding}")
    plain = "\t" if path.suffix.lower() == ".tsv" else ","
    if dialect.delimiter != plain and not named:
        said.append(f"cells parted by {_SAID.get(dialect.delimiter, repr(dialect.delimiter))}")
    if dialect.quote != '"' or dialect.escape:
        said.append(f"texts in {dialect.quote}" + (", escaped by \\" if dialect.escape else ""))
    if layout.title:
        said.append(f"title '{_short(layout.title)}'")
    lines = [line + skipped for line in layout.header_lines]
    if lines != [1 + skipped]:
        said.append(f"header in {_lines(lines)}")
    if layout.empty_columns:
        said.append(f"{layout.empty_columns} empty columns dropped")
    if layout.dropped:
        where = _lines([record.line + skipped for record in layout.dropped])
        said.append(f"dropped {where} ('{_short(' '.join(layout.dropped[0].cells).strip())}')")
    stray = [record.line + skipped for record in layout.rows if record.stray]
    if stray:
        said.append(f"quotation marks taken as text in {_lines(stray)}")
    return f"{path}: read with {'; '.join(said)}" if said else ""


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"


def _lines(numbers: Sequence[int]) -> str:
    shown = ", ".join(map(str, numbers[:5]))
    more = f" and {len(numbers) - 5} more" if len(numbers) > 5 else ""
    return f"line{'s' if len(numbers) > 1 else ''} {shown}{more}"
