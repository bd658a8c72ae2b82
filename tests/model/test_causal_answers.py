"""Answers of decoder-only models: cells that are held to the table, texts of either search."""

from pathlib import Path
from typing import Any

import pytest
import torch
from causal_toys import CAUSAL, save_causal_toy

from gentap.model.answerer import Answerer
from gentap.model.generate import generate
from gentap.model.loading.load import load_table_model
from gentap.model.tokenizer import load_tokenizer
from gentap.records import Cell, Table
from gentap.settings.sections import AdapterSettings, LinearizerSettings

TABLE = Table(
    title="Mara Lind",
    header=("Year", "Film", "Seen"),
    rows=(("2004", "Dawn", ""), ("2005", "Dusk at Sea", "2005"), ("2006", "Noon", "2007")),
)
QUESTIONS = [(f"Which film is from {year}?", TABLE) for year in (2004, 2005, 2006, 2007)]


@pytest.fixture(scope="module", params=sorted(CAUSAL))
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model whose adapters were moved at random, so that it writes nothing of sense."""
    made: Path = tmp_path_factory.mktemp(request.param)
    base = save_causal_toy(made / "base", request.param)
    settings = LinearizerSettings(max_tokens=128, max_question_tokens=32)
    tokenizer = load_tokenizer(str(base), settings)
    adapters = AdapterSettings(rank=2, trunk="adapter")
    model: Any = load_table_model(str(base), tokenizer=tokenizer, adapters=adapters)
    torch.manual_seed(1)
    with torch.no_grad():
        for weight in model.adapters.parameters():
            weight.normal_(std=0.2)
    model.save_pretrained(made / "model")
    tokenizer.save(made / "model")
    return made / "model"


@pytest.mark.parametrize("beams", [1, 3])
def test_a_constrained_value_is_that_of_a_cell(folder: Path, beams: int) -> None:
    answers = Answerer(str(folder), beams=beams, max_tokens=8, constrain=True, precision="fp32")
    for answer in answers.answer_many(QUESTIONS):
        assert isinstance(answer.cell, Cell)
        assert answer.value == TABLE.rows[answer.cell.row][answer.cell.column]
        assert answer.value


def test_answers_do_not_depend_on_the_batch(folder: Path) -> None:
    made = {"beams": 2, "max_tokens": 8, "constrain": True, "precision": "fp32"}
    together = Answerer(str(folder), **made).answer_many(QUESTIONS)  # type: ignore[arg-type]
    alone = Answerer(str(folder), batch_size=1, **made)  # type: ignore[arg-type]
    assert together == alone.answer_many(QUESTIONS)


@pytest.mark.parametrize("beams", [1, 3])
def test_a_value_has_the_probability_of_its_tokens(folder: Path, beams: int) -> None:
    """Against the logits of the whole text, question by question."""
    tokenizer = load_tokenizer(str(folder), LinearizerSettings())
    model: Any = load_table_model(str(folder), tokenizer=tokenizer).eval()
    inputs = [tokenizer.linearizer.encode(*question).ids for question in QUESTIONS]
    options = {"beams": beams, "max_new_tokens": 5, "precision": "fp32", "likely": ("cell",)}
    written = generate(model, tokenizer, inputs, decoders=("cell",), **options)  # type: ignore[arg-type]
    for ids, one in zip(inputs, written["cell"], strict=True):
        labels = torch.tensor([[*one.ids, tokenizer.hf.eos_token_id][:5]])
        asked = torch.tensor([ids])
        with torch.inference_mode():
            found = model(asked, torch.ones_like(asked), decoder="cell", labels=labels).logits
        sure = found[0].float().log_softmax(-1).gather(1, labels[0][:, None])
        assert one.probability == pytest.approx(float(sure.sum().exp()), rel=1e-3)
