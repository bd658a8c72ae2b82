"""Decoder-only checkpoints: how one is recognized, loaded and given room for new tokens."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from gentap.errors import InputError
from gentap.model.loading.model_folder import CONFIG
from gentap.model.lora import Adapters, rank_of
from gentap.model.objectives import DECODERS

TWO_DECODERS = "gentap"
"""The key of config.json under which a model of two decoders has its settings."""

ENCODER = "encoder"
"""The name of the trunk's own adapter."""

_ROUND = 8


def has_two_decoders(config: Any) -> bool:
    """Whether a configuration is that of a model which GenTaP has saved, of either architecture."""
    return config.model_type == TWO_DECODERS or hasattr(config, TWO_DECODERS)


def saved_decoders(config: Any, folder: Path) -> Sequence[str] | None:
    """The decoders of a saved model, by name; None for a stock one.

    Raises InputError where config.json says something else of them.
    """
    ours = getattr(config, TWO_DECODERS, None)
    if ours is None:
        return None
    saved = ours.get("decoders", DECODERS) if isinstance(ours, dict) else None
    if not isinstance(saved, list | tuple) or not saved or not set(saved) <= set(DECODERS):
        raise InputError(
            f"{folder / CONFIG}: '{TWO_DECODERS}' must name the decoders, {' and '.join(DECODERS)} "
            "or one of them. Restore the file as it was saved with the model."
        )
    return saved


def check_adapters(config: Any, folder: Path) -> None:
    """Raise InputError unless a saved model's adapters are whole and have the shapes of its trunk.

    Nothing of the trunk is loaded for it.
    """
    from transformers import AutoModelForCausalLM

    saved = saved_decoders(config, folder)
    if saved is None:
        return
    with torch.device("meta"):
        adapters = Adapters(AutoModelForCausalLM.from_config(config), rank_of(folder / saved[0]))
    for name in (*saved, ENCODER):
        if name in saved or (folder / name).is_dir():
            adapters.read(folder / name)


def is_causal(config: Any) -> bool:
    """Whether transformers loads a model of this configuration as a decoder-only language model."""
    from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING

    return not config.is_encoder_decoder and type(config) in MODEL_FOR_CAUSAL_LM_MAPPING


def grow_tokens(trunk: Any, names: dict[int, list[int]], vocabulary: int) -> None:
    """Grow embeddings and head to at least ``vocabulary`` rows.

    ``names`` gives for new tokens the ids of known ones that say what they mean: their rows begin
    at the mean of those. Others begin at the mean of all.
    """
    rows = trunk.get_input_embeddings().weight.shape[0]
    if vocabulary <= rows:
        return
    trunk.resize_token_embeddings(-(-vocabulary // _ROUND) * _ROUND, mean_resizing=False)
    weights = [trunk.get_input_embeddings().weight]
    head = trunk.get_output_embeddings().weight
    if head is not weights[0]:
        weights.append(head)
    with torch.no_grad():
        for weight in weights:
            weight[rows:] = weight[:rows].mean(0)
            for token, meant in names.items():
                if token >= rows:
                    weight[token] = weight[meant].mean(0)


def cut_tokens(trunk: Any, vocabulary: int) -> None:
    """Drop the rows that :func:`grow_tokens` added to round the number of tokens up."""
    if 0 < trunk.get_input_embeddings().weight.shape[0] - vocabulary < _ROUND:
        trunk.resize_token_embeddings(vocabulary, mean_resizing=False)


def trunk_fingerprint(tensors: Iterable[tuple[str, torch.Tensor]]) -> str:
    """Tells models apart: names, shapes, and a few numbers of each tensor."""
    import hashlib

    seen = hashlib.blake2b(digest_size=16)
    for name, tensor in sorted(tensors):
        few = tensor.detach().flatten()[:64].float().cpu().numpy().tobytes()
        seen.update(f"{name}{tuple(tensor.shape)}".encode() + few)
    return seen.hexdigest()


def stock_tensors(trunk: nn.Module) -> list[tuple[str, torch.Tensor]]:
    """The trunk's weights by name, each once."""
    return [(name, weight) for name, weight in trunk.named_parameters()]
