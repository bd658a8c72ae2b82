import pytest

from gentap.records import Cell, Table
from gentap.serving.named_cells import named_cells

TABLE = Table(
    title="Winter Games",
    header=("Year", "City", "Country", "Golds", "Opened"),
    rows=(
        ("1972", "Sapporo", "Japan", "8", "3 February 1972"),
        ("1976", "Innsbruck", "Austria", "13", "4 February 1976"),
        ("1980", "Lake Placid", "United States", "10", "13 February 1980"),
        ("1998", "Nagano", "Japan", "12", "7 February 1998"),
        ("2002", "Salt Lake City", "United States", "1,013", ""),
    ),
)


@pytest.mark.parametrize(
    ("sentence", "cells", "texts"),
    [
        ("Sapporo hosted them in 1972.", [(0, 0), (0, 1)], ["Sapporo", "1972"]),
        ("They were in Japan.", [(0, 2), (3, 2)], ["Japan"]),
        ("In Japan, Nagano hosted them.", [(3, 1), (3, 2)], ["Japan", "Nagano"]),
        ("Nagano had 12 golds in 1998.", [(3, 0), (3, 1), (3, 3)], ["Nagano", "12", "1998"]),
        ("There were 12 of them.", [], []),
        ("In 1976 there were 1.3 or 13.5 of them.", [(1, 0)], ["1976"]),
        ("They opened on February 4, 1976.", [(1, 4)], ["February 4, 1976"]),
        ("Salt Lake City had 1013.", [(4, 1), (4, 3)], ["Salt Lake City", "1013"]),
        ("Sapporo and Lake Placid were hosts.", [(0, 1), (2, 1)], ["Sapporo", "Lake Placid"]),
        ("It was held at Lake.", [], []),
        ("", [], []),
    ],
)
def test_cells_and_where_they_are_named(
    sentence: str, cells: list[tuple[int, int]], texts: list[str]
) -> None:
    found = named_cells(sentence, TABLE)
    assert list(found.cells) == [Cell(*cell) for cell in cells]
    assert [sentence[start:end] for start, end in found.spans] == texts


def test_spans_do_not_overlap_and_stand_in_order() -> None:
    found = named_cells("Sapporo, Japan, 1972: 8 golds; Nagano, Japan, 1998: 12 golds.", TABLE)
    ends = [end for _, end in found.spans]
    assert all(start >= end for (start, _), end in zip(found.spans[1:], ends, strict=False))
    assert {cell.row for cell in found.cells} == {0, 3}
    assert Cell(0, 3) in found.cells
    assert Cell(3, 3) in found.cells
