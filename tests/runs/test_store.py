import errno
import json
import os
import socket
import subprocess
import sys
import tomllib
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from small_shards import write_shard

from gentap.errors import FolderError, InputError
from gentap.runs.files.output_files import write_json, write_text
from gentap.runs.files.own_files import read_json
from gentap.runs.files.parquet_parts import (
    count_rows,
    groups_at,
    parts,
    read_at,
    read_rows,
    read_slice,
    require_columns,
)
from gentap.runs.shards import merge_shards, prepare_shards
from gentap.runs.store import Tally, fingerprint, is_done, open_stage, require_stage

HOLD_THE_LOCK = """
import sys
from pathlib import Path
from gentap.runs.store import open_stage

with open_stage(Path(sys.argv[1]), "mine", {"seed": 1}, []):
    print("held", flush=True)
    sys.stdin.read()
"""


OWN = ("done.json", "made_from.json", "recipe.toml", "rejected.jsonl", "stats.json")


def names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def finish(folder: Path, seed: int = 1, *, stage: str = "mine", overwrite: bool = False) -> None:
    with open_stage(folder, stage, {"seed": seed}, [], overwrite=overwrite) as opened:
        assert opened is not None
        write_text(folder / "part-00000.parquet", f"made with seed {seed}")
        opened.finish({"rows": 1})


def break_off(folder: Path, seed: int = 1) -> None:
    with open_stage(folder, "mine", {"seed": seed}, []):
        write_text(folder / "part-00000.parquet", f"made with seed {seed}")
        (folder / "part-00001.parquet.tmp").write_text("half")


def test_a_finished_folder_holds_settings_stats_rejects_and_marker(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "out"
    with open_stage(folder, "mine", {"seed": 7, "language": "en", "limit": None}, []) as opened:
        assert opened is not None
        assert not opened.resumed
        assert not is_done(folder)
        opened.finish({"pages": 3})
    own = {".gentap", *(f".gentap/{name}" for name in OWN)}
    assert names(folder) == {".lock", *own}
    assert tomllib.loads((folder / ".gentap" / "recipe.toml").read_text()) == {
        "mine": {"seed": 7, "language": "en"}
    }
    assert read_json(folder / ".gentap" / "stats.json") == {"pages": 3}
    assert (folder / ".gentap" / "rejected.jsonl").read_text() == ""
    done = {"stage": "mine", "fingerprint": opened.fingerprint}
    assert read_json(folder / ".gentap" / "done.json") == done
    assert is_done(folder)
    assert is_done(folder, opened.fingerprint)
    assert not is_done(folder, "0" * 16)


@pytest.mark.parametrize("overwrite", [False, True])
def test_done_work_is_not_done_again(tmp_path: Path, overwrite: bool) -> None:
    finish(tmp_path / "out")
    with open_stage(tmp_path / "out", "mine", {"seed": 1}, [], overwrite=overwrite) as opened:
        assert opened is None
    assert (tmp_path / "out" / "part-00000.parquet").read_text() == "made with seed 1"


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_foreign_folder_is_refused_and_left_as_it_is(tmp_path: Path, overwrite: bool) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with (
        pytest.raises(FolderError, match=r"did not write \(such as thesis\.tex\)"),
        open_stage(tmp_path, "mine", {}, [], overwrite=overwrite),
    ):
        pytest.fail("a foreign folder was opened")
    assert names(tmp_path) == {"thesis.tex"}


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with (
        pytest.raises(FolderError, match="can't be used for output"),
        open_stage(tmp_path / "out", "mine", {}, []),
    ):
        pytest.fail("a file was opened as a folder")


@pytest.mark.parametrize(("state", "make"), [("finished", finish), ("unfinished", break_off)])
@pytest.mark.parametrize("change", [{"settings": {"seed": 2}}, {"stage": "sample"}])
def test_work_of_another_kind_is_refused(tmp_path, state, make, change) -> None:
    make(tmp_path)
    before = names(tmp_path)
    wanted = {"stage": "mine", "settings": {"seed": 1}, "inputs": [], **change}
    with (
        pytest.raises(FolderError, match=f"holds {state} work of 'mine'.*--overwrite"),
        open_stage(tmp_path, **wanted),
    ):
        pytest.fail("work of another kind was taken over")
    assert names(tmp_path) == before


@pytest.mark.parametrize("make", [finish, break_off])
def test_overwrite_clears_work_of_another_kind(tmp_path, make) -> None:
    make(tmp_path)
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "part-00000.parquet").write_text("old")
    with open_stage(tmp_path, "mine", {"seed": 2}, [], overwrite=True) as opened:
        assert opened is not None
        assert not opened.resumed
        own = {".gentap", ".gentap/made_from.json", ".gentap/unfinished.json"}
        assert names(tmp_path) == {".lock", *own}


