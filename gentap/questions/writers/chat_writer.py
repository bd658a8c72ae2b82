"""Any OpenAI-compatible chat endpoint as the writer.

Answers are kept on disk under a digest of address, model, messages and settings: a rerun, or
another run that asks the same, pays nothing. The API key is read from the environment and goes into
the request's header alone.
"""

import os
import threading
from collections.abc import Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from gentap.errors import InputError, SettingError, WorkerError
from gentap.questions.writer_input import WriterInput
from gentap.questions.writers.http_client import FailedError, RefusedError, post
from gentap.questions.writers.interface import Unwritten, Written
from gentap.questions.writers.prompt import Message, load_prompt
from gentap.records import digest
from gentap.runs.store import read_json, write_json
from gentap.settings.sections import WriteSettings

MAX_ENTRIES = 12
MAX_SENTENCE_CHARS = 8000
MAX_FAILURES = 8
"""Requests that fail one after another before the run is ended."""

_QUOTES = "\"'“”‘’`*"


@dataclass(slots=True)
class Spent:
    """What this run has paid for."""

    requests: int = 0
    tokens: int = 0


class ChatWriter:
    """Bounded requests at a time, a limit of what is spent, and answers paid for once."""

    max_entries = MAX_ENTRIES

    def __init__(self, address: str, settings: WriteSettings) -> None:
        self._settings, self._endpoint = settings, settings.endpoint
        parts = urlsplit(address)
        if not parts.hostname or parts.username or parts.password or parts.query:
            raise SettingError(
                "the writer's address must be http(s)://HOST[:PORT]/v1 and hold no name, password "
                "or query. Put an API key into the environment variable "
                f"{self._endpoint.key_variable}."
            )
        if not self._endpoint.model:
            raise SettingError("write.endpoint.model: name the endpoint's model that writes.")
        self._url = address.rstrip("/") + "/chat/completions"
        self.name = f"{parts.netloc}{parts.path.rstrip('/')}#{self._endpoint.model}"
        self._prompt = load_prompt(self._endpoint.prompt)
        self._key = _key(self._endpoint.key_variable)
        self._cache = Path(self._endpoint.cache) if self._endpoint.cache else _user_cache()
        self._lock, self._stopped = threading.Lock(), threading.Event()
        self._answered, self._failures = False, 0
        self._error: BaseException | None = None
        self.spent = Spent()

    def write(self, sources: Sequence[WriterInput], seed: int) -> list[list[Written] | Unwritten]:
        with ThreadPoolExecutor(self._endpoint.concurrency) as pool:
            futures = [pool.submit(self._guarded, source, seed) for source in sources]
            try:
                wait(futures, return_when=FIRST_EXCEPTION)
            finally:
                self._stopped.set()  # no thread waits, or tries once more
                pool.shutdown(cancel_futures=True)
        if self._error is not None:
            raise self._error
        self._stopped.clear()
        return [future.result() for future in futures]

    def _guarded(self, source: WriterInput, seed: int) -> list[Written] | Unwritten:
        """As :meth:`_one`; its first error stops all other threads."""
        try:
            return self._one(source, seed)
        except BaseException as error:
            with self._lock:
                self._error = self._error or error
            self._stopped.set()
            raise

    def score(self, pairs: Sequence[tuple[WriterInput, str]]) -> None:
        return None

    def _one(self, source: WriterInput, seed: int) -> list[Written] | Unwritten:
        if len(source.sentence) > MAX_SENTENCE_CHARS:
            return Unwritten("sentence too long for the writer")
        content = self._content(self._prompt.messages(source), seed)
        file = self._place(content)
        try:
            texts = self._kept(file)
            if texts is None:
                texts = self._paid(content, file)
        except RefusedError as error:
            return Unwritten("endpoint refused the request", str(error))
        except FailedError as error:
            with self._lock:
                self._failures += 1
                if not self._answered or self._failures >= MAX_FAILURES:
                    raise
            return Unwritten("endpoint gave no answer", str(error))
        questions = dict.fromkeys(_question(text) for text in texts)
        return [Written(question, None) for question in questions if question] or Unwritten(
            "endpoint gave an empty answer"
        )

    def _content(self, messages: Sequence[Message], seed: int) -> dict[str, Any]:
        settings = self._settings
        return {
            "model": self._endpoint.model,
            "messages": list(messages),
            "n": settings.candidates or settings.beams,
            "temperature": settings.temperature,
            "top_p": settings.top_p,
            "max_tokens": self._endpoint.max_tokens,
            "seed": seed,
        }

    def _place(self, content: dict[str, Any]) -> Path:
        name = digest(self._url, repr(sorted(content.items())))
        return self._cache / name[:2] / f"{name}.json"

    def _kept(self, file: Path) -> list[str] | None:
        try:
            return list(read_json(file)["texts"]) if file.exists() else None
        except (InputError, KeyError, TypeError):
            return None  # a file that was damaged is paid for again

    def _paid(self, content: dict[str, Any], file: Path) -> list[str]:
        texts, tokens = post(
            self._url,
            content,
            self._key,
            self._endpoint,
            _parse,
            before_try=self._count,
            sleep=self._stopped.wait,
        )
        with self._lock:
            self._answered, self._failures = True, 0
            self.spent.tokens += tokens or _estimate(content, texts)
        file.parent.mkdir(parents=True, exist_ok=True)
        write_json(file, {"texts": texts, "tokens": tokens})
        return list(texts)

    def _count(self) -> None:
        """One more request, within the limits."""
        if self._stopped.is_set():
            raise WorkerError(f"{self.name}: stopped.")
        with self._lock:
            self._check_limits()
            self.spent.requests += 1

    def _check_limits(self) -> None:
        for name, spent, limit in (
            ("max_requests", self.spent.requests, self._endpoint.max_requests),
            ("max_spent", self.spent.tokens, self._endpoint.max_spent),
        ):
            if limit and spent >= limit:
                raise WorkerError(
                    f"{self.name}: the limit of endpoint.{name} = {limit:,} is reached "
                    f"({self.spent.requests:,} requests, {self.spent.tokens:,} tokens in this "
                    "run). What was answered is kept: run the same command again to go on."
                )


def _key(variable: str) -> str:
    key = os.environ.get(variable, "").strip()
    if not key.isascii() or any(not letter.isprintable() for letter in key):
        raise SettingError(f"the environment variable {variable} holds no API key: odd characters.")
    return key


def _user_cache() -> Path:
    root = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(root) if root else Path.home() / ".cache") / "gentap" / "answers"


def _parse(reply: Any) -> tuple[list[str], int]:
    """The texts of a chat completion and the tokens it cost, 0 where it doesn't say."""
    try:
        texts = [choice["message"]["content"] or "" for choice in reply["choices"]]
        tokens = (reply.get("usage") or {}).get("total_tokens") or 0
        if not texts or not all(isinstance(text, str) for text in texts):
            raise TypeError("it holds no text")
        return texts, int(tokens)
    except (KeyError, TypeError, AttributeError) as error:
        detail = str((reply or {}).get("error", error)) if isinstance(reply, dict) else repr(error)
        raise ValueError(detail[:300]) from None


def _estimate(content: dict[str, Any], texts: Sequence[str]) -> int:
    """Tokens of a reply that doesn't say: four letters each."""
    shown = sum(len(message["content"]) for message in content["messages"])
    return (shown + sum(map(len, texts))) // 4 + 1


def _question(text: str) -> str:
    """The reply's last line, without marks around it: models that think aloud end with it."""
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    return " ".join(lines[-1].strip(_QUOTES).split()) if lines else ""
