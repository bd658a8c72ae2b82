"""Answer annotated questions with a model, and score the answers."""

from collections.abc import Callable, Sequence
from typing import Any

from gentap.documents.annotated.reading import read_questions
from gentap.documents.rejected import RejectedRecords, reading_told, write_rejected
from gentap.evaluation.counterfactuals import Counterfactuals, swap_scores, swap_section
from gentap.evaluation.judge import judged, open_judge
from gentap.evaluation.metrics.scoring import needs_wordnet
from gentap.evaluation.metrics.wordnet import open_wordnet
from gentap.evaluation.predict import ChunkedAnswers, Length
from gentap.evaluation.report.page import training_log, write_report
from gentap.evaluation.results import Results, write_results
from gentap.evaluation.robustness import NOISE, SpoiledSet, noise_scores, noise_section
from gentap.evaluation.sound_records import score_sound
from gentap.evaluation.spread import spread
from gentap.evaluation.tune_length import tune_length
from gentap.records import Example
from gentap.runs.counting import counted
from gentap.runs.files.output_files import write_json
from gentap.runs.short_names import short_names
from gentap.runs.store import OF_DEV, REJECTED, StageFolder
from gentap.settings.sections import EvaluateSettings


def evaluate_model(
    model: str,
    settings: EvaluateSettings,
    folder: StageFolder,
    spoil: Callable[[Sequence[Example]], Sequence[SpoiledSet]] | None = None,
    swap: Callable[[Sequence[Example]], Counterfactuals] | None = None,
) -> dict[str, Any]:
    """Answer and score; writes the results' files and the report's pages.

    ``spoil`` makes further sets of (some of) the questions, ``swap`` copies told of other people;
    they are answered and scored too.

    Sentence answers come from the long decoder, cell answers from the cell decoder, unless the
    settings name one. Predictions are kept chunk by chunk, so that a rerun goes on where a run was
    interrupted.
    """
    judge = open_judge(settings.judge)  # before any work, as WordNet is
    questions = read_questions(settings.data, settings.task)
    examples = spread(questions.examples, settings.questions)
    if needs_wordnet(examples):
        open_wordnet()  # before any work
    length = Length(settings.length_penalty, settings.min_answer_tokens)
    answerer = ChunkedAnswers(model, examples, settings)
    dev = read_questions(settings.tune_length, settings.task)
    trials: list[dict[str, Any]] = []
    if settings.tune_length:
        length, trials = tune_length(model, dev.examples, settings, folder.work / "length")
    said = answerer.answer(length, folder.work / "chunks", "evaluate")
    scored, kept, rejected = score_sound(examples, said, settings.protocol)
    unread = RejectedRecords()
    for aside in (questions.unread, answerer.unread):
        unread.extend(aside)
    for record in rejected:
        unread.add(record)
    told = reading_told(unread) + reading_told(dev.unread, "dev ")
    unread.extend(dev.unread)
    write_rejected(folder.path / REJECTED, unread)
    examples, predictions = [examples[place] for place in kept], [said[place] for place in kept]
    if judge is not None:
        scored = judged(scored, examples, predictions, judge)
    (name,) = short_names([model])
    results = Results(name, examples, predictions, scored, [answerer.shown[at] for at in kept])
    write_results(folder.path, results)
    sections = []
    noise: list[dict[str, Any]] = []
    if spoil is not None:
        noise = noise_scores(model, spoil(examples), settings, length, folder.work / "noise")
        write_json(folder.path / NOISE, {"seed": settings.noise_seed, "sets": noise})
        sections.append(noise_section(noise))
    if swap is not None:
        copies, work = swap(examples), folder.work / "swapped"
        found = swap_scores(model, results, copies, settings, length, folder.path, work)
        sections.append(swap_section(found))
    read = len(questions.examples)
    drawn = f", drawn evenly from the {read:,}" if 0 < settings.questions < read else ""
    write_report(
        folder.path,
        [results],
        facts=[
            f"{counted(len(examples), 'question')}{drawn} of {', '.join(settings.data)}",
            f"protocol {settings.protocol}",
            f"{settings.beams} beams",
            f"length penalty {length.penalty:g}, at least {counted(length.least, 'token')}",
        ],
        histories={name: training_log(model)},
        sections=sections,
        noise=noise,
    )
    return {
        "questions": scored.questions,
        "set aside": unread.total,
        "rejected": dict(unread.counts),
        OF_DEV: {"rejected": dict(dev.unread.counts)},
        "reading": told,
        "warnings": scored.warnings,
        "inputs": {name: count for name, count in answerer.counts.items() if count},
        "length_penalty": length.penalty,
        "min_answer_tokens": length.least,
        "length trials": trials,
    }
