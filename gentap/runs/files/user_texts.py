"""Texts that people write by hand: recipes, grammars, prompts."""

import stat
from pathlib import Path

from gentap.errors import InputError
from gentap.runs.files.missing_paths import no_such

MAX_BYTES = 2**24


def read_user_text(path: Path, what: str) -> str:
    """A UTF-8 text file; ``what`` it is stands in messages.

    Raises InputError where there is none, or what can't be read as one: a pipe would be waited for
    and a device read without end.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise InputError(f"{path}: not a file. Give the file of a {what}.")
        if status.st_size > MAX_BYTES:
            raise InputError(f"{path}: over {MAX_BYTES:,} bytes, which no {what} has.")
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError(no_such(path, what)) from None
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: not a readable UTF-8 text file: {error}.") from error
