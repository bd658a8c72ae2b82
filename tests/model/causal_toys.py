"""Small random decoder-only models of five families."""

from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM

from gentap.model.device import attention

_COMMON = {
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": 128,
}
CAUSAL: dict[str, dict[str, Any]] = {
    "llama": {"model_type": "llama", "tie_word_embeddings": True, **_COMMON},
    "qwen2": {"model_type": "qwen2", "tie_word_embeddings": False, **_COMMON},
    "qwen3": {"model_type": "qwen3", "tie_word_embeddings": True, **_COMMON},
    "gemma3": {
        "model_type": "gemma3_text",
        "sliding_window": 8,
        "layer_types": ["sliding_attention", "full_attention"],
        **_COMMON,
    },
    "gpt2": {"model_type": "gpt2", "n_embd": 16, "n_layer": 2, "n_head": 2, "n_positions": 128},
}


def causal_toy(family: str, vocabulary: int = 60, end: int = 1, **changes: Any) -> Any:
    """A random stock model of a family; its end token is ``end``, its padding 0."""
    torch.manual_seed(0)
    ends = {"bos_token_id": None, "eos_token_id": end, "pad_token_id": 0}
    kinds = {**CAUSAL[family], **ends, "vocab_size": vocabulary, **changes}
    config = AutoConfig.for_model(**kinds)
    model = AutoModelForCausalLM.from_config(config, attn_implementation=attention())
    for name, weight in model.named_parameters():
        if weight.ndim > 1 and "wpe" not in name:
            torch.nn.init.normal_(weight, std=0.3)
    return model.eval()
