"""The chat endpoint as a writer, against a server of the tests' own on loopback."""

import errno
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from chat_server import Request, Server, ask_back, completion, failing, reply

from gentap.errors import FolderError, SettingError, WorkerError
from gentap.model.chat.chat_client import MAX_FAILURES
from gentap.questions.writer_input import Entry, WriterInput
from gentap.questions.writers.chat_writer import ChatWriter
from gentap.questions.writers.interface import Unwritten, Written

SECRET = "sk-only-for-this-test"
SOURCES = [
    WriterInput(sentence=f"Ada won cup {number}.", entries=(Entry(f"cup {number}"),))
    for number in range(6)
]


def test_questions_come_back_in_the_order_of_their_sentences(
    serve: Callable[..., Server], chat: Callable[..., ChatWriter]
) -> None:
    def slow_first(server: Server, handler: Any, request: Request) -> None:
        time.sleep(0.1 if "cup 0" in request.sentence else 0)
        ask_back(server, handler, request)

    server = serve(slow_first)
    writer = chat(server.address + "/")
    assert writer.write(SOURCES, 7) == [
        [Written(f"What did Ada win in '{source.sentence}'?", None)] for source in SOURCES
    ]
    assert writer.score([(SOURCES[0], "Who?")]) is None
    assert writer.name == f"{server.address.removeprefix('http://')}#m"
    request = server.requests[0]
    assert request.path == "/v1/chat/completions"
    assert {**request.content, "messages": 0} == {
        "model": "m",
        "messages": 0,
        "n": 1,
        "temperature": 0.0,
        "top_p": 0.95,
        "max_tokens": 128,
        "seed": 7,
    }


def test_no_more_requests_are_under_way_than_allowed(
    serve: Callable[..., Server], chat: Callable[..., ChatWriter]
) -> None:
    def slow(server: Server, handler: Any, request: Request) -> None:
        time.sleep(0.5)
        ask_back(server, handler, request)

    server = serve(slow)
    chat(server.address, concurrency=3).write(SOURCES, 1)
    assert server.most == 3


def test_a_rerun_pays_nothing_and_other_content_is_paid_for(
    serve: Callable[..., Server], chat: Callable[..., ChatWriter]
) -> None:
    server = serve()
    once = chat(server.address).write(SOURCES, 1)
    again = chat(server.address)
    assert again.write(SOURCES, 1) == once
    assert len(server.requests) == len(SOURCES)
    assert (again.client.spent.requests, again.client.spent.tokens) == (0, 0)
    chat(server.address).write(SOURCES, 2)
    chat(server.address, model="other").write(SOURCES, 1)
    chat(server.address, write={"temperature": 0.5}).write(SOURCES, 1)
    assert len(server.requests) == 4 * len(SOURCES)


def test_a_damaged_answer_on_disk_is_paid_for_again(
    serve: Callable[..., Server], chat: Callable[..., ChatWriter], tmp_path: Path
) -> None:
    server = serve()
    once = chat(server.address).write(SOURCES, 1)
    files = sorted((tmp_path / "answers").rglob("*.json"))
    for file, content in zip(files, ("", "[]", '{"texts": 1}', '{"te'), strict=False):
        file.write_text(content)
    assert chat(server.address).write(SOURCES, 1) == once
    assert len(server.requests) == len(SOURCES) + 4


@pytest.mark.parametrize(
    ("texts", "questions"),
    [
        (['"Who won?"'], ["Who won?"]),
        (["Let me think.\n\nWho  won?\n"], ["Who won?"]),
        (["Who won?", "Who won?", "When?"], ["Who won?", "When?"]),
        (["", "Who?"], ["Who?"]),
        ([None, "Who?"], ["Who?"]),
    ],
)
def test_what_is_made_of_a_reply(
    serve: Callable[..., Server], chat: Callable[..., ChatWriter], texts: Any, questions: list[str]
) -> None:
    server = serve(lambda _, handler, request: reply(handler, 200, completion(*texts)))
    (found,) = chat(server.address).write(SOURCES[:1], 1)
    assert found == [Written(question, None) for question in questions]


def test_an_empty_answer_is_set_aside(
    serve: Callable[..., Server], chat: Callable[..., ChatWriter]
) -> None:
    server = serve(lambda _, handler, request: reply(handler, 200, completion(" \n")))
    assert chat(server.address).write(SOURCES[:1], 1) == [
        Unwritten("endpoint gave an empty answer")
    ]


def test_one_request_that_is_refused_is_set_aside(
    serve: Callable[..., Server], chat: Callable[..., ChatWriter]
) -> None:
    def answer(server: Server, handler: Any, request: Request) -> None:
        if "cup 2" in request.sentence:
            reply(handler, 400, b"content filter")
        elif "cup 4" in request.sentence:
            reply(handler, 500, b"")
        else:
            ask_back(server, handler, request)

    server = serve(answer)
    found = chat(server.address, retries=1, concurrency=1).write(SOURCES, 1)
    assert found[2] == Unwritten("endpoint refused the request", "status 400: content filter")
    assert isinstance(found[4], Unwritten)
    assert found[4].reason == "endpoint gave no answer"
    assert all(isinstance(found[place], list) for place in (0, 1, 3, 5))


