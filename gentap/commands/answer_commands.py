"""Commands that answer questions."""

from pathlib import Path
from typing import Annotated

import typer

from gentap.commands.options import (
    Delimiter,
    EncodingName,
    Output,
    Overwrite,
    reports_errors,
)
from gentap.runs.console import show, warn

app = typer.Typer()


@app.command("answer")
@reports_errors
def answer_command(
    question: Annotated[str, typer.Argument(help="The question.")],
    model: Annotated[str, typer.Option(help="A model's folder.")],
    table: Annotated[
        Path, typer.Option(help="A table: CSV or TSV, or Parquet or JSONL of tables.")
    ],
    title: Annotated[
        str | None, typer.Option(help="The table's title; else its file name.")
    ] = None,
    constrain: Annotated[
        bool, typer.Option("--constrain", help="Let the cell answer be nothing but a cell.")
    ] = False,
    delimiter: Delimiter = "",
    encoding: EncodingName = "",
) -> None:
    """Answer one question about one table: the sentence, the cell, and which cell it is."""
    from dataclasses import replace

    from gentap.documents.csv_table import CsvFormat, read_csv_told
    from gentap.documents.read import JSONL_SUFFIXES
    from gentap.documents.table_files import PARQUET_SUFFIXES, read_first_table
    from gentap.errors import SettingError

    if not question.strip():
        raise SettingError("The question is empty.")
    given = CsvFormat(delimiter, encoding)
    if table.name.endswith((*PARQUET_SUFFIXES, *JSONL_SUFFIXES)):
        sourced, assumed = read_first_table(table, given)
        content = sourced.table
    else:
        content, assumed = read_csv_told(table, given)
    if assumed:
        warn(f"gentap: {assumed}")
    if title is not None:
        content = replace(content, title=title)
    from gentap.model.answerer import answer as answer_question

    found = answer_question(model, content, question, constrain=constrain)
    show(f"answer: {found.sentence}")
    place = "no cell of the table has this value"
    if found.cell is not None:
        column = content.header[found.cell.column] or f"column {found.cell.column + 1}"
        place = f"row {found.cell.row + 1}, column '{column}'"
    show(f"cell:   {found.value} ({place})")
    if found.cut:
        warn(
            "note: the table or question was cut to what the model can read: "
            f"{len(found.rows):,} of {len(content.rows):,} rows and {len(found.columns):,} of "
            f"{len(content.header):,} columns were shown."
        )


@app.command("export")
@reports_errors
def export_command(
    model: Annotated[str, typer.Option(help="A model's folder.")],
    output: Output,
    decoder: Annotated[
        str, typer.Option(help="long (sentence answers) or cell (cell answers).")
    ] = "long",
    overwrite: Overwrite = False,
) -> None:
    """Write one decoder as a stock checkpoint's folder (T5, BART, …), for other programs."""
    from gentap.errors import SettingError
    from gentap.stages.export_stage import ExportStage

    if decoder not in ("long", "cell"):
        raise SettingError(f"--decoder: '{decoder}' is no decoder: give long or cell.")
    stage = ExportStage(model=model, decoder="long" if decoder == "long" else "cell")
    stage.make(output, overwrite=overwrite)
