"""`gentap run`: all stages of a recipe and of its variants, planned, checked, and done in order."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from gentap.errors import FolderError, SettingError
from gentap.model.loading.gguf import checkpoint_folder
from gentap.model.objectives import Objective
from gentap.runs.console import confirm, is_interactive, say, show
from gentap.runs.counting import counted
from gentap.runs.files.made_from import changes, read_made_from
from gentap.runs.runner import clock
from gentap.runs.store import holds_other_work, made_from, own_files, seconds_spent
from gentap.settings.question_sections import WriteSettings
from gentap.settings.recipe import Recipe, recipe_variants
from gentap.settings.without_effect import without_effect
from gentap.stages.corpus_stages import MineStage, SampleStage
from gentap.stages.evaluation_stages import EvaluateStage
from gentap.stages.question_stages import WriterStage, WriteStage
from gentap.stages.stage import Stage
from gentap.stages.training_stages import BaseStage, FinetuneStage, PretrainStage

OWN_ROUND_TRIP = "finetuned-base"

Models = dict[str, list[Path]]
"""By system its models, one for each finetuning."""

ASKED_FOR = 60.0
"""Seconds of work that are not thrown away without a word from the user."""


def run_recipe(recipe: Recipe, *, name: str, overwrite: bool = False) -> None:
    """All stages of a recipe, in order; those whose work is done are skipped.

    Raises GentapError for all that can be known to be wrong with any of them before the first
    one begins, and where work of more than a minute would be replaced, unless ``overwrite`` or
    the user, asked on a terminal, allows that.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise SettingError(
            "gentap run works in one process. Launch the commands that train (base, pretrain, "
            "finetune, questions train) in several, each by itself."
        )
    for line in without_effect(recipe):
        say(f"{name}: {line}")
    if recipe.reuse and not Path(recipe.reuse).is_dir():
        say(f"{name}: reuse has no effect: there is no folder {recipe.reuse}")
    plan = make_plan(recipe)
    plan.check()
    if not overwrite:
        _keep_from_loss(plan.replaced())
    for folder, stage in plan.stages.items():
        if folder not in plan.reused:
            stage.make(folder, overwrite=True, checked=True)
    if recipe.evaluate.data:
        _summarize(recipe, name, plan.models, plan.reports)


@dataclass(slots=True)
class RunPlan:
    """What a run does: each folder's stage, in order, and the systems that come of it.

    ``reused`` are folders of an earlier run, where this very work is done already.
    """

    output: Path
    reuse: Path | None = None
    stages: dict[Path, Stage] = field(default_factory=dict)
    reused: set[Path] = field(default_factory=set)
    models: Models = field(default_factory=dict)
    reports: Models = field(default_factory=dict)
    _folders: dict[str, Path] = field(default_factory=dict)

    def add(self, name: str, stage: Stage, variant: str) -> Path:
        """The folder of a stage: equal stages share one, named by the first variant that has it."""
        key = stage.key()
        if key not in self._folders:
            folder = self.output / re.sub(r"\W+", "-", variant).strip("-") / name
            if self.reuse is not None and stage.is_done(self.reuse / name):
                folder = self.reuse / name
                self.reused.add(folder)
            self._folders[key] = folder
            self.stages[folder] = stage
        return self._folders[key]

    def check(self) -> None:
        """Raise for what is wrong with a stage that is still to be done."""
        pending: set[Path] = set()
        for folder, stage in self.stages.items():
            if not pending.isdisjoint(stage.inputs()) or not stage.is_done(folder):
                pending.add(folder)
                stage.check(self.stages.keys())

    def replaced(self) -> dict[Path, str]:
        """The folders whose work of more than a minute would be done anew, and why."""
        planned: dict[Path, str] = {}
        found: dict[Path, str] = {}
        for folder, stage in self.stages.items():
            now = made_from(stage.settings(), stage.inputs(), folder, planned)
            planned[folder] = now.fingerprint(stage.name)
            if folder not in self.reused and holds_other_work(folder, planned[folder]):
                spent = seconds_spent(folder)
                if spent > ASKED_FOR:
                    why = changes(read_made_from(own_files(folder)), now)
                    found[folder] = f"{clock(spent)} of work; {why}"
        return found


def _keep_from_loss(replaced: Mapping[Path, str]) -> None:
    if not replaced:
        return
    for folder, why in replaced.items():
        say(f"{folder}: {why}")
    many = "these folders are" if len(replaced) > 1 else "this folder is"
    if not (is_interactive() and confirm(f"What is in {many} done anew. Go on?")):
        raise FolderError(
            f"What is in {many} kept. To do that work anew, run the same command with --overwrite; "
            "to keep it and do the new work beside it, give the recipe another output folder."
        )


def make_plan(recipe: Recipe) -> RunPlan:
    """The stages of a recipe and of its variants, before any of them is done."""
    plan = RunPlan(Path(recipe.output), Path(recipe.reuse) if recipe.reuse else None)
    for variant, settings in {"": recipe, **recipe_variants(recipe)}.items():
        for system, folders in _systems(settings, plan, variant).items():
            if folders not in plan.models.values():
                named = f"{system}, {variant}" if system in plan.models else system
                plan.models[named] = folders
                if recipe.evaluate.data:
                    plan.reports[named] = [
                        plan.add(
                            f"reports/{folder.name}",
                            EvaluateStage(model=str(folder), evaluate=recipe.evaluate),
                            variant,
                        )
                        for folder in folders
                    ]
    return plan


