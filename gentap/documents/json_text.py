"""The text of a JSON value that stands where a text is wanted."""

import math
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

_EXACT = 1e15
"""Below this every whole number has a float of its own."""


def json_text(value: Any) -> str:
    """A text with single spaces; numbers and truth values as JSON writes them.

    Null and NaN are empty, whole floats have no fraction (2005.0 is 2005), a list's texts are
    joined by commas. Raises ValueError for what has no text, such as an object.
    """
    if value is None:
        return ""
    if isinstance(value, str):
        return " ".join(value.split())
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if math.isnan(value):
            return ""
        if value.is_integer() and abs(value) < _EXACT:
            return str(int(value))
        return repr(value)
    if isinstance(value, int | Decimal):
        return _number(value)
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    if isinstance(value, date | datetime | time):
        return value.isoformat(" ") if isinstance(value, datetime) else value.isoformat()
    if isinstance(value, list | tuple) and not any(
        isinstance(one, list | tuple | dict) for one in value
    ):
        return ", ".join(filter(None, map(json_text, value)))
    raise ValueError(f"{_kind(value)} stands where a text is wanted")


def _number(value: int | Decimal) -> str:
    try:
        return str(value)
    except ValueError:  # more digits than Python turns into text
        raise ValueError("a number has too many digits") from None


def _kind(value: Any) -> str:
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list | tuple):
        return "a list of lists or objects"
    return "binary data" if isinstance(value, bytes) else f"a {type(value).__name__}"
