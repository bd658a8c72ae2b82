import io
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import tables as any_tables

from gentap.records import (
    EXAMPLE_SCHEMA,
    MINED_SCHEMA,
    TABLE_SCHEMA,
    Cell,
    Example,
    Mined,
    NamedCell,
    SourcedTable,
    Table,
    digest,
    example_from_row,
    example_to_row,
    mined_from_row,
    mined_to_row,
    sourced_table_from_row,
    sourced_table_to_row,
    table_digest,
)

texts = st.text(st.characters(codec="utf-8"), max_size=8)
places = st.integers(min_value=0, max_value=2**31 - 1)
tables = partial(any_tables, texts, max_rows=4)

examples = st.builds(
    Example,
    id=texts,
    kind=st.sampled_from(["long", "cell"]),
    origin=st.sampled_from(["mined", "grammar", "annotated"]),
    question=texts,
    answer=texts,
    table=tables(),
    cells=st.lists(st.builds(Cell, places, places), max_size=3).map(tuple),
    source=texts,
)
mined = st.builds(
    Mined,
    id=texts,
    sentence=texts,
    url=texts,
    table=tables(),
    row=places,
    cells=st.lists(st.builds(NamedCell, places, places, places, places), max_size=3).map(tuple),
)
sourced_tables = st.builds(SourcedTable, id=texts, url=texts, table=tables())


def through_parquet(rows: list[dict[str, Any]], schema: pa.Schema) -> list[dict[str, Any]]:
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, schema), file)
    back = pq.read_table(file)
    assert back.schema.equals(schema)
    return list(back.to_pylist())


def check_round_trip(
    records: list[Any],
    schema: pa.Schema,
    to_row: Callable[[Any], dict[str, Any]],
    from_row: Callable[[Mapping[str, Any]], Any],
) -> None:
    rows = [to_row(record) for record in records]
    assert all(list(row) == schema.names for row in rows)
    assert [from_row(row) for row in through_parquet(rows, schema)] == records


@settings(max_examples=60)
@given(st.lists(examples, max_size=3))
def test_examples_come_back_from_parquet_unchanged(records: list[Example]) -> None:
    check_round_trip(records, EXAMPLE_SCHEMA, example_to_row, example_from_row)


@settings(max_examples=60)
@given(st.lists(mined, max_size=3))
def test_mined_sentences_come_back_from_parquet_unchanged(records: list[Mined]) -> None:
    check_round_trip(records, MINED_SCHEMA, mined_to_row, mined_from_row)


@settings(max_examples=60)
@given(st.lists(sourced_tables, max_size=3))
def test_sourced_tables_come_back_from_parquet_unchanged(records: list[SourcedTable]) -> None:
    check_round_trip(records, TABLE_SCHEMA, sourced_table_to_row, sourced_table_from_row)


def test_the_columns_have_their_documented_names() -> None:
    table = ["title", "section", "caption", "header", "rows"]
    assert TABLE_SCHEMA.names == ["id", "url", *table]
    mined = ["row", "cells", "further", "heading", "pronoun", "probability"]
    assert MINED_SCHEMA.names == ["id", "sentence", "url", *table, *mined]
    assert EXAMPLE_SCHEMA.names == [
        *["id", "kind", "origin", "question", "answer"],
        *table,
        *["cells", "source", "alternatives", "canonical", "section_text"],
    ]


@given(st.lists(texts, max_size=4), st.lists(texts, max_size=4))
def test_digests_are_equal_only_for_equal_parts(one: list[str], other: list[str]) -> None:
    assert (digest(*one) == digest(*other)) == (one == other)


@given(texts, texts, st.integers(0, 16))
def test_a_digest_depends_on_where_each_part_ends(one: str, other: str, cut: int) -> None:
    whole = one + other
    moved = (whole[:cut], whole[cut:])
    assert (digest(one, other) == digest(*moved)) == ((one, other) == moved)
    assert digest(one, other) != digest(whole)


def test_a_digest_is_sixteen_hexadecimal_digits_and_never_changes() -> None:
    assert digest("Dawn", "2004") == "96649664eebccf10"


def test_a_digest_takes_half_a_character() -> None:
    assert digest("\ud800") != digest("\udc00")


def test_a_table_digest_tells_title_section_and_caption_apart() -> None:
    named = [{}, {"title": "Films"}, {"section": "Films"}, {"caption": "Films"}]
    digests = {table_digest(Table(header=("Year",), rows=(), **names)) for names in named}
    assert len(digests) == len(named)


def test_a_table_digest_tells_shapes_of_the_same_cells_apart() -> None:
    wide = Table(header=("a", "b"), rows=(("c", "d"),))
    narrow = Table(header=("a",), rows=(("b",), ("c",), ("d",)))
    assert table_digest(wide) != table_digest(narrow)


@given(tables(min_width=1), tables(min_width=1))
def test_table_digests_are_equal_only_for_equal_tables(one: Table, other: Table) -> None:
    assert (table_digest(one) == table_digest(other)) == (one == other)
