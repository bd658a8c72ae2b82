from pathlib import Path

from archives import read_all
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gentap.records import Block, Document, Table

PAGE = r"""---
title: "Ada Lovelace"
author: someone
---

# Lovelace

She *wrote* the [Notes](https://almanac.example/notes) in `1843`.[^1]
They were long.

## Works

| Work \| piece | Year | Where        |
|:--------------|-----:|--------------|
| **Notes**     | 1843 | London<br>Paris |
| Letters       |      | [Turin](x.md) |
| A \| B        | 1844 |

```
| no | table |
|----|-------|
| in | code  |
```

- a list
- of things

Year | Sum
--- | ---
1843 | 3

[^1]: A footnote's text.
"""


def read(folder: Path, text: str, name: str = "ada.md") -> Document:
    (folder / name).write_text(text, encoding="utf-8")
    (document,) = read_all(folder / name)
    assert isinstance(document, Document)
    return document


def test_prose_headings_and_pipe_tables_are_read(tmp_path: Path) -> None:
    title = "Ada Lovelace"
    assert read(tmp_path, PAGE) == Document(
        url="ada.md",
        title=title,
        blocks=(Block(section="", text="She wrote the Notes in 1843. They were long."),),
        tables=(
            Table(
                title=title,
                section="Works",
                header=("Work | piece", "Year", "Where"),
                rows=(
                    ("Notes", "1843", "London\nParis"),
                    ("Letters", "", "Turin"),
                    ("A | B", "1844", ""),
                ),
            ),
            Table(title=title, section="Works", header=("Year", "Sum"), rows=(("1843", "3"),)),
        ),
    )


def test_the_title_is_the_first_heading_where_no_front_matter_gives_one(tmp_path: Path) -> None:
    assert read(tmp_path, "---\nauthor: x\n---\nAda\n===\n\nShe wrote.").title == "Ada"
    assert read(tmp_path, "# Ada\r\n\r\nShe wrote.\r\n", "a.markdown").title == "Ada"


def test_html_within_markdown_is_read(tmp_path: Path) -> None:
    html = "<table><tr><th>A<th>B<tr><td>1<td>2</table>\n"
    (table,) = read(tmp_path, f"# Ada\n\n{html}").tables
    assert (table.header, table.rows) == (("A", "B"), (("1", "2"),))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.sampled_from("|-:\\ \n#*`[]()<>a1\t\r~^_=!") | st.characters(codec="utf-8")))
def test_any_text_is_read(tmp_path: Path, text: str) -> None:
    path = tmp_path / "any.md"
    path.write_text(text, encoding="utf-8", newline="")
    assert len(read_all(path)) == 1


CELL = st.text(st.sampled_from("abc 12.|*é"), max_size=6).map(lambda text: " ".join(text.split()))


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(CELL, min_size=3, max_size=3), min_size=1, max_size=4))
def test_every_cell_keeps_its_place(tmp_path: Path, rows: list[list[str]]) -> None:
    def line(cells: list[str]) -> str:
        escaped = (cell.replace("*", r"\*").replace("|", r"\|") for cell in cells)
        return "| " + " | ".join(escaped) + " |\n"

    full = [["x", *row] for row in rows]
    text = line(["Key", "A", "B", "C"]) + "|---|---|---|---|\n" + "".join(map(line, full))
    tables = read(tmp_path, text).tables
    wanted = tuple(tuple(row) for row in full)
    if any(any(row) for row in rows):
        assert tables[0].rows == wanted
    else:
        assert tables == ()
