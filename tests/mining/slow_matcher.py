"""A slow matcher, which tries every cell, in every way to write it, one by one.

It scores rows by its own code; only the scales are those of the fast one.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from math import log

import pytest
from matching_tables import FORMER, candidates
from slow_names import SlowHit, slow_names
from slow_values import keys, slow_hits, whole_and_lines

from gentap.mining.longer_names import DATES, ENTITY_KINDS
from gentap.mining.row_probability import Evidence, probability
from gentap.mining.row_selection import RowMatch
from gentap.mining.specificity import (
    BITS_OF_A_KEY,
    BITS_OF_A_SUBJECT,
    CONFIRMED,
    DATED,
    ENOUGH_OF_A_NAME,
    LOWER_CASE,
    SHARED,
    is_distinct,
    is_mostly_text,
    page_share,
    row_share,
    text_bits,
    years,
)
from gentap.records import NamedCell, Table
from gentap.text.function_words import NAME_WORDS
from gentap.text.normal_form import PLACEHOLDERS, normal_form
from gentap.text.sentences import opens_with_pronoun, sentence_spans


def slow_candidates(
    paragraphs: Sequence[str], tables: Sequence[Table]
) -> Iterator[tuple[int, str, list[RowMatch]]]:
    cells = [
        (number, row, column, cell)
        for number, one in enumerate(tables)
        for row, line in enumerate(one.rows)
        for column, cell in enumerate(line)
        if cell and not names_columns(one, row)
    ]
    hits: list[set[SlowHit]] = []
    for paragraph in paragraphs:
        hits.append(set())
        for number, row, column, cell in cells:
            for start, end, key in slow_hits(paragraph, cell):
                hits[-1].add((start, end, key, number, row, column))
    hits = [own | more for own, more in zip(hits, slow_names(paragraphs, cells, hits), strict=True)]
    for place, paragraph in enumerate(paragraphs):
        known = {hit[:2] for hit in hits[place] if paragraph[hit[1] - 1] != "."}
        for title in {one.title for one in tables if one.title}:
            starts = (at for at in range(len(paragraph)) if paragraph.startswith(title, at))
            known |= {(at, at + len(title)) for at in starts}
        for begin, finish in sentence_spans(paragraph, known):
            sentence = paragraph[begin:finish]
            matches = []
            told: dict[int, set[NamedCell]] = {}
            owners: dict[tuple[int, int], set[int]] = {}
            is_candidate = False
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
                        hit
                        for hit in here
                        if hit[5] == subject
                        and may_be_of(one, row, year_said_with(paragraph, *hit[:3]))
                        and slow_bits(
                            hit[2], paragraph[hit[0] : hit[1]], one, subject, hits, number
                        )
                        >= ENOUGH_OF_A_NAME
                    ]
                    is_sure = bool(own_names)
                    for hit in own_names:
                        owners.setdefault((number, hit[0]), set()).add(row)
                    for start, end, key, _, _, column in sorted(here):
                        written = paragraph[start:end]
                        year = year_said_with(paragraph, start, end, key)
                        value = slow_bits(key, written, one, column, hits, number, is_sure)
                        if may_be_of(one, row, year):
                            bits[key] = max(bits.get(key, 0.0), value)
                            kept.add((key, column))
                            spans.add((start - begin, end - begin, column))
                            cell = NamedCell(row, column, start - begin, end - begin)
                            told.setdefault(number, set()).add(cell)
                    if apart(kept) and not all(is_a_year(key) for key in bits):
                        said_before = row == spoken_of(before, subject, row)
                        evidence = slow_evidence(
                            sentence, one, row, bits, spans, subject, said_before, not begin
                        )._replace(again=said_again(bits, here, paragraph))
                        matches.append((number, row, evidence))
            if is_candidate:
                found = [
                    RowMatch(
                        number,
                        row,
                        tuple(sorted(told[number])),
                        frozenset(
                            row
                            for (at, _), rows in owners.items()
                            for row in rows
                            if at == number and len(rows) == 1
                        ),
                        round(probability(evidence), 6),
                        evidence,
                    )
                    for number, row, evidence in matches
                ]
                found.sort(key=lambda one: (-one.probability, -len(one.cells), one.table, one.row))
                yield place, sentence.strip(), found


def names_columns(one: Table, number: int) -> bool:
    """Whether a row is the header again, in full or in part."""
    row = one.rows[number]
    same = [
        bool(cell) and cell.casefold() == one.header[at].casefold() for at, cell in enumerate(row)
    ]
    if not same[0] or re.search(r"\d", " ".join(row)):
        return False
    numbered = [line for line in one.rows if re.search(r"\d", line[0])]
    return sum(same) > 1 or len(numbered) > len(one.rows) / 2


def slow_evidence(
    sentence: str,
    one: Table,
    row: int,
    bits: dict[str, float],
    spans: set[tuple[int, int, int]],
    subject: int | None,
    said_before: bool,
    opens: bool,
) -> Evidence:
    columns = sorted({column for _, _, column in spans})
    indent = len(sentence) - len(sentence.lstrip())
    said = words(sentence)
    gaps = [
        brackets_gone(sentence[one_span[1] : two[0]])
        for one_span in spans
        for two in spans
        if one_span[2] != two[2] and one_span[1] <= two[0]
    ]
    unnamed = {
        word
        for column, cell in enumerate(one.rows[row])
        if column not in columns
        for word in words(cell)
    }
    of_words = 0.0
    for word in sorted(unnamed & said):
        rows = sum(any(word in words(cell) for cell in line) for line in one.rows)
        of_words += row_share(rows, len(one.rows))
    context = words(one.section) | words(one.caption)
    others = 0
    for match in re.finditer(r"[^\W_]+", sentence):
        at, word = match.start(), match[0]
        if not re.match("[A-Z]", word) or at - indent < 2 or word.casefold() in DATES:
            continue
        if word.casefold() not in words(one.title) and not any(
            start <= at < end for start, end, _ in spans
        ):
            others += 1
    return Evidence(
        told=log(1 + sum(bits.values())),
        second=log(1 + sorted(bits.values(), reverse=True)[1]),
        gap=log(1 + min(gaps, default=0)),
        adjacent=float(any(column + 1 in columns for column in columns)),
        row_words=log(1 + of_words),
        table_words=len(context & said) / len(context) if context else 0.0,
        header_words=float(any(words(one.header[column]) & said for column in columns)),
        years=years_of(one, row, years(sentence)),
        alike=float(all(same_kind(one, *pair) for pair in combinations(columns, 2))),
        context=float(subject not in columns and said_before),
        leads=float(any(at == subject and start - indent <= 4 for start, _, at in spans)),
        opens=float(opens),
        pronoun=float(opens_with_pronoun(sentence.strip())),
        again=0.0,
        other_names=log(1 + others),
    )


def said_again(keys_named: Iterable[str], here: Sequence[SlowHit], paragraph: str) -> float:
    """1 where all that a sentence says of one of the values is the last of its words."""
    for key in keys_named:
        written = {paragraph[hit[0] : hit[1]].casefold() for hit in here if hit[2] == key}
        if " " in key and written == {key.split(" ")[-1]}:
            return 1.0
    return 0.0


def words(text: str) -> set[str]:
    found = re.split(r"[\W_]+", text.casefold())
    return {word for word in found if len(word) > 2 and word not in NAME_WORDS}


def is_a_year(key: str) -> bool:
    return re.fullmatch(r"1\d{3}|20\d\d", key) is not None


def brackets_gone(text: str) -> int:
    """A text's length without what stands in brackets; short texts count whole."""
    return len(text if len(text) <= 20 else re.sub(r"\([^()]*\)", "", text))


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


