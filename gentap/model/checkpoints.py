"""Stock checkpoints: which families there are, how one is loaded, and room for new tokens.

transformers' Auto classes import the network once they are imported themselves (see the package's
own file), and the network this file: so it names them inside functions only.
"""

from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import AutoConfig

from gentap.errors import InputError, first_line
from gentap.model.device import attention
from gentap.model.tokenizer import check_model_folder

FAMILIES = {"t5": "dropout_rate", "mt5": "dropout_rate", "bart": "dropout"}
"""The families of checkpoints, by their type in config.json, and the name of their dropout."""

_ROUND = 8
"""New vocabularies are a multiple of it, for the matrix products of GPUs."""

_SPREAD = 0.01


def load_config(path: str) -> Any:
    """The configuration of a checkpoint; raises InputError where there is none."""
    check_model_folder(path)
    try:
        return AutoConfig.from_pretrained(path, trust_remote_code=False)
    except (OSError, ValueError, KeyError) as error:
        raise InputError(
            f"{path}: no model could be loaded: {first_line(error)} Give a checkpoint's folder, "
            "or a name on the hub that can be reached."
        ) from error


def load_seq2seq(path: str, *, vocabulary: int = 0, dropout: float | None = None) -> Any:
    """A stock T5, mT5 or BART from its folder or hub name.

    Its embeddings grow to ``vocabulary`` rows where they have fewer; ``dropout`` replaces its own.
    """
    from transformers import AutoModelForSeq2SeqLM

    config = load_config(path)
    if config.model_type not in FAMILIES:
        raise InputError(
            f"{path}: a model of the type '{config.model_type}'; a stock checkpoint of one of "
            f"these types is needed here: {', '.join(FAMILIES)}."
        )
    set_dropout(config, dropout)
    model = load_weights(AutoModelForSeq2SeqLM, path, config)
    grow_vocabulary(model, vocabulary)
    return model


def set_dropout(config: Any, dropout: float | None) -> None:
    """Give a stock configuration another dropout."""
    if dropout is not None:
        setattr(config, FAMILIES[config.model_type], dropout)


def load_weights(kind: Any, path: str, config: Any) -> Any:
    """A model from the safetensors of a folder or hub name; raises InputError where it can't be."""
    from safetensors import SafetensorError

    if Path(path).is_dir() and not any(Path(path).glob("*.safetensors")):
        raise InputError(
            f"{path}: holds no model.safetensors. Convert the checkpoint's weights first."
        )
    try:
        return kind.from_pretrained(
            path,
            config=config,
            use_safetensors=True,
            trust_remote_code=False,
            attn_implementation=attention(),
            dtype=torch.float32,
        )
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        raise InputError(
            f"{path}: the model's weights can't be loaded: {first_line(error)}"
        ) from error


def own_head(stock: Any) -> None:
    """Part a stock model's head from its embeddings, for good.

    transformers ties T5's head whatever the checkpoint says, and parts it only where it finds
    other values in the file.
    """
    head = stock.get_output_embeddings()
    if head.weight is stock.get_input_embeddings().weight:
        head.weight = nn.Parameter(head.weight.detach().clone())
    for name in ("_tied_weights_keys", "all_tied_weights_keys"):
        ties = getattr(stock, name) or {}
        setattr(stock, name, {to: source for to, source in ties.items() if to != "lm_head.weight"})


def grow_vocabulary(stock: Any, vocabulary: int) -> None:
    """Grow embeddings and head to at least ``vocabulary`` rows; never shrink them.

    T5's own checkpoints have spare rows for the marks, so that only others come to grow. New rows
    begin at the mean of the old ones, a little apart from each other.
    """
    rows = stock.config.vocab_size
    if vocabulary <= rows:
        return
    vocabulary = -(-vocabulary // _ROUND) * _ROUND
    grown: dict[int, nn.Parameter] = {}
    for name, module in stock.named_modules():
        if not name.endswith(("shared", "embed_tokens", "lm_head")):
            continue
        weight: Any = module.weight
        if id(weight) not in grown:
            grown[id(weight)] = nn.Parameter(_with_rows(weight.detach(), vocabulary))
        module.weight = grown[id(weight)]
        for size in ("num_embeddings", "out_features"):
            if hasattr(module, size):
                setattr(module, size, vocabulary)
    bias = getattr(stock, "final_logits_bias", None)
    if bias is not None:
        stock.final_logits_bias = nn.functional.pad(bias, (0, vocabulary - rows))
    stock.config.vocab_size = vocabulary
    for part in stock.modules():
        if hasattr(part, "config"):
            part.config.vocab_size = vocabulary


def _with_rows(weight: torch.Tensor, rows: int) -> torch.Tensor:
    new = torch.empty(rows - len(weight), weight.shape[1], dtype=weight.dtype)
    new.normal_(generator=torch.Generator().manual_seed(0))
    return torch.cat([weight, weight.mean(dim=0) + _SPREAD * weight.std(dim=0) * new])
