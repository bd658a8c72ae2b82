"""Stages of the question writer: train it, write with it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gentap.errors import InputError, SettingError
from gentap.records import MINED_SCHEMA
from gentap.runs.console import say
from gentap.runs.store import (
    StageFolder,
    Tally,
    parts,
    read_rows,
    require_columns,
    require_stage,
    write_text,
)
from gentap.settings.sections import LinearizerSettings, WriteSettings
from gentap.settings.training_sections import WriterSettings
from gentap.stages.stage_folder import stage_folder, training_folder

HELD_OUT = "held_out.jsonl"
WRITER_METRICS = ("bleu", "rougeL", "meteor")


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

    if not settings.data and not settings.annotated:
        raise SettingError(
            "questions train: no reading-comprehension file given. Name files in SQuAD layout "
            "(writer.data), or annotated table questions (writer.annotated)."
        )
    data = expand_inputs(settings.data, (".json",))
    annotated = expand_inputs(settings.annotated, (".jsonl",))
    used = {**settings.model_dump(), "linearizer": linearizer.model_dump(), "seed": seed}
    inputs = [*data, *annotated, Path(base)]
    with training_folder(output, "writer", used, inputs, overwrite) as folder:
        if folder is not None:
            from gentap.questions.invert import invert
            from gentap.training.loop.processes import is_main
            from gentap.training.train_stages import train_writer

            _check_base(base, settings, linearizer)
            if settings.held_out:
                _find_wordnet()
            tally = invert(data, annotated, settings, folder) if is_main() else Tally()
            stats = train_writer(base, settings, linearizer, folder, seed=seed)
            if not is_main():
                return
            scores = score_held_out(settings, folder, seed)
            folder.finish({**stats, "held_out": scores, "inverted": tally.to_json()})
            say(f"questions train: {stats['examples']['pairs']:,} questions{_shown(stats, scores)}")


def _check_base(base: str, settings: WriterSettings, linearizer: LinearizerSettings) -> None:
    """Raise where the base's vocabulary has no tags, before any work."""
    from gentap.model.tokenizer import load_tokenizer
    from gentap.questions.writer_input import Layout
    from gentap.questions.writers.codec import Codec

    layout = Layout(max_entries=settings.max_entries, tags=settings.tags)
    Codec(load_tokenizer(base, linearizer), layout)


def _find_wordnet() -> None:
    """METEOR's WordNet, before any work."""
    from gentap.evaluation.metrics.wordnet import open_wordnet

    open_wordnet()


def _shown(stats: Mapping[str, Any], scores: Mapping[str, Any]) -> str:
    if not scores:
        return ""
    shown = ", ".join(f"{name} {scores['all'][name]:.2f}" for name in WRITER_METRICS)
    return (
        f"; {scores['all']['questions']:,} on held-out articles: {shown}, "
        f"loss {stats['best_dev_loss']:.3f}"
    )


def score_held_out(settings: WriterSettings, folder: StageFolder, seed: int) -> dict[str, Any]:
    """Write the questions of the held-out articles and compare them with their own.

    BLEU-4, ROUGE-L and METEOR of all, and of each origin where there are several. The questions
    are listed in ``held_out.jsonl``.
    """
    from gentap.evaluation.metrics.bleu import bleu_statistics
    from gentap.evaluation.metrics.meteor import meteor_statistics
    from gentap.evaluation.metrics.rouge import rouge_statistics
    from gentap.questions.writers.interface import Unwritten
    from gentap.questions.writers.transformers_writer import LocalWriter

    rows = list(read_rows(parts(folder.path / "pairs" / "dev")))
    if not rows:
        return {}
    wanted = WriteSettings(beams=settings.dev_beams, candidates=1, precision=settings.precision)
    writer = LocalWriter(str(folder.path), wanted)
    inputs = [[(piece["mark"], piece["text"]) for piece in row["pieces"]] for row in rows]
    said = [
        "" if isinstance(result, Unwritten) else result[0].question
        for result in writer.write_pieces(inputs, seed)
    ]
    lines = [
        {"id": row["id"], "origin": row["origin"], "written": text, "reference": row["target"]}
        for row, text in zip(rows, said, strict=True)
    ]
    shown = "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines)
    write_text(folder.path / HELD_OUT, shown)
    origins = sorted({line["origin"] for line in lines})
    scores: dict[str, Any] = {}
    for name in ("all", *(origins if len(origins) > 1 else ())):
        chosen = [line for line in lines if name in ("all", line["origin"])]
        texts = [line["written"] for line in chosen]
        references = [(line["reference"],) for line in chosen]
        found = {
            **bleu_statistics(texts, references, lowercase=False),
            **rouge_statistics(texts, references),
            **meteor_statistics(texts, references, tokens="nltk"),
        }
        scores[name] = {
            "questions": len(chosen),
            **{metric: round(found[metric].score, 4) for metric in WRITER_METRICS},
            "signatures": {metric: found[metric].signature for metric in WRITER_METRICS},
        }
    return scores


def write_stage(
    mined: Path,
    writer: str,
    settings: WriteSettings,
    output: Path,
    *,
    seed: int,
    overwrite: bool = False,
) -> None:
    from gentap.model.chat.chat_client import is_address
    from gentap.questions.writers.open_writer import check_writer, idle_settings

    require_stage(mined, "mine", "questions are written for mined sentences")
    require_columns(parts(mined / "sentences"), MINED_SCHEMA.names)
    used: dict[str, Any] = {**settings.model_dump(exclude={"threads", "endpoint"}), "seed": seed}
    inputs = [mined]
    if is_address(writer):
        check_writer(writer, settings)
        used |= {"endpoint": settings.endpoint.decisive(), "writer": writer}
        if settings.endpoint.prompt:
            inputs.append(Path(settings.endpoint.prompt))
    else:
        inputs.append(Path(writer))
    if settings.filters.round_trip:
        inputs.append(Path(settings.filters.round_trip))
        if not (inputs[-1] / "config.json").exists():
            raise InputError(f"{inputs[-1]}: no model folder (write.filters.round_trip).")
    if idle := idle_settings(writer, settings):
        kind = "a chat endpoint" if is_address(writer) else "a model's folder"
        say(f"questions write: without effect where {kind} writes: {', '.join(idle)}")
    with stage_folder(output, "write", used, inputs, overwrite) as folder:
        if folder is not None:
            from gentap.questions.write import write_questions

            check_writer(writer, settings)
            tally = write_questions(mined / "sentences", writer, settings, folder, seed=seed)
            folder.finish(tally.to_json())
            counts = tally.counts
            say(
                f"questions write: {counts['examples']:,} long examples from "
                f"{counts['sentences']:,} sentences and {counts['questions']:,} questions"
            )
