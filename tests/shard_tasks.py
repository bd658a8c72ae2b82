"""Tasks for worker processes, which import them by the name of this module."""

import os
import signal
from pathlib import Path

from gentap.errors import InputError
from gentap.runs.shards import Shard


def spell(number: int, shard: Shard) -> None:
    for place in range(number + 1):
        shard.write("words", {"number": number, "word": "ab" * place})
    shard.count("numbers")
    if number % 2:
        shard.reject(f"number {number}", "odd")


def spell_or_die(item: tuple[int, Path], shard: Shard) -> None:
    """Die in the middle of a shard, once, where the number has a poison file."""
    number, poison = item
    spell(number, shard)
    if poison.exists():
        poison.unlink()
        os.kill(os.getpid(), signal.SIGKILL)


def spell_unless_seven(number: int, shard: Shard) -> None:
    spell(number, shard)
    if number == 7:
        raise InputError("seven can't be spelled.")


def wait_for_ever(pipe: Path, shard: Shard) -> None:
    """Hold a pipe open and tell through it which process does."""
    with pipe.open("w") as opened:
        print("waiting", file=opened, flush=True)
        signal.pause()
