"""Draw mined records to judge by eye, and tally the verdicts.

    python scripts/studies/judge_mined.py draw runs/mined --seed 1 --count 100 > sample.txt
    python scripts/studies/judge_mined.py draw runs/mined --seed 1 --count 100 --rejected > \\
        rejected.txt
    python scripts/studies/judge_mined.py draw runs/mined --seed 1 --count 60 --several
    python scripts/studies/judge_mined.py tally scripts/studies/verdicts/*.tsv

A verdict is a line ``id <tab> verdict <tab> why not``. For a mined record it is one of

- yes: the sentence truly states a fact that its row states too: the named cells stand in the
  sentence in the relation that the row gives them (to one another, or to the page's subject);
- about: it truly states something about what the row is of, but not in that relation;
- no: neither.

For one that tells several rows (``--several``), yes says it of each of them, and of those that it
names by their names alone, that the sentence says of them what it says of the first one, or what
the table says of them. For two sentences that were joined, yes says that they read as one answer.

For a sentence that was set aside, yes says that it should have been kept: it is true of the row,
and what the row is there to tell. A record's id depends on its page, table and sentence alone, so
that verdicts outlive a change of the rules.

Every record, and every sentence that was set aside but as a repetition, is as likely to be drawn.
They are printed in the order in which they were drawn, so that the first of them are a sample too.
"""

import argparse
import json
import random
import sys
from collections import Counter
from collections.abc import Sequence
from math import sqrt
from pathlib import Path

from gentap.mining.matching import PageMatcher
from gentap.mining.surface_forms import FormNormalizer, Rules
from gentap.records import NamedCell, Table, digest, mined_from_row, sourced_table_from_row
from gentap.runs.files.parquet_parts import parts, read_rows
from gentap.runs.store import REJECTED, own_files
from gentap.text.sentences import tidy

OF_PAGES = ("page", "table", "bad ", "damaged", "empty", "not ", "HTTP", "unread", "undec")
"""How the reasons begin that set no sentence aside."""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    draw = commands.add_parser("draw", help="print records to judge, with their rows")
    draw.add_argument("mined", type=Path)
    draw.add_argument("--seed", type=int, default=1)
    draw.add_argument("--count", type=int, default=100)
    draw.add_argument("--rejected", action="store_true", help="sentences that were set aside")
    draw.add_argument("--several", action="store_true", help="those that tell several rows alone")
    tally = commands.add_parser("tally", help="count the verdicts in files")
    tally.add_argument("verdicts", type=Path, nargs="+")
    options = parser.parse_args()
    if options.command == "tally":
        for path in options.verdicts:
            print_tally(path)
    elif options.rejected:
        draw_rejected(options.mined, options.seed, options.count)
    else:
        draw_kept(options.mined, options.seed, options.count, options.several)


def draw_kept(folder: Path, seed: int, count: int, several: bool) -> None:
    rows = read_rows(parts(folder / "sentences"), ["id", "further"])
    ids = [row["id"] for row in rows if row["further"] or not several]
    drawn = random.Random(seed).sample(sorted(ids), min(count, len(ids)))
    wanted = set(drawn)
    found = {
        row["id"]: mined_from_row(row)
        for row in read_rows(parts(folder / "sentences"))
        if row["id"] in wanted
    }
    prose = prose_of(folder, {record.url for record in found.values()})
    for key in drawn:
        record = found[key]
        print_before(prose[record.url], record.sentence)
        show(key, record.sentence, record.table, record.rows_told, record.cells)


