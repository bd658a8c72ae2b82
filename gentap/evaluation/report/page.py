"""The report as one HTML file that needs nothing else: scores, charts, and every example.

The file holds its data as JSON and a script that draws it; the script puts texts into the page as
texts, and a content security policy forbids everything that the file does not hold.
"""

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

from gentap.evaluation.groups import group_scores
from gentap.evaluation.metrics.resampling import Difference, intervals
from gentap.evaluation.metrics.scoring import METRICS
from gentap.evaluation.report.example_data import listed_examples
from gentap.evaluation.report.score_exports import bibliography, csv_table, latex_table
from gentap.evaluation.report.score_tables import best_scores, scores_table
from gentap.evaluation.results import Results
from gentap.runs.files.output_files import write_text
from gentap.runs.files.own_files import read_json
from gentap.runs.page_style import embedded_json, page_head, without_surrogates

_ASSETS = files("gentap.evaluation.report") / "assets"
_SCRIPTS = ("words.js", "charts.js", "examples.js", "report.js")

_HIGHEST = 1e30
_MANY_COLUMNS = 9

History = Sequence[Mapping[str, Any]]
"""A training's log: objects with ``step`` and ``loss`` or ``eval_loss``."""


@dataclass(frozen=True, slots=True)
class TableSection:
    """A section of a report that is one table: its anchor, title, cells as texts, and a note."""

    anchor: str
    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""


def report_page(
    title: str,
    systems: Sequence[Results],
    *,
    facts: Sequence[str] = (),
    histories: Mapping[str, History] | None = None,
    tests: Mapping[str, Mapping[str, Difference]] | None = None,
    sections: Sequence[TableSection] = (),
    noise: Sequence[Mapping[str, Any]] = (),
) -> str:
    """The whole file, of one system or of several with the same examples.

    ``facts`` stand below the title; ``tests`` are the differences of further systems to the first
    one; ``sections`` stand below the charts; ``noise`` are scores by kind and level of spoiled
    tables, drawn as curves.
    """
    examples = systems[0].examples
    statistics = [system.scored.statistics for system in systems]
    metrics = [name for name in METRICS if any(name in kept for kept in statistics)]
    groupings = group_scores(examples, statistics)
    shown, tables = listed_examples(systems, groupings)
    if len(shown) < len(examples):
        facts = [*facts, f"the first {len(shown):,} examples are listed, all are scored"]
    curves = [_curve(name, history) for name, history in (histories or {}).items()]
    data = {
        "systems": [system.name for system in systems],
        "metrics": [{"name": name, "title": METRICS[name]} for name in metrics],
        "metric": next((name for name in ("rougeL", *metrics) if name in metrics), ""),
        "groupings": [
            {key: value for key, value in grouping.items() if key != "of"} for grouping in groupings
        ],
        "curves": [curve for curve in curves if curve],
        "noise": _noise_curves(noise),
        "tables": tables,
        "examples": shown,
    }
    script = "".join((_ASSETS / name).read_text(encoding="utf-8") for name in _SCRIPTS)
    script = f'\n"use strict";\n{script}'
    page = Template((_ASSETS / "report.html").read_text(encoding="utf-8")).substitute(
        head=page_head(title, (_ASSETS / "report.css").read_text(encoding="utf-8"), script),
        title=html.escape(title),
        facts=html.escape(" · ".join(facts)),
        scores=_scores(systems, metrics) + _tests(systems[0].name, tests or {}),
        links="".join(f' <a href="#{one.anchor}">{html.escape(one.title)}</a>' for one in sections),
        sections="".join(map(_section, sections)),
        data=embedded_json(data),
        script=script,
    )
    return without_surrogates(page)


