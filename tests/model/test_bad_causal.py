"""Decoder-only bases that are not whole, or can't be what is asked: one message before any work."""

import json
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
from causal_toys import save_causal_toy
from complaints import complaint, questions, write
from safetensors.torch import load_file, save_file

from gentap.model.causal import CausalModel
from gentap.model.loading import gguf
from gentap.model.loading.load import load_table_model
from gentap.model.tokenizer import load_tokenizer
from gentap.settings.sections import AdapterSettings, LinearizerSettings

TABLE = "Year,Film\n2004,Dawn\n2005,Dusk\n"
SETTINGS = ("--set", "max_steps=1")


@pytest.fixture
def base(own_folder: Path) -> str:
    save_causal_toy(Path("base"), max_position_embeddings=1024)
    return "base"


@pytest.fixture
def saved(base: str) -> str:
    """A model of two decoders, as a training leaves it."""
    tokenizer = load_tokenizer(base, LinearizerSettings(max_tokens=128, max_question_tokens=32))
    settings = AdapterSettings(rank=2, trunk="adapter")
    model = load_table_model(base, tokenizer=tokenizer, adapters=settings)
    assert isinstance(model, CausalModel)
    model.save_pretrained("model")
    tokenizer.save(Path("model"))
    return "model"


def ask(model: str) -> str:
    return complaint("answer", "--model", model, "--table", write("t.csv", TABLE), "Which year?")


def tune(model: str, *options: str) -> str:
    said = complaint("finetune", "--model", model, "--train", questions(), "-o", "tuned", *options)
    assert not list(Path().glob("tuned/**/*.safetensors"))
    return said


def edit(path: str, **changes: object) -> None:
    values = {**json.loads(Path(path).read_text()), **changes}
    Path(path).write_text(json.dumps({k: v for k, v in values.items() if v is not None}))


def test_a_family_that_is_not_supported(base: str) -> None:
    edit("base/config.json", model_type="vit")
    assert ask(base).startswith("base: a model of the type 'vit', which is not supported.")


def test_a_checkpoint_whose_code_would_have_to_be_run(base: str) -> None:
    edit("base/config.json", model_type="mine", auto_map={"AutoModelForCausalLM": "mine.Mine"})
    write("base/mine.py", "open('ran', 'w')\n")
    for message in (ask(base), tune(base)):
        assert "a model of the type 'mine', which is not supported" in message
        assert "without code of its own" in message
    assert not Path("ran").exists()


def test_a_tokenizer_without_an_end_token(base: str) -> None:
    edit("base/tokenizer_config.json", eos_token=None)
    for message in (ask(base), tune(base)):
        assert "no end token (eos_token) is named, so that no answer would ever end" in message


def test_a_context_shorter_than_input_and_answer(base: str) -> None:
    edit("base/config.json", max_position_embeddings=256)
    assert tune(base) == (
        "base: reads at most 256 tokens; linearizer.max_tokens is 512, and an answer of 96 comes "
        "after them. Lower it."
    )


def test_a_rank_of_nothing(base: str) -> None:
    assert "adapters.rank" in tune(base, "--set", "adapters.rank=0")


@pytest.mark.parametrize("name", ["long", "cell", "encoder"])
def test_adapters_that_are_not_whole(saved: str, name: str) -> None:
    file = Path(saved, name, "adapter_model.safetensors")
    whole = load_file(file)
    first = sorted(whole)[0]
    save_file({key: weight for key, weight in whole.items() if key != first}, file)
    for message in (ask(saved), tune(saved)):
        assert message.startswith(f"{file}: 1 of 28 tensors are missing: model.layers.0.mlp.")
    save_file({**whole, first: torch.full_like(whole[first], torch.nan)}, file)
    for message in (ask(saved), tune(saved)):
        assert message.startswith(f"{file}: 1 tensors are not finite (NaN or infinite): model.")
    file.write_bytes(file.read_bytes()[:100])
    for message in (ask(saved), tune(saved)):
        assert message.startswith(f"{file}: no adapter can be read: ")


