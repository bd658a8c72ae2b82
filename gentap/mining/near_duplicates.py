"""Repeated sentences across a whole corpus, in memory that does not grow with it.

Equal sentences, and near-duplicates by MinHash (Broder, 1997) with banding: each sentence's set of
three-word shingles has a signature of 64 minima, of which bands of eight in a row are its keys;
one more key is its words. Of sentences that share a key, one is dropped where a sentence of lower
rank is equal, or has a signature that agrees in at least a share of its places (an estimate of the
Jaccard index of the two sets). Sentences that differ in a number or in the values that they name
are no near-duplicates: they state different facts.

The rank depends on the record alone, so that what is kept depends on neither shards nor workers.
Each shard leaves its keys sorted in files; the keys are then judged one range after the other, and
what must go is left in files again, sorted by shard.
"""

import zlib
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from gentap.records import digest
from gentap.runs.files.output_files import attempt, writing
from gentap.runs.files.own_files import map_array
from gentap.text.words import WORD

SIGNATURE_SIZE = 64
BANDS = 8
KEYS_A_RANGE = 400_000
"""Keys of a band that are judged together, at some 100 bytes each."""
_MOST_COMPARED = 64
"""A sentence is compared with so many of lower rank that share its key."""
_CHUNK = 4096

_KEY = np.dtype(
    [
        ("key", "<u8"),
        ("rank", "<u8"),
        ("text", "<u8"),
        ("shard", "<u4"),
        ("row", "<u4"),
        ("signature", "u1", (SIGNATURE_SIZE,)),
    ]
)
_DROPPED = np.dtype([("shard", "<u4"), ("row", "<u4"), ("equal", "?")])
_MIX = np.uint64(0x9E3779B97F4A7C15)


def _odd_numbers(count: int) -> Any:
    """Fixed multipliers for the hash functions, from a digest, so that they never change."""
    return np.array([int(digest(f"minhash {place}"), 16) | 1 for place in range(count)], np.uint64)


_MULTIPLIERS = _odd_numbers(SIGNATURE_SIZE + 3)


class Said(NamedTuple):
    """What a sentence says: its rank and digests, and the hashes of its words."""

    head: tuple[int, int, int]
    words: list[int]


def said_by(sentence: str, values: Sequence[str], rank: int) -> Said:
    """What a sentence says that names some values; of two equal ones the lower rank survives."""
    words = WORD.findall(sentence.casefold())
    numbers = sorted(word for word in words if any(map(str.isdigit, word)))
    facts = digest(*numbers, "", *sorted(value.casefold() for value in values))
    hashes = [0, *(zlib.crc32(word.encode()) for word in words), 0, 0]
    return Said((rank, int(digest(*words), 16), int(facts, 16)), hashes)


class Signatures:
    """A shard's sentences as they are written, row by row."""

    def __init__(self, shard: int) -> None:
        self._shard = shard
        self._words: list[list[int]] = []
        self._heads: list[tuple[int, int, int]] = []
        self._done: list[Any] = []
        self._rows = 0

    def add(self, said: Said) -> None:
        """Add what the next row says."""
        self._heads.append(said.head)
        self._words.append(said.words)
        if len(self._words) >= _CHUNK:
            self._sign()

    def _sign(self) -> None:
        if not self._words:
            return
        minima = _minima(self._words)
        heads = np.array(self._heads, np.uint64)
        records = np.zeros((BANDS + 1, len(heads)), _KEY)
        records["rank"], records["text"] = heads[:, 0], heads[:, 1]
        records["shard"] = self._shard
        records["row"] = np.arange(self._rows, self._rows + len(heads))
        records["signature"] = minima.astype(np.uint8)
        width = SIGNATURE_SIZE // BANDS
        for band in range(BANDS):
            # One key for a band: its minima and the sentence's facts mixed into one number.
            key = heads[:, 2]
            for place in range(band * width, (band + 1) * width):
                key = (key ^ minima[:, place].astype(np.uint64)) * _MIX
                key ^= key >> np.uint64(29)
            records["key"][band] = key
        records["key"][BANDS] = heads[:, 1]
        self._done.append(records)
        self._rows += len(heads)
        self._words.clear()
        self._heads.clear()

    def save(self, folder: Path) -> None:
        """Write the keys of each band, sorted, to files of this shard."""
        self._sign()
        folder.mkdir(parents=True, exist_ok=True)
        for band in range(BANDS + 1):
            keys = np.concatenate([np.zeros(0, _KEY), *(records[band] for records in self._done)])
            _save(_keys_file(folder, band, self._shard), keys[np.argsort(keys["key"])])


