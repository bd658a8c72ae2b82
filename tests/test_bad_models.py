"""Commands with a model whose weights are not whole: refused before any work, by name and count."""

import json
import shutil
from pathlib import Path

import pytest
from complaints import complaint, gentap, mined, questions, write
from safetensors.torch import load_file, save_file
from test_own_checkpoints import corpus
from toys import TEXTS, toy_model

from gentap.model.tokenizer import train_vocabulary
from gentap.settings.sections import LinearizerSettings

TABLE = "Year,Film\n2004,Dawn\n2005,Dusk\n"
CASES = Path(__file__).resolve().parents[2] / "shared" / "cases"


@pytest.fixture
def whole(own_folder: Path) -> str:
    settings = LinearizerSettings(max_tokens=128, max_question_tokens=32)
    tokenizer = train_vocabulary(TEXTS, 320, settings)
    toy_model(len(tokenizer.hf)).save_pretrained("model")
    tokenizer.save(Path("model"))
    return "model"


@pytest.fixture
def broken(whole: str) -> str:
    """The model with three tensors left."""
    path = Path(whole, "model.safetensors")
    tensors = load_file(path)
    kept = sorted(tensors)[:3]
    save_file({name: tensors[name] for name in kept}, path, {"format": "pt"})
    return whole


def commands(model: str) -> dict[str, tuple[str, ...]]:
    """Every command that loads a model."""
    table, data = write("t.csv", TABLE), questions()
    long = str(corpus(Path("long"), "long"))
    articles = {
        "data": [{"title": "A year", "paragraphs": [{"context": "It was 1850.", "qas": []}]}]
    }
    squad = write("squad.json", json.dumps(articles))
    return {
        "answer": ("answer", "--model", model, "--table", table, "Which year?"),
        "export": ("export", "--model", model, "-o", "exported"),
        "evaluate": ("evaluate", "--model", model, "--data", data, "-o", "report"),
        "finetune": ("finetune", "--model", model, "--train", data, "-o", "tuned"),
        "pretrain": ("pretrain", "--base", model, "--long", long, "-o", "pretrained"),
        "questions write": ("questions", "write", mined(), "--writer", model, "-o", "written"),
        "questions train": ("questions", "train", squad, "--base", model, "-o", "writer"),
    }


@pytest.mark.parametrize("name", ["answer", "export", "evaluate", "finetune", "pretrain"])
def test_a_model_of_three_tensors_is_refused_by_every_command(broken: str, name: str) -> None:
    message = complaint(*commands(broken)[name])
    assert message.startswith("model: its 3 tensors are not the weights of the model")
    assert "missing: cell.decoder." in message
    assert not Path("exported").exists()


@pytest.mark.parametrize("name", ["questions write", "questions train"])
def test_a_writer_of_three_tensors_is_refused_too(broken: str, name: str) -> None:
    assert "missing: cell.decoder." in complaint(*commands(broken)[name])
    assert not list(Path().glob("writ*/**/*.parquet"))


@pytest.mark.parametrize("name", ["answer", "export", "evaluate", "finetune", "pretrain"])
def test_a_mistyped_model_is_told_with_the_one_that_is_meant(whole: str, name: str) -> None:
    assert "Did you mean 'model'?" in complaint(*commands("./modle")[name])


def test_a_run_looks_at_its_base_before_it_mines(broken: str) -> None:
    write("pages/a.html", "<p>Nothing.</p>")
    data = questions()
    recipe = write(
        "recipe.toml",
        f'output = "run"\n[mine]\ninputs = ["pages"]\n[base]\ncheckpoint = "{broken}"\n'
        f'[writer]\nannotated = ["{data}"]\n[finetune]\ntrain = ["{data}"]\n',
    )
    assert "missing: cell.decoder." in complaint("run", recipe)
    assert not Path("run").exists()


def test_the_folder_that_once_answered(own_folder: Path) -> None:
    case = CASES / "faults" / "m_missing"
    if not case.exists():
        pytest.skip("the case is not at hand: ../shared/cases/faults/m_missing")
    shutil.copytree(case, "m")
    table = write("t.csv", TABLE)
    message = complaint("answer", "--model", "m", "--table", table, "What?")
    assert "75 missing: " in message


def test_a_pointer_in_the_place_of_the_weights(whole: str) -> None:
    write(
        "model/model.safetensors",
        "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12345678\n",
    )
    message = complaint(*commands(whole)["answer"])
    assert message == (
        "model: model.safetensors: a Git LFS pointer, not the file itself (run `git lfs pull` in "
        "its folder)."
    )


def test_the_whole_model_is_taken(whole: str) -> None:
    result = gentap(*commands(whole)["answer"])
    assert result.exit_code == 0, result.output
