from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from gentap.model.answerer import Answerer
from gentap.model.generate import generate
from gentap.model.network import GenTapModel
from gentap.model.tokenizer import TableTokenizer
from gentap.records import Table

TABLE = Table(title="Mara Lind", header=("Year", "Film"), rows=(("2004", "Dawn"), ("2005", "Dusk")))
INPUTS = [[5, 6, 7, 8, 1], [9, 10, 1], [11, 12, 13, 14, 15, 16, 1]]


@pytest.mark.parametrize("family", ["t5", "bart"])
@pytest.mark.parametrize("beams", [1, 3])
def test_it_is_the_stock_models_of_the_whole_text(
    make_stock: Callable[..., Any], tokenizer: TableTokenizer, family: str, beams: int
) -> None:
    """Against the loss of the stock model, question by question and without a cache."""
    vocabulary = len(tokenizer.hf)
    model = GenTapModel.from_stock(make_stock(family, vocabulary=vocabulary)).eval()
    written = generate(
        model,
        tokenizer,
        INPUTS,
        decoders=("long", "cell"),
        beams=beams,
        max_new_tokens=6,
        precision="fp32",
        likely=("cell",),
    )
    assert {one.probability for one in written["long"]} == {None}
    reader = model.reader("cell")
    first = getattr(model.generation_config, "forced_bos_token_id", None)
    last = getattr(model.generation_config, "forced_eos_token_id", None)
    for ids, one in zip(INPUTS, written["cell"], strict=True):
        ended = [*one.ids, tokenizer.hf.eos_token_id][:6]
        labels = torch.tensor([ended])
        with torch.inference_mode():
            logits = reader(input_ids=torch.tensor([ids]), labels=labels).logits[0]
        sure = logits.log_softmax(-1).gather(1, labels[0][:, None])[:, 0]
        if first is not None:
            sure[0] = 0.0
        if last is not None and len(ended) == 6:
            sure[5] = 0.0
        assert one.probability == pytest.approx(float(sure.sum().exp()), rel=1e-4)


def test_an_answer_has_the_probability_of_its_cell(constant_model: Path) -> None:
    found = Answerer(str(constant_model)).answer(TABLE, "Which film in 2005?")
    assert 0.5 < found.probability <= 1
    bound = Answerer(str(constant_model), constrain=True).answer(TABLE, "Which film in 2005?")
    assert bound.value in {"2004", "2005", "Dawn", "Dusk"}
    assert 0 < bound.probability < 1 - found.probability + 1e-6


def test_it_does_not_depend_on_what_else_is_asked(constant_model: Path) -> None:
    answerer = Answerer(str(constant_model), precision="fp32")
    asked = [("Which film?", TABLE), ("When was Dawn made, and by whom was it made?", TABLE)]
    together = [one.probability for one in answerer.answer_many(asked)]
    alone = [answerer.answer(table, question).probability for question, table in asked]
    assert together == pytest.approx(alone, rel=1e-4)
