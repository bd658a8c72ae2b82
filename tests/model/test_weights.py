"""Tensors that are missing, too many, ill-shaped or no numbers refuse a model, name by name."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from stock_models import FAMILIES

from gentap.errors import InputError
from gentap.model.loading.checkpoints import check_model, load_seq2seq
from gentap.model.network import GenTapModel, load_model

Folder = Callable[..., Path]
Tensors = dict[str, torch.Tensor]


@pytest.fixture(params=["stock", "gentap"])
def model_folder(
    request: pytest.FixtureRequest, stock_folder: Folder, tmp_path: Path, family: str
) -> Path:
    """A checkpoint of each family, and the model of two decoders made of it."""
    folder = stock_folder(family)
    if request.param == "stock":
        return folder
    load_model(str(folder)).save_pretrained(tmp_path / "two")
    return tmp_path / "two"


def changed(folder: Path, change: Callable[[Tensors], None]) -> None:
    path = folder / "model.safetensors"
    tensors = load_file(path)
    change(tensors)
    save_file(tensors, path, {"format": "pt"})


def refused(folder: Path) -> str:
    with pytest.raises(InputError) as caught:
        check_model(str(folder))
    with pytest.raises(InputError):
        load_model(str(folder))
    assert str(caught.value).startswith(str(folder))
    return str(caught.value)


def test_whole_checkpoints_of_every_family_are_taken(model_folder: Path) -> None:
    check_model(str(model_folder))
    load_model(str(model_folder))


def test_a_missing_tensor_is_named(model_folder: Path) -> None:
    names = sorted(load_file(model_folder / "model.safetensors"))
    learnt = [name for name in names if "positions" not in name and "logits_bias" not in name]
    for name in (learnt[0], learnt[len(learnt) // 2]):
        whole = load_file(model_folder / "model.safetensors")
        changed(model_folder, lambda tensors, name=name: tensors.pop(name))  # type: ignore[misc]
        assert re.search(r"[123] missing: ", message := refused(model_folder))
        assert name.split("coder.")[-1] in message  # T5Gemma 2 saves other names than it has
        save_file(whole, model_folder / "model.safetensors", {"format": "pt"})


def test_a_model_without_its_decoder_is_refused(stock_folder: Folder, family: str) -> None:
    folder = stock_folder(family)

    def drop(tensors: Tensors) -> None:
        for name in [name for name in tensors if "decoder." in name]:
            del tensors[name]

    count = len(load_file(folder / "model.safetensors"))
    changed(folder, drop)
    found = re.search(r"([\d,]+) missing: .*decoder", refused(folder))
    assert found is not None
    left = len(load_file(folder / "model.safetensors"))
    assert int(found[1]) >= count - left - 1  # embeddings may be tied to a head that is there


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_weights_that_are_no_numbers_are_named(model_folder: Path, value: float) -> None:
    name = next(n for n in sorted(load_file(model_folder / "model.safetensors")) if "decoder" in n)

    def spoil(tensors: Tensors) -> None:
        tensors[name].view(-1)[-1] = value

    changed(model_folder, spoil)
    assert f"1 not finite (NaN or infinite): {name}" in refused(model_folder)


def test_unexpected_tensors_are_named(model_folder: Path) -> None:
    changed(model_folder, lambda tensors: tensors.update({"another.weight": torch.ones(2)}))
    assert "1 unexpected: another.weight" in refused(model_folder)


def test_ill_shaped_tensors_are_named_with_both_shapes(model_folder: Path) -> None:
    names = load_file(model_folder / "model.safetensors")
    name = next(name for name in sorted(names) if re.search(r"decoder.*norm.*weight", name))
    changed(model_folder, lambda tensors: tensors.update({name: torch.ones(3)}))
    assert f"{name} (3 for 16)" in refused(model_folder)


@pytest.mark.parametrize("layers", [9, -1, 0, 10**9])
def test_other_numbers_of_layers_than_there_are_weights_for(
    model_folder: Path, layers: int
) -> None:
    path = model_folder / "config.json"
    text = path.read_text()
    names = r'"(num_layers|encoder_layers|num_hidden_layers)": \d+'
    path.write_text(re.sub(names, rf'"\1": {layers}', text))
    assert path.read_text() != text
    assert re.search("missing|no model of|config.json: can't be used", refused(model_folder))


@pytest.mark.parametrize("family", ["t5-v1.1", "mt5"])
def test_a_head_of_its_own_is_not_taken_from_the_embeddings(stock_folder, family: str) -> None:
    folder = stock_folder(family)
    values = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**values, "tie_word_embeddings": False}))
    check_model(str(folder))
    changed(folder, lambda tensors: tensors.pop("lm_head.weight"))
    assert "1 missing: lm_head.weight" in refused(folder)


def test_published_bart_without_prefix_head_and_bias_is_whole(stock_folder: Folder) -> None:
    """`facebook/bart-base` was saved from the class without a head."""
    folder = stock_folder("bart")
    before = load_seq2seq(str(folder))
    before.model.save_pretrained(folder)
    assert "shared.weight" in load_file(folder / "model.safetensors")
    after = load_seq2seq(str(folder))
    assert torch.equal(after.lm_head.weight, before.lm_head.weight)


def test_positions_that_are_computed_may_be_left_out(stock_folder: Folder) -> None:
    folder = stock_folder("pegasus")
    positions = load_seq2seq(str(folder)).get_encoder().embed_positions.weight

    def drop(tensors: Tensors) -> None:
        for name in [name for name in tensors if "embed_positions" in name]:
            del tensors[name]

    changed(folder, drop)
    assert torch.equal(load_seq2seq(str(folder)).get_encoder().embed_positions.weight, positions)


def sharded(folder: Path, make_stock: Callable[..., Any]) -> list[Path]:
    GenTapModel.from_stock(make_stock()).save_pretrained(folder, max_shard_size="20KB")
    parts = sorted(folder.glob("model-*.safetensors"))
    assert len(parts) > 2
    return parts


def test_a_sharded_checkpoint_is_looked_through_part_by_part(tmp_path: Path, make_stock) -> None:
    parts = sharded(tmp_path, make_stock)
    check_model(str(tmp_path))
    tensors = load_file(parts[1])
    name = sorted(tensors)[0]
    save_file({**tensors, name: tensors[name] * float("nan")}, parts[1], {"format": "pt"})
    assert f"not finite (NaN or infinite): {name}" in refused(tmp_path)
    parts[1].unlink()
    assert f"{parts[1].name} missing of {len(parts)} files" in refused(tmp_path)


@pytest.mark.parametrize(
    "places",
    [None, [], {}, {"a": 1}, {"a": "../model.safetensors"}, {"a": "/etc/passwd"}, "model"],
)
def test_an_index_that_somebody_edited_is_named(tmp_path: Path, make_stock, places) -> None:
    sharded(tmp_path, make_stock)
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": places}))
    assert str(index) in refused(tmp_path)


def test_pickles_are_refused_with_what_to_do(stock_folder: Folder) -> None:
    folder = stock_folder()
    torch.save({}, folder / "pytorch_model.bin")
    check_model(str(folder))
    (folder / "model.safetensors").unlink()
    message = refused(folder)
    assert "pytorch_model.bin: pickles can run code" in message
    assert "save_pretrained" in message


def test_families_are_those_of_the_page() -> None:
    page = (Path(__file__).parents[2] / "docs" / "models.md").read_text(encoding="utf-8")
    from gentap.model.loading.checkpoints import FAMILIES as KNOWN

    for name in KNOWN:
        assert f"`{name}`" in page
    assert {one.removesuffix("-untied").removesuffix("-v1.1") for one in FAMILIES} - {
        "longt5-global"
    } == set(KNOWN)
