"""Commands that train a model."""

from pathlib import Path
from typing import Annotated

import typer

from gentap.commands.options import (
    Assignments,
    BaseModelName,
    Output,
    Overwrite,
    RecipeFile,
    Seed,
    reports_errors,
    stage_and_linearizer,
)

app = typer.Typer()


@app.command("base")
@reports_errors
def base_command(
    output: Output,
    mined: Annotated[Path | None, typer.Argument(help="A mined folder.")] = None,
    packed: Annotated[
        Path | None, typer.Option("--from", help="A GGUF file, to be made a checkpoint's folder.")
    ] = None,
    seed: Seed = 1,
    recipe: RecipeFile = None,
    assignments: Assignments = None,
    overwrite: Overwrite = False,
) -> None:
    """Train a small T5 from scratch, or unpack a GGUF file: a base for the other commands."""
    from gentap.errors import SettingError
    from gentap.settings.training_sections import BaseSettings
    from gentap.stages.training_stages import BaseStage

    if packed is not None:
        from gentap.stages.unpack_stage import UnpackStage

        given = {"a mined folder": mined, "--recipe": recipe, "--set": assignments}
        if idle := [name for name, value in given.items() if value]:
            raise SettingError(
                f"base: {', '.join(idle)} beside --from: a file that is unpacked is not trained."
            )
        UnpackStage(packed=packed).make(output, overwrite=overwrite)
        return
    if mined is None:
        raise SettingError("base: give a mined folder, or a GGUF file as --from.")
    settings, linearizer = stage_and_linearizer(BaseSettings, "base", recipe, assignments)
    stage = BaseStage(mined=mined, base=settings, linearizer=linearizer, seed=seed)
    stage.make(output, overwrite=overwrite)


@app.command("pretrain")
@reports_errors
def pretrain_command(
    base: BaseModelName,
    output: Output,
    long: Annotated[
        list[Path] | None,
        typer.Option(help="Folder whose sentence answers are learnt; may be given several times."),
    ] = None,
    cell: Annotated[
        list[Path] | None,
        typer.Option(help="Folder whose cell answers are learnt; may be given several times."),
    ] = None,
    tables: Annotated[
        Path | None, typer.Option(help="A mined folder, for masked or replaced cells (mix.masked).")
    ] = None,
    seed: Seed = 1,
    recipe: RecipeFile = None,
    assignments: Assignments = None,
    overwrite: Overwrite = False,
) -> None:
    """Pretrain one encoder and two decoders on both kinds of examples in equal numbers."""
    from gentap.model.loading.gguf import checkpoint_folder
    from gentap.model.objectives import Objective
    from gentap.settings.training_sections import PretrainSettings
    from gentap.stages.training_stages import PretrainStage

    settings, linearizer = stage_and_linearizer(PretrainSettings, "pretrain", recipe, assignments)
    given: list[tuple[Objective, list[Path] | None]] = [
        ("long", long),
        ("cell", cell),
        ("masked", [tables] if tables is not None else None),
        ("replaced", [tables] if tables is not None else None),
    ]
    stage = PretrainStage(
        base=checkpoint_folder(base),
        corpora={kind: paths for kind, paths in given if paths},
        pretrain=settings,
        linearizer=linearizer,
        seed=seed,
    )
    stage.make(output, overwrite=overwrite)


@app.command("finetune")
@reports_errors
def finetune_command(
    model: Annotated[str, typer.Option(help="A pretrained folder, or any T5.")],
    output: Output,
    train: Annotated[list[str] | None, typer.Option(help="Annotated questions.")] = None,
    dev: Annotated[
        list[str] | None, typer.Option(help="Questions to choose the best state by.")
    ] = None,
    task: Annotated[
        str | None, typer.Option(help="questions, or text: say the evidence in a sentence.")
    ] = None,
    shots: Annotated[
        int | None, typer.Option(min=1, help="Train on so many, drawn by the seed.")
    ] = None,
    mend: Annotated[
        str | None,
        typer.Option(help="Weak groups (gentap cohorts): train on their like, keep the rest."),
    ] = None,
    seed: Seed = 1,
    recipe: RecipeFile = None,
    assignments: Assignments = None,
    overwrite: Overwrite = False,
) -> None:
    """Finetune on annotated questions: FeTaQA's JSONL, or the plain JSONL of the README."""
    from gentap.model.loading.gguf import checkpoint_folder
    from gentap.settings.training_sections import FinetuneSettings
    from gentap.stages.training_stages import FinetuneStage

    settings, linearizer = stage_and_linearizer(
        FinetuneSettings,
        "finetune",
        recipe,
        assignments,
        train=train,
        dev=dev,
        task=task,
        shots=shots,
        mend=mend,
    )
    stage = FinetuneStage(
        model=checkpoint_folder(model), finetune=settings, linearizer=linearizer, seed=seed
    )
    stage.make(output, overwrite=overwrite)
