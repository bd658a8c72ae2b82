"""Annotated questions from files of any known layout, with every line that is set aside.

The layout is told by the file's name and its fields:

* ``.jsonl``: FeTaQA as released (``table_array``), ToTTo as released (``highlighted_cells``), HiTab
  as released (``sub_sentence``), or the plain layout of :mod:`gentap.documents.annotated.plain`;
  they may be mixed;
* ``.tsv`` and ``.tagged``: WikiTableQuestions as released, its tables beside it;
* ``.csv``: E2E as released;
* ``.parquet``, or a folder of ``part-*.parquet``: rows of :class:`gentap.records.Example`.

Text files may be packed: ``.gz`` or ``.zst`` at the end of the name.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gentap.documents.annotated.e2e import read_e2e
from gentap.documents.annotated.example_parquet import example_files, read_parquet
from gentap.documents.annotated.fields import Entries, InternalError
from gentap.documents.annotated.jsonl_layouts import read_jsonl
from gentap.documents.annotated.table_to_text import as_text
from gentap.documents.annotated.wikitablequestions import read_wikitablequestions
from gentap.documents.input_files import require_file
from gentap.documents.rejected import RejectedRecord, RejectedRecords
from gentap.errors import InputError
from gentap.records import Example
from gentap.runs.net import INTERNAL_ERROR
from gentap.settings.sections import Task


@dataclass(frozen=True, slots=True)
class Questions:
    """Questions of one file or several, and what was set aside.

    ``places`` (``test.jsonl:3``) and ``orders`` (from 0, those set aside counted too) tell where
    each question stands.
    """

    examples: list[Example] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    orders: list[int] = field(default_factory=list)
    unread: RejectedRecords = field(default_factory=RejectedRecords)


def read_questions(paths: Sequence[str | Path], task: Task = "questions") -> Questions:
    """All questions of several files, in their order; for the task ``text`` their questions are
    left out."""
    found = Questions()
    for path in map(Path, paths):
        read = read_file(path)
        before = len(found.examples) + found.unread.total
        found.orders.extend(before + order for order in read.orders)
        found.examples.extend(map(as_text, read.examples) if task == "text" else read.examples)
        found.places.extend(read.places)
        found.unread.extend(read.unread)
    return found


def stream_questions(
    paths: Sequence[str | Path], assumed: dict[str, None], task: Task = "questions"
) -> Iterator[Example | RejectedRecord]:
    """The questions of several files one at a time, whatever their number, and what is set aside.
    What is assumed of the tables' files goes into ``assumed``. Ids may stand twice.

    Raises InputError where a file can't be read.
    """
    for path in map(Path, paths):
        for number, example in _entries(path, assumed):
            if isinstance(example, ValueError):
                yield _unreadable(f"{path.name}:{number}", example)
            else:
                yield as_text(example) if task == "text" else example


def _unreadable(place: str, error: ValueError) -> RejectedRecord:
    named = isinstance(error, InternalError)
    reason = INTERNAL_ERROR if named else "bad question record"
    return RejectedRecord(place, reason, str(error))


def read_annotated(path: Path) -> tuple[list[Example], list[RejectedRecord]]:
    """All questions of a file, and what was set aside, as far as it is listed."""
    read = read_file(path)
    return read.examples, read.unread.listed


def read_file(path: Path) -> Questions:
    """All questions of a file; a second one of the same id is set aside.

    Raises InputError where the file can't be read or holds not one question.
    """
    found = Questions()
    seen: dict[str, int] = {}
    for order, (number, example) in enumerate(_entries(path, found.unread.assumed)):
        place = f"{path.name}:{number}"
        if isinstance(example, ValueError):
            found.unread.add(_unreadable(place, example))
        elif example.id in seen:
            detail = f"the id {example.id!r} stands already in line {seen[example.id]}"
            found.unread.add(RejectedRecord(place, "bad question record", detail))
        else:
            seen[example.id] = number
            found.examples.append(example)
            found.places.append(place)
            found.orders.append(order)
    if not found.examples:
        first = next(iter(found.unread.listed), None)
        why = f" The first line set aside is {first.where}: {first.detail}." if first else ""
        raise InputError(f"{path}: holds no question that can be read.{why}")
    return found


def find_question_files(paths: Sequence[str | Path]) -> list[Path]:
    """The files that are read for these questions, to tell whether they have changed.

    Raises InputError where one of them is not there.
    """
    for path in map(Path, paths):
        if path.is_dir():
            example_files(path)
        else:
            require_file(path)
    return [Path(path) for path in paths]


READERS: Mapping[str, Callable[[Path], Entries]] = {
    ".parquet": read_parquet,
    ".tsv": read_wikitablequestions,
    ".tagged": read_wikitablequestions,
    ".csv": read_e2e,
}
"""The reader of a file's format by its name's ending; all others are JSONL."""


def _entries(path: Path, assumed: dict[str, None]) -> Entries:
    if path.is_dir():
        return read_parquet(path)
    name = path.name.lower().removesuffix(".gz").removesuffix(".zst")
    reader = READERS.get(Path(name).suffix)
    return reader(path) if reader else read_jsonl(path, assumed)