def write_report(
    folder: Path,
    systems: Sequence[Results],
    *,
    facts: Sequence[str] = (),
    histories: Mapping[str, History] | None = None,
    tests: Mapping[str, Mapping[str, Difference]] | None = None,
    sections: Sequence[TableSection] = (),
    noise: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Write ``report.html``, as `report_page` has it; the scores alone as ``report.md``,
    ``report.tex`` and ``report.csv``; and ``references.bib``, what to cite."""
    title = f"{systems[0].name} answers" if len(systems) == 1 else "Answers compared"
    page = report_page(
        title,
        systems,
        facts=facts,
        histories=histories,
        tests=tests,
        sections=sections,
        noise=noise,
    )
    write_text(folder / "report.html", page)
    values = {system.name: system.scored.values() for system in systems}
    ranges = {system.name: intervals(system.scored.statistics) for system in systems}
    signatures = [
        f"{METRICS[name]}: {kept.signature}" for name, kept in systems[0].scored.statistics.items()
    ]
    protocol = systems[0].scored.protocol
    parts = [f"Protocol {protocol}.", scores_table(values, ranges), "\n".join(signatures)]
    write_text(folder / "report.md", "\n\n".join(parts) + "\n")
    write_text(folder / "report.tex", latex_table(values, ranges, protocol))
    write_text(folder / "report.csv", csv_table(values, ranges, protocol))
    used = list(systems[0].scored.statistics)
    write_text(folder / "references.bib", bibliography(used, protocol))


def training_log(model: str) -> History:
    """The log of the training that made a model's folder; empty where there is none."""
    stats = Path(model) / "stats.json"
    history = read_json(stats).get("history") if stats.exists() else None
    entries = history if isinstance(history, list) else []
    return [entry for entry in entries if isinstance(entry, dict)]


def _curve(name: str, history: History) -> dict[str, Any] | None:
    """Losses of a training by step: of the steps themselves, and on dev."""
    lines = {
        line: [
            [entry["step"], round(float(entry[key]), 4)]
            for entry in history
            if isinstance(entry.get("step"), int) and _is_drawn(entry.get(key))
        ]
        for line, key in (("loss", "loss"), ("dev", "eval_loss"))
    }
    if not any(len(points) > 1 for points in lines.values()):
        return None
    return {"system": name, **lines}


def _noise_curves(noise: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """By kind of noise that has several levels, and by metric, [level in percent, score, low,
    high]; the level 0 is all kinds' first."""
    kinds = dict.fromkeys(one["kind"] for one in noise if 0 < one["level"] < 1)
    curves = []
    for kind in kinds:
        points: dict[str, list[list[float]]] = {}
        for one in noise:
            if one["kind"] == kind or one["level"] == 0:
                for metric, scores in one["scores"].items():
                    points.setdefault(metric, []).append([100 * one["level"], *scores])
        curves.append({"kind": kind, "points": points})
    return curves


def _is_drawn(value: Any) -> bool:
    """Whether it is a number that a chart can show."""
    return isinstance(value, int | float) and abs(value) < _HIGHEST


def _scores(systems: Sequence[Results], metrics: Sequence[str]) -> str:
    """The table of scores, the best of each column in bold, and below it signatures and
    warnings."""
    values = [system.scored.values() for system in systems]
    ranges = [intervals(system.scored.statistics) for system in systems]
    best = best_scores(values)
    rows = []
    for system, one, found in zip(systems, values, ranges, strict=True):
        cells = [_scored(one, found, name, best.get(name)) for name in metrics]
        rows.append([f'<th scope="row" dir="auto">{html.escape(system.name)}</th>', *cells])
    signatures = {
        METRICS[name]: kept.signature
        for system in systems
        for name, kept in system.scored.statistics.items()
    }
    warnings = [
        f'<p class="note">{html.escape(system.name)}: {count:,} {html.escape(what)}.</p>'
        for system in systems
        for what, count in system.scored.warnings.items()
    ]
    return (
        _table("Scores", ["system", *(METRICS[name] for name in metrics)], rows)
        + "".join(warnings)
        + f'<p class="hint">In percent, protocol {html.escape(systems[0].scored.protocol)}. Small: '
        "95% bootstrap intervals.</p>"
        + '<details class="signatures"><summary>Signatures</summary><dl>'
        + "".join(
            f"<dt>{html.escape(name)}</dt><dd>{html.escape(text)}</dd>"
            for name, text in signatures.items()
        )
        + "</dl></details>"
    )


def _scored(
    values: Mapping[str, float],
    found: Mapping[str, tuple[float, float]],
    name: str,
    best: float | None,
) -> str:
    if name not in values:
        return "<td></td>"
    marked = ' class="best"' if values[name] == best else ""
    low, high = found[name]
    return f"<td{marked}>{values[name]:.2f}<small>{low:.1f} to {high:.1f}</small></td>"


def _tests(first: str, tests: Mapping[str, Mapping[str, Difference]]) -> str:
    """The differences of each further system to the first one, with their two p."""
    if not tests:
        return ""
    names = [name for name in METRICS if any(name in found for found in tests.values())]
    rows = []
    for system, found in tests.items():
        cells = []
        for name in names:
            if name not in found:
                cells.append("<td></td>")
                continue
            test = found[name]
            sure = ' class="best"' if max(test.bootstrap_p, test.randomization_p) < 0.05 else ""
            cells.append(
                f"<td{sure}>{_signed(test.points, 2)}"
                f"<small>{_signed(test.low, 1)} to {_signed(test.high, 1)}</small>"
                f"<small>p {test.bootstrap_p:.3f}, {test.randomization_p:.3f}</small></td>"
            )
        rows.append([f'<th scope="row" dir="auto">{html.escape(system)}</th>', *cells])
    return (
        f"<h3>Differences to {html.escape(first)}</h3>"
        + _table("Differences", ["system", *(METRICS[name] for name in names)], rows)
        + '<p class="hint">In points, with 95% intervals and p of the paired bootstrap and of '
        "approximate randomization; bold where both are below 0.05.</p>"
    )


def _signed(points: float, digits: int) -> str:
    """With a sign, unless it is shown as zero."""
    text = f"{points:+.{digits}f}"
    return text.replace("-", "\N{MINUS SIGN}") if float(text) else text[1:]


def _section(section: TableSection) -> str:
    """A section's heading, table and note; a row's first cell is what it is of."""
    first = '<th scope="row" dir="auto">{}</th>'.format
    rows = [
        [first(html.escape(row[0])), *(f"<td>{html.escape(text)}</td>" for text in row[1:])]
        for row in section.rows
    ]
    return (
        f'<section id="{section.anchor}" aria-labelledby="{section.anchor}-title">'
        f'<h2 id="{section.anchor}-title">{html.escape(section.title)}</h2>'
        + (_table(section.title, section.header, rows) if rows else "<p>None.</p>")
        + (f'<p class="hint">{html.escape(section.note)}</p>' if section.note else "")
        + "</section>"
    )


def _table(label: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table; ``rows`` hold finished elements."""
    head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in header)
    body = "".join(f"<tr>{''.join(cells)}</tr>" for cells in rows)
    many = " many" if len(header) > _MANY_COLUMNS else ""
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{label}">'
        f'<table class="scores{many}"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )
