from pathlib import Path

import pytest
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
