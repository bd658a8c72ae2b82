"""A corpus of examples as JSONL that other programs train on."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from gentap.documents.annotated.fields import Entries
from gentap.documents.jsonl import MAX_LINE_BYTES, json_object
from gentap.documents.rejected import RejectedRecord, RejectedRecords, reasons
from gentap.errors import SettingError
from gentap.records import Example, Table
from gentap.runs.console import say
from gentap.runs.files.output_files import file_aside, refuse_others

ExportedRecord = dict[str, Any]


def _chat(asked: str, answer: str) -> ExportedRecord:
    return {
        "messages": [
            {"role": "user", "content": asked},
            {"role": "assistant", "content": answer},
        ]
    }


def _prompt_completion(asked: str, answer: str) -> ExportedRecord:
    return {
        "prompt": [{"role": "user", "content": asked}],
        "completion": [{"role": "assistant", "content": answer}],
    }


FORMATS: dict[str, Callable[[str, str], ExportedRecord]] = {
    "chat": _chat,
    "prompt-completion": _prompt_completion,
}
"""``chat``: a list of messages, as TRL and LLaMA-Factory read them. ``prompt-completion``: the same
in two parts, of which TRL learns the second alone."""


def export_corpus(
    corpora: Sequence[Path],
    output: Path,
    *,
    layout: str,
    max_table_tokens: int = 0,
    overwrite: bool = False,
) -> Counter[str]:
    """Write one record a line, with ``id`` and ``kind``; returns counts.

    A table of more than ``max_table_tokens`` estimated tokens (0: of any size) is cut with its
    evidence kept; where a grammar's answer was computed on it, its example is left out. Raises
    SettingError for a layout that there is none of, InputError where a corpus can't be read, and
    FolderError where another file stands that may not be overwritten.
    """
    if layout not in FORMATS:
        raise SettingError(f"--format: {layout!r} is none of {', '.join(FORMATS)}.")
    from gentap.documents.annotated.example_parquet import read_parquet

    counts, unread = Counter[str](), RejectedRecords()
    entries = [(corpus, read_parquet(corpus)) for corpus in corpora]  # before any work
    refuse_others(output, lambda: _is_export(output), overwrite=overwrite)
    with file_aside(output) as file:
        for example in _examples(entries, unread):
            table = _shown(example, max_table_tokens)
            if table is None:
                counts["left out: the table that the answer was computed on is too large"] += 1
                continue
            record = FORMATS[layout](_asked(example.question, table), example.answer)
            about = {"id": example.id, "kind": example.kind}
            file.write(json.dumps({**record, **about}, ensure_ascii=False) + "\n")
            counts["examples"] += 1
            counts["tables cut"] += len(table.rows) < len(example.table.rows)
    counts["set aside"] = unread.total
    for name, count in counts.items():
        if count:
            say(f"export-corpus: {name}: {count:,}")
    for line in reasons(unread):
        say(f"export-corpus: set aside: {line}")
    return counts


def _is_export(path: Path) -> bool:
    """Whether a file begins with a record that was exported."""
    wanted = [{*make("", ""), "id", "kind"} for make in FORMATS.values()]
    with path.open("rb") as file:
        try:
            return set(json_object(file.readline(MAX_LINE_BYTES).decode())) in wanted
        except ValueError:
            return False


def _examples(
    entries: Iterable[tuple[Path, Entries]], unread: RejectedRecords
) -> Iterator[Example]:
    for corpus, of_corpus in entries:
        for number, example in of_corpus:
            if isinstance(example, Example):
                yield example
            else:
                unread.add(RejectedRecord(f"{corpus}, row {number}", "bad example", str(example)))


def _shown(example: Example, max_tokens: int) -> Table | None:
    from gentap.tables.linearize import estimate_lengths
    from gentap.tables.truncate import fit

    if not max_tokens:
        return example.table
    longest = max_tokens  # of a cell's characters: as long as it fits at all
    cut = fit(
        example.table, estimate_lengths, max_tokens, longest, example.question, example.cells
    ).table
    return None if example.origin == "grammar" and cut != example.table else cut


def _asked(question: str, table: Table) -> str:
    from gentap.tables.markdown_table import markdown_table

    return f"{question}\n\n{markdown_table(table)}"
