"""Examples as token ids: the question and its table in, the answer out."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import Literal, cast

from gentap.documents.rejected import RejectedRecord, guarded_each
from gentap.model.tokenizer import TableTokenizer, load_tokenizer
from gentap.records import Example, Kind, Row, example_from_row
from gentap.runs.store import Tally
from gentap.settings.sections import LinearizerSettings
from gentap.training.data.losses import (
    CUT_EVIDENCE,
    EMPTY_TARGET,
    LONG_QUESTION,
    LONG_TABLE,
    LONG_TARGET,
)
from gentap.training.data.tokenize_ahead import tokenize_ahead

EncodedPair = tuple[list[int], list[int]] | RejectedRecord

CorpusPart = Kind | Literal["stated"]
"""What a corpus' examples are read as: ``stated`` are the sentence answers that a grammar states,
``long`` all others."""


def part_of(row: Row) -> CorpusPart:
    stated = row["kind"] == "long" and row["origin"] == "grammar"
    return "stated" if stated else cast(Kind, row["kind"])


class TableEncoder:
    """Encodes examples for a checkpoint; targets of more than ``longest`` tokens are set aside.

    A grammar's table must fit as it is, for its answer was computed on it; others are cut, their
    evidence kept.
    """

    def __init__(self, base: str, linearizer: LinearizerSettings, longest: int) -> None:
        self._base, self._linearizer, self._longest = base, linearizer, longest
        self._tokenizer: TableTokenizer | None = None

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_tokenizer": None}  # each process loads its own

    @property
    def tokenizer(self) -> TableTokenizer:
        if self._tokenizer is None:
            self._tokenizer = load_tokenizer(self._base, self._linearizer)
        return self._tokenizer

    def encode(
        self,
        source: Sequence[Example] | Sequence[Path],
        part: CorpusPart,
        tally: Tally,
        workers: int,
    ) -> Iterator[EncodedPair]:
        """Pairs of examples of a kind, or of a part of a corpus' Parquet files; counted in
        ``tally``.

        A folder that `gentap sample` wrote holds examples of both kinds.
        """
        files = [one for one in source if isinstance(one, Path)]
        examples = [one for one in source if isinstance(one, Example)]
        for pairs, counted in tokenize_ahead(files, partial(self.encode_rows, part), workers):
            tally.add(counted)
            yield from pairs
        wanted = (example for example in examples if example.kind == part)
        yield from guarded_each(wanted, partial(self._pair, tally=tally), attrgetter("id"))

    def encode_rows(
        self, part: CorpusPart, rows: Iterable[Row]
    ) -> tuple[list[EncodedPair], dict[str, dict[str, int]]]:
        """The pairs of a part of a corpus' rows, and what was counted of them."""
        tally = Tally()
        pairs = guarded_each(
            (row for row in rows if part_of(row) == part),
            lambda row: self._pair(example_from_row(row), tally),
            lambda row: str(row["id"]),
        )
        return list(pairs), tally.to_json()

    def _pair(self, example: Example, tally: Tally) -> Iterator[EncodedPair]:
        """One pair, counted in ``tally``."""
        yield self._encoded(example, tally)

    def _encoded(self, example: Example, tally: Tally) -> EncodedPair:
        target = self.tokenizer.target_ids(example.answer)
        if len(target) == len(self.tokenizer.target_ids("")):
            return RejectedRecord(example.id, EMPTY_TARGET, example.question)
        if len(target) > self._longest:
            return RejectedRecord(example.id, LONG_TARGET, example.answer)
        computed = example.origin == "grammar"
        encoded = self.tokenizer.linearizer.encode(
            example.question, example.table, example.cells, cut_table=not computed
        )
        if len(encoded.ids) > self.tokenizer.settings.max_tokens:
            return RejectedRecord(example.id, LONG_TABLE, example.question)
        if encoded.question_cut:
            return RejectedRecord(example.id, LONG_QUESTION, example.question)
        shown, table = encoded.fitted, example.table
        kept = sum(shown.place(cell) is not None for cell in example.cells)
        cut = (len(shown.rows), len(shown.columns)) != (len(table.rows), len(table.header))
        tally.counts["examples"] += 1
        tally.counts["examples whose table was cut"] += cut
        tally.counts["examples with all evidence kept"] += kept == len(example.cells)
        if kept < len(example.cells):
            tally.counts[CUT_EVIDENCE] += 1
        return encoded.ids, target
