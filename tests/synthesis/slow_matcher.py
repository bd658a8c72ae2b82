"""A slow matcher, which tries every cell, in every way to write it, one by one.

It scores rows by its own code; only the scales are those of the fast one.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import combinations
from math import log2

import pytest
from matching_tables import CELL_BITS, FORMER, candidates

from gentap.records import NamedCell, Table
from gentap.synthesis.cells import MOST_LINES
from gentap.synthesis.longer_names import DATES, KINDS
from gentap.synthesis.matching import Candidate, Match
from gentap.synthesis.sentences import sentence_spans
from gentap.synthesis.specificity import (
    ALIKE,
    BITS_OF_A_KEY,
    BITS_OF_A_SUBJECT,
    BITS_OF_CONTEXT,
    CARRIED,
    CONFIRMED,
    DATED,
    ENOUGH_OF_A_NAME,
    LOWER_CASE,
    OTHER_YEAR,
    SHARED,
    closeness,
    is_distinct,
    is_mostly_text,
    page_share,
    row_share,
    text_bits,
    years,
)
from gentap.tables.values import PLACEHOLDERS, normal_form

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
        if sum(letter.isalnum() for letter in name) < 2:
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


def slow_candidates(
    paragraphs: Sequence[str], tables: Sequence[Table], row_bits: float
) -> Iterator[tuple[int, str, Match | None]]:
    cells = [
        (number, row, column, cell)
        for number, one in enumerate(tables)
        for row, line in enumerate(one.rows)
        for column, cell in enumerate(line)
        if cell
    ]
    hits: list[set[tuple[int, int, str, int, int, int]]] = []
    for paragraph in paragraphs:
        hits.append(set())
        for number, row, column, cell in cells:
            for start, end, key in slow_hits(paragraph, cell):
                hits[-1].add((start, end, key, number, row, column))
    for place, paragraph in enumerate(paragraphs):
        for begin, finish in sentence_spans(paragraph):
            rows = []
            told: dict[int, set[NamedCell]] = {}
            is_candidate = False
            said = years(paragraph[begin:finish])
            for number, one in enumerate(tables):
                of_table = {hit for hit in hits[place] if hit[3] == number}
                own = {hit for hit in of_table if begin <= hit[0] and hit[1] <= finish}
                chosen = not_overlapping(own)
                before = {hit for hit in of_table if hit[1] <= begin}
                subject = slow_subject(one)[0]
                for row in range(len(one.rows)):
                    here = [hit for hit in own if hit[4] == row and hit[:3] in chosen]
                    is_candidate |= apart((hit[2], hit[5]) for hit in here)
                    bits: dict[str, float] = {}
                    kept = set()
                    spans = set()
                    here = [hit for hit in here if not of_another_name(paragraph, hit, one, finish)]
                    own_names = [
                        slow_bits(hit[2], paragraph[hit[0] : hit[1]], one, subject, hits, number)
                        for hit in here
                        if hit[5] == subject
                        and may_be_of(one, row, year_said_with(paragraph, *hit[:3]))
                    ]
                    is_sure = max(own_names, default=0.0) >= ENOUGH_OF_A_NAME
                    for start, end, key, _, _, column in sorted(here):
                        written = paragraph[start:end]
                        year = year_said_with(paragraph, start, end, key)
                        value = slow_bits(key, written, one, column, hits, number, is_sure)
                        if value >= CELL_BITS and may_be_of(one, row, year):
                            bits[key] = max(bits.get(key, 0.0), value)
                            kept.add((key, column))
                            spans.add((start, end, column))
                            cell = NamedCell(row, column, start - begin, end - begin)
                            told.setdefault(number, set()).add(cell)
                    if apart(kept):
                        is_named = subject in {column for _, column in kept}
                        is_context = not is_named and row == spoken_of(before, subject, row)
                        told_by_row = slow_row_bits(one, row, bits, said, is_named or is_context)
                        columns = sorted({column for _, column in kept})
                        same = all(same_kind(one, *pair) for pair in combinations(columns, 2))
                        if same and not (is_named or is_context):
                            told_by_row *= ALIKE
                        told_by_row += BITS_OF_CONTEXT * is_context
                        gaps = [
                            brackets_gone(paragraph[one_span[1] : two[0]])
                            for one_span in spans
                            for two in spans
                            if one_span[2] != two[2] and one_span[1] <= two[0]
                        ]
                        told_by_row *= closeness(min(gaps, default=0))
                        rows.append((-round(told_by_row, 6), number, row))
            if not is_candidate:
                continue
            sentence = paragraph[begin:finish].strip()
            ranked = sorted((bits, -len(told[number]), number, row) for bits, number, row in rows)
            best = -ranked[0][0] if ranked else 0.0
            if ranked:
                best -= log2(
                    sum(one[0] == ranked[0][0] and one[2] == ranked[0][2] for one in ranked)
                )
            if ranked and round(best, 6) >= row_bits:
                _, _, number, row = ranked[0]
                yield place, sentence, Match(number, row, tuple(sorted(told[number])), best)
            else:
                yield place, sentence, None


def brackets_gone(text: str) -> int:
    """A text's length without what stands in brackets; short texts count whole."""
    return len(text if len(text) <= 20 else re.sub(r"\([^()]*\)", "", text))


