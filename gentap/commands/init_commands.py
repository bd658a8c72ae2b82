"""The command that writes a recipe to begin with."""

from pathlib import Path
from typing import Annotated

import typer

from gentap.commands.options import reports_errors
from gentap.runs.console import ask, is_interactive, say, show

app = typer.Typer()

_Files = list[str] | None


@app.command("init")
@reports_errors
def init_command(
    recipe: Annotated[Path, typer.Argument(help="The recipe to write.")] = Path("recipe.toml"),
    documents: Annotated[
        _Files, typer.Option(help="WARC, HTML or JSONL files, folders, globs; may be repeated.")
    ] = None,
    train: Annotated[_Files, typer.Option(help="Annotated questions to train on.")] = None,
    dev: Annotated[_Files, typer.Option(help="Questions to choose the best state by.")] = None,
    test: Annotated[_Files, typer.Option(help="Questions to score the answers of.")] = None,
    reading: Annotated[
        _Files, typer.Option(help="Reading comprehension in SQuAD layout, for the writer.")
    ] = None,
    base: Annotated[
        str, typer.Option(help="A checkpoint's folder or hub name; left out: from scratch.")
    ] = "",
    grammar: Annotated[str, typer.Option(help="A grammar's file, english or german.")] = "english",
    output: Annotated[
        str, typer.Option("--output", "-o", help="Folder that all output folders are made in.")
    ] = "runs/own",
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace another file, or a recipe with changes.")
    ] = False,
) -> None:
    """Write a commented recipe for documents and questions of your own, with estimated times."""
    from gentap.errors import SettingError
    from gentap.settings.recipe import load_recipe
    from gentap.stages.new_recipe import (
        OwnData,
        measure_machine,
        recipe_text,
        unread_questions,
        write_recipe,
    )

    if not documents:
        if not is_interactive():
            raise SettingError("init: give --documents: files, folders or globs of web pages.")
        documents = _asked("Documents (WARC, HTML, JSONL; files, folders, globs):", needed=True)
        train = train or _asked("Annotated questions to train on (may be empty):")
        dev = dev or _asked("Questions to choose the best state by (may be empty):")
        test = test or _asked("Questions to score the answers of (may be empty):")
        reading = reading or _asked("Reading comprehension in SQuAD layout (may be empty):")
        base = base or (ask("A checkpoint's folder or hub name (empty: from scratch):") or "")
    own = OwnData(
        documents=tuple(documents),
        train=tuple(train or ()),
        dev=tuple(dev or ()),
        test=tuple(test or ()),
        reading=tuple(reading or ()),
        base=base,
        grammar=grammar,
        output=output,
    )
    text = recipe_text(own, measure_machine())
    for line in unread_questions(own):
        say(f"init: {line}")
    write_recipe(recipe, text, overwrite=overwrite)
    load_recipe(recipe)
    show(text.rstrip("\n"))
    show(f"\nThis is in {recipe}. Change what you like, then: gentap run {recipe}")


def _asked(question: str, *, needed: bool = False) -> list[str]:
    """Names parted by spaces; asked again where one is needed."""
    import shlex

    from gentap.errors import SettingError

    while True:
        answer = ask(question)
        if answer is None and needed:
            raise SettingError("init: no documents are given.")
        try:
            found = shlex.split(answer or "")
        except ValueError:
            found = (answer or "").split()
        if found or not needed:
            return found
