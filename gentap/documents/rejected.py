"""What was set aside while reading, and why."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

from gentap.runs.net import net
from gentap.runs.store import write_text

Found = TypeVar("Found")
Given = TypeVar("Given")


@dataclass(frozen=True, slots=True)
class RejectedRecord:
    """A record that was set aside: its place, the reason's name, and more about it."""

    where: str
    reason: str
    detail: str = ""


def reasons(unread: Iterable[RejectedRecord]) -> list[str]:
    """A line for each reason that records were set aside for, the most frequent first."""
    grouped: dict[str, list[RejectedRecord]] = {}
    for entry in unread:
        grouped.setdefault(entry.detail or entry.reason, []).append(entry)
    ordered = sorted(grouped.items(), key=lambda pair: -len(pair[1]))
    lines = [f"{len(found):,}: {reason} (first {found[0].where})" for reason, found in ordered]
    more = len(lines) - _MOST_REASONS
    return lines if more <= 0 else [*lines[:_MOST_REASONS], f"and {more:,} reasons more"]


_MOST_REASONS = 8


def reasons_told(counts: Mapping[str, int]) -> list[str]:
    """A line for each reason's name, the most frequent first."""
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return [f"set aside: {count:,} {reason}" for reason, count in ordered]


def guarded(found: Iterable[Found], where: str) -> Iterator[Found | RejectedRecord]:
    """What a reader finds at a place; an exception that nobody foresaw sets the rest aside."""
    caught: list[RejectedRecord] = []
    with net(where, lambda *entry: caught.append(RejectedRecord(*entry))):
        yield from found
    yield from caught


def guarded_each(
    records: Iterable[Given],
    make: Callable[[Given], Iterable[Found]],
    where: Callable[[Given], str],
) -> Iterator[Found | RejectedRecord]:
    """What is made of each record, whose place ``where`` tells; each is :func:`guarded` alone."""
    for record in records:
        yield from guarded(make(record), where(record))


def write_rejected(path: Path, unread: Iterable[RejectedRecord]) -> None:
    """Write a stage's list of records that were set aside."""
    lines = [json.dumps(asdict(entry), ensure_ascii=False) for entry in unread]
    write_text(path, "".join(f"{line}\n" for line in lines))
