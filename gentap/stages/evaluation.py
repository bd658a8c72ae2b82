"""The stage that answers annotated questions and scores the answers."""

from pathlib import Path
from typing import Any

from gentap.errors import SettingError
from gentap.settings import (
    EvaluateSettings,
)
from gentap.stages.opening import stage_folder
from gentap.store import read_json


def evaluate_stage(
    model: str, settings: EvaluateSettings, output: Path, *, overwrite: bool = False
) -> dict[str, Any]:
    if not settings.data:
        raise SettingError("evaluate: no annotated questions given (evaluate.data, --data).")
    from gentap.documents.annotated.reading import find_question_files

    inputs = [Path(model), *find_question_files(settings.data)]
    with stage_folder(output, "evaluate", settings.model_dump(), inputs, overwrite) as folder:
        if folder is not None:
            from gentap.evaluation.predict import evaluate

            folder.finish(evaluate(model, settings, folder))
    return dict(read_json(output / "scores.json"))
