"""Compare systems that answered the same questions: paired tests, and where they differ most."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Any

from gentap.errors import InputError, SettingError
from gentap.evaluation.groups import evidence_groups, of_group
from gentap.evaluation.judge import RATINGS
from gentap.evaluation.metrics.resampling import Difference, differences
from gentap.evaluation.metrics.scoring import METRICS, score
from gentap.evaluation.metrics.statistics import Statistics
from gentap.evaluation.read_predictions import score_file
from gentap.evaluation.results import EXAMPLES, Results, is_report, read_results
from gentap.runs.files.missing_paths import no_such
from gentap.runs.short_names import short_names
from gentap.settings.sections import Protocol

_BY = ("rougeL", "denotation_accuracy")
"""What tells by default where systems differ: the first that they have."""


@dataclass(frozen=True, slots=True)
class GroupLead:
    """The second system's lead by metric on a group of so many questions."""

    questions: int
    differences: dict[str, Difference]


@dataclass(frozen=True, slots=True)
class SystemPair:
    """Two systems' names, and the second one's lead over the first by metric.

    ``by_evidence``: the lead where the evidence is one row, and where it is several.
    """

    first: str
    second: str
    differences: dict[str, Difference]
    by_evidence: dict[str, GroupLead]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Systems in the given order, every pair of them, and the questions they differ most on.

    ``places`` are those questions' places, the widest difference first, by the metric ``by``.
    """

    systems: list[Results]
    pairs: list[SystemPair]
    by: str
    places: list[int]

    def to_json(self) -> dict[str, Any]:
        """The content of ``compare.json``."""
        own = {system.name: system.scored.by_example() for system in self.systems}
        return {
            "systems": {system.name: system.scored.to_json() for system in self.systems},
            "differences": [_pair_json(pair) for pair in self.pairs],
            "by": self.by,
            "examples": [
                {
                    "place": place,
                    "id": self.systems[0].examples[place].id,
                    "question": self.systems[0].examples[place].question,
                    "reference": self.systems[0].examples[place].answer,
                    "predictions": {
                        system.name: system.predictions[place] for system in self.systems
                    },
                    "scores": {name: scores[place] for name, scores in own.items()},
                }
                for place in self.places
            ],
        }


def read_systems(
    names: Sequence[str], data: Sequence[str], protocol: Protocol | None
) -> list[Results]:
    """Systems from reports' folders and files of predictions, all under one protocol.

    A system may be given as ``name=path``. Files are scored for ``data``, or else for the questions
    of a report's folder among the systems.

    Raises InputError where a system can't be read or answers other questions, SettingError where
    two have one name or protocols differ.
    """
    paths = system_paths(names)
    folders = [path for _, path in paths if path.is_dir()]
    kept = {folder: read_results(folder) for folder in folders}
    protocol = protocol or _shared_protocol(list(kept.values()))
    if not data and len(folders) < len(paths):
        if not folders:
            raise SettingError("compare: files of predictions need their questions (--data).")
        data = [str(folders[0] / EXAMPLES)]
    systems = [
        replace(kept[path] if path in kept else score_file(path, data, protocol), name=name)
        for name, path in paths
    ]
    systems = [_like(system, systems[0]) for system in systems]
    return _scored_alike(_distinctly_named(systems, paths), protocol)


def compare(systems: Sequence[Results], by: str | None = None, count: int = 10) -> Comparison:
    """Test every pair; raises SettingError where ``by`` is no metric that all systems have."""
    by = shared_metric(systems, by)
    pairs = [_pair(first, second) for first, second in combinations(systems, 2)]
    columns = [system.scored.statistics[by].by_example() for system in systems]
    spread = [
        max(said) - min(said) if (said := [score for score in scores if score is not None]) else 0.0
        for scores in zip(*columns, strict=True)
    ]
    order = sorted(range(len(spread)), key=lambda place: -spread[place])
    places = [place for place in order[:count] if spread[place] > 0]
    return Comparison(list(systems), pairs, by, places)


def _pair(first: Results, second: Results) -> SystemPair:
    one, two = first.scored.statistics, second.scored.statistics
    by_evidence = {
        name: GroupLead(len(group), differences(of_group(one, group), of_group(two, group)))
        for name, group in evidence_groups(first.examples).items()
    }
    return SystemPair(first.name, second.name, differences(one, two), by_evidence)


def shared_metric(systems: Sequence[Results], by: str | None) -> str:
    """A metric that all systems have: the one given, or the first that tells most by default.

    Raises SettingError where not all have it.
    """
    shared = [
        name for name in METRICS if all(name in system.scored.statistics for system in systems)
    ]
    if by is None:
        by = next((name for name in _BY if name in shared), shared[0])
    if by not in shared:
        known = ", ".join(shared)
        raise SettingError(f"--by: no metric '{by}' that all have. Give one of {known}.")
    return by


def system_paths(names: Sequence[str]) -> list[tuple[str, Path]]:
    """Systems' names and where they are; raises as `read_systems` does where there are none."""
    if len(names) < 2:
        raise SettingError("compare: give two systems or more.")
    paths = [named_path(name) for name in names]
    for _, path in paths:
        if not path.exists():
            raise InputError(no_such(path, "file or folder"))
        if path.is_dir() and not is_report(path):
            raise InputError(
                f"{path}: not a report's folder. Give the output of `gentap evaluate` or `gentap "
                "score`, or a file of predictions with --data."
            )
    return paths


