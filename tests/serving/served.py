"""Servers on loopback for the tests, and models that answer without weights."""

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from gentap.model.answerer import Answer
from gentap.records import Cell, Table


@dataclass
class EchoModel:
    """Says the first row; ``batches`` are the questions that it was asked together.

    A question may be ``wait`` (until ``go`` is set), ``fail``, or ``cut``.
    """

    name: str = "echo"
    batches: list[list[str]] = field(default_factory=list)
    go: threading.Event = field(default_factory=threading.Event)
    begun: threading.Event = field(default_factory=threading.Event)

    def answer_many(self, questions: Sequence[tuple[str, Table]]) -> list[Answer]:
        self.batches.append([question for question, _ in questions])
        self.begun.set()
        if any(question == "wait" for question, _ in questions):
            assert self.go.wait(60)
        if any(question == "fail" for question, _ in questions):
            raise ZeroDivisionError("a fault of the model's")
        return [self._answer(question, table) for question, table in questions]

    def _answer(self, question: str, table: Table) -> Answer:
        cut = question == "cut"
        row = table.rows[0]
        return Answer(
            sentence=f"It says {' and '.join(row)} here.",
            value=row[-1],
            cell=Cell(0, len(row) - 1) if row[-1] else None,
            cut=cut,
            rows=(0,) if cut else tuple(range(len(table.rows))),
            columns=tuple(range(len(table.header))),
            probability=0.75,
        )


Start = Callable[..., tuple[str, EchoModel]]
"""Starts a server; gives its address and its first model."""


@contextmanager
def running(app: Any) -> Iterator[str]:
    """The address of a server that runs an ASGI application; skips without uvicorn."""
    uvicorn = pytest.importorskip("uvicorn", reason="gentap[serve] is not installed")
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(30)


@dataclass(frozen=True)
class Response:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def content(self) -> Any:
        return json.loads(self.body)


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirects)


def request(
    address: str, body: bytes | Any | None = None, headers: dict[str, str] | None = None
) -> Response:
    """GET, or POST of a body (bytes, or what is sent as JSON)."""
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    asked = urllib.request.Request(address, data, headers or {})
    try:
        with _OPENER.open(asked, timeout=120) as response:
            return Response(response.status, dict(response.headers), response.read())
    except urllib.error.HTTPError as error:
        with error:
            return Response(error.code, dict(error.headers), error.read())
