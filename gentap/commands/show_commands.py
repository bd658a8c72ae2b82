"""The command that prints what a folder holds."""

from pathlib import Path
from typing import Annotated

import typer

from gentap.commands.options import reports_errors

app = typer.Typer()


@app.command("show")
@reports_errors
def show_command(
    folder: Annotated[Path, typer.Argument(help="An output folder of any stage.")],
    limit: Annotated[int, typer.Option("-n", "--limit", min=1, help="Records to print.")] = 5,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Draw from all by this seed; left out: the first.")
    ] = None,
    part: Annotated[
        str, typer.Option(help="sentences, tables or documents of a mined folder.")
    ] = "",
    kind: Annotated[
        str, typer.Option(help="Examples of this kind or origin: long, cell, mined, grammar.")
    ] = "",
    containing: Annotated[str, typer.Option(help="Records that hold this text anywhere.")] = "",
    as_json: Annotated[
        bool, typer.Option("--json", help="Print each record whole, as a line of JSON.")
    ] = False,
) -> None:
    """Print records of a corpus' folder, or what a model's folder says of itself."""
    from gentap.stages.show_records import show_folder

    show_folder(
        folder,
        limit=limit,
        seed=seed,
        part=part,
        kind=kind,
        containing=containing,
        as_json=as_json,
    )
