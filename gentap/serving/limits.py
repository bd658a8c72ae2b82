"""What one request may ask for, so that none of them takes the server from the others."""

from dataclasses import dataclass

from gentap.errors import InputError
from gentap.records import Table
from gentap.runs.counting import counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Sizes of a request, and how long and how many may wait.

    ``batch`` is the most questions that a model answers at a time.
    """

    body_bytes: int = 16 * 2**20
    cells: int = 100_000
    question_characters: int = 2_000
    questions: int = 64
    waiting: int = 512
    seconds: float = 120.0
    batch: int = 16


def check_asked(question: str, table: Table, limits: Limits) -> None:
    """Raise InputError where a question is empty or too long, or its table too large."""
    if not question.strip():
        raise InputError("The question is empty.")
    if len(question) > limits.question_characters:
        raise InputError(
            f"The question has {counted(len(question), 'character')}; at most "
            f"{limits.question_characters:,} are read."
        )
    check_cells(table, limits)


def check_cells(table: Table, limits: Limits) -> None:
    """Raise InputError where a table has no row or column, or too many cells."""
    cells = len(table.header) * len(table.rows)
    if not cells:
        raise InputError("The table has no rows or no columns.")
    if cells > limits.cells:
        raise InputError(
            f"The table has {counted(cells, 'cell')}; at most {limits.cells:,} are taken. Keep "
            "the rows "
            "and columns that you ask about."
        )