@pytest.mark.parametrize("last", ["answers.txt", "part-00000.parquet", "vocabulary.txt"])
def test_an_overwrite_that_breaks_off_can_be_taken_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, last: str
) -> None:
    finish(tmp_path, seed=1)
    (tmp_path / "answers.txt").write_text("old")
    (tmp_path / "vocabulary.txt").write_text("old")
    unlink = Path.unlink

    def unlink_until_the_last(path: Path, missing_ok: bool = False) -> None:
        if path.name == last:
            raise KeyboardInterrupt
        unlink(path, missing_ok=missing_ok)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", unlink_until_the_last)
        with pytest.raises(KeyboardInterrupt):
            finish(tmp_path, seed=2, overwrite=True)
    assert not is_done(tmp_path)
    with (
        pytest.raises(FolderError, match="--overwrite"),
        open_stage(tmp_path, "mine", {"seed": 2}, []),
    ):
        pytest.fail("half-cleared work was taken over")
    finish(tmp_path, seed=2, overwrite=True)
    assert (tmp_path / "part-00000.parquet").read_text() == "made with seed 2"


def test_a_start_that_breaks_off_before_its_first_marker_can_be_taken_up(tmp_path: Path) -> None:
    (tmp_path / ".gentap").mkdir()
    (tmp_path / ".gentap" / "unfinished.json.tmp").write_text("")
    finish(tmp_path)
    assert is_done(tmp_path)
    assert not (tmp_path / ".gentap" / "unfinished.json.tmp").exists()


def test_unfinished_work_is_resumed_without_its_half_written_files(tmp_path: Path) -> None:
    break_off(tmp_path)
    (tmp_path / "checkpoint.tmp" / "optimizer.tmp").mkdir(parents=True)
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "part-00000.parquet.tmp").write_text("half")
    (tmp_path / "tables" / "part-00001.parquet").write_text("whole")
    with open_stage(tmp_path, "mine", {"seed": 1}, []) as opened:
        assert opened is not None
        assert opened.resumed
        assert names(tmp_path) == {
            *[".lock", ".gentap", ".gentap/made_from.json", ".gentap/unfinished.json"],
            *["part-00000.parquet", "tables", "tables/part-00001.parquet"],
        }


