"""The matcher against a slow one that tries every cell with a regular expression."""

import re
from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gentap.documents.read import read_documents
from gentap.records import NamedCell, Table
from gentap.settings import FieldMap
from gentap.synthesis.matching import CellMatcher, Match, informative_forms, is_numeric
from gentap.synthesis.sentences import split_sentences
from gentap.tables.values import normal_form

SHARE = 0.5


def table(*rows: Sequence[str], header: Sequence[str] = (), title: str = "") -> Table:
    names = tuple(header) or tuple(f"Column {place}" for place in range(len(rows[0])))
    return Table(title=title, header=names, rows=tuple(map(tuple, rows)))


def named(match: Match | None, sentence: str) -> list[tuple[int, int, str]]:
    """Row, column and text of every cell of a match."""
    assert match is not None
    return [(cell.row, cell.column, sentence[cell.start : cell.end]) for cell in match.cells]


def best(sentence: str, *tables: Table) -> Match | None:
    return CellMatcher(tables, SHARE).best(sentence)


# The oracle


def at_word_boundaries(form: str) -> re.Pattern[str]:
    pattern = re.escape(form)
    if form[0].isalnum():
        pattern = r"(?<![^\W_])" + pattern
    if form[-1].isalnum():
        pattern += r"(?![^\W_])"
    if form[0].isdigit():
        pattern = r"(?<!\d[.,])" + pattern
    if form[-1].isdigit():
        pattern += r"(?![.,]\d)"
    return re.compile(f"(?={pattern})")


def slow_spans(sentence: str, forms: set[str]) -> dict[tuple[int, int], str]:
    plain = sentence.translate(str.maketrans("‘’“”−", "''\"\"-")).casefold()
    assert len(plain) == len(sentence)
    hits = [
        (-len(form), hit.start(), form)
        for form in forms
        if form in plain
        for hit in at_word_boundaries(form).finditer(plain)
    ]
    spans: dict[tuple[int, int], str] = {}
    for _, start, form in sorted(hits):
        end = start + len(form)
        if all(end <= other[0] or other[1] <= start for other in spans):
            spans[start, end] = form
    return {
        (start, end): form
        for (start, end), form in spans.items()
        if not re.fullmatch(r"[^\W\d_]{1,5}", text := sentence[start:end]) or not text.islower()
    }


def slow_best(sentence: str, tables: Sequence[Table]) -> Match | None:
    informative: list[Mapping[str, list[tuple[int, int]]]]
    informative = [informative_forms(table, SHARE) for table in tables]
    spans = slow_spans(sentence, {form for forms in informative for form in forms})
    candidates = []
    for index, forms in enumerate(informative):
        for row in range(len(tables[index].rows)):
            cells = [
                (column, span, form)
                for span, form in spans.items()
                for at, column in forms.get(form, [])
                if at == row
            ]
            apart = any(
                one[0] != other[0] and one[1] != other[1] and one[2] != other[2]
                for one, other in combinations(cells, 2)
            )
            if apart and not all(is_numeric(form) for _, _, form in cells):
                own = {span for _, span, _ in cells}
                characters = sum(end - start for start, end in own)
                candidates.append((-len(own), -characters, index, row))
    if not candidates:
        return None
    _, _, index, row = min(candidates)
    all_cells = sorted(
        NamedCell(at, column, *span)
        for span, form in spans.items()
        for at, column in informative[index].get(form, [])
    )
    return Match(index, row, tuple(all_cells))


VALUES = ["Paris", "New York", "York", "Rio", "rio", "1914", "914", "1,914", "191", "12 May 1914"]
VALUES += ["café noir", "Café", "“Dawn”", "$914", "Ada Lovelace", "Ada", "—", "The", "winner", "x"]
GLUE = [" ", " ", " ", ", ", "-", ".", ",", "5", "s", " and ", "'", "(", "—", "–18 "]


@st.composite
def tables_and_sentence(draw: st.DrawFn) -> tuple[list[Table], str]:
    tables = []
    for _ in range(draw(st.integers(1, 2))):
        width = draw(st.integers(1, 3))
        row = st.lists(st.sampled_from(VALUES), min_size=width, max_size=width)
        rows = draw(st.lists(row, min_size=1, max_size=5))
        tables.append(table(*rows, title=draw(st.sampled_from(["", "Paris", "Rio"]))))
    cells = [cell for one in tables for row in one.rows for cell in row]
    pieces = st.tuples(st.sampled_from(cells) | st.sampled_from(VALUES), st.sampled_from(GLUE))
    sentence = "".join(text for pair in draw(st.lists(pieces, max_size=7)) for text in pair)
    return tables, sentence


