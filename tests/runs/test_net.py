"""One record's unforeseen fault costs that record alone, and is told; tests have no net."""

import errno
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from complaints import TABLE, gentap, jsonl, write
from hypothesis import given
from hypothesis import strategies as st
from small_shards import SCHEMA

from gentap.errors import InputError
from gentap.runs.net import INTERNAL_ERROR, SWITCH, apart, net
from gentap.runs.shards import Shard, merge_shards, prepare_shards


@pytest.fixture
def with_net(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SWITCH)


def caught(error: BaseException) -> list[tuple[str, ...]]:
    entries: list[tuple[str, ...]] = []
    with net("page 7", lambda *entry: entries.append(entry)):
        raise error
    return entries


@pytest.mark.usefixtures("with_net")
def test_a_fault_is_noted_with_type_message_place_and_record() -> None:
    entries: list[tuple[str, ...]] = []
    with net("docs.jsonl:3", lambda *entry: entries.append(entry)):
        write_nothing: Any = None
        Shard(Path(), 0, write_nothing)
    ((where, reason, detail),) = entries
    assert (where, reason) == ("docs.jsonl:3", INTERNAL_ERROR)
    assert detail.startswith("TypeError: ")
    assert " at gentap/runs/shards.py:" in detail


@pytest.mark.usefixtures("with_net")
@pytest.mark.parametrize(
    "error",
    [ZeroDivisionError("x"), KeyError("x"), RecursionError(), OSError("of no errno"), ValueError()],
    ids=repr,
)
def test_what_nobody_foresaw_is_caught(error: Exception) -> None:
    ((where, reason, detail),) = caught(error)
    assert (where, reason) == ("page 7", INTERNAL_ERROR)
    assert detail.startswith(type(error).__name__)


@pytest.mark.usefixtures("with_net")
@pytest.mark.parametrize(
    "error",
    [
        InputError("x"),
        MemoryError(),
        OSError(errno.ENOSPC, "No space left on device"),
        KeyboardInterrupt(),
        SystemExit(1),
    ],
    ids=repr,
)
def test_what_is_none_of_a_records_ends_the_run(error: BaseException) -> None:
    with pytest.raises(type(error)):
        caught(error)


def test_without_the_net_a_fault_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        caught(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        apart(lambda numbers: [1 // number for number in numbers], [1, 0], lambda *_: 0)


@given(st.lists(st.integers(0, 5), max_size=40))
def test_of_many_worked_on_at_once_a_fault_costs_its_own_record(numbers: list[int]) -> None:
    def work(some: Sequence[int]) -> list[int]:
        return [60 // number for number in some]

    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.delenv(SWITCH)
        found = apart(work, numbers, lambda number, fault: f"{number}: {fault}")
    assert found == [60 // number if number else found[at] for at, number in enumerate(numbers)]
    assert all(
        found[at].startswith("0: ZeroDivisionError")
        for at, number in enumerate(numbers)
        if not number
    )


@pytest.mark.usefixtures("with_net")
@pytest.mark.parametrize("error", [InputError("x"), MemoryError(), KeyboardInterrupt()], ids=repr)
def test_what_is_none_of_theirs_ends_the_work_on_many(error: BaseException) -> None:
    calls = []

    def work(some: Sequence[int]) -> list[int]:
        calls.append(some)
        raise error

    with pytest.raises(type(error)):
        apart(work, [1, 2, 3], lambda *_: 0)
    assert len(calls) == 1


@pytest.mark.usefixtures("with_net")
def test_a_record_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    prepare_shards(tmp_path)
    with Shard(tmp_path, 0, {".": SCHEMA}) as shard:
        for number in range(4):
            with shard.record(f"page {number}"):
                shard.write(".", {"number": number, "name": "film"})
                shard.count("pages")
                shard.reject(f"page {number}", "a sentence too short")
                if number == 2:
                    raise ZeroDivisionError
    tally = merge_shards(tmp_path)
    assert tally.counts == {"rows": 3, "pages": 3}
    assert tally.rejected == {"a sentence too short": 3, INTERNAL_ERROR: 1}
    lines = (tmp_path / "rejected.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["where"] for line in lines] == [f"page {n}" for n in range(4)]


@pytest.mark.usefixtures("own_folder", "with_net")
@pytest.mark.parametrize(
    "broken",
    [
        "gentap.documents.jsonl.read_line",
        "gentap.mining.mine.sourced_table_to_row",
        "gentap.mining.mine.PageMatcher",
        "gentap.mining.mine.digest",
        "gentap.mining.mine.write_candidate",
        "gentap.mining.near_duplicates.said_by",
    ],
)
def test_mining_goes_on_after_a_fault_and_tells_it(
    monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    text = "In 2005 she made Dusk with her crew number {} from the old harbour."
    pages = [
        {"url": f"page-{n}", "title": f"P {n}", "text": text.format(n), "tables": [TABLE]}
        for n in range(3)
    ]
    write("pages.jsonl", jsonl(*pages))
    module, _, name = broken.rpartition(".")
    real = getattr(__import__(module, fromlist=[name]), name)
    calls = []

    def fails_once(*args: Any, **kwargs: Any) -> Any:
        calls.append(args)
        if len(calls) == 2:
            raise RuntimeError("out of the blue")
        return real(*args, **kwargs)

    monkeypatch.setattr(broken, fails_once)
    result = gentap("mine", "pages.jsonl", "-o", "out", "--workers", "1")
    assert result.exit_code == 0, result.output
    assert "from" in result.stderr
    last = result.stderr.splitlines()[-1]
    assert last.startswith("mine: 1 of the records set aside met an internal error")
    assert "please report it" in last
    lines = Path("out/.gentap/rejected.jsonl").read_text(encoding="utf-8").splitlines()
    (entry,) = [json.loads(line) for line in lines if INTERNAL_ERROR in line]
    assert entry["detail"].startswith("RuntimeError: out of the blue at gentap/")
