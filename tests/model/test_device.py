import pytest
import torch

from gentap.model.device import attention, autocast, best_device, use_bf16


@pytest.mark.parametrize(("precision", "wanted"), [("bf16", True), ("fp32", False)])
def test_a_named_precision_is_used_wherever_it_runs(precision, wanted) -> None:
    assert use_bf16(precision) is wanted


@pytest.mark.parametrize(("precision", "kind"), [("bf16", torch.bfloat16), ("fp32", torch.float32)])
def test_matrix_products_are_computed_in_the_precision(precision, kind) -> None:
    square = torch.ones(2, 2, device=best_device())
    with autocast(precision):
        product = square @ square
    assert product.dtype == kind
    assert (square @ square).dtype == torch.float32


def test_auto_is_one_of_the_named_precisions() -> None:
    square = torch.ones(2, 2, device=best_device())
    with autocast("auto"):
        product = square @ square
    assert product.dtype == (torch.bfloat16 if use_bf16("auto") else torch.float32)


def test_the_attention_is_one_that_t5_has() -> None:
    from transformers import T5Config, T5ForConditionalGeneration

    config = T5Config(d_model=16, d_kv=8, d_ff=16, num_heads=2, num_layers=1, vocab_size=8)
    config._attn_implementation = attention()
    ids = torch.tensor([[3, 4]])
    logits = T5ForConditionalGeneration(config)(input_ids=ids, decoder_input_ids=ids).logits
    assert logits.shape == (1, 2, 8)
