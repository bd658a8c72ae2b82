"""A model card in the hub's format: YAML front matter with the scores, then Markdown.

Everything in it is read from output folders: what the stages counted, which settings they used,
what was kept out for evaluation, and the scores of reports.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gentap import __version__
from gentap.errors import InputError
from gentap.evaluation.metrics.scoring import METRICS
from gentap.evaluation.report.score_tables import markdown, scores_table
from gentap.evaluation.results import SCORES, is_report
from gentap.runs.store import is_done, own_files, read_json, require_stage

_ORDER = ("mine", "base", "writer", "write", "sample", "pretrain", "finetune")
_SCORED = ("evaluate", "score")
_TRAINING = ("parameters", "steps", "first_loss", "last_loss", "best_dev_loss")
_KEPT_OUT = re.compile(r"(\w+) of an evaluation set")


@dataclass(frozen=True, slots=True)
class _Stage:
    """A finished output folder: the stage that made it, its settings and its statistics."""

    name: str
    folder: Path
    settings: Mapping[str, Any]
    stats: Mapping[str, Any]


def model_card(
    model: Path, reports: Sequence[Path], sources: Sequence[Path], *, name: str, license_: str
) -> str:
    """The card of a model's folder.

    ``reports`` are of its evaluations, ``sources`` output folders that it was made from, or folders
    of such ones. Raises InputError where one is something else.
    """
    require_stage(model, "finetune", "a card is about a finished model")
    if not (model / "config.json").exists():
        raise InputError(f"{model}: holds no model. Give a folder of `gentap finetune`.")
    for report in reports:
        if not is_report(report):
            raise InputError(
                f"{report}: not a report's folder. Give the output of `gentap evaluate`."
            )
    stages = _stages([model, *sources])
    scored = [(_stage(report), read_json(report / SCORES)) for report in reports]
    front = _front_matter(stages, scored, name, license_)
    parts = [f"---\n{front}---\n", f"# {name}\n", _summary(stages[-1])]
    parts += _results(scored)
    parts += [_made(stages), _overlap(stages), _settings([*stages, *(one for one, _ in scored)])]
    return "\n".join(parts)


def _stages(folders: Iterable[Path]) -> list[_Stage]:
    """The stages of these folders and of those right below them, in the order of their work; the
    model's own stage, the first one given, comes last."""
    found: dict[Path, _Stage] = {}
    own, *others = folders
    for folder in others:
        below = [folder] if is_done(folder) else sorted(filter(is_done, folder.glob("*/")))
        if not below:
            raise InputError(f"{folder}: neither an output folder of GenTaP nor a folder of such.")
        found |= {path.resolve(): _stage(path) for path in below}
    found.pop(own.resolve(), None)
    known = [stage for stage in found.values() if stage.name in _ORDER]
    return [*sorted(known, key=lambda stage: _ORDER.index(stage.name)), _stage(own)]


def _stage(folder: Path) -> _Stage:
    own = own_files(folder)
    name = read_json(own / "done.json")["stage"]
    settings = tomllib.loads((own / "recipe.toml").read_text(encoding="utf-8"))
    return _Stage(name, folder, settings.get(name, {}), read_json(own / "stats.json"))


def _front_matter(
    stages: Sequence[_Stage],
    scored: Sequence[tuple[_Stage, Mapping[str, Any]]],
    name: str,
    license_: str,
) -> str:
    import yaml

    front: dict[str, Any] = {
        "language": "en",
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


def _result(stage: _Stage, scores: Mapping[str, Any]) -> dict[str, Any]:
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


def _data(stage: _Stage) -> list[str]:
    return [str(path) for path in stage.settings.get("data", [])]


def _summary(own: _Stage) -> str:
    numbers = own.stats.get("parameters")
    size = f" of {numbers:,} parameters" if isinstance(numbers, int) else ""
    return (
        f"A model{size} that answers questions about tables in sentences, and with a cell's value, "
        f"made with GenTaP {__version__}.\n\n"
        "```\ngentap answer --model FOLDER --table films.csv "
        '"Which film did she make in 2005?"\n```\n'
    )


def _results(scored: Sequence[tuple[_Stage, Mapping[str, Any]]]) -> list[str]:
    parts = ["## Results\n"] if scored else []
    for stage, scores in scored:
        count = sum(scores["questions"].values())
        values = {name: scores[name] for name in METRICS if name in scores}
        ranges = {name: tuple(scores["intervals"][name]) for name in values}
        lines = [
            f"{count:,} questions of {', '.join(_data(stage)) or 'unknown data'}, protocol "
            f"{scores['protocol']}, in percent with 95% bootstrap intervals:\n",
            _upright(scores_table({"score": values}, {"score": ranges})),
            *(f"- {METRICS[name]}: `{scores['signatures'][name]}`" for name in values),
            *(f"- {count:,} {warning}" for warning, count in scores["warnings"].items()),
        ]
        parts.append("\n".join(lines) + "\n")
    return parts


def _upright(table: str) -> str:
    """A Markdown table of two lines, turned to a line for each column."""
    header, _, values = (
        [cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()
    )
    return markdown([["metric", "score"], *map(list, zip(header[1:], values[1:], strict=True))])


def _made(stages: Sequence[_Stage]) -> str:
    """What every stage counted."""
    lines = [["stage", "what", "number"]]
    for stage in stages:
        counts = dict(stage.stats.get("counts", {}))
        counts |= {
            f"{kind} examples trained on": count
            for kind, count in stage.stats.get("examples", {}).items()
        }
        counts |= {
            name.replace("_", " "): stage.stats[name]
            for name in _TRAINING
            if stage.stats.get(name) is not None
        }
        aside = stage.stats.get("rejected", {})
        counts |= {f"set aside: {reason}": count for reason, count in aside.items()}
        lines += [
            [stage.name, what.replace("|", "/"), _number(count)] for what, count in counts.items()
        ]
    return f"## Data and training\n\n{markdown(lines)}"


def _number(value: Any) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _overlap(stages: Sequence[_Stage]) -> str:
    """What was kept out of the corpus because evaluation sets hold it."""
    text = "## Overlap with evaluation sets\n\n"
    mined = [stage for stage in stages if stage.name == "mine"]
    if not mined:
        return text + "Not known: no mined folder was given to this card.\n"
    for stage in mined:
        kept_out = stage.settings.get("exclude", [])
        if not kept_out:
            text += "Nothing was kept out of the corpus (`mine.exclude` is empty).\n"
            continue
        counts = [
            f"{count:,} × {match[1]}"
            for reason, count in stage.stats.get("rejected", {}).items()
            if (match := _KEPT_OUT.fullmatch(reason))
        ]
        text += (
            f"Kept out of the corpus, for {', '.join(map(str, kept_out))}: "
            f"{', '.join(counts) or 'nothing had to be'}. Pages, tables, and sentences that share "
            f"{stage.settings.get('answer_words')} words in a row with an answer go.\n"
        )
    return text


def _settings(stages: Sequence[_Stage]) -> str:
    import tomli_w

    known = [stage for stage in stages if stage.name in (*_ORDER, *_SCORED)]
    blocks = [
        f"<details><summary>{stage.name}</summary>\n\n```toml\n"
        f"{tomli_w.dumps({stage.name: dict(stage.settings)})}```\n\n</details>\n"
        for stage in known
    ]
    return "## Settings\n\n" + "\n".join(blocks)
