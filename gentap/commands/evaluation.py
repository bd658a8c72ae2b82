"""Commands that score answers."""

from pathlib import Path
from typing import Annotated, Any

import typer

from gentap.commands.options import (
    Assignments,
    Data,
    Output,
    Overwrite,
    ProtocolName,
    RecipeFile,
    reports_errors,
    stage_settings,
)

app = typer.Typer()


@app.command()
@reports_errors
def evaluate(
    model: Annotated[str, typer.Option(help="A model's folder.")],
    output: Output,
    data: Annotated[list[str] | None, typer.Option(help="Annotated questions (JSONL).")] = None,
    protocol: Annotated[str | None, typer.Option(help="default or fetaqa.")] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print scores as one JSON object.")
    ] = False,
    recipe: RecipeFile = None,
    assignments: Assignments = None,
    overwrite: Overwrite = False,
) -> None:
    """Answer annotated questions with a model and score the answers."""
    from gentap.settings import EvaluateSettings
    from gentap.stages.evaluation import evaluate_stage

    settings = stage_settings(
        EvaluateSettings, "evaluate", recipe, assignments, data=data, protocol=protocol
    )
    _print_scores(model, evaluate_stage(model, settings, output, overwrite=overwrite), as_json)


@app.command()
@reports_errors
def score(
    predictions: Annotated[
        Path, typer.Option(help="Predictions, one a line, or a predictions.jsonl.")
    ],
    data: Data,
    protocol: ProtocolName = "fetaqa",
    as_json: Annotated[
        bool, typer.Option("--json", help="Print scores as one JSON object.")
    ] = False,
) -> None:
    """Score anybody's predictions with the same metrics."""
    from gentap.evaluation.predictions import score_file
    from gentap.recipe import make_settings
    from gentap.settings import EvaluateSettings

    checked = make_settings(EvaluateSettings, {"protocol": protocol}, "--protocol").protocol
    scored = score_file(predictions, data, checked).scored
    _print_scores(str(predictions), scored.to_json(), as_json)


def _print_scores(system: str, scores: dict[str, Any], as_json: bool) -> None:
    import json

    from gentap.evaluation.report import scores_table

    if as_json:
        print(json.dumps(scores))
        return
    numbers = {name: value for name, value in scores.items() if isinstance(value, float)}
    print(scores_table({system: numbers}))
    for name, signature in scores["signatures"].items():
        low, high = scores["intervals"][name]
        print(f"{name}: {low:.2f} to {high:.2f} | {signature}")
