"""The end of a training: the model's folder."""

from pathlib import Path
from typing import Any

from gentap.model.tokenizer import TableTokenizer
from gentap.runs.output_files import write_text
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
    lists = [folder / REJECTED, *sorted((folder / WORK).rglob(REJECTED))]
    listed = [path.read_text(encoding="utf-8") for path in lists if path.exists()]
    write_text(folder / REJECTED, "".join(listed))
