import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gentap.documents.jsonl import BadRecordError, json_object, read_line, table_from_json
from gentap.documents.markup.grid import MAX_CELLS
from gentap.records import Block, Document, Table
from gentap.settings.sections import FieldMap

WHERE = "docs.jsonl:7"


def read(entry: Any, **fields: Any) -> Document:
    return read_line(json.dumps(entry), FieldMap(**fields), WHERE)


def test_the_default_layout_is_read() -> None:
    document = read(
        {
            "url": "https://almanac.example/verdi",
            "title": " Giuseppe\n Verdi ",
            "text": ["He was born in 1813.", " ", None, "He died in 1901."],
            "tables": [
                {
                    "section": "Operas",
                    "caption": "By year",
                    "header": ["Opera", "Year"],
                    "rows": [["Aida", 1871], ["Otello", None]],
                },
                {"header": ["City", "House"], "rows": [["Milan", "La  Scala"]]},
            ],
        }
    )
    title = "Giuseppe Verdi"
    assert document == Document(
        url="https://almanac.example/verdi",
        title=title,
        blocks=(
            Block(section="", text="He was born in 1813."),
            Block(section="", text="He died in 1901."),
        ),
        tables=(
            Table(
                title=title,
                section="Operas",
                caption="By year",
                header=("Opera", "Year"),
                rows=(("Aida", "1871"), ("Otello", "")),
            ),
            Table(title=title, header=("City", "House"), rows=(("Milan", "La Scala"),)),
        ),
    )


def test_one_paragraph_may_be_a_plain_string_and_all_fields_may_be_absent() -> None:
    assert read({"text": "One."}).blocks == (Block(section="", text="One."),)
    assert read({}) == Document(url=WHERE, title="", blocks=(), tables=())
    assert read({"tables": None, "text": None, "url": None}).url == WHERE


def test_a_line_can_be_the_table_and_paths_reach_into_lists() -> None:
    document = read(
        {
            "name": "Verdi",
            "intro": "Intro.",
            "part": "Operas",
            "header": ["Opera"],
            "rows": [["Aida"], ["Otello", "extra"]],
            "passages": [{"text": "First."}, {"other": 1}, {"text": ["Second.", "Third."]}],
        },
        title="name",
        text=["intro", "passages[].text"],
        tables="",
        section="part",
    )
    assert [block.text for block in document.blocks] == ["Intro.", "First.", "Second.", "Third."]
    assert document.tables == (
        Table(
            title="Verdi",
            section="Operas",
            header=("Opera", ""),
            rows=(("Aida", ""), ("Otello", "extra")),
        ),
    )


def test_paths_reach_into_objects() -> None:
    document = read(
        {
            "meta": {"address": "https://a.example", "name": "N"},
            "content": {"list": [{"grid": {"top": ["A", "B"], "body": [["1", "2"]]}}]},
        },
        url="meta.address",
        title="meta.name",
        tables="content.list",
        header="grid.top",
        rows="grid.body",
    )
    assert (document.url, document.title) == ("https://a.example", "N")
    assert document.tables == (Table(title="N", header=("A", "B"), rows=(("1", "2"),)),)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "not valid JSON"),
        ("", "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
        ('{"a": ' * 100_000, "not valid JSON"),
        ('{"a": ' + "1" * 5000 + "}", "not valid JSON"),
        ('{"title": "\\ud800"}', "not valid JSON"),
        ("[1]", "not a JSON object"),
        ("null", "not a JSON object"),
        ('{"tables": [3]}', "no JSON object"),
        ('{"tables": [{"rows": [["1"]]}]}', "header is missing"),
        ('{"tables": [{"header": "A", "rows": [["1"]]}]}', "header is missing"),
        ('{"tables": [{"header": ["A"]}]}', "no rows"),
        ('{"tables": [{"header": ["A"], "rows": []}]}', "no rows"),
        ('{"tables": [{"header": ["A"], "rows": ["1"]}]}', "row is no list"),
        ('{"tables": [{"header": ["A"], "rows": [[{"b": 2}]]}]}', "a table cell: an object stands"),
        ('{"title": {"a": 1}}', "'title': an object stands where a text is wanted"),
    ],
)
def test_a_line_that_is_no_document_is_refused_with_the_reason(line: str, reason: str) -> None:
    with pytest.raises(BadRecordError, match=reason):
        read_line(line, FieldMap(), WHERE)


