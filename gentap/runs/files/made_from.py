"""What an output folder was made from: settings, and inputs by their contents.

Times of change don't count, so that a copied or checked-out folder is done still. A file's digest
is kept beside its size and time, and computed anew only where one of these has changed.
"""

import hashlib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from gentap.errors import InputError
from gentap.records import digest
from gentap.runs.files.own_files import read_json

MADE_FROM = "made_from.json"
_FORMAT = 2
_SETTLED = 2_000_000_000
"""Nanoseconds after which a change of a file surely shows in its time."""
_TOLD = 5
_LONGEST = 60


@dataclass(frozen=True, slots=True)
class FileStamp:
    """A file's digest, and its size and time of change when that was computed."""

    size: int
    modified: int
    digest: str


@dataclass(frozen=True, slots=True)
class MadeFrom:
    """Settings and inputs of a stage's work.

    ``inputs`` are each input's name and what stands for its contents: a digest, an earlier stage's
    fingerprint, or nothing for a model on the hub. ``seconds`` are what the work has taken so far.
    """

    settings: dict[str, Any]
    inputs: list[tuple[str, str]]
    files: dict[str, FileStamp] = field(default_factory=dict)
    seconds: float = 0.0

    def fingerprint(self, stage: str) -> str:
        """Equal for the same work, whatever the folders are called that its inputs stand in."""
        held = [content or name for name, content in self.inputs]
        return digest(json.dumps([_FORMAT, stage, self.settings, held], sort_keys=True))

    def to_json(self) -> dict[str, Any]:
        stamps = {
            name: {"size": one.size, "modified": one.modified, "digest": one.digest}
            for name, one in self.files.items()
        }
        return {
            "settings": self.settings,
            "inputs": self.inputs,
            "files": stamps,
            "seconds": round(self.seconds, 1),
        }


@dataclass(frozen=True, slots=True)
class _Stored:
    """What ``made_from.json`` holds."""

    settings: dict[str, Any]
    inputs: list[list[str]]
    files: dict[str, FileStamp]
    seconds: float


def read_made_from(own: Path) -> MadeFrom | None:
    """What a folder says that it was made from; None where that is missing or not readable, for
    then it is found out anew."""
    with suppress(InputError):
        stored = read_json(own / MADE_FROM, _Stored)
        inputs = [(one[0], one[-1]) for one in stored.inputs if one]
        return MadeFrom(stored.settings, inputs, stored.files, stored.seconds)
    return None


def look_up(
    settings: Mapping[str, Any],
    inputs: Sequence[Path],
    finished: Mapping[Path, str],
    known: Mapping[str, FileStamp],
) -> MadeFrom:
    """What work of these settings and inputs is made from.

    ``finished`` are the fingerprints of inputs that are earlier stages' folders, ``known`` what an
    earlier look has found.
    """
    files: dict[str, FileStamp] = {}
    held: list[tuple[str, str]] = []
    for path in inputs:
        if path in finished:
            content = finished[path]
        elif path.is_dir():
            below = sorted(file for file in path.rglob("*") if file.is_file())
            content = digest(
                *(
                    part
                    for file in below
                    for part in (file.relative_to(path).as_posix(), _stamp(file, known, files))
                )
            )
        elif path.is_file():
            content = digest(path.name, _stamp(path, known, files))
        else:
            content = ""
        held.append((str(path), content))
    plain = json.loads(json.dumps(settings, default=str))
    return MadeFrom(plain, held, files)


def _stamp(path: Path, known: Mapping[str, FileStamp], files: dict[str, FileStamp]) -> str:
    """The digest of a file, which is noted in ``files`` unless it may be changing just now."""
    status = path.stat()
    stamp, size, modified = known.get(str(path)), status.st_size, status.st_mtime_ns
    settled = time.time_ns() - modified > _SETTLED
    if stamp is None or (stamp.size, stamp.modified) != (size, modified):
        found = _once(path.absolute(), size, modified) if settled else _content_digest(path)
        stamp = FileStamp(size, modified, found)
    if settled:
        files[str(path)] = stamp
    return stamp.digest


@lru_cache(maxsize=2**16)
def _once(path: Path, size: int, modified: int) -> str:
    return _content_digest(path)


def _content_digest(path: Path) -> str:
    """Of all the file's bytes; one that can't be read is found out by who reads it."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
    except OSError as error:
        return f"can't be read: {error.strerror}"


def changes(before: MadeFrom | None, now: MadeFrom) -> str:
    """Which settings and inputs are others than before, in one line."""
    if before is None:
        return "the folder does not say what it was made from"
    told = [*_changed_settings(before.settings, now.settings), *_changed_inputs(before, now)]
    if not told:
        return "the order of its inputs has changed, or it was made by another version"
    more = f"; and {len(told) - _TOLD} more" if len(told) > _TOLD else ""
    return "; ".join(told[:_TOLD]) + more


def _changed_settings(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    old, new = dict(_leaves(before)), dict(_leaves(now))
    for name in dict.fromkeys([*old, *new]):
        if name not in new:
            yield f"{name} was {_shown(old[name])} and is not set now"
        elif name not in old:
            yield f"{name} is {_shown(new[name])} and was not set"
        elif old[name] != new[name]:
            yield f"{name} was {_shown(old[name])} and is {_shown(new[name])} now"


def _leaves(settings: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in settings.items():
        if isinstance(value, dict) and value:
            yield from _leaves(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _changed_inputs(before: MadeFrom, now: MadeFrom) -> Iterator[str]:
    old, new = dict(before.inputs), dict(now.inputs)
    for name in dict.fromkeys([*old, *new]):
        if name not in new:
            yield f"{name} is no input now"
        elif name not in old:
            yield f"{name} was no input"
        elif old[name] != new[name]:
            yield f"{name} holds something else now"
