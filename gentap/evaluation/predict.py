"""Answer annotated questions with a model, and score the answers."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gentap.documents.annotated import read_annotated
from gentap.documents.read import Unread, list_unread
from gentap.errors import InputError
from gentap.evaluation.metrics import Scores, score_cells, score_sentences
from gentap.evaluation.report import scores_table
from gentap.evaluation.wordnet import open_wordnet
from gentap.records import Example, Kind, table_digest
from gentap.runner import Progress
from gentap.settings import EvaluateSettings, LinearizerSettings, Protocol
from gentap.store import REJECTED, StageFolder, write_json, write_text

PREDICTIONS = "predictions.jsonl"
SCORES = "scores.json"
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


def needs_wordnet(examples: Sequence[Example]) -> bool:
    """Whether METEOR will be computed: cell answers are scored without it."""
    return any(example.kind == "long" for example in examples)


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
    lines = [
        json.dumps(_prediction_row(example, text), ensure_ascii=False)
        for example, text in zip(examples, predictions, strict=True)
    ]
    write_text(folder.path / PREDICTIONS, "".join(f"{line}\n" for line in lines))
    write_text(folder.path / "predictions.txt", "".join(f"{text}\n" for text in predictions))
    scores = score(examples, predictions, settings.protocol)
    write_json(folder.path / SCORES, scores.to_json())
    write_text(folder.path / "report.md", scores_table({model: scores.values}))
    counts = {kind: sum(example.kind == kind for example in examples) for kind in _KINDS}
    empty = sum(not text for text in predictions)
    return {"questions": counts, "empty predictions": empty, "set aside": len(unread)}


def score(examples: Sequence[Example], predictions: Sequence[str], protocol: Protocol) -> Scores:
    """The scores of each kind of answer that is there."""
    if len(predictions) != len(examples):
        raise InputError(
            f"{len(predictions):,} predictions for {len(examples):,} questions: give one "
            "prediction a line, in the order of the questions."
        )
    values: dict[str, float] = {}
    signatures: dict[str, str] = {}
    for kind in _KINDS:
        pairs = [
            (text, example.answer)
            for text, example in zip(predictions, examples, strict=True)
            if example.kind == kind
        ]
        if pairs:
            said, wanted = [text for text, _ in pairs], [answer for _, answer in pairs]
            scored = (
                score_sentences(said, wanted, protocol)
                if kind == "long"
                else score_cells(said, wanted)
            )
            values |= scored.values
            signatures |= scored.signatures
    return Scores(values, signatures)


def score_file(predictions: Path, data: Sequence[str], protocol: Protocol) -> Scores:
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


def _prediction_row(example: Example, prediction: str) -> Mapping[str, str]:
    return {
        "id": example.id,
        "kind": example.kind,
        "question": example.question,
        "prediction": prediction,
        "reference": example.answer,
        "table": table_digest(example.table),
        "title": example.table.title,
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
