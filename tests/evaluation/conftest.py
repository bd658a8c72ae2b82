from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import Page, open_browser
from systems import two_systems

from gentap.errors import InputError
from gentap.evaluation.page import report_page
from gentap.evaluation.wordnet import open_wordnet

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
WORDS = (
    "Mara Lind sang in three films and the harbour choir gave concerts every winter in the old town"
).split()


@pytest.fixture
def shared() -> Callable[[str], Path]:
    """Finds a file of the real data sets, or skips the test."""

    def find(name: str) -> Path:
        path = SHARED / name
        if not path.exists():
            pytest.skip(f"the real data is not at hand: ../shared/data/{name}")
        return path

    return find


@pytest.fixture
def wordnet() -> object:
    try:
        return open_wordnet()
    except InputError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def toy_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of random weights whose two decoders differ."""
    import torch
    from transformers import T5Config, T5ForConditionalGeneration

    from gentap.model.network import GenTapModel
    from gentap.model.tokenizer import train_vocabulary
    from gentap.settings import LinearizerSettings

    texts = [
        " ".join(WORDS[(start * step) % len(WORDS)] for step in range(1, 9)) for start in range(60)
    ]
    tokenizer = train_vocabulary(
        texts, 300, LinearizerSettings(max_tokens=64, max_question_tokens=16)
    )
    torch.manual_seed(3)
    stock = T5ForConditionalGeneration(
        T5Config(
            vocab_size=len(tokenizer.hf),
            d_model=16,
            d_ff=32,
            d_kv=8,
            num_heads=2,
            num_layers=1,
            decoder_start_token_id=tokenizer.hf.pad_token_id,
            pad_token_id=tokenizer.hf.pad_token_id,
            eos_token_id=tokenizer.hf.eos_token_id,
        )
    )
    model = GenTapModel.from_stock(stock)
    with torch.no_grad():
        for weight in model.cell.decoder.block.parameters():
            weight.add_(torch.randn_like(weight))
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