@settings(max_examples=100, deadline=None)
@given(tables_and_sentence())
def test_the_match_is_that_of_the_slow_matcher(case: tuple[list[Table], str]) -> None:
    tables, sentence = case
    assert CellMatcher(tables, SHARE).best(sentence) == slow_best(sentence, tables)


def test_the_project_s_pages_match_as_by_the_slow_matcher(data: Path) -> None:
    matches = 0
    for page in sorted((data / "pages").glob("*.html"))[::3]:
        (document,) = read_documents(page, FieldMap())
        assert not hasattr(document, "reason")
        matcher = CellMatcher(document.tables, SHARE)
        for block in document.blocks:
            for sentence in split_sentences(block.text):
                match = matcher.best(sentence)
                assert match == slow_best(sentence, document.tables)
                matches += match is not None
    assert matches > 150


# Where a named value stands

WRITTEN = [
    "ﬁlm noir",
    "film noir",
    "3½",
    "31",
    "2 km²",
    "km2",
    "Réunion",
    "Re\u0301union",
    "10⁻³ m",
]
WRITTEN += [
    "Foo…",
    "Foo.",
    "２０２４",
    "2024",
    "ガ島",
    "Æsir",
    "№ 5",
    "No 5",
    "ﬁ",
    "1⁄2 mile",
    "½ mile",
]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(WRITTEN), st.sampled_from(WRITTEN)), min_size=1, max_size=4),
    st.lists(st.sampled_from([*WRITTEN, " ", " ", "½", "ﬁ", "…", ".", "², "]), max_size=9),
)
@example([("31", "film noir")], ["film noir", " ", "3½"])
@example([("Foo.", "film noir")], ["film noir", " ", "Foo…"])
def test_every_named_span_has_the_cell_s_normal_form(
    rows: list[tuple[str, str]], pieces: list[str]
) -> None:
    sentence = "".join(pieces)
    match = best(sentence, table(*rows))
    for cell in match.cells if match else ():
        text = sentence[cell.start : cell.end]
        assert normal_form(text) == normal_form(rows[cell.row][cell.column])


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("film noir", "ﬁlm noir"),
        ("ﬁlm noir", "film noir"),
        ("250 km2", "250 km²"),
        ("½ mile", "½ mile"),
        ("1⁄2 mile", "½ mile"),
        ("10⁻³ metres", "10⁻³ metres"),
        ("2024 Cup", "２０２４ Cup"),
        ("Réunion", "Re\u0301union"),
        ("Re\u0301union", "Réunion"),
        ("O'Hara[3]", "O’Hara"),
        ("Jean-Luc", "Jean‑Luc"),
        ("STRASSE 9", "Strasse 9"),
        ("𝒟awn 🌅", "Dawn 🌅"),
        ("-914.5", "−914.5"),
    ],
)
def test_letters_written_otherwise_are_the_same_value(cell: str, said: str) -> None:
    (sentence,) = split_sentences(f"Marlowe’s ﬁrst saw {said} there.")
    match = best(sentence, table(["Marlowe", cell], ["Other", "Thing"]))
    (said_now,) = split_sentences(said)
    assert named(match, sentence) == [(0, 0, "Marlowe"), (0, 1, said_now)]


@pytest.mark.parametrize(
    "larger",
    [
        "19145",
        "51914",
        "1914.5",
        "1,914",
        "1914,000",
        "0.1914",
        "x1914",
        "1914th",
        "1914½",
        "1914²",
    ],
)
def test_a_number_is_not_found_in_a_larger_one(larger: str) -> None:
    for number in ("1914", "914"):
        cells = table(["Marlowe", number], ["Other", "1915"])
        assert best(f"Marlowe counted {larger} there.", cells) is None
        assert best(f"Marlowe counted {number}, there.", cells) is not None


@pytest.mark.parametrize("around", ["1914–18", "(1914)", "1914.", "1914, 18", "$1914", "1914/15"])
def test_a_number_is_found_beside_other_signs(around: str) -> None:
    assert best(f"Marlowe, {around}", table(["Marlowe", "1914"], ["Other", "1915"])) is not None


# Which cells tell


