"""What ends a training part of the way, told so that it can be mended."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import torch
from safetensors import SafetensorError

from gentap.errors import WorkerError
from gentap.runs.counting import counted
from gentap.runs.files.output_files import is_disk_full
from gentap.training.loop.checkpoint import checkpoints

_MEMORY = ("can't allocate memory", "out of memory", "cannot allocate memory")


@contextmanager
def explained_failures(
    label: str, folder: Path, batch: Mapping[str, torch.Tensor]
) -> Iterator[None]:
    """Turn what the machine lacks into a WorkerError; ``batch`` is the one being trained on.

    Raises WorkerError where memory or disk run out.
    """
    try:
        yield
    except MemoryError as error:
        raise _out_of_memory(label, folder, batch) from error
    except (OSError, SafetensorError) as error:
        if is_disk_full(error):
            raise WorkerError(
                f"{label}: the disk is full, and a checkpoint could not be written in {folder}. "
                f"{last_good(folder)} Free some space and run the same command again: it goes on "
                f"from there. {label}.keep_checkpoints = 1 and a larger {label}.save_every take "
                "less."
            ) from error
        raise
    except RuntimeError as error:
        if isinstance(error, torch.OutOfMemoryError) or _says(error, _MEMORY):
            raise _out_of_memory(label, folder, batch) from error
        if is_disk_full(error):
            raise WorkerError(
                f"{label}: the disk of {folder} is full. {last_good(folder)}"
            ) from error
        raise


def _out_of_memory(label: str, folder: Path, batch: Mapping[str, torch.Tensor]) -> WorkerError:
    shape = batch["input_ids"].shape if "input_ids" in batch else None
    what = (
        f" on a batch of {counted(shape[0], 'input')} of {counted(shape[1], 'token')}"
        if shape
        else ""
    )
    return WorkerError(
        f"{label}: memory ran out{what}. Halve {label}.batch_tokens and double {label}.accumulate, "
        f"which makes the same steps in half the memory; {label}.arguments.gradient_checkpointing "
        f"= true takes less still. {last_good(folder)}"
    )


def last_good(folder: Path) -> str:
    """A sentence about the newest checkpoint of a training."""
    kept = checkpoints(folder)
    return f"The last good checkpoint is {kept[-1]}." if kept else "There is no checkpoint yet."


def _says(error: Exception, phrases: tuple[str, ...]) -> bool:
    text = str(error).casefold()
    return any(phrase in text for phrase in phrases)