def _systems(recipe: Recipe, plan: RunPlan, variant: str) -> Models:
    """All stages up to the models of each system."""
    seed, workers, linearizer = recipe.seed, recipe.workers, recipe.linearizer

    def add(name: str, stage: Stage) -> Path:
        return plan.add(name, stage, variant)

    def finetuned(name: str, start: str) -> list[Path]:
        """The models finetuned from one, a seed each."""
        seeds = range(seed, seed + recipe.finetunings) if recipe.finetune.train else ()
        return [
            add(
                name if own == seed else f"{name}-seed{own}",
                FinetuneStage(
                    model=start, finetune=recipe.finetune, linearizer=linearizer, seed=own
                ),
            )
            for own in seeds
        ]

    mine = recipe.mine
    if recipe.base.checkpoint:  # no base learns from pages that have nothing but prose
        mine = mine.model_copy(update={"tableless": False})
    mined = add("mined", MineStage(mine=mine, workers=workers, cluster=recipe.cluster))
    if recipe.base.checkpoint:
        base = checkpoint_folder(recipe.base.checkpoint)
    else:
        base_stage = BaseStage(mined=mined, base=recipe.base, linearizer=linearizer, seed=seed)
        base = str(add("base", base_stage))
    plain = finetuned("finetuned-base", base)
    writer = add(
        "writer", WriterStage(base=base, writer=recipe.writer, linearizer=linearizer, seed=seed)
    )
    write = _round_trip(recipe.write, plain)
    long = add("long", WriteStage(mined=mined, writer=str(writer), write=write, seed=seed))
    cell = add(
        "cell",
        SampleStage(
            tables=(str(mined),),
            sample=recipe.sample,
            linearizer=linearizer,
            base=base,
            seed=seed,
            workers=workers,
            cluster=recipe.cluster,
        ),
    )
    sentences = [cell] if recipe.sample.sentences else []
    corpora: dict[Objective, list[Path]] = {"long": [long, *sentences], "cell": [cell]}
    if recipe.pretrain.mix.masked:
        corpora["masked"] = [mined]
    if recipe.pretrain.mix.replaced:
        corpora["replaced"] = [mined]
    pretrained = add(
        "pretrained",
        PretrainStage(
            base=base,
            corpora=corpora,
            pretrain=recipe.pretrain,
            linearizer=linearizer,
            seed=seed,
        ),
    )
    tuned = finetuned("finetuned", str(pretrained))
    how = counted(recipe.finetune.shots, "shot") if recipe.finetune.shots else "finetuned"
    systems = {f"base, {how}": plain, "GenTaP, zero-shot": [pretrained], f"GenTaP, {how}": tuned}
    return {system: models for system, models in systems.items() if models}


def _round_trip(settings: WriteSettings, plain: Sequence[Path]) -> WriteSettings:
    """The settings with the run's own model for the round trip, where they ask for that."""
    filters = settings.filters
    if filters.round_trip != OWN_ROUND_TRIP:
        return settings
    if not plain:
        raise SettingError(
            f"write.filters.round_trip is '{OWN_ROUND_TRIP}', the base finetuned by this run, but "
            "finetune.train names no annotated questions."
        )
    changed = filters.model_copy(update={"round_trip": str(plain[0])})
    return settings.model_copy(update={"filters": changed})


def _summarize(recipe: Recipe, name: str, models: Models, reports: Models) -> None:
    from gentap.evaluation.metrics.resampling import differences
    from gentap.evaluation.report.page import training_log, write_report
    from gentap.evaluation.report.score_tables import results_text
    from gentap.evaluation.results import read_results, read_scores
    from gentap.runs.files.output_files import write_json, write_text

    output = Path(recipe.output)
    systems = {
        system: [replace(read_results(folder), name=system) for folder in folders]
        for system, folders in reports.items()
    }
    text = results_text(systems, recipe.evaluate.data)
    if recipe.note:
        text += f"\n{recipe.note}\n"
    page = output / "results.md"
    if not page.exists() or page.read_text(encoding="utf-8") != text:
        scores = {
            system: [read_scores(folder) for folder in folders]
            for system, folders in reports.items()
        }
        write_json(
            output / "results.json",
            {
                "recipe": name,
                "scores": {system: runs[0] for system, runs in scores.items()},
                "finetunings": {system: runs for system, runs in scores.items() if len(runs) > 1},
            },
        )
        first, *others = (runs[0] for runs in systems.values())
        write_report(
            output,
            [first, *others],
            facts=[
                name,
                f"{counted(len(first.examples), 'question')} of {', '.join(recipe.evaluate.data)}",
            ],
            histories={system: training_log(str(folders[0])) for system, folders in models.items()},
            tests={
                other.name: differences(first.scored.statistics, other.scored.statistics)
                for other in others
            },
        )
        write_text(page, text)
    show(text)
    show(
        f"Everything is in {output}: the report in report.html, scores in results.json, this text "
        "in results.md."
    )
