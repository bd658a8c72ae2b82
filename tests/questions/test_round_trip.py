from pathlib import Path

import pytest
from toys import toy_model

from gentap.model.tokenizer import train_vocabulary
from gentap.questions.round_trip import Reply, RoundTrip
from gentap.records import Table
from gentap.settings.sections import LinearizerSettings

TEXTS = [f"Rower {number} won the cup in {1900 + number}?" for number in range(100)]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A random GenTaP model whose decoders differ."""
    tokenizer = train_vocabulary(
        TEXTS, 300, LinearizerSettings(max_tokens=64, max_question_tokens=16)
    )
    toy_model(len(tokenizer.hf)).save_pretrained(tmp_path / "model")
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
