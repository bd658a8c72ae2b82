"""Sources of training pairs: stored ones, and windows whose hidden spans change every epoch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from gentap.tables.linearize import Linearizer
from gentap.training.data.replaced_cells import exchange
from gentap.training.data.span_corruption import Spans, hide, random_spans, some_of
from gentap.training.data.token_store import TokenStore

TokenPair = tuple[Sequence[int], Sequence[int]]


class Stream(Protocol):
    """A source of training pairs; ``epoch`` lets a stream vary what it gives for an index.

    ``lengths`` is (pairs, 2): tokens of each input and target, about as many where they vary.
    """

    def __len__(self) -> int: ...
    def lengths(self) -> npt.NDArray[np.int64]: ...
    def pair(self, index: int, epoch: int) -> TokenPair: ...


@dataclass(frozen=True, slots=True)
class PairStream:
    """Stored pairs as they are."""

    store: TokenStore

    def __len__(self) -> int:
        return len(self.store)

    def lengths(self) -> npt.NDArray[np.int64]:
        return self.store.lengths()

    def pair(self, index: int, epoch: int) -> TokenPair:
        source, target = self.store.pair(index)
        return source.tolist(), target.tolist()


@dataclass(frozen=True, slots=True)
class Hiding:
    """What a window's hidden spans are marked with, and the seed that they are drawn by."""

    sentinels: Sequence[int]
    end: int
    seed: int

    def rng(self, index: int, epoch: int) -> np.random.Generator:
        return _rng(self.seed, index, epoch)


@dataclass(frozen=True, slots=True)
class SpanStream:
    """Span corruption over stored windows: ``noise`` of the tokens, ``mean_span`` in a row."""

    store: TokenStore
    hiding: Hiding
    noise: float
    mean_span: float

    def __len__(self) -> int:
        return len(self.store)

    def lengths(self) -> npt.NDArray[np.int64]:
        return _inputs_alone(self.store)

    def pair(self, index: int, epoch: int) -> TokenPair:
        window = self.store.pair(index)[0]
        spans = random_spans(
            len(window),
            self.hiding.rng(index, epoch),
            noise=self.noise,
            mean_span=self.mean_span,
            most=len(self.hiding.sentinels),
        )
        return hide(window, spans, self.hiding.sentinels, self.hiding.end)


@dataclass(frozen=True, slots=True)
class MaskedStream:
    """Windows stored with the spans that may be hidden, flat, in the place of the target.

    ``share`` of a window's spans is hidden, at least one. Without it any number is, but not all
    where there are several: a value that stays tells the row that the others are to be found in.
    """

    store: TokenStore
    hiding: Hiding
    share: float | None = None

    def __len__(self) -> int:
        return len(self.store)

    def lengths(self) -> npt.NDArray[np.int64]:
        return _inputs_alone(self.store)

    def pair(self, index: int, epoch: int) -> TokenPair:
        window, flat = self.store.pair(index)
        spans: Spans = [(start, stop) for start, stop in flat.reshape(-1, 2).tolist()]
        rng = self.hiding.rng(index, epoch)
        if self.share is None:
            count = int(rng.integers(1, max(2, len(spans))))
        else:
            count = max(1, round(self.share * len(spans)))
        chosen = some_of(spans, min(count, len(self.hiding.sentinels)), rng)
        return hide(window, chosen, self.hiding.sentinels, self.hiding.end)


@dataclass(frozen=True, slots=True)
class ReplacedStream:
    """Tables stored with the places of their cells, flat in the place of the target: start, stop
    and column of each.

    ``share`` of the cells, at least one, holds what stands in another row of the column; the target
    tells each such value and the one that stood there (:func:`exchange`), told apart by
    ``parting``. A table whose columns hold one value each stays as it is, and its target is empty.
    """

    store: TokenStore
    linearizer: Linearizer
    parting: Sequence[int]
    share: float
    seed: int

    def __len__(self) -> int:
        return len(self.store)

    def lengths(self) -> npt.NDArray[np.int64]:
        return _inputs_alone(self.store)

    def pair(self, index: int, epoch: int) -> TokenPair:
        window, flat = self.store.pair(index)
        source, target = exchange(
            window.tolist(),
            [(start, stop, column) for start, stop, column in flat.reshape(-1, 3).tolist()],
            _rng(self.seed, index, epoch),
            share=self.share,
            longest=self.linearizer.room,
            parting=self.parting,
        )
        return self.linearizer.framed(source), self.linearizer.framed(target, target=True)


def _rng(seed: int, index: int, epoch: int) -> np.random.Generator:
    return np.random.default_rng([seed, epoch, index])


def _inputs_alone(store: TokenStore) -> npt.NDArray[np.int64]:
    """The windows' lengths; what is hidden of them is a like share of each."""
    lengths = store.lengths()
    lengths[:, 1] = 0
    return lengths


class MixedStream:
    """Several streams as one, each with its share of the pairs.

    The stream that is largest for its share is shown once; the others start over, as if their
    next epoch had come.
    """

    def __init__(self, streams: Mapping[str, Stream], shares: Mapping[str, float]) -> None:
        used = {name: stream for name, stream in streams.items() if shares[name] and len(stream)}
        self._streams = list(used.values())
        total = max((len(stream) / shares[name] for name, stream in used.items()), default=0)
        self._counts = [
            max(len(stream), round(total * shares[name])) for name, stream in used.items()
        ]
        self._ends = np.cumsum(self._counts, dtype=np.int64)

    def __len__(self) -> int:
        return sum(self._counts)

    def lengths(self) -> npt.NDArray[np.int64]:
        parts = [np.zeros((0, 2), dtype=np.int64)]
        for stream, count in zip(self._streams, self._counts, strict=True):
            parts.append(stream.lengths()[np.arange(count) % len(stream)])
        return np.concatenate(parts)

    def pair(self, index: int, epoch: int) -> TokenPair:
        place = int(np.searchsorted(self._ends, index, side="right"))
        stream = self._streams[place]
        offset = index - (int(self._ends[place - 1]) if place else 0)
        rounds = -(-self._counts[place] // len(stream))
        return stream.pair(offset % len(stream), epoch * rounds + offset // len(stream))
