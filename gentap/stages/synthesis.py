"""Stages that make the corpus from documents: mine, sample."""

from pathlib import Path

from gentap.settings import (
    LOCAL,
    ClusterSettings,
    LinearizerSettings,
    MineSettings,
    SampleSettings,
)
from gentap.stages.opening import say, stage_folder
from gentap.store import require_stage


def mine_stage(
    settings: MineSettings,
    output: Path,
    *,
    workers: int,
    cluster: ClusterSettings = LOCAL,
    overwrite: bool = False,
) -> None:
    from gentap.synthesis.mine import find_inputs, mine

    inputs = [*find_inputs(settings), *(Path(path) for path in settings.exclude)]
    with stage_folder(output, "mine", settings.model_dump(), inputs, overwrite) as folder:
        if folder is not None:
            tally = mine(settings, folder, workers, cluster)
            folder.finish(tally.to_json())
            counts = tally.counts
            say(
                f"mine: {counts['sentences']:,} sentences and {counts['tables']:,} tables from "
                f"{counts['pages read']:,} pages; {tally.rejected.total():,} records set aside"
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
    cluster: ClusterSettings = LOCAL,
    overwrite: bool = False,
) -> None:
    from gentap.synthesis.grammar import find_grammar, load_grammar

    require_stage(mined, "mine", "questions are sampled from mined tables")
    grammar = find_grammar(settings.grammar)
    load_grammar(grammar)
    used = {**settings.model_dump(), "linearizer": linearizer.model_dump(), "seed": seed}
    inputs = [mined, grammar, *([Path(base)] if base else [])]
    with stage_folder(output, "sample", used, inputs, overwrite) as folder:
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
                cluster=cluster,
            )
            folder.finish(tally.to_json())
            say(
                f"sample: {tally.counts['examples']:,} cell examples from "
                f"{tally.counts['tables']:,} tables"
            )