def test_a_second_process_is_refused_until_the_first_ends(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen(
        [sys.executable, "-c", HOLD_THE_LOCK, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        before = names(folder)
        for overwrite in (False, True):
            with (
                pytest.raises(FolderError, match="another run is writing"),
                open_stage(folder, "mine", {"seed": 2}, [], overwrite=overwrite),
            ):
                pytest.fail("a locked folder was opened")
        assert names(folder) == before
        holder.communicate()
    assert holder.returncode == 0
    with open_stage(folder, "mine", {"seed": 1}, []) as opened:
        assert opened is not None
        assert opened.resumed


def test_the_fingerprint_follows_stage_settings_and_inputs(tmp_path: Path) -> None:
    page, folder = tmp_path / "page.html", tmp_path / "pages"
    page.write_text("<p>one</p>")
    folder.mkdir()
    (folder / "a.html").write_text("<p>a</p>")

    def now(stage: str = "mine", seed: int = 1, more: str = "t5-base") -> str:
        return fingerprint(stage, {"seed": seed, "limit": 5}, [page, folder, Path(more)])

    first = now()
    assert first == now()
    assert first == fingerprint("mine", {"limit": 5, "seed": 1}, [page, folder, Path("t5-base")])
    seen = [first, now(stage="sample"), now(seed=2), now(more="t5-large")]
    page.write_text("<p>one and two</p>")
    seen.append(now())
    (folder / "b.html").write_text("<p>b</p>")
    seen.append(now())
    assert len(set(seen)) == len(seen)


def test_a_finished_stage_stands_in_a_fingerprint_by_its_own(tmp_path: Path) -> None:
    one, same, other = tmp_path / "one", tmp_path / "same", tmp_path / "other"
    finish(one)
    finish(same)
    finish(other, seed=2)
    assert fingerprint("sample", {}, [one]) == fingerprint("sample", {}, [same])
    assert fingerprint("sample", {}, [one]) != fingerprint("sample", {}, [other])


def test_require_stage_says_what_is_missing(tmp_path: Path) -> None:
    finish(tmp_path / "done")
    break_off(tmp_path / "unfinished")
    (tmp_path / "foreign").mkdir()
    require_stage(tmp_path / "done", "mine", "it holds the tables")
    for name, message in {
        "nowhere": "no such folder; it holds the tables. Make it with `gentap mine`",
        "unfinished": "is unfinished: run its command again",
        "foreign": "is not an output folder of GenTaP; it holds the tables",
    }.items():
        with pytest.raises(InputError, match=message):
            require_stage(tmp_path / name, "mine", "it holds the tables")


def test_the_traces_of_shards_go_only_once_the_folder_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done_at_removal: list[bool] = []
    with open_stage(tmp_path, "mine", {}, []) as opened:
        assert opened is not None
        prepare_shards(tmp_path)
        write_shard(tmp_path, 0, rows=1)
        tally = merge_shards(tmp_path)
        monkeypatch.setattr(
            "shutil.rmtree", lambda *_, **__: done_at_removal.append(is_done(tmp_path))
        )
        opened.finish(tally.to_json())
    assert done_at_removal
    assert all(done_at_removal)


def test_traces_that_a_kill_left_in_a_done_folder_go_with_the_next_run(tmp_path: Path) -> None:
    finish(tmp_path)
    before = names(tmp_path)
    write_json(tmp_path / ".gentap" / "unfinished.json", {})
    prepare_shards(tmp_path)
    (tmp_path / ".shards" / "00000.json").write_text("{}")
    with open_stage(tmp_path, "mine", {"seed": 1}, []) as opened:
        assert opened is None
    assert names(tmp_path) == before


def test_tallies_are_written_in_order_of_name() -> None:
    tally = Tally()
    tally.add({"counts": {"tables": 1, "pages": 2}, "rejected": {"b": 1}})
    tally.add({"counts": {"pages": 3}, "rejected": {"a": 4}})
    assert json.dumps(tally.to_json()) == (
        '{"counts": {"pages": 5, "tables": 1}, "rejected": {"a": 4, "b": 1}}'
    )


def test_rows_are_read_back_in_order_over_parts(tmp_path: Path) -> None:
    prepare_shards(tmp_path)
    write_shard(tmp_path, 1, rows=2)
    write_shard(tmp_path, 0, rows=600)
    rows = list(read_rows(parts(tmp_path)))
    assert rows == [{"number": n, "name": f"film {n}"} for n in (*range(600), 0, 1)]
    assert list(read_rows(parts(tmp_path)[1:], ["number"])) == [{"number": 0}, {"number": 1}]
    assert sum(map(count_rows, parts(tmp_path))) == 602


def test_parts_are_sorted_and_nothing_else(tmp_path: Path) -> None:
    for name in (
        "part-00010.parquet",
        "part-00002.parquet",
        "part-00003.parquet.tmp",
        "stats.json",
    ):
        (tmp_path / name).write_text("")
    assert [part.name for part in parts(tmp_path)] == ["part-00002.parquet", "part-00010.parquet"]


@pytest.mark.parametrize("content", [None, b"", b"PAR1 no, not really"])
def test_a_part_that_is_no_parquet_file_is_named(tmp_path: Path, content: bytes | None) -> None:
    part = tmp_path / "part-00000.parquet"
    if content is not None:
        part.write_bytes(content)
    told = "no such file" if content is None else "not a readable Parquet file"
    with pytest.raises(InputError, match=rf"part-00000\.parquet: {told}"):
        list(read_rows([part]))


@pytest.mark.parametrize("content", [None, b"{", b"\xff\xfe"])
def test_a_file_that_is_no_json_is_named(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "stats.json"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(InputError, match=r"stats\.json: no"):
        read_json(file)


def test_json_is_written_to_be_read_by_people(tmp_path: Path) -> None:
    write_json(tmp_path / "stats.json", {"café": [1]})
    assert (tmp_path / "stats.json").read_text(encoding="utf-8") == (
        '{\n  "café": [\n    1\n  ]\n}\n'
    )
    assert names(tmp_path) == {"stats.json"}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="has no device that is always full")
def test_a_full_disk_leaves_the_old_file_and_says_what_to_do(tmp_path: Path) -> None:
    write_text(tmp_path / "stats.json", "old")
    aside = f"stats.json.{socket.gethostname()}-{os.getpid()}.tmp"
    (tmp_path / aside).symlink_to("/dev/full")
    with pytest.raises(FolderError, match="The disk is full: free some space") as raised:
        write_text(tmp_path / "stats.json", "new")
    assert isinstance(raised.value.__cause__, OSError)
    assert raised.value.__cause__.errno == errno.ENOSPC
    assert (tmp_path / "stats.json").read_text() == "old"


def test_a_folder_that_can_not_be_written_to_is_named(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match=r"stats\.json: can't be written: No such file"):
        write_text(tmp_path / "nowhere" / "stats.json", "new")


@pytest.mark.parametrize("stride", [1, 3, 7])
@pytest.mark.parametrize(("start", "stop"), [(0, 25), (4, 11), (9, 10), (10, 25), (13, 25), (5, 5)])
def test_rows_at_places_are_those_of_all_rows(
    tmp_path: Path, start: int, stop: int, stride: int
) -> None:
    part = tmp_path / "part-00000.parquet"
    pq.write_table(pa.table({"number": range(25), "other": range(25)}), part, row_group_size=10)
    places = list(range(25))[start:stop:stride]
    assert [row["number"] for row in read_at(part, places)] == places
    groups = list(groups_at(part, places, ["other"]))
    assert [number for group in groups for number in group["other"].to_pylist()] == places
    assert all(group.column_names == ["other"] for group in groups)
    assert [row["number"] for row in read_slice(part, start, 99)] == list(range(start, 25))


def test_a_corpus_of_other_columns_is_told_with_its_file(tmp_path: Path) -> None:
    part = tmp_path / "part-00000.parquet"
    pq.write_table(pa.table({"id": ["1"], "sentence": ["One."]}), part)
    kinds = {"id": pa.string(), "sentence": pa.string()}
    require_columns([part], pa.schema(kinds))
    with pytest.raises(InputError, match=r"part-00000\.parquet: has no column heading, row\."):
        require_columns([part], pa.schema({**kinds, "row": pa.int32(), "heading": pa.string()}))
