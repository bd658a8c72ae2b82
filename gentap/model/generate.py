"""Write texts with a model, in batches of like length."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from transformers import GenerationConfig

from gentap.model.device import autocast, best_device
from gentap.model.network import Decoder, GenTapModel
from gentap.model.tokenizer import TableTokenizer
from gentap.settings import Precision


def generate_texts(
    model: Any,
    tokenizer: TableTokenizer,
    inputs: Sequence[Sequence[int]],
    *,
    decoder: Decoder | None = None,
    beams: int = 1,
    max_new_tokens: int = 64,
    min_new_tokens: int = 0,
    length_penalty: float = 1.0,
    batch_size: int = 32,
    precision: Precision = "auto",
    progress: Callable[[int], None] | None = None,
) -> list[str]:
    """A text for each input, in their order.

    The end mark comes after ``min_new_tokens`` others at the earliest. ``decoder`` chooses that of
    a :class:`GenTapModel`; None for a stock model. Batches depend on the inputs alone, so that
    equal calls give equal texts.
    """
    model = model.to(best_device()).eval()
    settings = GenerationConfig(
        max_new_tokens=max_new_tokens,
        min_new_tokens=min_new_tokens or None,
        num_beams=beams,
        length_penalty=length_penalty,
        do_sample=False,
        pad_token_id=tokenizer.hf.pad_token_id,
        eos_token_id=tokenizer.hf.eos_token_id,
        decoder_start_token_id=model.config.decoder_start_token_id
        if model.config.decoder_start_token_id is not None
        else tokenizer.hf.pad_token_id,
    )
    order = sorted(range(len(inputs)), key=lambda index: (len(inputs[index]), index))
    texts = [""] * len(inputs)
    chosen = {"decoder": decoder} if isinstance(model, GenTapModel) and decoder else {}
    with torch.inference_mode(), autocast(precision):
        for start in range(0, len(order), batch_size):
            batch = order[start : start + batch_size]
            ids, mask = pad([inputs[index] for index in batch], tokenizer.hf.pad_token_id)
            written = model.generate(
                input_ids=ids.to(model.device),
                attention_mask=mask.to(model.device),
                generation_config=settings,
                **chosen,
            )
            for index, text in zip(batch, tokenizer.texts(written), strict=True):
                texts[index] = text
            if progress is not None:
                progress(len(batch))
    return texts


def pad(sequences: Sequence[Sequence[int]], filler: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Ids and attention mask of shape (batch, tokens), padded on the right to a multiple of 8."""
    width = -(-max(map(len, sequences)) // 8) * 8
    ids = torch.full((len(sequences), width), filler, dtype=torch.long)
    mask = torch.zeros((len(sequences), width), dtype=torch.long)
    for row, sequence in enumerate(sequences):
        ids[row, : len(sequence)] = torch.as_tensor(sequence, dtype=torch.long)
        mask[row, : len(sequence)] = 1
    return ids, mask