def draw_rejected(folder: Path, seed: int, count: int) -> None:
    """Sentences that were set aside, with the row that they would have been matched with."""
    lines = (own_files(folder) / REJECTED).read_text(encoding="utf-8").splitlines()
    entries = [entry for entry in map(json.loads, lines) if is_of_sentence(entry["reason"])]
    entries.sort(key=identify)
    drawn = random.Random(seed).sample(entries, min(count, len(entries)))
    urls = {entry["where"] for entry in drawn}
    tables: dict[str, list[Table]] = {}
    for row in read_rows(parts(folder / "tables")):
        if row["url"] in urls:
            tables.setdefault(row["url"], []).append(sourced_table_from_row(row).table)
    former = FormNormalizer(Rules())
    prose = prose_of(folder, urls)
    for entry in drawn:
        own, sentence = tables[entry["where"]], entry["detail"]
        print_before(prose[entry["where"]], sentence)
        found = PageMatcher(own, former).candidates([sentence])
        match = next((one.match for one in found if one.match), None)
        key = f"{identify(entry)} [{entry['reason']}]"
        if match:
            show(key, sentence, own[match.table], [match.row], match.cells)
        else:
            print(f"{key} | {own[0].title}\n  {sentence}")


def prose_of(folder: Path, urls: set[str]) -> dict[str, list[str]]:
    """The paragraphs of some pages, tidy as the sentences are."""
    pages = read_rows(parts(folder / "documents"))
    return {page["url"]: list(map(tidy, page["blocks"])) for page in pages if page["url"] in urls}


def print_before(paragraphs: Sequence[str], sentence: str) -> None:
    """What stands before a sentence in its paragraph."""
    before = next((text.partition(sentence)[0] for text in paragraphs if sentence in text), "")
    if before:
        print(f"(… {before[-220:].strip()})")


def is_of_sentence(reason: str) -> bool:
    """Whether a sentence was set aside, and not because another says the same."""
    return not reason.startswith(OF_PAGES) and "duplicate" not in reason


def identify(entry: dict[str, str]) -> str:
    return digest(entry["where"], entry["detail"])


def show(
    key: str, sentence: str, table: Table, rows: Sequence[int], named: Sequence[NamedCell]
) -> None:
    print(f"{key} | {table.title} | {table.section[:40]}\n  {sentence}")
    for row in rows:
        cells = [
            f"{name[:18]}={cell[:48]}".replace("\n", " / ")
            for name, cell in zip(table.header, table.rows[row], strict=True)
            if cell
        ]
        said = [
            f"{table.header[cell.column]}: {sentence[cell.start : cell.end]}"
            for cell in named
            if cell.row == row
        ]
        print(f"  ROW {' ¦ '.join(cells[:8])}\n  SAID {' ¦ '.join(said)}")


def print_tally(path: Path) -> None:
    verdicts: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if line.startswith("#") or not line.strip():
            continue
        fields = line.split("\t")
        if len(fields) < 2 or fields[1] not in ("yes", "about", "no"):
            sys.exit(f"{path}, line {number}: write it as id, tab, yes, about or no, tab, why not.")
        verdicts[fields[1]] += 1
        if len(fields) > 2 and fields[2]:
            reasons[fields[2]] += 1
    judged = verdicts.total()
    counted = {"yes": verdicts["yes"], "yes or about": verdicts["yes"] + verdicts["about"]}
    for name in counted if verdicts["about"] else ["yes"]:
        low, high = interval(counted[name], judged)
        print(
            f"{path.name}: {counted[name]} of {judged} {name} "
            f"({counted[name] / max(judged, 1):.1%}, with 95% confidence {low:.1%} to {high:.1%})"
        )
    for reason, times in reasons.most_common():
        print(f"  {times:3d} {reason}")


def interval(yes: int, judged: int) -> tuple[float, float]:
    """Wilson's interval of a share, at 95% confidence (Wilson 1927)."""
    if not judged:
        return 0.0, 1.0
    z, share = 1.959964, yes / judged
    middle = share + z * z / (2 * judged)
    half = z * sqrt(share * (1 - share) / judged + z * z / (4 * judged * judged))
    return (middle - half) / (1 + z * z / judged), (middle + half) / (1 + z * z / judged)


if __name__ == "__main__":
    main()
