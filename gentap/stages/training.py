"""Stages that train a model: base, pretrain, finetune."""

from collections.abc import Mapping
from pathlib import Path

from gentap.errors import SettingError
from gentap.records import Kind
from gentap.settings import (
    BaseSettings,
    FinetuneSettings,
    LinearizerSettings,
    PretrainSettings,
)
from gentap.stages.opening import say, stage_folder
from gentap.store import REJECTED, require_stage


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
    used = {**settings.model_dump(), "linearizer": linearizer.model_dump(), "seed": seed}
    with stage_folder(output, "base", used, [mined], overwrite) as folder:
        if folder is not None:
            from gentap.training.base import train_base

            stats = train_base(mined, settings, linearizer, folder, seed=seed)
            folder.finish(stats)
            say(f"base: {stats['parameters']:,} parameters, last loss {stats['last_loss']:.3f}")


def pretrain_stage(
    base: str,
    corpora: Mapping[Kind, Path],
    settings: PretrainSettings,
    linearizer: LinearizerSettings,
    output: Path,
    *,
    seed: int,
    overwrite: bool = False,
) -> None:
    if not corpora:
        raise SettingError("pretrain: give --long, --cell, or both.")
    for kind, path in corpora.items():
        made_by = "questions write" if kind == "long" else "sample"
        require_stage(path, made_by, f"the {kind} examples come from there")
    used = {**settings.model_dump(), "linearizer": linearizer.model_dump(), "seed": seed}
    used["kinds"] = list(corpora)
    with stage_folder(
        output, "pretrain", used, [Path(base), *corpora.values()], overwrite
    ) as folder:
        if folder is not None:
            from gentap.training.stages import pretrain

            stats = pretrain(base, corpora, settings, linearizer, folder, seed=seed)
            folder.finish(stats)
            say(f"pretrain: {stats['steps']:,} steps, last loss {stats['last_loss']:.3f}")


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
    from gentap.documents.unread import list_unread
    from gentap.training.shots import draw_shots

    if not settings.train:
        raise SettingError("finetune: no annotated questions given (finetune.train, --train).")
    questions = read_questions(settings.train, settings.task)
    dev_questions = read_questions(settings.dev, settings.task)
    examples = draw_shots(questions.examples, settings.shots, seed)
    dev = dev_questions.examples
    inputs = [Path(path) for path in (model, *settings.train, *settings.dev)]
    used = {**settings.model_dump(), "linearizer": linearizer.model_dump(), "seed": seed}
    with stage_folder(output, "finetune", used, inputs, overwrite) as folder:
        if folder is not None:
            from gentap.training.stages import finetune

            list_unread(folder.path / REJECTED, [*questions.unread, *dev_questions.unread])
            stats = finetune(model, examples, dev, settings, linearizer, folder, seed=seed)
            folder.finish(stats)
            best = stats["best_dev_loss"]
            say(
                f"finetune: {len(examples):,} questions, {stats['steps']:,} steps"
                + (f", best loss on dev {best:.3f}" if best is not None else "")
            )
