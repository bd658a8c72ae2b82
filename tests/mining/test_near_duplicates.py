"""Repeats across shards: what stays depends on the sentences alone."""

import random
from pathlib import Path

import pytest

from gentap.mining import near_duplicates as duplicates
from gentap.mining.near_duplicates import (
    Signatures,
    count_keys,
    dropped_rows,
    find_repeats,
    said_by,
)

Entry = tuple[str, list[str], int]
LONG = " ".join(f"word{place} of the" for place in "abcdefghijklmn")


def dropped(
    folder: Path, shards: list[list[Entry]], similar: float = 0.8, ranges: int = 1
) -> dict[str, bool]:
    """The ranks of what goes, with whether it is equal to what stays."""
    for number, entries in enumerate(shards):
        signatures = Signatures(number)
        for sentence, values, rank in entries:
            signatures.add(said_by(sentence, values, rank))
        signatures.save(folder)
    assert count_keys(folder) == sum(map(len, shards))
    for part in range(ranges):
        find_repeats(folder, part, ranges, similar)
    return {
        shards[number][row][2]: equal
        for number in range(len(shards))
        for row, equal in dropped_rows(folder, number).items()
    }


def test_of_equal_sentences_the_least_rank_stays(tmp_path: Path) -> None:
    entries: list[Entry] = [("Ada came to Rome.", ["Ada"], rank) for rank in (5, 3, 9)]
    entries.append(("ada came, to Rome!", ["Rome"], 4))
    assert dropped(tmp_path, [entries[:2], [], entries[2:]]) == {5: True, 9: True, 4: True}


def test_nearly_equal_sentences_that_state_one_fact_are_one(tmp_path: Path) -> None:
    entries: list[Entry] = [
        (LONG, ["Bridge"], 1),
        (f"{LONG} indeed", ["Bridge"], 2),
        (f"{LONG} indeed", ["Tower"], 3),
        (f"{LONG} in 1914", ["Bridge"], 4),
        ("another bridge was closed by a mayor of some other town in autumn", ["Bridge"], 5),
    ]
    assert dropped(tmp_path / "near", [entries]) == {2: False, 3: True}
    assert dropped(tmp_path / "equal", [entries], similar=1.0) == {3: True}


def corpus(seed: int) -> list[Entry]:
    draw = random.Random(seed)
    words = [f"word{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"]
    entries: list[Entry] = []
    for rank in range(250):
        if entries and draw.random() < 0.5:
            said = draw.choice(entries)[0].split()
            if draw.random() < 0.6:
                said[draw.randrange(len(said))] = draw.choice(words)
        else:
            said = draw.choices(words, k=draw.randrange(4, 40))
        entries.append((" ".join(said), ["Value"], rank))
    draw.shuffle(entries)
    return entries


@pytest.mark.parametrize(("size", "ranges"), [(250, 3), (37, 1), (37, 7), (150, 2)])
def test_what_stays_depends_on_neither_shards_nor_ranges(
    tmp_path: Path, size: int, ranges: int
) -> None:
    entries = corpus(1)
    want = dropped(tmp_path / "one", [entries])
    assert 30 < len(want) < 220
    random.Random(size).shuffle(entries)
    shards = [entries[start : start + size] for start in range(0, len(entries), size)]
    assert dropped(tmp_path / "many", shards, ranges=ranges) == want


def shingles(sentence: str) -> set[tuple[str, ...]]:
    words = ["", *sentence.split(), "", ""]
    return {tuple(words[start : start + 3]) for start in range(len(words) - 2)}


def test_what_goes_is_as_similar_as_by_comparing_all_pairs(tmp_path: Path) -> None:
    entries = sorted(corpus(2), key=lambda entry: entry[2])
    gone = dropped(tmp_path, [entries], similar=0.8)
    nearest = [
        max(
            len(shingles(said) & shingles(other)) / len(shingles(said) | shingles(other))
            for other, _, _ in entries[:place]
        )
        for place, (said, _, _) in enumerate(entries)
        if place
    ]
    for rank, similarity in enumerate(nearest, start=1):
        if similarity == 1:
            assert gone[rank] is True
        elif similarity > 0.95:
            assert rank in gone
        elif similarity < 0.6:
            assert rank not in gone


def test_memory_of_a_range_does_not_grow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A range holds its share of the keys only, however many there are."""
    most = 0
    lexsort = duplicates.np.lexsort

    def watched(keys: tuple[object, ...]) -> object:
        nonlocal most
        most = max(most, len(keys[0]))  # type: ignore[arg-type]
        return lexsort(keys)

    monkeypatch.setattr(duplicates.np, "lexsort", watched)
    entries: list[Entry] = [(f"{LONG} number {rank}", [], rank) for rank in range(900)]
    dropped(tmp_path, [entries[:300], entries[300:]], ranges=9)
    assert most < 200
