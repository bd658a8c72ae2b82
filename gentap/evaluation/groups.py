"""Scores of groups of examples: by size of the table, rows of evidence, length of the answer and
question word."""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gentap.evaluation.metrics.resampling import intervals
from gentap.evaluation.metrics.statistics import Statistics
from gentap.records import Example
from gentap.text.question_words import WORD_KINDS, question_word


@dataclass(frozen=True, slots=True)
class Grouping:
    """A way to part examples: its name, its title, its groups, and the group of an example."""

    name: str
    title: str
    labels: tuple[str, ...]
    place: Callable[[Example], int]


def _by_size(
    name: str, title: str, bounds: Sequence[int], size: Callable[[Example], int]
) -> Grouping:
    """Groups of examples whose size is at most the first bound, the second, …, above the last."""
    starts = [0 if bounds[0] == 0 else 1, *(bound + 1 for bound in bounds)]
    labels = [
        str(end) if start == end else f"{start}–{end}"
        for start, end in zip(starts, bounds, strict=False)
    ]
    labels.append(f"{starts[-1]}+")
    return Grouping(name, title, tuple(labels), lambda example: bisect_left(bounds, size(example)))


GROUPINGS = (
    _by_size(
        "table",
        "cells in the table",
        (25, 50, 100, 200, 400),
        lambda example: len(example.table.header) * len(example.table.rows),
    ),
    _by_size(
        "evidence",
        "rows of evidence",
        (0, 1, 2, 3, 4),
        lambda example: len(example.evidence_rows),
    ),
    _by_size(
        "answer",
        "words in the answer",
        (5, 10, 15, 20, 30),
        lambda example: len(example.answer.split()),
    ),
    Grouping(
        "word",
        "question word",
        WORD_KINDS,
        lambda example: WORD_KINDS.index(question_word(example.question)),
    ),
)


def group_scores(
    examples: Sequence[Example], systems: Sequence[Mapping[str, Statistics]]
) -> list[dict[str, Any]]:
    """For each grouping with more than one group: its groups that have examples, how many, each
    example's group, and by metric and system each group's ``[score, low, high]``."""
    made = []
    metrics = list(dict.fromkeys(name for system in systems for name in system))
    for grouping in GROUPINGS:
        places = np.array([grouping.place(example) for example in examples], dtype=np.int64)
        used = sorted(set(places.tolist()))
        if len(used) < 2:
            continue
        members = [np.flatnonzero(places == place) for place in used]
        scores = [[_scores(system, group) for group in members] for system in systems]
        made.append(
            {
                "name": grouping.name,
                "title": grouping.title,
                "labels": [grouping.labels[place] for place in used],
                "counts": [len(group) for group in members],
                "of": [used.index(place) for place in places.tolist()],
                "scores": {
                    metric: [[group.get(metric) for group in system] for system in scores]
                    for metric in metrics
                },
            }
        )
    return made


def evidence_groups(examples: Sequence[Example]) -> dict[str, list[int]]:
    """Places of the examples whose evidence is one row, and of those with several; {} unless there
    are both."""
    rows = [len(example.evidence_rows) for example in examples]
    groups = {
        "one row": [place for place, count in enumerate(rows) if count == 1],
        "several rows": [place for place, count in enumerate(rows) if count > 1],
    }
    return groups if all(groups.values()) else {}


def of_group(system: Mapping[str, Statistics], group: Any) -> dict[str, Statistics]:
    """The statistics of a group's examples, for each metric that applies to any of them."""
    return {
        name: replace(statistics, rows=statistics.rows[group])
        for name, statistics in system.items()
        if statistics.rows[group].any()
    }


def _scores(system: Mapping[str, Statistics], group: Any) -> dict[str, list[float]]:
    """``[score, low, high]`` of each metric that applies to any example of a group."""
    kept = of_group(system, group)
    found = intervals(kept)
    return {
        name: [round(value, 3) for value in (statistics.score, *found[name])]
        for name, statistics in kept.items()
    }
