"""Gradient checkpointing of layers that read and write a cache.

transformers drops the cache of a layer that it checkpoints, so that decoders over an encoding would
see none of it and the trunk would get no gradient, both in silence. Here a layer's keys and values
go into and out of the part that is computed anew, and so does the adapter that acts in it.
"""

from functools import partial
from typing import Any

import torch
from torch.utils.checkpoint import checkpoint
from transformers import DynamicCache
from transformers.modeling_layers import GradientCheckpointingLayer

from gentap.model.lora import Adapters


def recompute_layers(trunk: Any, adapters: Adapters) -> None:
    """Let each layer of the trunk, while it trains, keep its inputs alone for the gradient."""
    layers = [one for one in trunk.modules() if isinstance(one, GradientCheckpointingLayer)]
    for index, layer in enumerate(layers):
        layer.forward = partial(_recomputed, layer, layer.forward, index, adapters)


def _recomputed(
    layer: Any, forward: Any, index: int, adapters: Adapters, *args: Any, **kwargs: Any
) -> Any:
    if not (layer.training and torch.is_grad_enabled()):
        return forward(*args, **kwargs)
    given = [*args, *kwargs.values()]
    (cache,) = (one for one in given if isinstance(one, DynamicCache))
    held: Any = cache.layers[index] if len(cache.layers) > index else None
    before = (None, None) if held is None else (held.keys, held.values)
    name = adapters.active

    def run(keys: Any, values: Any, *inputs: Any) -> Any:
        own = DynamicCache()
        if keys is not None:
            own.update(keys, values, index)
        taken = [own if one is cache else one for one in inputs]
        named = dict(zip(kwargs, taken[len(args) :], strict=True))
        with adapters.use(name):
            out = forward(*taken[: len(args)], **named)
        grown: Any = own.layers[index]
        return out, grown.keys, grown.values

    out, keys, values = checkpoint(run, *before, *given, use_reentrant=False)
    if held is None:
        cache.update(keys, values, index)
    else:
        held.keys, held.values = keys, values
    return out
