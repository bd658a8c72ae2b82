"""Paths by the shortest ends that tell them apart."""

from collections.abc import Sequence
from pathlib import Path


def short_names(paths: Sequence[str]) -> list[str]:
    """Each path's last part, with as many of its parents as tell it from the others' ends.

    ``["runs/one/model", "runs/two/model", "t5-base"]`` are ``["one/model", "two/model",
    "t5-base"]``. What nothing tells apart stays as it is given.
    """
    parts = [_parts(path) for path in paths]
    return [_short(place, parts) or paths[place] for place in range(len(paths))]


def _parts(path: str) -> tuple[str, ...]:
    whole = Path(path).resolve() if Path(path).exists() else Path(path)
    return whole.parts


def _short(place: int, parts: Sequence[tuple[str, ...]]) -> str:
    own = parts[place]
    for depth in range(1, len(own) + 1):
        if all(own[-depth:] != one[-depth:] for other, one in enumerate(parts) if other != place):
            return Path(*own[-depth:]).as_posix()
    return ""
