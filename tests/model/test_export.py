"""`gentap export`: what it writes is a stock checkpoint for programs that do not know GenTaP."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from typer.testing import CliRunner

from gentap.cli import app
from gentap.model.network import DECODERS, GenTapModel, load_model
from gentap.model.tokenizer import TableTokenizer, load_tokenizer
from gentap.records import Table
from gentap.settings.sections import LinearizerSettings

TABLE = Table(
    title="Castles",
    header=("Year", "Keeper"),
    rows=(("1850", "river sailor"), ("1861", "tall painter")),
)
QUESTIONS = ("Who was the keeper in 1850?", "When was a painter keeper?", "Who visited?")
WRITING = {"max_new_tokens": 8}

PROGRAM = """
import json, sys
import torch
from safetensors.torch import save_file
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

folder, given, told = sys.argv[1:]
given = json.loads(given)
model = AutoModelForSeq2SeqLM.from_pretrained(folder, attn_implementation=given["attention"])
model.eval()
tokenizer = AutoTokenizer.from_pretrained(folder)
seen = {"question": torch.tensor(tokenizer("Who was it?").input_ids)}
for number, ids in enumerate(given["ids"]):
    ids = torch.tensor([ids])
    labels = ids[:, :5].clone()
    with torch.no_grad():
        seen[f"logits {number}"] = model(input_ids=ids, labels=labels).logits
        for beams in (1, 3):
            seen[f"ids {number} {beams}"] = model.generate(ids, num_beams=beams, **given["writing"])
