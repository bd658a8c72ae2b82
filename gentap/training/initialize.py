"""A T5 with new weights, which begin where copying is soon learnt."""

from typing import Any

from gentap.model.device import attention
from gentap.model.tokenizer import TableTokenizer
from gentap.settings.training_sections import BaseSettings, Size

SIZES: dict[Size, dict[str, int]] = {
    "tiny": {"d_model": 128, "d_ff": 512, "d_kv": 32, "num_heads": 4, "num_layers": 2},
    "mini": {"d_model": 256, "d_ff": 1024, "d_kv": 64, "num_heads": 4, "num_layers": 4},
    "small": {"d_model": 512, "d_ff": 2048, "d_kv": 64, "num_heads": 8, "num_layers": 6},
    "base": {"d_model": 768, "d_ff": 3072, "d_kv": 64, "num_heads": 12, "num_layers": 12},
}
"""Layers are counted for the encoder and for the decoder; ``small`` and ``base`` are T5's own."""

_NEAR = 4.0
"""Bias of a head towards its neighbour: e^4 times the weight of any other token."""
_BEFORE, _AFTER = 1, 17
"""T5's buckets of the distances -1 and +1, of the 32 that an encoder has (a decoder's -1 is 1)."""


def new_model(settings: BaseSettings, tokenizer: TableTokenizer, seed: int) -> Any:
    """A stock T5 with a row for each piece of the vocabulary, drawn by ``seed``."""
    from transformers import T5Config, T5ForConditionalGeneration, set_seed

    set_seed(seed)
    values: dict[str, Any] = {
        **SIZES[settings.size],
        "vocab_size": -(-len(tokenizer.hf) // 64) * 64,
        "dropout_rate": settings.dropout,
        "decoder_start_token_id": tokenizer.hf.pad_token_id,
        "pad_token_id": tokenizer.hf.pad_token_id,
        "eos_token_id": tokenizer.hf.eos_token_id,
        "attn_implementation": attention(),
    }
    model = T5ForConditionalGeneration(T5Config(**values))
    begin_with_copying(model)
    return model


def begin_with_copying(model: Any) -> None:
    """Set a T5's first weights so that attention finds like tokens and passes on what it finds.

    To copy, the decoder must find in the input the token that it has just written, and write the
    one after it. From T5's own first weights a small model may spend its whole training before that
    begins: a head knows of distances by its bias alone, which has to grow by several units first.
    So the first head of each stack begins with a bias to the token before, and the encoder's second
    head to the token after; where the decoder reads the input, queries begin equal to keys up to
    T5's scale, so that like states attend to each other; and values are written back as they were
    read (output matrix the transpose of an orthogonal value matrix). All of them are trained on.
    After Trockman and Kolter 2023 (mimetic initialization), which has the latter two for
    self-attention, and Press et al. 2022 (heads that begin near).
    """
    import torch

    def copies(attention: Any) -> None:
        torch.nn.init.orthogonal_(attention.v.weight)
        attention.o.weight.copy_(attention.v.weight.T)

    with torch.no_grad():
        for stack, heads in ((model.encoder, (_BEFORE, _AFTER)), (model.decoder, (_BEFORE,))):
            bias = stack.block[0].layer[0].SelfAttention.relative_attention_bias.weight
            for head, bucket in enumerate(heads):
                bias[bucket, head] += _NEAR
        for block in model.encoder.block:
            copies(block.layer[0].SelfAttention)
        for block in model.decoder.block:
            reading = block.layer[1].EncDecAttention
            reading.q.weight.copy_(reading.k.weight * reading.key_value_proj_dim**-0.5)
            copies(reading)
