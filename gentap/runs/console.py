"""What commands print: results on standard output, the rest on standard error.

Nothing else prints. Texts of files, pages and servers can't steer the terminal from here, letters
that it lacks are written as escapes, and whoever stops listening (``| head -1``) stops nothing.
"""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, TextIO

_UNFIT = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters but for tab and line feed
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # they turn the direction of what follows
    "\u2028\u2029\ud800-\udfff\ufeff]"
)
_WIDTH = 78
Style = Literal["", "bold", "dim", "green", "red"]
_STYLES: dict[Style, int] = {"bold": 1, "dim": 2, "red": 31, "green": 32}


def plain(text: str) -> str:
    """Without characters that a terminal would obey; in their places stand question marks."""
    return _UNFIT.sub("\N{REPLACEMENT CHARACTER}", text)


def printable_line(text: str) -> str:
    """The same in one line."""
    return plain(" ".join(text.splitlines()))


def show(text: str = "", style: Style = "") -> None:
    """Print a line of a command's result, on a terminal in a style."""
    shown = plain(text)
    if style and sys.stdout.isatty() and "NO_COLOR" not in os.environ:
        shown = f"\x1b[{_STYLES[style]}m{shown}\x1b[0m"
    _write(sys.stdout, f"{shown}\n")


def say(text: str) -> None:
    """Tell how the work goes; of several processes (``torchrun``, …) only the first does."""
    if os.environ.get("RANK", "0") == "0":
        warn(text)


def warn(text: str) -> None:
    """Tell an error, whichever process meets it."""
    _write(sys.stderr, f"{plain(text)}\n")


def is_interactive() -> bool:
    """Whether somebody sits there who could be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def ask(question: str) -> str | None:
    """A line that the user types; None at the end of input."""
    _write(sys.stderr, f"{plain(question)} ")
    line = sys.stdin.readline()
    return line.strip() if line else None


def confirm(question: str) -> bool:
    """Whether the user says yes; anything else is a no."""
    return (ask(f"{question} [y/N]") or "").casefold() in ("y", "yes")


def say_progress(text: str, *, last: bool) -> None:
    """A line that the next one takes the place of on a terminal, and stands alone elsewhere."""
    if sys.stderr.isatty():
        _write(sys.stderr, f"\r{plain(text):<{_WIDTH}}" + "\n" * last)
    else:
        _write(sys.stderr, f"{plain(text)}\n")


@contextmanager
def waiting_for(what: str) -> Iterator[None]:
    """Tell on a terminal what is waited for, until it is there."""
    if not sys.stderr.isatty():
        yield
        return
    _write(sys.stderr, f"\r{plain(what):<{_WIDTH}}")
    try:
        yield
    finally:
        _write(sys.stderr, f"\r{'':<{_WIDTH}}\r")


def _write(stream: TextIO, text: str) -> None:
    encoding = stream.encoding or "utf-8"
    try:
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        stream.flush()
    except BrokenPipeError:
        deafen(stream)


def deafen(stream: TextIO) -> None:
    """Let all that is written from now on go nowhere, what waits to be flushed too."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
