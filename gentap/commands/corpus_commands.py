"""Commands that make the corpus."""

from pathlib import Path
from typing import Annotated

import typer

from gentap.commands import question_commands
from gentap.commands.options import (
    Assignments,
    Cluster,
    Delimiter,
    EncodingName,
    Engine,
    Output,
    Overwrite,
    RecipeFile,
    Seed,
    Workers,
    cluster_settings,
    reports_errors,
    stage_and_linearizer,
    stage_settings,
)

app = typer.Typer()
app.add_typer(question_commands.app, name="questions")


@app.command("mine")
@reports_errors
def mine_command(
    inputs: Annotated[list[str], typer.Argument(help="WARC, HTML or JSONL files, folders, globs.")],
    output: Output,
    exclude: Annotated[
        list[str] | None, typer.Option(help="Evaluation set to keep out of the corpus.")
    ] = None,
    report_overlap: Annotated[
        bool,
        typer.Option("--report-overlap", help="Only count what is shared with --exclude."),
    ] = False,
    workers: Workers = 2,
    engine: Engine = None,
    cluster: Cluster = None,
    recipe: RecipeFile = None,
    assignments: Assignments = None,
    overwrite: Overwrite = False,
) -> None:
    """Mine tables, and sentences that name two cells of a table row, from web documents."""
    from gentap.settings.sections import MineSettings
    from gentap.stages.corpus_stages import MineStage, OverlapStage

    settings = stage_settings(
        MineSettings, "mine", recipe, assignments, inputs=inputs, exclude=exclude
    )
    kind = OverlapStage if report_overlap else MineStage
    engine_settings = cluster_settings(recipe, engine, cluster)
    stage = kind(mine=settings, workers=workers, cluster=engine_settings)
    stage.make(output, overwrite=overwrite)


@app.command("sample")
@reports_errors
def sample_command(
    tables: Annotated[
        list[str],
        typer.Argument(
            help="Mined folders; CSV, Excel, Parquet or JSONL files of tables, folders, globs."
        ),
    ],
    output: Output,
    grammar: Annotated[
        str | None, typer.Option("--grammar", "-g", help="Grammar file, or 'english' or 'german'.")
    ] = None,
    per_table: Annotated[int | None, typer.Option("-n", help="Questions for each table.")] = None,
    base: Annotated[
        str, typer.Option(help="The model whose budget of tokens the tables are cut to.")
    ] = "",
    delimiter: Delimiter = "",
    encoding: EncodingName = "",
    seed: Seed = 1,
    workers: Workers = 2,
    engine: Engine = None,
    cluster: Cluster = None,
    recipe: RecipeFile = None,
    assignments: Assignments = None,
    overwrite: Overwrite = False,
) -> None:
    """Sample questions answered by one cell, or in a sentence, from a grammar and tables."""
    from gentap.model.loading.gguf import checkpoint_folder
    from gentap.settings.sections import SampleSettings
    from gentap.stages.corpus_stages import SampleStage

    settings, linearizer = stage_and_linearizer(
        SampleSettings,
        "sample",
        recipe,
        assignments,
        grammar=grammar,
        per_table=per_table,
        delimiter=delimiter or None,
        encoding=encoding or None,
    )
    stage = SampleStage(
        tables=tuple(tables),
        sample=settings,
        linearizer=linearizer,
        base=checkpoint_folder(base),
        seed=seed,
        workers=workers,
        cluster=cluster_settings(recipe, engine, cluster),
    )
    stage.make(output, overwrite=overwrite)


@app.command(name="export-corpus")
@reports_errors
def export_corpus_command(
    corpora: Annotated[list[Path], typer.Argument(help="Folders of examples, or Parquet files.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The JSONL file to write.")],
    layout: Annotated[
        str, typer.Option("--format", help="chat, or prompt-completion: the same in two parts.")
    ] = "chat",
    max_table_tokens: Annotated[
        int, typer.Option(min=0, help="Cut tables of more tokens, as estimated; 0: never.")
    ] = 0,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a file that is not of this command.")
    ] = False,
) -> None:
    """Write examples as chat records, which other programs train on."""
    from gentap.stages.corpus_export import export_corpus

    export_corpus(
        corpora, output, layout=layout, max_table_tokens=max_table_tokens, overwrite=overwrite
    )
