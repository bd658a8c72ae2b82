"""The matcher against the slow one."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matching_tables import best, named, table
from slow_matcher import agree

from gentap.documents.read import read_documents
from gentap.documents.rejected import RejectedRecord
from gentap.records import Table
from gentap.settings.sections import FieldMap
from gentap.text.sentences import tidy

SCALED = re.compile(r"\d (?:thousand|million|billion)")
VALUES = ["Paris", "New York", "York", "Rio", "rio", "1914", "914", "1,914", "191", "12 May 1914"]
VALUES += ["May 12, 1914", "May 1914", "1,234,567", "Café", "“Dawn”", "$914", "Ada Lovelace", "Ada"]
VALUES += ["—", "The", "winner", "x", "Titanic (1997)", "Titanic", "12", "2–1", "2003/04"]
SAID = [*VALUES, "12th May 1914", "May 12th 1914", "1234567", "1 234 567", "1914 567", "1 914"]
SAID += [
    "Ada King Lovelace (born 1815)",
    'Ada "Bo" Lovelace, Jr. (1815 – 1852)',
    "Lovelace",
    "Bo Ada",
]
SAID += ["Lovelace of Rio", "lovelace", "Ada of Rio Lovelace (c. 1815–52)", "Bo Lovelace", "York"]
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
@given(pages())
def test_the_matches_are_those_of_the_slow_matcher(page: tuple[list[Table], list[str]]) -> None:
    tables, paragraphs = page
    agree(paragraphs, tables)


def test_a_year_is_no_part_of_the_date_that_stands_before_it() -> None:
    one = table(["Paris", "1914"])
    sentence = "May 12, 1914,May 12, 1914 Paris"
    agree([sentence], [one, table(["May 12, 1914"])])
    assert named(best(sentence, one), sentence) == [
        *[(0, 0, "Paris"), (0, 1, "1914"), (0, 1, "1914")],
    ]


def test_real_pages_match_as_by_the_slow_matcher(data: Path) -> None:
    matches = 0
    for path in sorted((data / "pages").glob("*.html"))[::3]:
        (document,) = read_documents(path, FieldMap())
        assert not isinstance(document, RejectedRecord)
        paragraphs = [tidy(block.text) for block in document.blocks]
        kept = [text for text in paragraphs if len(text.casefold()) == len(text)]
        matches += agree(kept, document.tables)
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
        assert not isinstance(document, RejectedRecord)
        paragraphs = [tidy(block.text) for block in document.blocks]
        kept = [
            text
            for text in paragraphs
            if len(text.casefold()) == len(text) and not SCALED.search(text)
        ]
        cells = sum(len(one.rows) * len(one.header) for one in document.tables)
        if cells * len(kept) < 20_000:
            matches += agree(kept, document.tables)
    assert matches > 10
