"""The command `gentap`, from its very first moment: an interrupt is told, never traced back."""

import os
import signal
from types import FrameType

from gentap.errors import INTERRUPTED


def _leave(number: int, frame: FrameType | None) -> None:
    """Nothing has been begun yet, so there is nothing to keep."""
    os.write(2, b"\ngentap: interrupted before any work.\n")
    os._exit(INTERRUPTED)


def start() -> None:
    """Entry point of the command `gentap`."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # else it is to be ignored
        signal.signal(signal.SIGINT, _leave)
    from gentap.cli import main  # takes most of a second

    try:
        main()
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # all is said and kept


if __name__ == "__main__":
    start()
