"""The command line: each command parses its options and calls a stage; nothing heavy is imported
before a command runs."""

import io
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from gentap import __version__
from gentap.commands import (
    answer_commands,
    corpus_commands,
    evaluation_commands,
    fetch_commands,
    grammar_commands,
    init_commands,
    serve_command,
    show_commands,
    training_commands,
    trust_commands,
)
from gentap.commands.options import reports_errors
from gentap.runs.console import show

WHERE_ALL_STANDS = (
    "Every option, and every setting that --set and recipes take, with its default: "
    "docs/reference.md."
)

app = typer.Typer(
    name="gentap",
    epilog=WHERE_ALL_STANDS,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Table question answering in sentences: from web pages to a scored answer.",
)
for commands in (
    corpus_commands,
    grammar_commands,
    init_commands,
    show_commands,
    training_commands,
    evaluation_commands,
    answer_commands,
    serve_command,
    fetch_commands,
    trust_commands,
):
    app.add_typer(commands.app)


@app.command()
@reports_errors
def run(
    recipe: Annotated[Path, typer.Argument(help="A recipe (TOML).")],
    assignments: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="Another setting than the recipe's: pretrain.max_steps=9; may be repeated.",
        ),
    ] = None,
    overwrite: Annotated[
        bool,
        typer.Option("--overwrite", help="Do work of more than a minute anew without asking."),
    ] = False,
) -> None:
    """Run all stages of a recipe; what is done is skipped, what was interrupted is resumed."""
    from gentap.chain import run_recipe
    from gentap.settings.recipe import load_recipe

    run_recipe(load_recipe(recipe, assignments or ()), name=recipe.name, overwrite=overwrite)


def _version(asked: bool) -> None:
    if asked:
        show(f"gentap {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Table question answering in sentences: from web pages to a scored answer."""


def _name_the_reference(commands: typer.Typer) -> None:
    """Each command's help ends with where every option and setting is explained."""
    for command in commands.registered_commands:
        command.epilog = WHERE_ALL_STANDS
    for group in commands.registered_groups:
        if group.typer_instance is not None:
            _name_the_reference(group.typer_instance)


_name_the_reference(app)


def main() -> None:
    """Run the command that the command line names."""
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("TQDM_DISABLE", "1")  # progress is our own
    for stream in (sys.stdout, sys.stderr):  # letters of --help that a terminal lacks
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    app()


if __name__ == "__main__":
    main()
