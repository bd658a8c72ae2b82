"""Stages that make the corpus: mine, train the question writer, write, sample."""

from pathlib import Path

from gentap.errors import SettingError
from gentap.settings import (
    LOCAL,
    ClusterSettings,
    LinearizerSettings,
    MineSettings,
    SampleSettings,
    WriterSettings,
    WriteSettings,
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
    with stage_folder(output, "writer", used, [*data, Path(base)], overwrite) as folder:
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
    with stage_folder(output, "write", used, [mined, writer], overwrite) as folder:
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
