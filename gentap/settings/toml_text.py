"""Text in TOML to plain values, and from a setting's name back to its line.

tomllib has no bounds of its own: it recurses into nested values, and Python refuses to read numbers
of more than 4,300 digits. Here both end with one message.
"""

import re
import tomllib
from collections.abc import Sequence
from typing import Any

from gentap.errors import SettingError

MAX_DEPTH = 16
"""Tables and lists within one another; settings need four."""

_MAX_BITS = 1024
"""What Python writes out in any case; settings take 64 bits and say so by name."""
_LONG_NUMBER = re.compile(r"[0-9A-Fa-f][0-9A-Fa-f_]{199}")
_OPENING = re.compile(r"[\[{]")


def parse_toml(text: str, where: str) -> dict[str, Any]:
    """The values of a TOML text; raises SettingError that begins with ``where`` and the line."""
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingError(f"{where}: not valid TOML: {error}.") from None
    except RecursionError:
        raise _too_deep(text, where) from None
    except ValueError as error:  # int() of too many digits, or a date that there is not
        if number := _line_of_long_number(text):
            raise SettingError(f"{where}, line {number}: a number of too many digits.") from None
        raise SettingError(f"{where}: not valid TOML: {error}.") from None
    deepest, longest = _extent(values)
    if deepest > MAX_DEPTH:
        raise _too_deep(text, where)
    if longest > _MAX_BITS:
        number = _line_of_long_number(text)
        raise SettingError(f"{where}, line {number}: a number of too many digits.")
    return values


def _extent(values: Any) -> tuple[int, int]:
    """How many tables and lists lie within one another, and the bits of the longest integer;
    found without recursion."""
    deepest = longest = 0
    waiting = [(values, 1)]
    while waiting:
        value, level = waiting.pop()
        if isinstance(value, dict | list):
            deepest = max(deepest, level)
            inner = value.values() if isinstance(value, dict) else value
            waiting += [(one, level + 1) for one in inner]
        elif isinstance(value, int):
            longest = max(longest, value.bit_length())
    return deepest, longest


def line_of(text: str, names: Sequence[str]) -> int:
    """The line of a recipe that sets ``a.b.c``; its section's line, or 0, where there is none."""
    section: list[str] = []
    wanted = [name for name in names if not name.isdigit()]
    best = 0
    for number, line in enumerate(text.splitlines(), start=1):
        if header := re.match(r"\s*\[+\s*([^\]]+?)\s*\]+", line):
            section = [part.strip(" \"'") for part in header[1].split(".")]
            best = number if section == wanted[: len(section)] else best
        elif assignment := re.match(r"\s*([\w.\"'-]+)\s*=", line):
            path = section + [part.strip(" \"'") for part in assignment[1].split(".")]
            if path == wanted[: len(path)]:
                return number
    return best


def _too_deep(text: str, where: str) -> SettingError:
    lines = text.splitlines() or [""]
    nested = [max(len(_OPENING.findall(line)), line.count(".")) for line in lines]
    number = nested.index(max(nested)) + 1
    return SettingError(
        f"{where}, line {number}: values nested more than {MAX_DEPTH} deep; no setting is."
    )


def _line_of_long_number(text: str) -> int:
    """Its number, or 0 where no line has one."""
    found = _LONG_NUMBER.search(text)
    return text.count("\n", 0, found.start()) + 1 if found else 0
