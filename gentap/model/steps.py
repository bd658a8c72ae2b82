"""A decoder run over an encoding token by token, one class for each architecture."""

from typing import Any, cast

import torch
from transformers import DynamicCache, EncoderDecoderCache
from transformers.modeling_outputs import BaseModelOutput

from gentap.model.causal import CausalModel, Encoding
from gentap.model.objectives import Decoder
from gentap.model.search import flat_places


class DecoderSteps:
    """:class:`gentap.model.search.Steps` of a stock decoder with cross attention."""

    def __init__(self, reader: Any, hidden: torch.Tensor, mask: torch.Tensor) -> None:
        self._reader, self._hidden, self._mask = reader, hidden, mask
        self._cache = EncoderDecoderCache(DynamicCache(), DynamicCache())
        self.rows = torch.arange(len(hidden), device=hidden.device)

    def scores(self, last: torch.Tensor) -> torch.Tensor:
        """Logits (rows, beams, vocabulary) in fp32 of what follows the last ids (rows, beams)."""
        logits = self._reader(
            encoder_outputs=BaseModelOutput(
                last_hidden_state=cast(torch.FloatTensor, self._hidden)
            ),
            attention_mask=self._mask,
            decoder_input_ids=last.reshape(-1, 1),
            past_key_values=self._cache,
            use_cache=True,
        ).logits
        scores: torch.Tensor = logits[:, -1].float().unflatten(0, last.shape)
        return scores

    def widen(self, beams: int) -> None:
        """Go on with so many beams in the place of each one."""
        self._cache.batch_repeat_interleave(beams)
        self._hidden = self._hidden.repeat_interleave(beams, dim=0)
        self._mask = self._mask.repeat_interleave(beams, dim=0)

    def keep(self, rows: torch.Tensor, beams: int) -> None:
        """Go on with these rows of the batch alone."""
        self.rows = self.rows[rows]
        places = flat_places(rows, torch.arange(beams, device=rows.device).expand(len(rows), -1))
        self._hidden, self._mask = self._hidden[places], self._mask[places]
        self._cache.batch_select_indices(places)

    def follow(self, parents: torch.Tensor) -> None:
        """Let each beam go on from its parent (rows, beams), a beam of the same row."""
        places = flat_places(torch.arange(len(parents), device=parents.device), parents)
        self._cache.self_attention_cache.reorder_cache(cast(torch.LongTensor, places))


class CausalSteps:
    """:class:`gentap.model.search.Steps` of a decoder-only model's decoder."""

    def __init__(self, model: CausalModel, decoder: Decoder, encoding: Encoding) -> None:
        self._model, self._decoder = model, decoder
        self._cache, self._mask = encoding.cache(), encoding.mask
        self.rows = torch.arange(len(self._mask), device=self._mask.device)

    def scores(self, last: torch.Tensor) -> torch.Tensor:
        logits = self._model.step(self._decoder, self._cache, self._mask, last.reshape(-1, 1))
        scores: torch.Tensor = logits[:, -1].float().unflatten(0, last.shape)
        return scores

    def widen(self, beams: int) -> None:
        self._cache.batch_repeat_interleave(beams)
        self._mask = self._mask.repeat_interleave(beams, dim=0)

    def keep(self, rows: torch.Tensor, beams: int) -> None:
        self.rows = self.rows[rows]
        places = flat_places(rows, torch.arange(beams, device=rows.device).expand(len(rows), -1))
        self._mask = self._mask[places]
        self._cache.batch_select_indices(places)

    def follow(self, parents: torch.Tensor) -> None:
        places = flat_places(torch.arange(len(parents), device=parents.device), parents)
        self._cache.reorder_cache(cast(torch.LongTensor, places))
