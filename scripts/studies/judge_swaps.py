"""Draw counterfactual copies to judge by eye, and tally the verdicts.

    python scripts/studies/judge_swaps.py draw fetaQA-v1_dev.jsonl --seed 2 --count 100
    python scripts/studies/judge_swaps.py tally scripts/studies/verdicts/swaps/*.tsv

Drawn are examples whose question or answer is exchanged. A verdict is a line ``id <tab> verdict
<tab> remark``, of question, answer and the cells shown:

- good: it reads as if it had been written of somebody of the other group;
- half: some of the people in it are of the other group now, and some that are no list's are not:
  an actress whose name stays plays a man;
- work: the name of a work, a ship, a firm or the like has changed with the people's;
- wrong: it is no English, contradicts itself, or what changed is no person's at all.

``seed-1-first-lists.tsv`` was judged before the rules were mended by it; ``seed-2.tsv`` after that,
and before what it showed was mended in its turn.
"""

import argparse
from collections import Counter
from pathlib import Path

from gentap.documents.annotated.reading import read_questions
from gentap.records import Example, digest
from gentap.trust.swap import swap
from gentap.trust.word_lists import find_word_list, read_word_list

VERDICTS = ("good", "half", "work", "wrong")
_CELLS = 6


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    drawing = commands.add_parser("draw", help="print copies beside their originals")
    drawing.add_argument("data")
    drawing.add_argument("--words", default="english")
    drawing.add_argument("--seed", default="1")
    drawing.add_argument("--count", type=int, default=100)
    tally = commands.add_parser("tally", help="count the verdicts in files")
    tally.add_argument("verdicts", type=Path, nargs="+")
    options = parser.parse_args()
    if options.command == "draw":
        draw(options.data, options.words, options.seed, options.count)
        return
    for path in options.verdicts:
        lines = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
        counted = Counter(fields[1] for fields in lines)
        assert counted.keys() <= set(VERDICTS), path
        told = ", ".join(f"{counted[name]} {name}" for name in VERDICTS)
        print(f"{path.name}: {told}, of {len(lines)}")


def draw(data: str, words: str, seed: str, count: int) -> None:
    word_list = read_word_list(find_word_list(words))
    examples = read_questions([data]).examples
    made = [(one, found.copy) for one in examples if (found := swap(one, word_list))]
    told = [
        pair for pair in made if any(texts(pair[0])[at] != texts(pair[1])[at] for at in range(2))
    ]
    print(f"{len(examples)} examples, {len(made)} copies, {len(told)} by question or answer")
    for before, after in sorted(told, key=lambda pair: digest(seed, pair[0].id))[:count]:
        show(before, after)


def texts(example: Example) -> list[str]:
    """Question and answer, then all texts of the table."""
    table = example.table
    cells = [cell for row in table.rows for cell in row]
    return [example.question, example.answer, table.title, table.section, *table.header, *cells]


def show(before: Example, after: Example) -> None:
    print(f"\n{before.id} | {before.table.title} | {before.table.section}")
    pairs = list(zip(texts(before), texts(after), strict=True))
    for one, other in pairs[:2]:
        print(f"  {one}\n> {other}")
    changed = [f"{one[:40]} > {other[:40]}" for one, other in pairs[2:] if one != other]
    print(f"  {len(changed)} cells: {'; '.join(changed[:_CELLS])}")


if __name__ == "__main__":
    main()
