"""Thumbs up and down on answers, kept as questions that a model can be finetuned on."""

import json
import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

from gentap.errors import InputError, SettingError
from gentap.records import Cell, table_to_row
from gentap.runs.files.missing_paths import no_such
from gentap.runs.files.output_files import write_text
from gentap.serving.answer_service import ModelReply
from gentap.serving.named_cells import named_cells

Verdict = Literal["up", "down"]
_REMEMBERED = 2_000
_LONGEST = 2_000


class FeedbackFile:
    """A JSONL file of judged answers in the plain layout of annotated questions.

    An answer with a thumb up is a question with its right answer; one with a thumb down has the
    right answer that was given with it, or none, and is then set aside by whoever reads the file as
    questions. A second verdict on an answer replaces the first one. Raises SettingError where the
    file holds something else.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._replies: OrderedDict[str, tuple[str, ModelReply]] = OrderedDict()
        self._judged: set[str] = set()
        if path.exists():
            _check(path)
        elif not path.parent.is_dir():
            raise SettingError(f"--feedback: {no_such(path.parent, 'folder')}")

    def remember(self, question: str, reply: ModelReply) -> str:
        """The name by which an answer can be judged, as long as it is among the last 2,000."""
        identifier = uuid4().hex[:16]
        with self._lock:
            self._replies[identifier] = (question, reply)
            while len(self._replies) > _REMEMBERED:
                self._replies.popitem(last=False)
        return identifier

    def judge(self, identifier: str, verdict: Verdict, right: str = "") -> None:
        """Keep a verdict, with the right answer where there is one.

        Raises InputError where the answer is not remembered, or the right one is too long.
        """
        right = " ".join(right.split())
        if len(right) > _LONGEST:
            raise InputError(f"The right answer has more than {_LONGEST:,} characters.")
        with self._lock:
            if identifier not in self._replies:
                raise InputError("This answer is no longer known here. Ask again and judge that.")
            question, reply = self._replies[identifier]
            entry = _entry(identifier, question, reply, verdict, right)
            line = json.dumps(entry, ensure_ascii=False) + "\n"
            if identifier in self._judged:
                kept = [f"{old}\n" for old in _lines(self.path)]
                others = [old for old in kept if json.loads(old).get("id") != identifier]
                write_text(self.path, "".join([*others, line]))
            else:
                with self.path.open("a", encoding="utf-8") as file:
                    file.write(line)
            self._judged.add(identifier)


def _entry(
    identifier: str, question: str, reply: ModelReply, verdict: Verdict, right: str
) -> dict[str, Any]:
    entry: dict[str, Any] = {"id": identifier, "question": " ".join(question.split())}
    if verdict == "up":
        entry |= {"answer": reply.answer.sentence, "cells": _pairs(reply.named.cells)}
    elif right:
        entry |= {"answer": right, "cells": _pairs(named_cells(right, reply.table).cells)}
    said = {"model": reply.model, "sentence": reply.answer.sentence, "value": reply.answer.value}
    return {**entry, "table": table_to_row(reply.table), "verdict": verdict, "said": said}


def _pairs(cells: tuple[Cell, ...]) -> list[list[int]]:
    return [list(cell) for cell in cells]


def _lines(path: Path) -> list[str]:
    """Parted by line feeds alone: other ends of lines may stand within a text of JSON."""
    return [line for line in path.read_text(encoding="utf-8").split("\n") if line]


def _check(path: Path) -> None:
    """Raise SettingError unless each line of the file is a verdict."""
    try:
        entries = [json.loads(line) for line in _lines(path)]
    except (OSError, ValueError):
        entries = [None]
    if not all(isinstance(entry, dict) and "verdict" in entry for entry in entries):
        raise SettingError(
            f"--feedback: {path}: holds something else than verdicts. Give another name."
        )
