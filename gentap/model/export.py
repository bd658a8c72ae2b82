"""One decoder as a folder for other programs: a stock checkpoint's, where there can be one."""

import json
from pathlib import Path

from gentap.errors import InputError
from gentap.model.causal import CausalModel
from gentap.model.export_causal import write_decoder
from gentap.model.loading.causal_checkpoints import cut_tokens, has_two_decoders
from gentap.model.loading.checkpoints import cut_vocabulary, load_config
from gentap.model.loading.load import load_table_model
from gentap.model.objectives import Decoder
from gentap.model.tokenizer import load_tokenizer
from gentap.settings.sections import LinearizerSettings


def check_exportable(model: str) -> None:
    """Raise InputError unless it is a model with two decoders."""
    if not has_two_decoders(load_config(model)):
        raise InputError(f"{model}: has one decoder: it is a stock model already.")


def export(model: str, decoder: Decoder, folder: Path) -> None:
    """Write a decoder, with encoder and tokenizer, as a stock model whose outputs are equal.

    Rows that only rounded up a vocabulary which grew are left out: CTranslate2 counts them.
    For decoder-only models see :func:`gentap.model.export_causal.write_decoder`. Raises InputError
    where the model has one decoder only, or can't be loaded.
    """
    check_exportable(model)
    tokenizer = load_tokenizer(model, LinearizerSettings())
    network = load_table_model(model)
    if isinstance(network, CausalModel):
        cut_tokens(network.trunk, len(tokenizer.hf))
        write_decoder(network, decoder, folder)
    else:
        stock = network.stock(decoder)
        cut_vocabulary(stock, len(tokenizer.hf))
        stock.save_pretrained(folder)
        _as_published(folder / "config.json")
    tokenizer.save(folder)


def _as_published(config: Path) -> None:
    """Let a configuration say what it says in the published checkpoints, for older programs.

    T5's ``tie_word_embeddings`` is false exactly where the outputs are not scaled and the head is
    its own: programs that know no ``scale_decoder_outputs`` go by it. BART's ``normalize_before``,
    which is false in all of them, is asked for by CTranslate2.
    """
    values = json.loads(config.read_text(encoding="utf-8"))
    if "scale_decoder_outputs" in values:
        values["tie_word_embeddings"] = values.pop("scale_decoder_outputs")
    if values["model_type"] == "bart":
        values.setdefault("normalize_before", False)
    config.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
