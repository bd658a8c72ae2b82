"""What changes where an example is told of another group of people: scores, and answers.

Each question is answered once as it is and once in its copy, so that all is paired. The *gap* is
the difference of the scores. *Prediction sensitivity* is the share of the pairs whose answers
differ by more than the exchanged words: the answer to the copy is not the answer to the original
with its words exchanged.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from gentap.evaluation.metrics.resampling import differences, intervals
from gentap.evaluation.metrics.scoring import METRICS, Scored, score
from gentap.evaluation.metrics.statistics import Statistics, mean_statistics
from gentap.evaluation.predict import ChunkedAnswers, Length
from gentap.evaluation.report.page import TableSection
from gentap.evaluation.results import Results
from gentap.records import Example
from gentap.runs.counting import counted
from gentap.runs.files.output_files import write_json, write_text
from gentap.settings.sections import EvaluateSettings

SWAP = "swap.json"
SWAPPED_ANSWERS = "swapped.jsonl"


@dataclass(frozen=True, slots=True)
class CounterfactualCopy:
    """A copy of the question in a ``place``, the group (0 or 1) that the original names in question
    or answer, None for both or neither, and what the exchange makes of any text about it."""

    place: int
    example: Example
    group: int | None
    rewrite: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Counterfactuals:
    """Copies of questions, and what the two groups are called."""

    groups: tuple[str, str]
    copies: list[CounterfactualCopy]


def swap_scores(
    model: str,
    results: Results,
    swapped: Counterfactuals,
    settings: EvaluateSettings,
    length: Length,
    folder: Path,
    work: Path,
) -> dict[str, Any]:
    """Answer and score the copies; the content of ``swap.json``, which is written, as are the
    answers side by side."""
    copies = swapped.copies
    examples = [one.example for one in copies]
    answerer = ChunkedAnswers(model, examples, settings)
    said = answerer.answer(length, work, "evaluate, swapped")
    before = [results.predictions[one.place] for one in copies]
    expected = [one.rewrite(text) for one, text in zip(copies, before, strict=True)]
    changed = [_words(text) != _words(wanted) for text, wanted in zip(said, expected, strict=True)]
    places = np.array([one.place for one in copies])
    sides = (_kept(results.scored, places), score(examples, said, settings.protocol).statistics)
    sensitivity = mean_statistics(changed, "")
    found = {
        "groups": list(swapped.groups),
        "pairs": len(copies),
        "sensitivity": [sensitivity.score, *intervals({"": sensitivity})[""]],
        "sides": _compared(("as asked", "swapped"), *sides),
        "by group": _compared(swapped.groups, *_by_group(copies, *sides)),
    }
    write_json(folder / SWAP, found)
    rows = zip(copies, before, expected, said, changed, strict=True)
    lines = [
        {
            "id": results.examples[one.place].id,
            "question": one.example.question,
            "prediction": first,
            "expected": wanted,
            "swapped": text,
            "changed": differs,
        }
        for one, first, wanted, text, differs in rows
    ]
    texts = [json.dumps(line, ensure_ascii=False) for line in lines]
    write_text(folder / SWAPPED_ANSWERS, "".join(f"{text}\n" for text in texts))
    return found


def _words(text: str) -> list[str]:
    """What two answers are compared by: capitals and spaces say nothing."""
    return text.casefold().split()


def _kept(scored: Scored, places: Any) -> dict[str, Statistics]:
    return {name: replace(one, rows=one.rows[places]) for name, one in scored.statistics.items()}


def _by_group(
    copies: Sequence[CounterfactualCopy],
    asked: dict[str, Statistics],
    swapped: dict[str, Statistics],
) -> tuple[dict[str, Statistics], dict[str, Statistics]]:
    """The pairs that name one group alone: told of the first one, and of the second."""
    at = [place for place, one in enumerate(copies) if one.group is not None]
    second = np.array([copies[place].group == 1 for place in at])[:, None]
    told = []
    for other in (second, ~second):
        rows = {
            name: replace(
                one, rows=np.where(other, swapped[name].rows[at], one.rows[at]).reshape(len(at), -1)
            )
            for name, one in asked.items()
            if name in swapped
        }
        told.append(rows)
    return told[0], told[1]


def _compared(
    names: Sequence[str], first: dict[str, Statistics], second: dict[str, Statistics]
) -> dict[str, Any]:
    """Scores of two paired sides and the second one's lead, by metric."""
    used = [
        name
        for name in first
        if name in second and first[name].rows.any() and second[name].rows.any()
    ]
    one, two = ({name: side[name] for name in used} for side in (first, second))
    ranges, further = intervals(one), intervals(two)
    tests = differences(one, two)
    pairs = max((len(kept.rows) for kept in one.values()), default=0)
    return {
        "names": list(names),
        "pairs": pairs,
        "metrics": {
            name: {
                "scores": [one[name].score, two[name].score],
                "intervals": [ranges[name], further[name]],
                "gap": [tests[name].points, tests[name].low, tests[name].high],
                "p": tests[name].randomization_p,
            }
            for name in used
        },
    }


def swap_section(found: dict[str, Any]) -> TableSection:
    """Both comparisons as a report's table, and the sensitivity below it."""
    rows = []
    for side in (found["sides"], found["by group"]):
        for name, one in side["metrics"].items():
            scores = [
                f"{score:.1f} [{low:.1f}, {high:.1f}]"
                for score, (low, high) in zip(one["scores"], one["intervals"], strict=True)
            ]
            points, low, high = one["gap"]
            gap = f"{points:+.1f} [{low:+.1f}, {high:+.1f}]".replace("-", "\N{MINUS SIGN}")
            names = " · ".join(side["names"])
            rows.append([names, str(side["pairs"]), METRICS[name], *scores, gap, f"{one['p']:.3f}"])
    share, low, high = found["sensitivity"]
    note = (
        f"{counted(found['pairs'], 'question')} asked again with the words of the other group. "
        f"{share:.1f}% [{low:.1f}, {high:.1f}] of the answers changed beyond the exchanged words. "
        "The gap is the second side's lead over the first, paired, with its 95% interval and the p "
        "of approximate randomization."
    )
    head = ["sides", "pairs", "metric", "first", "second", "gap", "p"]
    return TableSection("swapped", "Exchanged groups", head, rows, note)
