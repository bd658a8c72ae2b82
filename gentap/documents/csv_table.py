"""A table from a CSV or TSV file, as people and their programs write it."""

import codecs
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gentap.documents.delimited.csv_dialect import find_dialect, straightened, take_sep_line
from gentap.documents.delimited.csv_encoding import read_delimited
from gentap.documents.delimited.csv_layout import TableLayout, find_layout
from gentap.documents.delimited.csv_records import Dialect, split_records
from gentap.documents.delimited.ruled_line import take_ruled_line
from gentap.documents.input_files import require_file
from gentap.errors import InputError, SettingError
from gentap.records import Table
from gentap.runs.counting import counted

NAMES = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|", "space": " ", "\\t": "\t"}
"""Names that ``--delimiter`` takes for what is hard to type."""

_END_OF_FILE = re.compile(r"\x1a\s*\Z")
"""What programs of DOS end a file with."""
_SAID = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "pipes", " ": "spaces"}


@dataclass(frozen=True, slots=True)
class CsvFormat:
    """What is known of a file's format; what is empty is found out.

    ``given_by`` stands before the names of the two where a user can give them, as in
    ``--delimiter``; it is empty where nobody can, so that messages advise something else.

    Raises SettingError where the delimiter is no single character or the encoding is none.
    """

    delimiter: str = ""
    encoding: str = ""
    given_by: str = "--"

    def __post_init__(self) -> None:
        if self.delimiter and (len(self.mark) != 1 or self.mark in "\"'\n\r\\"):
            raise SettingError(
                f"{self.given_by}delimiter: {self.delimiter!r} can't part cells. Give one "
                f"character, or {', '.join(name for name in NAMES if name.isalpha())}."
            )
        if self.encoding:
            try:
                known = codecs.lookup(self.encoding)
                b"a".decode(self.encoding) if known.name not in _WIDE else ""
            except (LookupError, ValueError, UnicodeError):
                raise SettingError(
                    f"{self.given_by}encoding: {self.encoding!r} is no encoding of text. Give "
                    "utf-8, cp1252, utf-16 or the like."
                ) from None

    @property
    def mark(self) -> str:
        """The delimiter itself."""
        return NAMES.get(self.delimiter.lower(), self.delimiter)

    def option(self, name: str) -> str:
        """How a user gives one of the two; empty where nobody can."""
        return f"{self.given_by}{name}" if self.given_by else ""


_WIDE = ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be")
FOUND_OUT = CsvFormat(given_by="")
"""Of files that questions or programs name: there is no option for each of them."""


def read_csv_table(path: Path, given: CsvFormat = FOUND_OUT) -> Table:
    """As :func:`read_csv_told`, the table alone."""
    return read_csv_told(path, given)[0]


def read_csv_told(path: Path, given: CsvFormat = FOUND_OUT) -> tuple[Table, str]:
    """The table of a CSV or TSV file, and what was assumed of it, in one line; empty where plain.

    A title above the header becomes the table's, else the file's name. Where most rows have a cell
    for each column, shorter ones are filled up with empty cells at their end.

    Raises InputError with file and line where a row is longer than the header, most are shorter, a
    quotation mark is never closed, or there are no rows.
    """
    require_file(path)
    text, encoding = read_delimited(path, given.encoding, given.option("encoding"))
    return read_csv_text(text, path, given, encoding)


def read_csv_text(
    text: str, path: Path, given: CsvFormat = FOUND_OUT, encoding: str = "utf-8"
) -> tuple[Table, str]:
    """As :func:`read_csv_told`, from the text itself; ``path`` is what messages call it.

    Lines end with line feeds.
    """
    named, text = take_sep_line(_END_OF_FILE.sub("", text))
    written, text = text, straightened(text)
    skipped = 1 if named else 0
    delimiter = given.mark or named
    if delimiter:
        dialect = find_dialect(text, (delimiter,))
    elif path.suffix.lower() == ".tsv" and "\t" in text:
        dialect = find_dialect(text, ("\t",))
    else:
        dialect = find_dialect(text)
    records = split_records(text, dialect)
    ruled = None
    if dialect.delimiter == "|":
        records, ruled = take_ruled_line(records)
    layout = find_layout(records)
    if layout is not None and ruled is not None:
        layout.dropped.append(ruled)
    _check(path, text, dialect, layout, skipped, given.option("delimiter"))
    assert layout is not None
    width = len(layout.header)
    table = Table(
        title=layout.title or path.stem.replace("_", " "),
        header=layout.header,
        rows=tuple(row.cells + ("",) * (width - len(row.cells)) for row in layout.rows),
    )
    curled = text != written
    return table, _told(path, encoding, dialect, layout, skipped, named, curled)


def _check(
    path: Path,
    text: str,
    dialect: Dialect,
    layout: TableLayout | None,
    skipped: int,
    option: str,
) -> None:
    if layout is None or not layout.rows:
        raise InputError(f"{path}: needs a header line and at least one row below it.")
    width = len(layout.header)
    if width < 2:
        raise InputError(
            f"{path}, line {layout.header_lines[0] + skipped}: the header has one column only. "
            f"Part the columns with commas, semicolons, tabs or pipes, or {_say_delimiter(option)}."
        )
    short = sum(len(record.cells) < width for record in layout.rows)
    fill_up = short < len(layout.rows) - short + 1  # with the header, most are whole
    unequal = [record for record in layout.rows if len(record.cells) != width]
    lines = text.split("\n") if unequal else []
    for record in unequal:
        found = len(record.cells)
        is_open = lines[record.line - 1].count(dialect.quote) % 2  # it may have swallowed rows
        if found < width and fill_up and not record.stray and not is_open:
            continue
        place = f"{path}, line {record.line + skipped}"
        if record.stray and is_open:
            raise InputError(
                f"{place}: a quotation mark in this row is never closed. Close it, or write two "
                "for one that belongs to the text."
            )
        raise InputError(
            f"{place}: {counted(found, 'cell')} where the header has {width}. Give every row as "
            "many cells as the header (put a text with commas in double quotes), or "
            f"{_say_delimiter(option)}."
        )


def _say_delimiter(option: str) -> str:
    how = option or "a line sep=; above all others, with what parts them in place of the semicolon"
    return f"say what parts the cells ({how})"


def _told(
    path: Path,
    encoding: str,
    dialect: Dialect,
    layout: TableLayout,
    skipped: int,
    named: str,
    curled: bool,
) -> str:
    """What was found out, said in one line; nothing of a plain file."""
    said = []
    if encoding not in ("utf-8", "utf-8-sig"):
        said.append(f"encoding {encoding}")
    plain = "\t" if path.suffix.lower() == ".tsv" else ","
    if dialect.delimiter != plain and not named:
        said.append(f"cells parted by {_SAID.get(dialect.delimiter, repr(dialect.delimiter))}")
    if curled or dialect.quote != '"' or dialect.escape:
        quote = "typographic quotation marks" if curled else dialect.quote
        said.append(f"texts in {quote}" + (", escaped by \\" if dialect.escape else ""))
    if layout.title:
        said.append(f"title '{_short(layout.title)}'")
    lines = [line + skipped for line in layout.header_lines]
    if lines != [1 + skipped]:
        said.append(f"header in {_lines(lines)}")
    if layout.nameless:
        said.append(f"no name for {layout.nameless}")
    if layout.empty_columns:
        said.append(f"{counted(layout.empty_columns, 'empty column')} dropped")
    width = len(layout.header)
    short = [record.line + skipped for record in layout.rows if len(record.cells) < width]
    if short:
        said.append(f"empty cells added at the end of {_lines(short)}")
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
