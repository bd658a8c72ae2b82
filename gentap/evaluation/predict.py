"""A model's answers to questions: sorted by length, batch by batch, kept as they come."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from gentap.documents.rejected import RejectedRecord, RejectedRecords
from gentap.errors import InputError
from gentap.evaluation.results import Shown
from gentap.model.answerer import Answerer, Asked
from gentap.records import Example, Kind
from gentap.runs.counting import counted
from gentap.runs.files.output_files import write_json
from gentap.runs.files.own_files import EDITED, read_json
from gentap.runs.net import INTERNAL_ERROR, apart, net
from gentap.runs.runner import Progress
from gentap.settings.sections import EvaluateSettings
from gentap.tables.truncate import Fitted

_KINDS: tuple[Kind, ...] = ("cell", "long")
_LOST = ".lost.json"
"""Ends the name of the file beside a chunk's with what got no answer, and why."""


@dataclass(frozen=True, slots=True)
class Length:
    """How beam search is led to longer or shorter answers."""

    penalty: float
    least: int


class ChunkedAnswers:
    """Answers the same questions, once or with several length settings.

    Inputs are encoded and sorted by length once. Answers are written chunk by chunk, so that a
    rerun takes up the work where it was broken off; the model is loaded when the first one is
    needed, unless it is given. ``shown`` says for each question what of its table the model sees,
    None where that is all of it. ``unread`` are those that the net caught, so far; they get no
    answer.
    """

    def __init__(
        self,
        path: str,
        examples: Sequence[Example],
        settings: EvaluateSettings,
        *,
        model: Any = None,
    ) -> None:
        from gentap.model.loading.causal_checkpoints import has_two_decoders
        from gentap.model.loading.checkpoints import check_model

        self._settings = settings
        self._kinds: list[Kind] = [
            example.kind if settings.decoder == "auto" else settings.decoder for example in examples
        ]
        self.counts: Counter[str] = Counter()
        if not has_two_decoders(check_model(path)):
            self.counts["cell questions answered by the model's one decoder"] = sum(
                kind == "cell" for kind in self._kinds
            )
        self._answerer = Answerer(
            path,
            beams=settings.beams,
            max_tokens=settings.max_answer_tokens,
            batch_size=settings.batch_size,
            constrain=settings.constrain_cells,
            precision=settings.precision,
            network=model,
        )
        self.shown: list[Shown | None] = []
        self.unread = RejectedRecords()
        self._ids = [example.id for example in examples]
        self._asked = [self._encode(example) for example in examples]
        self._order = sorted(
            (place for place, asked in enumerate(self._asked) if len(asked.ids)),
            key=lambda place: (self._kinds[place], len(self._asked[place].ids), place),
        )

    def _encode(self, example: Example) -> Asked:
        """As the model reads it; no ids where something unforeseen goes wrong: then no answer."""
        table = example.table
        asked = Asked([], table, Fitted.whole(table), False)
        with net(example.id, lambda *entry: self.unread.add(RejectedRecord(*entry))):
            asked = self._answerer.encode(example.question, table)
        fitted = asked.fitted
        cut = (len(fitted.rows), len(fitted.columns)) != (len(table.rows), len(table.header))
        self.counts["questions whose table was cut"] += cut
        self.counts["questions that were cut"] += asked.question_cut
        self.shown.append(Shown(fitted.rows, fitted.columns) if cut else None)
        return replace(asked, ids=np.asarray(asked.ids, dtype=np.int32))

    def answer(self, length: Length, folder: Path, label: str) -> list[str]:
        """A text for each question, in their order; ``folder`` keeps what is written."""
        folder.mkdir(parents=True, exist_ok=True)
        texts = [""] * len(self._asked)
        progress = Progress(label, len(self._order), "questions")
        for start in range(0, len(self._order), self._settings.chunk):
            places = self._order[start : start + self._settings.chunk]
            file = folder / f"{start:08d}.json"
            if file.exists():
                progress.skip(len(places))
            else:
                lost: dict[int, str] = {}
                texts_of_chunk = self._write(places, length, progress, lost)
                file.with_suffix(_LOST).unlink(missing_ok=True)  # of a run that broke off here
                if lost:
                    write_json(file.with_suffix(_LOST), list(lost.items()))
                write_json(file, texts_of_chunk)
            found: list[str] = read_json(file, list[str])
            if file.with_suffix(_LOST).exists():
                for place, fault in read_json(file.with_suffix(_LOST), list[tuple[int, str]]):
                    self.unread.add(RejectedRecord(self._ids[place], INTERNAL_ERROR, fault))
            if len(found) != len(places):
                raise InputError(
                    f"{file}: holds {counted(len(found), 'answer')} to "
                    f"{counted(len(places), 'question')}. {EDITED}"
                )
            for place, text in zip(places, found, strict=True):
                texts[place] = text
        return texts

    def _write(
        self, places: Sequence[int], length: Length, progress: Progress, lost: dict[int, str]
    ) -> list[str]:
        """The texts of a chunk; ``lost`` takes what went wrong with those that get none."""

        def lose(place: int, fault: str) -> str:
            lost[place] = fault
            return ""

        def write(some: Sequence[int]) -> list[str]:
            written = self._answerer.write(
                [self._asked[place] for place in some],
                (kind,),
                min_tokens=length.least,
                length_penalty=length.penalty,
                progress=progress.advance,
            )
            return [text for text, _ in written[kind]]

        texts: list[str] = []
        for kind in _KINDS:  # their order in a chunk
            texts += apart(write, [at for at in places if self._kinds[at] == kind], lose)
        return texts
