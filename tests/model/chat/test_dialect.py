"""Servers that refuse a part of the request are asked without it, and it is said once."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from chat_server import Request, Server, completion, reply

from gentap.errors import WorkerError
from gentap.model.chat.chat_client import MAX_REFUSALS, ChatClient, ChatRequest
from gentap.model.chat.chat_reply import ChatAnswer
from gentap.model.chat.dialect import RequestDialect

Refuses = Callable[[dict[str, Any]], str]


def error(said: str, **more: Any) -> bytes:
    return json.dumps({"error": {"message": said, **more}}).encode()


def asked(count: int, temperature: float = 0.0) -> list[ChatRequest]:
    return [
        ChatRequest(
            messages=[{"role": "user", "content": f"Say {number}."}],
            answers=3,
            temperature=temperature,
        )
        for number in range(count)
    ]


def refusing(status: int, refuses: Refuses) -> Callable[[Server, Any, Request], None]:
    def answer(server: Server, handler: Any, request: Request) -> None:
        if words := refuses(request.content):
            return reply(handler, status, error(words))
        texts = [f"Seed {request.content.get('seed')}."] * request.content.get("n", 1)
        return reply(handler, 200, completion(*texts))

    return answer


REFUSALS: dict[str, tuple[int, Refuses, str]] = {
    "vLLM, greedy": (
        400,
        lambda sent: "n must be 1 when using greedy sampling" if sent.get("n", 1) > 1 else "",
        "one answer is asked for at a time",
    ),
    "llama.cpp": (
        400,
        lambda sent: "Only one completion choice is allowed" if sent.get("n", 1) > 1 else "",
        "one answer is asked for at a time",
    ),
    "llama.cpp, as a fault": (
        500,
        lambda sent: "Only one completion choice is allowed" if sent.get("n", 1) > 1 else "",
        "one answer is asked for at a time",
    ),
    "no word of n": (
        422,
        lambda sent: "Bad request" if sent.get("n", 1) > 1 else "",
        "one answer is asked for at a time",
    ),
    "n at all": (
        400,
        lambda sent: "Unrecognized request argument: 'n'" if "n" in sent else "",
        "'n' is left out",
    ),
    "newer models": (
        400,
        lambda sent: (
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use "
            "'max_completion_tokens' instead."
            if "max_tokens" in sent
            else ""
        ),
        "'max_tokens' is sent as 'max_completion_tokens'",
    ),
    "temperature": (
        400,
        lambda sent: (
            "Unsupported value: 'temperature' does not support 0.7 with this model."
            if "temperature" in sent
            else ""
        ),
        "'temperature' is left out",
    ),
    "seed": (
        422,
        lambda sent: "seed: Extra inputs are not permitted" if "seed" in sent else "",
        "'seed' is left out",
    ),
    "both": (
        400,
        lambda sent: (
            "`temperature` and `top_p` cannot both be specified for this model."
            if {"temperature", "top_p"} <= set(sent)
            else ""
        ),
        "'top_p' is left out",
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_what_is_refused_is_left_out_and_said_once(
    serve: Callable[..., Server],
    client: Callable[..., ChatClient],
    capsys: pytest.CaptureFixture[str],
    name: str,
) -> None:
    status, refuses, told = REFUSALS[name]
    server = serve(refusing(status, refuses))
    found = client(server.address, concurrency=1).ask(asked(3, temperature=0.7))
    assert all(isinstance(one, list) and len(one) == 3 for one in found)
    assert sum(bool(refuses(request.content)) for request in server.requests) <= 2
    shown = capsys.readouterr().err
    assert shown.count("\n") == 1
    assert told in shown
    sent = len(server.requests)
    again = client(server.address, concurrency=1)
    assert again.ask(asked(3, temperature=0.7)) == found
    assert (len(server.requests), again.spent.requests) == (sent, 0)


def test_several_refusals_lead_to_a_request_without_all_of_it(
    serve: Callable[..., Server], client: Callable[..., ChatClient]
) -> None:
    def refuses(sent: dict[str, Any]) -> str:
        for name in ("max_tokens", "seed", "temperature", "top_p", "n"):
            if name in sent:
                return f"Unsupported parameter: '{name}'"
        return ""

    server = serve(refusing(400, refuses))
    (found,) = client(server.address).ask(asked(1))
    assert found == [ChatAnswer("Seed None.")]
    assert set(server.requests[-1].content) == {"model", "messages", "max_completion_tokens"}


def test_greedy_decoding_asks_for_one_answer_however_many_are_wanted(
    serve: Callable[..., Server], client: Callable[..., ChatClient]
) -> None:
    server = serve()
    client(server.address).ask(asked(1))
    assert [request.content["n"] for request in server.requests] == [1]


def test_a_server_that_ignores_n_is_asked_by_other_seeds(
    serve: Callable[..., Server], client: Callable[..., ChatClient]
) -> None:
    def one(server: Server, handler: Any, request: Request) -> None:
        reply(handler, 200, completion(f"Seed {request.content['seed']}."))

    server = serve(one)
    (found,) = client(server.address).ask(asked(1, temperature=0.7))
    assert found == [ChatAnswer(f"Seed {seed}.") for seed in (1, 2, 3)]


def test_answers_paid_for_one_at_a_time_are_kept_one_at_a_time(
    serve: Callable[..., Server], client: Callable[..., ChatClient]
) -> None:
    one_at_a_time = refusing(400, lambda sent: "n must be 1" if sent["n"] > 1 else "")
    server = serve(one_at_a_time)
    with pytest.raises(WorkerError, match="max_requests = 3"):
        client(server.address, max_requests=3).ask(asked(1, temperature=0.7))
    paid = [request.content["seed"] for request in server.requests if request.content["n"] == 1]
    client(server.address).ask(asked(1, temperature=0.7))
    paid_later = [one.content["seed"] for one in server.requests[3:] if one.content["n"] == 1]
    assert (paid, paid_later) == ([1, 2], [3])


@pytest.mark.parametrize(
    "words",
    [
        "This model's maximum context length is 2048 tokens",
        "This model's maximum context length is 16 tokens. Reduce the messages or max_tokens.",
        "'max_tokens' or 'max_completion_tokens' is too large",
        "Invalid schema",
        "model is not loaded",
    ],
)
def test_refusals_that_nothing_mends_end_the_run_with_the_server_s_words(
    serve: Callable[..., Server], client: Callable[..., ChatClient], words: str
) -> None:
    server = serve(refusing(400, lambda sent: words))
    with pytest.raises(WorkerError) as raised:
        client(server.address, concurrency=1).ask(asked(100))
    assert words in str(raised.value)
    assert len(server.requests) <= 2 * MAX_REFUSALS


def test_refusals_of_some_requests_among_others_never_end_a_run(
    serve: Callable[..., Server], client: Callable[..., ChatClient]
) -> None:
    def answer(server: Server, handler: Any, request: Request) -> None:
        if request.content["messages"][0]["content"] == "Say 0.":
            reply(handler, 200, completion("Yes."))
        else:
            reply(handler, 400, error("content filter"))

    server = serve(answer)
    found = client(server.address, concurrency=1).ask(asked(20))
    assert isinstance(found[0], list)
    again = client(server.address, concurrency=1).ask(asked(20))
    assert again == found
    assert len(server.requests) == 1 + 2 * 19


def test_what_two_threads_found_out_is_joined() -> None:
    left, right = (
        RequestDialect(renamed=True),
        RequestDialect(single=True, left_out=frozenset({"seed"})),
    )
    both = left.joined(right)
    assert both == right.joined(left)
    assert both == RequestDialect(single=True, renamed=True, left_out=frozenset({"seed"}))
    assert both.told(both) == []
