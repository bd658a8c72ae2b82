from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gentap.model.chat.chat_client import ChatClient
from gentap.settings.sections import EndpointSettings


@pytest.fixture
def client(tmp_path: Path) -> Callable[..., ChatClient]:
    def client(address: str, **settings: Any) -> ChatClient:
        values = {"model": "m", "backoff": 0.001, "cache": str(tmp_path / "answers"), **settings}
        return ChatClient(address, EndpointSettings(**values), "write.endpoint")

    return client
