import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from transformers import AutoConfig, BartConfig, T5ForConditionalGeneration

from gentap.errors import InputError
from gentap.model.device import attention
from gentap.model.network import (
    MODEL_TYPE,
    GenTapT5,
    GenTapT5Config,
    from_t5,
    load_model,
    load_t5,
)

Folder = Callable[..., Path]


def batch(rows: int, seed: int = 0) -> dict[str, torch.Tensor]:
    """Inputs of several lengths, and labels with padding."""
    rng = torch.Generator().manual_seed(seed)
    ids = torch.randint(3, 300, (rows, 9), generator=rng)
    mask = torch.ones_like(ids)
    labels = torch.randint(3, 300, (rows, 5), generator=rng)
    for row in range(rows):
        mask[row, 9 - row :] = 0
        labels[row, 5 - row % 3 :] = -100
    return {"input_ids": ids * mask, "attention_mask": mask, "labels": labels}


def logits_of(model: Any, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
    with torch.no_grad():
        logits: torch.Tensor = model(**inputs).logits
    return logits


def apart(model: GenTapT5) -> GenTapT5:
    """The model with a cell decoder that is no copy of its long one."""
    rng = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if name.startswith("cell_"):
                weight.add_(torch.randn(weight.shape, generator=rng) * 0.3)
    return model


@pytest.mark.parametrize("tied", [True, False])
def test_after_conversion_both_decoders_are_the_stock_model_bit_for_bit(
    t5_folder: Folder, tied: bool
) -> None:
    folder = t5_folder(tied=tied)
    stock = T5ForConditionalGeneration.from_pretrained(
        folder, attn_implementation=attention()
    ).eval()
    assert stock.config.scale_decoder_outputs is tied
    assert torch.equal(stock.lm_head.weight, stock.shared.weight) is tied
    model = load_model(str(folder))
    inputs = batch(3)
    wanted = logits_of(stock, inputs)
    assert torch.equal(logits_of(model, inputs), wanted)
    with model.reading("cell"):
        assert torch.equal(logits_of(model, inputs), wanted)
    assert model(**inputs).loss.item() == pytest.approx(stock(**inputs).loss.item(), abs=1e-6)


@pytest.mark.parametrize("tied", [True, False])
def test_the_heads_are_tied_exactly_where_the_checkpoints_is(make_t5, tied: bool) -> None:
    model = from_t5(make_t5(tied=tied))
    shared = model.shared.weight
    for stack in (model.encoder, model.decoder, model.cell_decoder):
        assert stack.embed_tokens.weight is shared
    assert (model.lm_head.weight is shared) is tied
    assert (model.cell_lm_head.weight is shared) is tied
    if not tied:
        assert model.cell_lm_head.weight is not model.lm_head.weight


def test_the_decoders_share_no_weight_but_the_embeddings(make_t5) -> None:
    model = from_t5(make_t5(tied=True))
    long = {id(weight) for weight in model.decoder.parameters()}
    cell = {id(weight) for weight in model.cell_decoder.parameters()}
    assert long & cell == {id(model.shared.weight)}


def test_reading_chooses_the_decoder_and_gives_it_back(make_t5) -> None:
    model = apart(from_t5(make_t5(tied=True)))
    inputs = batch(2)
    long = logits_of(model, inputs)
    with model.reading("cell"):
        cell = logits_of(model, inputs)
    with pytest.raises(ZeroDivisionError), model.reading("cell"):
        raise ZeroDivisionError
    assert not torch.allclose(long, cell)
    assert torch.equal(logits_of(model, inputs), long)
    labels = inputs.pop("labels")
    assert torch.equal(logits_of(model, {**inputs, "long_labels": labels}), long)
    assert torch.equal(logits_of(model, {**inputs, "cell_labels": labels}), cell)


@settings(max_examples=20, deadline=None)
@given(tied=st.booleans(), first=st.integers(1, 3), seed=st.integers(0, 99))
def test_the_mixed_loss_is_the_mean_of_both_decoders_losses(make_t5, tied, first, seed) -> None:
    model = apart(from_t5(make_t5(tied=tied)))
    inputs = batch(4, seed)
    labels = inputs.pop("labels")
    with torch.no_grad():
        mixed = model(**inputs, long_labels=labels[:first], cell_labels=labels[first:])
        parts = [
            model(**{name: ids[rows] for name, ids in inputs.items()}, **{kind: labels[rows]}).loss
            for kind, rows in (
                ("long_labels", slice(first)),
                ("cell_labels", slice(first, None)),
            )
        ]
    assert mixed.logits is None
    assert parts[0].item() != pytest.approx(parts[1].item())
    assert mixed.loss.item() == pytest.approx(sum(part.item() for part in parts) / 2, abs=1e-5)


@pytest.mark.parametrize("kinds", [("long",), ("cell",), ("long", "cell")])
def test_one_encoding_serves_a_batch_and_gradients_reach_its_decoders(make_t5, kinds) -> None:
    model = from_t5(make_t5(tied=False)).train()
    runs: list[int] = []
    model.encoder.register_forward_hook(lambda *rest: runs.append(1))
    inputs = batch(len(kinds))
    labels = inputs.pop("labels")
    model(
        **inputs, **{f"{kind}_labels": labels[row : row + 1] for row, kind in enumerate(kinds)}
    ).loss.backward()
    assert runs == [1]
    for name, weight in model.named_parameters():
        kind = "cell" if name.startswith("cell_") else "long"
        expected = not name.startswith(("decoder.", "lm_head.", "cell_")) or kind in kinds
        reached = weight.grad is not None and bool(weight.grad.abs().sum() > 0)
        assert reached is expected, name


@pytest.mark.parametrize("tied", [True, False])
def test_a_saved_model_comes_back_with_both_decoders(tmp_path, make_t5, tied: bool) -> None:
    model = apart(from_t5(make_t5(tied=tied)))
    model.save_pretrained(tmp_path / "one")
    loaded = load_model(str(tmp_path / "one"))
    inputs = batch(3)
    for decoder in ("long", "cell"):
        with model.reading(decoder), loaded.reading(decoder):
            assert torch.equal(logits_of(loaded, inputs), logits_of(model, inputs))
    assert (loaded.cell_lm_head.weight is loaded.shared.weight) is tied
    loaded.save_pretrained(tmp_path / "two")
    one, two = (tmp_path / name / "model.safetensors" for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()


@pytest.mark.parametrize("tied", [True, False])
def test_shared_weights_are_stored_once(tmp_path: Path, make_t5, tied: bool) -> None:
    from_t5(make_t5(tied=tied)).save_pretrained(tmp_path)
    with safe_open(tmp_path / "model.safetensors", "pt") as file:
        names = set(file.keys())
    heads = set() if tied else {"lm_head.weight", "cell_lm_head.weight"}
    assert {name for name in names if "embed_tokens" in name or "lm_head" in name} == heads
    assert "shared.weight" in names
    long = {name for name in names if name.startswith("decoder.")}
    assert {"cell_" + name for name in long} <= names
    assert long


def test_auto_config_knows_the_saved_type(tmp_path: Path, make_t5) -> None:
    from_t5(make_t5(tied=False)).save_pretrained(tmp_path)
    config = AutoConfig.from_pretrained(tmp_path)
    assert isinstance(config, GenTapT5Config)
    assert (
        config.model_type
        == MODEL_TYPE
        == json.loads((tmp_path / "config.json").read_text())["model_type"]
    )
    assert config.tied_heads is False
    assert config.scale_decoder_outputs is False


@pytest.mark.parametrize("tied", [True, False])
def test_the_dropout_is_that_of_the_stage(tmp_path: Path, t5_folder: Folder, tied: bool) -> None:
    model = load_model(str(t5_folder(tied=tied)), dropout=0.25)
    model.save_pretrained(tmp_path / "saved")
    for loaded, rate in ((model, 0.25), (load_model(str(tmp_path / "saved"), dropout=0.5), 0.5)):
        rates = {layer.p for layer in loaded.modules() if isinstance(layer, torch.nn.Dropout)}
        assert rates == {rate}


def test_embeddings_grow_for_the_marks_and_never_shrink(t5_folder: Folder) -> None:
    folder = str(t5_folder(tied=True))
    before = load_t5(folder)
    grown = load_model(folder, vocabulary=328)
    assert grown.config.vocab_size == 328
    for weight in (grown.shared.weight, grown.lm_head.weight, grown.cell_lm_head.weight):
        assert weight.shape[0] == 328
        assert torch.equal(weight[:320], before.shared.weight)
    again = load_model(folder, vocabulary=328)
    assert torch.equal(again.shared.weight, grown.shared.weight)
    assert load_model(folder, vocabulary=100).config.vocab_size == 320


def test_an_own_head_that_is_too_small_is_refused(t5_folder: Folder) -> None:
    folder = str(t5_folder(tied=False))
    assert load_model(folder, vocabulary=320).config.vocab_size == 320
    with pytest.raises(InputError, match="320 embeddings, 328 are needed"):
        load_model(folder, vocabulary=328)


def without_config(folder: Path) -> None:
    (folder / "config.json").unlink()


def without_weights(folder: Path) -> None:
    (folder / "model.safetensors").unlink()


def truncated_config(folder: Path) -> None:
    (folder / "config.json").write_text('{"model_type": "t5",')


def unknown_type(folder: Path) -> None:
    (folder / "config.json").write_text('{"model_type": "gentap-t6"}')


def bart_config(folder: Path) -> None:
    (folder / "config.json").unlink()
    BartConfig(d_model=16).save_pretrained(folder)


def truncated_weights(folder: Path) -> None:
    weights = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(weights[: len(weights) // 2])


def empty_weights(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"")


def other_shapes(folder: Path) -> None:
    values = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**values, "d_ff": 48}))


def removed(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()


@pytest.mark.parametrize("load", [load_model, load_t5])
@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (without_config, "not a model folder"),
        (without_weights, "holds no model.safetensors"),
        (truncated_config, "no model could be loaded"),
        (unknown_type, "no model could be loaded"),
        (bart_config, "'bart'"),
        (truncated_weights, "weights can't be loaded"),
        (empty_weights, "weights can't be loaded"),
        (other_shapes, "weights can't be loaded"),
        (removed, "no such model folder"),
    ],
)
def test_a_folder_that_cannot_be_loaded_is_named(t5_folder: Folder, load, spoil, message) -> None:
    folder = t5_folder(tied=True)
    spoil(folder)
    with pytest.raises(InputError, match=message) as caught:
        load(str(folder))
    assert str(caught.value).startswith(f"{folder}: ")


def test_where_a_t5_is_needed_a_model_with_two_decoders_is_refused(tmp_path, make_t5) -> None:
    from_t5(make_t5(tied=True)).save_pretrained(tmp_path)
    with pytest.raises(InputError, match=f"type '{MODEL_TYPE}'; a T5 is needed"):
        load_t5(str(tmp_path))
