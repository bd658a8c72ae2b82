"""Mining: speed beside the floor, a plain miner and two workers; memory at ten times the input.

Usage: python scripts/benchmarks/bench_mine.py PAGES [--rounds 3] [--parts \\
    floor,plain,workers,memory,mix] [--before PYTHON]

PAGES is a folder of WARC files. Each measurement runs in a process of its own, after its imports;
what is compared runs in turn, and the median of the rounds' ratios is printed. The floor reads the
same records, lets selectolax parse them and reads the text of every cell and paragraph. The plain
miner does what one would write first: BeautifulSoup, and `in` for every cell and sentence.
The mix is a crawl: one page in eight as it is, in the others the tables' elements are called
``div``, so that they are of the same length. With ``--before``,
the interpreter of another installation of GenTaP, both mine the mix and the pages in turn.
Processor time is compared where one process works, wall time for two workers: quote the latter
from a quiet machine only.
"""

import argparse
import gzip
import json
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

WORD = re.compile(r"\w+")
PLAIN_PAGES = (60, 500)
"""The plain miner is slow: it and GenTaP are compared on the first pages, few and many of them.

The difference of the two says what a page takes, less what a process takes to start.
"""


def pages(files: list[Path]) -> Iterator[bytes]:
    """The bodies of the HTML responses in WARC files."""
    from fastwarc.warc import ArchiveIterator, WarcRecordType

    for file in files:
        with file.open("rb") as stream:
            for record in ArchiveIterator(
                stream, record_types=WarcRecordType.response, auto_decode="all"
            ):
                yield record.reader.read()


def floor(files: list[Path]) -> dict[str, float]:
    """Read, parse, and read the text of every cell and paragraph; nothing else."""
    from selectolax.lexbor import LexborHTMLParser

    def work() -> None:
        for body in pages(files):
            for node in LexborHTMLParser(body.decode("utf-8", "replace")).css("td, th, p"):
                node.text()

    return measured(work)


def mine(files: list[Path], workers: int) -> dict[str, float]:
    """`gentap mine`, everything that it writes included."""
    import pyarrow.parquet
    import selectolax.lexbor  # noqa: F401
    from fastwarc.warc import ArchiveIterator  # noqa: F401

    import gentap.mining.mine  # noqa: F401
    from gentap.cli import app

    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "mined"
        command = ["mine", *map(str, files), "-o", str(output), "--workers", str(workers)]
        found = measured(lambda: app(command, standalone_mode=False))
        sentences = (output / "sentences").glob("*.parquet")
        found["sentences"] = sum(pyarrow.parquet.read_metadata(p).num_rows for p in sentences)
    return found


def plain(files: list[Path]) -> dict[str, float]:
    """BeautifulSoup, a regular expression for sentences, and `in` for every value of every row."""
    from bs4 import BeautifulSoup

    from gentap.settings.sections import MineSettings

    settings = MineSettings()
    kept: list[tuple[str, list[str]]] = []

    def work() -> None:
        for body in pages(files):
            soup = BeautifulSoup(body, "html.parser")
            for hidden in soup(["script", "style", "sup"]):
                hidden.decompose()
            tables = [plain_rows(table) for table in soup("table")]
            for paragraph in soup("p"):
                for sentence in re.split(r"(?<=[.!?])\s+", paragraph.get_text(" ", strip=True)):
                    if not settings.min_words <= len(sentence.split()) <= settings.max_words:
                        continue
                    if row := plain_match(sentence, tables):
                        kept.append((sentence, row))

    return {**measured(work), "sentences": len(kept)}


def plain_rows(table: Any) -> list[list[str]]:
    rows = [
        [cell.get_text(" ", strip=True) for cell in row(["td", "th"])]
        for row in table("tr")
        if row.find_parent("table") is table
    ]
    return rows[1:]


def plain_match(sentence: str, tables: list[list[list[str]]]) -> list[str] | None:
    """The row with most values in the sentence, where there are two of them."""
    folded = f" {' '.join(WORD.findall(sentence.casefold()))} "
    best: list[str] = []
    for rows in tables:
        for row in rows:
            values = {" ".join(WORD.findall(cell.casefold())) for cell in row}
            named = [value for value in values if len(value) > 2 and f" {value} " in folded]
            if len(named) > max(1, len(best)) and not all(value.isdigit() for value in named):
                best = named
    return best or None


def measured(work: Callable[[], object]) -> dict[str, float]:
    """Wall and processor seconds (children included), and the largest process's peak memory."""
    started = time.perf_counter()
    before = processor_seconds()
    work()
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return {
        "wall": time.perf_counter() - started,
        "cpu": processor_seconds() - before,
        "peak_mb": max(resource.getrusage(kind).ru_maxrss for kind in kinds) / 1024,
    }


def processor_seconds() -> float:
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(resource.getrusage(k).ru_utime + resource.getrusage(k).ru_stime for k in kinds)


