"""One request of a chat endpoint, tried again while there is hope.

:class:`RefusedError` where the endpoint won't take this one request; :class:`FailedError` where no
try brought an answer; :class:`~gentap.errors.WorkerError` where none ever will. What a message
shows of a server's words holds no key, no control characters and no more than a few lines.
"""

import email.utils
import json
import re
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from gentap.errors import WorkerError
from gentap.model.chat.chat_reply import (
    ChatAnswer,
    Completion,
    load_reply,
    read_completion,
    server_words,
    without_controls,
)
from gentap.model.chat.dialect import RequestDialect
from gentap.model.chat.http_exchange import ExchangeError, HttpReply, post
from gentap.settings.sections import EndpointSettings

MAX_WAIT = 60.0
"""Longest pause before another try, in seconds, whatever the endpoint asks for."""

_SHOWN = 300
_SHORTEST_KEY = 8
"""Shorter ones are what local servers ask for in place of a key: EMPTY, none, x."""

_REFUSALS = (400, 413, 422)
_FAULTS = (500, 501)
"""Where some servers put what they refuse."""

_HOPELESS = {
    401: "it wants an API key: put one in the environment variable named by endpoint.key_variable",
    402: "the account has no credit left",
    403: "the API key is not allowed to do this",
    404: "no such address: it usually ends in /v1, and endpoint.model must be one of its models",
    405: "no such address: it usually ends in /v1",
}
_DURATION = re.compile(
    r"(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9}(?:\.\d{1,9})?)s)?(?:(\d{1,9})ms)?", re.ASCII
)


class RefusedError(Exception):
    """The endpoint won't answer this one request, in these ``words``; others it may."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(f"status {status}: {words}")
        self.words = words


class FailedError(WorkerError):
    """All tries of a request failed; it may have been the endpoint's fault or the request's."""


class _TryError(Exception):
    """A try that failed; ``wait`` is what the endpoint asks to be waited."""

    def __init__(self, what: str, wait: float = 0.0) -> None:
        super().__init__(what)
        self.wait = wait


class _WebPageError(_TryError):
    """A reply in HTML: the address is that of something else."""


class Sender:
    """Sends requests to one address; ``before_try`` may raise, ``pause`` waits between tries."""

    def __init__(
        self,
        url: str,
        key: str,
        settings: EndpointSettings,
        before_try: Callable[[], None],
        pause: Callable[[float], None],
    ) -> None:
        self._url, self._key, self._settings = url, key, settings
        self._before_try, self._pause = before_try, pause
        self._headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if key:
            self._headers["Authorization"] = f"Bearer {key}"

    def send(self, sent: Mapping[str, Any], dialect: RequestDialect, most: int) -> Completion:
        """The completion of a request in a dialect, with its first ``most`` choices."""
        settings, failure = self._settings, _TryError("no try was made")
        body = json.dumps(sent).encode()
        for attempt in range(settings.retries + 1):
            if attempt:
                backoff = settings.backoff * 2 ** min(attempt - 1, 30)
                self._pause(min(MAX_WAIT, max(failure.wait, backoff)))
            self._before_try()
            try:
                reply = post(self._url, body, self._headers, settings.timeout)
                return self._completion(self._without_key(reply), sent, dialect, most)
            except ExchangeError as error:
                failure = _TryError(self._shown(str(error)))
            except _TryError as error:
                failure = error
        message = (
            f"{self._url}: {failure}, after {settings.retries + 1} tries. What was answered is "
            "kept: see to the endpoint and run the same command again."
        )
        raise WorkerError(message) if isinstance(failure, _WebPageError) else FailedError(message)

    def _completion(
        self, reply: HttpReply, sent: Mapping[str, Any], dialect: RequestDialect, most: int
    ) -> Completion:
        if 200 <= reply.status < 300:
            try:
                completion = read_completion(load_reply(reply.body), most)
            except ValueError as error:
                raise self._no_completion(error, reply.body) from None
            choices = [ChatAnswer(self._blot(one.text), one.cut) for one in completion.choices]
            return Completion(tuple(choices), completion.tokens)
        words = self._words(reply.body)
        if reply.status in _REFUSALS or (
            reply.status in _FAULTS and dialect.after(words, sent) is not None
        ):
            raise RefusedError(reply.status, words)
        said = f"status {reply.status}: {words}" if words else f"status {reply.status}"
        if why := _HOPELESS.get(reply.status):
            raise WorkerError(f"{self._url}: status {reply.status}: {why}. {words}".strip())
        if 300 <= reply.status < 400:
            place = self._shown(reply.headers.get("location", "")) or "another address"
            raise WorkerError(
                f"{self._url}: redirects to {place}. Give that address in place of this one."
            )
        if "insufficient_quota" in words:
            raise WorkerError(f"{self._url}: {said}. What was answered is kept.")
        raise _TryError(f"it answers with {said}", asked_wait(reply.headers))

    def _no_completion(self, error: ValueError, body: bytes) -> _TryError:
        start = self._shown(body[:60].decode("utf-8", "replace"))
        if start.startswith("<"):
            what = f"it answers with a web page ('{start[:30]}…'): its address usually ends in /v1"
            return _WebPageError(what)
        return _TryError(f"its reply is no chat completion ({self._shown(str(error))})")

    def _words(self, body: bytes) -> str:
        """A server's words in an error, from JSON or as they stand."""
        try:
            said = server_words(load_reply(body))
        except ValueError:
            said = ""
        return self._shown(said or body.decode("utf-8", "replace"))

    def _shown(self, text: str) -> str:
        return " ".join(without_controls(self._blot(text)).split())[:_SHOWN]

    def _without_key(self, reply: HttpReply) -> HttpReply:
        """The reply with the key blotted out, before any of it is read or cut."""
        headers = {name: self._blot(value) for name, value in reply.headers.items()}
        body = reply.body
        for form in self._forms():
            body = body.replace(form.encode(), b"[API key]")
        return HttpReply(reply.status, headers, body)

    def _blot(self, text: str) -> str:
        for form in self._forms():
            text = text.replace(form, "[API key]")
        return text

    def _forms(self) -> tuple[str, ...]:
        secret = len(self._key) >= _SHORTEST_KEY
        return (self._key, quote(self._key, safe="")) if secret else ()


def asked_wait(headers: Mapping[str, str]) -> float:
    """The seconds that a reply asks to be waited.

    ``Retry-After`` as a number or a date (RFC 9110, 10.2.3), or what hosted endpoints send in its
    place: ``retry-after-ms``, and ``x-ratelimit-reset-requests`` as a duration (``1m2.5s``).
    """
    asked = headers.get("retry-after", "").strip()
    if number := _number(asked):
        return number
    if number := _number(headers.get("retry-after-ms", "")):
        return number / 1000
    try:
        return max(0.0, email.utils.parsedate_to_datetime(asked).timestamp() - time.time())
    except (TypeError, ValueError, OverflowError, IndexError):
        pass
    duration = _DURATION.fullmatch(headers.get("x-ratelimit-reset-requests", "").strip())
    if duration is None:
        return 0.0
    weighed = zip(duration.groups(), (3600, 60, 1, 0.001), strict=True)
    return sum(float(part) * weight for part, weight in weighed if part)


def _number(text: str) -> float:
    return float(text) if re.fullmatch(r"\+?[0-9]+(?:\.[0-9]*)?", text.strip()) else 0.0
