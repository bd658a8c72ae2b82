"""So many of the questions, where all of them would take too long."""

from collections.abc import Sequence
from typing import TypeVar

_Item = TypeVar("_Item")


def spread(items: Sequence[_Item], count: int) -> list[_Item]:
    """So many of the items, evenly spread over all; every one for a ``count`` of 0."""
    if not count or len(items) <= count:
        return list(items)
    return [items[place * len(items) // count] for place in range(count)]
