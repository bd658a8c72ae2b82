"""Which dialect a delimited text is written in.

A text is split by every dialect that it could have. The one stands whose rows have one width and
whose cells look like cells (pattern and type scores, after van den Burg, Nazábal and Sutton,
"Wrangling messy CSV files by detecting row and type patterns", 2019), with what people's files
need besides: few rows, titles above the header, stray quotation marks, decimal commas.
"""

import re
from collections import Counter
from collections.abc import Sequence

from gentap.documents.delimited.csv_records import NUMBER, CsvRecord, Dialect, split_records

DELIMITERS = (",", ";", "\t", "|")
"""In the order in which they are preferred where nothing else tells."""

_SAMPLE_LETTERS = 100_000
_SEP = re.compile(r'"?sep=(.)"?[ \t,;|]*(?:\n|\Z)', re.I)
_ENCLOSED = re.compile(
    r"(^|[,;\t|])([ ]*)(?:“([^“”\"\n]*)”|„([^„“”\"\n]*)[“”]|«([^«»\"\n]*)»)(?=[ ]*(?:[,;\t|]|$))",
    re.M,
)
_OPEN = re.compile(r"[“„«][^”“»]*\Z|\A[^“„«]*[”»]")
_WORDS = re.compile(r"[^\W\d_][^\t;|\n]*|[^\t;|\n]*[^\W\d_]")
_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[T ][\d:.]+Z?)?|\d{1,2}:\d{2}(?::\d{2})?")
_TIGHT_COMMA = re.compile(r"[^\d\s],\S|\S,[^\d\s]")


def take_sep_line(text: str) -> tuple[str, str]:
    """Excel's first line ``sep=;``: the delimiter that it names, else empty, and the text below."""
    match = _SEP.match(text)
    return (match[1], text[match.end() :]) if match else ("", text)


def straightened(text: str) -> str:
    """The text, its cells in typographic quotation marks in plain ones where that is likelier.

    A word processor makes ``“Austin, TX”`` of ``"Austin, TX"``.
    """
    if not any(mark in text for mark in "“„«"):
        return text
    plain = _ENCLOSED.sub(lambda cell: f'{cell[1]}"{cell[3] or cell[4] or cell[5] or ""}"', text)
    scores = [_score(one[:_SAMPLE_LETTERS], find_dialect(one)) for one in (text, plain)]
    return plain if scores[1] > scores[0] else text


def find_dialect(text: str, delimiters: Sequence[str] = DELIMITERS) -> Dialect:
    """The likeliest dialect of a text; of these delimiters, those that stand in it count."""
    sample = text
    if len(text) > _SAMPLE_LETTERS:
        sample = text[: text.rfind("\n", 0, _SAMPLE_LETTERS) + 1] or text[:_SAMPLE_LETTERS]
    candidates = [
        Dialect(delimiter, quote, escape)
        for delimiter in delimiters
        if delimiter in sample
        for quote, escape in _enclosings(sample, delimiter)
    ]
    if not candidates:
        return Dialect(delimiters[0])
    return max(candidates, key=lambda dialect: _score(sample, dialect))


def _enclosings(text: str, delimiter: str) -> list[tuple[str, str]]:
    """Quotation marks and escapes that may be in use, the usual ones first."""
    found = [('"', "")]
    if '\\"' in text:
        found.append(('"', "\\"))
    mark = re.escape(delimiter)
    if re.search(rf"(?:^|{mark}) *'[^'\n]*(?:{mark})[^\n]*' *(?:{mark}|$)", text, re.M):
        found.append(("'", ""))
    return found


def _score(text: str, dialect: Dialect) -> float:
    records = [record for record in split_records(text, dialect) if record.filled]
    if not records:
        return 0.0
    score = _pattern_score(records) * _type_score(records, dialect)
    lines = text.splitlines()
    tabs = sum("\t" in line for line in lines)
    return score * 0.3 if dialect.delimiter != "\t" and tabs > 0.8 * len(lines) else score


def _pattern_score(records: Sequence[CsvRecord]) -> float:
    """How much the rows agree in width, and have any; rows of one cell are titles and notes."""
    widths = Counter(max(record.used, 1) for record in records)
    raw = Counter(len(record.cells) for record in records)
    agreed = max(
        max((count for width, count in counts.items() if width > 1), default=0)
        for counts in (widths, raw)
    )
    several = sum(count for width, count in raw.items() if width > 1)
    if not several:
        return 0.001
    width = max((width for width in raw if width > 1), key=lambda width: raw[width])
    return (agreed / several) ** 2 * (several / len(records)) * (1 - 0.5 / width)


def _type_score(records: Sequence[CsvRecord], dialect: Dialect) -> float:
    """The share of cells that look like a cell's content; stray marks count against all."""
    total = score = 0.0
    for record in records:
        for cell in record.cells:
            if cell:
                total += 1
                score += _likeness(cell)
        score -= 0.5 * record.stray
    return max(score / total, 0.001) if total else 0.001


def _likeness(cell: str) -> float:
    if NUMBER.fullmatch(cell) or _DATE.fullmatch(cell):
        return 1.0
    if ";" in cell or "|" in cell:
        return 0.2
    if _TIGHT_COMMA.search(cell):
        return 0.5
    if _OPEN.search(cell):
        return 0.5
    if cell[0] in "\"'" or cell[-1] in "\"'" or '\\"' in cell:
        return 0.6
    return 0.95 if _WORDS.search(cell) else 0.5
