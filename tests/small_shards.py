"""A shard of numbered names, for tests of what holds shards."""

from pathlib import Path

import pyarrow as pa

from gentap.runs.shards import Shard

SCHEMA = pa.schema([pa.field("number", pa.int32()), pa.field("name", pa.string())])


def write_shard(
    folder: Path, index: int, rows: int, rejected: int = 0, *, fails: bool = False
) -> None:
    with Shard(folder, index, {".": SCHEMA}) as shard:
        for number in range(rows):
            shard.write(".", {"number": number, "name": f"film {number}"})
        for number in range(rejected):
            shard.reject(f"page {index}:{number}", "too short", "two words")
        if fails:
            raise ZeroDivisionError
