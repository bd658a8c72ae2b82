"""Where a text says a cell's value, by trying every way to write it."""

import re
from collections.abc import Iterator
from functools import lru_cache

from matching_tables import FORMER

from gentap.mining.page_cells import MOST_LINES
from gentap.text.normal_form import PLACEHOLDERS, normal_form

MONTHS = "january february march april may june july august september october november december"
MONTH = {name[:3]: number for number, name in enumerate(MONTHS.split(), start=1)}
WRITTEN_DATE = re.compile(
    r"\b(?:(\d{1,2}) ([a-z]+) (\d{4})|([a-z]+) (\d{1,2}), (\d{4})|([a-z]+) (\d{4}))\b"
)


def ways(cell: str) -> Iterator[str]:
    """Regular expressions for all ways to write a cell, its dates and numbers."""
    form = normal_form(cell).replace("–", "-")
    shorter = re.sub(r"\s*\([^()]*\)[\s*†‡§#^]*$", "", form).rstrip("*†‡§#^ ")
    if len(shorter) > 2 and shorter[0] == shorter[-1] == '"':
        shorter = shorter[1:-1]
    for name in dict.fromkeys((form, shorter)):
        if name in PLACEHOLDERS or sum(letter.isalnum() for letter in name) < 2:
            continue
        if re.fullmatch(r"\W*\d?\W*\d?\W*", name) and len(name) < 5:
            continue
        pattern, done = "", 0
        for match in WRITTEN_DATE.finditer(name):
            day = match[1] or match[5]
            month = (match[2] or match[4] or match[7])[:3]
            year = match[3] or match[6] or match[8]
            if month not in MONTH:
                continue
            full = rf"{MONTHS.split()[MONTH[month] - 1]}|{month}|{month}\."
            if month == "sep":
                full += "|sept"
            said = (
                rf"(?:{day}(?:st|nd|rd|th)? (?:{full}),? {year}"
                rf"|(?:{full}) {day}(?:st|nd|rd|th)?,? {year}"
                rf"|{year}-{MONTH[month]:02d}-{int(day):02d})"
                if day
                else rf"(?:(?:{full})(?: \d{{1,2}}(?:st|nd|rd|th)?)?,? {year})"
            )
            pattern += numbers(name[done : match.start()]) + said
            done = match.end()
        yield pattern + numbers(name[done:])


def numbers(text: str) -> str:
    """A text as a pattern in which numbers may be grouped or not."""
    plain = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", text)
    return re.sub(
        r"(?<![\d.])\d{4,}",
        lambda match: "[, ]?".join(
            part for part in re.findall(r"\d{1,3}(?=(?:\d{3})*$)", match[0])
        ),
        re.escape(plain).replace(r"\ ", " "),
    )


def whole_and_lines(cell: str) -> list[str]:
    """A cell as one text, and each line of a cell that holds a few."""
    lines = cell.split("\n")
    return [cell.replace("\n", " "), *(lines if 1 < len(lines) <= MOST_LINES else [])]


def keys(text: str) -> list[str]:
    (form,) = FORMER.cells([text])
    return [form, *(shorter for _, shorter in FORMER.shorter([form]))]


@lru_cache(maxsize=20_000)
def keys_and_ways(cell: str) -> list[tuple[str, re.Pattern[str]]]:
    return [
        (key, re.compile(f"(?=({way}))"))
        for own in whole_and_lines(cell)
        for key, way in zip(keys(own), ways(own), strict=False)
    ]


def slow_hits(text: str, cell: str) -> Iterator[tuple[int, int, str]]:
    """Where a cell stands at word boundaries: its span, and which of its forms it is."""
    plain = text.translate(str.maketrans("‘’“”−–", "''\"\"--")).casefold()
    assert len(plain) == len(text)
    for key, way in keys_and_ways(cell):
        for match in way.finditer(plain):
            start, end = match.span(1)
            before, first = plain[:start], plain[start:end][:1]
            after, last = plain[end:], plain[start:end][-1:]
            if before[-1:].isalnum() and first.isalnum():
                continue
            if after[:1].isalnum() and last.isalnum():
                continue
            if re.search(r"\d[.,]$", before) and first.isdigit():
                continue
            if re.search(r"\d$", before) and first in ".,":
                continue
            head = re.search(r"(?<!\w)(?<!\d[.,])\d{1,3} $", before)
            if head and re.match(r"\d{3}(?!\w)", plain[start:]):
                continue
            if last.isdigit() and re.match(r"[.,]\d", after):
                continue
            if re.match(r" \d{3}(?!\w)", after) and re.search(
                r"(?<!\w)(?<!\d[.,])\d{1,3}$", plain[:end]
            ):
                continue
            yield start, end, key
