"""Records set aside by the million: all are counted, the first ones listed, the rest in a line."""

import json
from collections import Counter
from pathlib import Path

import pytest
from complaints import gentap, jsonl, questions, rejected, write

from gentap.documents import rejected as rejected_records
from gentap.documents.rejected import RejectedRecord, RejectedRecords, reasons, write_rejected
from gentap.runs.files import rejected_lines
from gentap.runs.shards import Shard, merge_shards, prepare_shards
from gentap.training.data.token_store import write_tokens

LISTED, GIVEN = 3, 8
REST = {
    "where": "",
    "reason": "not listed",
    "detail": f"{GIVEN - LISTED} more were set aside; stats.json has all.",
}


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (rejected_lines, rejected_records):
        monkeypatch.setattr(module, "MAX_LISTED", LISTED)


def lines(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def check(listed: list[dict[str, str]], name: str = "") -> None:
    assert [entry["where"] for entry in listed[:-1]] == [f"a:{n}" for n in range(LISTED)]
    assert listed[-1] == REST | {"where": name}


def records(count: int = GIVEN) -> list[RejectedRecord]:
    return [RejectedRecord(f"a:{n}", "bad", f"reason {n % 2}") for n in range(count)]


def test_a_shard_lists_the_first_ones(tmp_path: Path) -> None:
    prepare_shards(tmp_path)
    for index in range(2):
        with Shard(tmp_path, index, {}) as shard:
            for one in records(GIVEN - 1):
                shard.reject(one.where, one.reason, one.detail)
            with shard.record("b"):
                shard.reject("b", "bad")
    tally = merge_shards(tmp_path)
    assert tally.rejected == {"bad": 2 * GIVEN}
    listed = lines(tmp_path / "rejected.jsonl")
    check(listed[: LISTED + 1], "00000")
    check(listed[LISTED + 1 :], "00001")


def test_pairs_that_are_not_learnt_from_are_listed_so_too(tmp_path: Path) -> None:
    store = write_tokens(tmp_path / "train-long", records())
    assert store.tally["rejected"] == {"bad": GIVEN}
    check(lines(tmp_path / "train-long" / "rejected.jsonl"), "train-long")


def test_what_is_kept_of_records_in_memory_is_bounded(tmp_path: Path) -> None:
    first, both = RejectedRecords(), RejectedRecords()
    for one in records(2):
        first.add(one)
    both.extend(first)
    rest = RejectedRecords()
    for one in records()[2:]:
        rest.add(one)
    both.extend(rest)
    assert (len(both.listed), both.total, both.unlisted) == (LISTED, GIVEN, GIVEN - LISTED)
    assert both.counts == {"bad": GIVEN}
    told = ["2: reason 0 (first a:0)", "1: reason 1 (first a:1)", "and 5 records more"]
    assert reasons(both) == told
    write_rejected(tmp_path / "rejected.jsonl", both)
    check(lines(tmp_path / "rejected.jsonl"))


def test_up_to_the_bound_nothing_is_said_of_it(tmp_path: Path) -> None:
    write_tokens(tmp_path / "train", records(LISTED))
    assert len(lines(tmp_path / "train" / "rejected.jsonl")) == LISTED


def test_a_long_text_is_cut() -> None:
    entry = json.loads(rejected_lines.rejected_line("x" * 10**6, "bad", "é" * 10**6))
    assert len(entry["where"]) == len(entry["detail"]) == 2001
    assert entry["detail"].endswith("é…")


@pytest.mark.usefixtures("own_folder")
def test_a_scoring_lists_and_counts_the_questions_that_it_leaves_out() -> None:
    bad = "".join(f"{{{n}\n" for n in range(GIVEN))
    write("test.jsonl", Path(questions(count=1)).read_text() + bad)
    said = write("said.txt", "Dusk\n" * (GIVEN + 1))
    result = gentap("score", "--predictions", said, "--data", "test.jsonl", "-o", "out")
    assert result.exit_code == 0, result.output
    assert f"set aside: bad question record: {GIVEN} (listed in out/rejected.jsonl)" in (
        result.stderr
    )
    assert f"and {GIVEN - LISTED} records more" in result.stderr
    assert Counter(entry["reason"] for entry in rejected("out")) == {
        "bad question record": LISTED,
        "not listed": 1,
    }


@pytest.mark.usefixtures("own_folder")
def test_mining_counts_all_and_lists_the_first() -> None:
    table = {"header": ["Year", "Film"], "rows": [["2004", "Dawn"], ["2005", "Dusk"]]}
    page = {"url": "u", "text": "In 2005 she made Dusk with her old crew.", "tables": [table]}
    write("pages.jsonl", jsonl(page, *["{"] * GIVEN))
    result = gentap("mine", "pages.jsonl", "-o", "out", "--workers", "1")
    assert result.exit_code == 0, result.output
    assert f"bad JSONL record: {GIVEN}" in result.stderr
    assert [entry["reason"] for entry in rejected("out")] == [
        *["bad JSONL record"] * LISTED,
        "not listed",
    ]
