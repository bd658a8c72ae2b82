"""A mistake in a grammar, and what a misspelt word may have been."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """What is wrong with a grammar, and where (both from 1); an idle rule is no reason to stop."""

    line: int
    column: int
    message: str
    stops: bool = True

    def text(self, name: str) -> str:
        return f"{name}, line {self.line}, column {self.column}: {self.message}"


def hint(word: str, known: Sequence[str]) -> str:
    """``Did you mean …?`` with a leading space, or nothing."""
    near = difflib.get_close_matches(word, known, n=1)
    return f" Did you mean '{near[0]}'?" if near and near[0] != word else ""
