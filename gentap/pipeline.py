"""The stages with their inputs and output folders: what commands call, and `gentap run` strings.

Every stage is skipped where its very work is done, resumed where it was interrupted, and says in
one line what it made.
"""

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gentap.errors import InputError, SettingError
from gentap.recipe import (
    BaseSettings,
    EvaluateSettings,
    FinetuneSettings,
    LinearizerSettings,
    MineSettings,
    PretrainSettings,
    Recipe,
    SampleSettings,
    WriterSettings,
    WriteSettings,
)
from gentap.records import Kind
from gentap.runner import clock
from gentap.store import REJECTED, StageFolder, open_stage, read_json, require_stage


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


@contextmanager
def _stage(
    path: Path,
    stage: str,
    settings: Mapping[str, Any],
    inputs: Sequence[Path],
    overwrite: bool,
) -> Iterator[StageFolder | None]:
    """Open a stage's folder; says that it is done, or how long it took."""
    started = time.monotonic()
    with open_stage(path, stage, settings, inputs, overwrite=overwrite) as folder:
        if folder is None:
            say(f"{stage}: done already, nothing to do ({path})")
        elif folder.resumed:
            say(f"{stage}: going on with unfinished work in {path}")
        elif folder.replaces:
            say(f"{stage}: settings or inputs have changed, done anew in {path}")
        yield folder
        if folder is not None:
            say(f"{stage}: done in {clock(time.monotonic() - started)} → {path}")


def mine_stage(
    settings: MineSettings, output: Path, *, workers: int, overwrite: bool = False
) -> None:
    from gentap.synthesis.mine import find_inputs, mine

    inputs = [*find_inputs(settings), *(Path(path) for path in settings.exclude)]
    with _stage(output, "mine", settings.model_dump(), inputs, overwrite) as folder:
        if folder is not None:
            tally = mine(settings, folder, workers)
            folder.finish(tally.to_json())
            counts = tally.counts
            say(
                f"mine: {counts['sentences']:,} sentences and {counts['tables']:,} tables from "
                f"{counts['pages read']:,} pages; {tally.rejected.total():,} records set aside"
            )


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
    with _stage(output, "base", used, [mined], overwrite) as folder:
        if folder is not None:
            from gentap.training.base import train_base

            stats = train_base(mined, settings, linearizer, folder, seed=seed)
            folder.finish(stats)
            say(f"base: {stats['parameters']:,} parameters, last loss {stats['last_loss']:.3f}")


def writer_stage(
    base: str,
    settings: WriterSettings,
    linearizer: LinearizerSettings,
    output: Path,
    *,
    seed: int,
    overwrite: bool = False,
) -> None:
    from gentap.documents.read import expand_inputs

    if not settings.data:
        raise SettingError(
            "questions train: no reading-comprehension file given. Name files in SQuAD layout "
            "(writer.data)."
        )
    data = expand_inputs(settings.data, (".json",))
    used = {**settings.model_dump(), "linearizer": linearizer.model_dump(), "seed": seed}
    with _stage(output, "writer", used, [*data, Path(base)], overwrite) as folder:
        if folder is not None:
            from gentap.synthesis.invert import invert
            from gentap.training.stages import train_writer

            tally = invert(data, settings, folder)
            stats = train_writer(base, settings, linearizer, folder, seed=seed)
            folder.finish({**stats, "inverted": tally.to_json()})
            dev = stats["best_dev_loss"]
            held = f", loss on held-out articles {dev:.3f}" if dev is not None else ""
            say(f"questions train: {stats['examples']['pairs']:,} questions{held}")


def write_stage(
    mined: Path,
    writer: Path,
    settings: WriteSettings,
    output: Path,
    *,
    seed: int,
    overwrite: bool = False,
) -> None:
    require_stage(mined, "mine", "questions are written for mined sentences")
    used = {**settings.model_dump(), "seed": seed}
    with _stage(output, "write", used, [mined, writer], overwrite) as folder:
        if folder is not None:
            from gentap.synthesis.questions import write_questions

            tally = write_questions(mined / "sentences", str(writer), settings, folder, seed=seed)
            folder.finish(tally.to_json())
            say(
                f"questions write: {tally.counts['examples']:,} long examples from "
                f"{tally.counts['sentences']:,} sentences"
            )


def sample_stage(
    mined: Path,
    settings: SampleSettings,
    linearizer: LinearizerSettings,
    output: Path,
    *,
    base: str,
    seed: int,
    workers: int,
    overwrite: bool = False,
) -> None:
    from gentap.synthesis.grammar import find_grammar, load_grammar

    require_stage(mined, "mine", "questions are sampled from mined tables")
    grammar = find_grammar(settings.grammar)
    load_grammar(grammar)
    used = {**settings.model_dump(), "linearizer": linearizer.model_dump(), "seed": seed}
    inputs = [mined, grammar, *([Path(base)] if base else [])]
    with _stage(output, "sample", used, inputs, overwrite) as folder:
        if folder is not None:
            from gentap.synthesis.sample import sample

            tally = sample(
                mined / "tables",
                settings,
                folder,
                base=base,
                linearizer=linearizer,
                seed=seed,
                workers=workers,
            )
            folder.finish(tally.to_json())
            say(
                f"sample: {tally.counts['examples']:,} cell examples from "
                f"{tally.counts['tables']:,} tables"
            )


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
    with _stage(output, "pretrain", used, [Path(base), *corpora.values()], overwrite) as folder:
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
    from gentap.documents.read import list_unread
    from gentap.evaluation.predict import read_questions

    if not settings.train:
        raise SettingError("finetune: no annotated questions given (finetune.train, --train).")
    examples, unread = read_questions(settings.train)
    dev, dev_unread = read_questions(settings.dev)
    inputs = [Path(path) for path in (model, *settings.train, *settings.dev)]
    used = {**settings.model_dump(), "linearizer": linearizer.model_dump(), "seed": seed}
    with _stage(output, "finetune", used, inputs, overwrite) as folder:
        if folder is not None:
            from gentap.training.stages import finetune

            list_unread(folder.path / REJECTED, [*unread, *dev_unread])
            stats = finetune(model, examples, dev, settings, linearizer, folder, seed=seed)
            folder.finish(stats)
            best = stats["best_dev_loss"]
            say(
                f"finetune: {len(examples):,} questions, {stats['steps']:,} steps"
                + (f", best loss on dev {best:.3f}" if best is not None else "")
            )


