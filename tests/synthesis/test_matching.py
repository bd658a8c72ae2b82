"""The matcher against a slow one that tries every cell, in every way to write it, one by one."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import combinations
from math import log2
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gentap.documents.read import read_documents
from gentap.documents.unread import Unread
from gentap.records import NamedCell, Table
from gentap.settings import FieldMap
from gentap.synthesis.cells import MOST_LINES
from gentap.synthesis.forms import Former, Rules
from gentap.synthesis.longer_names import DATES, KINDS
from gentap.synthesis.matching import Candidate, Match, PageMatcher
from gentap.synthesis.sentences import sentence_spans, tidy
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

CELL_BITS, ROW_BITS = 0.3, 9.0
FORMER = Former(Rules())


def table(*rows: Sequence[str], header: Sequence[str] = (), title: str = "") -> Table:
    names = tuple(header) or tuple(f"Column {place}" for place in range(len(rows[0])))
    return Table(title=title, header=names, rows=tuple(map(tuple, rows)))


def candidates(
    paragraphs: Sequence[str], *tables: Table, row_bits: float = 0.0, rules: Rules | None = None
) -> list[Candidate]:
    former = Former(rules or Rules())
    matcher = PageMatcher(tables, former, cell_bits=CELL_BITS, row_bits=row_bits)
    return list(matcher.candidates([tidy(paragraph) for paragraph in paragraphs]))


def best(sentence: str, *tables: Table, rules: Rules | None = None) -> Match | None:
    """The match of a single sentence, however little it tells."""
    found = candidates([sentence], *tables, rules=rules)
    assert len(found) <= 1
    return found[0].match if found else None


def named(match: Match | None, sentence: str) -> list[tuple[int, int, str]]:
    """Row, column and text of every cell of a match."""
    assert match is not None
    return [(cell.row, cell.column, sentence[cell.start : cell.end]) for cell in match.cells]


# The slow matcher

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


SCALED = re.compile(r"\d (?:thousand|million|billion)")
VALUES = ["Paris", "New York", "York", "Rio", "rio", "1914", "914", "1,914", "191", "12 May 1914"]
VALUES += ["May 12, 1914", "May 1914", "1,234,567", "Café", "“Dawn”", "$914", "Ada Lovelace", "Ada"]
VALUES += ["—", "The", "winner", "x", "Titanic (1997)", "Titanic", "12", "2–1", "2003/04"]
SAID = [*VALUES, "12th May 1914", "May 12th 1914", "1234567", "1 234 567", "1914 567", "1 914"]
GLUE = [" ", " ", " ", ", ", "-", ".5", ",", "5", "s", " and ", "'", "(", "—", "–18 ", ". He saw "]


@st.composite
def pages(draw: st.DrawFn) -> tuple[list[Table], list[str]]:
    tables = []
    for _ in range(draw(st.integers(1, 2))):
        width = draw(st.integers(1, 3))
        row = st.lists(st.sampled_from(VALUES), min_size=width, max_size=width)
        rows = draw(st.lists(row, min_size=1, max_size=5))
        tables.append(table(*rows, title=draw(st.sampled_from(["", "Paris", "Rio"]))))
    cells = [cell for one in tables for row in one.rows for cell in row]
    pieces = st.tuples(st.sampled_from(cells) | st.sampled_from(SAID), st.sampled_from(GLUE))
    prose = st.lists(pieces, max_size=7).map(lambda pairs: "".join(map("".join, pairs)))
    return tables, [tidy(text) for text in draw(st.lists(prose, min_size=1, max_size=3))]


@settings(max_examples=150, deadline=None)
@given(pages(), st.sampled_from([0.0, ROW_BITS]))
def test_the_matches_are_those_of_the_slow_matcher(
    page: tuple[list[Table], list[str]], row_bits: float
) -> None:
    tables, paragraphs = page
    agree(paragraphs, tables, row_bits)


def test_a_year_is_no_part_of_the_date_that_stands_before_it() -> None:
    one = table(["Paris", "1914"])
    sentence = "May 12, 1914,May 12, 1914 Paris"
    agree([sentence], [one, table(["May 12, 1914"])], 0.0)
    assert named(best(sentence, one), sentence) == [
        *[(0, 0, "Paris"), (0, 1, "1914"), (0, 1, "1914")],
    ]


def test_real_pages_match_as_by_the_slow_matcher(data: Path) -> None:
    matches = 0
    for path in sorted((data / "pages").glob("*.html"))[::3]:
        (document,) = read_documents(path, FieldMap())
        assert not isinstance(document, Unread)
        paragraphs = [tidy(block.text) for block in document.blocks]
        kept = [text for text in paragraphs if len(text.casefold()) == len(text)]
        matches += agree(kept, document.tables, ROW_BITS)
    assert matches > 150


@pytest.mark.slow
@pytest.mark.parametrize("number", range(4))
def test_a_sample_of_wikipedia_matches_as_by_the_slow_matcher(
    shared: Callable[[str], Path], number: int
) -> None:
    """Every tenth page, less those that would take the slow matcher minutes.

    It knows no ``1.5 million``: paragraphs that say such numbers are left out.
    """
    path = shared(f"pages/wikipedia-0000{number}-of-00004.warc.gz")
    matches = 0
    for document in list(read_documents(path, FieldMap()))[::10]:
        assert not isinstance(document, Unread)
        paragraphs = [tidy(block.text) for block in document.blocks]
        kept = [
            text
            for text in paragraphs
            if len(text.casefold()) == len(text) and not SCALED.search(text)
        ]
        cells = sum(len(one.rows) * len(one.header) for one in document.tables)
        if cells * len(kept) < 20_000:
            matches += agree(kept, document.tables, ROW_BITS)
    assert matches > 10


def test_a_cell_that_two_of_its_forms_name_counts_once() -> None:
    tables = table(("Ada Dawn\n(Ada Dusk)", "Rome"), ("Bo Dusk", "Oslo"))
    sentence = "In 1914 Ada Dawn moved to Rome."
    cells = [(0, 0, "Ada Dawn"), (0, 1, "Rome")]
    assert named(best(sentence, tables), sentence) == cells


# What tells one row from another


def told(paragraph: str, *tables: Table) -> list[float]:
    """What the matches of a paragraph's sentences tell."""
    return [found.match.bits if found.match else -1.0 for found in candidates([paragraph], *tables)]


