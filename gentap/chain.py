"""`gentap run`: all stages of a recipe and of its variants, strung together."""

import json
import os
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from gentap.errors import FolderError, SettingError
from gentap.model.objectives import Objective
from gentap.runs.store import is_done
from gentap.settings.recipe import Recipe, recipe_variants
from gentap.settings.sections import EvaluateSettings, Settings, WriteSettings
from gentap.settings.training_sections import FinetuneSettings, WriterSettings
from gentap.stages.corpus_stages import mine_stage, sample_stage
from gentap.stages.evaluation_stages import evaluate_stage
from gentap.stages.question_stages import write_stage, writer_stage
from gentap.stages.training_stages import base_stage, finetune_stage, pretrain_stage

OWN_ROUND_TRIP = "finetuned-base"

Models = dict[str, list[Path]]
"""By system its models, one for each finetuning."""


def run_recipe(recipe: Recipe, *, name: str) -> None:
    """All stages of a recipe, in order; those whose work is done are skipped."""
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise SettingError(
            "gentap run works in one process. Launch the commands that train (base, pretrain, "
            "finetune, questions train) in several, each by itself."
        )
    recipes = {"": recipe, **recipe_variants(recipe)}
    _check(recipes.values())
    work = _Work(Path(recipe.output), recipe.reuse)
    models: Models = {}
    for variant, settings in recipes.items():
        work.variant = variant
        for system, folders in _train(settings, work).items():
            if folders not in models.values():
                models[f"{system}, {variant}" if system in models else system] = folders
                for folder in folders if recipe.evaluate.data else []:
                    _evaluate(folder, recipe, work)
    if recipe.evaluate.data:
        reports = {
            system: [_evaluate(folder, recipe, work) for folder in folders]
            for system, folders in models.items()
        }
        _summarize(recipe, name, models, reports)


class _Work:
    """The stages' folders: stages of the same settings and inputs share one, made by the first
    variant that needs it, or finished by an earlier run in the folder ``reuse``."""

    def __init__(self, output: Path, reuse: str) -> None:
        self.output, self.variant = output, ""
        self._reuse = Path(reuse) if reuse else None
        self._made: dict[str, Path] = {}

    def made(
        self,
        name: str,
        used: Sequence[Any],
        inputs: Sequence[Any],
        make: Callable[[Path, bool], object],
    ) -> Path:
        """The folder of a stage, done by ``make(folder, overwrite)`` unless it was in this run."""
        settings = [one.model_dump() if isinstance(one, Settings) else one for one in used]
        key = json.dumps([name, settings, [str(path) for path in inputs]], sort_keys=True)
        if key not in self._made:
            self._made[key] = self._reused(name, make) or self._own(name, make)
        return self._made[key]

    def _own(self, name: str, make: Callable[[Path, bool], object]) -> Path:
        folder = self.output / re.sub(r"\W+", "-", self.variant).strip("-") / name
        make(folder, True)
        return folder

    def _reused(self, name: str, make: Callable[[Path, bool], object]) -> Path | None:
        """The earlier run's folder, where it holds this very work."""
        if self._reuse is None or not is_done(self._reuse / name):
            return None
        try:
            make(self._reuse / name, False)
        except FolderError:
            return None
        return self._reuse / name


def _train(recipe: Recipe, work: _Work) -> Models:
    """All stages up to the models of each system."""
    seed, workers, linearizer = recipe.seed, recipe.workers, recipe.linearizer
    mined = work.made(
        "mined",
        [recipe.mine],
        [],
        lambda folder, overwrite: mine_stage(
            recipe.mine, folder, workers=workers, cluster=recipe.cluster, overwrite=overwrite
        ),
    )
    base = recipe.base.checkpoint or str(
        work.made(
            "base",
            [recipe.base, linearizer, seed],
            [mined],
            lambda folder, overwrite: base_stage(
                mined, recipe.base, linearizer, folder, seed=seed, overwrite=overwrite
            ),
        )
    )
    plain = _finetune("finetuned-base", base, recipe, work)
    writer = work.made(
        "writer",
        [recipe.writer, linearizer, seed],
        [base],
        lambda folder, overwrite: writer_stage(
            base, recipe.writer, linearizer, folder, seed=seed, overwrite=overwrite
        ),
    )
    write = _round_trip(recipe.write, plain)
    long = work.made(
        "long",
        [write, seed],
        [mined, writer],
        lambda folder, overwrite: write_stage(
            mined, str(writer), write, folder, seed=seed, overwrite=overwrite
        ),
    )
    cell = work.made(
        "cell",
        [recipe.sample, linearizer, seed],
        [mined, base],
        lambda folder, overwrite: sample_stage(
            [str(mined)],
            recipe.sample,
            linearizer,
            folder,
            base=base,
            seed=seed,
            workers=workers,
            cluster=recipe.cluster,
            overwrite=overwrite,
        ),
    )
    corpora: dict[Objective, Path] = {"long": long, "cell": cell}
    if recipe.pretrain.mix.masked:
        corpora["masked"] = mined
    pretrained = work.made(
        "pretrained",
        [recipe.pretrain, linearizer, seed],
        [base, *corpora.values()],
        lambda folder, overwrite: pretrain_stage(
            base, corpora, recipe.pretrain, linearizer, folder, seed=seed, overwrite=overwrite
        ),
    )
    tuned = _finetune("finetuned", str(pretrained), recipe, work)
    how = f"{recipe.finetune.shots} shots" if recipe.finetune.shots else "finetuned"
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


