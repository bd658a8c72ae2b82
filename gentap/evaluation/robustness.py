"""How scores fall where tables are spoiled: the same questions answered over and over."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from gentap.evaluation.metrics.resampling import intervals
from gentap.evaluation.metrics.scoring import METRICS, Scored
from gentap.evaluation.metrics.statistics import Statistics
from gentap.evaluation.predict import ChunkedAnswers, Length
from gentap.evaluation.report.page import TableSection
from gentap.evaluation.sound_records import score_sound
from gentap.records import Example
from gentap.settings.sections import EvaluateSettings, LinearizerSettings

NOISE = "noise.json"


@dataclass(frozen=True, slots=True)
class SpoiledSet:
    """Questions whose tables are spoiled in one way, at one level (0 to 1), and for each how many
    cells that its reference needs are no longer what they were."""

    kind: str
    level: float
    examples: list[Example]
    needed: list[int]


def noise_scores(
    model: str,
    spoiled: Sequence[SpoiledSet],
    settings: EvaluateSettings,
    length: Length,
    folder: Path,
) -> list[dict[str, Any]]:
    """Answer and score each set: its kind, level and count, and by metric [score, low, high].

    ``needed`` and ``spared`` hold the same of the questions that lost a cell which their reference
    needs, and of all others. The weights are loaded once.
    """
    from gentap.model.loading.load import load_table_model
    from gentap.model.tokenizer import load_tokenizer

    network = load_table_model(model, tokenizer=load_tokenizer(model, LinearizerSettings()))
    found = []
    for number, of_kind in enumerate(spoiled):
        answerer = ChunkedAnswers(model, of_kind.examples, settings, model=network)
        label = f"{of_kind.kind} {of_kind.level:.0%}" if of_kind.level else of_kind.kind
        said = answerer.answer(length, folder / f"{number:03d}", f"evaluate, {label}")
        scored, kept, _ = score_sound(of_kind.examples, said, settings.protocol)
        hit = np.array(of_kind.needed)[kept] > 0
        sides = {"needed": np.flatnonzero(hit), "spared": np.flatnonzero(~hit)}
        found.append(
            {
                "kind": of_kind.kind,
                "level": of_kind.level,
                "questions": len(kept),
                "scores": _scores_of(scored, np.arange(len(kept))),
                **{
                    name: {"questions": len(places), "scores": _scores_of(scored, places)}
                    for name, places in sides.items()
                },
            }
        )
    return found


def _scores_of(scored: Scored, places: Any) -> dict[str, list[float]]:
    kept: dict[str, Statistics] = {
        name: replace(one, rows=one.rows[places])
        for name, one in scored.statistics.items()
        if one.rows[places].any()
    }
    found = intervals(kept)
    return {
        name: [round(value, 3) for value in (one.score, *found[name])] for name, one in kept.items()
    }


def noise_section(found: Sequence[dict[str, Any]]) -> TableSection:
    """All sets as a report's table, by the first metrics that tell most."""
    names = [name for name in ("bleu", "rougeL", "denotation_accuracy") if _has(found, name)]
    rows = []
    for one in found:
        sides = (one, one["needed"], one["spared"])
        label = f"{one['kind']} {one['level']:.0%}" if 0 < one["level"] < 1 else one["kind"]
        cells = [_cell(side["scores"].get(name)) for name in names for side in sides]
        rows.append([label, str(one["questions"]), str(one["needed"]["questions"]), *cells])
    heads = [
        f"{METRICS[name]}{side}" for name in names for side in ("", ", evidence hit", ", spared")
    ]
    note = (
        "Evidence hit: questions of which a cell that the reference needs was spoiled; spared: all "
        "others. Small sets have wide intervals."
    )
    head = ["noise", "questions", "evidence hit", *heads]
    return TableSection("noise-numbers", "Noisy tables", head, rows, note)


def _has(found: Sequence[dict[str, Any]], name: str) -> bool:
    return any(name in one["scores"] for one in found)


def _cell(score: Sequence[float] | None) -> str:
    return "" if score is None else "{:.1f} [{:.1f}, {:.1f}]".format(*score)
