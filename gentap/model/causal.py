"""One encoder and two decoders from a decoder-only model.

The trunk reads question and table once; what it keeps of them, keys and values, is the encoding.
Each decoder is the trunk with a low-rank adapter of its own, run on the answer's tokens over that
encoding. An adapter that was not trained changes nothing, so that right after conversion both
decoders give the stock model's logits.

An input ends with words that ask for an answer. The last token is not encoded: a decoder reads it
first, and predicts the answer's first token from it::

    encoded   which film is from 2005? <head> Year <cell> Film <row> 2005 <cell> Dusk \\n Answer
    read      :    In   2005 she  made Dusk .
    written   In   2005 she  made Dusk .    </s>
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from torch import nn
from transformers import AutoModelForCausalLM, DynamicCache
from transformers.modeling_outputs import CausalLMOutputWithPast

from gentap.model.loading.causal_checkpoints import (
    ENCODER,
    TWO_DECODERS,
    grow_tokens,
    saved_decoders,
    stock_tensors,
    trunk_fingerprint,
)
from gentap.model.loading.checkpoints import load_weights
from gentap.model.loading.older_programs import add_older_names
from gentap.model.lora import Adapters, rank_of
from gentap.model.objectives import DECODERS, OBJECTIVES, Decoder, Objective
from gentap.model.recompute import recompute_layers
from gentap.settings.sections import AdapterSettings

_IGNORED = -100
_SHUT = torch.finfo(torch.bfloat16).min


@dataclass(frozen=True, slots=True)
class Encoding:
    """What the trunk keeps of a batch of inputs, padded on the left.

    ``layers`` holds keys and values (rows, heads, tokens, size) of each layer, ``mask`` is
    (rows, tokens), ``last`` (rows, 1) the last token, which is not encoded.
    """

    layers: list[tuple[torch.Tensor, torch.Tensor]]
    mask: torch.Tensor
    last: torch.Tensor

    def rows(self, rows: Any) -> "Encoding":
        layers = [(keys[rows], values[rows]) for keys, values in self.layers]
        return Encoding(layers, self.mask[rows], self.last[rows])

    @property
    def positions(self) -> torch.Tensor:
        """Where each token stands (rows, tokens)."""
        return _positions(self.mask)

    @property
    def following(self) -> torch.Tensor:
        """Where the first token after the encoding stands (rows, 1)."""
        return self.mask.sum(1, keepdim=True)

    def seen_by(self, tokens: int) -> torch.Tensor:
        """So many later tokens' view of the encoding (rows, tokens, encoded), all of it."""
        return self.mask[:, None].bool().expand(-1, tokens, -1)

    def cache(self) -> DynamicCache:
        cache = DynamicCache()
        for index, (keys, values) in enumerate(self.layers):
            cache.update(keys, values, index)
        return cache


