"""What stands in a model's folder and is no file, or no adapter's: refused at once, by its path."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from causal_toys import save_causal_toy
from complaints import complaint, questions, write
from toys import TEXTS, toy_model

from gentap.model.loading.load import load_table_model
from gentap.model.tokenizer import load_tokenizer, train_vocabulary
from gentap.settings.sections import AdapterSettings, LinearizerSettings

SETTINGS = LinearizerSettings(max_tokens=64, max_question_tokens=16, max_cell_chars=40)
KINDS: dict[str, Callable[[Path], object]] = {
    "pipe": os.mkfifo,
    "device": lambda path: path.symlink_to("/dev/zero"),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of two decoders on a T5, and one on a decoder-only base."""
    folder = tmp_path_factory.mktemp("models")
    tokenizer = train_vocabulary(TEXTS, 320, SETTINGS)
    toy_model(len(tokenizer.hf)).save_pretrained(folder / "t5")
    tokenizer.save(folder / "t5")
    base = str(save_causal_toy(folder / "base"))
    causal = load_tokenizer(base, SETTINGS)
    adapters = AdapterSettings(rank=2, trunk="adapter")
    load_table_model(base, tokenizer=causal, adapters=adapters).save_pretrained(folder / "causal")
    causal.save(folder / "causal")
    return folder


@pytest.fixture
def models(made: Path, own_folder: Path) -> Path:
    return shutil.copytree(made, own_folder, dirs_exist_ok=True)


def refused(model: str) -> str:
    table = write("t.csv", "Year,Film\n2004,Dawn\n")
    message = complaint("answer", "--model", model, "--table", table, "Which year?")
    data = questions()
    for command in (
        ["finetune", "--model", model, "--train", data, "-o", "out"],
        ["export", "--model", model, "-o", "out"],
        ["evaluate", "--model", model, "--data", data, "-o", "out"],
    ):
        assert complaint(*command).startswith(model)
    assert not Path("out").exists()
    return message


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "name",
    [
        *["config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"],
        *["linearizer.json", "model.safetensors", "spiece.model", "special_tokens_map.json"],
    ],
)
def test_pipes_and_devices_in_the_place_of_a_model_s_files(
    models: Path, name: str, kind: str
) -> None:
    path = Path("t5", name)
    path.unlink(missing_ok=True)
    KINDS[kind](path)
    what = "a named pipe" if kind == "pipe" else "a device"
    assert refused("t5").startswith(f"t5/{name}: is {what}, no file.")


@pytest.mark.parametrize("kind", [*KINDS, "folder", "dangling", "loop"])
@pytest.mark.parametrize("name", ["adapter_config.json", "adapter_model.safetensors"])
@pytest.mark.parametrize("decoder", ["long", "encoder"])
def test_what_is_no_file_in_the_place_of_an_adapter(
    models: Path, decoder: str, name: str, kind: str
) -> None:
    path = Path("causal", decoder, name)
    if decoder == "encoder" and name == "adapter_config.json":
        pytest.skip("the rank is read of a decoder's adapter")
    path.unlink()
    {
        **KINDS,
        "folder": Path.mkdir,
        "dangling": lambda path: path.symlink_to("nowhere"),
        "loop": lambda path: path.symlink_to(path.name),
    }[kind](path)
    assert refused("causal").startswith(f"{path}: no adapter can be read: it is ")


RANKS: list[Any] = [None, 0, -1, 3, 2**16 + 1, 10**30, 2.0, float("nan"), float("inf"), True, "2"]


@pytest.mark.parametrize("rank", [*RANKS, [], {}, [2]])
def test_ranks_that_are_none(models: Path, rank: Any) -> None:
    path = Path("causal/long/adapter_config.json")
    path.write_text(json.dumps({**json.loads(path.read_text()), "r": rank}))
    assert refused("causal").startswith("causal/long")


@pytest.mark.parametrize("content", ["", "{", "[]", "null", "{}", "[" * 50_000, "9" * 5_000])
def test_an_adapter_s_configuration_that_is_none(models: Path, content: str) -> None:
    path = Path("causal/long/adapter_config.json")
    path.write_text(content)
    assert refused("causal").startswith(str(path))
