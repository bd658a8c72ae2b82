"""What a base learns from, as windows of tokens with the spans in them that may be hidden."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from operator import itemgetter
from pathlib import Path

from gentap.documents.rejected import RejectedRecord, guarded_each
from gentap.errors import SettingError
from gentap.model.tokenizer import SENTINELS, TableTokenizer, with_special_tokens
from gentap.records import DOCUMENT_SCHEMA, Cell, Mined, Row, mined_from_row, table_from_row
from gentap.runs.files.parquet_parts import read_rows
from gentap.tables.linearize import CELL, ROW
from gentap.training.data.losses import LONG_SENTENCE, LONG_VALUES
from gentap.training.data.streams import Hiding

SHORTEST = 8
"""Tokens below which a window has too little in it to learn from."""

Window = tuple[list[int], list[int]]
"""Token ids, and flat starts and ends of the spans that may be hidden."""
Picked = Callable[[str], bool]


def prose_windows(
    documents: Sequence[Path], tokenizer: TableTokenizer, picked: Picked
) -> Iterator[Window | RejectedRecord]:
    """The paragraphs one after another, cut where a window is full; any span may be hidden."""
    size = tokenizer.settings.max_tokens
    held: list[int] = []
    paragraphs = (
        (f"{row['url']}:{number}", text)
        for row in read_rows(documents, schema=DOCUMENT_SCHEMA)
        for number, text in enumerate(row["blocks"])
        if picked(f"{row['url']}:{number}")
    )
    for found in guarded_each(paragraphs, partial(_paragraph_ids, tokenizer), itemgetter(0)):
        if isinstance(found, RejectedRecord):
            yield found
            continue
        held += found
        while len(held) >= size:
            yield held[:size], []
            held = held[size:]
    if len(held) >= SHORTEST:
        yield held, []


def _paragraph_ids(tokenizer: TableTokenizer, paragraph: tuple[str, str]) -> Iterator[list[int]]:
    _, text = paragraph
    yield [*tokenizer.hf(text, add_special_tokens=False)["input_ids"], tokenizer.hf.eos_token_id]


def table_windows(
    rows: Iterable[Row], tokenizer: TableTokenizer, picked: Picked
) -> Iterator[Window | RejectedRecord]:
    """Linearized tables as the model sees them; any body cell that is not empty may be hidden."""
    linearizer = tokenizer.linearizer
    marks = [tokenizer.hf.convert_tokens_to_ids(mark) for mark in (ROW, CELL)]

    def window(row: Row) -> Iterator[Window | RejectedRecord]:
        ids = linearizer.table_ids(linearizer.fit(table_from_row(row)).table)
        spans = cell_spans(ids, *marks)
        if spans:
            yield ids, spans
        else:
            yield RejectedRecord(row["id"], "table without a cell to hide", row["title"])

    return guarded_each((row for row in rows if picked(row["id"])), window, itemgetter("id"))


def table_cells(
    rows: Iterable[Row], tokenizer: TableTokenizer
) -> Iterator[Window | RejectedRecord]:
    """Linearized tables with start, stop and column of each body cell that is not empty, flat."""
    linearizer = tokenizer.linearizer
    row_mark, cell_mark = (tokenizer.hf.convert_tokens_to_ids(mark) for mark in (ROW, CELL))
    for row in rows:
        ids = linearizer.table_ids(linearizer.fit(table_from_row(row)).table)
        body = ids.index(row_mark) if row_mark in ids else len(ids)
        marks = [place for place in range(body, len(ids)) if ids[place] in (row_mark, cell_mark)]
        cells: list[int] = []
        column = 0
        for start, stop in pairwise([*marks, len(ids)]):
            column = 0 if ids[start] == row_mark else column + 1
            if stop > start + 1:
                cells += [start + 1, stop, column]
        if cells:
            yield ids, cells
        else:
            yield RejectedRecord(row["id"], "table without a cell to replace", row["title"])


def cell_spans(ids: list[int], row: int, cell: int) -> list[int]:
    """Flat starts and ends of the body cells of a linearized table, empty ones left out.

    ``row`` and ``cell`` are the marks' ids; the body begins at the first ``row``.
    """
    body = ids.index(row) if row in ids else len(ids)
    marks = [place for place in range(body, len(ids)) if ids[place] in (row, cell)]
    spans: list[int] = []
    for start, stop in pairwise([*marks, len(ids)]):
        if stop > start + 1:
            spans += [start + 1, stop]
    return spans


def sentence_windows(
    rows: Iterable[Row], tokenizer: TableTokenizer, picked: Picked
) -> Iterator[Window | RejectedRecord]:
    """Mined sentences in a question's place before their table; the shared values may be hidden."""
    longest = tokenizer.settings.max_question_tokens

    def window(row: Row) -> Iterator[Window | RejectedRecord]:
        mined = mined_from_row(row)
        ids, spans = _sentence_ids(mined, tokenizer)
        if len(ids) > longest:
            yield RejectedRecord(mined.id, LONG_SENTENCE, mined.sentence)
            return
        keep = sorted({Cell(cell.row, cell.column) for cell in mined.cells})
        fitted = tokenizer.linearizer.fit(mined.table, keep=keep)
        if any(fitted.place(cell) is None for cell in keep):
            yield RejectedRecord(mined.id, LONG_VALUES, mined.sentence)
            return
        yield [*ids, *tokenizer.linearizer.table_ids(fitted.table)], spans

    return guarded_each((row for row in rows if picked(row["id"])), window, itemgetter("id"))


