"""The command line: each command parses its options and calls a stage; nothing heavy is imported
before a command runs."""

import os
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ParamSpec, TypeVar

import typer

from gentap import __version__
from gentap.errors import GentapError

if TYPE_CHECKING:
    from gentap.recipe import LinearizerSettings, Settings

app = typer.Typer(
    name="gentap",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Table question answering in sentences: from web pages to a scored answer.",
)
questions = typer.Typer(
    no_args_is_help=True, help="The question writer: train it, and write with it."
)
app.add_typer(questions, name="questions")

Output = Annotated[Path, typer.Option("--output", "-o", help="Folder for the output.")]
RecipeFile = Annotated[
    Path | None, typer.Option("--recipe", help="Take this stage's settings from a recipe.")
]
Assignments = Annotated[
    list[str] | None,
    typer.Option("--set", help="One more setting, as name=value; may be repeated."),
]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Replace other work that the output folder holds.")
]
Seed = Annotated[int, typer.Option(min=0, help="Seed of everything random.")]
Workers = Annotated[int, typer.Option(min=1, help="Processes to work with.")]
BaseModelName = Annotated[str, typer.Option("--base", help="A T5's folder or hub name.")]
Data = Annotated[list[str], typer.Option("--data", help="Annotated questions (JSONL).")]
ProtocolName = Annotated[str, typer.Option(help="How scores are computed: default or fetaqa.")]

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def _reports_errors(command: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Errors made for users end the command with their message and exit code 1."""

    @wraps(command)
    def wrapped(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        try:
            return command(*args, **kwargs)
        except GentapError as error:
            print(f"gentap: {error}", file=sys.stderr)
            raise typer.Exit(1) from None
        except KeyboardInterrupt:
            print("\ngentap: interrupted. Run the same command again to go on.", file=sys.stderr)
            raise typer.Exit(130) from None
        except OSError as error:
            place = f"{error.filename}: " if error.filename else ""
            print(f"gentap: {place}{error.strerror or error}.", file=sys.stderr)
            raise typer.Exit(1) from None

    return wrapped


def _settings(
    kind: "type[Settings]",
    section: str,
    recipe: Path | None,
    assignments: list[str] | None,
    **given: Any,
) -> Any:
    """A stage's settings: the recipe's section, then --set, then the command's own options."""
    from gentap.recipe import load_section, make_settings, parse_assignments

    values = load_section(recipe, section) if recipe else {}
    values |= parse_assignments(assignments or [])
    values |= {name: value for name, value in given.items() if value not in (None, [], ())}
    return make_settings(kind, values, section)


def _linearizer(recipe: Path | None) -> "LinearizerSettings":
    from gentap.recipe import LinearizerSettings, load_section

    return LinearizerSettings(**(load_section(recipe, "linearizer") if recipe else {}))


@app.command()
@_reports_errors
def mine(
    inputs: Annotated[list[str], typer.Argument(help="WARC, HTML or JSONL files, folders, globs.")],
    output: Output,
    exclude: Annotated[
        list[str] | None, typer.Option(help="Evaluation set to keep out of the corpus.")
    ] = None,
    workers: Workers = 2,
    recipe: RecipeFile = None,
    assignments: Assignments = None,
    overwrite: Overwrite = False,
) -> None:
    """Mine tables, and sentences that name two cells of a table row, from web documents."""
    from gentap.pipeline import mine_stage
    from gentap.recipe import MineSettings

    settings = _settings(MineSettings, "mine", recipe, assignments, inputs=inputs, exclude=exclude)
    mine_stage(settings, output, workers=workers, overwrite=overwrite)


@app.command()
@_reports_errors
def base(
    mined: Annotated[Path, typer.Argument(help="A mined folder.")],
    output: Output,
    seed: Seed = 1,
    recipe: RecipeFile = None,
    assignments: Assignments = None,
    overwrite: Overwrite = False,
) -> None:
    """Train a vocabulary and a small T5 from scratch, where no checkpoint is at hand."""
    from gentap.pipeline import base_stage
    from gentap.recipe import BaseSettings

    settings = _settings(BaseSettings, "base", recipe, assignments)
    base_stage(mined, settings, _linearizer(recipe), output, seed=seed, overwrite=overwrite)


@questions.command("train")
@_reports_errors
def questions_train(
    data: Annotated[list[str], typer.Argument(help="Files in SQuAD layout.")],
    base: BaseModelName,
    output: Output,
    seed: Seed = 1,
    recipe: RecipeFile = None,
    assignments: Assignments = None,
    overwrite: Overwrite = False,
) -> None:
    """Train the question writer on a reading-comprehension set, inverted."""
    from gentap.pipeline import writer_stage
    from gentap.recipe import WriterSettings

    settings = _settings(WriterSettings, "writer", recipe, assignments, data=data)
    writer_stage(base, settings, _linearizer(recipe), output, seed=seed, overwrite=overwrite)


@questions.command("write")
@_reports_errors
def questions_write(
    mined: Annotated[Path, typer.Argument(help="A mined folder.")],
    writer: Annotated[Path, typer.Option(help="Folder of the trained writer.")],
    output: Output,
    seed: Seed = 1,
    recipe: RecipeFile = None,
    assignments: Assignments = None,
    overwrite: Overwrite = False,
) -> None:
    """Write a question for each mined sentence: the examples with sentence answers."""
    from gentap.pipeline import write_stage
    from gentap.recipe import WriteSettings

    settings = _settings(WriteSettings, "write", recipe, assignments)
    write_stage(mined, writer, settings, output, seed=seed, overwrite=overwrite)


@app.command()
@_reports_errors
def sample(
    mined: Annotated[Path, typer.Argument(help="A mined folder.")],
    output: Output,
    grammar: Annotated[
        str | None, typer.Option("--grammar", "-g", help="Grammar file, or 'english'.")
    ] = None,
    per_table: Annotated[int | None, typer.Option("-n", help="Questions for each table.")] = None,
    base: Annotated[
        str, typer.Option(help="The model whose budget of tokens the tables are cut to.")
    ] = "",
    seed: Seed = 1,
    workers: Workers = 2,
    recipe: RecipeFile = None,
    assignments: Assignments = None,
    overwrite: Overwrite = False,
) -> None:
    """Sample questions whose answer is one cell, from a grammar and the mined tables."""
    from gentap.pipeline import sample_stage
    from gentap.recipe import SampleSettings

    settings = _settings(
        SampleSettings, "sample", recipe, assignments, grammar=grammar, per_table=per_table
    )
    sample_stage(
        mined,
        settings,
        _linearizer(recipe),
        output,
        base=base,
        seed=seed,
        workers=workers,
        overwrite=overwrite,
    )


@app.command()
@_reports_errors
def pretrain(
    base: BaseModelName,
    output: Output,
    long: Annotated[Path | None, typer.Option(help="Examples with sentence answers.")] = None,
    cell: Annotated[Path | None, typer.Option(help="Examples with cell answers.")] = None,
    seed: Seed = 1,
    recipe: RecipeFile = None,
    assignments: Assignments = None,
    overwrite: Overwrite = False,
) -> None:
    """Pretrain one encoder and two decoders on both kinds of examples in equal numbers."""
    from gentap.pipeline import pretrain_stage
    from gentap.recipe import PretrainSettings
    from gentap.records import Kind

    settings = _settings(PretrainSettings, "pretrain", recipe, assignments)
    given: list[tuple[Kind, Path | None]] = [("long", long), ("cell", cell)]
    corpora = {kind: path for kind, path in given if path is not None}
    pretrain_stage(
        base, corpora, settings, _linearizer(recipe), output, seed=seed, overwrite=overwrite
    )


@app.command()
@_reports_errors
def finetune(
    model: Annotated[str, typer.Option(help="A pretrained folder, or any T5.")],
    output: Output,
    train: Annotated[list[str] | None, typer.Option(help="Annotated questions.")] = None,
    dev: Annotated[
        list[str] | None, typer.Option(help="Questions to choose the best state by.")
    ] = None,
    seed: Seed = 1,
    recipe: RecipeFile = None,
    assignments: Assignments = None,
    overwrite: Overwrite = False,
) -> None:
    """Finetune on annotated questions: FeTaQA's JSONL, or the plain JSONL of the README."""
    from gentap.pipeline import finetune_stage
    from gentap.recipe import FinetuneSettings

    settings = _settings(FinetuneSettings, "finetune", recipe, assignments, train=train, dev=dev)
    finetune_stage(model, settings, _linearizer(recipe), output, seed=seed, overwrite=overwrite)


@app.command()
@_reports_errors
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
    from gentap.pipeline import evaluate_stage
    from gentap.recipe import EvaluateSettings

    settings = _settings(
        EvaluateSettings, "evaluate", recipe, assignments, data=data, protocol=protocol
    )
    _print_scores(model, evaluate_stage(model, settings, output, overwrite=overwrite), as_json)


@app.command()
@_reports_errors
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
    from gentap.evaluation.predict import score_file
    from gentap.recipe import EvaluateSettings, make_settings

    checked = make_settings(EvaluateSettings, {"protocol": protocol}, "--protocol").protocol
    _print_scores(str(predictions), score_file(predictions, data, checked).to_json(), as_json)


def _print_scores(system: str, scores: dict[str, Any], as_json: bool) -> None:
    import json

    from gentap.evaluation.report import scores_table

    if as_json:
        print(json.dumps(scores))
        return
    signatures = scores.pop("signatures")
    print(scores_table({system: scores}))
    for name, signature in signatures.items():
        print(f"{name}: {signature}")


@app.command()
@_reports_errors
def answer(
    question: Annotated[str, typer.Argument(help="The question.")],
    model: Annotated[str, typer.Option(help="A model's folder.")],
    table: Annotated[Path, typer.Option(help="A CSV or TSV file with a header line.")],
    title: Annotated[
        str | None, typer.Option(help="The table's title; else its file name.")
    ] = None,
) -> None:
    """Answer one question about one table: the sentence, the cell, and which cell it is."""
    from dataclasses import replace

    from gentap.documents.annotated import read_csv_table
    from gentap.errors import SettingError

    if not question.strip():
        raise SettingError("The question is empty.")
    content = read_csv_table(table)
    if title is not None:
        content = replace(content, title=title)
    from gentap.serving.answer import answer as answer_question

    found = answer_question(model, content, question)
    print(f"answer: {found.sentence}")
    place = "no cell of the table has this value"
    if found.cell is not None:
        column = content.header[found.cell.column] or f"column {found.cell.column + 1}"
        place = f"row {found.cell.row + 1}, column '{column}'"
    print(f"cell:   {found.value} ({place})")
    if found.cut:
        print("note: the table or question was cut to what the model can read.", file=sys.stderr)


@app.command()
@_reports_errors
def run(
    recipe: Annotated[Path, typer.Argument(help="A recipe (TOML).")],
) -> None:
    """Run all stages of a recipe; what is done is skipped, what was interrupted is resumed."""
    from gentap.pipeline import run as run_recipe
    from gentap.recipe import load_recipe

    run_recipe(load_recipe(recipe), name=recipe.name)


def _version(asked: bool) -> None:
    if asked:
        print(f"gentap {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Table question answering in sentences: from web pages to a scored answer."""


def main() -> None:
    """Entry point of the command `gentap`."""
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("TQDM_DISABLE", "1")  # progress is our own
    app()


if __name__ == "__main__":
    main()
