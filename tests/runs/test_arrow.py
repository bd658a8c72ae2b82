import subprocess
import sys
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gentap.records import EXAMPLE_SCHEMA, MINED_SCHEMA
from gentap.runs.arrow import column, rows_to_arrow

texts = st.text(max_size=6)
numbers = st.integers(-(2**31), 2**31 - 1)
struct = pa.struct([pa.field("row", pa.int32()), pa.field("name", pa.string())])
kinds = st.sampled_from(
    [
        (pa.string(), texts),
        (pa.string(), st.none() | texts),
        (pa.float64(), st.none() | st.floats(allow_nan=False)),
        (pa.int32(), numbers),
        (pa.bool_(), st.booleans()),
        (pa.list_(pa.string()), st.lists(texts, max_size=3)),
        (pa.list_(pa.list_(pa.string())), st.lists(st.lists(texts, max_size=3), max_size=3)),
        (pa.list_(struct), st.lists(st.fixed_dictionaries({"row": numbers, "name": texts}))),
    ]
)


@given(kinds.flatmap(lambda kind: st.tuples(st.just(kind[0]), st.lists(kind[1], max_size=20))))
def test_columns_are_those_of_arrow(drawn: tuple[Any, list[Any]]) -> None:
    kind, values = drawn
    made = column(values, kind)
    made.validate(full=True)
    assert made.equals(pa.array(values, kind))


@pytest.mark.parametrize("schema", [EXAMPLE_SCHEMA, MINED_SCHEMA])
def test_no_rows_make_an_empty_table(schema: pa.Schema) -> None:
    assert rows_to_arrow([], schema).equals(pa.Table.from_pylist([], schema))


@pytest.mark.parametrize(
    ("kind", "values"),
    [(pa.int32(), ["many"]), (pa.int32(), [2**31]), (pa.string(), [1])],
)
def test_what_is_of_another_kind_is_no_column(kind: Any, values: list[Any]) -> None:
    with pytest.raises((TypeError, ValueError, AttributeError, OverflowError)):
        column(values, kind)


def test_pandas_stays_unimported() -> None:
    program = """
import sys
from gentap.runs.arrow import rows_to_arrow
from gentap.records import DOCUMENT_SCHEMA
print(len(rows_to_arrow([{"url": "u", "title": "t", "blocks": ["b"]}], DOCUMENT_SCHEMA)))
print("pandas" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout.split() == [b"1", b"False"]
