"""Write texts with a model, in batches of like length, each encoded once for all its decoders."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import torch

from gentap.model.causal import CausalModel
from gentap.model.device import autocast, best_device
from gentap.model.network import GenTapModel
from gentap.model.objectives import Decoder
from gentap.model.sampling import probabilities
from gentap.model.search import Search, Steps, Tree, search
from gentap.model.steps import CausalSteps, DecoderSteps
from gentap.model.tokenizer import TableTokenizer
from gentap.settings.sections import Precision


class ScoredIds(NamedTuple):
    """Token ids without start and end, and how likely they are where that was asked for."""

    ids: list[int]
    probability: float | None = None


def generate_ids(
    model: Any,
    tokenizer: TableTokenizer,
    inputs: Sequence[Sequence[int]],
    *,
    decoders: Sequence[Decoder],
    **options: Any,
) -> dict[Decoder, list[list[int]]]:
    """As :func:`generate`, the token ids alone."""
    written = generate(model, tokenizer, inputs, decoders=decoders, **options)
    return {name: [one.ids for one in of_decoder] for name, of_decoder in written.items()}


def generate(
    model: Any,
    tokenizer: TableTokenizer,
    inputs: Sequence[Sequence[int]],
    *,
    decoders: Sequence[Decoder],
    trees: Sequence[Tree] | None = None,
    beams: int = 1,
    max_new_tokens: int = 64,
    min_new_tokens: int = 0,
    length_penalty: float = 1.0,
    batch_size: int = 32,
    precision: Precision = "auto",
    progress: Callable[[int], None] | None = None,
    likely: Sequence[Decoder] = (),
) -> dict[Decoder, list[ScoredIds]]:
    """What each decoder writes for each input, in their order.

    The end comes after ``min_new_tokens`` others at the earliest. With ``trees``, one for each
    input, the cell decoder writes only what they allow. Of the decoders ``likely`` the probability
    is computed too. Batches depend on the inputs alone, so that equal calls give equal ids.
    """
    model = model.to(best_device()).eval()
    settings = replace(
        _search(model, tokenizer),
        beams=beams,
        max_new_tokens=max_new_tokens,
        min_new_tokens=min_new_tokens,
        length_penalty=length_penalty,
    )
    order = sorted(range(len(inputs)), key=lambda index: (len(inputs[index]), index))
    written: dict[Decoder, list[ScoredIds]] = {
        name: [ScoredIds([])] * len(inputs) for name in decoders
    }
    with torch.inference_mode(), autocast(precision):
        for start in range(0, len(order), batch_size):
            batch = order[start : start + batch_size]
            ids, mask = pad([inputs[index] for index in batch], tokenizer.hf.pad_token_id)
            ids, mask = ids.to(model.device), mask.to(model.device)
            steps = _stepper(model, ids, mask)
            for name in decoders:
                allowed = [trees[index] for index in batch] if trees and name == "cell" else None
                found = search(steps(name), settings, allowed)
                how_likely: Sequence[float | None] = [None] * len(found)
                if name in likely:
                    how_likely = probabilities(steps(name), settings, found)
                for index, of_input, share in zip(batch, found, how_likely, strict=True):
                    written[name][index] = ScoredIds(of_input, share)
            if progress is not None:
                progress(len(batch))
    return written


def _stepper(model: Any, ids: torch.Tensor, mask: torch.Tensor) -> Callable[[Decoder], Steps]:
    """Encode a batch; any decoder can then be run over it."""
    if isinstance(model, CausalModel):
        encoding = model.encode(ids, mask)
        return lambda name: CausalSteps(model, name, encoding)
    hidden = model.get_encoder()(input_ids=ids, attention_mask=mask)[0]
    return lambda name: DecoderSteps(
        model.reader(name) if isinstance(model, GenTapModel) else model, hidden, mask
    )


def _search(model: Any, tokenizer: TableTokenizer) -> Search:
    """The tokens that a model's texts start and end with, and those that its family forces."""
    if isinstance(model, CausalModel):
        return Search(start=tokenizer.linearizer.asks_answer[-1], end=tokenizer.hf.eos_token_id)
    return Search(
        start=start_token(model, tokenizer),
        end=tokenizer.hf.eos_token_id,
        first=getattr(model.generation_config, "forced_bos_token_id", None),
        last=getattr(model.generation_config, "forced_eos_token_id", None),
    )


def start_token(model: Any, tokenizer: TableTokenizer) -> int:
    """The token that a decoder starts from: what training puts before a target.

    Families keep it in several places, and mBART's is the language that a target closes with.
    """
    reader = model.reader("long") if isinstance(model, GenTapModel) else model
    target = torch.tensor([tokenizer.target_ids("a")])
    return int(reader.prepare_decoder_input_ids_from_labels(labels=target)[0, 0])


def pad(sequences: Sequence[Sequence[int]], filler: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Ids and attention mask of shape (batch, tokens), padded on the right to a multiple of 8."""
    width = -(-max(map(len, sequences)) // 8) * 8
    ids = torch.full((len(sequences), width), filler, dtype=torch.long)
    mask = torch.zeros((len(sequences), width), dtype=torch.long)
    for row, sequence in enumerate(sequences):
        ids[row, : len(sequence)] = torch.as_tensor(sequence, dtype=torch.long)
        mask[row, : len(sequence)] = 1
    return ids, mask
