from typing import Any

import pytest
import torch
from toys import toy_t5

from gentap.model.tokenizer import TableTokenizer
from gentap.settings.training_sections import BaseSettings
from gentap.training.initialize import SIZES, begin_with_copying, new_model


@pytest.fixture(scope="module")
def model(tokenizer: TableTokenizer) -> Any:
    return new_model(BaseSettings(size="tiny", dropout=0.0), tokenizer, 1).eval()


def test_sizes_are_as_named(model: Any, tokenizer: TableTokenizer) -> None:
    config = model.config
    assert {name: getattr(config, name) for name in SIZES["tiny"]} == SIZES["tiny"]
    assert len(tokenizer.hf) <= config.vocab_size < len(tokenizer.hf) + 64
    assert config.pad_token_id == config.decoder_start_token_id == tokenizer.hf.pad_token_id
    for size in SIZES.values():
        assert size["num_heads"] * size["d_kv"] == size["d_model"]  # values can be written back


def test_the_weights_are_the_seeds(tokenizer: TableTokenizer, model: Any) -> None:
    settings = BaseSettings(size="tiny", dropout=0.0)
    again, other = (new_model(settings, tokenizer, seed).state_dict() for seed in (1, 2))
    first = model.state_dict()
    assert all(torch.equal(first[name], weight) for name, weight in again.items())
    assert not torch.equal(first["shared.weight"], other["shared.weight"])


def test_heads_begin_at_their_neighbours(model: Any) -> None:
    model.set_attn_implementation("eager")
    ids = torch.randint(5, 300, (8, 20), generator=torch.Generator().manual_seed(0))
    seen = model(input_ids=ids, decoder_input_ids=ids, output_attentions=True)
    read, written = seen.encoder_attentions[0].mean(0), seen.decoder_attentions[0].mean(0)
    for weights, head, offset in ((read, 0, -1), (read, 1, 1), (written, 0, -1)):
        near = torch.diagonal(weights[head], offset)
        assert near[1:-1].min() > 0.5, (head, offset)
    assert torch.diagonal(read[3], -1).max() < 0.3


def test_what_is_read_is_written_back(model: Any) -> None:
    states = torch.randn(3, 128, generator=torch.Generator().manual_seed(0))
    parts = [block.layer[0].SelfAttention for block in model.encoder.block]
    for reading in (block.layer[1].EncDecAttention for block in model.decoder.block):
        parts.append(reading)
        scores = (reading.q(states) @ reading.k(states).T).detach()
        assert torch.all(scores.argmax(1) == torch.arange(3))
    for part in parts:
        assert torch.allclose(part.o(part.v(states)), states, atol=1e-5)


def copied(begin: bool) -> float:
    """Share of random tokens that a small T5 copies rightly after a short training."""
    sizes = {"d_model": 64, "d_kv": 16, "d_ff": 128, "num_heads": 4, "num_layers": 2}
    model = toy_t5(128, dropout_rate=0.0, **sizes)
    if begin:
        begin_with_copying(model)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    draw = torch.Generator().manual_seed(1)
    for step in range(121):
        ids = torch.randint(2, 128, (64, 16), generator=draw)
        out = model(input_ids=ids, labels=ids)
        if step < 120:
            out.loss.backward()
            optimizer.step()
            optimizer.zero_grad()
    return float((out.logits.argmax(-1) == ids)[:, 1:].float().mean())


def test_copying_is_sooner_learnt() -> None:
    assert copied(True) > 3 * copied(False)
