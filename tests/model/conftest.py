import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from stock_models import FAMILIES, random_stock
from toys import TEXTS

from gentap.model.tokenizer import TableTokenizer, load_tokenizer, train_vocabulary
from gentap.settings.sections import LinearizerSettings


@pytest.fixture(scope="session")
def texts() -> list[str]:
    """Sentences that the toy vocabulary is learnt from."""
    return TEXTS


@pytest.fixture(scope="session")
def tokenizer() -> TableTokenizer:
    settings = LinearizerSettings(max_tokens=64, max_question_tokens=16, max_cell_chars=40)
    return train_vocabulary(TEXTS, 320, settings)


@pytest.fixture(scope="session")
def bart_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A byte-level BPE vocabulary as BART's checkpoints have it, and a random BART."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    folder = tmp_path_factory.mktemp("bart")
    learnt = Tokenizer(models.BPE())
    learnt.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    learnt.train_from_iterator(
        TEXTS,
        trainers.BpeTrainer(
            vocab_size=400,
            special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    random_stock("bart", learnt.get_vocab_size(), 0).save_pretrained(folder)
    learnt.model.save(str(folder))  # vocab.json and merges.txt
    return folder


@pytest.fixture(scope="session")
def bart_tokenizer(bart_folder: Path) -> TableTokenizer:
    return load_tokenizer(
        str(bart_folder),
        LinearizerSettings(max_tokens=64, max_question_tokens=16, max_cell_chars=40),
    )


@pytest.fixture(params=FAMILIES)
def family(request: pytest.FixtureRequest) -> str:
    """Each family of checkpoints, heads tied and untied, outputs scaled and not."""
    name: str = request.param
    return name


@pytest.fixture(scope="session")
def make_stock() -> Callable[..., Any]:
    """A random stock model of a family."""

    def make(family: str = "t5", *, vocabulary: int = 320, seed: int = 0) -> Any:
        return random_stock(family, vocabulary, seed)

    return make


@pytest.fixture
def stock_folder(tmp_path: Path) -> Callable[..., Path]:
    """Saves a random model with the fields in its config.json that the published ones have."""

    def save(family: str = "t5", *, vocabulary: int = 320) -> Path:
        folder = tmp_path / family
        model = random_stock(family, vocabulary, seed=0)
        model.save_pretrained(folder)
        if family in ("t5", "t5-v1.1"):
            path = folder / "config.json"
            values = json.loads(path.read_text())
            values["tie_word_embeddings"] = values.pop("scale_decoder_outputs")
            path.write_text(json.dumps(values))
        return folder

    return save


@pytest.fixture(scope="session")
def constant_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that says one sentence and one cell's value, whatever it is asked."""
    import torch
    from toys import toy_t5

    from gentap.model.network import GenTapModel
    from gentap.model.tokenizer import train_vocabulary
    from gentap.settings.sections import LinearizerSettings

    words = "She made Dusk at Sea in the year after Dawn with her old harbour choir".split()
    texts = [
        " ".join(words[(start * step) % len(words)] for step in range(9)) for start in range(60)
    ]
    settings = LinearizerSettings(max_tokens=96, max_question_tokens=24, max_cell_chars=40)
    tokenizer = train_vocabulary(texts, 300, settings)
    model = GenTapModel.from_stock(
        toy_t5(len(tokenizer.hf), seed=3, d_model=32, d_ff=64, d_kv=16, dropout_rate=0.0)
    )
    inputs = torch.randint(3, len(tokenizer.hf), (4, 24))
    labels = {
        f"{decoder}_labels": torch.tensor([tokenizer.target_ids(text)] * 2)
        for decoder, text in (("long", "She made Dusk at Sea."), ("cell", "Dusk at Sea"))
    }
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    model.train()
    for _ in range(80):
        optimizer.zero_grad()
        model(input_ids=inputs, attention_mask=torch.ones_like(inputs), **labels).loss.backward()
        optimizer.step()
    folder = tmp_path_factory.mktemp("model")
    model.save_pretrained(folder)
    tokenizer.save(folder)
    return folder
