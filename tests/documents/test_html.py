"""Reading HTML, checked against a slow reading of the HTML table model on another parser."""

import tracemalloc
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slow_reader import Content, read_slowly

from gentap.documents.charset import decode
from gentap.documents.markup.grid import MAX_CELLS
from gentap.documents.markup.html import read_html
from gentap.records import Block, Table

PAGES = sorted((Path(__file__).resolve().parents[2] / "data" / "pages").glob("*.html"))
ROW = "<tr><td>Ada</td><td>1843</td></tr>"
HEAD = "<tr><th>Name</th><th>Year</th></tr>"


def contents(tables: tuple[Table, ...]) -> list[Content]:
    return [(table.section, table.caption, table.header, table.rows) for table in tables]


# Generated tables


SPANS = st.sampled_from(
    [
        "",
        "",
        "",
        ' colspan="2"',
        ' rowspan="2"',
        ' rowspan="3"',
        ' colspan="2" rowspan="2"',
        ' rowspan="0"',
        ' colspan="0"',
        ' colspan="2;"',
        ' colspan="-1"',
        ' rowspan=" 2 rows"',
        ' rowspan="999999999"',
        ' colspan="x"',
        ' rowspan=""',
    ]
)
WORDS = st.sampled_from(
    [
        "",
        "",
        "1",
        "12.5 %",
        "Ada",
        "Oslo",
        "a<br>b",
        "<div>x</div><div>y</div>",
        "R&amp;D",
        "Rome<sup class='reference'>[1]</sup>",
        "<span style='display:none'>0007</span>Bond",
        "<b> two </b>\n words",
        "<!-- note -->Po",
        "<span class='sortkey'>k</span>",
        "&nbsp;x",
    ]
)


@st.composite
def tables(draw: st.DrawFn, depth: int = 1) -> str:
    def cell(tag: str) -> str:
        nested = depth > 0 and draw(st.integers(0, 19)) == 0
        return f"<{tag}{draw(SPANS)}>{draw(WORDS)}{draw(tables(depth=0)) if nested else ''}</{tag}>"

    def row(tags: list[str], least: int) -> str:
        count = draw(st.integers(least, 4))
        return f"<tr>{''.join(cell(draw(st.sampled_from(tags))) for _ in range(count))}</tr>"

    head = "".join(row(["th"], 2) for _ in range(draw(st.integers(0, 2))))
    groups = [
        "".join(row(["td", "td", "td", "th"], 0) for _ in range(draw(st.integers(1, 4))))
        for _ in range(draw(st.integers(1, 2)))
    ]
    caption = draw(st.sampled_from(["", "<caption>Of <i>note</i></caption>"]))
    name = draw(st.sampled_from(["", "", "", " class='wikitable'", " class='navbox'"]))
    body = "".join(f"<tbody>{group}</tbody>" for group in groups)
    return f"<table{name}>{caption}<thead>{head}</thead>{body}</table>"


@settings(max_examples=100)
@given(st.lists(tables(), min_size=1, max_size=2))
def test_tables_equal_those_of_the_table_model(parts: list[str]) -> None:
    page = "<h1>T</h1>" + "".join(f"<h2>S{i}</h2>{part}" for i, part in enumerate(parts))
    assert contents(read_html(page, "u").tables) == read_slowly(page)


@settings(max_examples=50)
@given(tables())
def test_every_table_is_rectangular_with_text_in_every_column(part: str) -> None:
    for table in read_html(part, "u").tables:
        assert len(table.header) >= 2
        assert table.rows
        assert all(len(row) == len(table.header) for row in table.rows)
        assert all("".join(column) for column in zip(table.header, *table.rows, strict=True))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_the_projects_pages_equal_the_table_model(path: Path) -> None:
    html = path.read_text(encoding="utf-8")
    document = read_html(html, path.name)
    assert contents(document.tables) == read_slowly(html)
    assert document.tables
    assert document.blocks
    assert document.title
    assert {table.title for table in document.tables} == {document.title}


def real_pages(path: Path) -> Iterator[tuple[str, str]]:
    from fastwarc.warc import ArchiveIterator, WarcRecordType

    with path.open("rb") as stream:
        for record in ArchiveIterator(stream, record_types=WarcRecordType.response):
            yield record.headers["WARC-Target-URI"], decode(record.reader.read())


