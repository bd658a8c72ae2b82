"""Answer one question about one table: the sentence, the cell, and which cell that is."""

from dataclasses import dataclass

from gentap.records import Cell, Table
from gentap.tables.truncate import Fitted
from gentap.tables.values import normal_form


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model says: a sentence, a cell's value, and the place of that cell in the table.

    ``cell`` is None where no cell has that value. ``cut`` says that the model saw not all of the
    table or question.
    """

    sentence: str
    value: str
    cell: Cell | None
    cut: bool


def answer(
    model: str, table: Table, question: str, *, beams: int = 4, max_tokens: int = 64
) -> Answer:
    """Load a model's folder and ask it; both decoders read the same input."""
    from gentap.model.generate import generate_texts
    from gentap.model.network import load_model
    from gentap.model.tokenizer import load_tokenizer
    from gentap.settings import LinearizerSettings

    tokenizer = load_tokenizer(model, LinearizerSettings())
    network = load_model(model, vocabulary=len(tokenizer.hf))
    encoded = tokenizer.linearizer.encode(question, table)
    sentence, value = (
        generate_texts(
            network,
            tokenizer,
            [encoded.ids],
            decoder=decoder,
            beams=beams,
            max_new_tokens=max_tokens,
        )[0]
        for decoder in ("long", "cell")
    )
    cut = encoded.question_cut or encoded.fitted.table != table
    return Answer(sentence, value, find_cell(encoded.fitted, value), cut)


def find_cell(fitted: Fitted, value: str) -> Cell | None:
    """The first cell with that text, else the first with that normal form, in the whole table."""
    form = normal_form(value)
    near = None
    for row, cells in enumerate(fitted.table.rows):
        for column, text in enumerate(cells):
            if text == value and value:
                return fitted.origin(Cell(row, column))
            if near is None and form and normal_form(text) == form:
                near = fitted.origin(Cell(row, column))
    return near
