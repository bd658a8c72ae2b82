"""WikiTableQuestions for testing the cell decoder, and a corpus's tables without its pages.

    python scripts/studies/wikitablequestions.py questions WTQ/data/pristine-unseen-tables.tsv \\
        OUT.jsonl [--without MINED]
    python scripts/studies/wikitablequestions.py tables MINED OUT.jsonl --exclude QUESTIONS.jsonl

The first keeps the questions whose one answer is the text of a cell, with ``--without`` those alone
whose table is like none of the corpus, and counts the others. The second drops every page of MINED
that holds a table like one of the questions', and every page of the same title; what is left is for
`gentap sample`.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from gentap.documents.annotated.reading import read_annotated
from gentap.records import SourcedTable, Table, sourced_table_from_row
from gentap.runs.files.parquet_parts import parts, read_rows
from gentap.text.normal_form import normal_form

ALIKE = 0.5
"""A table that holds this share of the values of a question's table is taken for the same."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    commands = parser.add_subparsers(required=True, dest="command")
    questions = commands.add_parser("questions")
    questions.add_argument("split", type=Path)
    questions.add_argument("out", type=Path)
    questions.add_argument("--without", type=Path, metavar="MINED")
    tables = commands.add_parser("tables")
    tables.add_argument("mined", type=Path)
    tables.add_argument("out", type=Path)
    tables.add_argument("--exclude", type=Path, required=True)
    given = parser.parse_args()
    if given.command == "questions":
        counts = write_questions(given.split, given.out, given.without)
    else:
        counts = write_tables(given.mined, given.out, given.exclude)
    for name, count in counts.items():
        print(f"{count:>8,} {name}")
    return 0


def write_questions(split: Path, out: Path, without: Path | None) -> Counter[str]:
    """The questions of a split whose one answer is a cell of their table."""
    counts: Counter[str] = Counter()
    examples = read_annotated(split)[0]
    known: set[str] = set()
    if without:
        asked = {one.source: _values(one.table) for one in examples}
        known = {source for found in alike(_tables(without), asked) for source in found}
    with out.open("w", encoding="utf-8") as file:
        for example in examples:
            counts["questions"] += 1
            if example.source in known:
                counts["about a table like one of the corpus"] += 1
                continue
            table = example.table
            form = normal_form(example.answer)
            cells = [text for row in table.rows for text in row if normal_form(text) == form]
            if "|" in example.answer or not cells:
                counts["with several answers, or none that is a cell"] += 1
                continue
            counts["answered by one cell"] += 1
            entry = {
                "id": example.id,
                "kind": "cell",
                "question": example.question,
                "answer": cells[0],
                "table": {"title": table.title, "header": table.header, "rows": table.rows},
                "source": example.source,
            }
            file.write(json.dumps(entry, ensure_ascii=False) + "\n")
    return counts


def write_tables(mined: Path, out: Path, excluded: Path) -> Counter[str]:
    """The tables of a mined folder, as JSONL, without the questions' pages."""
    wanted = {one.source: _values(one.table) for one in read_annotated(excluded)[0]}
    tables = _tables(mined)
    pages: set[str] = set()
    found: set[str] = set()
    for one, like in zip(tables, alike(tables, wanted), strict=True):
        if like:
            found |= like
            pages.add(one.url)
    titles = {normal_form(one.table.title) for one in tables if one.url in pages} - {""}
    counts = Counter({"tables of the questions": len(wanted)})
    counts["of them like one of the corpus"] = len(found)
    counts["tables of the corpus"] = len(tables)
    counts["pages that were dropped"] = len(pages)
    with out.open("w", encoding="utf-8") as file:
        for one in tables:
            if one.url in pages or normal_form(one.table.title) in titles:
                counts["tables of pages that were dropped"] += 1
                continue
            counts["tables kept"] += 1
            table = one.table
            entry = {
                "id": one.id,
                "url": one.url,
                "title": table.title,
                "section": table.section,
                "caption": table.caption,
                "header": table.header,
                "rows": table.rows,
            }
            file.write(json.dumps(entry, ensure_ascii=False) + "\n")
    return counts


def alike(
    tables: Sequence[SourcedTable], wanted: Mapping[str, frozenset[str]]
) -> Iterator[set[str]]:
    """For each table, the names of those wanted that it holds the greater part of the values of."""
    places: dict[str, set[str]] = {}
    for source, values in wanted.items():
        for value in values:
            places.setdefault(value, set()).add(source)
    for one in tables:
        shared = Counter(source for value in _values(one.table) for source in places.get(value, ()))
        yield {source for source, count in shared.items() if count >= ALIKE * len(wanted[source])}


def _tables(mined: Path) -> list[SourcedTable]:
    return [sourced_table_from_row(row) for row in read_rows(parts(mined / "tables"))]


def _values(table: Table) -> frozenset[str]:
    return frozenset(form for row in table.rows for cell in row if (form := normal_form(cell)))


if __name__ == "__main__":
    sys.exit(main())
