"""One training in several processes (``accelerate launch``, ``torchrun``).

The first process prepares and writes; the others wait for it and read. Outside of a launcher there
is one process, and all of this costs nothing.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

_PATIENCE = timedelta(days=2)
"""How long the others wait: the first one may have a corpus to tokenize."""


def process_count() -> int:
    return int(os.environ.get("WORLD_SIZE", "1"))


def starts_alone() -> bool:
    """Whether ``accelerate launch`` was asked for several processes and started this one alone.

    It does so on CPUs, where it starts several through MPI alone.
    """
    return (
        "ACCELERATE_USE_CPU" in os.environ
        and "MASTER_ADDR" in os.environ
        and "WORLD_SIZE" not in os.environ
    )


def is_main() -> bool:
    return os.environ.get("RANK", "0") == "0"


@contextmanager
def main_first() -> Iterator[None]:
    """The first process goes through the block alone, the others after it."""
    if process_count() == 1:
        yield
        return
    with _state().main_process_first():
        yield


def share(value: Any) -> Any:
    """What the first process gives here, for all of them: a plain JSON-like value."""
    if process_count() == 1:
        return value
    from accelerate.utils import broadcast_object_list

    _state()
    return broadcast_object_list([value])[0]


def _state() -> Any:
    from accelerate import PartialState

    from gentap.model.device import best_device

    return PartialState(cpu=best_device().type == "cpu", timeout=_PATIENCE)
