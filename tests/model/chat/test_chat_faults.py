"""Whatever an endpoint sends: a request ends in time, and shows neither key nor controls."""

import json
import random
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from chat_server import Request, Server, completion, reply

from gentap.errors import GentapError, SettingError, WorkerError
from gentap.model.chat import http_exchange
from gentap.model.chat.chat_client import ChatClient, ChatRequest, Unanswered, check_address
from gentap.model.chat.chat_reply import ChatAnswer
from gentap.model.chat.exchange import asked_wait

SECRET = "sk-only-for-this-test"
TIMEOUT = 0.5


def asked(count: int = 1) -> list[ChatRequest]:
    return [
        ChatRequest(messages=[{"role": "user", "content": f"Say {number}."}])
        for number in range(count)
    ]


def body(content: str, **more: str) -> Callable[[Any], None]:
    return lambda handler: reply(handler, 200, content.encode(), **more)


def said(text: str, usage: str = "{}") -> str:
    return f'{{"choices": [{{"message": {{"content": {text}}}}}], "usage": {usage}}}'


ODD: dict[str, tuple[Callable[[Any], None], str]] = {
    "a lone surrogate": (body(said(r'"Who \ud800 won?"')), "Who \ufffd won?"),
    "a pair of them": (body(said(r'"Who \ud83c\udfc6 won?"')), "Who 🏆 won?"),
    "NUL and escapes": (body(said(r'"Who\u0000 won\u001b[31m?"')), "Who  won [31m?"),
    "a turned direction": (body(said(r'"Who \u202ewon?"')), "Who  won?"),
    "usage without end": (body(said('"Who?"', '{"total_tokens": Infinity}')), "Who?"),
    "no number": (body(said('"Who?"', '{"total_tokens": NaN}')), "Who?"),
    "5,000 digits": (body(said('"Who?"', f'{{"total_tokens": {"9" * 5000}}}')), "Who?"),
    "less than nothing": (body(said('"Who?"', '{"total_tokens": -1000000}')), "Who?"),
    "words": (body(said('"Who?"', '{"total_tokens": "abc"}')), "Who?"),
    "a list": (body(said('"Who?"', "[1]")), "Who?"),
    "true": (body(said('"Who?"', '{"total_tokens": true}')), "Who?"),
    "null": (body(said('"Who?"', "null")), "Who?"),
    "parts": (
        body(said('[{"type": "text", "text": "Who"}, {"type": "text", "text": "?"}]')),
        "Who?",
    ),
    "parts with a thought": (
        body(said('[{"type": "thinking", "thinking": "Hm."}, {"type": "text", "text": "Who?"}]')),
        "Who?",
    ),
    "parts that are texts": (body(said('["Who", "?"]')), "Who?"),
    "an old completion": (body('{"choices": [{"text": "Who?"}]}'), "Who?"),
    "null content": (body(said("null")), ""),
    "60,000 choices": (
        body(
            json.dumps({"choices": [{"message": {"content": f"Who {n}?"}} for n in range(60000)]})
        ),
        "Who 0?",
    ),
    "blanks before": (body("\n" * 5000 + said('"Who?"')), "Who?"),
}


@pytest.mark.parametrize("name", ODD)
def test_what_can_be_read_is(
    serve: Callable[..., Server], client: Callable[..., ChatClient], name: str
) -> None:
    send, text = ODD[name]
    server = serve(lambda _, handler, request: send(handler))
    asking = client(server.address)
    assert asking.ask(asked()) == [[ChatAnswer(text)]]
    assert 0 < asking.spent.tokens < 10**13
    assert client(server.address).ask(asked()) == [[ChatAnswer(text)]]
    assert len(server.requests) == 1


def drip(start: bytes, piece: bytes) -> Callable[[Any], None]:
    def send(handler: Any) -> None:
        handler.close_connection = True
        handler.wfile.write(start)
        for _ in range(1000):
            handler.wfile.write(piece)
            handler.wfile.flush()
            time.sleep(0.05)

    return send


HEAD = b"HTTP/1.1 200 OK\r\n"
FAULTS: dict[str, Callable[[Any], None]] = {
    "nested lists": body("[" * 200_000),
    "nested objects": body('{"choices":' * 100_000),
    "nested content": body(said("[" * 100_000 + "]" * 100_000)),
    "a number": body("5"),
    "choices that are none": body('{"choices": [1]}'),
    "content that is none": body(said('{"a": 1}')),
    "no choices and an error": body('{"choices": null, "error": {"message": "\x1b[31mboom"}}'),
    "an event stream": body('data: {"choices": []}\n\n'),
    "compressed": body("\x1f\x8b\0\0", Content_Encoding="gzip"),
    "a status of words": lambda handler: handler.wfile.write(b"HTTP/1.1 abc OK\r\n\r\n"),
    "garbage": lambda handler: handler.wfile.write(b"\x00\xff" * 1000 + b"\r\n"),
    "a negative chunk": lambda handler: handler.wfile.write(
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n-5\r\nabc"
    ),
    "two hundred headers": lambda handler: handler.wfile.write(
        HEAD + b"".join(b"X-%d: y\r\n" % n for n in range(200)) + b"\r\n"
    ),
    "a header without end": lambda handler: handler.wfile.write(HEAD + b"X: " + b"y" * 100_000),
    "nothing": lambda handler: setattr(handler, "close_connection", True),
    "dripping headers": drip(HEAD, b"X: y\r\n"),
    "a dripping header": drip(HEAD + b"X: ", b"y"),
    "a dripping status": drip(b"HTTP/1.1 200 ", b"O"),
    "a dripping body": drip(HEAD + b"Content-Length: 1000\r\n\r\n", b" "),
    "a dripping error": drip(b"HTTP/1.1 500 No\r\nContent-Length: 1000\r\n\r\n", b"x"),
    "a dripping refusal": drip(b"HTTP/1.1 400 No\r\nContent-Length: 1000\r\n\r\n", b"x"),
    "continue without end": drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "silence": lambda handler: time.sleep(60),
}


