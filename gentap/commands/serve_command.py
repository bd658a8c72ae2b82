"""The command that serves models to people and programs."""

from pathlib import Path
from typing import Annotated

import typer

from gentap.commands.options import reports_errors

app = typer.Typer()


@app.command("serve")
@reports_errors
def serve_command(
    models: Annotated[
        list[str], typer.Argument(help="Folders of models; several are shown side by side.")
    ],
    data: Annotated[
        list[Path] | None,
        typer.Option(help="Annotated questions whose tables can be picked; may be repeated."),
    ] = None,
    host: Annotated[
        str, typer.Option(help="Address to listen on; any but this machine's own wants a token.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port to listen on; 0 is any that is free.")
    ] = 7860,
    feedback: Annotated[
        Path, typer.Option(help="JSONL of the answers that thumbs were given to.")
    ] = Path("feedback.jsonl"),
    constrain: Annotated[
        bool, typer.Option("--constrain", help="Let the cell answer be nothing but a cell.")
    ] = False,
    beams: Annotated[int, typer.Option(min=1, max=64, help="Beams to search with.")] = 4,
    max_tokens: Annotated[
        int, typer.Option(min=1, max=1024, help="Longest answer, in tokens.")
    ] = 64,
    batch: Annotated[
        int, typer.Option(min=1, max=256, help="Most questions that are answered together.")
    ] = 16,
    max_cells: Annotated[
        int, typer.Option(min=1, max=1_000_000, help="Most cells of a table.")
    ] = 100_000,
    waiting: Annotated[
        int, typer.Option(min=1, max=100_000, help="Most questions that may wait.")
    ] = 512,
    timeout: Annotated[
        float, typer.Option(min=0.1, max=86_400, help="Seconds after which a question is given up.")
    ] = 120.0,
) -> None:
    """Serve models on this machine: a page to ask on, and the same over HTTP (POST /api/answer)."""
    from gentap.serving.limits import Limits
    from gentap.serving.server import ServeOptions, serve

    limits = Limits(cells=max_cells, waiting=waiting, seconds=timeout, batch=batch)
    serve(
        ServeOptions(
            models=models,
            data=data or (),
            host=host,
            port=port,
            feedback=feedback,
            beams=beams,
            max_tokens=max_tokens,
            constrain=constrain,
            limits=limits,
        )
    )
