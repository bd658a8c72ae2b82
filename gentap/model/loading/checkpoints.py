"""Stock checkpoints: which families there are, how one is loaded, and room for new tokens.

transformers' Auto classes import the network once they are imported themselves (see the package's
own file), and the network this file: so it names them inside functions only.
"""

import math
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import AutoConfig

from gentap.errors import InputError, first_line
from gentap.model.config import MODEL_TYPE
from gentap.model.device import attention
from gentap.model.loading.model_folder import (
    CONFIG,
    GENERATION,
    check_texts,
    find_model,
    read_object,
    spoilt,
)
from gentap.model.loading.weights import check_sizes, check_weights, quiet

FAMILIES = {
    "t5": "dropout_rate",
    "mt5": "dropout_rate",
    "umt5": "dropout_rate",
    "longt5": "dropout_rate",
    "bart": "dropout",
    "mbart": "dropout",
    "pegasus": "dropout",
    "t5gemma": "dropout_rate",
    "t5gemma2": "dropout_rate",
}
"""The families of checkpoints, by their type in config.json, and the name of their dropout."""

_PARTED = ("t5", "mt5", "umt5")
"""Families whose published checkpoints have a head of their own where the ties are denied."""

_EMBEDDINGS = ("shared", "embed_tokens", "lm_head", "lm_head.out_proj")
"""The ends of the names of all matrices with a row for each token."""

_ROUND = 8
"""New vocabularies are a multiple of it, for the matrix products of GPUs."""

_SPREAD = 0.01
_MOST_TENSORS = 2**16
_TRIED = 32
"""Tokens that a model is tried on; enough for all that T5 computes of distances."""


def load_config(name: str) -> Any:
    """The configuration of a model, by folder or hub name; raises InputError where there is none.

    It is a known family's, or that of two decoders on a model of one.
    """
    folder = find_model(name)
    check_texts(folder)
    path = folder / CONFIG
    values = read_object(path)
    known = values.get("base") if values.get("model_type") == MODEL_TYPE else values
    family = known.get("model_type") if isinstance(known, dict) else None
    if not isinstance(family, str) or (
        family not in FAMILIES and (known is not values or family not in causal_types())
    ):
        raise InputError(
            f"{name}: a model of the type '{family}', which is not supported. Give an "
            f"encoder-decoder of one of the types {', '.join(FAMILIES)}, or a decoder-only "
            "language model that transformers loads without code of its own."
        )
    if known is not values and not isinstance(values.get("tied_heads"), bool):
        raise InputError(f"{path}: 'tied_heads' must be true or false.")
    check_sizes(values, _MOST_TENSORS, path)
    try:
        return AutoConfig.from_pretrained(folder, trust_remote_code=False)
    except Exception as error:  # whatever transformers' own checks make of edited values
        raise spoilt(path, error) from error


def causal_types() -> Collection[str]:
    """The types of all decoder-only language models that transformers knows.

    It also makes causal models of BERT and its like, and of the decoders of encoder-decoders.
    """
    from transformers.models.auto.modeling_auto import (
        MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
        MODEL_FOR_MASKED_LM_MAPPING_NAMES,
        MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES,
    )

    others = {*MODEL_FOR_MASKED_LM_MAPPING_NAMES, *MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES}
    return MODEL_FOR_CAUSAL_LM_MAPPING_NAMES.keys() - others


def check_model(name: str) -> Any:
    """The configuration of a model that can be loaded: its files are whole, its weights fit.

    Commands ask before any work. Raises InputError with what is wrong and in which file.
    """
    from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM, GenerationConfig

    from gentap import register

    config = load_config(name)
    folder = find_model(name)
    if (folder / GENERATION).exists():
        try:
            GenerationConfig.from_pretrained(folder).validate(strict=True)
        except Exception as error:  # whatever transformers' own checks make of edited values
            raise spoilt(folder / GENERATION, error) from error
    if config.model_type == MODEL_TYPE:
        register()  # our class, which transformers then finds
        kind: Any = AutoModelForSeq2SeqLM._model_mapping[type(config)]
        parted = not config.tied_heads
    elif config.model_type not in FAMILIES:
        kind, parted = AutoModelForCausalLM, not config.get_text_config().tie_word_embeddings
    else:
        kind = AutoModelForSeq2SeqLM
        # transformers ties T5's head whatever the file says; published ones are parted where false
        parted = config.model_type in _PARTED and (
            read_object(folder / CONFIG).get("tie_word_embeddings") is False
        )
    check_weights(kind, folder, config, name, parted)
    if kind is AutoModelForCausalLM:
        from gentap.model.loading.causal_checkpoints import check_adapters

        check_adapters(config, folder)
    return config


def load_seq2seq(path: str, *, vocabulary: int = 0, dropout: float | None = None) -> Any:
    """A stock model of one of the :data:`FAMILIES` from its folder or hub name.

    Its embeddings grow to ``vocabulary`` rows where they have fewer; ``dropout`` replaces its own.

    Raises InputError where there is no such model, or its weights are not all there.
    """
    from transformers import AutoModelForSeq2SeqLM

    config = check_model(path)
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
    """Give a stock configuration another dropout, in all its parts."""
    if dropout is not None:
        name = FAMILIES[config.model_type]
        for part in _parts(config):
            if hasattr(part, name):
                setattr(part, name, dropout)


