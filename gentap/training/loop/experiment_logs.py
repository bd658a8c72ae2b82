"""TensorBoard's and trackio's files of a training: in its own output folder."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_VARIABLES = ("TENSORBOARD_LOGGING_DIR", "TRACKIO_DIR")


@contextmanager
def logs_in(folder: Path) -> Iterator[None]:
    """A Trainer that is made and run here logs below ``folder``.

    A variable that the user has set goes before. trackio reads its own as it is imported, and is
    imported anew, so that each training of a process has its logs in its own folder.
    """
    ours = [name for name in _VARIABLES if name not in os.environ]
    if "TRACKIO_DIR" in ours:
        for name in [name for name in sys.modules if name.partition(".")[0] == "trackio"]:
            del sys.modules[name]
    os.environ.update(dict.fromkeys(ours, str(folder.resolve())))
    try:
        yield
    finally:
        for name in ours:
            del os.environ[name]