def differing(path: Path, stop: int | None = None) -> tuple[list[str], int]:
    """Pages whose tables are not those of the table model, and how many tables there are."""
    wrong = []
    count = 0
    for url, html in islice(real_pages(path), stop):
        found = contents(read_html(html, url).tables)
        count += len(found)
        if found != read_slowly(html):
            wrong.append(url)
    return wrong, count


def test_real_pages_equal_the_table_model(shared: Callable[[str], Path]) -> None:
    wrong, count = differing(shared("pages/wikipedia-00000-of-00004.warc.gz"), 60)
    assert wrong == []
    assert count > 100


@pytest.mark.slow
@pytest.mark.parametrize("shard", range(4))
def test_all_real_pages_equal_the_table_model(shared: Callable[[str], Path], shard: int) -> None:
    wrong, count = differing(shared(f"pages/wikipedia-0000{shard}-of-00004.warc.gz"))
    assert wrong == []
    assert count > 1500


# Tables by hand


def only_table(html: str) -> Table:
    (table,) = read_html(html, "u").tables
    return table


def test_spans_fill_every_cell_that_they_cover() -> None:
    table = only_table(
        "<table><tr><th>Year</th><th colspan=2>Result</th></tr>"
        "<tr><td rowspan=2>1990</td><td>won</td><td>3</td></tr>"
        "<tr><td colspan=2>not held</td></tr></table>"
    )
    assert table.header == ("Year", "Result", "Result")
    assert table.rows == (("1990", "won", "3"), ("1990", "not held", "not held"))


def test_header_rows_are_joined_and_a_row_of_one_text_is_no_header() -> None:
    table = only_table(
        "<table><tr><th colspan=3>Finals</th></tr>"
        "<tr><th rowspan=2>Year</th><th colspan=2>Score</th></tr>"
        "<tr><th>Home</th><th>Away</th></tr>"
        "<tr><td>1990</td><td>1</td><td>2</td></tr></table>"
    )
    assert table.header == ("Year", "Score Home", "Score Away")
    assert table.rows == (("1990", "1", "2"),)


def test_rows_of_one_cell_divide_and_equal_cells_are_data() -> None:
    table = only_table(
        "<table><tr><th colspan=2>Finals</th></tr><tr><th>Home</th><th>Away</th></tr>"
        "<tr><td>3</td><td>3</td></tr><tr><td colspan=2>Second round</td></tr>"
        "<tr><td>1</td><td>0</td></tr><tr><td>2</td><td></td></tr></table>"
    )
    assert (table.caption, table.header) == ("Finals", ("Home", "Away"))
    assert table.rows == (("3", "3"), ("1", "0"), ("2", ""))


def test_a_row_of_which_one_wide_cell_is_filled_is_a_note() -> None:
    table = only_table(
        "<table><tr><th>A</th><th>B</th><th>C</th></tr><tr><td>1</td><td>2</td><td>3</td></tr>"
        "<tr><td></td><td colspan=2>Replay</td></tr></table>"
    )
    assert table.rows == (("1", "2", "3"),)


def test_repeated_headers_go_and_sums_stay() -> None:
    table = only_table(
        f"<table>{HEAD}{ROW}{HEAD}<tr><td>Bob</td><td>2</td></tr>"
        "<tr><th>Person</th><th>When</th></tr><tr><th>Total</th><th>1845</th></tr></table>"
    )
    assert table.rows == (("Ada", "1843"), ("Bob", "2"), ("Total", "1845"))


def test_a_row_that_begins_with_a_head_is_a_row_of_the_body() -> None:
    table = only_table(f"<table>{HEAD}<tr><th scope=row>Ada</th><td>1843</td></tr></table>")
    assert table.rows == (("Ada", "1843"),)


def test_cells_within_thead_are_a_header() -> None:
    head = "<thead><tr><td>Name</td><td>1843</td></tr></thead>"
    assert only_table(f"<table>{head}<tr><td>Ada</td><td>x</td></tr></table>").header == (
        "Name",
        "1843",
    )


def test_a_table_of_row_headers_only_is_turned() -> None:
    table = only_table(
        "<table><tr><th>Year</th><td>1843</td><td>1844</td></tr>"
        "<tr><th>Work</th><td>Notes</td><td>Letters</td></tr></table>"
    )
    assert table.header == ("Year", "Work")
    assert table.rows == (("1843", "Notes"), ("1844", "Letters"))