SlowHit = tuple[int, int, str, int, int, int]
"""Start, end, form, table, row, column."""


def not_overlapping(own: set[SlowHit]) -> list[tuple[int, int, str]]:
    chosen: list[tuple[int, int, str]] = []
    for hit in sorted({hit[:3] for hit in own}, key=longest_first):
        if all(hit[1] <= other[0] or other[1] <= hit[0] for other in chosen):
            chosen.append(hit)
    return chosen


def spoken_of(before: set[SlowHit], subject: int | None, row: int) -> int | None:
    """The row, where its own name is the last one that was said before."""
    for said in sorted(not_overlapping(before), reverse=True):
        rows = {hit[4] for hit in before if hit[:3] == said and hit[5] == subject}
        if rows:
            return row if row in rows else None
    return None


def year_said_with(paragraph: str, start: int, end: int, key: str) -> int:
    """The year that follows a day and month, or that goes before them; 0 for other values."""
    if not re.fullmatch(r"\d\d\x01\d\d", key):
        return 0
    after = re.match(r",? (\d{4})(?![^\W_])(?![.,]\d)", paragraph[end:])
    before = re.search(r"(?<!\d)(\d{4})-$", paragraph[:start])
    return int(after[1]) if after else int(before[1]) if before else 0


def may_be_of(one: Table, row: int, year: int) -> bool:
    if not year:
        return True
    own = years(" ".join(one.rows[row])) or years(one.caption + " " + one.section)
    return not own or year in own


def slow_row_bits(
    one: Table, row: int, bits: dict[str, float], said: frozenset[int], is_spoken_of: bool
) -> float:
    if all(re.fullmatch(r"1\d{3}|20\d\d", key) for key in bits):
        return 0.0
    found = sum(bits.values())
    others = found - max(bits.values())
    if not is_spoken_of:
        found = min(found, others + CARRIED * others)
    dated = [
        column
        for column in range(len(one.header))
        if sum(bool(years(line[column])) for line in one.rows) >= DATED * len(one.rows)
    ]
    when = [{year for column in dated for year in years(line[column])} for line in one.rows]
    if said and not said & when[row]:
        others_said = any(said & other for other in when)
        one_for_all = bool(when[0]) and all(other == when[0] for other in when)
        if others_said or one_for_all:
            found *= OTHER_YEAR
    return found


def same_kind(one: Table, left: int, right: int) -> bool:
    forms = [(FORMER.cells([line[left]])[0], FORMER.cells([line[right]])[0]) for line in one.rows]
    lefts, rights = ({pair[side] for pair in forms} - PLACEHOLDERS for side in (0, 1))
    in_one_row = {pair[0] for pair in forms if pair[0] == pair[1]}
    shared = [form for form in lefts if form in rights and form not in in_one_row]
    return len(shared) >= 2 and len(shared) >= SHARED * min(len(lefts), len(rights))


