"""The stages that score: answers of a model, anybody's answers, and systems side by side."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gentap.errors import InputError, SettingError
from gentap.settings import EvaluateSettings, Protocol
from gentap.stages.opening import stage_folder
from gentap.store import read_json, write_json, write_text

COMPARISON = "compare.json"


def evaluate_stage(
    model: str, settings: EvaluateSettings, output: Path, *, overwrite: bool = False
) -> dict[str, Any]:
    """Answer with a model and score; returns the content of ``scores.json``."""
    from gentap.documents.annotated.reading import find_question_files

    if not settings.data:
        raise SettingError("evaluate: no annotated questions given (evaluate.data, --data).")
    inputs = [Path(model), *find_question_files(settings.data)]
    with stage_folder(output, "evaluate", settings.model_dump(), inputs, overwrite) as folder:
        if folder is not None:
            from gentap.evaluation.predict import evaluate

            folder.finish(evaluate(model, settings, folder))
    return dict(read_json(output / "scores.json"))


def score_stage(
    predictions: Path,
    data: Sequence[str],
    protocol: Protocol,
    output: Path,
    *,
    overwrite: bool = False,
) -> dict[str, Any]:
    """Score a file of predictions and keep all in a report's folder."""
    from gentap.documents.annotated.reading import find_question_files
    from gentap.evaluation.predictions import score_file

    if not predictions.is_file():
        raise InputError(f"{predictions}: no such file.")
    inputs = [predictions, *find_question_files(data)]
    used = {"predictions": str(predictions), "data": list(data), "protocol": protocol}
    with stage_folder(output, "score", used, inputs, overwrite) as folder:
        if folder is not None:
            from gentap.evaluation.report import scores_table
            from gentap.evaluation.results import write_results

            results = score_file(predictions, data, protocol)
            write_results(folder.path, results)
            values = {results.name: results.scored.values()}
            write_text(folder.path / "report.md", scores_table(values))
            stats = {"questions": results.scored.questions, "warnings": results.scored.warnings}
            folder.finish(stats)
    return dict(read_json(output / "scores.json"))


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
    from gentap.evaluation.compared import comparison_text

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
            folder.finish({"systems": len(found.systems), "pairs": len(found.pairs)})
    text = (output / "compare.md").read_text(encoding="utf-8")
    return dict(read_json(output / COMPARISON)), text
