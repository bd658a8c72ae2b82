"""A stage's folder is opened: skipped where its very work is done, resumed where interrupted."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gentap.runs.console import say
from gentap.runs.runner import clock
from gentap.runs.store import StageFolder, fingerprint, open_stage


@contextmanager
def stage_folder(
    path: Path,
    stage: str,
    settings: Mapping[str, Any],
    inputs: Sequence[Path],
    overwrite: bool,
) -> Iterator[StageFolder | None]:
    """Open a stage's folder; says that it is done, or how long it took."""
    started = time.monotonic()
    with open_stage(path, stage, settings, inputs, overwrite=overwrite) as folder:
        if folder is None:
            say(f"{stage}: done already, nothing to do ({path})")
        elif folder.resumed:
            say(f"{stage}: going on with unfinished work in {path}")
        elif folder.replaces:
            say(f"{stage}: settings or inputs have changed, done anew in {path}")
        yield folder
        if folder is not None:
            say(f"{stage}: done in {clock(time.monotonic() - started)} → {path}")


@contextmanager
def training_folder(
    path: Path,
    stage: str,
    settings: Mapping[str, Any],
    inputs: Sequence[Path],
    overwrite: bool,
) -> Iterator[StageFolder | None]:
    """As :func:`stage_folder`, for a stage that several processes may share.

    The first process opens the folder; the others get it when that is done, and finish nothing.
    """
    from gentap.training.loop.processes import is_main, share

    if is_main():
        with stage_folder(path, stage, settings, inputs, overwrite) as folder:
            share(folder is not None)
            yield folder
    elif share(None):
        yield _Joined(path, stage, fingerprint(stage, settings, inputs), settings, True)
    else:
        yield None


class _Joined(StageFolder):
    """A folder that another process has opened and will finish."""

    def finish(self, stats: Mapping[str, Any]) -> None:
        pass
