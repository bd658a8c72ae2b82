"""Commands that look for what scores alone don't show."""

from pathlib import Path
from typing import Annotated

import typer

from gentap.commands.options import Output, Overwrite, Seed, reports_errors
from gentap.runs.console import show
from gentap.runs.counting import counted

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


@app.command("swap")
@reports_errors
def swap_command(
    data: Annotated[
        list[str], typer.Argument(help="Questions in any layout, or folders of examples.")
    ],
    output: Output,
    words: Annotated[
        str, typer.Option(help="The word list: english, german, or a file of yours.")
    ] = "english",
    overwrite: Overwrite = False,
) -> None:
    """Copy examples with the names and pronouns of one group of people for another's."""
    from gentap.stages.trust_stages import SwapStage

    SwapStage(data=tuple(data), words=words).make(output, overwrite=overwrite)


@app.command("map")
@reports_errors
def map_command(
    tables: Annotated[
        list[str],
        typer.Argument(
            help="Mined folders; CSV, Excel, Parquet or JSONL files of tables, folders, globs."
        ),
    ],
    model: Annotated[str, typer.Option(help="A model's folder or hub name.")],
    output: Output,
    cells: Annotated[
        int, typer.Option(min=2, max=10_000, help="Draw at most so many cells, chosen by the seed.")
    ] = 1000,
    perplexity: Annotated[
        float, typer.Option(min=1.0, max=1000.0, help="Neighbours that t-SNE draws each cell by.")
    ] = 30.0,
    seed: Seed = 1,
    overwrite: Overwrite = False,
) -> None:
    """Draw the cells of tables before a model's encoder and after it, as a page."""
    from gentap.model.loading.gguf import checkpoint_folder
    from gentap.stages.trust_stages import MapStage

    stage = MapStage(
        model=checkpoint_folder(model),
        tables=tuple(tables),
        cells=cells,
        perplexity=perplexity,
        seed=seed,
    )
    stage.make(output, overwrite=overwrite)


@app.command("audit")
@reports_errors
def audit_command(
    model: Annotated[str, typer.Argument(help="A model's folder or hub name.")],
    members: Annotated[
        list[str] | None, typer.Option(help="Questions that it was trained on.")
    ] = None,
    others: Annotated[
        list[str] | None, typer.Option(help="Questions of the same kind that it was not.")
    ] = None,
    canaries: Annotated[
        int, typer.Option(min=0, max=1000, help="So many were put in (finetune.canaries).")
    ] = 0,
    seed: Seed = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as one JSON object.")] = False,
) -> None:
    """Measure how well an attacker tells training examples from others, and secrets kept."""
    import json

    from gentap.stages.trust_stages import audit

    found = audit(model, members or [], others or [], canaries=canaries, seed=seed)
    if as_json:
        show(json.dumps(found))
        return
    if "auc" in found:
        low, high = found["interval"]
        show(
            f"membership by loss: AUC {found['auc']:.1f} [{low:.1f}, {high:.1f}], "
            f"{counted(found['members'], 'member')} and {counted(found['others'], 'other')} (50: "
            "nothing given away)"
        )
    if "exposure" in found:
        show(
            f"exposure of {counted(canaries, 'canary', 'canaries')}: {found['exposure']:.2f} "
            "bits on average, of 6.64"
        )
