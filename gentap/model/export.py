"""One decoder as a stock checkpoint's folder, for whatever loads its family."""

import json
import shutil
from pathlib import Path

from gentap.errors import FolderError, InputError
from gentap.model.checkpoints import load_config
from gentap.model.config import MODEL_TYPE
from gentap.model.network import Decoder, load_model
from gentap.model.tokenizer import load_tokenizer
from gentap.settings.sections import LinearizerSettings

PARTIAL = ".partial"


def export(model: str, decoder: Decoder, folder: Path) -> None:
    """Write a decoder, with encoder and tokenizer, as a stock model whose outputs are equal.

    The folder must not exist; it is written aside and renamed.
    """
    if folder.exists():
        raise FolderError(f"{folder}: exists already. Give a new folder.")
    if load_config(model).model_type != MODEL_TYPE:
        raise InputError(f"{model}: has one decoder: it is a stock model already.")
    tokenizer = load_tokenizer(model, LinearizerSettings())
    stock = load_model(model).stock(decoder)
    aside = folder.with_name(folder.name + PARTIAL)
    shutil.rmtree(aside, ignore_errors=True)
    stock.save_pretrained(aside)
    tokenizer.save(aside)
    _as_published(aside / "config.json")
    aside.rename(folder)


def _as_published(config: Path) -> None:
    """Let T5's ``tie_word_embeddings`` say what it says in the published checkpoints.

    There it is false exactly where the outputs are not scaled and the head is its own. Loaders that
    know no ``scale_decoder_outputs`` go by it.
    """
    values = json.loads(config.read_text(encoding="utf-8"))
    if "scale_decoder_outputs" in values:
        values["tie_word_embeddings"] = values.pop("scale_decoder_outputs")
        config.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
