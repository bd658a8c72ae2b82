import gc
import importlib
import os
import select
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pyarrow as pa
import pytest

from gentap.errors import InputError, WorkerError
from gentap.runs.files.parquet_parts import count_rows, parts, read_rows
from gentap.runs.runner import Progress, clock, run_shards
from gentap.runs.shards import Shard, shard_is_done

OUTPUTS = {"words": pa.schema([pa.field("number", pa.int32()), pa.field("word", pa.string())])}
NUMBERS = list(range(9))
DEADLY = """
import os
import signal
import sys
from pathlib import Path
from gentap.runs.runner import run_shards

def work(item, shard):
    pass

if __name__ == "__main__":
    import deadly
    run_shards(Path(sys.argv[1]), [1, 2], deadly.work, {}, workers=2, label="work")
elif b"forkserver" in Path("/proc/self/cmdline").read_bytes():
    os.kill(os.getpid(), signal.SIGKILL)
"""
RUN_FOR_EVER = """
import sys
from pathlib import Path
import shard_tasks
from gentap.runs.runner import run_shards

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    run_shards(folder, [folder / "pipe"] * 2, shard_tasks.wait_for_ever, {}, workers=2, label="")
"""


@pytest.fixture
def tasks(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(Path(__file__).parents[1])
    return importlib.import_module("shard_tasks")


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def undisturbed(tmp_path: Path, tasks: ModuleType) -> Path:
    folder = tmp_path / "undisturbed"
    folder.mkdir()
    run_shards(folder, NUMBERS, tasks.spell, OUTPUTS, workers=1, label="spell")
    return folder


def test_every_item_becomes_one_shard(undisturbed: Path) -> None:
    parts = sorted((undisturbed / "words").iterdir())
    assert [part.name for part in parts] == [f"part-{index:05d}.parquet" for index in NUMBERS]
    assert list(read_rows(parts[2:3])) == [{"number": 2, "word": "ab" * n} for n in range(3)]


@pytest.mark.parametrize("workers", [2, 4])
def test_output_does_not_depend_on_the_number_of_workers(
    tmp_path: Path, tasks: ModuleType, undisturbed: Path, workers: int
) -> None:
    folder = tmp_path / "pool"
    folder.mkdir()
    tally = run_shards(folder, NUMBERS, tasks.spell, OUTPUTS, workers=workers, label="spell")
    assert contents(folder) == contents(undisturbed)
    assert tally.to_json() == {"counts": {"numbers": 9, "words": 45}, "rejected": {"odd": 4}}


def test_a_killed_worker_is_an_error_and_a_rerun_completes_the_same_bytes(
    tmp_path: Path, tasks: ModuleType, undisturbed: Path
) -> None:
    folder = tmp_path / "killed"
    folder.mkdir()
    items = [(number, tmp_path / f"poison-{number}") for number in NUMBERS]
    items[4][1].touch()
    with pytest.raises(WorkerError, match=r"a worker process was killed.*run the same command"):
        run_shards(folder, items, tasks.spell_or_die, OUTPUTS, workers=2, label="spell")
    assert not shard_is_done(folder, 4)
    assert not (folder / "words" / "part-00004.parquet").exists()
    run_shards(folder, items, tasks.spell_or_die, OUTPUTS, workers=2, label="spell")
    assert contents(folder) == contents(undisturbed)


def test_a_kill_before_there_are_workers_is_the_same_error(tmp_path: Path) -> None:
    """Workers are forked from a process that has the task's module already; it dies here."""
    (tmp_path / "deadly.py").write_text(DEADLY)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])}
    command = [sys.executable, str(tmp_path / "deadly.py"), str(tmp_path / "output")]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert "WorkerError" in done.stderr
    assert "a worker process was killed" in done.stderr


@pytest.mark.parametrize("workers", [1, 2])
def test_the_error_of_a_task_ends_the_run_and_keeps_what_is_finished(
    tmp_path: Path, tasks: ModuleType, workers: int
) -> None:
    with pytest.raises(InputError, match="seven can't be spelled"):
        run_shards(
            tmp_path, NUMBERS, tasks.spell_unless_seven, OUTPUTS, workers=workers, label="spell"
        )
    assert not shard_is_done(tmp_path, 7)
    finished = [index for index in NUMBERS if shard_is_done(tmp_path, index)]
    assert finished[:7] == NUMBERS[:7]
    assert sum(map(count_rows, parts(tmp_path / "words"))) == sum(index + 1 for index in finished)