def _sentence_ids(mined: Mined, tokenizer: TableTokenizer) -> tuple[list[int], list[int]]:
    """Tokens of the sentence, and flat starts and ends of its values among them."""
    encoded = tokenizer.hf(mined.sentence, add_special_tokens=False, return_offsets_mapping=True)
    places = encoded["offset_mapping"]
    spans: list[int] = []
    for start, end in sorted({(cell.start, cell.end) for cell in mined.cells}):
        inside = [place for place, (a, b) in enumerate(places) if a < end and b > start]
        # Where two cells' values overlap the first stands for both.
        if inside and not (spans and inside[0] < spans[-1]):
            spans += [inside[0], inside[-1] + 1]
    return encoded["input_ids"], spans


def hiding_of(tokenizer: TableTokenizer, seed: int) -> Hiding:
    """How spans are hidden with a tokenizer's sentinels; SettingError where it has none."""
    sentinels = _sentinels(tokenizer)
    if not sentinels:
        raise SettingError(
            "The vocabulary of this checkpoint has no sentinels (<extra_id_0>, …) to hide cells "
            "behind, as those of T5 have. Set mix.masked to 0; mix.replaced needs none."
        )
    return Hiding(sentinels, tokenizer.hf.eos_token_id, seed)


def parting_of(tokenizer: TableTokenizer) -> list[int]:
    """What stands before each value that replaced cells tell: sentinels, or the marks in turn."""
    marks: list[int] = [tokenizer.hf.convert_tokens_to_ids(mark) for mark in (ROW, CELL)]
    return _sentinels(tokenizer) or marks * (SENTINELS // 2)


def _sentinels(tokenizer: TableTokenizer) -> list[int]:
    known = tokenizer.hf.get_vocab()
    names = map("<extra_id_{}>".format, range(SENTINELS))
    return [known[name] for name in names if name in known]


def within(tokenizer: TableTokenizer, size: int) -> TableTokenizer:
    """The same tokenizer, its linearizer bounded by windows of ``size`` tokens."""
    settings = tokenizer.settings
    bounded = min(size, settings.max_tokens)
    question = min(settings.max_question_tokens, bounded // 2)
    return with_special_tokens(
        tokenizer.hf,
        settings.model_copy(update={"max_tokens": bounded, "max_question_tokens": question}),
        causal=tokenizer.causal,
    )
