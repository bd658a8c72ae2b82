"""Small random models and the vocabulary that they read, for tests of all rooms."""

from typing import Any

import torch
from transformers import T5Config, T5ForConditionalGeneration

from gentap.model.device import attention
from gentap.model.network import GenTapModel

WORDS = [
    *["river", "bridge", "harbour", "village", "mountain", "castle", "keeper", "painter"],
    *["sailor", "teacher", "opened", "crossed", "repaired", "painted", "counted", "visited"],
    *["early", "late", "small", "tall", "northern", "wooden"],
]
TEXTS = [
    f"The {WORDS[i % 22]} of the {WORDS[(7 * i + 3) % 22]} was {WORDS[(5 * i + 1) % 22]} in "
    f"{1850 + i} by a {WORDS[(3 * i + 2) % 22]}, or so we read on page {i}."
    for i in range(150)
]


def toy_t5(vocabulary: int, seed: int = 0, **changes: Any) -> Any:
    """A random T5 of one layer; ``changes`` are settings of T5Config."""
    torch.manual_seed(seed)
    sizes = {"d_model": 16, "d_kv": 8, "d_ff": 32, "num_heads": 2, "num_layers": 1}
    ends = {"decoder_start_token_id": 0, "pad_token_id": 0, "eos_token_id": 1}
    config = T5Config(
        **{**sizes, **ends, "attn_implementation": attention(), **changes, "vocab_size": vocabulary}
    )
    return T5ForConditionalGeneration(config)


def toy_model(vocabulary: int, seed: int = 0, **changes: Any) -> GenTapModel:
    """A random model whose two decoders differ."""
    model = GenTapModel.from_stock(toy_t5(vocabulary, seed, **changes))
    with torch.no_grad():
        for weight in model.cell.decoder.block.parameters():
            weight.add_(torch.randn_like(weight))
    return model
