"""The command that fetches public data sets."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from gentap.commands.options import reports_errors
from gentap.runs.console import confirm, is_interactive, say, say_progress, show

app = typer.Typer()


@app.command("fetch")
@reports_errors
def fetch_command(
    name: Annotated[
        str | None, typer.Argument(help="A data set; left out, all are listed.")
    ] = None,
    part: Annotated[
        str, typer.Argument(help="Which of many: a segment of Common Crawl, a date of enwiki.")
    ] = "",
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder in which the set has one of its name.")
    ] = Path("data"),
    yes: Annotated[
        bool, typer.Option("--yes", help="Agree to the licence without asking.")
    ] = False,
) -> None:
    """Fetch a public data set, resumably, into the layout that the other commands read."""
    from gentap.documents.fetching.public_data import PUBLIC_DATA, fetch_file, find_public_data
    from gentap.errors import SettingError

    if name is None:
        for one, data in PUBLIC_DATA.items():
            show(f"{one} {data.part}".rstrip())
            show(f"    {data.about}")
            show(f"    licence: {data.licence}")
        return
    data, files = find_public_data(name, part)
    say(f"fetch: {name}: {data.about}")
    say(f"fetch: licence: {data.licence}")
    for file in files:
        say(f"fetch: {file.url}")
    if not yes and not (is_interactive() and confirm("Do you agree to the licence?")):
        raise SettingError(
            f"fetch: nothing was fetched. Read the licence ({data.page}), and agree with --yes."
        )
    folder = output / name
    for file in files:
        fetch_file(file, folder, _progress(file.name), page=data.page)
    data.lay_out(folder)
    show(f"{name} is in {folder}.")


def _progress(name: str) -> Callable[[int, int], None]:
    """Tells each further hundredth, or 64 MB where the size is not known."""
    told = -1

    def tell(done: int, size: int) -> None:
        nonlocal told
        step = 100 * done // size if size else done >> 26
        if step > told:
            told = step
            of = f" of {size / 1e6:,.1f}" if size else ""
            say_progress(f"fetch: {name}: {done / 1e6:,.1f}{of} MB", last=done == size)

    return tell
