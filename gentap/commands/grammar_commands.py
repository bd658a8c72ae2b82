"""Commands for those who write grammars."""

from pathlib import Path
from typing import Annotated

import typer

from gentap.commands.options import Delimiter, EncodingName, Seed, Sheet, reports_errors
from gentap.runs.console import say, show, warn
from gentap.runs.counting import counted

app = typer.Typer()
grammars = typer.Typer(no_args_is_help=True, help="Grammars of questions: check one, try one.")
app.add_typer(grammars, name="grammar")

GrammarName = Annotated[
    str, typer.Argument(help="Grammar file, or 'english' or 'german'.", show_default=False)
]
PerKind = Annotated[int, typer.Option("-n", min=1, help="Draws of each kind of question.")]


@grammars.command("check")
@reports_errors
def grammar_check(grammar: GrammarName, per_kind: PerKind = 5, seed: Seed = 1) -> None:
    """List every mistake of a grammar with its place, then draw from a built-in table.

    Of the kinds of questions its own ones are drawn; those that it includes are counted.
    """
    from gentap.grammar.diagnostics import Mistake
    from gentap.grammar.includes import open_grammar
    from gentap.grammar.parser import read_grammar
    from gentap.grammar.preview import preview_kinds
    from gentap.grammar.rules import find_grammar
    from gentap.grammar.sampler import QuestionSampler

    broken: list[Mistake] = []
    source = open_grammar(find_grammar(grammar), broken)
    content, found = read_grammar(source.text, whole=not broken)
    mistakes = sorted([*broken, *(one for one in found if one.stops or source.is_own(one))])
    for mistake in mistakes:
        show(source.told(mistake))
    if not any(mistake.stops for mistake in mistakes):
        for line in preview_kinds(
            QuestionSampler(content), per_kind, seed, lambda rule: source.is_own_line(rule.line)
        ):
            show(line)
        others = sum(not source.is_own_line(rule.line) for rule in content.questions)
        if others:
            included = ", ".join(path.stem for path in source.files[1:])
            say(f"gentap: {counted(others, 'kind')} of question more from {included}")
    if mistakes:
        raise typer.Exit(1)


@grammars.command("draw")
@reports_errors
def grammar_draw(
    grammar: GrammarName,
    table: Annotated[
        Path, typer.Option(help="A table: CSV, TSV or Excel; or Parquet or JSONL of tables.")
    ],
    per_kind: PerKind = 3,
    seed: Seed = 1,
    delimiter: Delimiter = "",
    encoding: EncodingName = "",
    sheet: Sheet = "",
) -> None:
    """Show how a table is read and what a grammar would ask about it."""
    from gentap.documents.csv_table import CsvFormat
    from gentap.documents.table_files import read_first_table
    from gentap.grammar.parser import load_grammar
    from gentap.grammar.preview import preview_table
    from gentap.grammar.rules import find_grammar
    from gentap.grammar.sampler import QuestionSampler

    maker = QuestionSampler(load_grammar(find_grammar(grammar)))
    content, assumed = read_first_table(table, CsvFormat(delimiter, encoding), sheet)
    if assumed:
        warn(f"gentap: {assumed}")
    for line in preview_table(maker, content.table, per_kind, seed):
        show(line)


@grammars.command("show")
@reports_errors
def grammar_show(grammar: GrammarName) -> None:
    """Print a grammar: a beginning for one of your own, or to see what yours may include."""
    from gentap.grammar.includes import read_grammar_text
    from gentap.grammar.rules import find_grammar

    path = find_grammar(grammar)
    say(f"gentap: {path}")
    show(read_grammar_text(path).rstrip("\n"))
