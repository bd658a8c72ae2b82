"""Answer questions about tables: the sentence, the cell, and which cell it is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gentap.errors import InputError
from gentap.model.objectives import DECODERS, Decoder
from gentap.records import Cell, Table
from gentap.settings.sections import LinearizerSettings, Precision
from gentap.tables.truncate import Fitted


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model says: a sentence, a cell's value, and the place of that cell in the table.

    ``cell`` is None where no cell has that value. ``rows`` and ``columns`` are those of the table
    that the model saw; ``cut`` says that these were not all, or that a text was shortened.
    ``probability`` is that with which the cell decoder writes just this value.
    """

    sentence: str
    value: str
    cell: Cell | None
    cut: bool
    rows: tuple[int, ...]
    columns: tuple[int, ...]
    probability: float = field(default=0.0, compare=False)  # its last digits depend on the batch


@dataclass(frozen=True, slots=True)
class Asked:
    """A question about a table as a model reads it.

    ``ids`` are a sequence of token ids, ``fitted`` is what they hold of the table.
    """

    ids: Any
    table: Table
    fitted: Fitted
    question_cut: bool


class Answerer:
    """A model that is loaded once and answers many questions, each encoded once.

    ``constrain`` lets the cell decoder write nothing but a cell of the table. The weights are
    loaded when they are first needed, unless the model is given as ``network``. Raises InputError
    where the folder or hub name holds no model.
    """

    def __init__(
        self,
        model: str,
        *,
        beams: int = 4,
        max_tokens: int = 64,
        batch_size: int = 32,
        constrain: bool = False,
        precision: Precision = "auto",
        network: Any = None,
    ) -> None:
        from gentap.model.tokenizer import load_tokenizer

        self._path, self._network = model, network
        self._tokenizer = load_tokenizer(model, LinearizerSettings())
        self._beams, self._max_tokens = beams, max_tokens
        self._batch_size, self._constrain, self._precision = batch_size, constrain, precision

    def answer(self, table: Any, question: str) -> Answer:
        """The answer to one question; for kinds of tables see :func:`to_table`."""
        return self.answer_many([(question, to_table(table))])[0]

    def answer_many(self, questions: Sequence[tuple[str, Any]]) -> list[Answer]:
        """An answer to each question about its table, in their order."""
        asked = [self.encode(question, to_table(table)) for question, table in questions]
        written = self._write(asked, DECODERS, likely=("cell",))
        return [
            Answer(
                sentence,
                value,
                cell,
                one.question_cut or one.fitted.table != one.table,
                one.fitted.rows,
                one.fitted.columns,
                probability or 0.0,
            )
            for one, (sentence, _, _), (value, cell, probability) in zip(
                asked, written["long"], written["cell"], strict=True
            )
        ]

    def load(self) -> None:
        """Load the weights now, not when they are first needed."""
        from gentap.model.loading.load import load_table_model

        if self._network is None:
            self._network = load_table_model(self._path, tokenizer=self._tokenizer)

    def encode(self, question: str, table: Table) -> Asked:
        """The question and what of its table the model reads, as token ids."""
        encoded = self._tokenizer.linearizer.encode(question, table)
        return Asked(encoded.ids, table, encoded.fitted, encoded.question_cut)

    def write(
        self,
        asked: Sequence[Asked],
        decoders: Sequence[Decoder],
        *,
        min_tokens: int = 0,
        length_penalty: float = 1.0,
        progress: Callable[[int], None] | None = None,
    ) -> dict[Decoder, list[tuple[str, Cell | None]]]:
        """A text by each decoder for each question, with the cell of its table that has it.

        The batch is encoded once for all decoders.
        """
        written = self._write(
            asked,
            decoders,
            min_new_tokens=min_tokens,
            length_penalty=length_penalty,
            progress=progress,
        )
        return {
            decoder: [(text, cell) for text, cell, _ in of_decoder]
            for decoder, of_decoder in written.items()
        }

    def _write(
        self, asked: Sequence[Asked], decoders: Sequence[Decoder], **options: Any
    ) -> dict[Decoder, list[tuple[str, Cell | None, float | None]]]:
        """As :meth:`write`, with the probability of each text where the options ask for it."""
        from gentap.model.cell_tree import CellTree, cell_text, find_cell
        from gentap.model.generate import generate

        self.load()
        bound = self._constrain and "cell" in decoders
        trees = [CellTree(self._tokenizer, one.fitted) for one in asked] if bound else []
        written = generate(
            self._network,
            self._tokenizer,
            [one.ids for one in asked],
            decoders=decoders,
            trees=[tree.root for tree in trees] or None,
            beams=self._beams,
            max_new_tokens=self._max_tokens,
            batch_size=self._batch_size,
            precision=self._precision,
            **options,
        )
        found: dict[Decoder, list[tuple[str, Cell | None, float | None]]] = {}
        for decoder in decoders:
            likely = [one.probability for one in written[decoder]]
            if trees and decoder == "cell":
                pairs = zip(trees, written["cell"], strict=True)
                cells = [tree.cell(one.ids) for tree, one in pairs]
                texts = [cell_text(one.table, at) for one, at in zip(asked, cells, strict=True)]
            else:
                texts = self._tokenizer.texts([one.ids for one in written[decoder]])
                cells = [
                    find_cell(one.fitted, text) for one, text in zip(asked, texts, strict=True)
                ]
            found[decoder] = list(zip(texts, cells, likely, strict=True))
        return found


def to_table(given: Any) -> Table:
    """A Table, a pandas or polars frame, a list of dicts of one row each, or a file's
    path: CSV, an Excel workbook, or Parquet or JSONL of tables.

    Missing values become empty cells. Raises InputError for anything else, and for a table of no
    row or column.
    """
    if isinstance(given, Table):
        return given
    if isinstance(given, str | Path):
        from gentap.documents.table_files import read_first_table

        return read_first_table(Path(given))[0].table
    if isinstance(given, Sequence) and all(isinstance(row, dict) for row in given):
        header = list(dict.fromkeys(name for row in given for name in row))
        rows = [[row.get(name) for name in header] for row in given]
    elif hasattr(given, "columns") and hasattr(given, "iter_rows"):  # polars
        header, rows = list(given.columns), [list(row) for row in given.iter_rows()]
    elif hasattr(given, "columns") and hasattr(given, "itertuples"):  # pandas
        header = list(given.columns)
        rows = [list(row) for row in given.itertuples(index=False, name=None)]
    else:
        raise InputError(
            f"A {type(given).__name__} is no table. Give a pandas or polars frame, a list of "
            "dicts, the path of a CSV file, or a gentap Table."
        )
    if not (header and rows):
        raise InputError("The table has no rows or no columns.")
    texts = tuple(tuple(map(_text, row)) for row in rows)
    return Table(header=tuple(str(name) for name in header), rows=texts)


def _text(value: Any) -> str:
    missing = value is None or value != value or str(value) in ("<NA>", "NaT")
    return "" if missing else " ".join(str(value).split())


def answer(
    model: str,
    table: Any,
    question: str,
    *,
    beams: int = 4,
    max_tokens: int = 64,
    constrain: bool = False,
) -> Answer:
    """Load a model's folder and ask it one question; see :class:`Answerer` for more."""
    answerer = Answerer(model, beams=beams, max_tokens=max_tokens, constrain=constrain)
    return answerer.answer(table, question)