@pytest.mark.parametrize("workers", [1, 2])
def test_finished_shards_are_not_run_again(
    tasks: ModuleType, undisturbed: Path, workers: int
) -> None:
    before = contents(undisturbed)
    sevens = [7] * len(NUMBERS)
    tally = run_shards(
        undisturbed, sevens, tasks.spell_unless_seven, OUTPUTS, workers=workers, label="spell"
    )
    assert contents(undisturbed) == before
    assert tally.counts == {"numbers": 9, "words": 45}


def test_only_missing_shards_are_run(undisturbed: Path, tasks: ModuleType) -> None:
    before = contents(undisturbed)
    for index in (3, 5):
        (undisturbed / ".shards" / f"{index:05d}.json").unlink()
    run: list[int] = []

    def spell(number: int, shard: Shard) -> None:
        run.append(number)
        tasks.spell(number, shard)

    run_shards(undisturbed, NUMBERS, spell, OUTPUTS, workers=1, label="spell")
    assert run == [3, 5]
    assert contents(undisturbed) == before


def test_the_garbage_collector_is_left_as_it_was(tmp_path: Path) -> None:
    before, seen = (gc.get_threshold(), gc.get_freeze_count()), []

    def look(item: int, shard: Shard) -> None:
        seen.append((gc.get_threshold(), gc.get_freeze_count()))
        if item:
            raise InputError("one can't be done.")

    with pytest.raises(InputError):
        run_shards(tmp_path, [0, 1], look, {}, workers=1, label="looks")
    assert seen[0][0] > before[0]
    assert seen[0][1] > before[1]
    assert (gc.get_threshold(), gc.get_freeze_count()) == before


def test_no_items_make_empty_results(tmp_path: Path, tasks: ModuleType) -> None:
    tally = run_shards(tmp_path, [], tasks.spell, OUTPUTS, workers=2, label="spell")
    assert tally.to_json() == {"counts": {}, "rejected": {}}
    assert contents(tmp_path) == {"rejected.jsonl": b""}


def test_workers_end_with_their_parent(tmp_path: Path, tasks: ModuleType) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    script = tmp_path / "run_for_ever.py"
    script.write_text(RUN_FOR_EVER)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)

    def heard() -> bytes:
        ready, _, _ = select.select([reader], [], [], 30)
        assert ready, "nothing was heard of the workers"
        return os.read(reader, 64)

    command = [sys.executable, "-W", "ignore", str(script), str(tmp_path)]
    with subprocess.Popen(command, env=environment) as parent:
        said = b""
        while said != b"waiting\n" * 2:
            said += heard()
        parent.kill()
        assert heard() == b""
    os.close(reader)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0:00"),
        (9.4, "0:09"),
        (59.6, "1:00"),
        (3599, "59:59"),
        (3600, "1:00:00"),
        (90061, "25:01:01"),
    ],
)
def test_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text


def test_progress_counts_skipped_work_but_not_in_the_rate(
    capsys: pytest.CaptureFixture[str],
) -> None:
    progress = Progress("mine", 1200, "shards", every=0.0)
    progress.skip(1000)
    progress.advance(50)
    progress.note = "loss 2.5"
    progress.advance(50)
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith("mine: 1,050/1,200 shards, ")
    assert first.endswith(" left")
    assert second.startswith("mine: 1,100/1,200 shards, ")
    assert second.endswith(" left, loss 2.5")
    assert (progress.done, progress.begun) == (1100, 1000)


def test_progress_is_silent_between_its_lines_and_shows_the_end(
    capsys: pytest.CaptureFixture[str],
) -> None:
    progress = Progress("mine", 3, "shards", every=3600.0)
    progress.advance()
    progress.advance()
    assert capsys.readouterr().err == ""
    progress.advance()
    assert capsys.readouterr().err.startswith("mine: 3/3 shards, ")
