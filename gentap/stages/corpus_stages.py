"""Stages that make the corpus from documents: mine, sample."""

from collections.abc import Sequence
from pathlib import Path

from gentap.runs.console import say
from gentap.settings.sections import (
    LOCAL,
    ClusterSettings,
    LinearizerSettings,
    MineSettings,
    SampleSettings,
)
from gentap.stages.stage_folder import stage_folder


def mine_stage(
    settings: MineSettings,
    output: Path,
    *,
    workers: int,
    cluster: ClusterSettings = LOCAL,
    overwrite: bool = False,
) -> None:
    from gentap.mining.mine import find_inputs, mine

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


def overlap_stage(
    settings: MineSettings,
    output: Path,
    *,
    workers: int,
    cluster: ClusterSettings = LOCAL,
    overwrite: bool = False,
) -> None:
    from gentap.mining.contamination_report import REASONS, report_overlap
    from gentap.mining.mine import find_inputs

    inputs = [*find_inputs(settings), *(Path(path) for path in settings.exclude)]
    with stage_folder(output, "overlap", settings.model_dump(), inputs, overwrite) as folder:
        if folder is not None:
            tally = report_overlap(settings, folder, workers, cluster)
            folder.finish(tally.to_json())
            say("mine: " + "; ".join(f"{name}: {tally.rejected[name]:,}" for name in REASONS))


def sample_stage(
    tables: Sequence[str],
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
    from gentap.documents.table_files import find_table_files
    from gentap.grammar.parser import load_grammar
    from gentap.grammar.rules import find_grammar

    files = find_table_files(tables)
    grammar = find_grammar(settings.grammar)
    load_grammar(grammar)
    used = {**settings.model_dump(), "linearizer": linearizer.model_dump(), "seed": seed}
    inputs = [*files, grammar, *([Path(base)] if base else [])]
    with stage_folder(output, "sample", used, inputs, overwrite) as folder:
        if folder is not None:
            from gentap.grammar.sample import sample

            tally = sample(
                files,
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
                f"{tally.counts['tables']:,} tables; {tally.rejected.total():,} tables set aside"
            )
