"""What a question is written from, and the exact input that a writer's model reads.

A :class:`WriterInput` is the same for a reading-comprehension passage, an annotated table question
and a mined sentence: the page's title, the section, the sentence, and its entries. The first entry
is what is asked for; the first ones are, where a sentence tells several rows. As the model reads
it, without tags::

    <title> Suez Canal <head> year <entry> 1869 <entry> Ferdinand de Lesseps <sentence> Ferdinand de
    Lesseps opened the canal in 1869.

and with tags, where title and entries are written out once and a tag stands for each afterwards::

    <title> <extra_id_0> Suez Canal <head> year <entry> <extra_id_1> 1869 <entry> <extra_id_2>
    Ferdinand de Lesseps <sentence> <extra_id_2> opened the canal in <extra_id_1>.

The output is the question, ``When did Ferdinand de Lesseps open the canal?``, with tags ``When did
<extra_id_2> open the canal?``: a small model need not learn to spell a name that it only copies.
``<head>`` stands before an entry whose column is known, ``<section>`` where there is one; a writer
is given only those of the two that it has seen in training.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

from gentap.errors import InputError
from gentap.records import Mined, NamedCell, digest
from gentap.runs.files.output_files import write_json
from gentap.runs.files.own_files import EDITED, read_json
from gentap.tables.linearize import ENTRY, HEAD, SECTION, SENTENCE, TITLE
from gentap.text.names import spans_of_names

TAGS = tuple(f"<extra_id_{number}>" for number in range(100))
LAYOUT_FILE = "writer.json"

TaggedText = tuple[str, str]
"""A mark and the text after it; the mark "" is none."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A value as the sentence says it, and the name of its column where it has one."""

    text: str
    column: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WriterInput:
    """What one question is written from; the first ``asked`` entries are asked for."""

    sentence: str
    entries: tuple[Entry, ...]
    asked: int = 1
    title: str = ""
    section: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How a writer's model is given a source; saved in its folder as ``writer.json``."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}
    max_entries: int = 8
    tags: bool = False
    heads: bool = True
    sections: bool = True


def load_layout(folder: str) -> Layout:
    """The layout that a writer was trained with; for other models the one without tags.

    Raises InputError where its file is spoilt.
    """
    path = Path(folder) / LAYOUT_FILE
    if not path.exists():
        return Layout()
    layout: Layout = read_json(path, Layout)
    if layout.max_entries < 1:
        raise InputError(f"{path}: max_entries must be 1 or more. {EDITED}")
    return layout


def save_layout(layout: Layout, folder: Path) -> None:
    write_json(folder / LAYOUT_FILE, asdict(layout))


def gather(
    sentence: str, evidence: Sequence[tuple[int, int, str]], limit: int
) -> tuple[Entry, ...]:
    """Entries of a sentence: the evidence in its order, then other names and numbers.

    ``evidence`` holds ``(start, end, column)`` of each value in the sentence. Both sides, reading
    comprehension and mined, come through here.
    """
    entries: dict[str, Entry] = {}
    taken = [(start, end) for start, end, _ in evidence]
    for start, end, column in evidence:
        if text := sentence[start:end].strip():
            entries.setdefault(text, Entry(text, column))
    for start, end in spans_of_names(sentence):
        if not any(start < last and first < end for first, last in taken):
            entries.setdefault(sentence[start:end], Entry(sentence[start:end]))
    return tuple(list(entries.values())[:limit])


