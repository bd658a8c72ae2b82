"""The records of delimited text, whose quotation marks need not be in order.

Python's reader follows its dialect blindly: a quotation mark that stands in a cell by chance
swallows all rows up to the next one. Here a mark encloses a cell only where the cell begins with
it and a delimiter or the line's end follows the closing one; any other mark is text.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

NUMBER = re.compile(r"[-+(]?\s?[$€£¥]?\s?\d[\d.,' \u00a0\u202f]*(?:[eE][-+]?\d+)?\s?[%€$£)]?")
_SCANNED = 2000
"""Records that the usual width is told from."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How cells are parted and enclosed; ``escape`` is a backslash or empty (marks are doubled)."""

    delimiter: str
    quote: str = '"'
    escape: str = ""


@dataclass(frozen=True, slots=True)
class CsvRecord:
    """A row as it stands in a file, the line (from 1) that it begins in, and how it was read.

    ``enclosed`` counts the cells in quotation marks, ``stray`` those with a mark taken as text
    where one might enclose a cell.
    """

    line: int
    cells: tuple[str, ...]
    enclosed: int = 0
    stray: int = 0

    @property
    def filled(self) -> int:
        return sum(map(bool, self.cells))

    @property
    def used(self) -> int:
        """How many cells there are up to the last filled one."""
        return max((place for place, cell in enumerate(self.cells, start=1) if cell), default=0)


def split_records(text: str, dialect: Dialect) -> list[CsvRecord]:
    """All records of a text, blank lines too (as records of one empty cell)."""
    if dialect.quote not in text or not dialect.quote:
        lines = text.split("\n")
        if lines and not lines[-1]:
            lines.pop()
        return [
            CsvRecord(number, _cleaned(line.split(dialect.delimiter)))
            for number, line in enumerate(lines, start=1)
        ]
    return list(_Splitter(text, dialect).records())


def usual_width(records: Sequence[CsvRecord]) -> int:
    """The number of cells that most records with several cells have; the larger one of a tie."""
    counts = Counter(len(record.cells) for record in records if record.filled > 1)
    return max(counts, key=lambda width: (counts[width], width), default=1)