def named_path(given: str) -> tuple[str, Path]:
    name, sign, path = given.partition("=")
    if sign and name and path and not Path(given).exists():
        return name, Path(path)
    (tail,) = short_names([given])
    return tail if Path(given).is_dir() else Path(given).stem or given, Path(given)


def _distinctly_named(
    systems: Sequence[Results], paths: Sequence[tuple[str, Path]]
) -> list[Results]:
    names = [system.name for system in systems]
    tails = short_names([str(path) for _, path in paths])
    return [
        replace(system, name=tail) if names.count(system.name) > 1 else system
        for system, tail in zip(systems, tails, strict=True)
    ]


def _shared_protocol(kept: Sequence[Results]) -> Protocol:
    protocols = {results.scored.protocol: results.name for results in kept}
    if len(protocols) > 1:
        told = " and ".join(f"{name} ({protocol})" for protocol, name in protocols.items())
        raise SettingError(
            f"compare: scored under different protocols: {told}. Give one with --protocol: all are "
            "scored anew."
        )
    return next(iter(protocols), "fetaqa")


def _like(system: Results, first: Results) -> Results:
    """A system's results with the questions of the first one, in their order."""
    wanted = [example.id for example in first.examples]
    places = {example.id: place for place, example in enumerate(system.examples)}
    if set(places) != set(wanted) or len(wanted) != len(system.examples):
        lone = sorted(set(places) ^ set(wanted))
        raise InputError(
            f"{first.name} and {system.name} answer different questions: {len(wanted):,} and "
            f"{len(system.examples):,}, {len(lone):,} of them only one's, such as '{lone[0]}'."
            if lone
            else f"{first.name} and {system.name} hold an id more than once."
        )
    order = [places[id_] for id_ in wanted]
    for place, example in zip(order, first.examples, strict=True):
        if system.examples[place].references != example.references:
            raise InputError(
                f"{first.name} and {system.name} have different references for the question "
                f"'{example.id}'. Score both on the same data."
            )
    if order == list(range(len(order))):
        return system
    statistics = {
        name: replace(kept, rows=kept.rows[order])
        for name, kept in system.scored.statistics.items()
    }
    return Results(
        system.name,
        first.examples,
        [system.predictions[place] for place in order],
        replace(system.scored, statistics=statistics),
        [system.shown[place] for place in order],
    )


def _scored_alike(systems: list[Results], protocol: Protocol) -> list[Results]:
    """Score systems anew where one was scored under another protocol or with other versions.

    A judge is not asked again: its ratings stay where all systems have them from the same one.
    """
    shared = {
        name: kept
        for name, kept in systems[0].scored.statistics.items()
        if name in RATINGS
        and all(
            name in system.scored.statistics
            and system.scored.statistics[name].signature == kept.signature
            for system in systems
        )
    }
    judges = [{name: system.scored.statistics[name] for name in shared} for system in systems]
    systems = [
        replace(system, scored=replace(system.scored, statistics=_computed(system)))
        for system in systems
    ]
    return [
        replace(
            system,
            scored=replace(system.scored, statistics=system.scored.statistics | ratings),
        )
        for system, ratings in zip(_computed_alike(systems, protocol), judges, strict=True)
    ]


def _computed(system: Results) -> dict[str, Statistics]:
    """A system's statistics without a judge's."""
    return {name: kept for name, kept in system.scored.statistics.items() if name not in RATINGS}


def _computed_alike(systems: list[Results], protocol: Protocol) -> list[Results]:
    signatures = [
        {name: kept.signature for name, kept in system.scored.statistics.items()}
        for system in systems
    ]
    alike = all(found == signatures[0] for found in signatures)
    if alike and all(system.scored.protocol == protocol for system in systems):
        return systems
    return [
        replace(system, scored=score(system.examples, system.predictions, protocol))
        for system in systems
    ]


def _pair_json(pair: SystemPair) -> dict[str, Any]:
    return {
        "first": pair.first,
        "second": pair.second,
        "metrics": _leads_json(pair.differences),
        "by_evidence": {
            name: {"questions": group.questions, "metrics": _leads_json(group.differences)}
            for name, group in pair.by_evidence.items()
        },
    }


def _leads_json(leads: Mapping[str, Difference]) -> dict[str, Any]:
    return {
        name: {
            "points": round(found.points, 4),
            "interval": [round(found.low, 4), round(found.high, 4)],
            "bootstrap_p": round(found.bootstrap_p, 6),
            "randomization_p": round(found.randomization_p, 6),
        }
        for name, found in leads.items()
    }