def mined_sources(mined: Mined, seed: int, asked: int, limit: int) -> list[WriterInput]:
    """Sources of a mined sentence: one for each of ``asked`` cells of its row (0: of them all).

    Which cells are asked for is drawn by seed and id. Where the sentence tells several rows, the
    cells of the others in the same column are asked for too; columns of which it names a cell of
    most rows, and of these those of most other values, come first. None where the sentence names
    no cell.
    """
    named = _one_a_span([cell for cell in mined.evidence if cell.row == mined.row])
    rest = _one_a_span([cell for cell in mined.evidence if cell.row != mined.row])
    rows = Counter(column for column, _ in {(cell.column, cell.row) for cell in rest})

    def said(cell: NamedCell) -> str:
        return mined.sentence[cell.start : cell.end].strip()

    def order(cell: NamedCell) -> tuple[int, int, str]:
        others = {said(other) for other in rest if other.column == cell.column} - {said(cell)}
        drawn = digest("asked", str(seed), mined.id, repr(cell))
        return -rows[cell.column], -len(others), drawn

    return [
        _source(mined, first, [cell for cell in named if cell != first], rest, limit)
        for first in sorted(named, key=order)[: asked or None]
        if said(first)
    ]


def _source(
    mined: Mined,
    first: NamedCell,
    others: Sequence[NamedCell],
    further: Sequence[NamedCell],
    limit: int,
) -> WriterInput:
    """The source that asks for a cell of the row, and for the further rows' cells of its column."""
    asked = [first, *(cell for cell in further if cell.column == first.column)]
    ordered = [*asked, *others, *(cell for cell in further if cell not in asked)]
    header = mined.table.header
    values = {mined.sentence[cell.start : cell.end].strip() for cell in asked} - {""}
    return WriterInput(
        sentence=mined.sentence,
        entries=gather(
            mined.sentence,
            [(cell.start, cell.end, header[cell.column]) for cell in ordered],
            limit,
        ),
        asked=min(len(values), limit),
        title=mined.table.title,
        section=mined.table.section,
    )


def _one_a_span(cells: Sequence[NamedCell]) -> list[NamedCell]:
    return list({(cell.start, cell.end): cell for cell in reversed(cells)}.values())[::-1]


def source_pieces(source: WriterInput, layout: Layout) -> list[TaggedText]:
    """The model's input; see the module's examples."""
    tags = _tags(source, layout)

    def named(mark: str, text: str) -> list[TaggedText]:
        return [(mark, ""), (tags[text], text)] if text in tags else [(mark, text)]

    pieces = named(TITLE, source.title) if source.title else []
    if source.section and layout.sections:
        pieces.append((SECTION, source.section))
    for entry in source.entries[: layout.max_entries]:
        if entry.column and layout.heads:
            pieces.append((HEAD, entry.column))
        pieces += named(ENTRY, entry.text)
    return [*pieces, *_tagged(source.sentence, tags, SENTENCE)]


def question_pieces(question: str, source: WriterInput, layout: Layout) -> list[TaggedText]:
    """The model's output for a question."""
    return list(_tagged(question, _tags(source, layout)))


def tagged_texts(pieces: Sequence[TaggedText]) -> dict[str, str]:
    """What each tag of an input stands for."""
    texts: dict[str, str] = {}
    for mark, text in pieces:
        if mark == SENTENCE:
            break
        if mark in TAGS:
            texts[mark] = text
    return texts


def _tags(source: WriterInput, layout: Layout) -> dict[str, str]:
    """Each text that a tag stands for, and its tag."""
    if not layout.tags:
        return {}
    texts = [source.title, *(entry.text for entry in source.entries[: layout.max_entries])]
    return dict(zip(dict.fromkeys(text for text in texts if text), TAGS, strict=False))


def _tagged(text: str, tags: dict[str, str], mark: str = "") -> Iterator[TaggedText]:
    """A text cut at what its tags stand for, the longest first; ``mark`` stands before it."""
    begun = 0
    for match in _any_of(tuple(tags)).finditer(text) if tags else ():
        before = text[begun : match.start()].strip()
        if mark or before:
            yield mark, before
        mark, begun = tags[match[0]], match.end()
    yield mark, text[begun:].strip()


@lru_cache(maxsize=64)
def _any_of(texts: tuple[str, ...]) -> re.Pattern[str]:
    longest_first = sorted(texts, key=lambda text: (-len(text), text))
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)")