class _Splitter:
    def __init__(self, text: str, dialect: Dialect) -> None:
        self._text, self._dialect = text, dialect
        self._cell, self._loose, self._plain = _patterns(dialect)
        literal = [self._literal(line) for line in text.split("\n")[:_SCANNED]]
        strict: list[CsvRecord] = []
        place, line = 0, 1
        while place < len(text) and len(strict) < _SCANNED:
            found = self._strict(place, line)
            if found is None:
                end = self._line_end(place)
            else:
                strict.append(found[0])
                end = found[1]
            line += text.count("\n", place, end + 1)
            place = end + 1
        single = [one for one in strict if one.stray == 0]
        self._width = usual_width(single or [CsvRecord(1, cells) for cells in literal])
        self._numeric = _numeric_columns(single, self._width)

    def records(self) -> Iterator[CsvRecord]:
        text, place, line = self._text, 0, 1
        while place < len(text):
            found = self._strict(place, line)
            end = self._line_end(place)
            if found is None or (found[1] > end and self._swallows(*found, place)):
                record = self._repaired(text[place:end], line)
            else:
                record, end = found
            yield record
            line += text.count("\n", place, end + 1)
            place = end + 1

    def _line_end(self, place: int) -> int:
        end = self._text.find("\n", place)
        return len(self._text) if end < 0 else end

    def _strict(self, place: int, line: int) -> tuple[CsvRecord, int] | None:
        """The record at a place and where it ends; None where a mark does not enclose its cell."""
        text, cells, enclosed = self._text, [], 0
        while True:
            match = self._cell.match(text, place)
            if match is not None:
                cells.append(self._unescaped(match[1]))
                enclosed += 1
            else:
                match = self._plain.match(text, place)
                if match is None:
                    return None
                cells.append(self._unescaped(match[0]) if self._dialect.escape else match[0])
            place = match.end()
            if place >= len(text) or text[place] == "\n":
                return CsvRecord(line, _cleaned(cells), enclosed), place
            place += 1

    def _unescaped(self, cell: str) -> str:
        quote, escape = self._dialect.quote, self._dialect.escape
        if escape:
            cell = re.sub(rf"\\([{re.escape(quote + self._dialect.delimiter)}\\])", r"\1", cell)
        return cell.replace(quote * 2, quote)

    def _literal(self, line: str) -> tuple[str, ...]:
        return _cleaned(line.split(self._dialect.delimiter))

    def _repaired(self, line: str, number: int) -> CsvRecord:
        """A line with marks out of order: the reading that gives it the usual width.

        Marks that enclose their cell do so still; what is left is text.
        """
        quote, stray = self._dialect.quote, 0
        readings = []
        for loose in (True, False):
            cells, place = [], 0
            stray = 0
            while True:
                match = self._cell.match(line, place)
                if match is not None and "\n" not in match[1]:
                    cells.append(self._unescaped(match[1]))
                elif loose and (match := self._loose.match(line, place)) is not None:
                    cells.append(self._unescaped(match[1]))
                    stray += 1
                else:
                    end = line.find(self._dialect.delimiter, place)
                    end = len(line) if end < 0 else end
                    cells.append(line[place:end])
                    stray += quote in line[place:end]
                    match = None
                place = match.end() if match is not None else end
                if place >= len(line):
                    break
                place += 1
            readings.append(CsvRecord(number, _cleaned(cells), 0, max(stray, 1)))
        readings.append(CsvRecord(number, self._literal(line), 0, 1))
        fits = [record for record in readings if len(record.cells) == self._width]
        return fits[0] if fits else readings[0]

    def _swallows(self, record: CsvRecord, end: int, place: int) -> bool:
        """Whether a record over several lines is more likely rows with stray marks."""
        lines = self._text[place:end].split("\n")
        rows = [self._literal(line) for line in lines]
        mark, prose = self._dialect.delimiter, f"{self._dialect.delimiter} "
        within = sum(line.count(mark) for line in lines) - len(record.cells) + 1
        if within >= self._width - 1 >= 3 and not any(prose in line for line in lines):
            return True
        if self._width < 2 or any(self._used(row) != self._width for row in rows):
            return False
        if self._numeric:
            return all(map(self._fits, rows))
        return len(record.cells) != self._width or (
            len(lines) > 2 and not any(prose in line for line in lines)
        )

    def _used(self, row: Sequence[str]) -> int:
        """A row's cells, less an empty one that is too many."""
        return len(row) - (len(row) > self._width and not row[-1])

    def _fits(self, row: Sequence[str]) -> bool:
        """Whether most of a row's cells in columns of numbers are numbers."""
        cells = [row[column].strip(self._dialect.quote) for column in self._numeric]
        wrong = sum(bool(cell) and NUMBER.fullmatch(cell) is None for cell in cells)
        return 2 * wrong <= len(cells) - (len(cells) == 1)


def _cleaned(cells: Sequence[str]) -> tuple[str, ...]:
    return tuple(" ".join(cell.split()) for cell in cells)


def _numeric_columns(records: Sequence[CsvRecord], width: int) -> list[int]:
    rows = [record.cells for record in records[1:] if len(record.cells) == width]
    numeric = []
    for column in range(width):
        filled = [row[column] for row in rows if row[column]]
        numbers = sum(NUMBER.fullmatch(cell) is not None for cell in filled)
        if numbers and numbers >= 0.8 * len(filled):
            numeric.append(column)
    return numeric


@lru_cache(maxsize=64)
def _patterns(
    dialect: Dialect,
) -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """A cell in marks, one that marks stand in as well, and one without a mark at its start."""
    quote, delimiter = re.escape(dialect.quote), re.escape(dialect.delimiter)
    blank = "[ \u00a0]*" if dialect.delimiter == "\t" else "[ \t\u00a0]*"
    ends = rf"{blank}(?={delimiter}|\n|\Z)"
    if dialect.escape:
        inner = rf"[^{quote}\\]*(?:(?:\\.|{quote}{quote})[^{quote}\\]*)*"
        plain = rf"(?!{blank}{quote})(?:[^{delimiter}\n\\]|\\.)*"
    else:
        inner = rf"[^{quote}]*(?:{quote}{quote}[^{quote}]*)*"
        plain = rf"(?!{blank}{quote})[^{delimiter}\n]*"
    return (
        re.compile(rf"{blank}{quote}({inner}){quote}{ends}", re.S),
        re.compile(
            rf"{blank}{quote}((?:[^{quote}\n]*\s)?{quote}[^\n]*?|[^{quote}\n]*){quote}{ends}"
        ),
        re.compile(plain),
    )