def apart(task: str, files: list[Path], python: str = sys.executable) -> dict[str, float]:
    """One measurement in a process of its own."""
    command = [python, __file__, "--task", task, *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{task} failed:\n{done.stderr[-2000:]}")
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


TASKS: dict[str, Callable[[list[Path]], dict[str, float]]] = {
    "floor": floor,
    "plain": plain,
    "one": lambda files: mine(files, 1),
    "two": lambda files: mine(files, 2),
}


def compare(first: str, second: str, unit: str, files: list[Path], rounds: int) -> None:
    """Two tasks in turn; prints the median of ``second / first``."""
    pairs = [(apart(first, files), apart(second, files)) for _ in range(rounds)]
    ratios = [b[unit] / a[unit] for a, b in pairs]
    times = [statistics.median(side[unit] for side in sides) for sides in zip(*pairs, strict=True)]
    found = [
        f", {side['sentences']:.0f} sentences" if "sentences" in side else "" for side in pairs[0]
    ]
    print(
        f"{second} / {first} ({unit}): {statistics.median(ratios):.2f} "
        f"(from {min(ratios):.2f} to {max(ratios):.2f}, {rounds} rounds; "
        f"{first} {times[0]:.2f} s{found[0]}, {second} {times[1]:.2f} s{found[1]})",
        flush=True,
    )


def first_pages(files: list[Path], count: int, folder: Path) -> Path:
    """The first pages of WARC files as a file of their own."""
    from fastwarc.warc import ArchiveIterator, WarcRecordType

    target = folder / f"first-{count}.warc"
    with target.open("wb") as copy:
        for file in files:
            with file.open("rb") as stream:
                for record in ArchiveIterator(stream, record_types=WarcRecordType.response):
                    record.write(copy)
                    count -= 1
                    if not count:
                        return target
    return target


def write_mix(files: list[Path], target: Path) -> Path:
    """A WARC file of all pages; in seven of eight the tables' elements are called ``div``."""
    from io import BytesIO

    from fastwarc.warc import ArchiveIterator, WarcRecord, WarcRecordType

    table = re.compile(rb"(?<=<)(/?)(?:table|thead|tbody|tfoot|tr|t[dh]|caption)\b", re.I)
    number = 0
    with target.open("wb") as copy:
        for file in files:
            with file.open("rb") as stream:
                for record in ArchiveIterator(
                    stream, record_types=WarcRecordType.response, auto_decode="all"
                ):
                    body = record.reader.read()
                    if number % 8:
                        body = table.sub(rb"\1div", body)
                    page = WarcRecord()
                    page.init_headers(record_type=WarcRecordType.response)
                    page.headers["WARC-Target-URI"] = record.headers["WARC-Target-URI"]
                    page.headers["Content-Type"] = "application/http; msgtype=response"
                    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
                    page.set_bytes_content(head + body)
                    packed = BytesIO()
                    page.write(packed)
                    copy.write(gzip.compress(packed.getvalue(), 6))
                    number += 1
    return target


def compare_with_before(files: list[Path], python: str, rounds: int) -> None:
    """Mining the same files by another installation and by this one, in turn."""
    pairs = [(apart("one", files, python), apart("one", files)) for _ in range(rounds)]
    ratios = [before["cpu"] / now["cpu"] for before, now in pairs]
    before, now = (
        statistics.median(side["cpu"] for side in sides) for sides in zip(*pairs, strict=True)
    )
    found = [f"{side['sentences']:.0f}" for side in pairs[0]]
    print(
        f"before / now (cpu), {files[0].name}: {statistics.median(ratios):.2f} (from "
        f"{min(ratios):.2f} to {max(ratios):.2f}, {rounds} rounds; before {before:.2f} s, "
        f"{found[0]} sentences, now {now:.2f} s, {found[1]} sentences)",
        flush=True,
    )


def compare_with_plain(files: list[Path], rounds: int) -> None:
    """GenTaP and the plain miner in turn on few and on many pages, and what each takes a page."""
    ratios = []
    for _ in range(rounds):
        seconds = [[apart(task, [file])["cpu"] for file in files] for task in ("one", "plain")]
        ratios.append([plain / one for one, plain in zip(*seconds, strict=True)])
        (few, many), (plain_few, plain_many) = seconds
        ratios[-1].append((plain_many - plain_few) / (many - few))
    names = (*(f"{count} pages" for count in PLAIN_PAGES), "a page, less start-up")
    for name, found in zip(names, zip(*ratios, strict=True), strict=True):
        print(
            f"plain / one (cpu), {name}: {statistics.median(found):.1f} "
            f"(from {min(found):.1f} to {max(found):.1f}, {rounds} rounds)",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("pages", nargs="+", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--parts", default="floor,plain,workers,memory")
    parser.add_argument("--before", help="another installation's interpreter")
    parser.add_argument("--task", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.task:
        print(json.dumps(TASKS[given.task](given.pages)))
        return
    files = sorted(given.pages[0].glob("*.warc*")) if given.pages[0].is_dir() else given.pages
    parts = given.parts.split(",")
    with tempfile.TemporaryDirectory() as folder:
        if "floor" in parts:
            compare("floor", "one", "cpu", files, given.rounds)
        if "plain" in parts:
            firsts = [first_pages(files, count, Path(folder)) for count in PLAIN_PAGES]
            compare_with_plain(firsts, given.rounds)
        if "mix" in parts:
            mix = [write_mix(files, Path(folder) / "mix.warc.gz")]
            compare("floor", "one", "cpu", mix, given.rounds)
            if given.before:
                compare_with_before(mix, given.before, given.rounds)
                compare_with_before(files, given.before, given.rounds)
        if "workers" in parts:
            compare("two", "one", "wall", files, given.rounds)
        if "memory" in parts:
            copies = []
            for number in range(10):
                for file in files:
                    copies.append(Path(folder) / f"{number}-{file.name}")
                    shutil.copy(file, copies[-1])
            for task in ("one", "two"):
                once, ten = apart(task, files)["peak_mb"], apart(task, copies)["peak_mb"]
                print(f"peak memory ({task}): {once:.0f} MB, ten times the input {ten:.0f} MB")


if __name__ == "__main__":
    main()
