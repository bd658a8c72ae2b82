"""One shard of a stage's output: written aside, renamed into place, its marker last."""

import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from gentap.records import Row
from gentap.runs.files.output_files import attempt, write_json, writing
from gentap.runs.files.own_files import read_json
from gentap.runs.files.rejected_lines import RejectedLines, rejected_line
from gentap.runs.net import net
from gentap.runs.store import REJECTED, SHARDS, WORK, Tally, own_files

ROWS_A_GROUP = 2048
ITEMS_A_GROUP = 500_000
"""Cells and entries of lists that a group of rows holds at most, but for its last row."""


class Shard:
    """One shard's outputs in a step: rows of named Parquet outputs, rejected records, counts.

    Everything is written aside; leaving the ``with`` block without an error renames it into place
    and writes the shard's marker last. Memory is bounded by ``ROWS_A_GROUP`` rows an output, or
    fewer that hold ``ITEMS_A_GROUP`` cells. Raises FolderError where the disk is full.
    """

    def __init__(
        self, folder: Path, index: int, outputs: Mapping[str, Any], step: str = ""
    ) -> None:
        self.folder, self.index = folder, index
        self._marker = _marker(folder, index, step)
        self.tally = Tally()
        self._schemas = dict(outputs)
        self._rows: dict[str, list[Row]] = {name: [] for name in outputs}
        self._items: Counter[str] = Counter()
        self._writers: dict[str, Any] = {}
        self._held: list[str] | None = None
        self._attempt = attempt()
        self._rejects = self._marker.with_suffix(f".rejected.{self._attempt}").open(
            "w", encoding="utf-8", errors="backslashreplace"
        )
        self._list = RejectedLines(self._rejects, self._marker.stem)

    def _part(self, output: str) -> Path:
        return self.folder / output / f"part-{self.index:05d}.parquet"

    def _aside(self, output: str) -> Path:
        part = self._part(output)
        return part.with_name(f"{part.name}.{self._attempt}")

    def write(self, output: str, row: Row, counts_as: Row | None = None) -> None:
        """Write a row; it counts as another one where more will be made of it later."""
        rows = self._rows[output]
        rows.append(row)
        self._count_rows(output, 1)
        self._items[output] += sum(map(_items, (counts_as or row).values()))
        if self._held is None:
            self._flush_if_full(output)

    def _flush_if_full(self, output: str) -> None:
        if len(self._rows[output]) >= ROWS_A_GROUP or self._items[output] >= ITEMS_A_GROUP:
            self._flush(output)

    def write_arrow(self, output: str, rows: Any) -> None:
        """Write an Arrow table of the output's schema, as a row group of its own."""
        self._flush(output)
        with writing(self._part(output)):
            self._writers[output].write_table(rows)
        self._count_rows(output, len(rows))

    def _count_rows(self, output: str, rows: int) -> None:
        if not output.startswith(WORK):
            self.tally.counts[output.strip("./") or "rows"] += rows

    def count(self, name: str, by: int = 1) -> None:
        self.tally.counts[name] += by

    def reject(self, where: str, reason: str, detail: str = "") -> None:
        """Set a record aside under a named reason."""
        self.tally.rejected[reason] += 1
        line = rejected_line(where, reason, detail)
        if self._held is not None:
            self._held.append(line)
            return
        with writing(Path(self._rejects.name)):
            self._list.write(line)

    @contextmanager
    def record(self, where: str) -> Iterator[None]:
        """What is written within is one record's: all of it, or none where the net catches it."""
        before = {name: len(rows) for name, rows in self._rows.items()}
        counts, rejected = self.tally.counts.copy(), self.tally.rejected.copy()
        items = self._items.copy()
        self._held = []

        def undo(*entry: str) -> None:
            for name, length in before.items():
                del self._rows[name][length:]
            self.tally, self._items = Tally(counts, rejected), items
            self._held = []
            self.reject(*entry)

        with net(where, undo):
            yield
        lines, self._held = self._held, None
        with writing(Path(self._rejects.name)):
            for line in lines:
                self._list.write(line)
        for output in self._schemas:
            self._flush_if_full(output)

    def _flush(self, output: str) -> None:
        import pyarrow.parquet as pq

        from gentap.runs.arrow import rows_to_arrow

        schema = self._schemas[output]
        aside = self._aside(output)
        with writing(self._part(output)):
            if output not in self._writers:
                aside.parent.mkdir(parents=True, exist_ok=True)
                self._writers[output] = pq.ParquetWriter(aside, schema, compression="zstd")
            if self._rows[output]:
                self._writers[output].write_table(rows_to_arrow(self._rows[output], schema))
        self._rows[output].clear()
        self._items[output] = 0

    def __enter__(self) -> "Shard":
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        if kind is not None:
            for file in (self._rejects, *self._writers.values()):
                with suppress(OSError):  # the error that led here is the one to tell
                    file.close()
            return
        with writing(Path(self._rejects.name)):
            self._list.end()
            self._rejects.close()
        for output in self._schemas:
            self._flush(output)
            with writing(self._part(output)):
                self._writers[output].close()
                self._aside(output).replace(self._part(output))
        Path(self._rejects.name).replace(self._marker.with_suffix(".rejected"))
        write_json(self._marker, self.tally.to_json())


def _items(value: Any) -> int:
    """How much a column's value takes: the cells of a table, the entries of a list."""
    if not isinstance(value, list | tuple):
        return 1
    return len(value) * (len(value[0]) if value and isinstance(value[0], list | tuple) else 1)


def _marker(folder: Path, index: int, step: str) -> Path:
    return folder / SHARDS / step / f"{index:05d}.json"


def prepare_shards(folder: Path, step: str = "") -> None:
    (folder / SHARDS / step).mkdir(parents=True, exist_ok=True)


def cluster_scratch(folder: Path) -> Path:
    """Where an engine for several machines keeps its own files, as long as it runs."""
    return folder / SHARDS / "cluster"


def shard_is_done(folder: Path, index: int, step: str = "") -> bool:
    return _marker(folder, index, step).exists()


def merge_shards(folder: Path) -> Tally:
    """Join the rejected records of all steps' shards, in order, and add up their counts."""
    for given_up in folder.rglob("*.tmp"):
        given_up.unlink(missing_ok=True)
    tally = Tally()
    aside = folder / "rejected.jsonl.tmp"
    with aside.open("wb") as joined:
        markers = [*(folder / SHARDS).glob("*.json"), *(folder / SHARDS).glob("*/*.json")]
        for marker in sorted(markers):
            if marker.parent == cluster_scratch(folder):
                continue
            tally.add(read_json(marker, dict[str, dict[str, int]]))
            with marker.with_suffix(".rejected").open("rb") as part:
                shutil.copyfileobj(part, joined)
    aside.replace(own_files(folder) / REJECTED)
    return tally
