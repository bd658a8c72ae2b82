"""One task a shard, over a local pool of processes or a cluster.

A task gets its shard's work item and a :class:`~gentap.runs.shards.Shard` to write to; its output
depends on nothing else, so neither the number of workers nor an interruption can change it.
Finished shards are skipped. A dead worker ends the run with an error; a dead parent ends its
workers.
"""

import gc
import multiprocessing
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from gentap.errors import WorkerError
from gentap.runs.console import say_progress
from gentap.runs.parent_exit import end_with_parent
from gentap.runs.shards import Shard, cluster_scratch, merge_shards, prepare_shards, shard_is_done
from gentap.runs.store import Tally
from gentap.settings.sections import LOCAL, ClusterSettings

Item = TypeVar("Item")
_OBJECTS_A_COLLECTION = 100_000


class Progress:
    """Progress, rate and time left on standard error; off a terminal, a line every few seconds."""

    def __init__(self, label: str, total: int, unit: str, every: float = 15.0) -> None:
        self.label, self.total, self.unit = label, total, unit
        self.done = self.begun = 0
        self.note = ""
        self._started = self._shown = time.monotonic()
        self._every = 0.5 if sys.stderr.isatty() else every

    def skip(self, count: int) -> None:
        """Count work that an earlier run did."""
        self.done += count
        self.begun += count

    def advance(self, count: int = 1) -> None:
        self.done += count
        now = time.monotonic()
        if now - self._shown >= self._every or self.done == self.total:
            self._shown = now
            self._show(now)

    def _show(self, now: float) -> None:
        rate = (self.done - self.begun) / max(now - self._started, 1e-9)
        left = (self.total - self.done) / rate if rate else 0.0
        text = (
            f"{self.label}: {self.done:,}/{self.total:,} {self.unit}, "
            f"{rate:,.1f}/s, {clock(left)} left{', ' if self.note else ''}{self.note}"
        )
        say_progress(text, last=self.done >= self.total)


def clock(seconds: float) -> str:
    """Seconds as ``1:02:03`` or ``2:03``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def run_shards(
    folder: Path,
    items: Sequence[Item],
    task: Callable[[Item, Shard], None],
    outputs: Mapping[str, Any],
    *,
    workers: int,
    label: str,
    cluster: ClusterSettings = LOCAL,
    step: str = "",
) -> Tally:
    """Run ``task`` on every item that is not done yet; returns the counts of all shards so far.

    ``outputs`` maps a subfolder (``"."`` for the folder itself) to its Arrow schema. With one
    worker everything runs in this process; an engine other than ``local`` runs it
    on its machines, ``workers`` shards at a time. Work of several steps, one after the other in the
    same folder, gives each a name of its own.
    """
    prepare_shards(folder, step)
    todo = [index for index in range(len(items)) if not shard_is_done(folder, index, step)]
    progress = Progress(label, len(items), "shards")
    progress.skip(len(items) - len(todo))
    if cluster.engine != "local" and todo:
        from gentap.runs.cluster import run_on_cluster

        run_on_cluster(
            cluster_scratch(folder),
            todo,
            partial(_run_listed, folder.absolute(), items, task, outputs, step),
            partial(shard_is_done, folder, step=step),
            progress.advance,
            workers=workers,
            cluster=cluster,
        )
    elif workers == 1 or len(todo) <= 1:
        for index in todo:
            _run_one(folder, index, items[index], task, outputs, step)
            progress.advance()
    elif todo:
        _run_pool(folder, todo, items, task, outputs, step, workers, progress)
    return merge_shards(folder)


def _run_pool(
    folder: Path,
    todo: Sequence[int],
    items: Sequence[Item],
    task: Callable[[Item, Shard], None],
    outputs: Mapping[str, Any],
    step: str,
    workers: int,
    progress: Progress,
) -> None:
    context = multiprocessing.get_context("forkserver")
    work = task.func if isinstance(task, partial) else task
    context.set_forkserver_preload([work.__module__, "pyarrow.parquet"])  # once for all workers
    with ProcessPoolExecutor(
        min(workers, len(todo)), mp_context=context, initializer=end_with_parent
    ) as pool:
        try:
            futures = [
                pool.submit(_run_one, folder, index, items[index], task, outputs, step)
                for index in todo
            ]
        except (EOFError, ConnectionError) as error:  # the process that starts the workers is gone
            raise _worker_killed(folder) from error
        try:
            for future in as_completed(futures):
                future.result()
                progress.advance()
        except BrokenProcessPool as error:
            raise _worker_killed(folder) from error
        except BaseException:
            pool.shutdown(cancel_futures=True)  # waits: no worker may write past the folder's lock
            raise


def _worker_killed(folder: Path) -> WorkerError:
    return WorkerError(
        f"{folder}: a worker process was killed (out of memory, or by hand). Finished shards are "
        "kept: run the same command again, with fewer --workers if memory ran out."
    )


def _run_listed(
    folder: Path,
    items: Sequence[Item],
    task: Callable[[Item, Shard], None],
    outputs: Mapping[str, Any],
    step: str,
    index: int,
) -> None:
    _run_one(folder, index, items[index], task, outputs, step)


def _run_one(
    folder: Path,
    index: int,
    item: Item,
    task: Callable[[Item, Shard], None],
    outputs: Mapping[str, Any],
    step: str,
) -> None:
    with _few_collections(), Shard(folder, index, outputs, step) as shard:
        task(item, shard)


@contextmanager
def _few_collections() -> Iterator[None]:
    """Look for cycles of garbage seldom, and not among what was there before.

    Records hold no cycles, but many of them wait to be written: each look would go through all.
    """
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(_OBJECTS_A_COLLECTION, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
