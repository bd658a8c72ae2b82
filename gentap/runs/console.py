"""What a command says while it works: on standard error, one process of several."""

import os
import sys


def say(text: str) -> None:
    """Print a line; of several processes (``accelerate launch``, ``torchrun``) only the first."""
    if os.environ.get("RANK", "0") == "0":
        print(text, file=sys.stderr, flush=True)
