from hypothesis import given
from hypothesis import strategies as st

from gentap.records import Table
from gentap.tables.markdown_table import markdown_table

ROWS = (("2004", "Dawn"), ("2005", "a|b\n c"))


def test_a_table_is_named_and_its_bars_are_escaped() -> None:
    table = Table(
        title="Jane Doe", section="Films", caption="of two", header=("Year", "Film"), rows=ROWS
    )
    assert markdown_table(table).split("\n\n") == [
        "Jane Doe – Films",
        "of two",
        "| Year | Film |\n| --- | --- |\n| 2004 | Dawn |\n| 2005 | a\\|b c |",
    ]


def test_what_a_table_lacks_is_left_out() -> None:
    assert markdown_table(Table(header=("A",), rows=(("",),))) == "| A |\n| --- |\n|  |"
    assert markdown_table(Table(section="Films", header=("A",), rows=())).startswith("Films\n\n|")


@given(st.lists(st.lists(st.text(max_size=6), min_size=2, max_size=2), max_size=4))
def test_there_is_a_line_for_each_row(rows: list[list[str]]) -> None:
    text = markdown_table(Table(header=("A", "B"), rows=tuple(map(tuple, rows))))
    assert len(text.split("\n")) == 2 + len(rows)
    assert all(line.replace("\\|", "").count("|") == 3 for line in text.split("\n"))
