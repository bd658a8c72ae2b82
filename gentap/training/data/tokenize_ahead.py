"""Examples tokenized ahead of a training, in worker processes, in the order of the corpus.

A corpus is read a slice at a time; each worker loads the tokenizer once. What is written does not
depend on the number of workers, and memory holds a few slices.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

from gentap.errors import WorkerError
from gentap.records import EXAMPLE_SCHEMA, Row
from gentap.runs.files.parquet_parts import count_rows, read_slice
from gentap.runs.parent_exit import end_with_parent

Made = TypeVar("Made")
RowSlice = tuple[Path, int, int]
ROWS_A_SLICE = 1024


def slices(files: Sequence[Path]) -> list[RowSlice]:
    """The files' rows in pieces: file, first row, row after the last."""
    return [
        (file, start, min(start + ROWS_A_SLICE, count))
        for file in files
        for count in (count_rows(file),)
        for start in range(0, count, ROWS_A_SLICE)
    ]


def tokenize_ahead(
    files: Sequence[Path], make: Callable[[Iterable[Row]], Made], workers: int
) -> Iterator[Made]:
    """``make`` of each slice's rows, in order; with one worker in this process.

    ``make`` must be picklable, and its result too.

    Raises WorkerError where a worker dies.
    """
    if workers == 1:
        for piece in slices(files):
            yield make(read_slice(*piece, EXAMPLE_SCHEMA))
        return
    pool = ProcessPoolExecutor(
        workers, mp_context=get_context("forkserver"), initializer=end_with_parent
    )
    try:
        waiting: deque[Future[Any]] = deque()
        for piece in slices(files):
            waiting.append(pool.submit(_make, make, piece))
            if len(waiting) > 2 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except BrokenProcessPool as error:
        raise WorkerError(
            "A process that tokenizes was killed (out of memory, or by hand). Run the same command "
            "again, with fewer workers if memory ran out."
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _make(make: Callable[[Iterable[Row]], Made], piece: RowSlice) -> Made:
    return make(read_slice(*piece, EXAMPLE_SCHEMA))
