"""What a base learns from, as windows of tokens with the spans in them that may be hidden."""

from collections.abc import Callable, Iterator
from pathlib import Path

from gentap.documents.read import Unread
from gentap.model.tokenizer import TableTokenizer, with_marks
from gentap.records import Cell, Mined, mined_from_row, table_from_row
from gentap.store import read_rows
from gentap.tables.linearize import CELL, HEAD, ROW

SHORTEST = 8
"""Tokens below which a window has too little in it to learn from."""

Window = tuple[list[int], list[int]]
"""Token ids, and flat starts and ends of the spans that may be hidden."""
Picked = Callable[[str], bool]


def prose_windows(
    documents: list[Path], tokenizer: TableTokenizer, picked: Picked
) -> Iterator[Window]:
    """The paragraphs one after another, cut where a window is full; any span may be hidden."""
    size = tokenizer.settings.max_tokens
    end = tokenizer.hf.eos_token_id
    held: list[int] = []
    for row in read_rows(documents):
        for number, text in enumerate(row["blocks"]):
            if not picked(f"{row['url']}:{number}"):
                continue
            held += [*tokenizer.hf(text, add_special_tokens=False)["input_ids"], end]
            while len(held) >= size:
                yield held[:size], []
                held = held[size:]
    if len(held) >= SHORTEST:
        yield held, []


def table_windows(
    files: list[Path], tokenizer: TableTokenizer, picked: Picked
) -> Iterator[Window | Unread]:
    """Linearized tables as the model sees them; any body cell that is not empty may be hidden."""
    linearizer = tokenizer.linearizer
    marks = [tokenizer.hf.convert_tokens_to_ids(mark) for mark in (HEAD, ROW, CELL)]
    for row in read_rows(files):
        if picked(row["id"]):
            ids = linearizer.table_ids(linearizer.fit(table_from_row(row)).table)
            spans = cell_spans(ids, *marks)
            if spans:
                yield ids, spans
            else:
                yield Unread(row["id"], "table without a cell to hide", row["title"])


def cell_spans(ids: list[int], head: int, row: int, cell: int) -> list[int]:
    """Flat starts and ends of the body cells of a linearized table, empty ones left out.

    ``head``, ``row`` and ``cell`` are the marks' ids; the body begins at the first ``row``.
    """
    body = ids.index(row) if row in ids else len(ids)
    marks = [place for place in range(body, len(ids)) if ids[place] in (row, cell)]
    spans: list[int] = []
    for start, stop in zip(marks, [*marks[1:], len(ids)], strict=True):
        if stop > start + 1:
            spans += [start + 1, stop]
    return spans


def sentence_windows(
    files: list[Path], tokenizer: TableTokenizer, picked: Picked
) -> Iterator[Window | Unread]:
    """Mined sentences in a question's place before their table; the shared values may be hidden."""
    longest = tokenizer.settings.max_question_tokens
    for row in read_rows(files):
        if not picked(row["id"]):
            continue
        mined = mined_from_row(row)
        ids, spans = _sentence_ids(mined, tokenizer)
        if len(ids) > longest:
            yield Unread(mined.id, "sentence too long to stand before its table", mined.sentence)
            continue
        keep = sorted({Cell(cell.row, cell.column) for cell in mined.cells})
        fitted = tokenizer.linearizer.fit(mined.table, keep=keep)
        yield [*ids, *tokenizer.linearizer.table_ids(fitted.table)], spans


def _sentence_ids(mined: Mined, tokenizer: TableTokenizer) -> tuple[list[int], list[int]]:
    """Tokens of the sentence, and where its values stand among them.

    Values are tokenized apart from what is around them, as cells are.
    """
    texts: list[str] = []
    values: list[bool] = []
    place = 0
    for start, end in sorted({(cell.start, cell.end) for cell in mined.cells}):
        if start < place:
            continue  # two cells' values overlap: the first stands for both
        texts += [mined.sentence[place:start], mined.sentence[start:end]]
        values += [False, True]
        place = end
    texts.append(mined.sentence[place:])
    values.append(False)
    ids: list[int] = []
    spans: list[int] = []
    tokenized = tokenizer.hf(texts, add_special_tokens=False)["input_ids"]
    for tokens, value in zip(tokenized, values, strict=True):
        if value and tokens:
            spans += [len(ids), len(ids) + len(tokens)]
        ids += tokens
    return ids, spans


def within(tokenizer: TableTokenizer, size: int) -> TableTokenizer:
    """The same tokenizer, its linearizer bounded by windows of ``size`` tokens."""
    settings = tokenizer.settings
    bounded = min(size, settings.max_tokens)
    question = min(settings.max_question_tokens, bounded // 2)
    return with_marks(
        tokenizer.hf,
        settings.model_copy(update={"max_tokens": bounded, "max_question_tokens": question}),
    )
