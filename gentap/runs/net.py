"""The net under every record: an exception that nobody foresaw sets that record aside.

Whatever reads, mines, asks or answers record by record does it within :func:`net`, and what works
on many records at once by :func:`apart`. In tests the net is off, so that faults are found where
they are.
"""

import os
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from gentap.errors import GentapError

INTERNAL_ERROR = "internal error"
"""The reason's name."""
SWITCH = "GENTAP_NET"
"""The environment variable that takes the net away where it is ``off``; workers inherit it."""

_PACKAGE = Path(__file__).resolve().parents[1]
_LONGEST = 300

OneOfMany = TypeVar("OneOfMany")
Outcome = TypeVar("Outcome")
SetAside = Callable[[str, str, str], object]
"""Takes where a record stands, the reason's name, and details."""


@contextmanager
def net(where: str, set_aside: SetAside) -> Iterator[None]:
    """Within it, one record is worked on, which stands at ``where``.

    Errors made for users, lack of memory, and what the machine lacks (a full disk, …) are none of
    the record's and end the run as ever.
    """
    try:
        yield
    except BaseException as error:
        if _ends_the_run(error):
            raise
        set_aside(where, INTERNAL_ERROR, describe(error))


def apart(
    work: Callable[[Sequence[OneOfMany]], Sequence[Outcome]],
    records: Sequence[OneOfMany],
    lost: Callable[[OneOfMany, str], Outcome],
) -> list[Outcome]:
    """The results of ``work`` on many records at once, one each.

    Where something goes wrong that nobody foresaw, halves of them are tried, and halves of these,
    until it is known whose fault it is; that record's result is what ``lost`` makes of it and the
    error's description. ``work`` must change nothing before all that can fail is done.
    """
    if not records:
        return []
    try:
        return list(work(records))
    except BaseException as error:
        if _ends_the_run(error):
            raise
        if len(records) == 1:
            return [lost(records[0], describe(error))]
    middle = len(records) // 2
    return [*apart(work, records[:middle], lost), *apart(work, records[middle:], lost)]


def _ends_the_run(error: BaseException) -> bool:
    if os.environ.get(SWITCH) == "off":
        return True
    if not isinstance(error, Exception):
        return type(error).__name__ != "PanicException"  # of a library in Rust
    lacking = isinstance(error, OSError) and error.errno is not None
    lacking = lacking or type(error).__name__ == "OutOfMemoryError"  # of a GPU, by torch
    return lacking or isinstance(error, GentapError | MemoryError)


def describe(error: BaseException) -> str:
    """An exception's type and message, and the last line of ours that it came by."""
    message = " ".join(str(error).split())[:_LONGEST]
    place = ""
    for frame in traceback.extract_tb(error.__traceback__):
        path = Path(frame.filename)
        if path.is_relative_to(_PACKAGE) and path != Path(__file__).resolve():
            place = f" at {path.relative_to(_PACKAGE.parent).as_posix()}:{frame.lineno}"
    return f"{type(error).__name__}{f': {message}' if message else ''}{place}"
