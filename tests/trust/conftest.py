from collections.abc import Callable
from pathlib import Path

import pytest
from complaints import gentap
from toys import toy_model as random_model

from gentap.documents.annotated.reading import read_questions
from gentap.errors import InputError
from gentap.evaluation.metrics.wordnet import open_wordnet
from gentap.model.tokenizer import train_vocabulary
from gentap.settings.sections import LinearizerSettings


@pytest.fixture(scope="session")
def toy(tmp_path_factory: pytest.TempPathFactory, data: Path) -> Path:
    """A model of random weights that can read the project's questions."""
    examples = read_questions([data / "qa" / "train.jsonl"]).examples
    texts = [text for one in examples for text in (one.question, one.answer)]
    settings = LinearizerSettings(max_tokens=192, max_question_tokens=48)
    tokenizer = train_vocabulary(texts, 400, settings)
    folder = tmp_path_factory.mktemp("toy")
    random_model(len(tokenizer.hf), seed=3).save_pretrained(folder)
    tokenizer.save(folder)
    return folder


@pytest.fixture
def wordnet() -> object:
    try:
        return open_wordnet()
    except InputError as error:
        pytest.skip(str(error))


@pytest.fixture
def noisy_report(toy: Path, data: Path, tmp_path: Path, wordnet: object) -> Callable[..., Path]:
    """Makes a report of the project's test questions, some of them asked of spoiled tables too."""

    def make(noise: str, questions: int) -> Path:
        command = ["evaluate", "--model", str(toy), "--data", str(data / "qa" / "test.jsonl")]
        quick = ["beams=1", "max_answer_tokens=4", "precision=fp32", f"noise_questions={questions}"]
        settings = [part for one in quick for part in ("--set", one)]
        done = gentap(*command, *settings, "--noise", noise, "-o", str(tmp_path / "report"))
        assert done.exit_code == 0, done.output
        return tmp_path / "report"

    return make


@pytest.fixture
def report(tmp_path: Path, data: Path, wordnet: object) -> str:
    """A report of a system that fails on tables over nine rows."""
    files = [str(data / "qa" / f"{name}.jsonl") for name in ("train", "dev", "test")]
    examples = read_questions(files).examples
    said = ["Nobody knows." if len(one.table.rows) > 9 else one.answer for one in examples]
    predictions = tmp_path / "said.txt"
    predictions.write_text("".join(f"{text}\n" for text in said), encoding="utf-8")
    given = [part for file in files for part in ("--data", file)]
    out = str(tmp_path / "report")
    done = gentap("score", "--predictions", str(predictions), *given, "-o", out)
    assert done.exit_code == 0, done.output
    return out
