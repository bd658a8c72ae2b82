"""What a request's ends are: tried again, given up, or hopeless."""

import time
from collections.abc import Callable
from email.utils import formatdate
from typing import Any

import pytest
from chat_server import Request, Server, completion, failing, reply

from gentap.errors import WorkerError
from gentap.model.chat.chat_client import ChatClient, ChatRequest

REQUESTS = [
    ChatRequest(messages=[{"role": "user", "content": f"Sentence: Ada won cup {number}."}])
    for number in range(6)
]
SECRET = "sk-only-for-this-test"


def cut_off(handler: Any) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "500")
    handler.end_headers()
    handler.wfile.write(b'{"choices": [')
    handler.close_connection = True


FAILURES: dict[str, Callable[[Any], None]] = {
    "500": lambda handler: reply(handler, 500, b"oops"),
    "503 in HTML": lambda handler: reply(handler, 503, b"<html>busy</html>", "text/html"),
    "429": lambda handler: reply(handler, 429, b"{}", Retry_After="0"),
    "truncated JSON": lambda handler: reply(handler, 200, completion("Who?")[:-9]),
    "broken off": cut_off,
    "an error in JSON": lambda handler: reply(handler, 200, b'{"error": {"message": "busy"}}'),
    "no choices": lambda handler: reply(handler, 200, b'{"choices": []}'),
    "a list": lambda handler: reply(handler, 200, b"[]"),
    "numbers": lambda handler: reply(handler, 200, b'{"choices": [{"message": {"content": 5}}]}'),
    "nothing": lambda handler: reply(handler, 200, b""),
    "HTML": lambda handler: reply(handler, 200, b"<!doctype html><p>Hi", "text/html"),
    "no HTTP": lambda handler: handler.wfile.write(b"what?\n"),
    "binary": lambda handler: reply(handler, 200, b"\xff\x00\x80"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_request_that_fails_is_tried_again(
    serve: Callable[..., Server], client: Callable[..., ChatClient], name: str
) -> None:
    server = serve(failing(2, FAILURES[name]))
    (found,) = client(server.address, retries=2).ask(REQUESTS[:1])
    assert isinstance(found, list)
    assert len(server.requests) == 3


@pytest.mark.parametrize("name", FAILURES)
def test_an_endpoint_that_never_answers_ends_the_run(
    serve: Callable[..., Server], client: Callable[..., ChatClient], name: str
) -> None:
    server = serve(lambda _, handler, request: FAILURES[name](handler))
    with pytest.raises(WorkerError, match="after 2 tries") as raised:
        client(server.address, retries=1, concurrency=1).ask(REQUESTS)
    assert len(server.requests) == 2
    assert ("its address usually ends in /v1" in str(raised.value)) == (name == "HTML")


def test_waits_grow_and_retry_after_is_heeded(
    serve: Callable[..., Server],
    client: Callable[..., ChatClient],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    headers = ["7", formatdate(time.time() + 30, usegmt=True), "soon", "9999", ""]

    def answer(server: Server, handler: Any, request: Request) -> None:
        asked = headers[len(server.requests) - 1]
        reply(handler, 429, b"", **({"Retry_After": asked} if asked else {}))

    server = serve(answer)
    asked = client(server.address, retries=4, backoff=2.0, concurrency=1)
    waits: list[float] = []
    monkeypatch.setattr(asked._stopped, "wait", waits.append)
    with pytest.raises(WorkerError, match="status 429"):
        asked.ask(REQUESTS[:1])
    assert waits[0] == 7
    assert 27 < waits[1] <= 30
    assert waits[2:] == [8, 60]


def test_a_slow_reply_is_given_up(
    serve: Callable[..., Server], client: Callable[..., ChatClient]
) -> None:
    def drip(server: Server, handler: Any, request: Request) -> None:
        handler.send_response(200)
        handler.end_headers()
        for _ in range(1500):
            handler.wfile.write(b" ")
            handler.wfile.flush()
            time.sleep(0.02)

    for answer in (drip, lambda *_: time.sleep(30)):
        server = serve(answer)
        started = time.monotonic()
        with pytest.raises(WorkerError, match=r"no whole reply within 0\.15 seconds"):
            client(server.address, timeout=0.15, retries=0).ask(REQUESTS[:1])
        assert time.monotonic() - started < 20


def test_an_endless_reply_is_given_up(
    serve: Callable[..., Server], client: Callable[..., ChatClient]
) -> None:
    server = serve(lambda _, handler, request: reply(handler, 200, b" " * (5 * 2**20)))
    with pytest.raises(WorkerError, match="longer than 4,194,304 bytes"):
        client(server.address, retries=0).ask(REQUESTS[:1])


def test_an_endpoint_that_is_down(client: Callable[..., ChatClient]) -> None:
    with pytest.raises(WorkerError, match=r"127\.0\.0\.1:9/v1.* can't be reached"):
        client("http://127.0.0.1:9/v1", retries=1).ask(REQUESTS)


@pytest.mark.parametrize(
    ("status", "message"),
    [(401, "API key"), (403, "not allowed"), (404, "usually ends in /v1"), (405, "usually ends")],
)
def test_what_no_retry_mends_ends_the_run_at_once(
    serve: Callable[..., Server], client: Callable[..., ChatClient], status: int, message: str
) -> None:
    server = serve(lambda _, handler, request: reply(handler, status, b"no such thing"))
    with pytest.raises(WorkerError, match=f"status {status}: .*{message}.* no such thing"):
        client(server.address, concurrency=1).ask(REQUESTS)
    assert len(server.requests) == 1


def test_a_redirect_is_not_followed_with_the_key(
    serve: Callable[..., Server],
    client: Callable[..., ChatClient],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GENTAP_API_KEY", SECRET)
    elsewhere = serve()
    server = serve(lambda _, handler, request: reply(handler, 307, b"", Location=elsewhere.address))
    with pytest.raises(WorkerError, match="redirects to http"):
        client(server.address).ask(REQUESTS[:1])
    assert not elsewhere.requests