INFOBOX = (
    "<table class='infobox'><tr><th colspan=2>Ada Lovelace</th></tr>"
    "<tr><td colspan=2>a picture</td></tr><tr><th>Born</th><td>1815</td></tr>"
    "<tr><th>Known for</th><td>Notes<br>Letters</td></tr></table>"
)


def test_infoboxes_are_read_as_two_columns_where_asked_for() -> None:
    assert read_html(INFOBOX, "u").tables == ()
    (table,) = read_html(INFOBOX, "u", infoboxes=True).tables
    assert (table.caption, table.header) == ("Ada Lovelace", ("Property", "Value"))
    assert table.rows == (("Born", "1815"), ("Known for", "Notes\nLetters"))
    unnamed = INFOBOX.replace(" class='infobox'", "")
    assert read_html(unnamed, "u").tables == ()
    assert read_html(unnamed, "u", infoboxes=True).tables == (table,)


@settings(max_examples=50)
@given(tables())
def test_infoboxes_equal_those_of_the_table_model(part: str) -> None:
    page = part.replace("class='navbox'", "class='infobox'")
    assert contents(read_html(page, "u", infoboxes=True).tables) == read_slowly(page, True)


def test_short_rows_are_padded_and_blank_columns_dropped() -> None:
    table = only_table(
        "<table><tr><th>A</th><th>B</th><th></th><th>D</th></tr>"
        "<tr><td>1</td><td>2</td></tr><tr><td>3</td><td>4</td><td></td><td>5</td></tr></table>"
    )
    assert table.header == ("A", "B", "D")
    assert table.rows == (("1", "2", ""), ("3", "4", "5"))


def test_a_first_row_of_names_is_the_header_where_no_th_is() -> None:
    names = "<tr><td>Name</td><td>Year</td></tr>"
    assert only_table(f"<table>{names}{ROW}</table>").header == ("Name", "Year")
    assert read_html(f"<table>{ROW}{ROW}</table>", "u").tables == ()


@pytest.mark.parametrize(
    ("span", "row"),
    [
        ('colspan="2;"', ("Ada", "Ada", "1843")),
        ('colspan="-1"', ("Ada", "1843", "")),
        ('colspan="0"', ("Ada", "1843", "")),
        ('colspan="two"', ("Ada", "1843", "")),
        ('rowspan="999999999"', ("Ada", "1843", "")),
    ],
)
def test_odd_spans_are_read_as_browsers_do(span: str, row: tuple[str, ...]) -> None:
    table = only_table(
        "<table><tr><th>A</th><th>B</th><th>C</th></tr>"
        f"<tr><td {span}>Ada</td><td>1843</td></tr></table>"
    )
    assert table.rows == (row,)


def test_a_row_span_of_zero_and_an_endless_one_end_with_their_group() -> None:
    for span in ("0", "999999999"):
        table = only_table(
            f"<table><thead>{HEAD}</thead><tbody>"
            f"<tr><td rowspan={span}>Ada</td><td>1</td></tr><tr><td>2</td></tr></tbody>"
            "<tbody><tr><td>Bob</td><td>3</td></tr></tbody></table>"
        )
        assert table.rows == (("Ada", "1"), ("Ada", "2"), ("Bob", "3"))


def test_an_overlapped_cell_goes_on_below_the_cell_that_overlaps_it() -> None:
    table = only_table(
        "<table><tr><th>A</th><th>B</th><th>C</th></tr>"
        "<tr><td>1</td><td rowspan=3>tall</td><td>2</td></tr>"
        "<tr><td colspan=2>wide</td><td>3</td></tr><tr><td>4</td><td>5</td></tr></table>"
    )
    assert table.rows == (("1", "tall", "2"), ("wide", "wide", "3"), ("4", "tall", "5"))


def test_hidden_text_and_footnote_marks_are_left_out() -> None:
    table = only_table(
        f"<table>{HEAD}<tr><td><span style='display:none'>Lovelace, Ada</span>Ada"
        "<sup class='reference'>[1]</sup></td><td hidden>gone</td><td>10<sup>6</sup></td></tr>"
        "</table>"
    )
    assert table.rows == (("Ada", "10^6"),)


