import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from transformers import BertConfig

from gentap.errors import InputError
from gentap.model.config import MODEL_TYPE
from gentap.model.loading.checkpoints import load_seq2seq
from gentap.model.network import GenTapModel, load_model

Folder = Callable[..., Path]


def without_config(folder: Path) -> None:
    (folder / "config.json").unlink()


def without_weights(folder: Path) -> None:
    (folder / "model.safetensors").unlink()


def truncated_config(folder: Path) -> None:
    (folder / "config.json").write_text('{"model_type": "t5",')


def unknown_type(folder: Path) -> None:
    (folder / "config.json").write_text('{"model_type": "gentap-t6"}')


def other_type(folder: Path) -> None:
    (folder / "config.json").unlink()
    BertConfig().save_pretrained(folder)


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


@pytest.mark.parametrize("load", [load_model, load_seq2seq])
@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (without_config, "not a model folder"),
        (without_weights, "holds no model.safetensors"),
        (truncated_config, "config.json: not a readable JSON file"),
        (
            unknown_type,
            "'gentap-t6', which is not supported. Give an encoder-decoder",
        ),
        (
            other_type,
            "'bert', which is not supported. Give an encoder-decoder",
        ),
        (truncated_weights, "weights can't be loaded"),
        (empty_weights, "weights can't be loaded"),
        (other_shapes, "6 of another shape than config.json says: "),
        (removed, "no such model folder"),
    ],
)
def test_a_folder_that_cannot_be_loaded_is_named(
    stock_folder: Folder, load, spoil, message
) -> None:
    folder = stock_folder()
    spoil(folder)
    with pytest.raises(InputError, match=message) as caught:
        load(str(folder))
    assert re.match(rf"{re.escape(str(folder))}(/config.json)?: ", str(caught.value))


def test_where_a_stock_model_is_needed_one_with_two_decoders_is_refused(
    tmp_path, make_stock
) -> None:
    GenTapModel.from_stock(make_stock()).save_pretrained(tmp_path)
    with pytest.raises(InputError, match=f"type '{MODEL_TYPE}'; a stock checkpoint"):
        load_seq2seq(str(tmp_path))
