"""Small random decoder-only models of five families."""

from pathlib import Path
from typing import Any

import torch
from toys import TEXTS
from transformers import AutoConfig, AutoModelForCausalLM

from gentap.model.device import attention
from gentap.model.tokenizer import TableTokenizer, with_special_tokens
from gentap.settings.sections import LinearizerSettings
from gentap.tables.linearize import SPECIAL_TOKENS

_COMMON = {
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": 256,
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


def byte_tokenizer(settings: LinearizerSettings) -> TableTokenizer:
    """A byte-level tokenizer as decoder-only models have it, with an end token and no padding."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=320,
        special_tokens=["<end>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    inner.train_from_iterator(TEXTS, trainer)
    hf = PreTrainedTokenizerFast(tokenizer_object=inner, eos_token="<end>")
    return with_special_tokens(hf, settings, causal=True)


def save_causal_toy(folder: Path, family: str = "llama", **changes: Any) -> Path:
    """The folder of a random stock model with its tokenizer, as one would be fetched."""
    settings = LinearizerSettings(max_tokens=64, max_question_tokens=16, max_cell_chars=40)
    tokenizer = byte_tokenizer(settings)
    end = tokenizer.hf.eos_token_id
    known = {"end": end, "pad_token_id": end, **changes}
    causal_toy(family, len(tokenizer.hf) - len(SPECIAL_TOKENS), **known).save_pretrained(folder)
    tokenizer.hf.save_pretrained(folder)
    return folder
