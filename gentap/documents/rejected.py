"""What was set aside while reading, and why."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from gentap.runs.store import write_text


@dataclass(frozen=True, slots=True)
class RejectedRecord:
    """A record that was set aside: its place, the reason's name, and more about it."""

    where: str
    reason: str
    detail: str = ""


def write_rejected(path: Path, unread: Iterable[RejectedRecord]) -> None:
    """Write a stage's list of records that were set aside."""
    lines = [json.dumps(asdict(entry), ensure_ascii=False) for entry in unread]
    write_text(path, "".join(f"{line}\n" for line in lines))
