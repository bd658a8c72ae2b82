"""Scores under the net: a record that makes a metric fail is set aside, and the others scored."""

from collections.abc import Sequence
from typing import Any

from gentap.documents.rejected import RejectedRecord
from gentap.evaluation.metrics.scoring import Scored, score
from gentap.records import Example
from gentap.runs.net import INTERNAL_ERROR, apart
from gentap.settings.sections import Protocol


def score_sound(
    examples: Sequence[Example], predictions: Sequence[Any], protocol: Protocol
) -> tuple[Scored, list[int], list[RejectedRecord]]:
    """As :func:`score`, with the places of the records that were scored, and what became of others.

    Raises InputError as that does, and where no record can be scored.
    """
    if len(examples) != len(predictions):
        score(examples, predictions, protocol)  # which says so
    found: list[tuple[list[int], Scored]] = []

    def score_at(places: Sequence[int]) -> list[str]:
        chosen = [examples[place] for place in places]
        scored = score(chosen, [predictions[place] for place in places], protocol)
        found[:] = [(list(places), scored)]
        return [""] * len(places)

    faults = apart(score_at, range(len(examples)), lambda _, fault: fault)
    kept = [place for place, fault in enumerate(faults) if not fault]
    if not found or found[0][0] != kept:  # it may be of the last half alone
        score_at(kept)
    rejected = [
        RejectedRecord(example.id, INTERNAL_ERROR, fault)
        for example, fault in zip(examples, faults, strict=True)
        if fault
    ]
    return found[0][1], kept, rejected
