"""A table as Markdown, for models and people that read text."""

from collections.abc import Sequence

from gentap.records import Table


def markdown_table(table: Table) -> str:
    r"""Its title and section, its caption, and its rows; a ``|`` of a cell is written ``\|``.

    >>> print(markdown_table(Table(header=("Year", "Film"), rows=(("2005", "a|b"),))))
    | Year | Film |
    | --- | --- |
    | 2005 | a\|b |
    """
    named = " – ".join(text for text in (table.title, table.section) if text)
    lines = [_line(table.header), _line(["---"] * len(table.header)), *map(_line, table.rows)]
    return "\n\n".join(text for text in (named, table.caption, "\n".join(lines)) if text)


def _line(cells: Sequence[str]) -> str:
    texts = (" ".join(cell.split()).replace("|", r"\|") for cell in cells)
    return f"| {' | '.join(texts)} |"
