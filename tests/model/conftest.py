import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import T5Config, T5ForConditionalGeneration

from gentap.model.device import attention
from gentap.model.tokenizer import TableTokenizer, train_vocabulary
from gentap.settings import LinearizerSettings

WORDS = [
    *["river", "bridge", "harbour", "village", "mountain", "castle", "keeper", "painter"],
    *["sailor", "teacher", "opened", "crossed", "repaired", "painted", "counted", "visited"],
    *["early", "late", "small", "tall", "northern", "wooden"],
]
TEXTS = [
    f"The {WORDS[i % 22]} of the {WORDS[(7 * i + 3) % 22]} was {WORDS[(5 * i + 1) % 22]} in "
    f"{1850 + i} by a {WORDS[(3 * i + 2) % 22]}, or so we read on page {i}."
    for i in range(150)
]


@pytest.fixture(scope="session")
def texts() -> list[str]:
    """Sentences that the toy vocabulary is learnt from."""
    return TEXTS


@pytest.fixture(scope="session")
def tokenizer() -> TableTokenizer:
    settings = LinearizerSettings(max_tokens=64, max_question_tokens=16, max_cell_chars=40)
    return train_vocabulary(TEXTS, 320, settings)


@pytest.fixture(scope="session")
def make_t5() -> Callable[..., Any]:
    """A random T5; untied: as T5 v1.1, with a gated activation, own head and unscaled outputs."""

    def make(*, tied: bool, vocabulary: int = 320, seed: int = 0) -> Any:
        torch.manual_seed(seed)
        kind = {} if tied else {"feed_forward_proj": "gated-gelu", "tie_word_embeddings": False}
        config = T5Config(
            vocab_size=vocabulary,
            d_model=16,
            d_kv=8,
            d_ff=32,
            num_heads=2,
            num_layers=2,
            num_decoder_layers=1,
            decoder_start_token_id=0,
            attn_implementation=attention(),
            **kind,
        )
        model = T5ForConditionalGeneration(config)
        if not tied:
            model.lm_head.weight = torch.nn.Parameter(torch.randn(vocabulary, 16))
        return model.eval()

    return make


@pytest.fixture
def t5_folder(tmp_path: Path, make_t5: Callable[..., Any]) -> Callable[..., Path]:
    """Saves a random T5 with the fields in its config.json that the published ones have."""

    def save(*, tied: bool, vocabulary: int = 320) -> Path:
        folder = tmp_path / ("tied" if tied else "untied")
        make_t5(tied=tied, vocabulary=vocabulary).save_pretrained(folder)
        path = folder / "config.json"
        values = json.loads(path.read_text())
        values.pop("scale_decoder_outputs")
        values["tie_word_embeddings"] = tied
        path.write_text(json.dumps(values))
        return folder

    return save
