"""A queue whose tasks wait together and are done together, by one thread."""

import threading
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future
from typing import Generic, TypeVar

from gentap.errors import GentapError
from gentap.runs.counting import counted

_Task = TypeVar("_Task")
_Done = TypeVar("_Done")


class QueueFullError(GentapError):
    """More tasks wait than may."""


class TooLateError(GentapError):
    """A task was not done in time."""


class BatchQueue(Generic[_Task, _Done]):
    """Hands waiting tasks to ``work`` in batches, in the order in which they came.

    A batch holds the task that waits longest and those behind it that have the same ``key``, at
    most ``batch``. Where a batch fails its tasks are done one by one, so that a task fails by its
    own fault alone. A task whose future is cancelled while it waits is never done, and its place
    is free.
    """

    def __init__(
        self,
        work: Callable[[Sequence[_Task]], Sequence[_Done]],
        *,
        key: Callable[[_Task], Hashable],
        batch: int,
        waiting: int,
    ) -> None:
        self._work, self._key = work, key
        self._batch, self._most = batch, waiting
        self._tasks: deque[tuple[_Task, Future[_Done]]] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="gentap answers", daemon=True)
        self._thread.start()

    def submit(self, tasks: Sequence[_Task]) -> list["Future[_Done]"]:
        """A future for each task; raises QueueFullError where they are too many, and takes none."""
        with self._changed:
            if self._closed:
                raise QueueFullError("The server is being shut down.")
            self._tasks = deque(one for one in self._tasks if not one[1].cancelled())
            waiting = len(self._tasks)
            if waiting + len(tasks) > self._most:
                wait = "waits" if waiting == 1 else "wait"
                raise QueueFullError(
                    f"{counted(waiting, 'question')} {wait} already, and {self._most:,} may. Ask "
                    "again a little later."
                )
            futures: list[Future[_Done]] = [Future() for _ in tasks]
            self._tasks.extend(zip(tasks, futures, strict=True))
            self._changed.notify()
        return futures

    def close(self, seconds: float | None = None) -> None:
        """Cancel what waits and finish the batch at hand, for which so many seconds are waited."""
        with self._changed:
            self._closed = True
            for _, future in self._tasks:
                future.cancel()
            self._tasks.clear()
            self._changed.notify()
        self._thread.join(seconds)

    def _run(self) -> None:
        while batch := self._next():
            if not self._do(batch) and len(batch) > 1:
                for one in batch:
                    self._do([one])

    def _next(self) -> list[tuple[_Task, "Future[_Done]"]]:
        """The next batch, waited for; empty once the queue is closed."""
        with self._changed:
            while True:
                self._changed.wait_for(lambda: self._tasks or self._closed)
                if not self._tasks:
                    return []
                key = self._key(self._tasks[0][0])
                taken: list[tuple[_Task, Future[_Done]]] = []
                left: deque[tuple[_Task, Future[_Done]]] = deque()
                for task, future in self._tasks:
                    if len(taken) == self._batch or self._key(task) != key:
                        left.append((task, future))
                    elif future.set_running_or_notify_cancel():
                        taken.append((task, future))
                self._tasks = left
                if taken:
                    return taken

    def _do(self, batch: list[tuple[_Task, "Future[_Done]"]]) -> bool:
        """Whether it could be done; a batch of one that could not has its error."""
        try:
            done = self._work([task for task, _ in batch])
        except Exception as error:
            if len(batch) == 1:
                batch[0][1].set_exception(error)
            return False
        for (_, future), one in zip(batch, done, strict=True):
            future.set_result(one)
        return True
