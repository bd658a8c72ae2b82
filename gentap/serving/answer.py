"""Answer questions about tables: the sentence, the cell, and which cell it is."""

from collections.abc import Sequence
from dataclasses import dataclass

from gentap.records import Cell, Table


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model says: a sentence, a cell's value, and the place of that cell in the table.

    ``cell`` is None where no cell has that value. ``rows`` and ``columns`` are those of the table
    that the model saw; ``cut`` says that these were not all, or that a text was shortened.
    """

    sentence: str
    value: str
    cell: Cell | None
    cut: bool
    rows: tuple[int, ...]
    columns: tuple[int, ...]


class Answerer:
    """A model that is loaded once and answers many questions, each encoded once.

    ``constrain`` lets the cell decoder write nothing but a cell of the table. Raises InputError
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
    ) -> None:
        from gentap.model.load import load_table_model
        from gentap.model.tokenizer import load_tokenizer
        from gentap.settings.sections import LinearizerSettings

        self._tokenizer = load_tokenizer(model, LinearizerSettings())
        self._network = load_table_model(model, tokenizer=self._tokenizer)
        self._beams, self._max_tokens = beams, max_tokens
        self._batch_size, self._constrain = batch_size, constrain

    def answer(self, asked: Sequence[tuple[str, Table]]) -> list[Answer]:
        """An answer to each question about its table, in their order."""
        from gentap.model.cell_tree import CellTree, cell_text, find_cell
        from gentap.model.generate import generate_ids
        from gentap.model.network import DECODERS

        encoded = [self._tokenizer.linearizer.encode(*question) for question in asked]
        trees = (
            [CellTree(self._tokenizer, one.fitted) for one in encoded] if self._constrain else []
        )
        written = generate_ids(
            self._network,
            self._tokenizer,
            [one.ids for one in encoded],
            decoders=DECODERS,
            trees=[tree.root for tree in trees] or None,
            beams=self._beams,
            max_new_tokens=self._max_tokens,
            batch_size=self._batch_size,
        )
        sentences, values = (self._tokenizer.texts(written[decoder]) for decoder in DECODERS)
        answers = []
        for place, ((_, table), one) in enumerate(zip(asked, encoded, strict=True)):
            value = values[place]
            if trees:
                cell = trees[place].cell(written["cell"][place])
                value = cell_text(table, cell)
            else:
                cell = find_cell(one.fitted, value)
            cut = one.question_cut or one.fitted.table != table
            shown = one.fitted.rows, one.fitted.columns
            answers.append(Answer(sentences[place], value, cell, cut, *shown))
        return answers


def answer(
    model: str,
    table: Table,
    question: str,
    *,
    beams: int = 4,
    max_tokens: int = 64,
    constrain: bool = False,
) -> Answer:
    """Load a model's folder and ask it one question; see :class:`Answerer` for more."""
    answerer = Answerer(model, beams=beams, max_tokens=max_tokens, constrain=constrain)
    return answerer.answer([(question, table)])[0]
