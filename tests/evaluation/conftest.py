from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import Page
from chromium import open_browser
from mixed_questions import MIXED, write_questions
from systems import two_systems

from gentap.errors import InputError
from gentap.evaluation.metrics.wordnet import open_wordnet
from gentap.evaluation.report.page import report_page
from gentap.settings.sections import EvaluateSettings

WORDS = (
    "Mara Lind sang in three films and the harbour choir gave concerts every winter in the old town"
).split()


@pytest.fixture
def wordnet() -> object:
    try:
        return open_wordnet()
    except InputError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def toy_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of random weights whose two decoders differ."""
    import toys

    from gentap.model.tokenizer import train_vocabulary
    from gentap.settings.sections import LinearizerSettings

    texts = [
        " ".join(WORDS[(start * step) % len(WORDS)] for step in range(1, 9)) for start in range(60)
    ]
    tokenizer = train_vocabulary(
        texts, 300, LinearizerSettings(max_tokens=64, max_question_tokens=16)
    )
    model = toys.toy_model(len(tokenizer.hf), seed=3)
    folder = tmp_path_factory.mktemp("model")
    model.save_pretrained(folder)
    tokenizer.save(folder)
    return folder


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    with open_browser() as driver:
        yield driver


@pytest.fixture(autouse=True)
def no_errors_in_the_console(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "browser" in request.fixturenames:
        log = request.getfixturevalue("browser").get_log("browser")
        assert not log, log


@pytest.fixture(scope="session")
def report_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    history = [{"step": step, "loss": 5 - step / 100} for step in range(0, 300, 10)]
    history += [{"step": step, "eval_loss": 4 - step / 200} for step in range(60, 300, 60)]
    path = tmp_path_factory.mktemp("page") / "report.html"
    page = report_page("Films", two_systems(), facts=["47 questions"], histories={"tuned": history})
    path.write_text(page, encoding="utf-8")
    return path


@pytest.fixture
def page(browser: Any, report_file: Path) -> Page:
    return Page(browser, report_file).open()


@pytest.fixture
def data(tmp_path: Path) -> str:
    return str(write_questions(tmp_path / "test.jsonl", MIXED))


@pytest.fixture
def settings(data: str) -> EvaluateSettings:
    return EvaluateSettings(data=[data], beams=2, chunk=2, max_answer_tokens=6, precision="fp32")