FILMS = table(
    ["Dawn Cup", "drama", "1914"],
    ["Dusk Cup", "drama", "1915"],
    ["Noon Cup", "comedy", "1916"],
)


def test_years_alone_tell_no_row() -> None:
    terms = table(["Ada", "1914", "1918"], ["Bo", "1915", "1920"])
    assert told("He served from 1914 to 1918.", terms) == [0.0]
    assert told("Ada served from 1914 to 1918.", terms)[0] > ROW_BITS


def test_a_row_that_the_paragraph_spoke_of_last_tells_more() -> None:
    (alone,) = told("It was a drama of 1914.", FILMS)
    (spoken,) = told("Dusk Cup ended. Dawn Cup began. It was a drama of 1914.", FILMS)
    (other,) = told("Dawn Cup began. Dusk Cup ended. It was a drama of 1914.", FILMS)
    assert spoken > alone
    assert other <= alone


def test_a_row_loses_where_the_sentence_says_the_year_of_another() -> None:
    (right,) = told("In 1914 the Dawn Cup was a drama.", FILMS)
    (none,) = told("Then the Dawn Cup was a drama.", FILMS)
    (wrong,) = told("In 1916 the Dawn Cup was a drama.", FILMS)
    assert right > none > wrong
    assert told("In 1888 the Dawn Cup was a drama.", FILMS) == [pytest.approx(none, rel=0.05)]


def test_a_day_with_another_year_is_no_value() -> None:
    days = table(["14 May", "Ada Hall"], ["15 May", "Bo Hall"])
    dated = replace(days, section="2012")
    assert best("On 14 May 2012 it opened in Ada Hall.", dated) is not None
    assert best("On 14 May it opened in Ada Hall.", dated) is not None
    assert best("On 14 May 2002 it opened in Ada Hall.", dated) is None
    assert best("On 14 May 2002 it opened in Ada Hall.", days) is not None


@pytest.mark.parametrize("before", ["", "x", "ab c", "²²²²", "１９１４"])
def test_the_mark_within_dates_may_stand_in_a_text(before: str) -> None:
    days = table(["14 May", "Ada Hall"], ["15 May", "Bo Hall"])
    assert best(f"{before}\x0105\x0114 in Ada Hall.", days) is not None


def test_values_of_one_kind_tell_little_of_a_row_that_is_not_named() -> None:
    rows = [["Rome", "Oslo"], ["Oslo", "Rome"], ["Rome", "Bonn"], ["Bonn", "Oslo"]]
    others = [["Rome", "Oslo"], ["Lima", "Rio"], ["Rome", "Bonn"], ["Lima", "Oslo"]]
    (alike,) = told("Rome is a rival of Bonn.", table(*rows))
    (unlike,) = told("Rome is a rival of Bonn.", table(*others))
    assert 0 < alike < 0.5 * unlike


