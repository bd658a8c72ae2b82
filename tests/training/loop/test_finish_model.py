import json
from pathlib import Path

from gentap.model.network import GenTapModel
from gentap.runs.store import REJECTED, WORK
from gentap.training.loop.finish_model import finish_model
from gentap.training.loop.trainer import Trained


def test_the_folder_holds_the_model_and_all_that_was_set_aside(
    tmp_path: Path, make_t5, tokenizer
) -> None:
    (tmp_path / REJECTED).write_text('{"where": "first"}\n')
    store = tmp_path / WORK / "tokens" / "train"
    store.mkdir(parents=True)
    (store / REJECTED).write_text('{"where": "second"}\n')
    finish_model(make_t5(), Trained({}, None), tokenizer, tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    assert {"model.safetensors", "config.json", "tokenizer.json", "linearizer.json"} <= names
    listed = [json.loads(line)["where"] for line in (tmp_path / REJECTED).open()]
    assert listed == ["first", "second"]


def test_a_saved_model_caches_while_it_writes(tmp_path: Path, make_t5, tokenizer) -> None:
    stock = make_t5(vocabulary=len(tokenizer.hf))
    stock.config.use_cache = False  # as after a training
    model = GenTapModel.from_stock(stock)
    model.config.use_cache = False
    for name, saved in (("stock", stock), ("two", model)):
        finish_model(saved, Trained({}, None), tokenizer, tmp_path / name)
        assert '"use_cache": false' not in (tmp_path / name / "config.json").read_text()
