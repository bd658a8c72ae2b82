"""Token sequences on disk: written once before training, read by index without loading them all."""

import json
import shutil
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from gentap.documents.rejected import RejectedRecord
from gentap.errors import InputError
from gentap.runs.files.own_files import EDITED, open_own, read_json
from gentap.runs.files.rejected_lines import RejectedLines, rejected_line
from gentap.runs.store import REJECTED, Tally

Ids = npt.NDArray[np.int32]
_META = "meta.json"
_FILES = ("inputs.bin", "targets.bin", "ends.bin")
_PIECE = 2**20


@dataclass(frozen=True, slots=True)
class _Meta:
    pairs: int
    tally: dict[str, dict[str, int]]
    checksums: dict[str, int]


class TokenStore:
    """Pairs of input and target ids, mapped from disk.

    ``inputs.bin`` and ``targets.bin`` hold the ids one after another; ``ends.bin`` two columns:
    where each pair's input and target end. ``tally`` is what was counted when they were written.
    """

    def __init__(self, folder: Path) -> None:
        meta: _Meta = read_json(folder / _META, _Meta)
        for name in _FILES:
            if meta.checksums.get(name) != _checksum(folder / name):
                raise InputError(f"{folder / name}: is not as it was written. {EDITED}")
        self.tally = meta.tally
        self._inputs, self._targets = (_map(folder / name, np.int32) for name in _FILES[:2])
        self._ends = _map(folder / _FILES[2], np.int64).reshape(meta.pairs, 2)

    def __len__(self) -> int:
        return len(self._ends)

    def lengths(self) -> npt.NDArray[np.int64]:
        """Input and target tokens of each pair: (pairs, 2)."""
        return np.diff(self._ends, axis=0, prepend=np.zeros((1, 2), dtype=np.int64))

    def pair(self, index: int) -> tuple[Ids, Ids]:
        before = self._ends[index - 1] if index else (0, 0)
        end = self._ends[index]
        return self._inputs[before[0] : end[0]], self._targets[before[1] : end[1]]


def write_tokens(
    folder: Path,
    pairs: Iterable[tuple[Sequence[int], Sequence[int]] | RejectedRecord],
    tally: Tally | None = None,
) -> TokenStore:
    """Write pairs below ``folder``, aside and renamed; what is there whole is kept as it is.

    Records that come as :class:`RejectedRecord` are listed in ``rejected.jsonl`` and counted.
    ``tally``, which making the pairs counts in, is kept with them.
    """
    tally = tally or Tally()
    if not folder.exists():
        aside = folder.with_name(folder.name + ".tmp")
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir(parents=True)
        count = 0
        ends = np.zeros(2, dtype=np.int64)
        with (
            (aside / _FILES[0]).open("wb") as inputs,
            (aside / _FILES[1]).open("wb") as targets,
            (aside / _FILES[2]).open("wb") as places,
            (aside / REJECTED).open("w", encoding="utf-8") as rejected,
        ):
            listed = RejectedLines(rejected, folder.name)
            for pair in pairs:
                if isinstance(pair, RejectedRecord):
                    tally.rejected[pair.reason] += 1
                    listed.write(rejected_line(pair.where, pair.reason, pair.detail))
                    continue
                source, target = pair
                inputs.write(np.asarray(source, dtype=np.int32).tobytes())
                targets.write(np.asarray(target, dtype=np.int32).tobytes())
                ends += (len(source), len(target))
                places.write(ends.tobytes())
                count += 1
            listed.end()
        checksums = {name: _checksum(aside / name) for name in _FILES}
        meta = {"pairs": count, "tally": tally.to_json(), "checksums": checksums}
        (aside / _META).write_text(json.dumps(meta))
        aside.rename(folder)
    return TokenStore(folder)


def _checksum(path: Path) -> int:
    found = 0
    with open_own(path) as file:
        while piece := file.read(_PIECE):
            found = zlib.crc32(piece, found)
    return found


def _map(path: Path, kind: type[np.signedinteger[Any]]) -> npt.NDArray[Any]:
    if path.stat().st_size == 0:
        return np.zeros(0, dtype=kind)
    return np.memmap(path, dtype=kind, mode="r")
