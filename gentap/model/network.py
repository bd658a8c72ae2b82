"""One encoder and two decoders: sentence answers (``long``) and cell answers (``cell``).

A model holds two stock models of the checkpoint's family, ``long`` and ``cell``, that share one
encoder and its embeddings. All that is peculiar to a family (positions, scaling, biases, start
tokens) stays in the stock classes, so that right after conversion both decoders give the
checkpoint's logits bit for bit, and either can be exported as what it is: a stock model.
"""

import copy
from typing import Any, Literal, cast

import torch
from torch import nn
from transformers import AutoModelForSeq2SeqLM, GenerationMixin, PreTrainedModel
from transformers.modeling_outputs import BaseModelOutput, Seq2SeqLMOutput
from transformers.models.auto.modeling_auto import MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING

from gentap.errors import InputError
from gentap.model.config import MODEL_TYPE, GenTapConfig
from gentap.model.loading.checkpoints import (
    check_model,
    has_tied_head,
    load_config,
    load_seq2seq,
    load_weights,
    own_head,
    set_dropout,
)
from gentap.model.objectives import DECODERS, OBJECTIVES, Decoder

_SHARED = ("shared", "encoder")
_IGNORED = -100


class GenTapModel(PreTrainedModel, GenerationMixin):
    """Two decoders on one encoder; see the module's docstring."""

    config_class = GenTapConfig
    config: GenTapConfig
    main_input_name = "input_ids"
    supports_gradient_checkpointing = True
    accepts_loss_kwargs = False  # so that a stock Trainer weighs accumulated steps itself
    _supports_sdpa = True
    _supports_flash_attn = True
    _supports_flex_attn = True

    def __init__(self, config: GenTapConfig, long: Any = None) -> None:
        """With ``long``, a stock model, its weights are taken for both decoders."""
        super().__init__(config)
        if long is None:
            kind: Any = MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING[type(config.base)]
            long = kind(config.base)
        if not config.tied_heads:
            own_head(long)
        self.long = long
        self.cell = _second_decoder(long)
        self.post_init()

    @classmethod
    def from_seq2seq(
        cls, name: str, *, vocabulary: int = 0, dropout: float | None = None
    ) -> "GenTapModel":
        """Two decoders from the one of a stock checkpoint, by folder or hub name.

        The embeddings grow to ``vocabulary`` rows where they have fewer; ``dropout`` replaces the
        checkpoint's. Raises InputError where there is no such checkpoint.
        """
        return cls.from_stock(load_seq2seq(name, vocabulary=vocabulary, dropout=dropout))

    @classmethod
    def from_stock(cls, stock: Any) -> "GenTapModel":
        """Two decoders from a stock model, which becomes a part of the new one."""
        config = GenTapConfig(base=stock.config, tied_heads=has_tied_head(stock))
        model = cls(config, stock)
        model.generation_config = copy.deepcopy(stock.generation_config)
        model.eval()
        return model

    def stock(self, decoder: Decoder) -> Any:
        """A copy of one decoder, with the encoder, as a model of the checkpoint's own class."""
        lone = copy.deepcopy(self.reader(decoder))
        backbone = lone.base_model
        for name in _shared_parts(backbone):
            setattr(backbone, name, backbone.__dict__.pop(name, None) or getattr(backbone, name))
        lone.generation_config = copy.deepcopy(self.generation_config)
        return lone

    def reader(self, decoder: Decoder) -> Any:
        """The stock model that writes with this decoder; its encoder is the shared one."""
        return self.long if decoder == "long" else self.cell

    def tie_weights(
        self, missing_keys: set[str] | None = None, recompute_mapping: bool = True
    ) -> None:
        """Tie what was tied when the model was made.

        transformers would look for the sources anew, among registered parts alone.
        """
        super().tie_weights(missing_keys, recompute_mapping=False)

    def get_encoder(self, *args: Any, **kwargs: Any) -> Any:
        return self.long.get_encoder(*args, **kwargs)

    def token_states(self, input_ids: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """An input's tokens (1, tokens) before the encoder has read them and after, each (tokens,
        size)."""
        after = self.get_encoder()(input_ids=input_ids)[0]
        return self.get_input_embeddings()(input_ids)[0], after[0]

    def get_input_embeddings(self) -> nn.Module:
        return cast(nn.Module, self.long.get_input_embeddings())

    def get_output_embeddings(self) -> nn.Module:
        return cast(nn.Module, self.long.get_output_embeddings())

    def forward(
        self,
        input_ids: torch.Tensor | None = None,
        attention_mask: torch.Tensor | None = None,
        *,
        decoder: Decoder = "long",
        labels: torch.Tensor | None = None,
        **kwargs: Any,
    ) -> Seq2SeqLMOutput:
        """As the stock model's with one of the decoders, and one addition for training.

        With ``long_labels`` (n, t), ``cell_labels`` (m, s), ``masked_labels`` (k, r) and so on, or
        some of them, the batch of n + m + k inputs is encoded once; its rows go in the order of
        :data:`OBJECTIVES` to their decoders. The loss is the mean of the objectives' mean token
        losses, and there are no logits. They are no parameters by name, for a stock Trainer takes
        every parameter of such a name for labels that each batch must have.
        """
        given = {name: kwargs.pop(f"{name}_labels", None) for name in OBJECTIVES}
        objectives = {name: of_kind for name, of_kind in given.items() if of_kind is not None}
        if not objectives:
            written: Seq2SeqLMOutput = self.reader(decoder)(
                input_ids=input_ids, attention_mask=attention_mask, labels=labels, **kwargs
            )
            return written
        hidden = self.get_encoder()(input_ids=input_ids, attention_mask=attention_mask)[0]
        losses = []
        first = 0
        for name, targets in objectives.items():
            rows = slice(first, first + len(targets))
            first += len(targets)
            losses.append(
                self._loss(
                    OBJECTIVES[name],
                    hidden[rows],
                    None if attention_mask is None else attention_mask[rows],
                    targets,
                )
            )
        return Seq2SeqLMOutput(loss=cast(torch.FloatTensor, torch.stack(losses).mean()))

    def _loss(
        self,
        decoder: Decoder,
        hidden: torch.Tensor,
        attention_mask: torch.Tensor | None,
        labels: torch.Tensor,
    ) -> torch.Tensor:
        """Mean cross entropy of the labels' tokens, in fp32."""
        reader = self.reader(decoder)
        logits = reader(
            encoder_outputs=BaseModelOutput(last_hidden_state=cast(torch.FloatTensor, hidden)),
            attention_mask=attention_mask,
            decoder_input_ids=reader.prepare_decoder_input_ids_from_labels(labels),
            use_cache=False,
        ).logits
        return nn.functional.cross_entropy(
            logits.float().view(-1, logits.shape[-1]), labels.view(-1), ignore_index=_IGNORED
        )

    @torch.no_grad()
    def generate(  # type: ignore[override]
        self,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor | None = None,
        *,
        decoder: Decoder | Literal["both"] = "long",
        **kwargs: Any,
    ) -> Any:
        """transformers' ``generate`` with one decoder, or with both: ``{"long": …, "cell": …}``.

        The inputs (batch, tokens) are encoded once. Keyword arguments are those of transformers.
        """
        if attention_mask is None:
            attention_mask = (input_ids != self.config.pad_token_id).long()
        hidden = self.get_encoder()(input_ids=input_ids, attention_mask=attention_mask)[0]
        kwargs.setdefault("generation_config", self.generation_config)
        written = {
            name: self.reader(name).generate(
                # beam search changes the outputs that it is given, so each call has its own
                encoder_outputs=BaseModelOutput(last_hidden_state=hidden),
                attention_mask=attention_mask,
                **kwargs,
            )
            for name in (DECODERS if decoder == "both" else (decoder,))
        }
        return written if decoder == "both" else written[decoder]


def _second_decoder(long: Any) -> Any:
    """A copy of a stock model that shares its encoder and embeddings.

    They are no registered parts of the copy, so that each weight has one name and one owner. What
    was tied to the embeddings in ``long`` is tied to them in the copy.
    """
    names = _shared_parts(long.base_model)
    kept = [getattr(long.base_model, name) for name in names]
    same = [*kept, *(weight for part in kept for weight in part.parameters()), long.config]
    cell = copy.deepcopy(long, {id(part): part for part in same})
    backbone = cell.base_model
    for name, part in zip(names, kept, strict=True):
        delattr(backbone, name)
        backbone.__dict__[name] = part
    return cell


def _shared_parts(backbone: Any) -> list[str]:
    """The names of encoder and embeddings; T5Gemma's embeddings are parts of its stacks."""
    return [name for name in _SHARED if hasattr(backbone, name)]


def load_model(path: str, *, vocabulary: int = 0, dropout: float | None = None) -> GenTapModel:
    """A GenTaP model from its folder, or made from a stock checkpoint by folder or hub name.

    See :meth:`GenTapModel.from_seq2seq`. Raises InputError where there is no such model.
    """
    if load_config(path).model_type != MODEL_TYPE:
        return GenTapModel.from_seq2seq(path, vocabulary=vocabulary, dropout=dropout)
    config = check_model(path)
    if vocabulary > config.vocab_size:
        raise InputError(
            f"{path}: its tokenizer has {vocabulary:,} tokens and its model {config.vocab_size:,} "
            "rows: they are not of one training. Copy the whole folder again."
        )
    set_dropout(config.base, dropout)
    model: GenTapModel = load_weights(GenTapModel, path, config)
    return model


AutoModelForSeq2SeqLM.register(GenTapConfig, GenTapModel, exist_ok=True)
