"""The end of a training: the model's folder."""

from pathlib import Path
from typing import Any

from gentap.model.tokenizer import TableTokenizer
from gentap.store import REJECTED, WORK, write_text


def finish_model(model: Any, tokenizer: TableTokenizer, folder: Path) -> None:
    """Save model, tokenizer and linearizer settings.

    Examples that were set aside while they were tokenized join those listed already.
    """
    model.to("cpu").save_pretrained(folder)
    tokenizer.save(folder)
    lists = [folder / REJECTED, *sorted((folder / WORK).rglob(REJECTED))]
    listed = [path.read_text(encoding="utf-8") for path in lists if path.exists()]
    write_text(folder / REJECTED, "".join(listed))
