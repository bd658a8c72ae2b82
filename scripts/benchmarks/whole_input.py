"""The plain side of what decoder-only models are measured against: `generate` from whole inputs."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import Any

import torch
from transformers import GenerationConfig

from gentap.model.causal import CausalModel
from gentap.model.generate import pad
from gentap.model.loading.causal_checkpoints import ENCODER
from gentap.model.objectives import Decoder


@torch.inference_mode()
def generate_whole(
    model: CausalModel,
    decoder: Decoder,
    inputs: Sequence[Sequence[int]],
    end: int,
    *,
    beams: int,
    max_new_tokens: int,
    several: int = 1,
) -> list[list[int]]:
    """A batch's texts, `several` for each input in turn, up to their end token.

    Inputs are padded on the left. All that is stock is kept: each beam has its own copy of the
    input, which is read for each call and beam.
    """
    ids, mask = pad(inputs, end)
    ids, mask = ids.flip(1), mask.flip(1)
    for row, of_input in enumerate(inputs):
        ids[row, ids.shape[1] - len(of_input) :] = torch.as_tensor(of_input)
    settings = GenerationConfig(
        num_beams=beams,
        num_return_sequences=several,
        max_new_tokens=max_new_tokens,
        do_sample=False,
        use_cache=True,
        pad_token_id=end,
        eos_token_id=end,
    )
    with reading_whole(model, decoder):
        written = model.trunk.generate(ids, attention_mask=mask, generation_config=settings)
    rows = written[:, ids.shape[1] :].tolist()
    return [row[: row.index(end)] if end in row else row for row in rows]


@contextmanager
def reading_whole(model: CausalModel, decoder: Decoder) -> Iterator[None]:
    """Let the trunk's own `generate` write with a decoder.

    The input is read as the model was trained to: its last token and what follows with the
    decoder's adapter, what stands before it without.
    """
    trunk: Any = model.trunk
    stock = trunk.forward
    before = ENCODER if ENCODER in model.adapters.named else ""

    @wraps(stock)  # `generate` looks at what it takes
    def forward(**given: Any) -> Any:
        if given["input_ids"].shape[1] > 1:
            first = {name: given[name][:, :-1] for name in _BY_TOKEN}
            with model.adapters.use(before):
                trunk.base_model(**first, past_key_values=given["past_key_values"], use_cache=True)
            given |= {name: given[name][:, -1:] for name in ("input_ids", "position_ids")}
        with model.adapters.use(decoder):
            return stock(**given)

    trunk.forward = forward
    try:
        yield
    finally:
        del trunk.forward


_BY_TOKEN = ("input_ids", "attention_mask", "position_ids")