def evaluate_stage(
    model: str, settings: EvaluateSettings, output: Path, *, overwrite: bool = False
) -> dict[str, Any]:
    if not settings.data:
        raise SettingError("evaluate: no annotated questions given (evaluate.data, --data).")
    inputs = [Path(path) for path in (model, *settings.data)]
    for path in inputs[1:]:
        if not path.is_file():
            raise InputError(f"{path}: no such file.")
    with _stage(output, "evaluate", settings.model_dump(), inputs, overwrite) as folder:
        if folder is not None:
            from gentap.evaluation.predict import evaluate

            folder.finish(evaluate(model, settings, folder))
    return dict(read_json(output / "scores.json"))


def run(recipe: Recipe, *, name: str) -> None:
    """All stages of a recipe, in order; those whose work is done are skipped."""
    _check(recipe)
    output = Path(recipe.output)
    seed, workers, linearizer = recipe.seed, recipe.workers, recipe.linearizer
    mined = output / "mined"
    mine_stage(recipe.mine, mined, workers=workers, overwrite=True)
    base = recipe.base.checkpoint
    if not base:
        base = str(output / "base")
        base_stage(mined, recipe.base, linearizer, Path(base), seed=seed, overwrite=True)
    writer = output / "writer"
    writer_stage(base, recipe.writer, linearizer, writer, seed=seed, overwrite=True)
    corpora: dict[Kind, Path] = {"long": output / "long", "cell": output / "cell"}
    write_stage(mined, writer, recipe.write, corpora["long"], seed=seed, overwrite=True)
    sample_stage(
        mined,
        recipe.sample,
        linearizer,
        corpora["cell"],
        base=base,
        seed=seed,
        workers=workers,
        overwrite=True,
    )
    pretrained = output / "pretrained"
    pretrain_stage(
        base, corpora, recipe.pretrain, linearizer, pretrained, seed=seed, overwrite=True
    )
    systems = {"GenTaP, zero-shot": pretrained}
    if recipe.finetune.train:
        plain, tuned = output / "finetuned-base", output / "finetuned"
        for start, target in ((base, plain), (str(pretrained), tuned)):
            finetune_stage(start, recipe.finetune, linearizer, target, seed=seed, overwrite=True)
        systems = {"base, finetuned": plain, **systems, "GenTaP, finetuned": tuned}
    if not recipe.evaluate.data:
        return
    reports = {system: output / "reports" / folder.name for system, folder in systems.items()}
    scores = {
        system: evaluate_stage(str(systems[system]), recipe.evaluate, report, overwrite=True)
        for system, report in reports.items()
    }
    _summarize(recipe, name, scores, reports)


def _check(recipe: Recipe) -> None:
    """Everything that can be wrong with a recipe's files, before any work."""
    from gentap.documents.read import expand_inputs
    from gentap.evaluation.predict import needs_wordnet, read_questions
    from gentap.evaluation.wordnet import open_wordnet
    from gentap.synthesis.grammar import find_grammar, load_grammar
    from gentap.synthesis.invert import read_articles
    from gentap.synthesis.mine import find_inputs

    checks: list[Callable[[], object]] = [
        lambda: find_inputs(recipe.mine),
        lambda: load_grammar(find_grammar(recipe.sample.grammar)),
    ]
    if not recipe.writer.data:
        raise SettingError("writer.data names no reading-comprehension file.")
    checks += [
        lambda: [read_articles(path) for path in expand_inputs(recipe.writer.data, (".json",))]
    ]
    checks += [lambda: read_questions([*recipe.finetune.train, *recipe.finetune.dev])]
    for check in checks:
        check()
    if needs_wordnet(read_questions(recipe.evaluate.data)[0]):
        open_wordnet()


def _summarize(
    recipe: Recipe,
    name: str,
    scores: Mapping[str, Mapping[str, Any]],
    reports: Mapping[str, Path],
) -> None:
    from gentap.evaluation.report import results_text
    from gentap.store import write_json, write_text

    output = Path(recipe.output)
    text = results_text(scores, reports, recipe.evaluate.data)
    if recipe.note:
        text += f"\n{recipe.note}\n"
    page = output / "results.md"
    if not page.exists() or page.read_text(encoding="utf-8") != text:
        write_json(output / "results.json", {"recipe": name, "scores": scores})
        write_text(page, text)
    print(text)
    print(f"Everything is in {output}: scores in results.json, this text in results.md.")