@pytest.mark.parametrize("name", FAULTS)
def test_what_can_not_be_read_fails_in_time(
    serve: Callable[..., Server], client: Callable[..., ChatClient], name: str
) -> None:
    def answer(server: Server, handler: Any, request: Request) -> None:
        FAULTS[name](handler)
        handler.close_connection = True

    server = serve(answer)
    started = time.monotonic()
    with pytest.raises(WorkerError) as raised:
        client(server.address, timeout=TIMEOUT, retries=0).ask(asked())
    assert time.monotonic() - started < 40 * TIMEOUT
    assert str(raised.value).isprintable()


def test_a_name_that_is_never_resolved_is_given_up(
    client: Callable[..., ChatClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: time.sleep(60))
    started = time.monotonic()
    with pytest.raises(WorkerError, match=r"no whole reply within 0\.2 seconds"):
        client("http://somewhere.invalid/v1", timeout=0.2, retries=0).ask(asked())
    assert time.monotonic() - started < 20


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "2.5"}, 2.5),
        ({"retry-after": " 7 "}, 7),
        ({"retry-after": "0.25"}, 0.25),
        ({"retry-after": "-1"}, 0),
        ({"retry-after": "soon"}, 0),
        ({"retry-after": "²"}, 0),
        ({"retry-after": "9" * 5000}, float("inf")),
        ({"retry-after": "99999999999999999999"}, 1e20),
        ({"retry-after": "nan"}, 0),
        ({"retry-after": "Fri, 31 Dec 1999 23:59:59 GMT"}, 0),
        ({"retry-after-ms": "2500"}, 2.5),
        ({"x-ratelimit-reset-requests": "2s"}, 2),
        ({"x-ratelimit-reset-requests": "1m2.5s"}, 62.5),
        ({"x-ratelimit-reset-requests": "120ms"}, 0.12),
        ({"x-ratelimit-reset-requests": "never"}, 0),
        ({}, 0),
    ],
)
def test_how_long_an_endpoint_asks_to_wait(headers: dict[str, str], seconds: float) -> None:
    assert asked_wait(headers) == pytest.approx(seconds)


def test_a_date_in_year_9999_is_no_fault() -> None:
    assert asked_wait({"retry-after": "Fri, 31 Dec 9999 23:59:59 +9999"}) >= 0


ECHOES: dict[str, Callable[[Any, str], None]] = {
    "401": lambda handler, key: reply(handler, 401, f"\x1b[2Jbad {key}".encode()),
    "400": lambda handler, key: reply(handler, 400, f"\x1b]0;x\x07bad {key}".encode()),
    "400 in JSON": lambda handler, key: reply(
        handler, 400, json.dumps({"error": {"message": f"bad {key}"}}).encode()
    ),
    "500": lambda handler, key: reply(handler, 500, f"\x1b[31m {key}".encode()),
    "cut at its end": lambda handler, key: reply(handler, 500, f"{'x' * 290} {key}".encode()),
    "no JSON, cut": lambda handler, key: reply(handler, 200, f"{'x' * 50}{key}".encode()),
    "error with 200": lambda handler, key: reply(
        handler, 200, json.dumps({"error": f"\x1b[31m{key}"}).encode()
    ),
    "redirect": lambda handler, key: reply(handler, 307, b"", Location=f"http://a/{key}\x1b[31m"),
    "a status line": lambda handler, key: handler.wfile.write(f"HTTP {key}\r\n\r\n".encode()),
    "a text": lambda handler, key: reply(handler, 200, completion(f"Is {key} the key?")),
    "an escaped text": lambda handler, key: reply(
        handler, 200, said(f'"Is \\u0073{key[1:]} it?"').encode()
    ),
    "quota": lambda handler, key: reply(
        handler, 429, json.dumps({"error": {"message": key, "code": "insufficient_quota"}}).encode()
    ),
}