def _parts(config: Any) -> Iterator[Any]:
    """A configuration and those that it holds: T5Gemma's of encoder and decoder."""
    yield config
    for name in config.sub_configs:
        yield from _parts(getattr(config, name))


def load_weights(kind: Any, name: str, config: Any) -> Any:
    """A model from the safetensors of a folder or hub name; raises InputError where it can't be."""
    folder = find_model(name)
    try:
        with quiet():
            model = kind.from_pretrained(
                folder,
                config=config,
                use_safetensors=True,
                trust_remote_code=False,
                attn_implementation=attention_of(config),
                dtype=torch.float32,
            )
    except Exception as error:  # whatever is left that the checks before did not foresee
        raise InputError(f"{name}: the model can't be loaded: {first_line(error)}") from error
    model.config._name_or_path = name
    _try(model, folder)
    return model


def _try(model: Any, folder: Path) -> None:
    """Run a model once: what its configuration says may fit the weights and still not work."""
    rows = model.config.get_text_config().vocab_size
    length = min(_TRIED, getattr(model.config, "max_position_embeddings", _TRIED))
    ids = torch.arange(length)[None] % rows
    try:
        with torch.no_grad():
            loss = float(model(input_ids=ids, labels=ids).loss)
            if not math.isfinite(loss):
                raise ValueError(f"the loss of a text is {loss}")
    except Exception as error:  # of any layer
        raise spoilt(folder / CONFIG, error) from error
    forced = model.generation_config
    for key in ("forced_bos_token_id", "forced_eos_token_id"):
        token = getattr(forced, key, None)
        if token is not None and not (type(token) is int and 0 <= token < rows):
            raise InputError(
                f"{folder / GENERATION}: {key} must be null or a token's number below {rows:,}; it "
                f"is {token!r}."
            )


def attention_of(config: Any) -> str:
    """The attention of transformers to use: the fastest that the family has (see `device`)."""
    from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM

    stock = getattr(config, "base", config)
    auto: Any = AutoModelForSeq2SeqLM if stock.model_type in FAMILIES else AutoModelForCausalLM
    return attention() if auto._model_mapping[type(stock)]._supports_sdpa else "eager"


def own_head(stock: Any) -> None:
    """Part a stock model's head from its embeddings, for good.

    transformers ties T5's head whatever the checkpoint says, and parts it only where it finds
    other values in the file.
    """
    head = stock.get_output_embeddings()
    if has_tied_head(stock):
        head.weight = nn.Parameter(head.weight.detach().clone())
    for name in ("_tied_weights_keys", "all_tied_weights_keys"):
        ties = getattr(stock, name) or {}
        kept = {to: source for to, source in ties.items() if not to.startswith("lm_head.")}
        setattr(stock, name, kept)


def has_tied_head(stock: Any) -> bool:
    """Whether a stock model's head is the embedding matrix of its encoder or decoder."""
    head = stock.get_output_embeddings().weight
    return any(part.get_input_embeddings().weight is head for part in (stock, stock.get_decoder()))


def grow_vocabulary(stock: Any, vocabulary: int) -> None:
    """Grow embeddings and head to at least ``vocabulary`` rows; never shrink them.

    T5's own checkpoints have spare rows for the marks, so that only others come to grow. New rows
    begin at the mean of the old ones, a little apart from each other.
    """
    if vocabulary > stock.config.vocab_size:
        _resize(stock, -(-vocabulary // _ROUND) * _ROUND)


def cut_vocabulary(stock: Any, vocabulary: int) -> None:
    """Drop the rows that :func:`grow_vocabulary` added to round the number of tokens up."""
    if 0 < stock.config.vocab_size - vocabulary < _ROUND:
        _resize(stock, vocabulary)


def _resize(stock: Any, vocabulary: int) -> None:
    rows = stock.config.vocab_size
    grown: dict[int, nn.Parameter] = {}
    for name, module in stock.named_modules():
        weight: Any = getattr(module, "weight", None)
        if weight is None or not name.endswith(_EMBEDDINGS):
            continue
        if id(weight) not in grown:
            grown[id(weight)] = nn.Parameter(_with_rows(weight.detach(), vocabulary))
        module.weight = grown[id(weight)]
        for size in ("num_embeddings", "out_features"):
            if hasattr(module, size):
                setattr(module, size, vocabulary)
    bias = getattr(stock, "final_logits_bias", None)
    if bias is not None:
        stock.final_logits_bias = nn.functional.pad(bias, (0, vocabulary - rows))
    for part in stock.modules():
        for holder in (part, getattr(part, "config", part)):
            if hasattr(holder, "vocab_size"):
                holder.vocab_size = vocabulary


def _with_rows(weight: torch.Tensor, rows: int) -> torch.Tensor:
    if rows <= len(weight):
        return weight[:rows].clone()
    new = torch.empty(rows - len(weight), weight.shape[1], dtype=weight.dtype)
    new.normal_(generator=torch.Generator().manual_seed(0))
    return torch.cat([weight, weight.mean(dim=0) + _SPREAD * weight.std(dim=0) * new])
