"""Files that stages wrote, read back: somebody may have edited them since, so each is checked.

What a file holds is said by a type: a mapping, or a dataclass whose fields are looked at (further
names may stand beside them). pydantic checks it.
"""

import stat
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tokenize import TokenError
from typing import Any, BinaryIO

from gentap.errors import InputError, first_line

EDITED = "Restore the file as GenTaP wrote it, or make its folder anew."
DENIED = "See that you may read it."
_CONTENT = dict[str, Any]


def read_own(path: Path) -> bytes:
    """Raises InputError where there is no file, or one that can't be read."""
    with open_own(path) as file:
        return file.read()


@contextmanager
def open_own(path: Path) -> Iterator[BinaryIO]:
    """A file to read from; InputError where there is none, or one that can't be read."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # a pipe would be waited for without end
            raise InputError(f"{path}: not a file. {EDITED}")
        with path.open("rb") as file:
            yield file
    except FileNotFoundError:
        raise InputError(f"{path}: no such file. {EDITED}") from None
    except OSError as error:
        raise InputError(f"{path}: can't be read: {error.strerror}. {advice(error)}") from error


def advice(error: BaseException) -> str:
    """What to do about a file of ours that can't be read."""
    return DENIED if isinstance(error, PermissionError) else EDITED


def read_json(path: Path, kind: Any = _CONTENT) -> Any:
    """A JSON file of a kind; raises InputError where it is of another."""
    return parse_json(read_own(path), kind, str(path))


def read_json_lines(path: Path, kind: Any = _CONTENT) -> list[Any]:
    """A file of JSON lines, each of a kind."""
    lines = read_own(path).split(b"\n")
    return [
        parse_json(line, kind, f"{path}, line {number}")
        for number, line in enumerate(lines, start=1)
        if line
    ]


def parse_json(content: bytes, kind: Any, where: str) -> Any:
    """JSON of a kind, in which numbers are no texts and texts no numbers."""
    from pydantic import ValidationError

    try:
        return _adapter(kind).validate_json(content, strict=True)
    except ValidationError as error:
        raise InputError(f"{where}: {_problem(error)}. {EDITED}") from None


def read_toml(path: Path, kind: Any = _CONTENT) -> Any:
    """A TOML file of a kind; raises InputError where it is of another."""
    from pydantic import ValidationError

    try:
        return _adapter(kind).validate_python(tomllib.loads(read_own(path).decode()), strict=True)
    except ValidationError as error:
        raise InputError(f"{path}: {_problem(error)}. {EDITED}") from None
    except (ValueError, RecursionError) as error:
        reason = "nested too deep" if isinstance(error, RecursionError) else str(error)
        raise InputError(f"{path}: not a readable TOML file: {reason}. {EDITED}") from None


def map_array(path: Path, kind: Any) -> Any:
    """The entries of a ``.npy`` file of one dimension, mapped from the disk.

    Raises InputError where they are of another kind than a numpy ``kind``.
    """
    import numpy as np

    with open_own(path):
        try:
            array = np.lib.format.open_memmap(path, mode="r")
        except (ValueError, EOFError, SyntaxError, TokenError) as error:
            raise InputError(f"{path}: no list of numbers: {first_line(error)} {EDITED}") from None
    if array.dtype != kind or array.ndim != 1:
        raise InputError(f"{path}: holds other numbers than a stage writes there. {EDITED}")
    return array


@cache
def _adapter(kind: Any) -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


def _problem(error: Any) -> str:
    """The first problem that pydantic names, with its place."""
    found = error.errors(include_url=False, include_context=False, include_input=False)[0]
    if found["type"] == "json_invalid":
        return f"not a readable JSON file: {found['msg'].partition(': ')[2]}"
    place = ".".join(map(str, found["loc"]))
    told = str(found["msg"])
    return f"{place}: {told}" if place else told
