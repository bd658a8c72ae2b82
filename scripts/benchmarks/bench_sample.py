"""Verified examples a second, from tables to Parquet on disk, and the memory that it takes.

    python scripts/benchmarks/bench_sample.py TABLES… [-n 10 20] [--sentences 0 0.5] [--workers 1]
        [--grammar english]

TABLES are what `gentap sample` takes, such as TabFact's tables.jsonl.gz; --sentences is how many
sentences are drawn for each of the -n cell questions. Each row is a whole run in
a process of its own: reading, cutting to 512 tokens (estimated), reading values, drawing, running
the query, writing. Processor time and memory are those of the process itself, so that of several
workers only the seconds tell. The last column is the digest of what was written: it must not depend
on the number of workers.
"""

import argparse
import hashlib
import multiprocessing
import resource
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from pathlib import Path

from gentap.documents.table_files import find_table_files
from gentap.grammar.sample import sample
from gentap.runs.store import open_stage
from gentap.settings.sections import LinearizerSettings, SampleSettings


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("tables", nargs="+")
    parser.add_argument("-n", nargs="+", type=int, default=[10, 20])
    parser.add_argument("--sentences", nargs="+", type=float, default=[0.0])
    parser.add_argument("--workers", nargs="+", type=int, default=[1])
    parser.add_argument("--grammar", default="english")
    given = parser.parse_args()
    print(
        "n  sentences  workers  examples  seconds  examples/s  CPU seconds  examples/CPU s  "
        "peak MiB  digest"
    )
    for per_table, sentences, workers in product(given.n, given.sentences, given.workers):
        task = (given.tables, given.grammar, per_table, sentences, workers)
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
            print(pool.submit(measure, *task).result(), flush=True)
    return 0


def measure(tables: list[str], grammar: str, per_table: int, sentences: float, workers: int) -> str:
    """One run, as a line of the table."""
    settings = SampleSettings(grammar=grammar, per_table=per_table, sentences=sentences)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "cell"
        started, cpu = time.perf_counter(), cpu_seconds()
        with open_stage(folder, "sample", settings.model_dump(), []) as stage:
            assert stage is not None
            tally = sample(
                find_table_files(tables),
                settings,
                stage,
                base="",
                linearizer=LinearizerSettings(),
                seed=1,
                workers=workers,
            )
            seconds, cpu = time.perf_counter() - started, cpu_seconds() - cpu
        written = hashlib.sha256()
        for part in sorted(folder.glob("part-*.parquet")):
            written.update(part.read_bytes())
    examples = tally.counts["examples"]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    spent = f"{cpu:.1f}  {examples / cpu:,.0f}" if workers == 1 else "-  -"
    return (
        f"{per_table}  {tally.counts['sentences']:,}  {workers}  {examples:,}  {seconds:.1f}  "
        f"{examples / seconds:,.0f}  {spent}  {peak:,.0f}  {written.hexdigest()[:12]}"
    )


def cpu_seconds() -> float:
    """Processor time of this process; its workers' is not known to it."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    sys.exit(main())
