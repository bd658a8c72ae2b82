"""Who may ask the server, and what its pages may load: checked before anything else is done.

On this machine's own address only this machine's names are answered to, so that no page of another
site can come by a name of its own that leads here. On any other address a token is wanted: in the
header ``Authorization: Bearer``, or once as ``?token=`` in a page's address, then in a cookie.
"""

import json
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit

_Scope = MutableMapping[str, Any]
_Message = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[_Message]]
_Send = Callable[[_Message], Awaitable[None]]
_App = Callable[[_Scope, _Receive, _Send], Awaitable[None]]

LOOPBACK = ("127.0.0.1", "localhost", "::1")
COOKIE = "gentap_token"
_CLOSED = ("/monitoring", "/gradio_api/monitoring", "/gradio_api/proxy=", "/proxy=")
"""Gradio's paths that the page has no need of: statistics, and fetching from elsewhere."""

_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self'; worker-src 'self' blob:; object-src 'none'; base-uri 'self'; "
    "form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = (
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
)


class AccessGuard:
    """ASGI middleware; ``token`` is empty where only this machine can ask."""

    def __init__(self, app: _App, *, token: str, body_bytes: int) -> None:
        self._app, self._token, self._most = app, token, body_bytes

    async def __call__(self, scope: _Scope, receive: _Receive, send: _Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] == "websocket":
            await send({"type": "websocket.close"})
            return
        headers = {name.decode("latin-1").lower(): value for name, value in scope["headers"]}
        told = {name: value.decode("latin-1") for name, value in headers.items()}
        refused = self._refused(scope, told)
        if refused is not None:
            await _refuse(send, *refused)
            return
        if self._token and self._in_address(scope):
            await _let_in(scope, send, self._token)
            return
        await self._pass_on(scope, receive, send)

    async def _pass_on(self, scope: _Scope, receive: _Receive, send: _Send) -> None:
        """Let the application answer; a body whose length was not told is counted."""
        got, refused = 0, False

        async def counted() -> _Message:
            nonlocal got
            message = await receive()
            got += len(message.get("body", b""))
            if got > self._most:
                raise _TooLargeError
            return message

        async def guarded(message: _Message) -> None:
            nonlocal refused
            if got > self._most:  # whatever the application makes of that
                if not refused:
                    refused = True
                    await _refuse(send, 413, self._too_large())
                return
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *_HEADERS]
            await send(message)

        try:
            await self._app(scope, counted, guarded)
        except Exception:
            if got <= self._most:
                raise
            if not refused:
                await _refuse(send, 413, self._too_large())

    def _refused(self, scope: _Scope, headers: dict[str, str]) -> tuple[int, str] | None:
        host = _host(headers.get("host", ""))
        if not self._token and host not in LOOPBACK:
            return 403, f"This server answers on this machine only, not as '{host}'."
        if self._token and not self._is_let_in(scope, headers):
            return 401, (
                "A token is wanted: open the address that `gentap serve` printed, or send the "
                "header 'Authorization: Bearer TOKEN'."
            )
        origin = headers.get("origin", "")
        if origin and origin.partition("://")[2] != headers.get("host", ""):
            return 403, "Pages of other sites can't ask here."
        if any(scope["path"].startswith(path) for path in _CLOSED):
            return 404, "There is nothing here."
        length = headers.get("content-length", "0")
        if not (length.isascii() and length.isdigit()) or int(length) > self._most:
            return 413, self._too_large()
        return None

    def _too_large(self) -> str:
        return f"The request is larger than {self._most / 2**20:,.0f} MB."

    def _is_let_in(self, scope: _Scope, headers: dict[str, str]) -> bool:
        kind, _, bearer = headers.get("authorization", "").partition(" ")
        given = [bearer.strip()] if kind.lower() == "bearer" else []
        try:
            cookies = SimpleCookie(headers.get("cookie", ""))
            given += [unquote(cookies[COOKIE].value)] if COOKIE in cookies else []
        except CookieError:
            pass
        given += self._in_address(scope)[:1]
        return any(secrets.compare_digest(one.encode(), self._token.encode()) for one in given)

    def _in_address(self, scope: _Scope) -> list[str]:
        """The token of a page's address, as a list of one, and empty where it has none."""
        if scope["method"] != "GET":
            return []
        return parse_qs(scope["query_string"].decode("latin-1")).get("token", [])[:1]


class _TooLargeError(Exception):
    """A body without a length turned out to be too large."""


def _host(name: str) -> str:
    """A host's name without its port, IPv6 without brackets."""
    try:
        return urlsplit(f"//{name}").hostname or ""
    except ValueError:
        return ""


async def _refuse(send: _Send, status: int, message: str) -> None:
    body = json.dumps({"error": message}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _let_in(scope: _Scope, send: _Send, token: str) -> None:
    """Put the token from the address into a cookie, and lead on to the address without it."""
    query = parse_qs(scope["query_string"].decode("latin-1"))
    query.pop("token")
    rest = urlencode(query, doseq=True)
    cookie = f"{COOKIE}={quote(token, safe='')}; Path=/; HttpOnly; SameSite=Strict"
    location = "/" + quote(scope["path"].lstrip("/")) + (f"?{rest}" if rest else "")
    headers = [(b"location", location.encode()), (b"set-cookie", cookie.encode("latin-1"))]
    await send({"type": "http.response.start", "status": 303, "headers": [*headers, *_HEADERS]})
    await send({"type": "http.response.body", "body": b""})
