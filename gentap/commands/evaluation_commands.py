"""Commands that score answers."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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
from gentap.runs.console import say, show

if TYPE_CHECKING:
    from gentap.settings.sections import JudgeSettings, Protocol

app = typer.Typer()

JudgeAddress = Annotated[
    str | None,
    typer.Option("--judge", help="A chat endpoint's address (http://…/v1) that rates the answers."),
]
JudgeAssignments = Annotated[
    list[str] | None,
    typer.Option("--judge-set", help="A setting of the judge, as name=value; may be repeated."),
]
Json = Annotated[bool, typer.Option("--json", help="Print scores as one JSON object.")]


@app.command("evaluate")
@reports_errors
def evaluate_command(
    model: Annotated[
        list[str], typer.Option(help="A model's folder or hub name; may be repeated.")
    ],
    output: Output,
    data: Annotated[
        list[str] | None, typer.Option(help="Annotated questions, in any layout.")
    ] = None,
    protocol: Annotated[str | None, typer.Option(help="fetaqa, totto, cased or unicode.")] = None,
    tune_length: Annotated[
        list[str] | None,
        typer.Option(help="Dev questions that choose length penalty and least length by BLEU."),
    ] = None,
    noise: Annotated[
        str | None,
        typer.Option(help="Spoil tables and score again: missing=0.1,typos=0.05,shuffled-rows, …"),
    ] = None,
    swap: Annotated[
        str | None,
        typer.Option(help="Ask again of other people: a word list (english, german, a file)."),
    ] = None,
    judge: JudgeAddress = None,
    judge_assignments: JudgeAssignments = None,
    as_json: Json = False,
    recipe: RecipeFile = None,
    assignments: Assignments = None,
    overwrite: Overwrite = False,
) -> None:
    """Answer annotated questions with one model or several, and score the answers.

    Several models have their reports in folders of their own below the output, compared there too.
    """
    from gentap.settings.sections import EvaluateSettings
    from gentap.stages.evaluation_stages import evaluate_models

    settings = stage_settings(
        EvaluateSettings,
        "evaluate",
        recipe,
        assignments,
        data=data,
        protocol=protocol,
        tune_length=tune_length,
        noise=noise,
        swap=swap,
    )
    judging = _judging(judge, judge_assignments, settings.judge)
    settings = settings.model_copy(update={"judge": judging})
    scores = evaluate_models(model, settings, output, overwrite=overwrite)
    _print_scores(scores, as_json)
    _tell_page("evaluate", output if len(scores) == 1 else output / "compared")


@app.command("score")
@reports_errors
def score_command(
    predictions: Annotated[
        Path,
        typer.Option(help="Predictions: text, one a line; JSONL; or TSV, an id and values a line."),
    ],
    data: Data,
    protocol: ProtocolName = "fetaqa",
    judge: JudgeAddress = None,
    judge_assignments: JudgeAssignments = None,
    as_json: Json = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder for a report; may be left out.")
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """Score anybody's predictions with the same metrics."""
    from gentap.documents.rejected import reading_told
    from gentap.evaluation.read_predictions import score_file
    from gentap.evaluation.results import read_scores
    from gentap.stages.evaluation_stages import ScoreStage

    checked, judging = _protocol(protocol), _judging(judge, judge_assignments)
    if output is None:
        results = score_file(predictions, data, checked, judging)
        scores = results.scored.to_json()
        for line in reading_told(results.unread):
            say(f"score: {line}")
    else:
        stage = ScoreStage(
            predictions=predictions, data=tuple(data), protocol=checked, judge=judging
        )
        stage.make(output, overwrite=overwrite)
        scores = read_scores(output)
    _print_scores({predictions.name: scores}, as_json)
    if output is not None:
        _tell_page("score", output)