def test_many_failures_one_after_another_end_the_run(
    serve: Callable[..., Server], chat: Callable[..., ChatWriter]
) -> None:
    server = serve()
    writer = chat(server.address, retries=0, concurrency=1)
    writer.write(SOURCES[:1], 1)
    server.answer = lambda _, handler, request: reply(handler, 500, b"")
    many = [WriterInput(sentence=f"Sentence {number}.", entries=()) for number in range(20)]
    with pytest.raises(WorkerError, match="status 500"):
        writer.write(many, 1)
    assert len(server.requests) == 1 + MAX_FAILURES


@pytest.mark.parametrize(
    ("limit", "requests"), [({"max_requests": 3}, 3), ({"max_spent": 25}, 3), ({}, 6)]
)
def test_spending_ends_at_its_limit_and_a_rerun_goes_on(
    serve: Callable[..., Server],
    chat: Callable[..., ChatWriter],
    limit: dict[str, int],
    requests: int,
) -> None:
    server = serve()
    writer = chat(server.address, concurrency=1, **limit)
    if limit:
        with pytest.raises(WorkerError, match=f"limit of endpoint.{next(iter(limit))}"):
            writer.write(SOURCES, 1)
        assert len(server.requests) == requests
    found = chat(server.address, concurrency=1).write(SOURCES, 1)
    assert all(isinstance(one, list) for one in found)
    assert len(server.requests) == len(SOURCES)


def test_tries_count_as_requests_and_tokens_are_estimated_where_not_said(
    serve: Callable[..., Server], chat: Callable[..., ChatWriter]
) -> None:
    server = serve(failing(2, lambda handler: reply(handler, 500, b"")))
    with pytest.raises(WorkerError, match="max_requests = 2"):
        chat(server.address, concurrency=1, max_requests=2).write(SOURCES[:1], 1)
    silent = serve(lambda _, handler, request: reply(handler, 200, completion("W?", tokens=None)))
    writer = chat(silent.address)
    writer.write(SOURCES[:1], 1)
    assert writer.client.spent.tokens > 50


def test_the_key_goes_into_the_header_and_nowhere_else(
    serve: Callable[..., Server],
    chat: Callable[..., ChatWriter],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("MY_KEY", f" {SECRET}\n")
    server = serve()
    writer = chat(server.address, key_variable="MY_KEY")
    writer.write(SOURCES, 1)
    assert all(
        request.headers["Authorization"] == f"Bearer {SECRET}" for request in server.requests
    )
    for file in tmp_path.rglob("*"):
        assert file.is_dir() or SECRET not in file.read_text()
    server.answer = lambda _, handler, request: reply(handler, 401, b"bad key")
    with pytest.raises(WorkerError) as raised:
        writer.write([WriterInput(sentence="Another.", entries=())], 1)
    assert SECRET not in str(raised.value)
    monkeypatch.setenv("MY_KEY", f"{SECRET}\n{SECRET}")
    with pytest.raises(SettingError, match="MY_KEY holds no API key") as refused:
        chat(server.address, key_variable="MY_KEY")
    assert SECRET not in str(refused.value)
    monkeypatch.delenv("MY_KEY")
    server.answer = ask_back
    chat(server.address, key_variable="MY_KEY", model="other").write(SOURCES[:1], 1)
    assert "Authorization" not in server.requests[-1].headers


@pytest.mark.parametrize("address", ["http://", "http://me:word@host/v1", "http://host/v1?key=1"])
def test_an_odd_address_is_refused(chat: Callable[..., ChatWriter], address: str) -> None:
    with pytest.raises(SettingError, match=r"http\(s\)://HOST"):
        chat(address)


def test_a_model_must_be_named(chat: Callable[..., ChatWriter]) -> None:
    with pytest.raises(SettingError, match=r"write\.endpoint\.model"):
        chat("http://host/v1", model="")


def test_odd_sentences(serve: Callable[..., Server], chat: Callable[..., ChatWriter]) -> None:
    server = serve()
    odd = [
        WriterInput(sentence="", entries=()),
        WriterInput(sentence="word " * 5000, entries=(Entry("word"),)),
    ]
    found = chat(server.address).write(odd, 1)
    assert isinstance(found[0], list)
    assert found[1] == Unwritten("sentence too long for the writer")
    assert len(server.requests) == 1


def test_a_full_disk_ends_the_run_with_its_name(
    serve: Callable[..., Server],
    chat: Callable[..., ChatWriter],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    server = serve()
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FolderError, match="The disk is full: free some space"):
        chat(server.address).write(SOURCES[:1], 1)


def test_the_user_s_cache_is_used_where_none_is_named(
    serve: Callable[..., Server],
    chat: Callable[..., ChatWriter],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    chat(serve().address, cache="").write(SOURCES[:1], 1)
    assert len(list((tmp_path / "xdg" / "gentap" / "answers").rglob("*.json"))) == 1