@pytest.mark.parametrize(
    ("sentence", "is_named"),
    [
        ("Ada Hall left Union early.", True),
        ("Ada Hall left Union Pacific early.", False),
        ("Ada Hall left Union Club early.", True),
        ("Ada Hall left Union FC early.", True),
        ("Ada Hall left Union V early.", False),
        ("Ada Hall left Union, Pacific and others.", True),
        ("Ada Hall left Union's Pacific early.", True),
        ("Ada Hall left Union March 3.", True),
        ("Ada Hall left Union Berlin early.", True),
        ("Ada Hall left Union. Pacific was late.", True),
        ("Ada Hall Pacific left Union early.", True),
    ],
)
def test_a_value_of_one_word_is_no_part_of_a_longer_name(sentence: str, is_named: bool) -> None:
    clubs = table(["Ada Hall", "Union", "Berlin"], ["Bo Hall", "Rover", "Rome"])
    agree([sentence], [clubs], 0.0)
    assert any(found.match for found in candidates([sentence], clubs)) is is_named


def test_a_value_that_fills_its_column_confirms_a_row_that_is_named() -> None:
    films = [["Dawn Cup", "Drama", "1914"], ["Dusk Cup", "Drama", "1915"]]
    sentence = "Then the Dawn Cup was a Drama of Rome."
    assert told(sentence, table(*films))[0] > ROW_BITS
    assert told("Then the Cup of 1914 was a Drama of Rome.", table(*films)) == [-1.0]
    assert told(sentence, table(*films, title="Drama in Rome")) == [-1.0]


def test_a_line_of_a_long_list_is_no_value() -> None:
    few, many = ("\n".join(f"Route {number}" for number in range(50, 50 + n)) for n in (12, 13))
    sentence = "Ada took Route 51 there."
    assert best(sentence, table(["Ada", few], ["Bo", "Route 9"])) is not None
    assert best(sentence, table(["Ada", many], ["Bo", "Route 9"])) is None


# Where a named value stands


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        *[("film noir", "ﬁlm noir"), ("ﬁlm noir", "film noir"), ("250 km2", "250 km²")],
        *[("½ mile", "½ mile"), ("1⁄2 mile", "½ mile"), ("10⁻³ metres", "10⁻³ metres")],
        *[("2024 Cup", "２０２４ Cup"), ("Réunion", "Re\u0301union"), ("Re\u0301union", "Réunion")],
        *[("O'Hara[3]", "O’Hara"), ("Jean-Luc", "Jean‑Luc"), ("2003–04", "2003-04")],
        *[("STRASSE 9", "Strasse 9"), ("𝒟awn 🌅", "Dawn 🌅"), ("-914.5", "−914.5")],
        *[("1,234", "1 234"), ("9 March 1920", "March 9th, 1920"), ('"Dawn" (song)', "Dawn")],
    ],
)
def test_a_value_written_otherwise_is_the_same(cell: str, said: str) -> None:
    sentence = tidy(f"Marlowe’s ﬁrst saw {said} there.")
    match = best(sentence, table(["Marlowe", cell], ["Other", "Thing"]))
    assert named(match, sentence) == [(0, 0, "Marlowe"), (0, 1, tidy(said))]


@pytest.mark.parametrize(
    "larger",
    [
        *["19145", "51914", "1914.5", "1,914", "1 914", "1914,000", "1 914 000", "0.1914"],
        *["x1914", "1914th", "1914½", "1914²"],
    ],
)
@pytest.mark.parametrize("numbers", [True, False])
def test_a_number_is_not_found_in_a_larger_one(larger: str, numbers: bool) -> None:
    rules = Rules(numbers=numbers)
    for number in ("1914", "914"):
        if numbers and number == "1914" and larger in ("1,914", "1 914"):
            continue
        cells = table(["Marlowe", number], ["Other", "1915"])
        assert best(f"Marlowe counted {larger} there.", cells, rules=rules) is None
        assert best(f"Marlowe counted {number}, there.", cells, rules=rules) is not None


@pytest.mark.parametrize("around", ["1914–18", "(1914)", "1914.", "1914, 18", "$1914", "1914/15"])
def test_a_number_is_found_beside_other_signs(around: str) -> None:
    assert best(f"Marlowe, {around}", table(["Marlowe", "1914"], ["Other", "1915"])) is not None


def test_each_line_of_a_cell_is_a_value_of_it() -> None:
    sentence = "Marlowe and Ada Dawn won there."
    match = best(sentence, table(["Marlowe", 'Bo Dusk\n"Ada Dawn" (late)'], ["Other", "Thing"]))
    assert named(match, sentence) == [(0, 0, "Marlowe"), (0, 1, "Ada Dawn")]


