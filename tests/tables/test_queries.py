"""Queries against SQLite, which holds the values that the cells were written from."""

import sqlite3
from dataclasses import dataclass, replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gentap.records import Table
from gentap.tables.queries import Condition, Query, ReadTable, run

PICKS = ["any", "first", "last", "largest", "smallest", "after", "before"]
COMPARISONS = {"is": "IS", "above": ">", "below": "<"}

Value = str | int | None


@dataclass(frozen=True)
class Written:
    """Values and the cells that were written from them."""

    kinds: list[str]
    values: list[list[Value]]
    table: Table


def write(kind: str, value: Value) -> str:
    if value is None:
        return "—"
    if kind == "number":
        return f"{value:,} km"
    if kind == "date":
        day = date.fromordinal(int(value))
        return f"{day.day} {day:%B} {day.year}"
    return str(value)


@st.composite
def written_tables(draw: st.DrawFn) -> Written:
    kinds = draw(st.lists(st.sampled_from(["text", "number", "date"]), min_size=1, max_size=3))
    gap = st.none() if draw(st.booleans()) else st.nothing()
    choices: dict[str, st.SearchStrategy[Value]] = {
        "text": st.sampled_from(["Dawn", "Dusk", "Noon"]),
        "number": st.sampled_from([-7, 0, 8, 95, 950, 1500, 20_000]),
        "date": st.sampled_from([700_000, 700_001, 700_040, 712_345, 729_999]),
    }
    row = st.tuples(*(gap | choices[kind] for kind in kinds))
    values = [list(cells) for cells in draw(st.lists(row, min_size=1, max_size=6))]
    rows = tuple(
        tuple(write(kind, value) for kind, value in zip(kinds, cells, strict=True))
        for cells in values
    )
    return Written(kinds, values, Table(header=tuple(kinds), rows=rows))


@st.composite
def cases(draw: st.DrawFn) -> tuple[Written, Query]:
    written = draw(written_tables())
    places = st.integers(0, len(written.kinds) - 1)
    conditions = []
    for column in draw(st.lists(places, max_size=2)):
        row = draw(st.integers(0, len(written.values) - 1))
        comparison = draw(st.sampled_from(list(COMPARISONS)))
        conditions.append(Condition(column, comparison, written.table.rows[row][column]))
    pick = draw(st.sampled_from(PICKS))
    return written, Query(draw(places), tuple(conditions), pick, draw(places))


def value_of(written: Written, condition: Condition) -> Value:
    cells = [row[condition.column] for row in written.table.rows]
    return written.values[cells.index(condition.value)][condition.column]


def ask_sqlite(written: Written, query: Query) -> list[int]:
    base = sqlite3.connect(":memory:")
    columns = ", ".join(f"c{column}" for column in range(len(written.kinds)))
    marks = ", ".join("?" for _ in written.kinds)
    base.execute(f"CREATE TABLE t (row INTEGER, {columns})")
    base.executemany(
        f"INSERT INTO t VALUES (?, {marks})",
        [(row, *values) for row, values in enumerate(written.values)],
    )
    where, arguments = ["1"], []
    for condition in query.conditions:
        if condition.comparison != "is" and written.kinds[condition.column] == "text":
            where.append("0")
            continue
        where.append(f"c{condition.column} {COMPARISONS[condition.comparison]} ?")
        arguments.append(value_of(written, condition))
    by = f"c{query.by}"
    comparable = "0" if written.kinds[query.by or 0] == "text" else "1"
    extreme = (
        f"SELECT row FROM met WHERE {comparable} AND {by} = (SELECT {{}}({by}) FROM met)"
        f" AND NOT EXISTS (SELECT 1 FROM met WHERE {by} IS NULL)"
    )
    picked = {
        "any": "SELECT row FROM met",
        "first": "SELECT min(row) AS row FROM met",
        "last": "SELECT max(row) AS row FROM met",
        "largest": extreme.format("max"),
        "smallest": extreme.format("min"),
        "after": "SELECT t.row FROM t JOIN met ON t.row = met.row + 1",
        "before": "SELECT t.row FROM t JOIN met ON t.row = met.row - 1",
    }[query.pick]
    rows = base.execute(
        f"WITH met AS (SELECT * FROM t WHERE {' AND '.join(where)})"
        f" SELECT row FROM ({picked}) WHERE row IS NOT NULL ORDER BY row",
        arguments,
    ).fetchall()
    base.close()
    return [row for (row,) in rows]


@settings(max_examples=400)
@given(cases())
def test_a_query_yields_the_rows_that_sqlite_yields(case: tuple[Written, Query]) -> None:
    written, query = case
    assert run(query, ReadTable(written.table)) == ask_sqlite(written, query)


FILMS = Table(
    header=("Year", "Film", "Gross"),
    rows=(
        ("1999", "Dawn", "$1,200"),
        ("2001", "Dusk[1]", "$900"),
        ("2001", "Noon", "—"),
        ("2004", "Night", "$4,000"),
    ),
)


def rows(query: Query) -> list[int]:
    return run(query, ReadTable(FILMS))


def test_values_are_compared_by_their_normal_form() -> None:
    assert rows(Query(0, (Condition(1, "is", " DUSK "),))) == [1]


def test_every_row_that_fits_is_yielded() -> None:
    assert rows(Query(1, (Condition(0, "is", "2001"),))) == [1, 2]
    assert rows(Query(1)) == [0, 1, 2, 3]


@pytest.mark.parametrize("pick", ["largest", "smallest"])
def test_an_extreme_over_a_cell_without_a_key_is_undecided(pick: str) -> None:
    query = Query(1, pick=pick, by=2)
    assert rows(query) == []
    assert rows(replace(query, conditions=(Condition(0, "is", "2001"),))) == []
    decided = replace(query, conditions=(Condition(0, "above", "2001"),))
    assert rows(decided) == [3]


@pytest.mark.parametrize("pick", ["largest", "smallest"])
def test_an_extreme_needs_a_column_that_has_an_order(pick: str) -> None:
    assert rows(Query(0, pick=pick, by=1)) == []
    assert rows(Query(0, pick=pick)) == []


def test_rows_that_share_an_extreme_are_all_yielded() -> None:
    within = (Condition(0, "below", "2004"),)
    assert rows(Query(1, within, "largest", by=0)) == [1, 2]


def test_a_limit_that_the_column_does_not_hold_fits_no_row() -> None:
    assert rows(Query(1, (Condition(0, "above", "2000"),))) == []


def test_neighbours_end_with_the_table() -> None:
    assert rows(Query(0, (Condition(1, "is", "Night"),), "after")) == []
    assert rows(Query(0, (Condition(1, "is", "Dawn"),), "before")) == []
    assert rows(Query(0, (Condition(0, "is", "2001"),), "after")) == [2, 3]


@pytest.mark.parametrize("pick", PICKS)
def test_a_table_without_rows_yields_none(pick: str) -> None:
    empty = ReadTable(Table(header=("Year",), rows=()))
    assert run(Query(0, (Condition(0, "is", "1999"),), pick, by=0), empty) == []
    assert run(Query(0, (), pick, by=0), empty) == []


def test_cells_that_say_nothing_are_known() -> None:
    assert ReadTable(FILMS).filled[2] == [True, True, False]
