"""The end of a training: the model's folder, without what only the training needed."""

import shutil
from pathlib import Path
from typing import Any

from gentap.model.tokenizer import TableTokenizer
from gentap.training.trainer import CHECKPOINTS


def finish_model(model: Any, tokenizer: TableTokenizer, folder: Path) -> None:
    """Save model, tokenizer and linearizer settings; remove checkpoints and token files."""
    model.to("cpu").save_pretrained(folder)
    tokenizer.save(folder)
    for leftover in (CHECKPOINTS, "tokens", "vocabulary"):
        shutil.rmtree(folder / leftover, ignore_errors=True)
