"""Stages that train a model: base, pretrain, finetune."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gentap.errors import SettingError
from gentap.model.objectives import Objective
from gentap.records import EXAMPLE_SCHEMA, MINED_SCHEMA
from gentap.runs.console import say
from gentap.runs.store import REJECTED, parts, require_columns, require_stage
from gentap.settings.sections import LinearizerSettings
from gentap.settings.training_sections import BaseSettings, FinetuneSettings, PretrainSettings
from gentap.stages.stage_folder import training_folder


def base_stage(
    mined: Path,
    settings: BaseSettings,
    linearizer: LinearizerSettings,
    output: Path,
    *,
    seed: int,
    overwrite: bool = False,
) -> None:
    if settings.checkpoint:
        raise SettingError(
            f"base: a checkpoint is given ({settings.checkpoint}), so there is nothing to train. "
            "Give it to the other commands as --base."
        )
    require_stage(mined, "mine", "a base is trained on mined documents")
    require_columns(parts(mined / "sentences"), MINED_SCHEMA.names)
    used = {**settings.model_dump(), "linearizer": linearizer.model_dump(), "seed": seed}
    with training_folder(output, "base", used, [mined], overwrite) as folder:
        if folder is not None:
            from gentap.training.base_model import train_base

            stats = train_base(mined, settings, linearizer, folder, seed=seed)
            folder.finish(stats)
            say(f"base: {stats['parameters']:,} parameters{_losses(stats)}")


def pretrain_stage(
    base: str,
    corpora: Mapping[Objective, Path],
    settings: PretrainSettings,
    linearizer: LinearizerSettings,
    output: Path,
    *,
    seed: int,
    overwrite: bool = False,
) -> None:
    mix = settings.mix.model_dump()
    if "masked" in corpora and not mix["masked"]:
        raise SettingError("pretrain: --tables is for masked cells: set mix.masked to 1.")
    if mix["masked"] and "masked" not in corpora:
        raise SettingError("pretrain: mix.masked needs tables: give a mined folder as --tables.")
    corpora = {kind: path for kind, path in corpora.items() if mix[kind]}
    if not corpora:
        raise SettingError("pretrain: give --long, --cell, or both, as the mix asks for.")
    made_by = {"long": "questions write", "cell": "sample", "masked": "mine"}
    for kind, path in corpora.items():
        require_stage(path, made_by[kind], f"the {kind} examples come from there")
        if kind != "masked":
            require_columns(parts(path), {*EXAMPLE_SCHEMA.names} - {"alternatives"})
    given = settings.model_dump(exclude={"workers"})  # which changes nothing in the result
    used = {**given, "linearizer": linearizer.model_dump(), "seed": seed}
    used["kinds"] = list(corpora)
    with training_folder(
        output, "pretrain", used, [Path(base), *corpora.values()], overwrite
    ) as folder:
        if folder is not None:
            from gentap.training.train_stages import pretrain

            stats = pretrain(base, corpora, settings, linearizer, folder, seed=seed)
            folder.finish(stats)
            say(f"pretrain: {stats['steps']:,} steps{_losses(stats)}")


def finetune_stage(
    model: str,
    settings: FinetuneSettings,
    linearizer: LinearizerSettings,
    output: Path,
    *,
    seed: int,
    overwrite: bool = False,
) -> None:
    from gentap.documents.annotated.reading import read_questions
    from gentap.documents.rejected import write_rejected
    from gentap.training.data.few_shot import draw_shots

    if not settings.train:
        raise SettingError("finetune: no annotated questions given (finetune.train, --train).")
    questions = read_questions(settings.train, settings.task)
    dev_questions = read_questions(settings.dev, settings.task)
    examples = draw_shots(questions.examples, settings.shots, seed)
    dev = dev_questions.examples
    inputs = [Path(path) for path in (model, *settings.train, *settings.dev)]
    used = {**settings.model_dump(), "linearizer": linearizer.model_dump(), "seed": seed}
    with training_folder(output, "finetune", used, inputs, overwrite) as folder:
        if folder is not None:
            from gentap.training.loop.processes import is_main
            from gentap.training.train_stages import finetune

            if is_main():
                write_rejected(folder.path / REJECTED, [*questions.unread, *dev_questions.unread])
            stats = finetune(model, examples, dev, settings, linearizer, folder, seed=seed)
            folder.finish(stats)
            say(f"finetune: {len(examples):,} questions, {stats['steps']:,} steps{_losses(stats)}")


def _losses(stats: Mapping[str, Any]) -> str:
    """The last loss, the best one on dev, and what of dev was right at the last look."""
    looks = [entry for entry in stats["history"] if "eval_loss" in entry]
    right = (
        {name[5:]: value for name, value in looks[-1].items() if "exact" in name} if looks else {}
    )
    shown = [("last loss", stats["last_loss"]), ("best loss on dev", stats["best_dev_loss"])]
    told = [f"{name} {value:.3f}" for name, value in shown if value is not None]
    told += [f"{name.replace('_', ' ')} on dev {value:.1f}%" for name, value in right.items()]
    return "".join(f", {text}" for text in told)
