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
    """:class:`gentap.model.search.Steps` of a decoder-only model's decoder.

    A row's beams are read as tokens of one sequence, each of which sees the input and what its own
    beam has written: the input's keys and values are held once, and no key moves with its beam.
    """

    def __init__(self, model: CausalModel, decoder: Decoder, encoding: Encoding) -> None:
        self._model, self._decoder, self._cache = model, decoder, encoding.cache()
        self._input, self._next = encoding.seen_by(1), encoding.following
        self._positions = encoding.positions
        self.rows = torch.arange(len(encoding.mask), device=encoding.mask.device)
        # (rows, beams, written): which of the written tokens are each beam's own
        self._own = torch.zeros(len(self.rows), 1, 0, dtype=torch.bool, device=self.rows.device)

    def scores(self, last: torch.Tensor) -> torch.Tensor:
        count, beams = last.shape
        itself = torch.eye(beams, dtype=torch.bool, device=last.device).expand(count, -1, -1)
        self._own = torch.cat([self._own, itself], dim=2)
        self._positions = torch.cat([self._positions, self._next.expand(-1, beams)], dim=1)
        self._next = self._next + 1
        seen = torch.cat([self._input.expand(-1, beams, -1), self._own], dim=2)
        return self._model.step(self._decoder, self._cache, last, seen, self._positions).float()

    def widen(self, beams: int) -> None:
        self._own = self._own.repeat_interleave(beams, dim=1)

    def keep(self, rows: torch.Tensor, beams: int) -> None:
        """Go on with these rows of the batch alone."""
        self.rows = self.rows[rows]
        self._input, self._next = self._input[rows], self._next[rows]
        self._own, self._positions = self._own[rows], self._positions[rows]
        self._cache.batch_select_indices(rows)

    def follow(self, parents: torch.Tensor) -> None:
        """Let each beam go on from its parent (rows, beams), a beam of the same row."""
        self._own = self._own.gather(1, parents[..., None].expand(-1, -1, self._own.shape[2]))
