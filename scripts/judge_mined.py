"""Draw mined records to judge by eye, and tally the verdicts.

    python scripts/judge_mined.py draw runs/mined --seed 1 --count 100 > sample.txt
    python scripts/judge_mined.py draw runs/mined --seed 1 --count 100 --rejected > rejected.txt
    python scripts/judge_mined.py tally scripts/verdicts/*.tsv

A verdict is a line ``id <tab> yes or no <tab> why not``. For a mined record, yes says that the
sentence truly states a fact that its row states too: the named cells stand in the sentence in the
relation that the row gives them (to one another, or to the page's subject). For a sentence that was
set aside, yes says that it should have been kept. A record's id depends on its page, table and
sentence alone, so that verdicts outlive a change of the rules.
"""

import argparse
import json
import random
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gentap.records import Table, digest, mined_from_row, sourced_table_from_row
from gentap.store import parts, read_rows
from gentap.tables.values import normal_form

OF_PAGES = ("page", "table", "bad ", "damaged", "empty", "not ", "HTTP", "un")
"""How the reasons begin that set no sentence aside."""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    draw = commands.add_parser("draw", help="print records to judge, with their rows")
    draw.add_argument("mined", type=Path)
    draw.add_argument("--seed", type=int, default=1)
    draw.add_argument("--count", type=int, default=100)
    draw.add_argument("--rejected", action="store_true", help="sentences that were set aside")
    tally = commands.add_parser("tally", help="count the verdicts in files")
    tally.add_argument("verdicts", type=Path, nargs="+")
    options = parser.parse_args()
    if options.command == "tally":
        for path in options.verdicts:
            print_tally(path)
    elif options.rejected:
        draw_rejected(options.mined, options.seed, options.count)
    else:
        draw_kept(options.mined, options.seed, options.count)


def draw_kept(folder: Path, seed: int, count: int) -> None:
    ids = [row["id"] for row in read_rows(parts(folder / "sentences"), ["id"])]
    wanted = set(random.Random(seed).sample(sorted(ids), min(count, len(ids))))
    for row in read_rows(parts(folder / "sentences")):
        if row["id"] in wanted:
            record = mined_from_row(row)
            named = [cell for cell in record.cells if cell.row == record.row]
            said = [
                f"{record.table.header[cell.column]}: {record.sentence[cell.start : cell.end]}"
                for cell in named
            ]
            show(record.id, record.sentence, record.table, record.row, said)


def draw_rejected(folder: Path, seed: int, count: int) -> None:
    """Sentences that were set aside, with the row that has most values in them."""
    lines = (folder / "rejected.jsonl").read_text(encoding="utf-8").splitlines()
    entries = [entry for entry in map(json.loads, lines) if not is_of_page(entry["reason"])]
    entries.sort(key=lambda entry: identify(entry))
    drawn = random.Random(seed).sample(entries, min(count, len(entries)))
    urls = {entry["where"] for entry in drawn}
    tables: dict[str, list[Table]] = {}
    for row in read_rows(parts(folder / "tables")):
        if row["url"] in urls:
            tables.setdefault(row["url"], []).append(sourced_table_from_row(row).table)
    for entry in drawn:
        rows = [
            (-len(said), number, place, said)
            for number, table in enumerate(tables.get(entry["where"], []))
            for place, said in values_said(entry["detail"], table)
        ]
        if rows:
            _, number, place, said = min(rows)
            table = tables[entry["where"]][number]
            show(f"{identify(entry)} [{entry['reason']}]", entry["detail"], table, place, said)


def is_of_page(reason: str) -> bool:
    return reason.startswith(OF_PAGES)


def identify(entry: dict[str, str]) -> str:
    return digest(entry["where"], entry["detail"])


def values_said(sentence: str, table: Table) -> Iterator[tuple[int, list[str]]]:
    spoken = f" {normal_form(sentence)} "
    for place, row in enumerate(table.rows):
        yield (
            place,
            [
                f"{name}: {cell}"
                for name, cell in zip(table.header, row, strict=True)
                if (form := normal_form(cell).partition(" (")[0].strip('"')) and form in spoken
            ],
        )


def show(key: str, sentence: str, table: Table, row: int, said: list[Any]) -> None:
    cells = [
        f"{name[:18]}={cell[:48]}"
        for name, cell in zip(table.header, table.rows[row], strict=True)
        if cell
    ]
    print(f"{key} | {table.title} | {table.section[:40]}\n  {sentence}")
    print(f"  ROW {' ¦ '.join(cells[:8])}\n  SAID {' ¦ '.join(said)}")


def print_tally(path: Path) -> None:
    verdicts: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if line.startswith("#") or not line.strip():
            continue
        fields = line.split("\t")
        if len(fields) < 2 or fields[1] not in ("yes", "no"):
            sys.exit(f"{path}, line {number}: write it as id, tab, yes or no, tab, why not.")
        verdicts[fields[1]] += 1
        if len(fields) > 2 and fields[2]:
            reasons[fields[2]] += 1
    share = verdicts["yes"] / max(verdicts.total(), 1)
    print(f"{path.name}: {verdicts['yes']} of {verdicts.total()} yes ({share:.1%})")
    for reason, times in reasons.most_common():
        print(f"  {times:3d} {reason}")


if __name__ == "__main__":
    main()