def years_of(one: Table, row: int, said: frozenset[int]) -> float:
    dated = [
        column
        for column in range(len(one.header))
        if sum(bool(years(line[column])) for line in one.rows) >= DATED * len(one.rows)
    ]
    when = [{year for column in dated for year in years(line[column])} for line in one.rows]
    if said & when[row]:
        return 1.0
    others_said = any(said & other for other in when)
    one_for_all = bool(when[0]) and all(other == when[0] for other in when)
    return -1.0 if said and (others_said or one_for_all) else 0.0


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
    if key in (title, re.sub(r" \([^()]*\)$", "", title)):
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
    if word.casefold() in {*ENTITY_KINDS, *DATES}:
        return False
    return word != word.upper() or bool(re.fullmatch("V|X|[IVX][IVX]+", word))


def agree(paragraphs: Sequence[str], tables: Sequence[Table]) -> int:
    """Assert that both matchers find the same; how many sentences have a match."""
    fast = candidates(paragraphs, *tables)
    slow = list(slow_candidates(paragraphs, tables))
    assert [(one.paragraph, one.sentence) for one in fast] == [one[:2] for one in slow]
    for found, (_, _, matches) in zip(fast, slow, strict=True):
        assert len(found.matches) == len(matches), found.sentence
        for one, other in zip(found.matches, matches, strict=True):
            assert one.evidence == pytest.approx(other.evidence), found.sentence
            assert one.probability == pytest.approx(other.probability, abs=2e-6)
            assert (one.table, one.row, one.cells) == (other.table, other.row, other.cells)
            assert one.named == other.named, found.sentence
    return sum(bool(found.matches) for found in fast)
