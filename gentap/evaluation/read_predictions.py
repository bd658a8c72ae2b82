"""Anybody's predictions: read, put beside their questions, and scored.

A file of predictions is one of these:

* text, one prediction a line, in the order of the questions;
* ``.jsonl`` or ``.ndjson``, and any other file whose first line is such an object: objects with
  ``prediction``, and either all or none with the question's ``id``;
* ``.tsv``: WikiTableQuestions' own layout, an id and the answer's values in each line.

Names may end in capitals, and in ``.gz`` or ``.zst`` where the file is packed. Lines with ids may
stand in any order. What has no partner is an error that names every such line, and so is a format
that would be scored as text, its commas and brackets with it.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from gentap.documents.annotated.fields import read_text_file
from gentap.documents.annotated.reading import Questions, read_questions
from gentap.documents.input_files import require_file
from gentap.documents.json_text import json_text
from gentap.documents.jsonl import json_object
from gentap.errors import InputError
from gentap.evaluation.judge import judged, open_judge
from gentap.evaluation.metrics.denotation import SEPARATOR
from gentap.evaluation.prediction_text import prediction_text
from gentap.evaluation.results import Results, Shown
from gentap.evaluation.sound_records import score_sound
from gentap.records import Example
from gentap.runs.counting import counted
from gentap.settings.sections import NO_JUDGE, JudgeSettings, Protocol

_NAMED = 20
"""Lines that a message names; the others are counted."""
_NO_FORMATS = (".csv", ".parquet", ".xlsx", ".xls", ".pkl", ".pickle", ".npy", ".html")


def score_file(
    path: Path, data: Sequence[str], protocol: Protocol, judging: JudgeSettings = NO_JUDGE
) -> Results:
    """Score a file of predictions for the questions of ``data``, and have a judge rate them.

    Raises InputError where predictions or questions can't be read or do not fit together.
    """
    require_file(path)
    judge = open_judge(judging)
    questions = read_questions(data)
    predictions, left_out = read_predictions(path, questions, data)
    more = _comma_lists(questions.examples, predictions)
    more |= {"questions that can't be read": questions.unread.total, **left_out}
    scored, kept, rejected = score_sound(questions.examples, predictions, protocol)
    for record in rejected:
        questions.unread.add(record)
    examples = [questions.examples[place] for place in kept]
    predictions = [predictions[place] for place in kept]
    if judge is not None:
        scored = judged(scored, examples, predictions, judge)
    warnings = scored.warnings | {name: count for name, count in more.items() if count}
    shown: list[Shown | None] = [None] * len(predictions)
    scored = replace(scored, warnings=warnings)
    return Results(path.stem, examples, predictions, scored, shown, questions.unread)


def _comma_lists(examples: Sequence[Example], predictions: Sequence[str]) -> dict[str, int]:
    """Answers of several values that have commas between them, as TAPEX writes them."""
    said = [
        text
        for example, text in zip(examples, predictions, strict=True)
        if example.kind == "cell" and any(SEPARATOR in right for right in example.references)
    ]
    listed = sum(", " in text for text in said)
    if any(SEPARATOR in text for text in predictions) or 2 * listed < len(said) or not listed:
        return {}
    return {
        f"answers with ', ' where several values are wanted (write {SEPARATOR} between)": listed
    }


def read_predictions(
    path: Path, questions: Questions, data: Sequence[str]
) -> tuple[list[str], dict[str, int]]:
    """A prediction for each question, in their order, and counts of what was left out."""
    lines = read_text_file(path).split("\n")
    ended = not lines[-1]
    if ended:
        lines.pop()
    form = _format(path, lines)
    if form == "jsonl":
        ids, texts = _read_jsonl(lines, path)
    elif form == "tsv":
        ids, texts = _read_tsv(lines, path)
    else:
        ids, texts = [], lines
    said = [text.strip() for text in texts]
    if ids:
        return _by_id(dict(zip(ids, said, strict=True)), ids, path, questions), {}
    wanted = len(questions.examples) + questions.unread.total
    fits = len(said) == len(questions.examples)
    if ended and not fits and form == "text" and len(said) + 1 == wanted:
        said.append("")  # predictions joined by line ends, the last of them empty
    return _by_order(said, path, questions, data)


def _format(path: Path, lines: Sequence[str]) -> Literal["text", "jsonl", "tsv"]:
    """How predictions are written; raises InputError for what is no format of them."""
    suffix = Path(path.name.lower().removesuffix(".gz").removesuffix(".zst")).suffix
    first = next(filter(str.strip, lines), "").strip()
    if suffix in (".jsonl", ".ndjson") or _holds_prediction(first):
        return "jsonl"
    if suffix == ".tsv":
        return "tsv"
    if suffix in _NO_FORMATS or (suffix == ".json" and first[:1] in ("[", "{")):
        raise InputError(
            f"{path}: {suffix} is no format of predictions. Give a text file with one a line, or a "
            ".jsonl file with an object a line that holds 'prediction' and, if you like, 'id'."
        )
    return "text"


def _holds_prediction(line: str) -> bool:
    try:
        return "prediction" in json_object(line)
    except ValueError:
        return False


def _read_jsonl(lines: Sequence[str], path: Path) -> tuple[list[str], list[str]]:
    ids, texts = [], []
    for number, line in enumerate(lines, start=1):
        try:
            entry = json_object(line)
            given = entry["prediction"]
            id_ = json_text(entry.get("id"))
        except (ValueError, KeyError):
            what = "not a JSON object with a 'prediction'"
            raise InputError(f"{path}, line {number}: {what}.") from None
        try:
            texts.append(prediction_text(given))
        except ValueError as error:
            raise InputError(
                f"{path}, line {number}: 'prediction': {error}. Give a text, a number, or a list "
                "of values."
            ) from None
        if id_:
            ids.append(id_)
        if ids and len(ids) != number:
            raise InputError(
                f"{path}, line {number}: some lines have an 'id' and some have none. Give all of "
                "them the id of their question, or none."
            )
    return ids, texts


def _read_tsv(lines: Sequence[str], path: Path) -> tuple[list[str], list[str]]:
    split = [line.rstrip("\r").split("\t") for line in lines]
    for number, fields in enumerate(split, start=1):
        if not fields[0]:
            raise InputError(f"{path}, line {number}: no id. Give an id, a tab and the values.")
    return [fields[0] for fields in split], [SEPARATOR.join(fields[1:]) for fields in split]


def _by_id(said: dict[str, str], ids: Sequence[str], path: Path, questions: Questions) -> list[str]:
    known = {example.id for example in questions.examples}
    if len(said) < len(ids):
        last = {id_: number for number, id_ in enumerate(ids, start=1)}
        twice = [number for number, id_ in enumerate(ids, start=1) if last[id_] != number]
        raise InputError(f"{path}: ids that stand there again further down: {_lines(ids, twice)}.")
    unknown = [number for number, id_ in enumerate(ids, start=1) if id_ not in known]
    missing = [
        f"{example.id!r} ({place})"
        for example, place in zip(questions.examples, questions.places, strict=True)
        if example.id not in said
    ]
    problems = []
    if unknown:
        problems.append(f"predictions for which there is no question: {_lines(ids, unknown)}")
    if missing:
        problems.append(f"questions for which there is no prediction: {_some(missing)}")
    if problems:
        raise InputError(f"{path}: {'; '.join(problems)}.")
    return [said[example.id] for example in questions.examples]


def _by_order(
    said: list[str], path: Path, questions: Questions, data: Sequence[str]
) -> tuple[list[str], dict[str, int]]:
    wanted, aside = len(questions.examples), questions.unread.total
    if len(said) == wanted:
        return said, {}
    if len(said) == wanted + aside:
        left = {"predictions left out with their questions": aside}
        return [said[order] for order in questions.orders], left
    hold = "hold" if len(data) > 1 else "holds"
    unread = ""
    if aside:
        first = questions.unread.listed[0]
        unread = f" ({aside:,} more can't be read; the first is {first.where}: {first.detail})"
    if len(said) < wanted:
        place = questions.places[len(said)]
        partner = f"The question at {place} is the first without a prediction"
    else:
        partner = f"Line {wanted + 1} is the first prediction without a question"
    raise InputError(
        f"{path}: holds {counted(len(said), 'prediction')}; {', '.join(map(str, data))} {hold} "
        f"{counted(wanted, 'question')}{unread}. {partner}. Give one prediction a line, in the "
        "order of the questions."
    )


def _lines(ids: Sequence[str], numbers: Sequence[int]) -> str:
    return _some([f"{ids[number - 1]!r} (line {number})" for number in numbers])


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
