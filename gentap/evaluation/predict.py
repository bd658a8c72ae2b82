"""Answer annotated questions with a model, and score the answers."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gentap.documents.annotated.reading import read_questions
from gentap.documents.read import list_unread
from gentap.evaluation.page import training_log, write_report
from gentap.evaluation.results import Results, write_results
from gentap.evaluation.scoring import needs_wordnet, score
from gentap.evaluation.wordnet import open_wordnet
from gentap.records import Example, Kind
from gentap.runner import Progress
from gentap.settings import EvaluateSettings, LinearizerSettings
from gentap.store import REJECTED, StageFolder, write_json

_CHUNKS = "chunks"
_KINDS: tuple[Kind, ...] = ("long", "cell")


def evaluate(model: str, settings: EvaluateSettings, folder: StageFolder) -> dict[str, Any]:
    """Answer and score; writes the results' files and the report's pages.

    Sentence answers come from the long decoder, cell answers from the cell decoder. Predictions are
    kept chunk by chunk, so that a rerun goes on where a run was interrupted.
    """
    questions = read_questions(settings.data)
    examples, unread = questions.examples, questions.unread
    if needs_wordnet(examples):
        open_wordnet()  # before any work
    list_unread(folder.path / REJECTED, unread)
    predictions = _predict(model, examples, settings, folder.work)
    scored = score(examples, predictions, settings.protocol)
    results = Results(model, examples, predictions, scored)
    write_results(folder.path, results)
    write_report(
        folder.path,
        [results],
        facts=[
            f"{len(examples):,} questions of {', '.join(settings.data)}",
            f"protocol {settings.protocol}",
            f"{settings.beams} beams",
        ],
        histories={model: training_log(model)},
    )
    return {
        "questions": scored.questions,
        "set aside": len(unread),
        "warnings": scored.warnings,
    }


def _predict(
    model_path: str, examples: Sequence[Example], settings: EvaluateSettings, folder: Path
) -> list[str]:
    """Texts in the order of the examples, chunk by chunk, each chunk written when it is whole."""
    chunks = folder / _CHUNKS
    chunks.mkdir(exist_ok=True)
    texts: list[str] = []
    progress = Progress("evaluate", len(examples), "questions")
    answerer = None
    for start in range(0, len(examples), settings.chunk):
        file = chunks / f"{start:08d}.json"
        part = examples[start : start + settings.chunk]
        if file.exists():
            progress.skip(len(part))
        else:
            answerer = answerer or _Answerer(model_path, settings)
            write_json(file, answerer.answer(part, progress))
        texts += json.loads(file.read_text(encoding="utf-8"))
    return texts


class _Answerer:
    def __init__(self, path: str, settings: EvaluateSettings) -> None:
        from gentap.model.network import load_model
        from gentap.model.tokenizer import load_tokenizer

        self._settings = settings
        self._tokenizer = load_tokenizer(path, LinearizerSettings())
        self._model = load_model(path, vocabulary=len(self._tokenizer.hf))

    def answer(self, examples: Sequence[Example], progress: Progress) -> list[str]:
        from gentap.model.generate import generate_texts

        texts = [""] * len(examples)
        for kind in _KINDS:
            places = [place for place, example in enumerate(examples) if example.kind == kind]
            inputs = [
                self._tokenizer.linearizer.encode(
                    examples[place].question, examples[place].table
                ).ids
                for place in places
            ]
            if not inputs:
                continue
            written = generate_texts(
                self._model,
                self._tokenizer,
                inputs,
                decoder=kind,
                beams=self._settings.beams,
                max_new_tokens=self._settings.max_answer_tokens,
                length_penalty=self._settings.length_penalty,
                batch_size=self._settings.batch_size,
                precision=self._settings.precision,
                progress=progress.advance,
            )
            for place, text in zip(places, written, strict=True):
                texts[place] = text
        return texts
