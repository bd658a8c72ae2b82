"""A few examples of many, to learn from little."""

from collections.abc import Sequence

from gentap.errors import SettingError
from gentap.records import Example, digest


def draw_shots(examples: Sequence[Example], shots: int, seed: int) -> list[Example]:
    """So many examples, in their order; all of them for 0 shots.

    A seed orders the examples by a digest of their ids, so that its 50 shots are among its 100.
    Raises SettingError where there are fewer.
    """
    if not shots:
        return list(examples)
    if shots > len(examples):
        raise SettingError(
            f"finetune.shots is {shots:,}, but there are only {len(examples):,} examples to draw "
            "from. Lower it, or give more data (finetune.train, --train)."
        )
    drawn = sorted(range(len(examples)), key=lambda place: digest(str(seed), examples[place].id))
    return [examples[place] for place in sorted(drawn[:shots])]
