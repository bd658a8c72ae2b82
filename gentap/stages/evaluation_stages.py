"""The stages that score: answers of a model, anybody's answers, and systems side by side."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gentap.errors import InputError, SettingError
from gentap.runs.console import say
from gentap.runs.store import read_json, write_json, write_text
from gentap.settings.sections import NO_JUDGE, EvaluateSettings, JudgeSettings, Protocol
from gentap.stages.stage_folder import stage_folder

if TYPE_CHECKING:
    from gentap.evaluation.compare import Comparison
    from gentap.evaluation.results import Results

COMPARISON = "compare.json"


def evaluate_stage(
    model: str, settings: EvaluateSettings, output: Path, *, overwrite: bool = False
) -> dict[str, Any]:
    """Answer with a model and score; returns the content of ``scores.json``."""
    from gentap.documents.annotated.reading import find_question_files

    if not settings.data:
        raise SettingError("evaluate: no annotated questions given (evaluate.data, --data).")
    if settings.min_answer_tokens >= settings.max_answer_tokens:
        raise SettingError("evaluate: min_answer_tokens must be below max_answer_tokens.")
    inputs = [Path(model), *find_question_files([*settings.data, *settings.tune_length])]
    used = settings.model_dump(exclude={"judge"}) | _judge_used(settings.judge, inputs)
    with stage_folder(output, "evaluate", used, inputs, overwrite) as folder:
        if folder is not None:
            from gentap.evaluation.evaluate import evaluate

            stats = evaluate(model, settings, folder)
            folder.finish(stats)
            for name, count in {**stats["inputs"], **stats["warnings"]}.items():
                say(f"evaluate: {name}: {count:,}")
            if settings.tune_length:
                say(
                    f"evaluate: length penalty {stats['length_penalty']:g}, at least "
                    f"{stats['min_answer_tokens']} tokens, chosen on dev"
                )
    return dict(read_json(output / "scores.json"))


def evaluate_all(
    models: Sequence[str], settings: EvaluateSettings, output: Path, *, overwrite: bool = False
) -> dict[str, dict[str, Any]]:
    """Evaluate one model in ``output``, or several in folders below it, and compare them."""
    if len(models) == 1:
        return {models[0]: evaluate_stage(models[0], settings, output, overwrite=overwrite)}
    names = _names(models)
    scores = {
        name: evaluate_stage(model, settings, output / name, overwrite=overwrite)
        for name, model in names.items()
    }
    reports = [str(output / name) for name in names]
    compare_stage(reports, [], None, output / "compared", overwrite=overwrite)
    return scores


def _names(models: Sequence[str]) -> dict[str, str]:
    """Each model's folder name, with as many of its parents' as tell it from the others."""
    parts = [Path(model).resolve().parts if Path(model).is_dir() else (model,) for model in models]
    for depth in range(1, max(map(len, parts)) + 1):
        names = ["-".join(of_one[-depth:]).replace("/", "-") for of_one in parts]
        if len({*names, "compared"}) == len(names) + 1:
            return dict(zip(names, models, strict=True))
    raise SettingError("evaluate: the same model is given twice (--model).")


def score_stage(
    predictions: Path,
    data: Sequence[str],
    protocol: Protocol,
    output: Path,
    judging: JudgeSettings = NO_JUDGE,
    *,
    overwrite: bool = False,
) -> dict[str, Any]:
    """Score a file of predictions and keep all in a report's folder."""
    from gentap.documents.annotated.reading import find_question_files
    from gentap.evaluation.read_predictions import score_file

    if not predictions.is_file():
        raise InputError(f"{predictions}: no such file.")
    inputs = [predictions, *find_question_files(data)]
    used = {"predictions": str(predictions), "data": list(data), "protocol": protocol}
    used = used | _judge_used(judging, inputs)
    with stage_folder(output, "score", used, inputs, overwrite) as folder:
        if folder is not None:
            from gentap.evaluation.report.page import write_report
            from gentap.evaluation.results import write_results

            results = score_file(predictions, data, protocol, judging)
            write_results(folder.path, results)
            write_report(folder.path, [results], facts=_facts([results], data))
            stats = {"questions": results.scored.questions, "warnings": results.scored.warnings}
            folder.finish(stats)
    return dict(read_json(output / "scores.json"))


def _judge_used(judging: JudgeSettings, inputs: list[Path]) -> dict[str, Any]:
    """What a judge's ratings depend on, {} where there is none; its prompt is one more input."""
    from gentap.evaluation.judge import open_judge

    if open_judge(judging) is None:  # before any work
        return {}
    if judging.prompt:
        inputs.append(Path(judging.prompt))
    return {"judge": judging.decisive()}


def compare_stage(
    systems: Sequence[str],
    data: Sequence[str],
    protocol: Protocol | None,
    output: Path | None,
    *,
    by: str | None = None,
    count: int = 10,
    overwrite: bool = False,
) -> tuple[dict[str, Any], str]:
    """Compare systems; the result as JSON and as text, kept in ``output`` where one is given."""
    from gentap.evaluation.compare import compare, named_path, read_systems
    from gentap.evaluation.report.comparison_text import comparison_text

    if output is None:
        found = compare(read_systems(systems, data, protocol), by, count)
        return found.to_json(), comparison_text(found)
    inputs = [named_path(system)[1] for system in systems]
    inputs += [Path(path) for path in data]
    used = {
        "systems": list(systems),
        "data": list(data),
        "protocol": protocol,
        "by": by,
        "count": count,
    }
    with stage_folder(output, "compare", used, inputs, overwrite) as folder:
        if folder is not None:
            found = compare(read_systems(systems, data, protocol), by, count)
            write_text(folder.path / "compare.md", comparison_text(found))
            write_json(folder.path / COMPARISON, found.to_json())
            _write_comparison(folder.path, found, data)
            folder.finish({"systems": len(found.systems), "pairs": len(found.pairs)})
    text = (output / "compare.md").read_text(encoding="utf-8")
    return dict(read_json(output / COMPARISON)), text


def _write_comparison(folder: Path, found: "Comparison", data: Sequence[str]) -> None:
    from gentap.evaluation.report.page import write_report

    first = found.systems[0].name
    tests = {pair.second: pair.differences for pair in found.pairs if pair.first == first}
    write_report(folder, found.systems, facts=_facts(found.systems, data), tests=tests)


def _facts(systems: Sequence["Results"], data: Sequence[str]) -> list[str]:
    """What stands below a report's title."""
    count = f"{len(systems[0].examples):,} questions"
    of = f"{count} of {', '.join(data)}" if data else count
    return [of, f"protocol {systems[0].scored.protocol}"]
