"""One POST of JSON to an endpoint, tried again while there is hope, within a deadline.

Every end has a name: a reply; :class:`RefusedError` where the endpoint won't take this one request;
:class:`FailedError` where no try brought an answer; :class:`~gentap.errors.WorkerError` where none
ever will. Headers, and with them the API key, are in none of the messages.
"""

import email.utils
import http.client
import json
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from gentap.errors import WorkerError
from gentap.settings.sections import EndpointSettings

_Result = TypeVar("_Result")
MAX_REPLY_BYTES = 4 * 2**20
MAX_WAIT = 60.0
"""Longest pause before another try, whatever the endpoint asks for."""

_REFUSALS = (400, 413, 422)
_HOPELESS = {
    401: "it wants an API key: put one in the environment variable named by endpoint.key_variable",
    402: "the account has no credit left",
    403: "the API key is not allowed to do this",
    404: "no such address: it usually ends in /v1, and endpoint.model must be one of its models",
    405: "no such address: it usually ends in /v1",
}


class RefusedError(Exception):
    """The endpoint won't answer this one request; others it may."""


class FailedError(WorkerError):
    """All tries of a request failed; it may have been the endpoint's fault or the request's."""


class _TryError(Exception):
    """A try that failed; ``wait`` is what the endpoint asks to be waited."""

    def __init__(self, what: str, wait: float = 0.0) -> None:
        super().__init__(what)
        self.wait = wait


class _WebPageError(_TryError):
    """A reply in HTML: the address is that of something else."""


class _NoRedirect(HTTPRedirectHandler):
    """A redirect would carry the API key to another address."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


def post(
    url: str,
    content: Mapping[str, Any],
    key: str,
    settings: EndpointSettings,
    parse: Callable[[Any], _Result],
    before_try: Callable[[], None],
    sleep: Callable[[float], object],
) -> _Result:
    """What ``parse`` makes of the reply; a reply that it raises ValueError on counts as failed."""
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    if key:
        headers["Authorization"] = f"Bearer {key}"
    request = Request(url, json.dumps(content).encode(), headers, method="POST")
    failure = _TryError("no try was made")
    for attempt in range(settings.retries + 1):
        if attempt:
            sleep(min(MAX_WAIT, max(failure.wait, settings.backoff * 2 ** (attempt - 1))))
        before_try()
        try:
            return parse(_object(_send(request, settings.timeout)))
        except _TryError as error:
            failure = error
        except ValueError as error:
            failure = _TryError(f"its reply is no chat completion ({error})")
    message = (
        f"{url}: {failure}, after {settings.retries + 1} tries. What was answered is kept: see to "
        "the endpoint and run the same command again."
    )
    raise WorkerError(message) if isinstance(failure, _WebPageError) else FailedError(message)


def _send(request: Request, timeout: float) -> bytes:
    deadline = time.monotonic() + timeout
    try:
        with build_opener(_NoRedirect).open(request, timeout=timeout) as response:
            reply = b""
            while part := response.read1(65536):
                reply += part
                if len(reply) > MAX_REPLY_BYTES:
                    raise _TryError(f"its reply is longer than {MAX_REPLY_BYTES:,} bytes")
                if time.monotonic() > deadline:
                    raise _TryError(f"its reply took more than {timeout:g} seconds")
            return reply
    except HTTPError as error:
        raise _status(error, request.full_url) from None
    except TimeoutError:
        raise _TryError(f"no reply within {timeout:g} seconds") from None
    except URLError as error:
        raise _TryError(f"can't be reached ({error.reason})") from None
    except (http.client.HTTPException, OSError) as error:
        raise _TryError(f"the connection broke off ({error!r})") from None


def _status(error: HTTPError, url: str) -> Exception:
    with error:
        detail = " ".join(error.read(2000).decode("utf-8", "replace").split())[:300]
    if error.code in _REFUSALS:
        return RefusedError(f"status {error.code}: {detail}")
    if error.code in _HOPELESS:
        return WorkerError(f"{url}: status {error.code}: {_HOPELESS[error.code]}. {detail}".strip())
    if 300 <= error.code < 400:
        place = error.headers.get("Location", "another address")
        return WorkerError(f"{url}: redirects to {place}. Give that address as the writer.")
    return _TryError(f"it answers with status {error.code}", _retry_after(error))


def _retry_after(error: HTTPError) -> float:
    """The seconds that a ``Retry-After`` asks for, as a number or a date (RFC 9110, 10.2.3)."""
    asked = (error.headers.get("Retry-After") or "").strip()
    if asked.isdigit():
        return float(asked)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(asked).timestamp() - time.time())
    except (TypeError, ValueError):
        return 0.0


def _object(reply: bytes) -> Any:
    try:
        return json.loads(reply)
    except ValueError:
        start = reply[:60].decode("utf-8", "replace").strip()
        if start.startswith("<"):
            raise _WebPageError(
                f"it answers with a web page ('{start[:30]}…'): its address usually ends in /v1"
            ) from None
        raise ValueError(f"it is no whole JSON: '{start}…'") from None
