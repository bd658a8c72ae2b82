"""Commands that look for what scores alone don't show."""

from pathlib import Path
from typing import Annotated

import typer

from gentap.commands.options import Overwrite, Seed, reports_errors
from gentap.runs.console import show

app = typer.Typer()
ReportFolder = Annotated[
    Path | None, typer.Option("--output", "-o", help="Folder for a report; may be left out.")
]


@app.command("cohorts")
@reports_errors
def cohorts_command(
    report: Annotated[Path, typer.Argument(help="A report's folder.")],
    by: Annotated[str | None, typer.Option(help="The metric that tells who is weak.")] = None,
    least: Annotated[int, typer.Option(help="Questions of the smallest group.")] = 40,
    seed: Seed = 1,
    output: ReportFolder = None,
    overwrite: Overwrite = False,
) -> None:
    """Find the groups of questions where a system is worst, and name them in words."""
    from gentap.stages.trust_stages import CohortsStage, cohorts_text
    from gentap.trust.cohorts import read_cohorts

    stage = CohortsStage(report=report, by=by, least=least, seed=seed)
    if output is None:
        found = stage.find()
    else:
        stage.make(output, overwrite=overwrite)
        found = read_cohorts(output)
    show(cohorts_text(found))