@pytest.mark.parametrize("mark", ["[1]", "[note 2]", "<a href='#cite'>3</a>", "<i>[a]</i>"])
def test_footnote_marks_without_a_class_are_known_by_their_form(mark: str) -> None:
    table = only_table(f"<table>{HEAD}<tr><td>Ada<sup>{mark}</sup></td><td>1</td></tr></table>")
    assert table.rows == (("Ada", "1"),)


@pytest.mark.parametrize(
    "style", ["display:none", "DISPLAY : None", "color:red;visibility:hidden", "display:none;"]
)
def test_text_hidden_by_a_style_is_left_out(style: str) -> None:
    cell = f"<span style='{style}'>0</span>9<span style='overflow:hidden;border:none'>8</span>"
    assert only_table(f"<table>{HEAD}<tr><td>Ada</td><td>{cell}</td></tr></table>").rows == (
        ("Ada", "98"),
    )


def test_breaks_and_blocks_part_words() -> None:
    table = only_table(
        f"<table>{HEAD}<tr><td>Ada<br>Byron</td><td><p>1843</p><p>1844</p></td></tr>"
        "<tr><td><ul><li>a</li><li>b</li></ul></td><td><div>c</div>d<b>e</b></td></tr></table>"
    )
    assert table.rows == (("Ada\nByron", "1843\n1844"), ("a\nb", "c\nde"))


def test_nested_tables_are_read_apart() -> None:
    inner = f"<table><caption>Inner</caption>{HEAD}<tr><td>Bob</td><td>2</td></tr></table>"
    outer, nested = read_html(
        f"<table><caption>Outer</caption>{HEAD}<tr><td>Ada {inner}</td><td>1</td></tr></table>", "u"
    ).tables
    assert (outer.caption, outer.rows) == ("Outer", (("Ada", "1"),))
    assert (nested.caption, nested.rows) == ("Inner", (("Bob", "2"),))


@pytest.mark.parametrize(
    "attribute",
    [
        "class='navbox'",
        "class='nowrap navbox-inner'",
        "class='infobox vcard'",
        "id='toc'",
        "role='presentation'",
        "role='navigation'",
        "class='ambox'",
        "class='metadata'",
    ],
)
def test_layout_tables_are_left_out_but_not_a_table_within(attribute: str) -> None:
    inner = f"<table>{HEAD}{ROW}</table>"
    assert read_html(f"<table {attribute}>{HEAD}{ROW}</table>", "u").tables == ()
    assert only_table(f"<table {attribute}>{HEAD}<tr><td>{inner}</td></tr></table>").rows == (
        ("Ada", "1843"),
    )


@pytest.mark.parametrize("name", ["wikitable", "sortable tocolours", "timetable", "boxed"])
def test_other_class_names_are_no_layout(name: str) -> None:
    assert only_table(f"<table class='{name}'>{HEAD}{ROW}</table>").rows == (("Ada", "1843"),)


@pytest.mark.parametrize(
    "row",
    [
        "<tr><td colspan=1000>x</td></tr>" * 1000,
        "<tr>" + "<td colspan=1000 rowspan=0>x</td>" * 10 + "</tr>" + "<tr></tr>" * 5000,
        "<tr>" + "<td colspan=1000>x</td>" * 1000 + "</tr>",
    ],
    ids=["wide", "tall", "one row"],
)
def test_a_table_of_a_million_cells_is_left_out_in_little_memory(row: str) -> None:
    page = f"<table>{HEAD}{row}</table><table>{HEAD}{ROW}</table>"
    tracemalloc.start()
    try:
        table = only_table(page)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert table.rows == (("Ada", "1843"),)
    assert peak < 200 * MAX_CELLS


def test_many_short_rows_beside_a_wide_one_are_left_out() -> None:
    wide = f"<tr>{'<td>x</td><td>y</td>' * 500}</tr>"
    assert read_html(f"<table>{HEAD}{wide}{ROW * 600}</table>", "u").tables == ()


# The rest of the page


def test_title_is_the_heading_else_the_page_title_without_the_site() -> None:
    head = "<title>Ada Lovelace - The Almanac</title>"
    assert read_html(f"{head}<h1> Ada <i>L.</i></h1>", "u").title == "Ada L."
    assert read_html(f"{head}<h1> </h1>", "u").title == "Ada Lovelace"
    assert read_html("<title>Byron-Lovelace</title>", "u").title == "Byron-Lovelace"
    assert read_html("<p>x", "u").title == ""


