from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gentap.model.device import best_device
from gentap.model.generate import generate_ids, pad
from gentap.model.network import GenTapModel
from gentap.model.tokenizer import TableTokenizer

QUESTIONS = [
    "who crossed the bridge?",
    "which tall castle was visited by a painter in 1861?",
    "when?",
    "the keeper of the harbour was early",
    "who repaired the wooden bridge of the village?",
]


def only_says(stock: Any, token: int) -> None:
    """Let a decoder score ``token`` above all others in every place, whatever was read."""

    def constant(module: Any, inputs: Any, output: Any) -> Any:
        return torch.ones_like(output)

    stock.get_decoder().final_layer_norm.register_forward_hook(constant)
    with torch.no_grad():
        stock.lm_head.weight.zero_()[token] = 1.0


@pytest.fixture
def model(make_stock: Any, tokenizer: TableTokenizer) -> GenTapModel:
    return GenTapModel.from_stock(make_stock("t5-v1.1", vocabulary=len(tokenizer.hf)))


def write(
    model: Any, tokenizer: TableTokenizer, texts: list[str], *, decoder: Any = None, **options: Any
) -> list[str]:
    inputs = [tokenizer.target_ids(text) for text in texts]
    name = decoder or "long"
    given = {"max_new_tokens": 8, "precision": "fp32", **options}
    return tokenizer.texts(generate_ids(model, tokenizer, inputs, decoders=(name,), **given)[name])


@pytest.mark.parametrize("beams", [1, 3])
def test_the_chosen_decoder_does_the_writing(model, tokenizer, beams: int) -> None:
    for decoder, word in (("long", "▁bridge"), ("cell", "▁castle")):
        only_says(model.reader(decoder), tokenizer.hf.convert_tokens_to_ids(word))
    options = {"beams": beams, "max_new_tokens": 3}
    for decoder, word in (("long", "bridge"), ("cell", "castle"), (None, "bridge")):
        assert write(model, tokenizer, QUESTIONS[:2], decoder=decoder, **options) == (
            [f"{word} {word} {word}"] * 2
        )


def test_greedy_writing_is_the_most_likely_token_again_and_again(model, tokenizer) -> None:
    model = model.to(best_device())
    for text, written in zip(QUESTIONS, write(model, tokenizer, QUESTIONS), strict=True):
        ids = torch.tensor([tokenizer.target_ids(text)], device=model.device)
        said = torch.zeros((1, 1), dtype=torch.long, device=model.device)
        with torch.no_grad():
            for _ in range(8):
                best = model(input_ids=ids, decoder_input_ids=said).logits[0, -1].argmax()
                said = torch.cat([said, best.view(1, 1)], dim=1)
                if best == tokenizer.hf.eos_token_id:
                    break
        assert written == tokenizer.texts(said)[0]


@pytest.mark.parametrize("beams", [1, 3])
def test_texts_come_in_the_order_of_the_inputs_however_they_are_batched(
    model, tokenizer, beams: int
) -> None:
    alone = {text: write(model, tokenizer, [text], beams=beams)[0] for text in QUESTIONS}
    assert len(set(alone.values())) > 1
    for texts in (QUESTIONS, QUESTIONS[::-1], QUESTIONS[2:] + QUESTIONS[:2]):
        for size in (1, 2, 8):
            assert write(model, tokenizer, texts, beams=beams, batch_size=size) == [
                alone[text] for text in texts
            ]


def test_a_stock_model_writes_too_and_says_what_its_conversion_says(make_stock, tokenizer) -> None:
    stock = make_stock("t5", vocabulary=len(tokenizer.hf))
    written = write(stock, tokenizer, QUESTIONS, beams=2)
    for decoder in ("long", "cell"):
        assert (
            write(GenTapModel.from_stock(stock), tokenizer, QUESTIONS, beams=2, decoder=decoder)
            == written
        )


def test_progress_counts_every_text(model, tokenizer) -> None:
    counts: list[int] = []
    write(model, tokenizer, QUESTIONS, batch_size=2, progress=counts.append)
    assert counts == [2, 2, 1]


def test_nothing_to_write_is_no_error(model, tokenizer) -> None:
    assert write(model, tokenizer, []) == []


@settings(max_examples=50)
@given(st.lists(st.lists(st.integers(1, 9), max_size=20), min_size=1, max_size=4))
def test_padding_hides_nothing_and_its_width_is_a_multiple_of_eight(rows) -> None:
    ids, mask = pad(rows, 0)
    longest = max(map(len, rows))
    assert ids.shape == mask.shape == (len(rows), ids.shape[1])
    assert ids.shape[1] % 8 == 0
    assert longest <= ids.shape[1] < longest + 8
    for row, row_ids, row_mask in zip(rows, ids, mask, strict=True):
        assert row_ids[row_mask == 1].tolist() == row
        assert not row_ids[row_mask == 0].any()
        assert row_mask.tolist() == [1] * len(row) + [0] * (ids.shape[1] - len(row))
