"""A chat endpoint on loopback that answers as a test tells it to."""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Request:
    path: str
    headers: dict[str, str]
    content: dict[str, Any]

    @property
    def sentence(self) -> str:
        said: str = self.content["messages"][-1]["content"]
        return said.rpartition("Sentence: ")[2]


@dataclass
class Server:
    """Answers each request by ``answer``; counts how many it holds at a time."""

    answer: Callable[["Server", Any, Request], None]
    requests: list[Request] = field(default_factory=list)
    now: int = 0
    most: int = 0
    lock: Any = field(default_factory=threading.Lock)
    address: str = ""


def reply(
    handler: Any, status: int, body: bytes, kind: str = "application/json", **more: str
) -> None:
    handler.send_response(status)
    handler.send_header("Content-Type", kind)
    handler.send_header("Content-Length", str(len(body)))
    for name, value in more.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)


def completion(*texts: str | None, tokens: int | None = 10) -> bytes:
    choices = [{"message": {"role": "assistant", "content": text}} for text in texts]
    usage = {} if tokens is None else {"usage": {"total_tokens": tokens}}
    return json.dumps({"choices": choices, **usage}).encode()


def ask_back(server: Server, handler: Any, request: Request) -> None:
    question = f"What did Ada win in '{request.sentence}'?"
    reply(handler, 200, completion(*[question] * request.content.get("n", 1)))


def serve_chat(
    answer: Callable[[Server, Any, Request], None],
) -> tuple[Server, ThreadingHTTPServer]:
    """A running server; the caller shuts it down."""
    state = Server(answer)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            content = json.loads(self.rfile.read(length))
            request = Request(self.path, dict(self.headers), content)
            with state.lock:
                state.requests.append(request)
                state.now += 1
                state.most = max(state.most, state.now)
            try:
                state.answer(state, self, request)
            except (BrokenPipeError, ConnectionResetError):
                pass
            finally:
                with state.lock:
                    state.now -= 1

        def log_message(self, *args: Any) -> None:
            pass

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    httpd.daemon_threads = True
    threading.Thread(target=httpd.serve_forever, args=(0.01,), daemon=True).start()
    state.address = f"http://127.0.0.1:{httpd.server_port}/v1"
    return state, httpd


def failing(count: int, fail: Callable[[Any], None]) -> Callable[[Server, Any, Request], None]:
    """Fails for the first ``count`` requests."""

    def answer(server: Server, handler: Any, request: Request) -> None:
        if len(server.requests) <= count:
            fail(handler)
        else:
            ask_back(server, handler, request)

    return answer
