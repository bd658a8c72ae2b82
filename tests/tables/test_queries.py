"""Queries against SQLite, which holds the values that the cells were written from."""

import sqlite3
from dataclasses import dataclass
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gentap.records import Table
from gentap.tables import queries
from gentap.tables.columns import ColumnReader, Language
from gentap.tables.queries import Condition, Query, run_query

PICKS = ["any", "only", "row", "last", "largest", "smallest", "after", "before"]
COMPARISONS = {"is": "IS", "above": ">", "below": "<", "between": ">"}
MONTHS = "january february march april may june july august september october november december"
READER = ColumnReader(
    Language(months={month: number for number, month in enumerate(MONTHS.split(), start=1)})
)


def ReadTable(table: Table) -> queries.ReadTable:  # noqa: N802
    return queries.ReadTable(table, READER)


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
    texts = st.sampled_from(written.table.rows)
    for column in draw(st.lists(places, max_size=2)):
        comparison = draw(st.sampled_from(list(COMPARISONS)))
        value, high = draw(texts)[column], draw(texts)[column] if comparison == "between" else ""
        other = draw(places) if comparison != "between" and draw(st.booleans()) else None
        if other is not None:
            value = ""
        conditions.append(Condition(column, comparison, value, high, other))
    pick = draw(st.sampled_from(PICKS))
    return written, Query(
        draw(places), tuple(conditions), pick, draw(places), draw(st.integers(1, 3))
    )


def value_of(written: Written, column: int, text: str) -> Value:
    cells = [row[column] for row in written.table.rows]
    return written.values[cells.index(text)][column]


def condition_in_sql(written: Written, condition: Condition) -> tuple[str, list[Value]]:
    """What a condition means; a column that has no order, or not in every cell, compares with none.

    A placeholder is a value like others to ``is value``, and none at all to ``is column``.
    """
    kinds, column, other = written.kinds, condition.column, condition.other
    ordered = {place for place in range(len(kinds)) if has_order(written, place)}
    if other is not None:
        if sort_of(written, column) != sort_of(written, other):
            return "0", []
        if condition.comparison != "is" and not {column, other} <= ordered:
            return "0", []
        return f"c{column} {COMPARISONS[condition.comparison]} c{other} AND c{column} NOTNULL", []
    values = [value_of(written, column, condition.value)]
    if condition.comparison == "is":
        return f"c{column} IS ?", values
    if column not in ordered:
        return "0", []
    if condition.comparison == "between":
        values.append(value_of(written, column, condition.high))
        return f"c{column} > ? AND c{column} < ?", values
    return f"c{column} {COMPARISONS[condition.comparison]} ?", values


def sort_of(written: Written, place: int) -> str:
    """The sort of a column's values; one that holds none is text."""
    filled = any(row[place] is not None for row in written.values)
    return written.kinds[place] if filled else "text"


def has_order(written: Written, place: int) -> bool:
    return sort_of(written, place) != "text" and all(
        row[place] is not None for row in written.values
    )


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
        clause, values = condition_in_sql(written, condition)
        where.append(clause)
        arguments += values
    by = f"c{query.by}"
    comparable = "0" if written.kinds[query.by or 0] == "text" else "1"
    extreme = (
        f"SELECT row FROM met AS one WHERE {comparable}"
        f" AND NOT EXISTS (SELECT 1 FROM met WHERE {by} IS NULL)"
        f" AND (SELECT count(*) FROM met AS two WHERE two.{by} {{0}} one.{by}) = {query.rank - 1}"
        f" AND (SELECT count(DISTINCT two.{by}) FROM met AS two WHERE two.{by} {{0}} one.{by})"
        f" = {query.rank - 1}"
    )
    picked = {
        "any": "SELECT row FROM met",
        "only": "SELECT row FROM met WHERE (SELECT count(*) FROM t) = 1",
        "row": "SELECT row FROM (SELECT row FROM met ORDER BY row"
        f" LIMIT 1 OFFSET {query.rank - 1})",
        "last": "SELECT row FROM (SELECT row FROM met ORDER BY row DESC"
        f" LIMIT 1 OFFSET {query.rank - 1})",
        "largest": extreme.format(">"),
        "smallest": extreme.format("<"),
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
    assert run_query(query, ReadTable(written.table)) == ask_sqlite(written, query)


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
    return run_query(query, ReadTable(FILMS))


def test_values_are_compared_by_their_normal_form() -> None:
    assert rows(Query(0, (Condition(1, "is", " DUSK "),))) == [1]


def test_every_row_that_fits_is_yielded() -> None:
    assert rows(Query(1, (Condition(0, "is", "2001"),))) == [1, 2]
    assert rows(Query(1)) == [0, 1, 2, 3]


@pytest.mark.parametrize("pick", ["largest", "smallest"])
def test_an_extreme_over_a_cell_without_a_key_is_undecided(pick: str) -> None:
    query = Query(1, pick=pick, by=2)
    assert rows(query) == []
    assert rows(query._replace(conditions=(Condition(0, "is", "2001"),))) == []
    decided = query._replace(conditions=(Condition(0, "above", "2001"),))
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
    assert run_query(Query(0, (Condition(0, "is", "1999"),), pick, by=0), empty) == []
    assert run_query(Query(0, (), pick, by=0), empty) == []


def test_cells_that_say_nothing_are_known() -> None:
    assert ReadTable(FILMS).filled[2] == [True, True, False, True]
