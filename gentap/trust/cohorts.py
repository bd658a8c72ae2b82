"""Groups of questions where a system is worst, named in words (cohorts, Trinh et al. 2022).

A regression tree over what is known of each question is grown on half of them, to part the low
scores from the high ones. Each of its nodes names a group: the questions that meet its conditions.
What a tree finds in the half that it was grown on it would find in noise too, so every group is
tested on the other half: the share of random groups of its size that score as low, corrected for
the number of groups tried (Holm 1979).
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gentap.documents.input_files import require_file
from gentap.errors import InputError, SettingError
from gentap.records import Example, digest
from gentap.runs.counting import counted
from gentap.runs.extra_packages import require
from gentap.runs.files.own_files import EDITED, read_json
from gentap.trust.example_features import Feature, feature_named, features_of

COHORTS = "cohorts.json"
SMALLEST_GROUP = 10
"""Questions below which a group says nothing."""

_LEAVES = 12
_TRIALS = 2_000
_LEVEL = 0.05

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Bound:
    """A side of a feature: over the bound, or not."""

    feature: str
    above: bool
    bound: float


@dataclass(frozen=True, slots=True)
class Cohort:
    """A group of questions, what it is in words, and how much lower its scores are.

    ``questions`` counts all of it, ``held_out`` those that it was tested on; on these ``score`` is
    the mean of its questions' scores and ``rest`` that of all others, ``low`` to ``high`` the 95%
    interval of their difference and ``p`` the corrected chance of one as large.
    """

    words: str
    conditions: tuple[Bound, ...]
    questions: int
    held_out: int
    score: float
    rest: float
    low: float
    high: float
    p: float


@dataclass(frozen=True, slots=True)
class Cohorts:
    """What was found in a report: the metric, how many questions it applies to, the groups."""

    metric: str
    questions: int
    tried: int
    cohorts: tuple[Cohort, ...]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def find_cohorts(
    examples: Sequence[Example],
    scores: Sequence[float | None],
    metric: str,
    *,
    least: int = 40,
    seed: int = 1,
) -> Cohorts:
    """The groups of at least ``least`` questions that score lower than the others, worst first.

    ``scores`` are the examples' own, None where the metric does not apply. Raises SettingError
    where ``least`` is too small, InputError where there are not enough questions.
    """
    if least < SMALLEST_GROUP:
        raise SettingError(
            f"cohorts: a group of {counted(least, 'question')} says nothing: give --least "
            f"{SMALLEST_GROUP} or "
            "more."
        )
    known = [place for place, score in enumerate(scores) if score is not None]
    if len(known) < 2 * least:
        raise InputError(
            f"cohorts: {counted(len(known), 'question')} have a score by {metric}, too few to "
            "find groups "
            f"of {least} among them. Evaluate on more, or lower --least (not below "
            f"{SMALLEST_GROUP})."
        )
    known.sort(key=lambda place: digest(str(seed), examples[place].id, str(place)))
    chosen = [examples[place] for place in known]
    values = np.array([scores[place] for place in known], dtype=np.float64)
    features = features_of(chosen)
    matrix = np.array([[one.value(example) for one in features] for example in chosen])
    half = len(chosen) // 2
    found = list(_nodes(matrix[:half], values[:half], features, least))
    tested = _tested(found, matrix, values, half, least, seed, features)
    return Cohorts(metric, len(chosen), len(found), tuple(_told(tested)))


def holds(conditions: Sequence[Bound], example: Example) -> bool:
    """Whether an example is in a group."""
    features = [feature_named(one.feature) for one in conditions]
    return all(
        feature is not None and (feature.value(example) > one.bound) == one.above
        for feature, one in zip(features, conditions, strict=True)
    )


def of_their_like(found: Cohorts, examples: Sequence[Example]) -> tuple[list[Example], ...]:
    """The examples that are in any of the groups, and the others."""
    inside = [any(holds(one.conditions, each) for one in found.cohorts) for each in examples]
    sides = zip(inside, examples, strict=True)
    parted: tuple[list[Example], list[Example]] = ([], [])
    for is_in, example in sides:
        parted[not is_in].append(example)
    return parted


def read_cohorts(path: Path) -> Cohorts:
    """What ``gentap cohorts`` wrote, from its folder or its file; InputError where it is none."""
    file = path / COHORTS if path.is_dir() else path
    require_file(file)
    found: Cohorts = read_json(file, Cohorts)
    for cohort in found.cohorts:
        for condition in cohort.conditions:
            if feature_named(condition.feature) is None:
                raise InputError(f"{file}: there is no feature '{condition.feature}'. {EDITED}")
        if not cohort.conditions:
            raise InputError(f"{file}: a group without a condition. {EDITED}")
    return found


def _nodes(
    matrix: Numbers, values: Numbers, features: Sequence[Feature], least: int
) -> Iterator[tuple[Bound, ...]]:
    """The conditions of each node of the tree whose questions score below the others."""
    with require("cohorts", "scikit-learn", "trust"):
        from sklearn.tree import DecisionTreeRegressor
    grown = DecisionTreeRegressor(
        max_leaf_nodes=_LEAVES, min_samples_leaf=-(-least // 2), random_state=0
    )
    tree = grown.fit(matrix, values).tree_
    mean = values.mean()
    below: list[tuple[int, tuple[Bound, ...]]] = [(0, ())]
    while below:
        node, conditions = below.pop(0)
        if conditions and tree.value[node].item() < mean:
            yield conditions
        if tree.children_left[node] < 0:
            continue
        name = features[tree.feature[node]].name
        bound = float(np.floor(tree.threshold[node]))  # all features are whole numbers
        for above, child in ((False, tree.children_left), (True, tree.children_right)):
            narrower = [
                one for one in conditions if (one.feature, one.above) != (name, above)
            ]  # further down a path a bound on the same side is the tighter one
            below.append((int(child[node]), (*narrower, Bound(name, above, bound))))


def _tested(
    found: Sequence[tuple[Bound, ...]],
    matrix: Numbers,
    values: Numbers,
    half: int,
    least: int,
    seed: int,
    features: Sequence[Feature],
) -> list[Cohort]:
    """The groups that are lower on the held-out half too, beyond chance."""
    columns = {feature.name: place for place, feature in enumerate(features)}
    named = {feature.name: feature for feature in features}
    generator = np.random.default_rng(seed)
    held = values[half:]
    shuffled = np.stack([generator.permutation(held) for _ in range(_TRIALS)])
    sums = np.concatenate([np.zeros((_TRIALS, 1)), np.cumsum(shuffled, axis=1)], axis=1)
    cohorts = []
    for conditions in found:
        inside = np.ones(len(values), dtype=bool)
        for one in conditions:
            inside &= (matrix[:, columns[one.feature]] > one.bound) == one.above
        group, rest = held[inside[half:]], held[~inside[half:]]
        if len(group) < SMALLEST_GROUP // 2 or not len(rest) or inside.sum() < least:
            continue
        as_low = int((sums[:, len(group)] <= group.sum() + 1e-9).sum())
        low, high = _interval(group, rest, generator)
        cohorts.append(
            Cohort(
                _words(conditions, named),
                conditions,
                int(inside.sum()),
                len(group),
                float(group.mean()),
                float(rest.mean()),
                low,
                high,
                (as_low + 1) / (_TRIALS + 1),
            )
        )
    return _corrected(cohorts, len(found))


def _corrected(cohorts: Sequence[Cohort], tried: int) -> list[Cohort]:
    """Those whose p stays below the level by Holm's correction, p as corrected."""
    kept = []
    highest = 0.0
    for turn, cohort in enumerate(sorted(cohorts, key=lambda one: one.p)):
        highest = max(highest, min(1.0, (tried - turn) * cohort.p))
        if highest < _LEVEL:
            kept.append(Cohort(**{**_fields(cohort), "p": highest}))
    return kept


