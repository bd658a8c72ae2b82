"""A few examples of many, to learn from little."""

import heapq
from collections.abc import Iterable, Sequence
from operator import itemgetter

from gentap.errors import SettingError
from gentap.records import Example, digest
from gentap.runs.counting import counted


def draw_shots(examples: Sequence[Example], shots: int, seed: int) -> list[Example]:
    """So many examples, in their order; all of them for 0 shots.

    A seed orders the examples by a digest of their ids, so that its 50 shots are among its 100.
    Raises SettingError where there are fewer.
    """
    if not shots:
        return list(examples)
    if shots > len(examples):
        raise SettingError(
            f"finetune.shots is {shots:,}, but there {'is' if len(examples) == 1 else 'are'} only "
            f"{counted(len(examples), 'example')} to draw "
            "from. Lower it, or give more data (finetune.train, --train)."
        )
    drawn = sorted(range(len(examples)), key=lambda place: digest(str(seed), examples[place].id))
    return [examples[place] for place in sorted(drawn[:shots])]


def draw_streamed(examples: Iterable[Example], count: int, seed: int) -> list[Example]:
    """As :func:`draw_shots`, of examples that are read once: no more than ``count`` are held.

    All of them where there are no more; of those with one id the first.
    """
    held: dict[int, tuple[int, Example]] = {}
    order: list[int] = []  # a heap of the digests that are held, negative: the highest comes first
    for place, example in enumerate(examples):
        key = -int(digest(str(seed), example.id), 16)
        if key in held or (len(held) == count and key < order[0]):
            continue
        held[key] = (place, example)
        if len(held) > count:
            del held[heapq.heappushpop(order, key)]
        else:
            heapq.heappush(order, key)
    return [example for _, example in sorted(held.values(), key=itemgetter(0))]
