"""Scores and answers as people read them: Markdown tables and text."""

import re
from collections.abc import Mapping, Sequence
from statistics import fmean, stdev

from gentap.evaluation.metrics.scoring import METRICS
from gentap.evaluation.results import Results
from gentap.records import Table
from gentap.runs.counting import counted

_SPECIAL = re.compile(r"[\\`*<|]|[\]!](?=[\[(:])")
_CODE = re.compile(r"`[^`|\n\r]+`")
_ROWS_SHOWN = 8
_WIDEST_CELL = 28


Ranges = Mapping[str, Mapping[str, tuple[float, float]]]
"""By system and metric the interval (low, high)."""


UNRANKED = frozenset({"brevity_penalty", "parent_precision", "supported"})
"""Metrics of which more is not better by itself: who says little has them for nothing."""


def best_scores(systems: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """By metric the best score of several systems, where more is better and one is above zero."""
    if len(systems) < 2:
        return {}
    names = {name for scores in systems for name in scores} - UNRANKED
    best = {name: max(scores[name] for scores in systems if name in scores) for name in names}
    return {name: score for name, score in best.items() if score > 0}


def scores_table(systems: Mapping[str, Mapping[str, float]], ranges: Ranges | None = None) -> str:
    """A Markdown table with a row for each system and a column for each metric that any has; with
    ``ranges`` each score's interval stands behind it."""
    names = [name for name in METRICS if any(name in scores for scores in systems.values())]
    lines = [["system", *(METRICS[name] for name in names)]]
    for system, scores in systems.items():
        found = (ranges or {}).get(system, {})
        cells = [_score(scores.get(name), found.get(name)) for name in names]
        lines.append([system, *cells])
    return markdown(lines)


def _score(score: float | None, interval: tuple[float, float] | None) -> str:
    if score is None:
        return ""
    return f"{score:.2f}" + (f" [{interval[0]:.1f}, {interval[1]:.1f}]" if interval else "")


def table_excerpt(table: Table) -> str:
    """The head of a table in Markdown, long cells cut, rows left out counted."""
    rows = [[_short(cell) for cell in row] for row in (table.header, *table.rows[:_ROWS_SHOWN])]
    left = len(table.rows) - _ROWS_SHOWN
    parts = (table.title, table.section, table.caption)
    title = in_markdown(" – ".join(part for part in parts if part))
    more = f"… and {counted(left, 'more row')}\n" if left > 0 else ""
    return f"{title}\n{markdown(rows)}{more}"


def _short(text: str) -> str:
    return text if len(text) <= _WIDEST_CELL else text[: _WIDEST_CELL - 1] + "…"


def in_markdown(text: str) -> str:
    """A text as itself in one line of Markdown: no link, code or HTML, and no end of a cell.

    Code stays code, which nothing in it can leave.
    """
    if _CODE.fullmatch(text):
        return text
    return _SPECIAL.sub(r"\\\g<0>", " ".join(text.splitlines()))


def markdown(lines: Sequence[Sequence[str]]) -> str:
    """Lines of cells, the first one the header, as an aligned Markdown table."""
    lines = [list(map(in_markdown, line)) for line in lines]
    widths = [max(3, *(len(line[column]) for line in lines)) for column in range(len(lines[0]))]
    text = [
        "| "
        + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        + " |"
        for line in lines
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([text[0], rule, *text[1:]]) + "\n"


def results_text(systems: Mapping[str, Sequence[Results]], data: Sequence[str]) -> str:
    """A run's results: the scores of all systems, and three questions with all their answers.

    A system of several trainings has the mean of their scores and its standard deviation, and
    answers as its first one does.
    """
    first = next(iter(systems.values()))[0]
    text = [
        f"{counted(len(first.examples), 'question')} of {in_markdown(', '.join(data))}, protocol "
        f"{first.scored.protocol}\n",
        _means_table(systems),
    ]
    if any(len(runs) > 1 for runs in systems.values()):
        text.append("Means and standard deviations of several finetunings, each of its own seed.\n")
    text += [f"{name}: {kept.signature}" for name, kept in first.scored.statistics.items()]
    for place in _spread(len(first.examples)):
        example = first.examples[place]
        text += ["", table_excerpt(example.table), f"question: {in_markdown(example.question)}"]
        text += [f"reference: {in_markdown(example.answer)}"]
        text += [
            f"{in_markdown(system)}: {in_markdown(runs[0].predictions[place])}"
            for system, runs in systems.items()
        ]
    return "\n".join(text) + "\n"


def _means_table(systems: Mapping[str, Sequence[Results]]) -> str:
    scores = {system: [run.scored.values() for run in runs] for system, runs in systems.items()}
    names = [name for name in METRICS if any(name in runs[0] for runs in scores.values())]
    lines = [["system", *(METRICS[name] for name in names)]]
    for system, runs in scores.items():
        cells = [_mean([run[name] for run in runs if name in run]) for name in names]
        lines.append([system, *cells])
    return markdown(lines)


def _mean(scores: Sequence[float]) -> str:
    if not scores:
        return ""
    spread = f" ± {stdev(scores):.2f}" if len(scores) > 1 else ""
    return f"{fmean(scores):.2f}{spread}"


def _spread(count: int) -> list[int]:
    """Up to three places, evenly over ``count``."""
    return sorted({count // 6, count // 2, 5 * count // 6}) if count else []
