"""Answer annotated questions with a model, and score the answers."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gentap.documents.annotated import read_annotated
from gentap.documents.read import Unread, list_unread
from gentap.errors import InputError
from gentap.evaluation.report import scores_table
from gentap.evaluation.results import Results, write_results
from gentap.evaluation.scoring import Scored, needs_wordnet, score
from gentap.evaluation.wordnet import open_wordnet
from gentap.records import Example, Kind
from gentap.runner import Progress
from gentap.settings import EvaluateSettings, LinearizerSettings, Protocol
from gentap.store import REJECTED, StageFolder, write_json, write_text

_CHUNKS = "chunks"
_KINDS: tuple[Kind, ...] = ("long", "cell")


def read_questions(paths: Sequence[str]) -> tuple[list[Example], list[Unread]]:
    """The questions of several files, and what was set aside."""
    examples: list[Example] = []
    unread: list[Unread] = []
    for path in paths:
        read, aside = read_annotated(Path(path))
        examples += read
        unread += aside
    return examples, unread


def evaluate(model: str, settings: EvaluateSettings, folder: StageFolder) -> dict[str, Any]:
    """Answer and score; writes predictions.jsonl, predictions.txt, scores.json and report.md.

    Sentence answers come from the long decoder, cell answers from the cell decoder. Predictions are
    kept chunk by chunk, so that a rerun goes on where a run was interrupted.
    """
    examples, unread = read_questions(settings.data)
    if needs_wordnet(examples):
        open_wordnet()  # before any work
    list_unread(folder.path / REJECTED, unread)
    predictions = _predict(model, examples, settings, folder.work)
    scored = score(examples, predictions, settings.protocol)
    write_results(folder.path, Results(model, examples, predictions, scored))
    write_text(folder.path / "report.md", scores_table({model: scored.values()}))
    return {
        "questions": scored.questions,
        "set aside": len(unread),
        "warnings": scored.warnings,
    }


def score_file(predictions: Path, data: Sequence[str], protocol: Protocol) -> Scored:
    """Score anybody's predictions: a text file with one a line, or a predictions.jsonl."""
    examples, unread = read_questions(data)
    try:
        lines = predictions.read_text(encoding="utf-8-sig").split("\n")
    except FileNotFoundError:
        raise InputError(f"{predictions}: no such file.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{predictions}: not a readable UTF-8 text file: {error}.") from error
    if lines and not lines[-1]:
        lines.pop()
    if predictions.suffix == ".jsonl":
        lines = [_prediction_of(line, predictions, number) for number, line in enumerate(lines, 1)]
    if len(lines) != len(examples):
        aside = (
            f" ({len(unread):,} more can't be read; the first is {unread[0].where}: "
            f"{unread[0].detail})"
            if unread
            else ""
        )
        raise InputError(
            f"{predictions}: holds {len(lines):,} predictions; {', '.join(map(str, data))} "
            f"{'hold' if len(data) > 1 else 'holds'} {len(examples):,} questions{aside}. Give "
            "one prediction a line, in the order of the questions."
        )
    return score(examples, [line.strip() for line in lines], protocol)


def _prediction_of(line: str, path: Path, number: int) -> str:
    try:
        return str(json.loads(line)["prediction"])
    except (ValueError, KeyError, TypeError):
        raise InputError(f"{path}, line {number}: not a JSON object with a 'prediction'.") from None


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
