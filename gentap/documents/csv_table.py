"""A table from a CSV or TSV file."""

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

from gentap.documents.annotated.fields import read_text_file
from gentap.errors import InputError
from gentap.records import Table


def read_csv_table(path: Path) -> Table:
    """A CSV or TSV file with a header line; its name becomes the table's title.

    Raises InputError with file and line where rows are ragged, a quotation mark is never closed,
    or there are no rows.
    """
    text = read_text_file(path)
    delimiter = "\t" if path.suffix == ".tsv" else _delimiter(text)
    try:
        numbered = list(_numbered_rows(text, delimiter))
    except csv.Error as error:
        raise InputError(f"{path}: not a readable CSV file: {error}.") from error
    if len(numbered) < 2:
        raise InputError(f"{path}: needs a header line and at least one row below it.")
    header = numbered[0][1]
    if len(header) < 2:
        raise InputError(
            f"{path}, line {numbered[0][0]}: the header has one column only. Part the columns with "
            "commas, semicolons or tabs."
        )
    for line, row in numbered[1:]:
        if len(row) != len(header):
            if line == numbered[-1][0] and _is_open(text, line):
                raise InputError(
                    f"{path}, line {line}: a quotation mark in this row is never closed. Close it, "
                    "or write two for one that belongs to the text."
                )
            raise InputError(
                f"{path}, line {line}: {len(row)} cells where the header has {len(header)}. Give "
                "every row as many cells as the header (put a text with commas in double quotes)."
            )
    rows = tuple(tuple(row) for _, row in numbered[1:])
    return Table(title=path.stem.replace("_", " "), header=tuple(header), rows=rows)


def _numbered_rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """The rows with a text, each with the line that it begins in."""
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    line = 1
    for row in reader:
        if any(cell.strip() for cell in row):
            yield line, [" ".join(cell.split()) for cell in row]
        line = reader.line_num + 1


def _is_open(text: str, line: int) -> bool:
    """Whether quotation marks from a line on to the end of a text are an odd number."""
    return sum(own.count('"') for own in text.split("\n")[line - 1 :]) % 2 == 1


def _delimiter(text: str) -> str:
    """The separator that the header line has most of; a comma where it has none."""
    header = re.sub(r'"[^"]*"', "", text.lstrip().partition("\n")[0])
    return max(",;\t|", key=lambda mark: (header.count(mark), mark == ","))
