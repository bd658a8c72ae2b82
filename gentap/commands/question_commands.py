"""Commands of the question writer."""

from pathlib import Path
from typing import Annotated

import typer

from gentap.commands.options import (
    Assignments,
    BaseModelName,
    Output,
    Overwrite,
    RecipeFile,
    Seed,
    reports_errors,
    stage_and_linearizer,
    stage_settings,
)
from gentap.runs.console import show

app = typer.Typer(
    no_args_is_help=True, help="The question writer: train it, write with it, look at the result."
)


@app.command("train")
@reports_errors
def train_writer_command(
    base: BaseModelName,
    output: Output,
    data: Annotated[list[str] | None, typer.Argument(help="Files in SQuAD layout.")] = None,
    annotated: Annotated[
        list[str] | None, typer.Option(help="Annotated table questions to mix in (JSONL).")
    ] = None,
    seed: Seed = 1,
    recipe: RecipeFile = None,
    assignments: Assignments = None,
    overwrite: Overwrite = False,
) -> None:
    """Train the question writer on annotated questions, inverted."""
    from gentap.model.loading.gguf import checkpoint_folder
    from gentap.settings.training_sections import WriterSettings
    from gentap.stages.question_stages import WriterStage

    settings, linearizer = stage_and_linearizer(
        WriterSettings, "writer", recipe, assignments, data=data, annotated=annotated
    )
    stage = WriterStage(
        base=checkpoint_folder(base), writer=settings, linearizer=linearizer, seed=seed
    )
    stage.make(output, overwrite=overwrite)


@app.command("write")
@reports_errors
def write_command(
    writer: Annotated[
        str, typer.Option(help="The writer's folder, or a chat endpoint's address (http://…/v1).")
    ],
    output: Output,
    mined: Annotated[
        Path | None, typer.Argument(help="A mined folder; none for linked sentences alone.")
    ] = None,
    seed: Seed = 1,
    recipe: RecipeFile = None,
    assignments: Assignments = None,
    overwrite: Overwrite = False,
) -> None:
    """Write a question for each mined or linked sentence: the examples with sentence answers."""
    from gentap.settings.question_sections import WriteSettings
    from gentap.stages.question_stages import WriteStage

    settings = stage_settings(WriteSettings, "write", recipe, assignments)
    stage = WriteStage(mined=mined, writer=writer, write=settings, seed=seed)
    stage.make(output, overwrite=overwrite)


@app.command("review")
@reports_errors
def review_command(
    written: Annotated[Path, typer.Argument(help="A folder of `questions write`.")],
    count: Annotated[int, typer.Option("-n", min=1, help="Sentences to draw.")] = 20,
    seed: Seed = 1,
    page: Annotated[
        Path | None, typer.Option("--html", help="Write a page for the browser, too.")
    ] = None,
    only: Annotated[
        str, typer.Option(help="Draw from all sentences, or those that kept or lost theirs.")
    ] = "all",
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a page that is not of this command.")
    ] = False,
) -> None:
    """Draw samples of written questions with their sentence, row and what the filters say."""
    from gentap.questions.review import (
        REVIEW_MARK,
        print_samples,
        render_page,
        review_counts,
        sample_sentences,
    )
    from gentap.runs.files.output_files import write_own

    samples = sample_sentences(written, count, seed, only)
    print_samples(samples)
    for line in review_counts(written):
        show(line)
    if page is not None:
        shown = render_page(samples, str(written))
        write_own(page, shown, REVIEW_MARK, overwrite=overwrite)
        show(f"The same as a page: {page}")
