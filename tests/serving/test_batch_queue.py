import threading
from collections.abc import Sequence
from concurrent.futures import CancelledError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gentap.serving.batch_queue import BatchQueue, QueueFullError


class Work:
    """Doubles numbers once ``go`` is set; fails for negative ones."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.go, self.begun = threading.Event(), threading.Event()

    def __call__(self, tasks: Sequence[int]) -> list[int]:
        self.begun.set()
        assert self.go.wait(60)
        self.batches.append(list(tasks))
        if any(task < 0 for task in tasks):
            raise ValueError("negative")
        return [2 * task for task in tasks]


def queue(work: Work, batch: int = 4, waiting: int = 100) -> BatchQueue[int, int]:
    return BatchQueue(work, key=lambda task: task % 2, batch=batch, waiting=waiting)


@given(st.lists(st.lists(st.integers(0, 50), max_size=6), max_size=8), st.integers(1, 5))
def test_all_is_done_once_in_order_and_in_batches_of_one_kind(
    groups: list[list[int]], batch: int
) -> None:
    work = Work()
    waiting = queue(work, batch)
    futures = [future for group in groups for future in waiting.submit(group)]
    work.go.set()
    tasks = [task for group in groups for task in group]
    assert [future.result(60) for future in futures] == [2 * task for task in tasks]
    assert all(
        len(done) <= batch and len({task % 2 for task in done}) == 1 for done in work.batches
    )
    done = [task for one in work.batches for task in one]
    for kind in (0, 1):  # of one kind nothing overtakes
        assert [t for t in done if t % 2 == kind] == [t for t in tasks if t % 2 == kind]
    waiting.close()


def test_what_waits_together_is_done_together() -> None:
    work = Work()
    waiting = queue(work)
    first = waiting.submit([0])
    assert work.begun.wait(60)
    rest = waiting.submit([2, 1, 4, 6, 8, 10])
    work.go.set()
    assert [future.result(60) for future in first + rest] == [0, 4, 2, 8, 12, 16, 20]
    assert work.batches == [[0], [2, 4, 6, 8], [1], [10]]
    waiting.close()


def test_a_task_fails_by_its_own_fault_alone() -> None:
    work = Work()
    waiting = queue(work)
    futures = waiting.submit([2, -2, 4])
    work.go.set()
    assert [futures[0].result(60), futures[2].result(60)] == [4, 8]
    with pytest.raises(ValueError, match="negative"):
        futures[1].result(60)
    assert waiting.submit([6])[0].result(60) == 12
    waiting.close()


def test_too_many_are_refused_as_one_and_nothing_of_them_is_done() -> None:
    work = Work()
    waiting = queue(work, waiting=2)
    first = waiting.submit([0])
    assert work.begun.wait(60)
    kept = waiting.submit([2])
    with pytest.raises(QueueFullError, match="1 question waits already, and 2 may"):
        waiting.submit([4, 6])
    kept += waiting.submit([8])
    work.go.set()
    assert [future.result(60) for future in first + kept] == [0, 4, 16]
    assert [task for one in work.batches for task in one] == [0, 2, 8]
    waiting.close()


def test_what_is_cancelled_while_it_waits_is_never_done() -> None:
    work = Work()
    waiting = queue(work)
    first = waiting.submit([0])
    assert work.begun.wait(60)
    gone, stays = waiting.submit([2, 4])
    assert gone.cancel()
    work.go.set()
    assert [first[0].result(60), stays.result(60)] == [0, 8]
    assert [task for one in work.batches for task in one] == [0, 4]
    waiting.close()


def test_what_is_cancelled_frees_its_place() -> None:
    work = Work()
    waiting = queue(work, waiting=2)
    first = waiting.submit([0])
    assert work.begun.wait(60)
    gone, stays = waiting.submit([2, 4])
    assert gone.cancel()
    (late,) = waiting.submit([6])
    with pytest.raises(QueueFullError, match="2 questions wait already"):
        waiting.submit([8])
    work.go.set()
    assert [one.result(60) for one in (first[0], stays, late)] == [0, 8, 12]
    waiting.close()


def test_a_closed_queue_cancels_what_waits_and_takes_nothing() -> None:
    work = Work()
    waiting = queue(work)
    first = waiting.submit([0])
    assert work.begun.wait(60)
    rest = waiting.submit([2])
    work.go.set()
    waiting.close()
    assert first[0].result(60) == 0
    with pytest.raises(QueueFullError, match="shut down"):
        waiting.submit([4])
    assert rest[0].cancelled() or rest[0].result() == 4
    if rest[0].cancelled():
        with pytest.raises(CancelledError):
            rest[0].result()


def test_closing_takes_no_longer_than_it_may() -> None:
    work = Work()
    waiting = queue(work)
    first = waiting.submit([0])
    assert work.begun.wait(60)
    waiting.close(0.1)
    assert not first[0].done()
    work.go.set()
    assert first[0].result(60) == 0
