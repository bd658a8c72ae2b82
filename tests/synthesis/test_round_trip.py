from pathlib import Path

import pytest
import torch
from transformers import T5Config, T5ForConditionalGeneration

from gentap.model.device import attention
from gentap.model.network import GenTapModel
from gentap.model.tokenizer import train_vocabulary
from gentap.records import Table
from gentap.settings import LinearizerSettings
from gentap.synthesis.round_trip import Reply, RoundTrip

TEXTS = [f"Rower {number} won the cup in {1900 + number}?" for number in range(100)]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A random GenTaP model whose decoders differ."""
    torch.manual_seed(0)
    tokenizer = train_vocabulary(
        TEXTS, 300, LinearizerSettings(max_tokens=64, max_question_tokens=16)
    )
    config = T5Config(
        vocab_size=len(tokenizer.hf),
        d_model=16,
        d_kv=8,
        d_ff=32,
        num_heads=2,
        num_layers=1,
        decoder_start_token_id=0,
        attn_implementation=attention(),
    )
    stock = T5ForConditionalGeneration(config)
    network = GenTapModel.from_stock(stock)
    with torch.no_grad():
        for weight in network.cell.decoder.block.parameters():
            weight *= 5
    network.save_pretrained(tmp_path / "model")
    tokenizer.save(tmp_path / "model")
    return tmp_path / "model"


def test_both_decoders_answer_every_question(model: Path) -> None:
    table = Table(header=("Rower", "Year"), rows=(("Ada", "1900"), ("Bo", "1901")))
    asked = [("Who won the cup in 1901?", table), ("When?", table), ("", table)]
    trip = RoundTrip(str(model), 2, "fp32")
    replies = trip.ask(asked)
    assert replies == RoundTrip(str(model), 2, "fp32").ask(asked)
    assert all(isinstance(reply, Reply) for reply in replies)
    assert len(replies) == 3
    assert trip.ask([]) == []
