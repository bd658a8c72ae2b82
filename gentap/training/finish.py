"""The end of a training: the model's folder, without what only the training needed."""

import shutil
from pathlib import Path
from typing import Any

from gentap.model.tokenizer import TableTokenizer
from gentap.store import REJECTED, write_text
from gentap.training.trainer import CHECKPOINTS


def finish_model(model: Any, tokenizer: TableTokenizer, folder: Path) -> None:
    """Save model, tokenizer and linearizer settings; remove checkpoints and token files.

    Examples that were set aside while they were tokenized join those listed already.
    """
    model.to("cpu").save_pretrained(folder)
    tokenizer.save(folder)
    lists = [folder / REJECTED, *sorted((folder / "tokens").rglob(REJECTED))]
    listed = [path.read_text(encoding="utf-8") for path in lists if path.exists()]
    write_text(folder / REJECTED, "".join(listed))
    for leftover in (CHECKPOINTS, "tokens", "vocabulary"):
        shutil.rmtree(folder / leftover, ignore_errors=True)