def _minima(sentences: Sequence[Sequence[int]]) -> Any:
    """For each sentence (a row) the least hash of its shingles under each hash function."""
    words = np.array([word for sentence in sentences for word in sentence], np.uint64)
    lengths = np.array([len(sentence) for sentence in sentences])
    begins = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    first, second, third = _MULTIPLIERS[SIGNATURE_SIZE:]
    # A shingle's hash is of three words in a row, by multiplication and a shift.
    shingles = words[:-2] * first + words[1:-1] * second + words[2:] * third
    shingles ^= shingles >> np.uint64(32)
    inside = np.ones(len(words), bool)  # shingles that cross the end of a sentence are no shingles
    inside[begins + lengths - 1] = inside[begins + lengths - 2] = False
    shingles = shingles[inside[:-2]]
    starts = begins - 2 * np.arange(len(begins))
    minima = np.empty((len(sentences), SIGNATURE_SIZE), np.uint32)
    for place in range(SIGNATURE_SIZE):
        hashes = (shingles * _MULTIPLIERS[place]) >> np.uint64(32)
        minima[:, place] = np.minimum.reduceat(hashes, starts)
    return minima


def _keys_file(folder: Path, band: int, shard: int) -> Path:
    return folder / f"keys-{band}-{shard:05d}.npy"


def _save(path: Path, array: Any) -> None:
    aside = path.with_name(f"{path.name}.{attempt()}")
    with writing(path):
        with aside.open("wb") as file:  # np.save does not say why a disk takes no more
            np.lib.format.write_array_header_1_0(
                file, np.lib.format.header_data_from_array_1_0(array)
            )
            file.write(array.tobytes())
        aside.replace(path)


def count_keys(folder: Path) -> int:
    """Sentences of all shards."""
    return sum(len(map_array(path, _KEY)) for path in folder.glob("keys-0-*.npy"))


def find_repeats(folder: Path, part: int, parts: int, similar: float) -> None:
    """Judge one of ``parts`` equal ranges of all keys; leaves the list of what must go."""
    low, high = (part << 64) // parts, ((part + 1) << 64) // parts
    found: list[tuple[int, int, bool]] = []
    for band in range(BANDS + 1):
        slices = []
        for path in sorted(folder.glob(f"keys-{band}-*.npy")):
            keys = map_array(path, _KEY)
            slices.append(np.array(keys[_first(keys, low) : _first(keys, high)]))
        keys = np.concatenate(slices)
        keys = keys[np.lexsort((keys["row"], keys["shard"], keys["rank"], keys["key"]))]
        found += [
            entry for group in _groups(keys["key"]) for entry in _repeated(keys[group], similar)
        ]
    _save(folder / f"dropped-{part:05d}.npy", np.array(sorted(set(found)), _DROPPED))


def _first(keys: Any, least: int) -> int:
    """Where keys from a least one on begin, by few looks into a sorted file."""
    return bisect_left(range(len(keys)), least, key=lambda place: int(keys[place]["key"]))


def _groups(keys: Any) -> Iterator[slice]:
    """Runs of two and more equal keys."""
    ends = np.flatnonzero(np.append(keys[1:] != keys[:-1], True)) + 1
    begins = np.append(0, ends[:-1])
    for place in np.flatnonzero(ends - begins > 1):
        yield slice(begins[place], ends[place])


def _repeated(keys: Any, similar: float) -> Iterator[tuple[int, int, bool]]:
    """What must go among sentences of one key, which are sorted by rank: shard, row, if equal."""
    seen = {int(keys[0]["text"])}
    for place in range(1, len(keys)):
        entry = keys[place]
        text = int(entry["text"])
        if text in seen:
            yield int(entry["shard"]), int(entry["row"]), True
            continue
        seen.add(text)
        others = keys["signature"][: min(place, _MOST_COMPARED)]
        if similar < 1 and (others == entry["signature"]).mean(axis=1).max() >= similar:
            yield int(entry["shard"]), int(entry["row"]), False


def dropped_rows(folder: Path, shard: int) -> dict[int, bool]:
    """The rows of a shard that must go, and whether an equal sentence stays."""
    rows: dict[int, bool] = {}
    for path in sorted(folder.glob("dropped-*.npy")):
        dropped = map_array(path, _DROPPED)
        begin, end = np.searchsorted(dropped["shard"], [shard, shard + 1])
        for _, row, equal in dropped[begin:end].tolist():
            rows[row] = rows.get(row, False) or equal
    return rows
