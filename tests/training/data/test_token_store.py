from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gentap.errors import InputError
from gentap.runs.store import Tally
from gentap.training.data.token_store import TokenStore, write_tokens

IDS = st.lists(st.integers(0, 2**31 - 1), max_size=12)
PAIRS = [([5, 6, 7], [8]), ([], [9, 10]), ([11], [])]


def read_all(store: TokenStore) -> list[tuple[list[int], list[int]]]:
    return [
        (source.tolist(), target.tolist()) for source, target in map(store.pair, range(len(store)))
    ]


@settings(max_examples=50)
@given(pairs=st.lists(st.tuples(IDS, IDS), max_size=8))
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, pairs) -> None:
    folder = tmp_path_factory.mktemp("tokens") / "deep" / "store"
    written = write_tokens(folder, iter(pairs))
    for store in (written, TokenStore(folder)):
        assert read_all(store) == pairs
        assert store.lengths().tolist() == [[len(source), len(target)] for source, target in pairs]


def test_any_pair_can_be_read_first(tmp_path: Path) -> None:
    write_tokens(tmp_path / "store", PAIRS)
    for index, (source, target) in reversed(list(enumerate(PAIRS))):
        found = TokenStore(tmp_path / "store").pair(index)
        assert found[0].dtype == found[1].dtype == np.int32
        assert (found[0].tolist(), found[1].tolist()) == (source, target)


def test_a_whole_store_is_kept_and_its_pairs_are_not_made_again(tmp_path: Path) -> None:
    write_tokens(tmp_path / "store", PAIRS)

    def never() -> Iterator[tuple[list[int], list[int]]]:
        pytest.fail("the pairs were made again")
        yield [], []

    assert read_all(write_tokens(tmp_path / "store", never())) == PAIRS


def test_a_break_leaves_nothing_that_counts(tmp_path: Path) -> None:
    def breaks() -> Iterator[tuple[list[int], list[int]]]:
        yield from PAIRS[:2]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_tokens(tmp_path / "store", breaks())
    assert [path.name for path in tmp_path.iterdir()] == ["store.tmp"]
    (tmp_path / "store.tmp" / "meta.json").write_text('{"pairs": 7}')
    assert read_all(write_tokens(tmp_path / "store", PAIRS)) == PAIRS
    assert [path.name for path in tmp_path.iterdir()] == ["store"]


def test_counts_are_kept_for_a_resumed_run(tmp_path: Path) -> None:
    tally = Tally()

    def counted() -> Iterator[tuple[list[int], list[int]]]:
        for pair in PAIRS:
            tally.counts["examples"] += 1
            yield pair
        tally.rejected["too long"] += 2

    wanted = {"counts": {"examples": 3}, "rejected": {"too long": 2}}
    assert write_tokens(tmp_path / "store", counted(), tally).tally == wanted
    assert write_tokens(tmp_path / "store", [], Tally()).tally == wanted
    nothing = write_tokens(tmp_path / "uncounted", PAIRS).tally
    assert nothing == {"counts": {}, "rejected": {}}


@pytest.mark.parametrize("name", ["inputs.bin", "targets.bin", "ends.bin"])
@pytest.mark.parametrize("way", ["changed", "cut", "longer", "gone", "folder"])
def test_tokens_that_somebody_edited_are_refused_by_file(
    tmp_path: Path, name: str, way: str
) -> None:
    write_tokens(tmp_path / "store", PAIRS)
    file = tmp_path / "store" / name
    content = file.read_bytes()
    file.unlink()
    if way == "folder":
        file.mkdir()
    elif way != "gone":
        changed = bytes([content[0] ^ 255, *content[1:]])
        file.write_bytes({"changed": changed, "cut": content[:-1], "longer": content * 2}[way])
    with pytest.raises(InputError, match=rf"{name}: "):
        TokenStore(tmp_path / "store")


@pytest.mark.parametrize(
    "meta", ["", "[]", "{}", '{"pairs": 3}', '{"pairs": "3", "tally": {}, "checksums": {}}']
)
def test_a_store_s_own_file_that_somebody_edited_is_refused(tmp_path: Path, meta: str) -> None:
    write_tokens(tmp_path / "store", PAIRS)
    (tmp_path / "store" / "meta.json").write_text(meta)
    with pytest.raises(InputError, match=r"meta\.json: "):
        TokenStore(tmp_path / "store")