save_file({name: one.contiguous() for name, one in seen.items()}, told)
print(type(model).__name__, "gentap" in sys.modules)
"""


def ran_elsewhere(folder: Path, model: Any, inputs: list[list[int]]) -> tuple[str, dict[str, Any]]:
    """What a fresh interpreter that never imports gentap gets from an exported folder."""
    told = folder.parent / "told.safetensors"
    given = {"attention": model.config._attn_implementation, "ids": inputs, "writing": WRITING}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(folder), json.dumps(given), str(told)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip(), load_file(told)


@pytest.fixture
def saved(
    tmp_path: Path,
    make_stock: Callable[..., Any],
    tokenizer: TableTokenizer,
    bart_tokenizer: TableTokenizer,
) -> Callable[[str], Path]:
    """Saves a model of a family whose two decoders differ, with its tokenizer."""

    def save(family: str) -> Path:
        fitting = bart_tokenizer if family.startswith("bart") else tokenizer
        model = GenTapModel.from_stock(make_stock(family, vocabulary=len(fitting.hf)))
        shared = {id(weight) for weight in model.long.parameters()}
        rng = torch.Generator().manual_seed(5)
        with torch.no_grad():
            for weight in model.cell.parameters():
                if id(weight) not in shared:
                    weight.add_(torch.randn(weight.shape, generator=rng) * 0.3)
        folder = tmp_path / "model"
        model.save_pretrained(folder)
        fitting.save(folder)
        return folder

    return save


def exported(model: Path, decoder: str, folder: Path) -> Any:
    command = ["export", "--model", str(model), "--decoder", decoder, "-o", str(folder)]
    return CliRunner().invoke(app, command)


@pytest.mark.parametrize("family", ["t5", "t5-v1.1", "bart"])
def test_an_exported_folder_gives_equal_outputs_where_gentap_is_not_known(
    tmp_path: Path, saved: Callable[[str], Path], family: str
) -> None:
    source = saved(family)
    tokenizer = load_tokenizer(str(source), LinearizerSettings())
    model = load_model(str(source)).eval()
    inputs = [tokenizer.linearizer.encode(question, TABLE).ids for question in QUESTIONS]
    found = {}
    for decoder in DECODERS:
        result = exported(source, decoder, tmp_path / decoder)
        assert result.exit_code == 0, result.stderr
        assert f"the {decoder} decoder" in result.stderr
        kind, found[decoder] = ran_elsewhere(tmp_path / decoder, model, inputs)
        assert kind == f"{type(model.long).__name__} False"
        question = tokenizer.hf("Who was it?").input_ids
        assert found[decoder].pop("question").tolist() == question
        for number, of_input in enumerate(inputs):
            ids = torch.tensor([of_input])
            with torch.no_grad():
                logits = model(input_ids=ids, labels=ids[:, :5], decoder=decoder).logits
            assert torch.equal(found[decoder][f"logits {number}"], logits)
            for beams in (1, 3):
                written = model.generate(ids, decoder=decoder, num_beams=beams, **WRITING)
                assert torch.equal(found[decoder][f"ids {number} {beams}"], written)
    assert not torch.equal(found["long"]["logits 0"], found["cell"]["logits 0"])


@pytest.mark.parametrize("family", ["t5", "t5-v1.1", "bart"])
def test_what_was_exported_becomes_the_base_of_a_model_again(
    tmp_path: Path, saved: Callable[[str], Path], family: str
) -> None:
    source = saved(family)
    assert exported(source, "cell", tmp_path / "cell").exit_code == 0
    tokenizer = load_tokenizer(str(tmp_path / "cell"), LinearizerSettings())
    assert tokenizer.settings == load_tokenizer(str(source), LinearizerSettings()).settings
    model, again = load_model(str(source)), GenTapModel.from_seq2seq(str(tmp_path / "cell"))
    ids = torch.tensor([tokenizer.linearizer.encode(QUESTIONS[0], TABLE).ids])
    with torch.no_grad():
        wanted = model(input_ids=ids, labels=ids, decoder="cell").logits
        for decoder in DECODERS:
            assert torch.equal(again(input_ids=ids, labels=ids, decoder=decoder).logits, wanted)


@pytest.mark.parametrize(("family", "tied"), [("t5", True), ("t5-v1.1", False)])
def test_the_configuration_says_what_published_ones_say_of_the_head(
    tmp_path: Path, saved: Callable[[str], Path], family: str, tied: bool
) -> None:
    assert exported(saved(family), "long", tmp_path / "long").exit_code == 0
    values = json.loads((tmp_path / "long" / "config.json").read_text(encoding="utf-8"))
    assert values["model_type"] == "t5"
    assert values["tie_word_embeddings"] is tied
    assert "scale_decoder_outputs" not in values


@pytest.mark.parametrize("family", ["t5", "t5-v1.1", "bart"])
def test_rows_that_only_rounded_the_vocabulary_up_are_left_out(
    tmp_path: Path, make_stock: Callable[..., Any], bart_tokenizer: TableTokenizer, family: str
) -> None:
    count = len(bart_tokenizer.hf)
    model = GenTapModel.from_stock(make_stock(family, vocabulary=count + 3))
    model.save_pretrained(tmp_path / "model")
    bart_tokenizer.save(tmp_path / "model")
    assert exported(tmp_path / "model", "cell", tmp_path / "cell").exit_code == 0
    values = json.loads((tmp_path / "cell" / "config.json").read_text(encoding="utf-8"))
    assert values["vocab_size"] == count
    ids = torch.tensor([bart_tokenizer.linearizer.encode(QUESTIONS[0], TABLE).ids])
    again = GenTapModel.from_seq2seq(str(tmp_path / "cell"))
    with torch.no_grad():
        wanted = model(input_ids=ids, labels=ids, decoder="cell").logits
        assert torch.equal(again(input_ids=ids, labels=ids).logits, wanted[..., :count])


def test_the_configuration_of_a_bart_has_what_ctranslate2_asks_for(
    tmp_path: Path, saved: Callable[[str], Path]
) -> None:
    assert exported(saved("bart"), "long", tmp_path / "long").exit_code == 0
    values = json.loads((tmp_path / "long" / "config.json").read_text(encoding="utf-8"))
    assert values["normalize_before"] is False


def test_what_cannot_be_exported_is_said_and_leaves_nothing(
    tmp_path: Path, saved: Callable[[str], Path]
) -> None:
    source = saved("t5")
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "notes.txt").write_text("mine")
    for model, decoder, folder, told in (
        (source, "both", tmp_path / "new", "'both' is no decoder: give long or cell"),
        (source, "long", taken, "holds files that GenTaP did not write (such as notes.txt)"),
        (tmp_path / "nothing", "long", tmp_path / "new", "no such model folder"),
        (taken, "long", tmp_path / "new", "not a model folder"),
    ):
        result = exported(model, decoder, folder)
        assert result.exit_code == 1
        assert told in " ".join(result.stderr.split())
        assert [path.name for path in taken.iterdir()] == ["notes.txt"]
        assert not (tmp_path / "new").exists()
    assert exported(source, "long", tmp_path / "stock").exit_code == 0
    result = exported(tmp_path / "stock", "long", tmp_path / "new")
    assert "it is a stock model already" in " ".join(result.stderr.split())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model", "stock", "taken"]