def test_url_is_the_canonical_link_else_the_given_one() -> None:
    link = '<link rel="canonical" href="https://almanac.example/ada">'
    assert read_html(f"<head>{link}</head>", "u").url == "https://almanac.example/ada"
    assert read_html('<link rel="canonical"><p>x', "u").url == "u"
    assert read_html('<link rel=canonical href="/ada"><p>x', "u").url == "u"
    relative = '<link rel="canonical" href="../ada"><p>x'
    assert read_html(relative, "https://a.example/b/c").url == "https://a.example/ada"
    assert read_html('<link rel="canonical" href="http://[x"><p>x', "u").url == "u"
    assert read_html("<p>x", "u").url == "u"


def test_prose_stands_under_its_heading_without_tables_and_references() -> None:
    document = read_html(
        "<h1>Ada</h1><p>First<br>words.<sup class=reference>[1]</sup></p><p> </p>"
        f"<h2>Life<span class='mw-editsection'>[edit]</span></h2><table>{HEAD}"
        "<tr><td><p>In a cell</p></td><td>1</td></tr></table><p>She <b>lived</b>.</p>"
        "<h3>Work</h3><p>She wrote.</p><h2>References</h2><p>A book.</p>"
        "<h2>External links:</h2><p>A link.</p><script><p>no</p></script>"
        "<h3>References/Notes</h3><p>Note one.</p><h3>Notes, references and sources</h3><p>Two.</p>"
        "<h3>Notes &amp; References</h3><p>Three.</p>",
        "u",
    )
    assert document.blocks == (
        Block(section="", text="First words."),
        Block(section="Life", text="She lived."),
        Block(section="Work", text="She wrote."),
    )
    assert [table.section for table in document.tables] == ["Life"]


@pytest.mark.parametrize("tag", ["html", "body"])
def test_a_page_hidden_until_its_script_has_run_is_read(tag: str) -> None:
    assert read_html(f"<{tag} hidden style='display:none'><p>Words.</p>", "u").blocks == (
        Block(section="", text="Words."),
    )


def test_an_empty_page_gives_an_empty_document() -> None:
    document = read_html("", "u")
    assert (document.url, document.title, document.blocks, document.tables) == ("u", "", (), ())


# Bad input


MARKUP = st.sampled_from(
    [
        "<table>",
        "</table>",
        "<tr>",
        "<td",
        " colspan=",
        "3",
        ">",
        "<th>",
        "</td>",
        "<caption>",
        "<h2>",
        "<p>",
        "<html hidden>",
        "<br>",
        "<template>",
        "<svg>",
        "<!--",
        "-->",
        "\x00",
        "&#0;",
        "<title>",
        "<link rel=canonical href>",
        "<select>",
        "<frameset>",
        "<math><mtext>",
        "x",
    ]
)


@settings(max_examples=100)
@given(st.one_of(st.text(), st.lists(MARKUP, max_size=30).map("".join)))
def test_reading_never_raises(text: str) -> None:
    document = read_html(text, "u")
    assert all(block.text for block in document.blocks)
    assert "\0" not in repr(document)


def test_nul_bytes_are_dropped() -> None:
    assert read_html("<p>\0Ad\0a</p>", "u").blocks == (Block(section="", text="Ada"),)


@pytest.mark.parametrize("tag", ["b", "span hidden", "object", "table", "p", "sup class=reference"])
def test_nested_tags_are_read(tag: str) -> None:
    document = read_html(f"<h1>Deep</h1>{f'<{tag}>' * 5_000}x", "u")
    assert document.title == "Deep"
    assert document.tables == ()


XHTML = '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head>{}</head><body>{}'


@pytest.mark.parametrize(
    "head",
    [
        "<title/>",
        '<script src="a.js" />',
        "<style/><title>Films</title>",
        """<script>document.write("<script src='x'/>")</script><title/>""",
        "<SCRIPT defer='defer'/>",
    ],
)
def test_elements_of_xhtml_that_end_at_once_swallow_no_page(head: str) -> None:
    (table,) = read_html(XHTML.format(head, f"<table>{HEAD}{ROW}</table>"), "u").tables
    assert (table.header, table.rows) == (("Name", "Year"), (("Ada", "1843"),))


def test_elements_of_html_end_where_browsers_end_them() -> None:
    assert not read_html(f"<html><title/><table>{HEAD}{ROW}</table>", "u").tables
