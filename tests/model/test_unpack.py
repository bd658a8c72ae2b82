"""`gentap base --from`: a packed checkpoint becomes an output folder like any other."""

import json
from pathlib import Path
from typing import Any

import pytest
from causal_toys import save_causal_toy
from complaints import complaint, gentap, write
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging

COMMAND = ["base", "--from", "toy.gguf", "-o", "out"]


@pytest.fixture(autouse=True)
def _packed(own_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that reads as a toy: transformers' reading of real ones is tested where it is done."""
    logging.disable_progress_bar()
    write("toy.gguf", "GGUF")
    save_causal_toy(Path("toy"))

    def read(file: Path) -> tuple[Any, Any]:
        return (
            AutoModelForCausalLM.from_pretrained("toy"),
            AutoTokenizer.from_pretrained("toy"),
        )

    monkeypatch.setattr("gentap.model.loading.gguf.read_gguf", read)


def test_the_checkpoint_is_written_once_and_can_be_loaded() -> None:
    first = gentap(*COMMAND)
    assert first.exit_code == 0, first.output
    assert "parameters of toy.gguf" in first.stderr
    wanted = Path("toy/model.safetensors").read_bytes()
    assert Path("out/model.safetensors").read_bytes() == wanted
    AutoTokenizer.from_pretrained("out")
    named = json.loads(Path("out/config.json").read_text())
    assert named["rope_theta"] == named["rope_parameters"]["rope_theta"]  # as older programs ask
    assert not list(Path("out").glob(".work"))
    assert "nothing to do" in gentap(*COMMAND).stderr
    Path("toy.gguf").write_text("GGUF of another")
    assert "holds finished work of 'unpack'" in complaint(*COMMAND)
    assert gentap(*COMMAND, "--overwrite").exit_code == 0


@pytest.mark.parametrize("name", ["out", "out.partial", "out.tmp"])
def test_what_others_wrote_is_kept(name: str) -> None:
    write(f"{name}/letters.txt", "dear")
    result = gentap(*COMMAND, "--overwrite")
    assert result.exit_code == (1 if name == "out" else 0)
    assert Path(name, "letters.txt").read_text() == "dear"


@pytest.mark.parametrize(
    "more", [["mined"], ["--set", "max_steps=1"], ["--recipe", "r.toml"], ["mined", "--set", "x=1"]]
)
def test_what_has_no_effect_on_a_packed_file_is_refused(more: list[str]) -> None:
    message = complaint(*COMMAND, *more)
    assert "beside --from: a file that is unpacked is not trained." in message
    assert not Path("out").exists()


def test_a_break_leaves_no_half_of_a_checkpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("transformers.PreTrainedTokenizerBase.save_pretrained", full)
        message = complaint(*COMMAND)
    assert message.startswith("out: can't be written. The disk is full")
    assert not list(Path("out").rglob("*.safetensors"))
    assert gentap(*COMMAND).exit_code == 0
    assert Path("out/model.safetensors").exists()
