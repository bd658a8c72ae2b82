"""What was set aside while reading, and why."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from gentap.runs.counting import counted
from gentap.runs.files.output_files import write_text
from gentap.runs.files.rejected_lines import MAX_LISTED, rejected_line, unlisted_line
from gentap.runs.net import net

Found = TypeVar("Found")
Given = TypeVar("Given")


@dataclass(frozen=True, slots=True)
class RejectedRecord:
    """A record that was set aside: its place, the reason's name, and more about it."""

    where: str
    reason: str
    detail: str = ""


@dataclass(slots=True)
class RejectedRecords:
    """Records that were set aside: the first ones of them, and counts of all by reason.

    ``assumed`` are lines on the files that are read, but were not plain.
    """

    listed: list[RejectedRecord] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    assumed: dict[str, None] = field(default_factory=dict)

    def add(self, record: RejectedRecord) -> None:
        self.counts[record.reason] += 1
        if len(self.listed) < MAX_LISTED:
            self.listed.append(record)

    def extend(self, other: "RejectedRecords") -> None:
        self.counts.update(other.counts)
        self.listed += other.listed[: MAX_LISTED - len(self.listed)]
        self.assumed |= other.assumed

    @property
    def total(self) -> int:
        return self.counts.total()

    @property
    def unlisted(self) -> int:
        return self.total - len(self.listed)


def reading_told(unread: RejectedRecords, of: str = "") -> list[str]:
    """What a command says of its reading: what was assumed, and why questions were set aside.

    ``of`` says which questions, as in ``"dev "``.
    """
    assumed = _at_most(list(unread.assumed), "file")
    return [*assumed, *(f"{of}questions set aside: {line}" for line in reasons(unread))]


def reasons(unread: RejectedRecords) -> list[str]:
    """A line for each reason that records were set aside for, the most frequent first."""
    grouped: dict[str, list[RejectedRecord]] = {}
    for entry in unread.listed:
        grouped.setdefault(entry.detail or entry.reason, []).append(entry)
    ordered = sorted(grouped.items(), key=lambda pair: -len(pair[1]))
    lines = [f"{len(found):,}: {reason} (first {found[0].where})" for reason, found in ordered]
    lines = _at_most(lines, "reason")
    return [*lines, f"and {counted(unread.unlisted, 'record')} more"] if unread.unlisted else lines


def _at_most(lines: list[str], noun: str) -> list[str]:
    more = len(lines) - _MOST_TOLD
    return lines if more <= 0 else [*lines[:_MOST_TOLD], f"and {counted(more, noun)} more"]


_MOST_TOLD = 8


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


def write_rejected(path: Path, unread: RejectedRecords) -> None:
    """Write a stage's list of records that were set aside."""
    lines = [rejected_line(one.where, one.reason, one.detail) for one in unread.listed]
    lines += [unlisted_line(unread.unlisted)] if unread.unlisted else []
    write_text(path, "".join(lines))
