"""The objectives of training, and the decoder that learns each; imported without torch."""

from collections.abc import Mapping
from typing import Literal

Decoder = Literal["long", "cell"]
DECODERS: tuple[Decoder, ...] = ("long", "cell")

Objective = Literal["long", "cell", "masked", "replaced"]
OBJECTIVES: Mapping[Objective, Decoder] = {
    "long": "long",
    "cell": "cell",
    "masked": "long",
    "replaced": "long",
}
"""Sentence answers, cell answers, tables whose hidden or exchanged cells are recovered: what a
batch may hold examples of, one objective after another in this order, and the decoder that learns
each."""

ON_TABLES: tuple[Objective, ...] = ("masked", "replaced")
"""Those that need tables alone, no questions."""


def labels_of(stream: str) -> str:
    """The name of a stream's labels in a batch; ``labels`` for a model of one decoder."""
    return f"{stream}_labels" if stream in OBJECTIVES else "labels"
