from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gentap.training.data.streams import Hiding, MaskedStream, MixedStream, SpanStream
from gentap.training.data.token_store import TokenStore, write_tokens

SENTINELS, END = [99, 98, 97, 96, 95], 1


def hiding(seed: int = 1) -> Hiding:
    return Hiding(SENTINELS, END, seed)


def hidden_parts(target: list[int]) -> list[tuple[int, ...]]:
    """The token spans of a target, without sentinels and end."""
    parts: list[list[int]] = []
    for token in target:
        if token in SENTINELS:
            parts.append([])
        elif token != END:
            parts[-1].append(token)
    return [tuple(part) for part in parts]


def test_windows_are_corrupted_anew_in_every_epoch_and_alike_in_a_rerun(tmp_path: Path) -> None:
    windows = [list(range(100, 160)), list(range(200, 260))]
    store = write_tokens(tmp_path / "store", ((window, ()) for window in windows))

    def pairs(seed: int, epoch: int) -> list[Any]:
        stream = SpanStream(store, hiding(seed), 0.2, 3.0)
        assert len(stream) == 2
        assert stream.lengths().tolist() == [[60, 0], [60, 0]]
        return [stream.pair(index, epoch) for index in range(2)]

    assert pairs(1, 0) == pairs(1, 0)
    assert pairs(1, 0) != pairs(1, 1)
    assert pairs(1, 0) != pairs(2, 0)
    for window, (source, target) in zip(windows, pairs(1, 0), strict=True):
        assert sorted(token for token in source + target if token >= 100) == window
    places = [
        [place for place, token in enumerate(source) if token < 100] for source, _ in pairs(1, 0)
    ]
    assert places[0] != places[1]


@pytest.fixture
def masked(tmp_path: Path) -> TokenStore:
    """A window of ten spans of two tokens, one of two spans and one of a single span."""
    ten = [100 + token for token in range(30)]
    spans = [bound for start in range(0, 30, 3) for bound in (start, start + 2)]
    return write_tokens(
        tmp_path / "masked",
        [(ten, spans), (list(range(200, 206)), [0, 2, 3, 4]), ([300, 301, 302], [1, 2])],
    )


@pytest.mark.parametrize(("share", "count"), [(0.2, 2), (0.5, 5), (0.01, 1), (0.9, 5)])
def test_a_share_of_the_spans_is_hidden_whole(masked: TokenStore, share: float, count: int) -> None:
    stream = MaskedStream(masked, hiding(), share)
    spans = {(100 + start, 101 + start) for start in range(0, 30, 3)}
    seen = Counter[tuple[int, ...]]()
    for epoch in range(60):
        source, target = stream.pair(0, epoch)
        found = hidden_parts(list(target))
        assert len(found) == count  # never more than there are sentinels
        assert set(found) <= spans
        assert [token for token in source if token in SENTINELS] == SENTINELS[:count]
        seen.update(found)
    assert set(seen) == spans
    assert stream.pair(0, 3) == MaskedStream(masked, hiding(), share).pair(0, 3)


def test_without_a_share_one_span_stays_where_there_are_several(masked: TokenStore) -> None:
    stream = MaskedStream(masked, hiding())
    counts = [
        Counter(len(hidden_parts(list(stream.pair(index, epoch)[1]))) for epoch in range(80))
        for index in range(3)
    ]
    assert set(counts[0]) == {1, 2, 3, 4, 5}
    assert set(counts[1]) == {1}
    assert set(counts[2]) == {1}
    assert stream.lengths().tolist() == [[30, 0], [6, 0], [3, 0]]
    assert {hidden_parts(list(stream.pair(1, epoch)[1]))[0] for epoch in range(40)} == {
        (200, 201),
        (203,),
    }


@settings(max_examples=60)
@given(
    st.lists(st.integers(0, 30), min_size=3, max_size=3),
    st.lists(st.integers(0, 10), min_size=3, max_size=3).filter(any),
)
def test_streams_are_mixed_in_their_shares(list_stream, sizes, shares) -> None:
    streams = {
        name: list_stream([([place] * (place + 2), [index]) for index in range(size)])
        for place, (name, size) in enumerate(zip("abc", sizes, strict=True))
    }
    mixed = MixedStream(streams, dict(zip("abc", shares, strict=True)))
    used = [place for place in range(3) if sizes[place] and shares[place]]
    pairs = [mixed.pair(index, 0) for index in range(len(mixed))]
    assert mixed.lengths().tolist() == [[len(source), len(target)] for source, target in pairs]
    found = Counter(source[0] for source, _ in pairs)
    assert set(found) == set(used)
    if used:
        total = max(sizes[place] / shares[place] for place in used)
        for place in used:
            assert found[place] == pytest.approx(total * shares[place], abs=1)
            times = Counter(target[0] for source, target in pairs if source[0] == place)
            assert set(times) == set(range(sizes[place]))
            assert max(times.values()) - min(times.values()) <= 1


def test_a_stream_that_starts_over_hides_other_spans(masked: TokenStore, list_stream) -> None:
    many = list_stream([([5], [6])] * 40)
    mixed = MixedStream(
        {"few": MaskedStream(masked, hiding(), 0.3), "many": many}, {"few": 0.5, "many": 0.5}
    )
    assert len(mixed) == 80
    rounds = [mixed.pair(3 * turn, 0) for turn in range(13)]
    assert len({str(pair) for pair in rounds}) > 8
    assert mixed.pair(0, 1) not in rounds


def test_what_has_no_share_is_never_read(list_stream: Any) -> None:
    streams = {"a": list_stream([([5], [6])]), "b": list_stream([([7], [8])])}
    mixed = MixedStream(streams, {"a": 1.0, "b": 0.0})
    assert (len(mixed), mixed.pair(0, 0)) == (1, ([5], [6]))
    assert len(MixedStream({"a": list_stream([])}, {"a": 1.0})) == 0
    assert np.array_equal(mixed.lengths(), [[1, 1]])
