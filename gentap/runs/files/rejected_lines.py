"""Lists of records that were set aside: of the first ones a line each, of the others their number.

Files of bad lines by the million would fill disk and memory with them otherwise; ``stats.json``
counts them all.
"""

import json
from typing import IO

MAX_LISTED = 20_000
"""Records that one list names: that of a shard, or of the files that a command reads."""

NOT_LISTED = "not listed"
"""What stands in the place of a reason in the line that says how many more there are."""

_LONGEST = 2_000


def rejected_line(where: str, reason: str, detail: str = "") -> str:
    """A line of ``rejected.jsonl``; long texts end in an ellipsis."""
    entry = {"where": _cut(where), "reason": reason, "detail": _cut(detail)}
    return json.dumps(entry, ensure_ascii=False) + "\n"


def unlisted_line(count: int, where: str = "") -> str:
    """The line that says how many records a list does not name."""
    return rejected_line(where, NOT_LISTED, f"{count:,} more were set aside; stats.json has all.")


class RejectedLines:
    """Writes such a list to an open file, record by record."""

    def __init__(self, file: IO[str], name: str = "") -> None:
        self._file, self._name, self._count = file, name, 0

    def write(self, line: str) -> None:
        """Write a record's line, or count it where the list is full."""
        self._count += 1
        if self._count <= MAX_LISTED:
            self._file.write(line)

    def end(self) -> None:
        """Write how many more there were."""
        if self._count > MAX_LISTED:
            self._file.write(unlisted_line(self._count - MAX_LISTED, self._name))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
