"""One encoder and two decoders: sentence answers (``long``) and cell answers (``cell``).

``decoder`` and ``lm_head`` of a stock T5 serve the long answers; ``cell_decoder`` and
``cell_lm_head`` stand beside them. Heads are tied to the embeddings exactly where the checkpoint's
is. The encoder runs once for a batch, whichever decoders read it.
"""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import torch
from torch import nn
from transformers import AutoConfig, T5Config, T5ForConditionalGeneration
from transformers.modeling_outputs import BaseModelOutput, Seq2SeqLMOutput
from transformers.models.t5.modeling_t5 import T5Stack

from gentap.errors import InputError
from gentap.model.device import attention
from gentap.model.tokenizer import check_model_folder

Decoder = Literal["long", "cell"]
MODEL_TYPE = "gentap-t5"
_IGNORED = -100


class GenTapT5Config(T5Config):
    """A T5 configuration; ``tied_heads`` says that both heads are the embedding matrix."""

    model_type = MODEL_TYPE
    tied_heads: bool = True


class GenTapT5(T5ForConditionalGeneration):
    """T5 with a second decoder; see the module's docstring."""

    config_class = GenTapT5Config
    config: GenTapT5Config

    def __init__(self, config: GenTapT5Config) -> None:
        tied = dict(T5ForConditionalGeneration._tied_weights_keys)
        tied["cell_decoder.embed_tokens.weight"] = "shared.weight"
        tied["cell_lm_head.weight"] = "shared.weight"
        if not config.tied_heads:
            del tied["lm_head.weight"], tied["cell_lm_head.weight"]
        self._tied_weights_keys = tied
        self._reading: Decoder = "long"
        super().__init__(config)

    def post_init(self) -> None:
        # T5's constructor ends with this call; the second decoder must stand before weights are
        # tied.
        decoder_config = copy.deepcopy(self.config)
        decoder_config.is_decoder = True
        decoder_config.num_layers = self.config.num_decoder_layers or self.config.num_layers
        self.cell_decoder = T5Stack(decoder_config)
        self.cell_lm_head = nn.Linear(self.config.d_model, self.config.vocab_size, bias=False)
        super().post_init()

    def set_input_embeddings(self, new_embeddings: nn.Module) -> None:
        super().set_input_embeddings(new_embeddings)
        self.cell_decoder.set_input_embeddings(new_embeddings)

    @contextmanager
    def reading(self, decoder: Decoder) -> Iterator[None]:
        """Let ``forward`` and ``generate`` use this decoder."""
        before, self._reading = self._reading, decoder
        try:
            yield
        finally:
            self._reading = before

    def forward(
        self,
        input_ids: torch.Tensor | None = None,
        attention_mask: torch.Tensor | None = None,
        decoder_input_ids: torch.Tensor | None = None,
        decoder_attention_mask: torch.Tensor | None = None,
        encoder_outputs: Any = None,
        past_key_values: Any = None,
        inputs_embeds: torch.Tensor | None = None,
        decoder_inputs_embeds: torch.Tensor | None = None,
        labels: torch.Tensor | None = None,
        long_labels: torch.Tensor | None = None,
        cell_labels: torch.Tensor | None = None,
        use_cache: bool | None = None,
        return_dict: bool | None = None,
        **kwargs: Any,
    ) -> Seq2SeqLMOutput:
        """As T5's, with one addition for training.

        With ``long_labels`` (n, t) and ``cell_labels`` (m, s) the batch of n + m inputs is encoded
        once; its first n rows go to the long decoder and its last m to the cell decoder. The loss
        is the mean of both decoders' mean token losses, and there are no logits.
        """
        if encoder_outputs is None:
            encoder_outputs = self.encoder(
                input_ids=input_ids, attention_mask=attention_mask, inputs_embeds=inputs_embeds
            )
        elif not isinstance(encoder_outputs, BaseModelOutput):
            encoder_outputs = BaseModelOutput(last_hidden_state=encoder_outputs[0])
        if long_labels is not None and cell_labels is not None:
            return Seq2SeqLMOutput(
                loss=self._mixed_loss(encoder_outputs[0], attention_mask, long_labels, cell_labels)
            )
        reading = self._reading
        if long_labels is not None or cell_labels is not None:
            reading, labels = (
                ("long", long_labels) if cell_labels is None else ("cell", cell_labels)
            )
        if labels is not None and decoder_input_ids is None and decoder_inputs_embeds is None:
            decoder_input_ids = self._shift_right(labels)
        decoded = self._stack(reading)(
            input_ids=decoder_input_ids,
            attention_mask=decoder_attention_mask,
            inputs_embeds=decoder_inputs_embeds,
            past_key_values=past_key_values,
            encoder_hidden_states=encoder_outputs[0],
            encoder_attention_mask=attention_mask,
            use_cache=use_cache,
        )
        logits = self._logits(reading, decoded[0])
        return Seq2SeqLMOutput(
            loss=None if labels is None else _token_loss(logits, labels),
            logits=logits,
            past_key_values=decoded.past_key_values,
            encoder_last_hidden_state=encoder_outputs[0],
        )

    def _mixed_loss(
        self,
        hidden: torch.Tensor,
        attention_mask: torch.Tensor | None,
        long_labels: torch.Tensor,
        cell_labels: torch.Tensor,
    ) -> torch.Tensor:
        first = long_labels.shape[0]
        losses = []
        for reading, labels, rows in (
            ("long", long_labels, slice(None, first)),
            ("cell", cell_labels, slice(first, None)),
        ):
            decoded = self._stack(reading)(
                input_ids=self._shift_right(labels),
                encoder_hidden_states=hidden[rows],
                encoder_attention_mask=None if attention_mask is None else attention_mask[rows],
                use_cache=False,
            )
            losses.append(_token_loss(self._logits(reading, decoded[0]), labels))
        return torch.stack(losses).mean()

    def _stack(self, reading: str) -> nn.Module:
        return self.decoder if reading == "long" else self.cell_decoder

    def _logits(self, reading: str, hidden: torch.Tensor) -> torch.Tensor:
        """(batch, tokens, d_model) to (batch, tokens, vocabulary)."""
        if self.config.scale_decoder_outputs:
            hidden = hidden * (self.config.d_model**-0.5)
        head = self.lm_head if reading == "long" else self.cell_lm_head
        logits: torch.Tensor = head(hidden)
        return logits


