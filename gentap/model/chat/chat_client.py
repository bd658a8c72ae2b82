"""Any OpenAI-compatible chat endpoint: asked with bounds, answers paid for once.

Answers are kept on disk under a digest of address, model, messages and settings: a rerun, or
another run that asks the same, pays nothing. The API key is read from the environment and goes into
the request's header alone; where a server sends it back it is blotted out before anything is read.

Every end of a request has a name: texts; :class:`Unanswered` where the endpoint won't or can't
answer this one; :class:`~gentap.errors.WorkerError` where none will ever be answered.
"""

import os
import re
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from gentap.errors import InputError, SettingError, WorkerError
from gentap.model.chat.chat_reply import ChatAnswer, without_controls
from gentap.model.chat.dialect import RequestDialect
from gentap.model.chat.exchange import FailedError, RefusedError, Sender
from gentap.model.chat.prompt_template import Message
from gentap.records import digest
from gentap.runs.console import say
from gentap.runs.files.output_files import write_json, writing
from gentap.runs.files.own_files import read_json
from gentap.settings.sections import EndpointSettings

MAX_FAILURES = 8
"""Requests that fail one after another before the run is ended."""

MAX_REFUSALS = 4
"""Equal refusals before any answer that end the run."""

_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[^\[\]:@]+)(?::[0-9]+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRequest:
    """Messages, and how many different answers are wanted: one where the temperature is 0."""

    messages: Sequence[Message]
    answers: int = 1
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Why a request has no answer, by name."""

    reason: str
    detail: str = ""


@dataclass(slots=True)
class Spent:
    """What this run has paid for."""

    requests: int = 0
    tokens: int = 0


class ChatClient:
    """Bounded requests at a time, a limit of what is spent, and answers paid for once.

    ``section`` is the settings' place in a recipe. Raises SettingError where address, model or key
    can't be right, before anything is sent.
    """

    def __init__(self, address: str, settings: EndpointSettings, section: str) -> None:
        self._settings = settings
        parts = check_address(address, settings.key_variable)
        if not settings.model:
            raise SettingError(f"{section}.model: name the endpoint's model.")
        self._url = address.rstrip("/") + "/chat/completions"
        self.name = f"{parts.netloc}{parts.path.rstrip('/')}#{settings.model}"
        self._cache = Path(settings.cache) if settings.cache else _user_cache()
        self._lock, self._stopped = threading.Lock(), threading.Event()
        self._sender = Sender(
            self._url, _key(settings.key_variable), settings, self._count, self._pause
        )
        self._dialect = RequestDialect()
        self._answered, self._failures = False, 0
        self._refusals = Counter[str]()
        self._error: BaseException | None = None
        self.spent = Spent()

    def ask(self, requests: Sequence[ChatRequest]) -> list[list[ChatAnswer] | Unanswered]:
        """The answers to each request, in their order; the first error ends them all."""
        self._stopped.clear()
        self._error = None
        with ThreadPoolExecutor(self._settings.concurrency) as pool:
            futures = [pool.submit(self._guarded, request) for request in requests]
            try:
                wait(futures, return_when=FIRST_EXCEPTION)
            finally:
                self._stopped.set()  # no thread waits, or tries once more
                pool.shutdown(cancel_futures=True)
        if self._error is not None:
            raise self._error
        return [future.result() for future in futures]

    def _guarded(self, request: ChatRequest) -> list[ChatAnswer] | Unanswered:
        """As :meth:`_one`; its first error stops all other threads."""
        try:
            return self._one(request)
        except BaseException as error:
            with self._lock:
                self._error = self._error or error
            self._stopped.set()
            raise

    def _one(self, request: ChatRequest) -> list[ChatAnswer] | Unanswered:
        try:
            return self._answers(self._wanted(request))
        except RefusedError as error:
            self._count_refusal(str(error))
            return Unanswered("endpoint refused the request", str(error))
        except FailedError as error:
            with self._lock:
                self._failures += 1
                if not self._answered or self._failures >= MAX_FAILURES:
                    raise
            return Unanswered("endpoint gave no answer", str(error))

    def _wanted(self, request: ChatRequest) -> dict[str, Any]:
        """The request as the protocol has it; its digest is what an answer is kept under."""
        return {
            "model": self._settings.model,
            "messages": list(request.messages),
            "n": request.answers,
            "temperature": request.temperature,
            "top_p": request.top_p,
            "max_tokens": self._settings.max_tokens,
            "seed": request.seed,
        }

    def _answers(self, wanted: dict[str, Any]) -> list[ChatAnswer]:
        """Kept or paid for; where one is given at a time, each by a seed of its own."""
        if kept := self._kept(wanted):
            return kept
        count = wanted["n"] if wanted["temperature"] else 1
        choices: list[ChatAnswer] = []
        if not self._dialect.single and not self._kept(_part(wanted, 0)):
            choices = self._paid(wanted)
            if len(choices) < count:
                self._adopt(
                    RequestDialect(single=True), "it gives one answer to a request for more"
                )
                self._keep(_part(wanted, 0), choices[:1])
        while len(choices) < count:
            part = _part(wanted, len(choices))
            paid = self._kept(part) or self._paid(part)[:1]
            self._keep(part, paid)
            choices += paid
        self._keep(wanted, choices)
        return choices

    def _paid(self, wanted: Mapping[str, Any]) -> list[ChatAnswer]:
        """Asked in the endpoint's dialect, or in one that its refusals lead to."""
        dialect, first = self._dialect, None
        while True:
            sent = dialect.content(wanted)
            try:
                completion = self._sender.send(sent, dialect, wanted["n"])
            except RefusedError as refused:
                first = first or refused
                other = dialect.after(refused.words, sent)
                if other is None and not self._answered and sent.get("n", 1) > 1:
                    other = replace(dialect, single=True)  # whatever it says
                if other is None:
                    raise first from None
                dialect = other
                continue
            if first is not None:
                self._adopt(dialect, first.words)
            with self._lock:
                self._answered, self._failures = True, 0
                self.spent.tokens += completion.tokens or _estimate(sent, completion.choices)
            return list(completion.choices)

    def _adopt(self, dialect: RequestDialect, why: str) -> None:
        """Ask so from now on, and say it once."""
        with self._lock:
            before = self._dialect
            self._dialect = before.joined(dialect)
            told = self._dialect.told(before)
        if told:
            say(f"{self.name}: {'; '.join(told)} ({why})")

    def _place(self, wanted: Mapping[str, Any]) -> Path:
        name = digest(self._url, repr(sorted(wanted.items())))
        return self._cache / name[:2] / f"{name}.json"

    def _kept(self, wanted: Mapping[str, Any]) -> list[ChatAnswer]:
        """What was paid for; a file that was damaged is paid for again."""
        file = self._place(wanted)
        try:
            content = read_json(file) if file.exists() else {}
            texts, cut = content.get("texts", []), content.get("cut", [])
            if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
                return []
            choices = [
                ChatAnswer(without_controls(text), place in cut) for place, text in enumerate(texts)
            ]
        except (InputError, AttributeError, TypeError, RecursionError):
            return []
        self._answered = self._answered or bool(choices)
        return choices

    def _keep(self, wanted: Mapping[str, Any], choices: Sequence[ChatAnswer]) -> None:
        file = self._place(wanted)
        with writing(file):
            file.parent.mkdir(parents=True, exist_ok=True)
        cut = [place for place, choice in enumerate(choices) if choice.cut]
        write_json(file, {"texts": [choice.text for choice in choices], "cut": cut})

    def _pause(self, seconds: float) -> None:
        self._stopped.wait(seconds)

    def _count(self) -> None:
        """One more request, within the limits."""
        if self._stopped.is_set():
            raise WorkerError(f"{self.name}: stopped.")
        with self._lock:
            self._check_limits()
            self.spent.requests += 1

    def _check_limits(self) -> None:
        for name, spent, limit in (
            ("max_requests", self.spent.requests, self._settings.max_requests),
            ("max_spent", self.spent.tokens, self._settings.max_spent),
        ):
            if limit and spent >= limit:
                raise WorkerError(
                    f"{self.name}: the limit of endpoint.{name} = {limit:,} is reached "
                    f"({self.spent.requests:,} requests, {self.spent.tokens:,} tokens in this "
                    "run). What was answered is kept: run the same command again to go on."
                )

    def _count_refusal(self, words: str) -> None:
        """Raise WorkerError where nothing but this refusal was ever heard."""
        alike = re.sub(r"\d+", "0", words)
        with self._lock:
            self._refusals[alike] += 1
            if not self._answered and self._refusals[alike] >= MAX_REFUSALS:
                raise WorkerError(
                    f"{self._url}: refuses every request, the first {MAX_REFUSALS} of them with "
                    f"{words}. See to the endpoint or its settings and run the same command again."
                )


def is_address(name: str) -> bool:
    """Whether a name is meant as an address, not as a folder or a hub's name."""
    return "://" in name or name.lower().startswith(("http:", "https:"))


def check_address(address: str, key_variable: str) -> SplitResult:
    """The parts of an endpoint's address; raises SettingError where it can't be one."""
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").encode("idna")
        whole = bool(host and _HOST.fullmatch(parts.netloc)) and parts.port != 0
    except (ValueError, UnicodeError):
        whole = False
    if (
        not whole
        or parts.scheme not in ("http", "https")
        or "?" in address
        or "#" in address
        or not address.isascii()
        or not address.isprintable()
        or " " in address
    ):
        raise SettingError(
            "an endpoint's address must be http(s)://HOST[:PORT]/v1 and hold no name, password or "
            f"query. Put an API key into the environment variable {key_variable}."
        )
    return parts


def _part(wanted: Mapping[str, Any], number: int) -> dict[str, Any]:
    return {**wanted, "n": 1, "seed": wanted["seed"] + number}


def _key(variable: str) -> str:
    key = os.environ.get(variable, "").strip()
    if not key.isascii() or any(not letter.isprintable() for letter in key):
        raise SettingError(f"the environment variable {variable} holds no API key: odd characters.")
    return key


def _user_cache() -> Path:
    root = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(root) if root else Path.home() / ".cache") / "gentap" / "answers"


def _estimate(sent: Mapping[str, Any], choices: Sequence[ChatAnswer]) -> int:
    """Tokens of a reply that doesn't say: four letters each."""
    shown = sum(len(message["content"]) for message in sent["messages"])
    return (shown + sum(len(choice.text) for choice in choices)) // 4 + 1