def slow_subject(one: Table) -> tuple[int | None, float]:
    columns = [
        [FORMER.cells([line[place]])[0] for line in one.rows] for place in range(len(one.header))
    ]
    keys = [place for place, forms in enumerate(columns) if is_distinct(forms)]
    names = [place for place in keys if is_mostly_text(columns[place])]
    if names:
        return names[0], BITS_OF_A_SUBJECT
    return (keys[0] if keys else None), BITS_OF_A_KEY


def longest_first(hit: tuple[int, int, str]) -> tuple[int, int, int]:
    start, end, key = hit
    return start - end, start, -len(key)


def apart(
    values: "Sequence[tuple[str, int]] | Iterator[tuple[str, int]] | set[tuple[str, int]]",
) -> bool:
    return any(
        one[0] != other[0] and one[1] != other[1] for one, other in combinations(sorted(values), 2)
    )


def slow_bits(
    key: str,
    written: str,
    one: Table,
    column: int,
    hits: Sequence[set[tuple[int, int, str, int, int, int]]],
    number: int,
    is_sure: bool = False,
) -> float:
    title = normal_form(one.title)
    if key in PLACEHOLDERS or key in (title, re.sub(r" \([^()]*\)$", "", title)):
        return 0.0
    count = sum(any(key in keys(own) for own in whole_and_lines(line[column])) for line in one.rows)
    mentions = sum(any(hit[2] == key for hit in own) for own in hits)
    bits = text_bits(key, written)
    subject, gain = slow_subject(one)
    if column == subject:
        bits += gain * (LOWER_CASE**2 if written.islower() else 1.0)
    of_column = row_share(count, len(one.rows))
    if is_sure and column != subject and key not in phrases(title):
        of_column = max(of_column, CONFIRMED)
    return bits * (of_column * page_share(mentions, len(hits)))


def phrases(text: str) -> set[str]:
    words = text.split(" ")
    return {" ".join(words[i:j]) for i in range(len(words)) for j in range(i + 1, len(words) + 1)}


def of_another_name(paragraph: str, hit: SlowHit, one: Table, finish: int) -> bool:
    """Whether a value of one word is followed by more of a name, none of which is the row's."""
    start, end, _, _, row, _ = hit
    more = re.match(r" ([^\W\d_]\w*)", paragraph[end:finish])
    if not re.match(r"[^\W\d_]\S*$", paragraph[start:end]) or not more:
        return False
    word = more[1]
    if paragraph[start].upper() != paragraph[start] or word[0].upper() != word[0]:
        return False
    known = " ".join([*one.rows[row], *one.header, one.title, one.section, one.caption])
    if re.search(rf"\b{re.escape(word.casefold())}\b", known.casefold()):
        return False
    if word.casefold() in {*KINDS, *DATES}:
        return False
    return word != word.upper() or bool(re.fullmatch("V|X|[IVX][IVX]+", word))


def agree(paragraphs: Sequence[str], tables: Sequence[Table], row_bits: float) -> int:
    """Assert that both matchers find the same; how many matches there were."""
    fast = candidates(paragraphs, *tables, row_bits=row_bits)
    slow = [Candidate(*found) for found in slow_candidates(paragraphs, tables, row_bits)]
    assert [(one.paragraph, one.sentence) for one in fast] == [
        (one.paragraph, one.sentence) for one in slow
    ]
    for one, other in zip(fast, slow, strict=True):
        assert (one.match is None) == (other.match is None), one.sentence
        if one.match and other.match:
            assert one.match.bits == pytest.approx(other.match.bits)
            assert (one.match.table, one.match.row) == (other.match.table, other.match.row)
            assert one.match.cells == other.match.cells
    return sum(one.match is not None for one in fast)
