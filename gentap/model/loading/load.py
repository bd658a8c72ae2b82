"""A model of two decoders from a folder or hub name, of either architecture."""

from typing import Any

from gentap.errors import InputError
from gentap.model.causal import CausalModel, load_causal
from gentap.model.config import MODEL_TYPE
from gentap.model.loading.causal_checkpoints import is_causal
from gentap.model.loading.checkpoints import FAMILIES, load_config, load_seq2seq
from gentap.model.network import GenTapModel, load_model
from gentap.model.tokenizer import TableTokenizer
from gentap.settings.sections import AdapterSettings


def load_writer_model(
    path: str,
    tokenizer: TableTokenizer,
    *,
    dropout: float | None = None,
    adapters: AdapterSettings | None = None,
) -> Any:
    """A model of one decoder, which is the stock one, or an adapter where it is decoder-only.

    Raises InputError where there is no model.
    """
    config, vocabulary = load_config(path), len(tokenizer.hf)
    if not is_causal(config):
        return load_seq2seq(path, vocabulary=vocabulary, dropout=dropout)
    return load_causal(
        path,
        config,
        adapters or AdapterSettings(),
        names=tokenizer.meanings(),
        vocabulary=vocabulary,
        dropout=dropout,
        decoders=("long",),
    )


def load_table_model(
    path: str,
    *,
    tokenizer: TableTokenizer | None = None,
    dropout: float | None = None,
    adapters: AdapterSettings | None = None,
) -> GenTapModel | CausalModel:
    """A saved model, or one made from a stock checkpoint, encoder-decoder or decoder-only.

    Its embeddings grow to the vocabulary of ``tokenizer``. ``dropout`` replaces the checkpoint's;
    in a decoder-only model it is that of the adapters. Raises InputError where there is no model.
    """
    config = load_config(path)
    vocabulary = 0 if tokenizer is None else len(tokenizer.hf)
    if config.model_type in (MODEL_TYPE, *FAMILIES):
        return load_model(path, vocabulary=vocabulary, dropout=dropout)
    if not is_causal(config):
        raise InputError(
            f"{path}: a model of the type '{config.model_type}', which is not supported. Give an "
            f"encoder-decoder of one of the types {', '.join(FAMILIES)}, or a decoder-only "
            "language model that transformers loads without code of its own."
        )
    names = None if tokenizer is None else tokenizer.meanings()
    settings = adapters or AdapterSettings()
    return load_causal(path, config, settings, names=names, vocabulary=vocabulary, dropout=dropout)