# Which rows are named

CUPS = table(
    ["Marlowe", "Rome", "1914"],
    ["Dawson", "Oslo", "1915"],
    ["Ingrid", "Rome", "1916"],
    ["Rome", "Lima", "1,916"],
)


@pytest.mark.parametrize(
    "sentence",
    [
        "Marlowe won.",
        "Marlowe won, and Marlowe won again.",
        "Marlowe and Dawson won.",
        "Marlowe won; Oslo was cold.",
        "Marlowe won. Rome was cold.",
        "",
    ],
)
def test_a_row_needs_two_values_of_two_columns(sentence: str) -> None:
    assert best(sentence, CUPS) is None


def test_one_value_in_two_columns_is_not_two() -> None:
    twice = table(["Dawn Cup", "Dawn Cup"], ["Dusk", "Noon"])
    assert best("The Dawn Cup is the Dawn Cup.", twice) is None


@pytest.mark.parametrize("value", ["7", "12", "x", "—", "12.", "#7", "(9)"])
def test_a_letter_and_a_small_bare_number_are_no_values(value: str) -> None:
    cells = table(["Marlowe", value], ["Dawson", "5"])
    assert best(f"Marlowe said {value} there.", cells) is None


def test_evidence_over_several_rows_is_recorded() -> None:
    sentence = "Marlowe won in Rome in 1914, Dawson in 1915 and Ingrid later."
    match = best(sentence, CUPS)
    assert match is not None
    assert (match.table, match.row) == (0, 0)
    assert named(match, sentence) == [
        (0, 0, "Marlowe"),
        (0, 1, "Rome"),
        (0, 2, "1914"),
        (1, 0, "Dawson"),
        (1, 2, "1915"),
        (2, 0, "Ingrid"),
        (2, 1, "Rome"),
        (3, 0, "Rome"),
    ]


def test_a_value_said_twice_is_recorded_twice() -> None:
    sentence = "Dawson left Oslo, and Oslo missed Dawson."
    assert [place[:2] for place in named(best(sentence, CUPS), sentence)] == [
        *[(1, 0), (1, 0), (1, 1), (1, 1)]
    ]


def test_the_longest_value_of_a_table_stands() -> None:
    places = table(["New York", "Dusk"], ["York Minster", "Dawn"], ["Minster", "Noon"])
    others = table(["New York", "Dusk"], ["Lima", "Noon"])
    sentence = "The New York Minster saw Dawn, Noon and Dusk."
    assert named(best(sentence, places), sentence) == [
        (0, 1, "Dusk"),
        (1, 0, "York Minster"),
        (1, 1, "Dawn"),
        (2, 1, "Noon"),
    ]
    match = best(sentence, others)
    assert named(match, sentence)[0] == (0, 0, "New York")


KNOWN = {
    "more told": table(["Ada", "Bo", "Rome"], ["Yes", "Of", "The"]),
    "less told": table(["Ada", "Bo", "Oslo"], ["Yes", "Of", "The"]),
    "more cells": table(["Ada", "Bo", "Oslo"], ["Yes", "Of", "Ada"]),
    "same row twice": table(["Yes", "Of"], ["Ada", "Bo"], ["Ada", "Bo"], ["The", "In"]),
}


@pytest.mark.parametrize(
    ("tables", "sentence", "place"),
    [
        (["more told", "less told"], "Ada met Bo in Rome.", (0, 0)),
        (["less told", "more told"], "Ada met Bo in Rome.", (1, 0)),
        (["less told", "less told"], "Ada met Bo.", (0, 0)),
        (["same row twice"], "Ada met Bo.", (0, 1)),
    ],
)
def test_the_row_that_is_told_most_of_wins(
    tables: list[str], sentence: str, place: tuple[int, int]
) -> None:
    match = best(sentence, *(KNOWN[name] for name in tables))
    assert match is not None
    assert (match.table, match.row) == place


def test_what_tells_too_little_is_a_candidate_without_a_match() -> None:
    cells = table(["Dawson", "away"], ["Ingrid", "home"])
    (told,) = candidates(["Dawson won away."], cells, row_bits=ROW_BITS)
    assert told.match is not None
    weak = table(["final", "away"], ["semifinal", "home"])
    (untold,) = candidates(["They lost the final away."], weak, row_bits=ROW_BITS)
    assert untold == Candidate(0, "They lost the final away.", None)


def test_tables_without_a_value_match_nothing() -> None:
    assert candidates(["Nothing is here."], table(["—", "12"])) == []
    assert candidates(["Nothing is here."]) == []