def _fields(cohort: Cohort) -> dict[str, Any]:
    return {name: getattr(cohort, name) for name in Cohort.__slots__}


def _told(cohorts: Sequence[Cohort]) -> list[Cohort]:
    """Worst first; a group within another one only where it is worse than that."""
    order = sorted(cohorts, key=lambda one: (one.score - one.rest, one.words))
    kept: list[Cohort] = []
    for cohort in order:
        if not any(_within(cohort, other) or cohort.words == other.words for other in kept):
            kept.append(cohort)
    return kept


def _within(one: Cohort, other: Cohort) -> bool:
    return set(one.conditions) > set(other.conditions)


def _interval(group: Numbers, rest: Numbers, generator: np.random.Generator) -> tuple[float, float]:
    """The middle 95% of the resampled differences of the means."""
    drawn = [
        generator.choice(side, (1_000, len(side))).mean(axis=1).astype(np.float64)
        for side in (group, rest)
    ]
    low, high = np.percentile(drawn[0] - drawn[1], [2.5, 97.5])
    return float(low), float(high)


def _words(conditions: Sequence[Bound], features: dict[str, Feature]) -> str:
    told = []
    for one in conditions:
        feature = features[one.feature]
        told.append((feature.above if one.above else feature.below).format(f"{one.bound:g}"))
    return ", ".join(told)
