"""A model's answers to questions: sorted by length, batch by batch, kept as they come."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gentap.documents.rejected import RejectedRecord
from gentap.evaluation.results import Shown
from gentap.records import Example, Kind, Table
from gentap.runs.net import net
from gentap.runs.runner import Progress
from gentap.runs.store import write_json
from gentap.settings.sections import EvaluateSettings, LinearizerSettings
from gentap.tables.linearize import Encoded
from gentap.tables.truncate import Fitted


@dataclass(frozen=True, slots=True)
class Length:
    """How beam search is led to longer or shorter answers."""

    penalty: float
    least: int


class Answerer:
    """Answers the same questions, once or with several length settings.

    Inputs are encoded and sorted by length once. Answers are written chunk by chunk, so that a
    rerun takes up the work where it was broken off; the model is loaded when the first one is
    needed, unless it is given. ``shown`` says for each question what of its table the model sees,
    None where that is all of it. ``unread`` are those that the net caught; they get no answer.
    """

    def __init__(
        self,
        path: str,
        examples: Sequence[Example],
        settings: EvaluateSettings,
        *,
        model: Any = None,
    ) -> None:
        from gentap.model.checkpoints import load_config
        from gentap.model.tokenizer import load_tokenizer

        self._path, self._settings = path, settings
        self._kinds: list[Kind] = [
            example.kind if settings.decoder == "auto" else settings.decoder for example in examples
        ]
        self.counts: Counter[str] = Counter()
        if load_config(path).model_type != "gentap":
            self.counts["cell questions answered by the model's one decoder"] = sum(
                kind == "cell" for kind in self._kinds
            )
        self._tokenizer = load_tokenizer(path, LinearizerSettings())
        self._model = model
        self._tables: list[tuple[Fitted, Table]] = []
        self.shown: list[Shown | None] = []
        self.unread: list[RejectedRecord] = []
        self._inputs = [self._encode(example) for example in examples]
        self._order = sorted(
            (place for place, ids in enumerate(self._inputs) if len(ids)),
            key=lambda place: (self._kinds[place], len(self._inputs[place]), place),
        )

    def _encode(self, example: Example) -> NDArray[np.int32]:
        """Its token ids; none where something unforeseen went wrong: it then gets no answer."""
        table = example.table
        encoded = Encoded([], Fitted.whole(table), False)
        with net(example.id, lambda *entry: self.unread.append(RejectedRecord(*entry))):
            encoded = self._tokenizer.linearizer.encode(example.question, table)
        fitted = encoded.fitted
        cut = (len(fitted.rows), len(fitted.columns)) != (len(table.rows), len(table.header))
        self.counts["questions whose table was cut"] += cut
        self.counts["questions that were cut"] += encoded.question_cut
        self.shown.append(Shown(fitted.rows, fitted.columns) if cut else None)
        self._tables.append((fitted, table))
        return np.asarray(encoded.ids, dtype=np.int32)

    def answer(self, length: Length, folder: Path, label: str) -> list[str]:
        """A text for each question, in their order; ``folder`` keeps what is written."""
        folder.mkdir(parents=True, exist_ok=True)
        texts = [""] * len(self._inputs)
        progress = Progress(label, len(self._order), "questions")
        for start in range(0, len(self._order), self._settings.chunk):
            places = self._order[start : start + self._settings.chunk]
            file = folder / f"{start:08d}.json"
            if file.exists():
                progress.skip(len(places))
            else:
                write_json(file, self._write(places, length, progress))
            for place, text in zip(
                places, json.loads(file.read_text(encoding="utf-8")), strict=True
            ):
                texts[place] = text
        return texts

    def _write(self, places: Sequence[int], length: Length, progress: Progress) -> list[str]:
        from gentap.model.cell_tree import write_cells
        from gentap.model.generate import generate_texts
        from gentap.model.network import load_model

        if self._model is None:
            self._model = load_model(self._path, vocabulary=len(self._tokenizer.hf))
        settings = self._settings
        texts: list[str] = []
        for kind in ("cell", "long"):  # their order in a chunk
            of_kind = [place for place in places if self._kinds[place] == kind]
            inputs = [self._inputs[place].tolist() for place in of_kind]
            options: dict[str, Any] = {
                "beams": settings.beams,
                "length_penalty": length.penalty,
                "batch_size": settings.batch_size,
                "precision": settings.precision,
                "progress": progress.advance,
            }
            if inputs and kind == "cell" and settings.constrain_cells:
                tables = [self._tables[place] for place in of_kind]
                texts += write_cells(self._model, self._tokenizer, inputs, tables, **options)
            elif inputs:
                texts += generate_texts(
                    self._model,
                    self._tokenizer,
                    inputs,
                    decoder=kind,
                    max_new_tokens=settings.max_answer_tokens,
                    min_new_tokens=length.least,
                    **options,
                )
        return texts
