"""The configuration of a model with two decoders; imported without torch."""

from collections.abc import Mapping
from typing import Any

from transformers import AutoConfig
from transformers.configuration_utils import PreTrainedConfig

MODEL_TYPE = "gentap"


class GenTapConfig(PreTrainedConfig):
    """The configuration of the family's stock model in ``base``.

    ``tied_heads`` says that the heads are the embedding matrix.
    """

    model_type = MODEL_TYPE
    sub_configs = {"base": AutoConfig}  # noqa: RUF012 (a class variable of transformers)

    base: Any = None
    tied_heads: bool = True
    is_encoder_decoder: bool = True

    def __post_init__(self, **kwargs: Any) -> None:
        base = {"model_type": "t5"} if self.base is None else self.base
        if isinstance(base, Mapping):
            base = AutoConfig.for_model(**base)
        self.base = base
        kwargs.setdefault("attn_implementation", base._attn_implementation)
        for name in ("pad_token_id", "bos_token_id", "eos_token_id", "decoder_start_token_id"):
            kwargs[name] = getattr(base, name, None)
        super().__post_init__(**kwargs)  # type: ignore[no-untyped-call]

    @property
    def vocab_size(self) -> int:
        return int(self.base.vocab_size)

    @property
    def hidden_size(self) -> int:
        return int(self.base.get_text_config().hidden_size)


AutoConfig.register(MODEL_TYPE, GenTapConfig, exist_ok=True)
