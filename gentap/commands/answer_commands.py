"""Commands that answer questions."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gentap.commands.options import (
    Delimiter,
    EncodingName,
    Output,
    Overwrite,
    Sheet,
    reports_errors,
)
from gentap.runs.console import ask, is_interactive, show, waiting_for, warn
from gentap.runs.counting import counted

if TYPE_CHECKING:
    from gentap.model.answerer import Answer
    from gentap.records import Table

app = typer.Typer()


_AT_ONCE = 32


@app.command("answer")
@reports_errors
def answer_command(
    model: Annotated[str, typer.Option(help="A model's folder.")],
    table: Annotated[
        Path, typer.Option(help="A table: CSV, TSV or Excel; or Parquet or JSONL of tables.")
    ],
    questions: Annotated[
        list[str] | None,
        typer.Argument(
            help="Questions. Without one they are asked for, or read from standard input, one a "
            "line."
        ),
    ] = None,
    title: Annotated[
        str | None, typer.Option(help="The table's title; else its file name.")
    ] = None,
    constrain: Annotated[
        bool, typer.Option("--constrain", help="Let the cell answer be nothing but a cell.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print each answer as a line of JSON.")
    ] = False,
    delimiter: Delimiter = "",
    encoding: EncodingName = "",
    sheet: Sheet = "",
) -> None:
    """Answer questions about one table: the sentence, the cell, and which cell it is."""
    from dataclasses import replace

    from gentap.documents.csv_table import CsvFormat
    from gentap.documents.table_files import read_first_table
    from gentap.errors import SettingError

    if any(not question.strip() for question in questions or ()):
        raise SettingError("The question is empty.")
    sourced, assumed = read_first_table(table, CsvFormat(delimiter, encoding), sheet)
    content = sourced.table
    if assumed:
        warn(f"gentap: {assumed}")
    if title is not None:
        content = replace(content, title=title)
    from gentap.model.loading.model_folder import find_model

    find_model(model)  # a wrong name is told before seconds of imports
    from gentap.model.answerer import Answerer

    answerer = Answerer(model, constrain=constrain)
    alone = questions is not None and len(questions) == 1
    for batch in _batches(questions):
        with waiting_for(f"{model} answers …"):
            found = answerer.answer_many([(question, content) for question in batch])
        for question, answer in zip(batch, found, strict=True):
            if as_json:
                show(_answer_json(question, answer))
            else:
                _show_answer("" if alone else question, answer, content)


def _batches(questions: list[str] | None) -> Iterator[list[str]]:
    """The questions that were given; else those typed one after another, or of standard input."""
    from gentap.errors import SettingError

    if questions:
        yield from _cut(questions)
    elif is_interactive():
        while question := ask("question (an empty line ends):"):
            yield [question]
    else:
        lines = [line.strip() for line in sys.stdin if line.strip()]
        if not lines:
            raise SettingError("No question is given, and none stands in standard input.")
        yield from _cut(lines)


def _cut(questions: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(questions), _AT_ONCE):
        yield questions[start : start + _AT_ONCE]


def _show_answer(question: str, found: "Answer", table: "Table") -> None:
    """Print an answer, and above it its question where one is given."""
    if question:
        show(f"question: {question}")
    label = "answer:  " if question else "answer:"
    show(f"{label} {found.sentence}")
    place = "no cell of the table has this value"
    if found.cell is not None:
        column = table.header[found.cell.column] or f"column {found.cell.column + 1}"
        place = f"row {found.cell.row + 1}, column '{column}'"
    label = "cell:    " if question else "cell:  "
    show(f"{label} {found.value} ({place})")
    if found.cut:
        warn(
            "note: the table or question was cut to what the model can read: "
            f"{len(found.rows):,} of {counted(len(table.rows), 'row')} and "
            f"{len(found.columns):,} of "
            f"{counted(len(table.header), 'column')} were shown."
        )
    if question:
        show()


def _answer_json(question: str, found: "Answer") -> str:
    """A line with question, answer, the cell's value, probability and place, and what was seen;
    rows and columns count from 0."""
    import json

    cell = None if found.cell is None else found.cell._asdict()
    return json.dumps(
        {
            "question": question,
            "answer": found.sentence,
            "value": found.value,
            "cell": cell,
            "probability": found.probability,
            "cut": found.cut,
            "rows": found.rows,
            "columns": found.columns,
        },
        ensure_ascii=False,
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
