"""Kill mining at random moments, run it again, and compare its output byte for byte.

Usage: python scripts/benchmarks/kill_mine.py INPUT… [--kills 50] [--seed 1] [--workers 2]

Kills (SIGKILL) hit a worker, the parent, or the whole group in turn, at a moment drawn over the
time that an undisturbed run takes. Every rerun must end well, hold the bytes of the undisturbed
run, and leave no temporary file. Exits with 1 at the first difference.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a finished folder, but for the lock and what holds times."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name not in (".lock", "made_from.json")
    }


def status(process: int) -> list[str]:
    """The fields of a process's /proc stat after its name: state, parent, …; empty where gone."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def workers_of(parent: int) -> list[int]:
    """All processes below one; the workers are among them."""
    parents = {int(entry.name): status(int(entry.name)) for entry in Path("/proc").glob("[0-9]*")}
    below = [parent]
    for process in below:
        below += [child for child, fields in parents.items() if fields[1:2] == [str(process)]]
    return below[1:]


def kill(process: subprocess.Popen[bytes], victim: str, chance: random.Random) -> bool:
    """Kill a victim of a running command; False where there was none any more."""
    if process.poll() is not None:
        return False
    try:
        if victim == "group":
            os.killpg(process.pid, signal.SIGKILL)
        elif victim == "parent":
            process.kill()
        else:
            workers = workers_of(process.pid)
            if not workers:
                return False
            os.kill(chance.choice(workers), signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def wait_until_gone(processes: list[int]) -> None:
    """Workers of a dead parent end by themselves; nobody may write to the folder after that."""
    deadline = time.monotonic() + 60
    while left := [number for number in processes if status(number)[:1] not in ([], ["Z"])]:
        if time.monotonic() > deadline:
            raise SystemExit(f"processes {left} outlived the run that they belong to by a minute")
        time.sleep(0.05)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("inputs", nargs="+")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--shard-bytes", type=int, default=20_000)
    given = parser.parse_args()
    if given.workers < 2:
        parser.error("a single worker is no process of its own: give two or more")
    chance = random.Random(given.seed)
    killed = {"worker": 0, "parent": 0, "group": 0}
    with tempfile.TemporaryDirectory() as scratch:

        def start(name: str) -> subprocess.Popen[bytes]:
            command = [sys.executable, "-m", "gentap.cli", "mine", *given.inputs]
            command += ["-o", f"{scratch}/{name}", "--workers", str(given.workers)]
            command += ["--set", f"shard_bytes={given.shard_bytes}"]
            return subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True)

        started = time.monotonic()
        if start("undisturbed").wait():
            raise SystemExit("the undisturbed run failed")
        took = time.monotonic() - started
        wanted = contents(Path(scratch) / "undisturbed")
        print(f"undisturbed: {len(wanted)} files in {took:.1f} s", flush=True)
        attempt = 0
        while sum(killed.values()) < given.kills:
            number = sum(killed.values())
            attempt += 1  # a run may end before it is hit
            folder = Path(scratch) / f"killed-{attempt}"
            victim = list(killed)[number % len(killed)]
            process = start(folder.name)
            time.sleep(chance.random() * took)
            family = workers_of(process.pid)
            hit = kill(process, victim, chance)
            process.wait()
            wait_until_gone(family)
            if not hit:
                continue
            killed[victim] += 1
            if start(folder.name).wait():
                print(f"kill {number} ({victim}): the rerun failed")
                return 1
            found = contents(folder)
            if found != wanted:
                differing = sorted(
                    name for name in {*found, *wanted} if found.get(name) != wanted.get(name)
                )
                print(f"kill {number} ({victim}): these files differ: {', '.join(differing)}")
                return 1
            print(f"kill {number + 1} ({victim}): the same bytes after a rerun", flush=True)
    print(f"{sum(killed.values())} kills {killed}: the same bytes each time, nothing left over")
    return 0


if __name__ == "__main__":
    sys.exit(main())