class CausalModel(nn.Module):
    """A trunk with the adapters of its decoders; see the module's docstring."""

    def __init__(
        self,
        trunk: Any,
        settings: AdapterSettings,
        dropout: float = 0.0,
        decoders: Sequence[Decoder] = DECODERS,
    ) -> None:
        """The trunk becomes a part of the new model; a question writer has one decoder."""
        super().__init__()
        self.trunk = trunk
        self.settings = settings
        self.adapters = Adapters(trunk, settings.rank, dropout)
        for name in decoders:
            self.adapters.add(name)
        if settings.trunk == "adapter":
            self.adapters.add(ENCODER)
        self.is_gradient_checkpointing = False
        trunk.requires_grad_(settings.trunk == "whole")
        self.eval()

    @property
    def decoders(self) -> list[str]:
        """The names of its decoders."""
        return [name for name in self.adapters.named if name != ENCODER]

    @property
    def config(self) -> Any:
        return self.trunk.config

    @property
    def generation_config(self) -> Any:
        return self.trunk.generation_config

    @property
    def device(self) -> torch.device:
        return cast(torch.device, self.trunk.device)

    def num_parameters(self, exclude_embeddings: bool = False) -> int:
        """How many weights there are, as transformers' models say it."""
        left_out = self.trunk.get_input_embeddings().weight if exclude_embeddings else None
        return sum(weight.numel() for weight in self.parameters() if weight is not left_out)

    def gradient_checkpointing_enable(self, **kwargs: Any) -> None:
        """As transformers' models have it; kwargs are without meaning here."""
        if not self.is_gradient_checkpointing:
            self.is_gradient_checkpointing = True
            recompute_layers(self.trunk, self.adapters)

    def encode(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> Encoding:
        """The encoding of inputs (rows, tokens) that are padded on either side."""
        ids, mask = _to_the_right(input_ids, attention_mask)
        ids, last, mask = ids[:, :-1], ids[:, -1:], mask[:, :-1]
        layers = [
            (layer.keys, layer.values) for layer in self._read(ids, mask).past_key_values.layers
        ]
        return Encoding(layers, mask, last)

    def token_states(self, input_ids: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """An input's tokens (1, tokens) before the trunk has read them and after, each (tokens - 1,
        size): the last one is not encoded."""
        ids = input_ids[:, :-1]
        after = self._read(ids, torch.ones_like(ids)).last_hidden_state
        return self.trunk.get_input_embeddings()(ids)[0], after[0]

    def _read(self, ids: torch.Tensor, mask: torch.Tensor) -> Any:
        """What the trunk makes of inputs that are padded on the left, as the encoder."""
        frozen = self.settings.trunk == "frozen"
        with (
            torch.set_grad_enabled(torch.is_grad_enabled() and not frozen),
            self.adapters.use(ENCODER if ENCODER in self.adapters.named else ""),
        ):
            return self.trunk.base_model(
                input_ids=ids,
                attention_mask=self._read_both_ways(mask) if self.settings.both_ways else mask,
                position_ids=_positions(mask),
                past_key_values=DynamicCache(),
                use_cache=True,
            )

    def _read_both_ways(self, mask: torch.Tensor) -> torch.Tensor:
        return _additive(mask[:, None].bool().expand(-1, mask.shape[1], -1))

    def logits(self, decoder: Decoder, encoding: Encoding, labels: torch.Tensor) -> torch.Tensor:
        """A decoder's logits (rows, tokens, vocabulary) for the labels (rows, tokens)."""
        read = torch.cat([encoding.last, labels[:, :-1]], dim=1)
        read = read.masked_fill(read == _IGNORED, 0)
        count = read.shape[1]
        earlier = torch.ones(count, count, dtype=torch.bool, device=read.device).tril()
        seen = torch.cat([encoding.seen_by(count), earlier.expand(len(read), -1, -1)], dim=2)
        following = encoding.following + torch.arange(count, device=read.device)
        positions = torch.cat([encoding.positions, following], dim=1)
        return self.step(decoder, encoding.cache(), read, seen, positions)

    def step(
        self,
        decoder: Decoder,
        cache: DynamicCache,
        ids: torch.Tensor,
        seen: torch.Tensor,
        positions: torch.Tensor,
    ) -> torch.Tensor:
        """Logits (rows, tokens, vocabulary) of what follows each of ``ids`` (rows, tokens).

        The keys are those of the cache, which grows by the ids, and then the ids' own: ``seen``
        (rows, tokens, keys) says which of them an id attends to, ``positions`` (rows, keys) where
        each stands.
        """
        with self.adapters.use(decoder):
            out = self.trunk(
                input_ids=ids,
                attention_mask=self._masks(seen, positions),
                position_ids=positions[:, -ids.shape[1] :],
                past_key_values=cache,
                use_cache=True,
            )
        return cast(torch.Tensor, out.logits)

    def _masks(self, seen: torch.Tensor, positions: torch.Tensor) -> Any:
        """What :meth:`step` is told of attention, as transformers takes it for this family."""
        whole = _additive(seen)
        window = getattr(self.config, "sliding_window", None)
        kinds = set(getattr(self.config, "layer_types", None) or [])
        if window is None or kinds == {"full_attention"}:
            return whole
        apart = positions[:, -seen.shape[1] :, None] - positions[:, None]
        near = _additive(seen & (apart < window))
        return {"full_attention": whole, "sliding_attention": near} if kinds else near

    def forward(
        self,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor,
        *,
        decoder: Decoder = "long",
        labels: torch.Tensor | None = None,
        long_labels: torch.Tensor | None = None,
        cell_labels: torch.Tensor | None = None,
        masked_labels: torch.Tensor | None = None,
        replaced_labels: torch.Tensor | None = None,
    ) -> CausalLMOutputWithPast:
        """The loss of a batch, as :meth:`gentap.model.network.GenTapModel.forward` has it.

        With ``labels``, those of one decoder, there are logits too.
        """
        encoding = self.encode(input_ids, attention_mask)
        if labels is not None:
            logits = self.logits(decoder, encoding, labels)
            return CausalLMOutputWithPast(loss=_loss(logits, labels), logits=logits)
        given: dict[Objective, torch.Tensor | None] = {
            "long": long_labels,
            "cell": cell_labels,
            "masked": masked_labels,
            "replaced": replaced_labels,
        }
        losses, first = [], 0
        for name, decoder in OBJECTIVES.items():
            if (targets := given[name]) is not None:
                rows = slice(first, first := first + len(targets))
                logits = self.logits(decoder, encoding.rows(rows), targets)
                losses.append(_loss(logits, targets))
        return CausalLMOutputWithPast(loss=cast(torch.FloatTensor, torch.stack(losses).mean()))

    def save_pretrained(self, folder: Any, state_dict: Mapping[str, Any] | None = None) -> None:
        """Write the trunk as a stock model, and each adapter below it in peft's format."""
        folder = Path(folder)
        state = dict(self.state_dict() if state_dict is None else state_dict)
        start = "trunk."
        trunk = {name.removeprefix(start): w for name, w in state.items() if name.startswith(start)}
        ours = {
            "rank": self.adapters.rank,
            "both_ways": self.settings.both_ways,
            "decoders": self.decoders,
        }
        setattr(self.trunk.config, TWO_DECODERS, ours)
        self.trunk.save_pretrained(folder, state_dict=trunk)
        add_older_names(folder)
        known = trunk_fingerprint(stock_tensors(self.trunk))
        for name in self.adapters.named:
            self.adapters.save(name, folder / name, self.trunk, known)

    def load_adapters(self, folder: Path, saved: Sequence[str] = DECODERS) -> None:
        """Take the adapters of a model that was saved with these decoders.

        A decoder that it has not stays as it is. Raises InputError where the adapters are another
        trunk's.
        """
        known = trunk_fingerprint(stock_tensors(self.trunk))
        for name in (*self.decoders, ENCODER):
            if name in saved or (name == ENCODER and (folder / name).is_dir()):
                self.adapters.load(name, folder / name, known)

    def load_saved(self, folder: Path) -> None:
        """Take all weights from a folder that :meth:`save_pretrained` wrote."""
        from safetensors.torch import load_file

        weights: dict[str, torch.Tensor] = {}
        for file in sorted(folder.glob("*.safetensors")):
            weights |= load_file(file)
        own = self.trunk.state_dict()
        with torch.no_grad():
            for name, weight in weights.items():
                if name in own:
                    own[name].copy_(weight)
        self.load_adapters(folder)


def load_causal(
    path: str,
    config: Any,
    settings: AdapterSettings,
    *,
    names: Mapping[int, list[int]] | None = None,
    vocabulary: int = 0,
    dropout: float | None = None,
    decoders: Sequence[Decoder] = DECODERS,
) -> CausalModel:
    """A model of two decoders from its folder, or made from a stock decoder-only checkpoint.

    ``names`` are those of :func:`gentap.model.loading.causal_checkpoints.grow_tokens`. Of a
    question writer's folder the decoders that it lacks begin as the stock model. Raises InputError
    where a file of the folder is no model's.
    """
    saved = saved_decoders(config, Path(path))
    trunk = load_weights(AutoModelForCausalLM, path, config)
    grow_tokens(trunk, dict(names or {}), vocabulary)
    if saved is None:
        return CausalModel(trunk, settings, dropout or 0.0, decoders)
    folder = Path(path)
    ours = getattr(config, TWO_DECODERS)
    kept = {"rank": rank_of(folder / saved[0]), "both_ways": bool(ours.get("both_ways"))}
    model = CausalModel(trunk, settings.model_copy(update=kept), dropout or 0.0, decoders)
    model.load_adapters(folder, saved)
    return model


def _loss(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Mean cross entropy of the labels' tokens, in fp32."""
    return nn.functional.cross_entropy(
        logits.float().view(-1, logits.shape[-1]), labels.reshape(-1), ignore_index=_IGNORED
    )


def _additive(seen: torch.Tensor) -> torch.Tensor:
    """A mask (rows, 1, tokens, keys) to be added to attention's scores."""
    shut = torch.zeros(seen.shape, device=seen.device).masked_fill(~seen, _SHUT)
    return shut[:, None]


def _positions(mask: torch.Tensor) -> torch.Tensor:
    return (mask.cumsum(1) - 1).clamp(min=0)


def _to_the_right(ids: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Move the tokens of each row to its right end."""
    width = ids.shape[1]
    ends = (mask * torch.arange(1, width + 1, device=ids.device)).amax(1, keepdim=True)
    places = (torch.arange(width, device=ids.device) + ends) % width
    return ids.gather(1, places), mask.gather(1, places)
