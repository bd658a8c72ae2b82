"""Finding a model by its path or hub name, and what is told where there is none."""

import json
import time
from pathlib import Path

import pytest
from causal_toys import CAUSAL, byte_tokenizer, causal_toy
from toys import toy_t5

from gentap.errors import InputError
from gentap.model.causal import CausalModel
from gentap.model.loading.checkpoints import check_model, load_config
from gentap.model.loading.model_folder import find_model, read_object
from gentap.model.tokenizer import TableTokenizer, load_saved_tokenizer, load_tokenizer
from gentap.settings.sections import AdapterSettings, LinearizerSettings

POINTER = (
    "version https://git-lfs.github.com/spec/v1\n"
    "oid sha256:0000000000000000000000000000000000000000000000000000000000000000\nsize 12345678\n"
)
SETTINGS = LinearizerSettings(max_tokens=64, max_question_tokens=16)


@pytest.fixture
def folder(own_folder: Path, tokenizer: TableTokenizer) -> Path:
    """A model at runs/finetuned, below the folder that the test works in."""
    path = own_folder / "runs" / "finetuned"
    toy_t5(len(tokenizer.hf)).save_pretrained(path)
    tokenizer.save(path)
    return path


def told(name: str) -> str:
    start = time.monotonic()
    with pytest.raises(InputError) as caught:
        check_model(name)
    assert time.monotonic() - start < 20  # a hub that is asked again and again takes a minute
    assert str(caught.value).startswith(f"{name}: ")
    return str(caught.value)


@pytest.mark.parametrize(
    ("mistyped", "meant"),
    [
        ("runs/finetnued", "runs/finetuned"),
        ("run/finetuned", "runs/finetuned"),
        ("finetuned", "runs/finetuned"),
        ("./runs/finetune", "runs/finetuned"),
    ],
)
def test_a_mistyped_name_is_told_at_once_with_what_looks_like_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch, mistyped: str, meant: str
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert f"Did you mean '{meant}'?" in told(mistyped)


def test_nothing_is_fetched_where_the_hub_is_turned_off(
    own_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub

    asked: list[bool] = []

    def download(name: str, *, local_files_only: bool, **rest: object) -> str:
        asked.append(local_files_only)
        raise FileNotFoundError("not in the cache")

    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    assert "HF_HUB_OFFLINE is set, so nothing is fetched" in told("some/model-that-is-not-here")
    assert asked == [True]


def test_a_hub_that_has_no_such_model_or_is_away_is_said(
    own_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub

    def download(name: str, *, etag_timeout: float, **rest: object) -> str:
        assert etag_timeout <= 2.0
        raise ConnectionError("no route\nto the host")

    monkeypatch.delenv("HF_HUB_ETAG_TIMEOUT", raising=False)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    assert "the hub has no such model, or can't be reached: no route" in told("some/absent-model")


def test_a_model_of_the_hub_is_loaded_from_the_cache(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cached = tmp_path / "hub" / "models--some--cached-model"
    (cached / "refs").mkdir(parents=True)
    (cached / "refs" / "main").write_text("abc123")
    (cached / "snapshots").mkdir()
    folder.rename(cached / "snapshots" / "abc123")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    from functools import partial

    import huggingface_hub

    download = partial(huggingface_hub.snapshot_download, cache_dir=str(tmp_path / "hub"))
    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    assert find_model("some/cached-model") == cached / "snapshots" / "abc123"
    check_model("some/cached-model")
    load_tokenizer("some/cached-model", SETTINGS)
    assert "Did you mean 'some/cached-model'?" in told("some/cashed-model")


@pytest.mark.parametrize(
    "name", ["model.safetensors", "tokenizer.json", "spiece.model", "config.json"]
)
def test_a_pointer_of_git_lfs_is_told_as_such(folder: Path, name: str) -> None:
    (folder / name).write_text(POINTER)
    for load in (check_model, lambda path: load_tokenizer(path, SETTINGS)):
        with pytest.raises(InputError, match=f"{name}: a Git LFS pointer.*run `git lfs pull`"):
            load(str(folder))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "not a readable JSON file"),
        ("[1]", "a JSON object .* and there is a list"),
        ("null", "a NoneType"),
        ('{"a": %s}' % ("9" * 5000), "not a readable JSON file"),
        ('{"a": %s}' % ("9" * 900), "an integer of 2,990 bits"),
        ('{"a": NaN}', "NaN stands where a number belongs"),
        ("[" * 200_000, "nested too deep"),
        ('{"a":' * 990 + "1" + "}" * 990, "nested too deep"),
    ],
)
def test_json_that_is_no_object_is_told_with_the_file(
    tmp_path: Path, content: str, message: str
) -> None:
    path = tmp_path / "config.json"
    path.write_text(content)
    with pytest.raises(InputError, match=message) as caught:
        read_object(path)
    assert str(caught.value).startswith(f"{path}: ")


def test_bytes_that_are_no_text_and_files_beyond_bounds_are_told(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_bytes(b"\xff\xfe{}")
    with pytest.raises(InputError, match="not a readable JSON file"):
        read_object(path)
    with path.open("wb") as file:
        file.truncate(2**30)
    with pytest.raises(InputError, match="larger than 16,777,216 bytes"):
        read_object(path)


def test_saved_tokenizers_have_the_names_that_transformers_4_reads(
    tmp_path: Path, tokenizer: TableTokenizer, bart_tokenizer: TableTokenizer
) -> None:
    """There ``extra_special_tokens`` is a mapping, and ``TokenizersBackend`` no class."""
    causal = byte_tokenizer(LinearizerSettings())
    for number, one in enumerate((tokenizer, bart_tokenizer, causal)):
        folder = tmp_path / str(number)
        one.save(folder)
        values = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
        assert "extra_special_tokens" not in values
        named = set(values.get("additional_special_tokens", ()))
        assert one is not tokenizer or "<extra_id_99>" in named
        assert values["tokenizer_class"] != "TokenizersBackend"
        again = load_saved_tokenizer(folder)
        assert again.hf.get_vocab() == one.hf.get_vocab()
        assert set(again.hf.all_special_tokens) == set(one.hf.all_special_tokens)


@pytest.mark.parametrize("family", sorted(CAUSAL))
def test_saved_configurations_name_rotary_bases_as_transformers_4_does(
    tmp_path: Path, family: str
) -> None:
    """There ``rope_parameters`` is not known, and 10,000 is taken in silence."""
    stock = causal_toy(family)
    wanted = getattr(stock.config, "rope_parameters", None) or {}
    for part in wanted.values() if family == "gemma3" else [wanted]:
        part.update(rope_theta=5000.0)
    CausalModel(stock, AdapterSettings(rank=2)).save_pretrained(tmp_path)
    values = json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))
    assert values.get("rope_theta") == (5000.0 if family != "gpt2" else None)
    assert values.get("rope_local_base_freq") == (5000.0 if family == "gemma3" else None)
    if family != "gpt2":
        assert load_config(str(tmp_path)).rope_parameters == wanted
