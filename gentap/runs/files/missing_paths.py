"""What is said of a path that is not there, and which one beside it looks like it."""

import glob
import os
from difflib import SequenceMatcher, get_close_matches
from pathlib import Path


def no_such(path: Path | str, what: str = "file") -> str:
    """That there is no such file, folder or the like, with what may have been meant."""
    return f"{path}: no such {what}.{alike_name(Path(path))}"


def alike_name(path: Path) -> str:
    """What a path or glob that is not there may have been, as a sentence to go on with, or nothing.

    The first part of it that is missing is compared with what stands in its place: names up to the
    first point decide what is alike, whole names what is most alike.
    """
    above, rest = Path(), path.parts
    while rest and os.path.lexists(above / rest[0]):
        above, rest = above / rest[0], rest[1:]
    if not rest:
        return ""
    try:
        names = sorted(entry.name for entry in above.iterdir())
    except OSError:  # no folder, or none that may be read
        return ""
    begin = _begin(rest[0])
    near = [name for name in names if get_close_matches(begin, [_begin(name)], cutoff=0.6)]
    near.sort(key=lambda name: -SequenceMatcher(a=rest[0], b=name).ratio())
    for name in near:
        meant = above.joinpath(name, *rest[1:])
        pattern = Path(glob.escape(str(above / name)), *rest[1:])
        if os.path.lexists(meant) or glob.glob(str(pattern), recursive=True):  # noqa: PTH207
            return f" Did you mean '{meant}'?"
    return ""


def _begin(name: str) -> str:
    return name.casefold().lstrip(".").partition(".")[0]
