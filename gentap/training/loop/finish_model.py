"""The end of a training: the model's folder."""

import shutil
from pathlib import Path
from typing import Any

from gentap.model.tokenizer import TableTokenizer
from gentap.runs.store import REJECTED, WORK
from gentap.training.loop.processes import is_main
from gentap.training.loop.trainer import Trained


def finish_model(model: Any, trained: Trained, tokenizer: TableTokenizer, folder: Path) -> None:
    """Save model, tokenizer and linearizer settings; the first process does it for all.

    Examples that were set aside while they were tokenized join those listed already.
    """
    if not is_main():
        return
    if trained.weights is None:
        model.to("cpu")
    for config in (model.config, getattr(model.config, "base", model.config)):
        config.use_cache = True  # the trainer turns it off; a saved False slows `generate` down
    model.save_pretrained(folder, state_dict=trained.weights)
    tokenizer.save(folder)
    _join_lists(folder)


def _join_lists(folder: Path) -> None:
    """What was set aside before tokens were made, then what was while they were, in one list.

    The first is kept apart, so that a run that is broken off and goes on adds the same to it.
    """
    before, aside = folder / WORK / REJECTED, folder / f"{REJECTED}.tmp"
    before.parent.mkdir(exist_ok=True)
    if not before.exists():
        if (folder / REJECTED).exists():
            (folder / REJECTED).replace(before)
        else:
            before.touch()
    lists = [before, *sorted((folder / WORK).rglob(f"*/{REJECTED}"))]
    with aside.open("wb") as joined:
        for path in lists:
            if path.exists():
                with path.open("rb") as part:
                    shutil.copyfileobj(part, joined)
    aside.replace(folder / REJECTED)
