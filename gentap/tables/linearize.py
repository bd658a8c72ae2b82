"""A question and a table as one sequence of tokens.

The string form of a question about a two-row table::

    which film did she make in 2005? <title> Jane Doe <section> Filmography <head> Year <cell> Film
    <row> 2004 <cell> Dawn <row> 2005 <cell> Dusk

The marks in angle brackets are single tokens of the model's vocabulary (:data:`SPECIAL_TOKENS`).
The model sees the tokens of each text between its marks, so that the length of a table is the sum
of its parts and truncation is exact.
"""

import re
import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from gentap.errors import InputError
from gentap.records import Cell, Table
from gentap.settings.sections import LinearizerSettings
from gentap.tables.truncate import Fitted, fit

TITLE, SECTION, CAPTION = "<title>", "<section>", "<caption>"
HEAD, ROW, CELL = "<head>", "<row>", "<cell>"
SENTENCE, ENTRY = "<sentence>", "<entry>"
SPECIAL_TOKENS = (TITLE, SECTION, CAPTION, HEAD, ROW, CELL, SENTENCE, ENTRY)

_PIECES = re.compile(r"\w{1,3}|[^\w\s]")
_SIGNS = bytes.maketrans(
    (string.ascii_letters + string.digits + "_" + string.punctuation.replace("_", "")).encode(),
    b"w" * 63 + b"." * 31,
)
"""ASCII letters, digits and underscores to ``w``, other signs to a point."""

Tokenize = Callable[[Sequence[str]], list[list[int]]]
"""Texts to token ids, without special tokens."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """Token ids with what closes an input, the table that they hold, and how it was cut.

    ``question_cut`` says that the question was longer than its share.
    """

    ids: list[int]
    fitted: Fitted
    question_cut: bool


class Linearizer:
    """Turns a question and a table into token ids within a budget."""

    def __init__(
        self,
        settings: LinearizerSettings,
        tokenize: Tokenize,
        marks: Mapping[str, int],
        end: Sequence[int],
        start: Sequence[int] = (),
        target_start: Sequence[int] = (),
        asks: tuple[Sequence[int], Sequence[int]] | None = None,
    ) -> None:
        """Texts begin with ``start``, or targets with ``target_start``, and end with ``end``.

        ``end`` holds the end token, and a language's where the model's texts close with one.
        ``asks`` are what inputs end with instead that ask for an answer, and for a question.
        """
        self.settings = settings
        self.start, self.end, self.target_start = tuple(start), tuple(end), tuple(target_start)
        self.asks_answer, self.asks_question = map(tuple, asks or (end, end))
        self.tokenize = tokenize
        self._marks = marks

    def fit(self, table: Table, question: str = "", keep: Sequence[Cell] = ()) -> Fitted:
        """Cut a table to the budget that is left beside a question of full length.

        Rows are kept by their closeness to ``question``; those of ``keep`` come first.
        """
        return self._fit(table, question, keep, self.room - self.settings.max_question_tokens)

    def encode(
        self, question: str, table: Table, keep: Sequence[Cell] = (), *, cut_table: bool = True
    ) -> Encoded:
        """Linearize; ``cut_table=False`` leaves the table as :meth:`fit` once returned it."""
        question_ids = self.tokenize([question])[0]
        longest = self.settings.max_question_tokens
        cut = len(question_ids) > longest
        question_ids = question_ids[:longest]
        if cut_table:
            budget = self.room - len(question_ids)
            fitted = self._fit(table, question, keep, budget)
        else:
            fitted = Fitted.whole(table)
        table_ids = self.table_ids(fitted.table)
        return Encoded(self.framed([*question_ids, *table_ids]), fitted, cut)

    def framed(self, ids: Sequence[int], *, target: bool = False) -> list[int]:
        """An input that asks for an answer, or with ``target`` what is to be written for one."""
        if target:
            return [*self.target_start, *ids, *self.end]
        return [*self.start, *ids, *self.asks_answer]

    def table_ids(self, table: Table) -> list[int]:
        """Token ids of a table as it stands, without an end mark."""
        pieces = table_pieces(table)
        ids: list[int] = []
        for (mark, _), tokens in zip(
            pieces, self.tokenize([text for _, text in pieces]), strict=True
        ):
            ids.append(self._marks[mark])
            ids.extend(tokens)
        return ids

    def mark_texts(self, pieces: Sequence[tuple[str, str]], *, target: bool = False) -> list[int]:
        """Token ids of ``(mark, text)`` pieces, with what closes them; the mark "" is none.

        They are an input that asks for a question, or with ``target`` what a model is to write.
        Raises InputError for a mark that the vocabulary does not have.
        """
        ids = [*(self.target_start if target else self.start)]
        close = self.end if target else self.asks_question
        for (mark, _), tokens in zip(
            pieces, self.tokenize([text for _, text in pieces]), strict=True
        ):
            if mark and mark not in self._marks:
                raise InputError(f"A piece has the mark {mark!r}, which the vocabulary lacks.")
            if mark:
                ids.append(self._marks[mark])
            ids.extend(tokens)
        return [*ids[: self.settings.max_tokens - len(close)], *close]

    @property
    def room(self) -> int:
        """The tokens that question and table may have, without what stands around them."""
        return self.settings.max_tokens - len(self.start) - len(self.asks_answer)

    def _fit(self, table: Table, question: str, keep: Sequence[Cell], budget: int) -> Fitted:
        def lengths(texts: Sequence[str]) -> list[int]:
            return [len(ids) + 1 for ids in self.tokenize(texts)]

        return fit(table, lengths, budget, self.settings.max_cell_chars, question, keep)


def table_pieces(table: Table) -> list[tuple[str, str]]:
    """The marks and texts of a table in order; empty title, section and caption are left out."""
    context = [(TITLE, table.title), (SECTION, table.section), (CAPTION, table.caption)]
    pieces = [(mark, text) for mark, text in context if text]
    for first, row in ((HEAD, table.header), *((ROW, row) for row in table.rows)):
        pieces += [(first if column == 0 else CELL, text) for column, text in enumerate(row)]
    return pieces


def linearize(question: str, table: Table) -> str:
    """The string form, for people to read; see the module's example."""
    return " ".join([question, *(f"{mark} {text}".rstrip() for mark, text in table_pieces(table))])


def fit_by_estimate(table: Table, settings: LinearizerSettings) -> Fitted:
    """Cut a table as :meth:`Linearizer.fit` does, where no tokenizer is at hand."""
    budget = settings.max_tokens - settings.max_question_tokens - 1
    return fit(table, estimate_lengths, budget, settings.max_cell_chars)


def estimate_lengths(texts: Sequence[str]) -> list[int]:
    """A token for the mark of each text, for three letters of a word, and for a sign.

    Texts of ASCII are measured all at once.
    """
    plain = [text if text.isascii() and "\n" not in text else "" for text in texts]
    signs = "\n".join(plain).encode().translate(_SIGNS)
    pieces = signs.replace(b"www", b"x").replace(b"ww", b"x").replace(b" ", b"").split(b"\n")
    return [
        len(signs) + 1 if one is text else len(_PIECES.findall(text)) + 1
        for text, one, signs in zip(texts, plain, pieces, strict=True)
    ]
