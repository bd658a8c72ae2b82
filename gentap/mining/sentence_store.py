"""A shard's sentences: kept by reference to their tables until repeats are known, then joined."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from gentap.errors import InputError
from gentap.mining import near_duplicates
from gentap.records import MINED_SCHEMA, TABLE_SCHEMA, Mined, mined_to_row
from gentap.runs.arrow import column
from gentap.runs.files.own_files import EDITED
from gentap.runs.files.parquet_parts import count_rows, groups_at, read_groups
from gentap.runs.shards import Shard
from gentap.runs.store import WORK

CANDIDATES = f"{WORK}/sentences"
_OF_TABLE = [name for name in TABLE_SCHEMA.names if name not in ("id", "url")]
CANDIDATE_SCHEMA = pa.schema(
    [pa.field("table", pa.int32()), *(f for f in MINED_SCHEMA if f.name not in _OF_TABLE)]
)
"""``table`` is the place of a sentence's table among those of its shard."""


def write_candidate(shard: Shard, mined: Mined, table: int) -> None:
    """Write a sentence of a shard's table, which has its place among the shard's tables."""
    row = mined_to_row(mined)
    own = {name: value for name, value in row.items() if name not in _OF_TABLE}
    shard.write(CANDIDATES, {"table": table, **own}, counts_as=row)


def keep_sentences(index: int, shard: Shard, keys: Path) -> None:
    """Write a shard's sentences, with their tables, less those that repeat another."""
    dropped = near_duplicates.dropped_rows(keys, index)
    tables = shard.folder / "tables" / f"part-{index:05d}.parquet"
    candidates = shard.folder / CANDIDATES / tables.name
    begin, known = 0, count_rows(tables)
    for group in read_groups(candidates, CANDIDATE_SCHEMA):
        if not all(0 <= place < known for place in group["table"].to_pylist()):
            raise InputError(f"{candidates}: names a table that {tables} does not hold. {EDITED}")
        kept = []
        for place in range(group.num_rows):
            if begin + place not in dropped:
                kept.append(place)
                continue
            reason = "duplicate sentence" if dropped[begin + place] else "near-duplicate sentence"
            row = group.slice(place, 1)
            shard.reject(row["url"][0].as_py(), reason, row["sentence"][0].as_py())
        begin += group.num_rows
        if kept:
            group = group.take(column(kept, pa.int64()))
            joined = _tables_at(tables, group["table"].to_pylist())
            found = [(joined if name in _OF_TABLE else group)[name] for name in MINED_SCHEMA.names]
            shard.write_arrow("sentences", pa.Table.from_arrays(found, schema=MINED_SCHEMA))


def _tables_at(path: Path, places: Sequence[int]) -> Any:
    """The tables at some places of a part, in their order; each is read once."""
    wanted = sorted(set(places))
    number = {place: at for at, place in enumerate(wanted)}
    tables = pa.concat_tables(
        groups_at(path, wanted, _OF_TABLE, schema=TABLE_SCHEMA)
    ).combine_chunks()
    return tables.take(column([number[place] for place in places], pa.int64()))
