from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from served import EchoModel, Start, running

from gentap.serving.answer_service import AnswerService
from gentap.serving.limits import Limits


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts an API with a model ``echo`` and a model ``other``; gives its address and the first.

    Keywords are limits, and the guard's ``token``.
    """
    pytest.importorskip("fastapi", reason="gentap[serve] is not installed")
    from gentap.serving.guard import AccessGuard
    from gentap.serving.http_api import api_app

    with ExitStack() as stack:

        def start_one(token: str = "", **given: Any) -> tuple[str, EchoModel]:
            limits = Limits(**given)
            model = EchoModel()
            service = AnswerService({"echo": model, "other": EchoModel("other")}, limits)
            stack.callback(service.close)
            stack.callback(model.go.set)
            app = AccessGuard(api_app(service), token=token, body_bytes=limits.body_bytes)
            return stack.enter_context(running(app)), model

        yield start_one


@pytest.fixture
def tiny_model(tmp_path: Path) -> Callable[[], Path]:
    """Makes a model of random weights."""

    def make() -> Path:
        from toys import TEXTS, toy_model

        from gentap.model.tokenizer import train_vocabulary
        from gentap.settings.sections import LinearizerSettings

        folder = tmp_path / "model"
        tokenizer = train_vocabulary(
            TEXTS, 320, LinearizerSettings(max_tokens=64, max_question_tokens=16)
        )
        toy_model(len(tokenizer.hf), seed=3).save_pretrained(folder)
        tokenizer.save(folder)
        return folder

    return make