@pytest.mark.parametrize("name", ECHOES)
def test_the_key_is_shown_nowhere_and_controls_neither(
    serve: Callable[..., Server],
    client: Callable[..., ChatClient],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    name: str,
) -> None:
    monkeypatch.setenv("GENTAP_API_KEY", SECRET)

    def answer(server: Server, handler: Any, request: Request) -> None:
        ECHOES[name](handler, request.headers["Authorization"].removeprefix("Bearer "))
        handler.close_connection = True

    server = serve(answer)
    try:
        shown = repr(client(server.address, retries=0).ask(asked(6)))
    except GentapError as error:
        shown = str(error)
    shown += "".join(file.read_text() for file in tmp_path.rglob("*.json"))
    for text in (shown, *capsys.readouterr()):
        assert SECRET[:12] not in text
        assert "\x1b" not in text
        assert "\x07" not in text


def test_a_stand_in_for_a_key_changes_no_text(
    serve: Callable[..., Server],
    client: Callable[..., ChatClient],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GENTAP_API_KEY", "EMPTY")
    server = serve(lambda _, handler, request: reply(handler, 200, completion("EMPTY or not?")))
    assert client(server.address).ask(asked()) == [[ChatAnswer("EMPTY or not?")]]


@pytest.mark.parametrize(
    "address",
    [
        *("http://[::1/v1", "http://[::1]x/v1", "http://", "http:///v1", "https://:80/v1"),
        *("http://host:99999/v1", "http://host:port/v1", "http://host:/v1", "http://host:0/v1"),
        *("http://a..b/v1", f"http://{'a' * 64}/v1", "http://host/v1 x", "http://ho st/v1"),
        *("http://host/v1\n", "http://host/\x1b[31m", "http://host/v1#x", "http://host/v1?key=1"),
        *("http://me:word@host/v1", "http://@host/v1", "ftp://host/v1", "http:host/v1"),
        *("http:/host/v1", "ws://host/v1", "http://hôst/v1"),
    ],
)
def test_impossible_addresses_are_refused(client: Callable[..., ChatClient], address: str) -> None:
    with pytest.raises(SettingError, match=r"http\(s\)://HOST"):
        client(address)


@pytest.mark.parametrize(
    "address",
    ["http://[::1]:8000/v1", "HTTPS://Host/v1/", "http://127.0.0.1:1", "http://a-b.c/x/y"],
)
def test_possible_addresses_are_taken(address: str) -> None:
    assert check_address(address, "KEY").hostname


MALFORMED = 500


def malformed(random: random.Random) -> bytes:
    """A reply that was good once."""
    text = random.choice(['"Who won?"', "null", '[{"type": "text", "text": "Who?"}]', '"\\ud800"'])
    content = said(text, random.choice(["{}", "null", '{"total_tokens": 1e999}'])).encode()
    head = random.choice(
        [
            b"HTTP/1.1 %d X\r\n"
            % random.choice([200, 200, 200, 204, 206, 304, 400, 429, 500, 999]),
            b"HTTP/9.9 200\r\n",
            b"",
        ]
    )
    length = random.choice([len(content), 0, len(content) + random.randint(1, 9), 10**30, -3])
    headers = random.choice(
        [
            b"Content-Length: %d\r\n" % length,
            b"Transfer-Encoding: chunked\r\n",
            b"Retry-After: \xb2\r\n",
        ]
    )
    whole = bytearray(head + headers + b"\r\n" + content)
    for _ in range(random.choice([0, 1, 3, 20])):
        place = random.randrange(len(whole))
        change = random.randrange(4)
        if change == 0:
            whole[place] = random.randrange(256)
        elif change == 1:
            del whole[place : place + random.randint(1, 20)]
            whole = whole or bytearray(b" ")
        elif change == 2:
            whole[place:place] = random.choice(
                [b"\r\n", b"[" * 5000, b"\0", b'"', b"9" * 5000, b"{"]
            )
        else:
            whole[place:place] = bytes(whole[place : place + 30])
    return bytes(whole)


def test_malformed_replies_end_in_a_name(
    serve: Callable[..., Server], client: Callable[..., ChatClient]
) -> None:
    replies = [malformed(random.Random(seed)) for seed in range(MALFORMED)]

    def answer(server: Server, handler: Any, request: Request) -> None:
        number = int(request.content["messages"][0]["content"].split()[1].rstrip("."))
        handler.wfile.write(replies[number])
        handler.close_connection = True

    server = serve(answer)
    ends, told = set(), []
    started = time.monotonic()
    for request in asked(MALFORMED):
        asking = client(server.address, timeout=2.0, retries=0)
        try:
            (found,) = asking.ask([request])
            ends.add("unanswered" if isinstance(found, Unanswered) else "answered")
        except GentapError as error:
            told.append(str(error))
            ends.add("error")
    assert ends == {"unanswered", "answered", "error"}
    assert all(map(str.isprintable, told))
    assert time.monotonic() - started < 120


def test_a_reply_may_not_be_longer_than_its_bound(
    serve: Callable[..., Server],
    client: Callable[..., ChatClient],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http_exchange, "MAX_REPLY_BYTES", 1000)
    for status in (200, 500):
        server = serve(lambda _, handler, request, to=status: reply(handler, to, b" " * 1001))
        with pytest.raises(WorkerError, match="longer than 1,000 bytes"):
            client(server.address, retries=0).ask(asked())
