"""A small random stock model of each family."""

from typing import Any

import torch
from transformers import (
    BartConfig,
    BartForConditionalGeneration,
    LongT5Config,
    LongT5ForConditionalGeneration,
    MBartConfig,
    MBartForConditionalGeneration,
    MT5Config,
    MT5ForConditionalGeneration,
    PegasusConfig,
    PegasusForConditionalGeneration,
    T5Config,
    T5ForConditionalGeneration,
    T5Gemma2Config,
    T5Gemma2ForConditionalGeneration,
    T5GemmaConfig,
    T5GemmaForConditionalGeneration,
    UMT5Config,
    UMT5ForConditionalGeneration,
)

from gentap.model.loading.checkpoints import attention_of

TIED = ("t5", "umt5", "longt5", "longt5-global", "bart", "mbart", "pegasus", "t5gemma", "t5gemma2")
FAMILIES = (*TIED, "t5-v1.1", "mt5", "umt5-untied", "bart-untied", "t5gemma-untied")


def random_stock(family: str, vocabulary: int, seed: int) -> Any:
    """A small random model of a family, with every weight that starts at zero moved from it."""
    torch.manual_seed(seed)
    sizes: dict[str, Any] = {"vocab_size": vocabulary, "d_model": 16}
    model: Any
    if family.startswith("t5gemma"):
        model = random_t5gemma(family, vocabulary)
    elif family.startswith(("bart", "mbart", "pegasus")):
        sizes |= {"encoder_layers": 2, "decoder_layers": 1, "max_position_embeddings": 64}
        sizes |= {f"{part}_attention_heads": 2 for part in ("encoder", "decoder")}
        sizes |= {f"{part}_ffn_dim": 32 for part in ("encoder", "decoder")}
        if family == "bart-untied":
            sizes |= {"tie_word_embeddings": False, "scale_embedding": True}
        kind, config = {
            "bart": (BartForConditionalGeneration, BartConfig),
            "mbart": (MBartForConditionalGeneration, MBartConfig),
            "pegasus": (PegasusForConditionalGeneration, PegasusConfig),
        }[family.removesuffix("-untied")]
        model = kind(config(**sizes, init_std=0.2))
    else:
        sizes |= {"d_kv": 8, "d_ff": 32, "num_heads": 2, "num_layers": 2, "num_decoder_layers": 1}
        sizes |= {"decoder_start_token_id": 0}
        if family == "t5":
            model = T5ForConditionalGeneration(T5Config(**sizes))
        elif family.startswith("longt5"):
            sizes |= {"local_radius": 3}  # so that inputs are several blocks long
            if family == "longt5-global":
                sizes |= {"encoder_attention_type": "transient-global", "global_block_size": 2}
            model = LongT5ForConditionalGeneration(LongT5Config(**sizes))
        elif family.startswith("umt5"):
            model = UMT5ForConditionalGeneration(UMT5Config(**sizes))
            if family == "umt5-untied":
                model.lm_head.weight = torch.nn.Parameter(torch.randn(vocabulary, 16))
        else:
            sizes |= {"feed_forward_proj": "gated-gelu", "tie_word_embeddings": False}
            kind, config = (T5ForConditionalGeneration, T5Config)
            if family == "mt5":
                kind, config = (MT5ForConditionalGeneration, MT5Config)
            model = kind(config(**sizes))
            model.lm_head.weight = torch.nn.Parameter(torch.randn(vocabulary, 16))
    with torch.no_grad():
        for name, weight in [*model.named_parameters(), *model.named_buffers()]:
            if "norm" in name or "bias" in name:
                weight.add_(0.2 * torch.randn_like(weight))
    model.set_attn_implementation(attention_of(model.config))
    return model.eval()


def random_t5gemma(family: str, vocabulary: int) -> Any:
    """T5Gemma or T5Gemma 2, with layers of both kinds and a window shorter than the inputs."""
    part: dict[str, Any] = {
        "vocab_size": vocabulary,
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "num_hidden_layers": 2,
        "layer_types": ["sliding_attention", "full_attention"],
        "head_dim": 8,
        "query_pre_attn_scalar": 8,
        "sliding_window": 4,
    }
    if family == "t5gemma2":
        images = {"mm_tokens_per_image": 4, "boi_token_index": 3, "eoi_token_index": 4}
        vision = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1}
        vision |= {"num_attention_heads": 2, "image_size": 8, "patch_size": 4}
        encoder = {"text_config": dict(part), "vision_config": vision, **images}
        return T5Gemma2ForConditionalGeneration(
            T5Gemma2Config(encoder=encoder, decoder=dict(part), image_token_index=5)
        )
    tied = family == "t5gemma"
    return T5GemmaForConditionalGeneration(
        T5GemmaConfig(
            encoder=dict(part),
            decoder=dict(part),
            vocab_size=vocabulary,
            tie_word_embeddings=tied,
        )
    )


LETTERS = [*"abcdefghijklmnopqrstuvwxyzTWOC0123456789.,?<>/"]


def family_tokenizer(family: str) -> Any:
    """A tokenizer of letters with the special tokens and templates of a family's own."""
    from transformers import GemmaTokenizer, MBart50Tokenizer, MBartTokenizer, PegasusTokenizer

    pieces = [("▁", -3.0), *((letter, -4.0) for letter in LETTERS)]
    if family.startswith("t5gemma"):
        special = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", "▁", *LETTERS]
        vocabulary = {piece: place for place, piece in enumerate(special)}
        return GemmaTokenizer(vocab=vocabulary, add_bos_token=True)
    if family == "pegasus":
        special = [("<pad>", 0.0), ("</s>", 0.0), ("<mask_1>", 0.0), ("<mask_2>", 0.0)]
        unknown = [(f"<unk_{place}>", 0.0) for place in range(2, 103)]
        return PegasusTokenizer(vocab=[*special, *unknown, ("<unk>", 0.0), *pieces])
    special = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)]
    kind = {"mbart": MBartTokenizer, "mbart50": MBart50Tokenizer}[family]
    return kind(vocab=[*special, *pieces], src_lang="en_XX", tgt_lang="en_XX")
