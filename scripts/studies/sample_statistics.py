"""What a sample of cell examples is made of: kinds, columns, rows, wording.

    python scripts/studies/sample_statistics.py RUN [--questions QUESTIONS] [--count 500]

RUN is an output folder of `gentap sample`. With QUESTIONS (any annotated set that GenTaP reads,
for example WikiTableQuestions' TSV) the variety of people's questions is shown beside: distinct
n-grams, and the share of all n-grams that they are, over --count questions of each.
"""

import argparse
import random
import re
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from gentap.documents.annotated.reading import read_annotated
from gentap.runs.files.own_files import read_json
from gentap.runs.files.parquet_parts import parts, read_rows
from gentap.runs.store import own_files

_WORDS = re.compile(r"\w+|[^\w\s]")
FIFTHS = 5


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("--questions", type=Path)
    parser.add_argument("--count", type=int, default=500)
    given = parser.parse_args()
    stats = read_json(own_files(given.run) / "stats.json")
    print_kinds(stats["counts"])
    print_tables(stats)
    ours = print_places(given.run)
    print(f"\nvariety of {given.count:,} questions: distinct n-grams, share of all n-grams")
    chooser = random.Random(1)
    print_variety("grammar", chooser.sample(ours, min(given.count, len(ours))))
    if given.questions:
        theirs = [example.question for example in read_annotated(given.questions)[0]]
        print_variety("people", chooser.sample(theirs, min(given.count, len(theirs))))
    return 0


def print_kinds(counts: dict[str, int]) -> None:
    """How many examples there are of each kind."""
    prefix = "examples of kind "
    kinds = {name.removeprefix(prefix): count for name, count in counts.items() if prefix in name}
    total = sum(kinds.values())
    print(f"{total:,} examples of {len(kinds)} kinds")
    for name, count in sorted(kinds.items(), key=lambda kind: -kind[1]):
        print(f"{count:>9,}  {count / total:6.1%}  {name}")


def print_tables(stats: dict[str, dict[str, int]]) -> None:
    """How many tables gave none, and why."""
    tables = stats["counts"].get("tables", 0)
    print(f"\n{tables:,} tables; those that gave no question:")
    for reason, count in sorted(stats["rejected"].items(), key=lambda entry: -entry[1]):
        print(f"{count:>9,}  {count / tables:6.1%}  {reason}")


def print_places(run: Path) -> list[str]:
    """Where in its table the answer stands, in fifths of rows and of columns; the questions."""
    rows: Counter[int] = Counter()
    columns: Counter[int] = Counter()
    questions = []
    wanted = ["question", "answer", "header", "rows", "cells"]
    for example in read_rows(parts(run), wanted):
        questions.append(example["question"])
        places = [
            (cell["row"], cell["column"])
            for cell in example["cells"]
            if example["rows"][cell["row"]][cell["column"]] == example["answer"]
        ]
        if places and len(example["rows"]) >= FIFTHS and len(example["header"]) >= FIFTHS:
            rows[places[0][0] * FIFTHS // len(example["rows"])] += 1
            columns[places[0][1] * FIFTHS // len(example["header"])] += 1
    for name, counts in (("rows", rows), ("columns", columns)):
        shares = "  ".join(f"{counts[place] / counts.total():5.1%}" for place in range(FIFTHS))
        print(f"\nanswers by fifths of the {name} of tables with five or more: {shares}")
    return questions


def print_variety(name: str, questions: Sequence[str]) -> None:
    """Distinct n-grams of one to four words, values and names of columns included."""
    figures = []
    for size in range(1, 5):
        grams: Counter[tuple[str, ...]] = Counter()
        for question in questions:
            words = _WORDS.findall(question.casefold())
            grams.update(zip(*(words[start:] for start in range(size)), strict=False))
        figures.append(f"{len(grams):,} ({len(grams) / max(1, grams.total()):.2f})")
    lengths = sorted(len(_WORDS.findall(question)) for question in questions)
    starts = Counter(" ".join(question.casefold().split()[:2]) for question in questions)
    print(
        f"  {name:<8} 1 to 4 words: {', '.join(figures)}; median length "
        f"{lengths[len(lengths) // 2]}; {len(starts)} beginnings of two words"
    )


if __name__ == "__main__":
    sys.exit(main())
