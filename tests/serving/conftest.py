from pathlib import Path

import pytest


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
