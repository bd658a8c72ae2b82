import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from toys import toy_t5

from gentap.model.tokenizer import TableTokenizer, train_vocabulary
from gentap.questions.writer_input import Entry, Layout, WriterInput, save_layout
from gentap.questions.writers.chat_writer import ChatWriter
from gentap.settings.question_sections import WriteSettings
from gentap.settings.sections import LinearizerSettings

NAMES = ["Ada Dawn", "Bo Dusk", "Émile Noon", "Rome", "Home United", "Lake Dello"]
TEXTS = [
    f"Who won the cup in {1850 + i} when {NAMES[i % 6]} met {NAMES[(i + 1) % 6]} by the river?"
    for i in range(120)
]


@pytest.fixture(scope="session")
def tokenizer() -> TableTokenizer:
    settings = LinearizerSettings(max_tokens=128, max_question_tokens=32)
    return train_vocabulary(TEXTS, 400, settings)


@pytest.fixture(scope="session")
def sources() -> list[WriterInput]:
    """Sentences of very different length."""
    return [
        WriterInput(
            title="Cups" * (i % 2),
            section="Finals" * (i % 3 == 0),
            sentence=f"In {1850 + i} {NAMES[i % 6]} " + "won again, " * (i % 7) + "and left.",
            entries=(Entry(str(1850 + i), "Year"), Entry(NAMES[i % 6], "Name")),
        )
        for i in range(24)
    ]


@pytest.fixture(scope="session")
def make_writer(tokenizer: TableTokenizer) -> Callable[..., Path]:
    """Saves a random T5 whose outputs are lively: some end early, none are all the same.

    ``tied=False``: as T5 1.1, gated, with a head of its own and unscaled outputs.
    """

    def make(folder: Path, *, tied: bool = True, tags: bool = True, spare: int = 5) -> Path:
        kind: dict[str, Any] = {}
        if not tied:
            kind = {"feed_forward_proj": "gated-gelu", "tie_word_embeddings": False}
        vocabulary = len(tokenizer.hf) + spare
        sizes = {"d_model": 32, "d_ff": 64, "num_heads": 4, "num_layers": 2}
        model = toy_t5(vocabulary, seed=2, **sizes, **kind)
        with torch.no_grad():
            for weight in model.parameters():
                weight *= 3
            if not tied:
                model.lm_head.weight = torch.nn.Parameter(torch.randn(vocabulary, 32) / 4)
        model.save_pretrained(folder)
        path = folder / "config.json"
        values = json.loads(path.read_text())
        values.pop("scale_decoder_outputs", None)  # as the published checkpoints have it
        path.write_text(json.dumps({**values, "tie_word_embeddings": tied}))
        tokenizer.save(folder)
        save_layout(Layout(tags=tags), folder)
        return folder

    return make


@pytest.fixture(scope="session")
def writer(make_writer: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_writer(tmp_path_factory.mktemp("writer") / "model")


@pytest.fixture
def chat(tmp_path: Path) -> Callable[..., ChatWriter]:
    def chat(address: str, *, write: dict[str, Any] | None = None, **endpoint: Any) -> ChatWriter:
        values = {"model": "m", "backoff": 0.001, "cache": str(tmp_path / "answers"), **endpoint}
        return ChatWriter(address, WriteSettings(endpoint=values, **(write or {})))

    return chat
