import errno
import json
import os
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from small_shards import SCHEMA, write_shard

from gentap.errors import FolderError
from gentap.records import TABLE_SCHEMA
from gentap.runs import shards
from gentap.runs.files.own_files import read_json
from gentap.runs.files.parquet_parts import count_rows, parts
from gentap.runs.shards import ROWS_A_GROUP, Shard, merge_shards, prepare_shards, shard_is_done


def names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def test_a_shard_shows_its_files_and_marker_only_at_the_end(tmp_path: Path) -> None:
    prepare_shards(tmp_path)
    outputs = {"sentences": SCHEMA, "tables": SCHEMA}
    visible = [f"{name}/part-00003.parquet" for name in outputs]
    with Shard(tmp_path, 3, outputs) as shard:
        for number in range(ROWS_A_GROUP + 1):
            shard.write("sentences", {"number": number, "name": "film"})
        shard.reject("page 1", "too short")
        shard.count("pages", 2)
        assert not names(tmp_path).intersection(visible)
        assert not shard_is_done(tmp_path, 3)
    assert names(tmp_path) == {
        *["sentences", "tables", *visible],
        *[".shards", ".shards/00003.json", ".shards/00003.rejected"],
    }
    assert shard_is_done(tmp_path, 3)
    assert pq.read_metadata(tmp_path / visible[0]).num_row_groups == 2
    assert sum(map(count_rows, parts(tmp_path / "sentences"))) == ROWS_A_GROUP + 1
    assert sum(map(count_rows, parts(tmp_path / "tables"))) == 0
    assert read_json(tmp_path / ".shards" / "00003.json") == {
        "counts": {"pages": 2, "sentences": ROWS_A_GROUP + 1},
        "rejected": {"too short": 1},
    }


def test_a_shard_that_fails_leaves_nothing_visible(tmp_path: Path) -> None:
    prepare_shards(tmp_path)
    with pytest.raises(ZeroDivisionError):
        write_shard(tmp_path, 0, rows=ROWS_A_GROUP + 1, rejected=1, fails=True)
    assert all(name == ".shards" or name.endswith(".tmp") for name in names(tmp_path))
    assert not shard_is_done(tmp_path, 0)
    write_shard(tmp_path, 0, rows=2)
    assert names(tmp_path) == {
        *["part-00000.parquet", ".shards", ".shards/00000.json", ".shards/00000.rejected"]
    }
    assert sum(map(count_rows, parts(tmp_path))) == 2


def test_a_shard_whose_last_row_does_not_fit_its_schema_is_not_done(tmp_path: Path) -> None:
    prepare_shards(tmp_path)
    with pytest.raises(ValueError, match="many"), Shard(tmp_path, 0, {".": SCHEMA}) as shard:
        shard.write(".", {"number": "many", "name": "film"})
    assert not shard_is_done(tmp_path, 0)
    assert parts(tmp_path) == []


def test_the_marker_of_a_shard_comes_after_its_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare_shards(tmp_path)
    renamed: list[str] = []
    replace = Path.replace

    def record(path: Path, target: Path) -> Path:
        renamed.append(str(Path(target).relative_to(tmp_path)))
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", record)
    write_shard(tmp_path, 0, rows=1, rejected=1)
    assert renamed == ["part-00000.parquet", ".shards/00000.rejected", ".shards/00000.json"]


def test_merged_shards_join_rejects_in_order_and_add_up_counts(tmp_path: Path) -> None:
    prepare_shards(tmp_path)
    write_shard(tmp_path, 1, rows=3, rejected=2)
    write_shard(tmp_path, 0, rows=2, rejected=1)
    tally = merge_shards(tmp_path)
    assert tally.to_json() == {"counts": {"rows": 5}, "rejected": {"too short": 3}}
    lines = (tmp_path / "rejected.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == [
        {"where": f"page {where}", "reason": "too short", "detail": "two words"}
        for where in ("0:0", "1:0", "1:1")
    ]


def test_a_rejected_record_may_hold_half_a_character(tmp_path: Path) -> None:
    prepare_shards(tmp_path)
    name = os.fsdecode(b"caf\xe9.html")
    with Shard(tmp_path, 0, {}) as shard:
        shard.reject(name, "not a page", "café")
    merge_shards(tmp_path)
    entry = json.loads((tmp_path / "rejected.jsonl").read_text(encoding="utf-8"))
    assert entry == {"where": name, "reason": "not a page", "detail": "café"}


def test_rows_that_hold_large_tables_are_written_early(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shards, "ITEMS_A_GROUP", 1000)
    prepare_shards(tmp_path)
    row = dict.fromkeys(("id", "url", "title", "section", "caption"), "")
    table = {**row, "header": ["a", "b"], "rows": [["x", "y"]] * 200}
    with Shard(tmp_path, 0, {"tables": TABLE_SCHEMA}) as shard:
        for _ in range(7):
            shard.write("tables", table)
    metadata = pq.read_metadata(tmp_path / "tables" / "part-00000.parquet")
    assert [metadata.row_group(n).num_rows for n in range(metadata.num_row_groups)] == [3, 3, 1]


@pytest.mark.parametrize("when", ["write_table", "close"])
def test_a_full_disk_is_told_with_the_file_and_leaves_the_shard_to_be_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    prepare_shards(tmp_path)

    with monkeypatch.context() as patch:

        def full(*_: Any) -> None:
            patch.undo()
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        patch.setattr(pq.ParquetWriter, when, full)
        with pytest.raises(FolderError, match=r"part-00000\.parquet.*The disk is full: free some"):
            write_shard(tmp_path, 0, rows=ROWS_A_GROUP + 1, rejected=1)
    assert not shard_is_done(tmp_path, 0)
    assert parts(tmp_path) == []
    write_shard(tmp_path, 0, rows=2)
    assert sum(map(count_rows, parts(tmp_path))) == 2