def _token_loss(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    return nn.functional.cross_entropy(
        logits.float().view(-1, logits.shape[-1]), labels.view(-1), ignore_index=_IGNORED
    )


def load_model(path: str, *, vocabulary: int = 0, dropout: float | None = None) -> GenTapT5:
    """A GenTaP model from its folder, or made from any T5 by folder or hub name.

    Both decoders of a T5 start from its one. The embeddings grow to ``vocabulary`` rows where they
    have fewer. Raises InputError where there is no such model.
    """
    extra = {} if dropout is None else {"dropout_rate": dropout}
    config = load_config(path)
    if config.model_type == "t5":
        return from_t5(load_t5(path, vocabulary=vocabulary, dropout=dropout))
    if config.model_type != MODEL_TYPE:
        raise InputError(
            f"{path}: a model of the type '{config.model_type}'. GenTaP takes T5 checkpoints and "
            "its own."
        )
    model: GenTapT5 = _load(GenTapT5, path, extra)
    return model


def load_t5(path: str, *, vocabulary: int = 0, dropout: float | None = None) -> Any:
    """A stock T5 from its folder or hub name, its embeddings grown to ``vocabulary`` rows."""
    config = load_config(path)
    if config.model_type != "t5":
        raise InputError(f"{path}: a model of the type '{config.model_type}'; a T5 is needed here.")
    extra = {} if dropout is None else {"dropout_rate": dropout}
    model = _load(T5ForConditionalGeneration, path, extra)
    grow_vocabulary(model, vocabulary)
    return model


def load_config(path: str) -> Any:
    """The configuration of a checkpoint; raises InputError where there is none."""
    check_model_folder(path)
    try:
        return AutoConfig.from_pretrained(path, trust_remote_code=False)
    except (OSError, ValueError, KeyError) as error:
        first = str(error).strip().partition("\n")[0]
        raise InputError(
            f"{path}: no model could be loaded: {first} Give a checkpoint's folder, or a name on "
            "the hub that can be reached."
        ) from error


def _load(kind: Any, path: str, extra: dict[str, Any]) -> Any:
    from safetensors import SafetensorError

    if Path(path).is_dir() and not any(Path(path).glob("*.safetensors")):
        raise InputError(
            f"{path}: holds no model.safetensors. Convert the checkpoint's weights first."
        )
    try:
        return kind.from_pretrained(
            path, use_safetensors=True, attn_implementation=attention(), **extra
        )
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        first = str(error).strip().partition("\n")[0]
        raise InputError(f"{path}: the model's weights can't be loaded: {first}") from error


def grow_vocabulary(model: Any, vocabulary: int) -> None:
    """Grow a stock T5's embeddings to ``vocabulary`` rows; never shrink them.

    T5's own checkpoints have spare rows for the marks, so that only others come to grow.
    """
    if vocabulary <= model.config.vocab_size:
        return
    if not torch.equal(model.lm_head.weight, model.shared.weight):
        raise InputError(
            f"This checkpoint has {model.config.vocab_size:,} embeddings, {vocabulary:,} are "
            "needed for the table's marks, and its head is its own: enlarge both in the checkpoint "
            "first."
        )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model.resize_token_embeddings(vocabulary, mean_resizing=True)


def from_t5(stock: T5ForConditionalGeneration) -> GenTapT5:
    """Two decoders from a stock T5's one; their logits are its own, bit for bit."""
    values = stock.config.to_dict()
    values.pop("model_type")
    values.pop("architectures", None)
    tied = torch.equal(stock.lm_head.weight, stock.shared.weight)
    scaled = values.pop("scale_decoder_outputs")
    config = GenTapT5Config(**{**values, "tie_word_embeddings": scaled, "tied_heads": tied})
    config._attn_implementation = stock.config._attn_implementation
    model = GenTapT5(config)
    weights = dict(stock.state_dict())
    for name, weight in list(weights.items()):
        if name.startswith(("decoder.", "lm_head.")):
            weights["cell_" + name] = weight.clone()
    model.load_state_dict(weights)
    model.tie_weights()
    model.generation_config = copy.deepcopy(stock.generation_config)
    model.eval()
    return model


AutoConfig.register(MODEL_TYPE, GenTapT5Config, exist_ok=True)
