"""One POST and its reply, whatever the other side does: bounded in time and in bytes.

All of the exchange shares one deadline: looking the name up, connecting, handshakes, headers and
body. A status is no error here, redirects are not followed (they would carry the API key to
another address), and proxies are taken from the environment.
"""

import http.client
import io
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.error import URLError
from urllib.request import HTTPHandler, HTTPSHandler, OpenerDirector, ProxyHandler, Request

MAX_REPLY_BYTES = 4 * 2**20


class ExchangeError(Exception):
    """There was no whole reply; the message says why."""


@dataclass(frozen=True, slots=True)
class HttpReply:
    """A whole reply; the headers' names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def post(url: str, body: bytes, headers: Mapping[str, str], timeout: float) -> HttpReply:
    """Send ``body``; raises ExchangeError where no whole reply comes within ``timeout`` seconds."""
    deadline = time.monotonic() + timeout
    opener = OpenerDirector()
    for handler in (ProxyHandler(), _Http(deadline), _Https(deadline)):
        opener.add_handler(handler)
    request = Request(url, body, dict(headers), method="POST")
    try:
        response: Any = opener.open(request, timeout=timeout)
        with response:
            content = _read(response)
            named = {name.lower(): value for name, value in response.headers.items()}
            return HttpReply(response.status, named, content)
    except ExchangeError:
        raise
    except Exception as error:  # the standard library's parsers read whatever was sent
        raise ExchangeError(_told(error, timeout)) from None


def _read(response: Any) -> bytes:
    parts, size = [], 0
    while part := response.read1(65536):
        parts.append(part)
        size += len(part)
        if size > MAX_REPLY_BYTES:
            raise ExchangeError(f"its reply is longer than {MAX_REPLY_BYTES:,} bytes")
    if response.length:
        raise ExchangeError(f"the connection broke off, {response.length:,} bytes early")
    return b"".join(parts)


def _told(error: Exception, timeout: float) -> str:
    reason = error.reason if isinstance(error, URLError) else error
    if isinstance(reason, TimeoutError):
        return f"no whole reply within {timeout:g} seconds (endpoint.timeout)"
    if isinstance(error, URLError):
        return f"can't be reached ({reason})"
    return f"the connection broke off ({error!r})"


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("timed out")
    return left


class _DeadlineReader(io.RawIOBase):
    """A socket's bytes; a read ends at the deadline, however steadily single bytes drip in."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock, self._deadline = sock, deadline
        self._raw = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(_left(self._deadline))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, deadline: float, **more: Any) -> None:
        super().__init__(sock, *args, **more)
        self.fp.close()
        self.fp = io.BufferedReader(_DeadlineReader(sock, deadline))


class _Bounded:
    """What both kinds of connection share: every step within the deadline."""

    def __init__(self, *args: Any, deadline: float, **more: Any) -> None:
        super().__init__(*args, **more)
        self.response_class: Any = partial(_Response, deadline=deadline)
        self._create_connection = partial(_connect, deadline)


class _HttpConnection(_Bounded, http.client.HTTPConnection):
    pass


class _HttpsConnection(_Bounded, http.client.HTTPSConnection):
    pass


class _Http(HTTPHandler):
    def __init__(self, deadline: float) -> None:
        super().__init__()
        self._make: Callable[..., Any] = partial(_HttpConnection, deadline=deadline)

    def http_open(self, req: Request) -> Any:
        return self.do_open(self._make, req)


class _Https(HTTPSHandler):
    def __init__(self, deadline: float) -> None:
        super().__init__()
        self._make: Callable[..., Any] = partial(_HttpsConnection, deadline=deadline)

    def https_open(self, req: Request) -> Any:
        return self.do_open(self._make, req)


def _connect(deadline: float, address: tuple[str, int], *_: Any) -> socket.socket:
    """A socket to the first of a name's addresses that answers."""
    failure: OSError = OSError("the name has no address")
    for family, kind, protocol, _name, place in _addresses(address, _left(deadline)):
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(_left(deadline))
            sock.connect(place)
            sock.settimeout(_left(deadline))
            return sock
        except OSError as error:
            sock.close()
            failure = error
    raise failure


def _addresses(address: tuple[str, int], timeout: float) -> list[Any]:
    """The resolver has no timeout of its own: it is waited for, and left to itself after that."""
    found: list[Any] = []
    failed: list[Exception] = []

    def look_up() -> None:
        try:
            found.extend(socket.getaddrinfo(*address, 0, socket.SOCK_STREAM))
        except Exception as error:  # raised below, in the caller's thread
            failed.append(error)

    thread = threading.Thread(target=look_up, daemon=True)
    thread.start()
    thread.join(timeout)
    if thread.is_alive():
        raise TimeoutError(f"no address for {address[0]}")
    if failed:
        raise failed[0]
    return found