def _finetune(name: str, start: str, recipe: Recipe, work: _Work) -> list[Path]:
    """The models finetuned from one, a seed each."""
    if not recipe.finetune.train:
        return []

    def finetune(seed: int) -> Path:
        return work.made(
            name if seed == recipe.seed else f"{name}-seed{seed}",
            [recipe.finetune, recipe.linearizer, seed],
            [start],
            lambda folder, overwrite: finetune_stage(
                start, recipe.finetune, recipe.linearizer, folder, seed=seed, overwrite=overwrite
            ),
        )

    return [finetune(recipe.seed + place) for place in range(recipe.finetunings)]


def _evaluate(model: Path, recipe: Recipe, work: _Work) -> Path:
    """The report of a model."""
    return work.made(
        f"reports/{model.name}",
        [recipe.evaluate],
        [model],
        lambda folder, overwrite: evaluate_stage(
            str(model), recipe.evaluate, folder, overwrite=overwrite
        ),
    )


def _check(recipes: Iterable[Recipe]) -> None:
    """Everything that can be wrong with the recipes' files, before any work, each once."""
    checked: set[str] = set()
    for recipe in recipes:
        for check, given in _checks(recipe).items():
            key = f"{check.__name__} {given!r}"
            if key not in checked:
                checked.add(key)
                check(given)


def _checks(recipe: Recipe) -> dict[Callable[[Any], object], object]:
    """What is to be checked, and on which settings."""
    from gentap.mining.mine import find_inputs
    from gentap.runs.cluster import check_cluster

    return {
        check_cluster: recipe.cluster,
        _check_data: recipe.writer,
        find_inputs: recipe.mine,
        _check_grammar: recipe.sample.grammar,
        _check_writer: recipe.writer,
        _check_training: (recipe.finetune, recipe.seed),
        _check_wordnet: recipe.evaluate,
    }


def _check_grammar(name: str) -> None:
    from gentap.grammar.parser import load_grammar
    from gentap.grammar.rules import find_grammar

    load_grammar(find_grammar(name))


def _check_data(settings: WriterSettings) -> None:
    if not settings.data and not settings.annotated:
        raise SettingError("writer.data names no reading-comprehension file.")


def _check_writer(settings: WriterSettings) -> None:
    from gentap.documents.annotated.reading import read_annotated
    from gentap.documents.read import expand_inputs
    from gentap.questions.invert import read_articles

    for path in expand_inputs(settings.data, (".json",)):
        read_articles(path)
    for path in expand_inputs(settings.annotated, (".jsonl",)):
        read_annotated(path)


def _check_training(given: tuple[FinetuneSettings, int]) -> None:
    from gentap.documents.annotated.reading import read_questions
    from gentap.training.data.few_shot import draw_shots

    settings, seed = given
    read_questions(settings.dev)
    draw_shots(read_questions(settings.train).examples, settings.shots, seed)


def _check_wordnet(settings: EvaluateSettings) -> None:
    from gentap.documents.annotated.reading import read_questions
    from gentap.evaluation.metrics.scoring import needs_wordnet
    from gentap.evaluation.metrics.wordnet import open_wordnet

    if needs_wordnet(read_questions(settings.data).examples):
        open_wordnet()


def _summarize(recipe: Recipe, name: str, models: Models, reports: Models) -> None:
    from gentap.evaluation.metrics.resampling import differences
    from gentap.evaluation.report.page import training_log, write_report
    from gentap.evaluation.report.score_tables import results_text
    from gentap.evaluation.results import read_results
    from gentap.runs.store import read_json, write_json, write_text

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
            system: [read_json(folder / "scores.json") for folder in folders]
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
            facts=[name, f"{len(first.examples):,} questions of {', '.join(recipe.evaluate.data)}"],
            histories={system: training_log(str(folders[0])) for system, folders in models.items()},
            tests={
                other.name: differences(first.scored.statistics, other.scored.statistics)
                for other in others
            },
        )
        write_text(page, text)
    print(text)
    print(
        f"Everything is in {output}: the report in report.html, scores in results.json, this text "
        "in results.md."
    )