@app.command("compare")
@reports_errors
def compare_command(
    systems: Annotated[
        list[str],
        typer.Argument(help="Reports' folders or files of predictions; as name=path to name them."),
    ],
    data: Annotated[
        list[str] | None,
        typer.Option(help="The questions of the files of predictions, in any layout."),
    ] = None,
    protocol: Annotated[
        str | None,
        typer.Option(help="fetaqa, totto, cased, unicode; left out, that of the reports."),
    ] = None,
    by: Annotated[
        str | None, typer.Option(help="The metric that tells where systems differ most.")
    ] = None,
    examples: Annotated[
        int, typer.Option(min=0, help="Show so many questions that they differ most on.")
    ] = 10,
    as_json: Json = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder for a report; may be left out.")
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """Test two or more systems on the same questions, and list where they differ most."""
    import json

    from gentap.evaluation.report.comparison_text import comparison_text
    from gentap.runs.files.own_files import read_json, read_own
    from gentap.stages.evaluation_stages import COMPARISON, CompareStage

    stage = CompareStage(
        systems=tuple(systems),
        data=tuple(data or ()),
        protocol=_protocol(protocol) if protocol else None,
        by=by,
        count=examples,
    )
    if output is None:
        comparison = stage.compare()
        found, text = comparison.to_json(), comparison_text(comparison)
    else:
        stage.make(output, overwrite=overwrite)
        found = read_json(output / COMPARISON)
        text = read_own(output / "compare.md").decode("utf-8", "replace")
    show(json.dumps(found) if as_json else text)
    if output is not None:
        _tell_page("compare", output)


def _protocol(name: str) -> "Protocol":
    from gentap.settings.recipe import make_settings
    from gentap.settings.sections import EvaluateSettings

    return make_settings(EvaluateSettings, {"protocol": name}, "--protocol").protocol


def _judging(
    address: str | None, assignments: list[str] | None, given: "JudgeSettings | None" = None
) -> "JudgeSettings":
    """The judge's settings: those of a recipe, then --judge-set, then its address."""
    from gentap.settings.recipe import make_settings, merge, parse_assignments
    from gentap.settings.sections import JudgeSettings

    values = given.model_dump(exclude_unset=True) if given else {}
    values = merge(values, parse_assignments(assignments or []))
    values |= {"address": address} if address else {}
    return make_settings(JudgeSettings, values, "--judge-set")


def _tell_page(command: str, report: Path) -> None:
    say(f"{command}: to browse, open {report / 'report.html'}")


def _print_scores(systems: dict[str, dict[str, Any]], as_json: bool) -> None:
    """Of one system its scores alone; of several each one's by its name."""
    import json

    from gentap.evaluation.report.score_tables import scores_table

    first = next(iter(systems.values()))
    if as_json:
        show(json.dumps(first if len(systems) == 1 else systems))
        return
    numbers = {
        system: {name: scores[name] for name in scores["signatures"]}
        for system, scores in systems.items()
    }
    show(scores_table(numbers, {name: scores["intervals"] for name, scores in systems.items()}))
    for name, signature in first["signatures"].items():
        show(f"{name}: {signature}")
    for system, scores in systems.items():
        for name, count in scores["warnings"].items():
            say(f"gentap: {system}: {name}: {count:,}")


@app.command("card")
@reports_errors
def card_command(
    folder: Annotated[Path, typer.Argument(help="A model's folder, or that of a corpus.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The card's file.")],
    report: Annotated[
        list[Path] | None, typer.Option(help="A report's folder of this model; may be repeated.")
    ] = None,
    source: Annotated[
        list[Path] | None,
        typer.Option("--from", help="An output folder that it was made from, or a folder of such."),
    ] = None,
    name: Annotated[str | None, typer.Option(help="Its name; the folder's where left out.")] = None,
    license_: Annotated[
        str, typer.Option("--license", help="Its licence, by its short name on the hub.")
    ] = "",
    language: Annotated[
        str, typer.Option(help="The data's language, such as de; else that of the grammar.")
    ] = "",
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a file that is no card of this command.")
    ] = False,
) -> None:
    """Write the card of a model or a corpus: data, overlap with evaluation sets, settings."""
    from gentap.errors import SettingError
    from gentap.evaluation.report.data_card import data_card, is_corpus
    from gentap.evaluation.report.model_card import model_card
    from gentap.evaluation.report.stage_facts import CARD_MARK
    from gentap.runs.files.output_files import write_own

    named = name or folder.resolve().name
    if is_corpus(folder):
        if report:
            raise SettingError("--report: a corpus has no scores. Give the folder of its model.")
        text = data_card(folder, source or [], name=named, license_=license_, language=language)
    else:
        text = model_card(
            folder, report or [], source or [], name=named, license_=license_, language=language
        )
    write_own(output, text, CARD_MARK, overwrite=overwrite)
    show(f"The card is in {output}.")