def test_cells_that_tell_their_row_apart() -> None:
    cells = table(
        ["Dawn", "Yes", "Dawn Cup", "12", "7"],
        ["DUSK [1]", "no", "Film", "1914", "—"],
        ["x", "n/a", "Dusk", "1.5", "★★"],
        title="Dawn Cup",
    )
    assert informative_forms(cells, SHARE) == {
        "dawn": [(0, 0)],
        "dusk": [(1, 0), (2, 2)],
        "1914": [(1, 3)],
    }


@pytest.mark.parametrize(("share", "kept"), [(0.5, True), (0.49, False)])
def test_a_value_that_fills_its_column_does_not_tell(share: float, kept: bool) -> None:
    cells = table(["Rome", "Dawn"], ["Rome", "Dusk"], ["Oslo", "Noon"], ["Bonn", "Night"])
    assert ("rome" in informative_forms(cells, share)) is kept


def test_a_value_that_stands_once_tells_in_however_short_a_table() -> None:
    assert list(informative_forms(table(["Rome", "Dawn"]), 0.1)) == ["rome", "dawn"]


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
        "From 1914 to 1916 nobody came.",
        "",
    ],
)
def test_a_row_needs_two_values_of_two_columns(sentence: str) -> None:
    assert best(sentence, CUPS) is None


def test_one_value_in_two_columns_is_not_two() -> None:
    twice = table(["Dawn Cup", "Dawn Cup"], ["Dusk", "Noon"])
    assert best("The Dawn Cup is the Dawn Cup.", twice) is None


def test_numbers_alone_name_no_row() -> None:
    numbers = table(["1914", "2,500", "Rome"], ["1915", "3,500", "Oslo"])
    assert best("It had 2,500 in 1914.", numbers) is None
    assert best("Rome had 2,500 in 1914.", numbers) is not None


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
    assert named(best(sentence, CUPS), sentence) == [
        (1, 0, "Dawson"),
        (1, 0, "Dawson"),
        (1, 1, "Oslo"),
        (1, 1, "Oslo"),
    ]


def test_the_longest_value_stands_and_what_overlaps_it_does_not() -> None:
    places = table(["New York", "Dusk"], ["York Minster", "Dawn"], ["Minster", "Noon"])
    sentence = "The New York Minster saw Dawn, Noon and Dusk."
    match = best(sentence, places)
    assert match is not None
    assert match.row == 1
    assert named(match, sentence) == [
        (0, 1, "Dusk"),
        (1, 0, "York Minster"),
        (1, 1, "Dawn"),
        (2, 1, "Noon"),
    ]


def test_short_common_words_in_lower_case_are_not_values() -> None:
    fruit = table(["Dawson", "Lime"], ["Ingrid", "Fig"])
    assert best("Dawson ate a lime.", fruit) is None
    assert best("Dawson ate a Lime.", fruit) is not None


@pytest.mark.parametrize(
    ("tables", "sentence", "place"),
    [
        (["more spans", "fewer"], "Ada met Bo in Rome.", (0, 0)),
        (["fewer", "more spans"], "Ada met Bo in Rome.", (1, 0)),
        (["fewer", "fewer"], "Ada met Bo.", (0, 0)),
        (["longer", "fewer"], "Ada met Bo and Cornelius.", (0, 0)),
        (["fewer", "longer"], "Ada met Bo and Cornelius.", (1, 0)),
        (["same row twice"], "Ada met Bo.", (0, 1)),
    ],
)
def test_ties_are_broken_by_spans_characters_table_and_row(
    tables: list[str], sentence: str, place: tuple[int, int]
) -> None:
    known = {
        "more spans": table(["Ada", "Bo", "Rome"], ["Y1", "Y2", "Y3"]),
        "fewer": table(["Ada", "Bo", "Oslo"], ["Y1", "Y2", "Y3"]),
        "longer": table(["Ada", "Cornelius", "Oslo"], ["Y1", "Y2", "Y3"]),
        "same row twice": table(["Y1", "Y2"], ["Ada", "Bo"], ["Ada", "Bo"], ["Y3", "Y4"]),
    }
    match = best(sentence, *(known[name] for name in tables))
    assert match is not None
    assert (match.table, match.row) == place


def test_tables_without_a_telling_cell_match_nothing() -> None:
    assert best("Nothing is here.", table(["—", "12"])) is None
    assert CellMatcher([], SHARE).best("Nothing is here.") is None
