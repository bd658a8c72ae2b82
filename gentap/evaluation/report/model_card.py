"""A model card in the hub's format: YAML front matter with the scores, then Markdown.

Everything in it is read from output folders: what the stages counted, which settings they used,
what was kept out for evaluation, and the scores of reports.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gentap import __version__
from gentap.errors import InputError
from gentap.evaluation.metrics.scoring import METRICS
from gentap.evaluation.report.score_tables import in_markdown, markdown, scores_table
from gentap.evaluation.report.stage_facts import (
    CARD_MARK,
    counts_text,
    finished_stages,
    language_of,
    overlap_text,
    settings_text,
)
from gentap.evaluation.results import read_scores, require_report
from gentap.runs.counting import counted
from gentap.runs.finished_stage import FinishedStage, read_finished_stage
from gentap.runs.store import require_stage


def model_card(
    model: Path,
    reports: Sequence[Path],
    sources: Sequence[Path],
    *,
    name: str,
    license_: str,
    language: str = "",
) -> str:
    """The card of a model's folder.

    ``reports`` are of its evaluations, ``sources`` output folders that it was made from, or folders
    of such ones. Raises InputError where one is something else.
    """
    require_stage(model, "finetune", "a card is about a finished model")
    if not (model / "config.json").exists():
        raise InputError(f"{model}: holds no model. Give a folder of `gentap finetune`.")
    for report in reports:
        require_report(report)
    stages = finished_stages([model, *sources])
    scored = [(read_finished_stage(report), read_scores(report)) for report in reports]
    spoken = language_of(stages, language)
    front = _front_matter(stages, scored, name, license_, spoken)
    parts = [f"---\n{front}---\n", f"# {in_markdown(name)}\n", _summary(stages[-1])]
    parts += _results(scored)
    parts += _privacy(stages[-1])
    parts += [counts_text(stages), overlap_text(stages)]
    parts.append(settings_text([*stages, *(one for one, _ in scored)]))
    return "\n".join(parts)


def _front_matter(
    stages: Sequence[FinishedStage],
    scored: Sequence[tuple[FinishedStage, Mapping[str, Any]]],
    name: str,
    license_: str,
    language: str,
) -> str:
    import yaml

    front: dict[str, Any] = {
        "language": language,
        **({"license": license_} if license_ else {}),
        "library_name": "gentap",
        "pipeline_tag": "table-question-answering",
        "tags": ["gentap", "table-question-answering", "table-to-text"],
    }
    base = next((s.settings.get("checkpoint") for s in stages if s.name == "base"), "")
    if base:
        front["base_model"] = base
    results = [_result(stage, scores) for stage, scores in scored]
    if results:
        front["metrics"] = list(
            dict.fromkeys(metric["type"] for result in results for metric in result["metrics"])
        )
        front["model-index"] = [{"name": name, "results": results}]
    return str(yaml.safe_dump(front, sort_keys=False, allow_unicode=True, width=10_000))


def _result(stage: FinishedStage, scores: Mapping[str, Any]) -> dict[str, Any]:
    """One evaluation as the hub's model index has it."""
    data = _data(stage)
    dataset = re.sub(r"[^\w.-]+", "-", Path(data[0]).stem).lower() if data else "unknown"
    protocol = scores["protocol"]
    return {
        "task": {"type": "table-question-answering", "name": "Table question answering"},
        "dataset": {"type": dataset, "name": ", ".join(Path(path).name for path in data)},
        "metrics": [
            {
                "type": metric,
                "name": f"{METRICS[metric]}, protocol {protocol}",
                "value": round(scores[metric], 2),
                "args": {
                    "interval": [round(bound, 2) for bound in scores["intervals"][metric]],
                    "signature": scores["signatures"][metric],
                },
            }
            for metric in METRICS
            if metric in scores
        ],
    }


def _data(stage: FinishedStage) -> list[str]:
    return [str(path) for path in stage.settings.get("data", [])]


def _summary(own: FinishedStage) -> str:
    numbers = own.stats.get("parameters")
    size = f" of {counted(numbers, 'parameter')}" if isinstance(numbers, int) else ""
    return (
        f"A model{size} that answers questions about tables in sentences, and with a cell's value, "
        f"{CARD_MARK} {__version__}.\n\n"
        "```\ngentap answer --model FOLDER --table films.csv "
        '"Which film did she make in 2005?"\n```\n'
    )


def _privacy(own: FinishedStage) -> list[str]:
    """What a private training has cost, where it was one."""
    private = own.stats.get("private")
    if not isinstance(private, Mapping):
        return []
    return [
        "## Privacy\n",
        f"Its adapters were trained by DP-SGD: epsilon {private['epsilon']:g} at delta "
        f"{private['delta']:g}, each example's gradient clipped to {private['clip']:g}, noise "
        f"{private['noise']:g}, {counted(private['steps'], 'step')} of "
        f"{private['sample_rate']:g} of the "
        "examples (accountant of Rényi differential privacy). This is what single examples can "
        "change; the model that it began from is not covered.\n",
    ]


def _results(scored: Sequence[tuple[FinishedStage, Mapping[str, Any]]]) -> list[str]:
    parts = ["## Results\n"] if scored else []
    for stage, scores in scored:
        count = sum(scores["questions"].values())
        values = {name: scores[name] for name in METRICS if name in scores}
        ranges = {name: tuple(scores["intervals"][name]) for name in values}
        lines = [
            f"{counted(count, 'question')} of "
            f"{in_markdown(', '.join(_data(stage))) or 'unknown data'}, "
            f"protocol {scores['protocol']}, in percent with 95% bootstrap intervals:\n",
            _upright(scores_table({"score": values}, {"score": ranges})),
            *(
                f"- {METRICS[name]}: `{scores['signatures'][name].replace('`', ' ')}`"
                for name in values
            ),
            *(
                f"- {count:,} {in_markdown(warning)}"
                for warning, count in scores["warnings"].items()
            ),
        ]
        parts.append("\n".join(lines) + "\n")
    return parts


def _upright(table: str) -> str:
    """A Markdown table of two lines, turned to a line for each column."""
    header, _, values = (
        [cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()
    )
    return markdown([["metric", "score"], *map(list, zip(header[1:], values[1:], strict=True))])