def test_an_adapter_that_is_not_there(saved: str) -> None:
    shutil.rmtree(Path(saved, "cell"))
    assert ask(saved).startswith("model/cell/adapter_model.safetensors: no adapter can be read")


def test_adapters_of_another_trunk(saved: str) -> None:
    weights = load_file("model/model.safetensors")
    for weight in weights.values():
        weight += 1
    save_file(weights, "model/model.safetensors", {"format": "pt"})
    assert "an adapter of another model than the one in model" in ask(saved)
    edit("model/long/adapter_config.json", r=0)
    assert "its rank r is 0" in ask(saved)


def test_what_the_configuration_says_of_decoders_must_be_true(saved: str) -> None:
    for wrong in ("two", {"decoders": ["other"]}, {"decoders": []}, ["long"]):
        edit("model/config.json", gentap=wrong)
        assert "'gentap' must name the decoders, long and cell or one of them" in ask(saved)


def gguf_file(path: Path) -> bytes:
    """A Llama of one layer in a GGUF file, of which only the header makes sense."""
    import numpy as np
    from gguf import GGUFWriter

    writer = GGUFWriter(path, "llama")
    writer.add_context_length(64)
    writer.add_embedding_length(8)
    writer.add_block_count(1)
    writer.add_feed_forward_length(16)
    writer.add_head_count(2)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(["a", "b", "ab", "<end>"])
    writer.add_token_merges(["a b"])
    writer.add_eos_token_id(3)
    writer.add_tensor("token_embd.weight", np.zeros((4, 8), np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path.read_bytes()


@pytest.mark.skipif(not find_spec("gguf"), reason="needs gguf")
def test_gguf_files_that_are_not_whole_or_of_an_unknown_kind(own_folder: Path) -> None:
    whole = gguf_file(Path("whole.gguf"))
    name = b"token_embd.weight"
    kind = whole.index(name) + len(name) + 4 + 2 * 8
    unknown = whole[:kind] + (99).to_bytes(4, "little") + whole[kind + 4 :]
    cases = {"none": b"no model", "empty": b"", "cut": whole[:400], "short": whole[:-40]}
    for case, content in {**cases, "unknown": unknown}.items():
        file = write(f"{case}.gguf", content)
        message = complaint("base", "--from", file, "-o", "out")
        assert message.startswith(f"{file}: no model can be read from it: "), case
        assert not list(Path().glob("out*"))
    assert complaint("base", "--from", "nowhere.gguf", "-o", "out") == "nowhere.gguf: no such file."


@pytest.mark.skipif(not find_spec("gguf"), reason="needs gguf")
def test_a_gguf_file_as_base_is_told_of_before_any_work(
    own_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HOME", "cache")
    wanted = ("pretrain", "--cell", "none", "-o", "out", "--base")
    assert complaint(*wanted, "nowhere.gguf") == "nowhere.gguf: no such file."
    file = write("cut.gguf", gguf_file(Path("whole.gguf"))[:400])
    assert complaint(*wanted, file).startswith("cut.gguf: no model can be read from it: ")


@pytest.mark.skipif(not find_spec("gguf"), reason="needs gguf")
def test_a_gguf_file_as_base_is_unpacked_once_for_each_content(
    own_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HOME", "cache")
    unpacked = []
    monkeypatch.setattr(
        gguf, "unpack", lambda file, folder: (unpacked.append(file), folder.mkdir())
    )
    for name, content in (("a.gguf", "1"), ("A.GGUF", "2"), ("a.gguf", "1"), ("a.gguf", "3")):
        Path(name).write_text(content)
        assert Path(gguf.checkpoint_folder(name)).is_dir()
    assert list(map(str, unpacked)) == ["a.gguf", "A.GGUF", "a.gguf"]
    assert gguf.checkpoint_folder("google/flan-t5-small") == "google/flan-t5-small"
