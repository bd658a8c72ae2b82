"""`gentap run`: all stages of a recipe, strung together."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from gentap.errors import SettingError
from gentap.records import Kind
from gentap.settings import Recipe
from gentap.stages.evaluation import evaluate_stage
from gentap.stages.questions import write_stage, writer_stage
from gentap.stages.synthesis import mine_stage, sample_stage
from gentap.stages.training import base_stage, finetune_stage, pretrain_stage


def run(recipe: Recipe, *, name: str) -> None:
    """All stages of a recipe, in order; those whose work is done are skipped."""
    _check(recipe)
    output = Path(recipe.output)
    seed, workers, linearizer = recipe.seed, recipe.workers, recipe.linearizer
    mined = output / "mined"
    mine_stage(recipe.mine, mined, workers=workers, cluster=recipe.cluster, overwrite=True)
    base = recipe.base.checkpoint
    if not base:
        base = str(output / "base")
        base_stage(mined, recipe.base, linearizer, Path(base), seed=seed, overwrite=True)
    writer = output / "writer"
    writer_stage(base, recipe.writer, linearizer, writer, seed=seed, overwrite=True)
    corpora: dict[Kind, Path] = {"long": output / "long", "cell": output / "cell"}
    write_stage(mined, str(writer), recipe.write, corpora["long"], seed=seed, overwrite=True)
    sample_stage(
        mined,
        recipe.sample,
        linearizer,
        corpora["cell"],
        base=base,
        seed=seed,
        workers=workers,
        cluster=recipe.cluster,
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
    from gentap.cluster import check_cluster
    from gentap.documents.annotated.reading import read_questions
    from gentap.documents.read import expand_inputs
    from gentap.evaluation.scoring import needs_wordnet
    from gentap.evaluation.wordnet import open_wordnet
    from gentap.synthesis.grammar import find_grammar, load_grammar
    from gentap.synthesis.invert import read_articles
    from gentap.synthesis.mine import find_inputs

    checks: list[Callable[[], object]] = [
        lambda: check_cluster(recipe.cluster),
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
    if needs_wordnet(read_questions(recipe.evaluate.data).examples):
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