def test_escaped_characters_beyond_the_basic_plane_are_text() -> None:
    assert json_object('{"a": "\\ud83c\\udfad \\u00e9"}') == {"a": "🎭 é"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["url", "title", "text", "tables", "header", "rows", "section"]), inner
        )
    ),
    max_leaves=20,
)


@settings(max_examples=100)
@given(JSON)
def test_any_json_is_a_document_of_rectangular_tables_or_a_value_error(entry: Any) -> None:
    try:
        document = read(entry)
    except ValueError:
        return
    assert all(isinstance(block.text, str) and block.text.strip() for block in document.blocks)
    for table in document.tables:
        assert all(len(row) == len(table.header) for row in table.rows)


PLAIN = st.text(st.characters(exclude_characters="⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿⁱ½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞"), max_size=5)
CELLS = st.one_of(st.none(), PLAIN, st.integers(), st.floats(allow_nan=False))


def test_a_fraction_behind_a_number_stays_apart_from_it() -> None:
    assert table_from_json(["a"], [["0¼"], ["10⁸"]]).rows == (("0 ¼",), ("10^8",))


@settings(max_examples=50)
@given(
    st.lists(CELLS, min_size=1, max_size=4),
    st.lists(st.lists(CELLS, max_size=5), min_size=1, max_size=4),
)
def test_a_table_keeps_every_cell_in_its_place(header: list[Any], rows: list[list[Any]]) -> None:
    table = table_from_json(header, rows)
    width = max(len(line) for line in [header, *rows])
    for line, cells in zip([header, *rows], [table.header, *table.rows], strict=True):
        assert len(cells) == width
        for place, cell in enumerate(cells):
            given_cell = line[place] if place < len(line) else None
            whole = isinstance(given_cell, float) and given_cell.is_integer()
            written = f"{given_cell:.0f}" if whole and abs(given_cell) < 1e15 else str(given_cell)
            written = "0" if given_cell == 0 else written  # of which there are two in floats
            assert cell == ("" if given_cell is None else " ".join(written.split()))


def test_a_short_line_cannot_swell_to_a_huge_table() -> None:
    rows: list[list[str]] = [[""] * 2000, *([[]] * (MAX_CELLS // 2000))]
    with pytest.raises(ValueError, match="more than 500,000 cells"):
        table_from_json(["A"], rows)
    assert len(table_from_json(["A"], rows[:-1]).rows) == MAX_CELLS // 2000


@pytest.mark.parametrize(
    ("text", "paragraphs"),
    [
        ("Career\nIn 2005 she made Dusk.", ["Career", "In 2005 she made Dusk."]),
        ("Career\r\nIn 2005 she made Dusk.", ["Career", "In 2005 she made Dusk."]),
        ("Career\rIn 2005 she made Dusk.", ["Career", "In 2005 she made Dusk."]),
        ("Career\u2028In 2005 she made Dusk.", ["Career", "In 2005 she made Dusk."]),
        ("Career\n\n \n\tIn 2005 she made Dusk.", ["Career", "In 2005 she made Dusk."]),
        (
            "In 2005 she\nmade Dusk, a film\nabout Reno.",
            ["In 2005 she made Dusk, a film about Reno."],
        ),
        ("She made Dusk (2005),\nDawn and Noon.", ["She made Dusk (2005), Dawn and Noon."]),
        ("== Career ==\nIn 2005 she made Dusk.", ["== Career ==", "In 2005 she made Dusk."]),
        (
            "Early life\nLater years\nShe made Dusk.",
            ["Early life", "Later years", "She made Dusk."],
        ),
    ],
)
def test_a_heading_is_glued_to_no_sentence(text: str, paragraphs: list[str]) -> None:
    assert [block.text for block in read({"text": text}).blocks] == paragraphs
