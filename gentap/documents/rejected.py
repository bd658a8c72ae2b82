"""What was set aside while reading, and why."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

from gentap.runs.net import net
from gentap.runs.store import write_text

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class RejectedRecord:
    """A record that was set aside: its place, the reason's name, and more about it."""

    where: str
    reason: str
    detail: str = ""


def guarded(found: Iterable[Found], where: str) -> Iterator[Found | RejectedRecord]:
    """What a reader finds at a place; an exception that nobody foresaw sets the rest aside."""
    caught: list[RejectedRecord] = []
    with net(where, lambda *entry: caught.append(RejectedRecord(*entry))):
        yield from found
    yield from caught


def write_rejected(path: Path, unread: Iterable[RejectedRecord]) -> None:
    """Write a stage's list of records that were set aside."""
    lines = [json.dumps(asdict(entry), ensure_ascii=False) for entry in unread]
    write_text(path, "".join(f"{line}\n" for line in lines))
