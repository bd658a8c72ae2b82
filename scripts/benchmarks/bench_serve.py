"""Requests a second of `gentap serve`, and whether any is lost.

    python scripts/benchmarks/bench_serve.py --model runs/finetuned --data data/qa/test.jsonl

Starts a server of its own on a free port, or asks the one at `--address`. `--clients` people ask at
once, each its next question as soon as the last one is answered, until `--requests` are answered;
questions are those of `--data`, over and over. A request that is not answered with a sentence (200
and a field `answer`) counts as lost. Then one person alone asks `--alone` of them, which tells what
asking together brings.
"""

import argparse
import json
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path

from gentap.documents.annotated.reading import read_annotated
from gentap.records import Example


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--model", help="a model's folder, to start a server of")
    parser.add_argument("--address", help="of a server that runs already")
    parser.add_argument("--data", type=Path, required=True, help="annotated questions")
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--alone", type=int, default=50, help="requests of one client alone")
    parser.add_argument("--beams", type=int, default=4)
    args = parser.parse_args()
    if bool(args.model) == bool(args.address):
        parser.error("give --model or --address")
    bodies = [_body(example) for example in read_annotated(args.data)[0]]
    with _server(args.model, args.beams) if args.model else _running(args.address) as address:
        _ask(address, bodies[0])  # the first answer warms up
        for clients, requests in ((args.clients, args.requests), (1, args.alone)):
            print(_measured(address, list(islice(cycle(bodies), requests)), clients))


def _body(example: Example) -> bytes:
    table = example.table
    columns = {
        f"{name} ({place})" if name in table.header[:place] else name: [
            row[place] for row in table.rows
        ]
        for place, name in enumerate(table.header)
    }
    inputs = {"query": example.question, "table": columns, "title": table.title}
    return json.dumps({"inputs": inputs}).encode()


@contextmanager
def _server(model: str, beams: int) -> Iterator[str]:
    command = [sys.executable, "-m", "gentap", "serve", model, "--port", "0"]
    command += ["--beams", str(beams), "--timeout", "3600"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            for line in process.stderr:
                if found := re.search(r"http://\S+", line):
                    yield found[0].rstrip("/")
                    break
                print(line, end="")
            else:
                raise SystemExit("the server did not start")
        finally:
            process.terminate()


@contextmanager
def _running(address: str) -> Iterator[str]:
    yield address.rstrip("/")


def _ask(address: str, body: bytes) -> float:
    """Seconds to the answer; negative where there was none."""
    begun = time.perf_counter()
    try:
        with urllib.request.urlopen(f"{address}/api/answer", body, timeout=3600) as response:
            answered = "answer" in json.load(response)
    except (OSError, ValueError):
        answered = False
    return (time.perf_counter() - begun) * (1 if answered else -1)


def _measured(address: str, bodies: Sequence[bytes], clients: int) -> str:
    begun = time.perf_counter()
    with ThreadPoolExecutor(clients) as people:
        seconds = list(people.map(lambda body: _ask(address, body), bodies))
    wall = time.perf_counter() - begun
    answered = sorted(one for one in seconds if one > 0)
    if not answered:
        return f"{clients:>3} clients: none of {len(bodies)} requests was answered"
    middle, most = answered[len(answered) // 2], answered[int(0.95 * len(answered))]
    return (
        f"{clients:>3} clients: {len(answered)} of {len(bodies)} requests answered, "
        f"{len(bodies) - len(answered)} lost; {len(answered) / wall:.2f} a second; seconds to the "
        f"answer: median {middle:.2f}, 95% {most:.2f}, longest {answered[-1]:.2f}"
    )


if __name__ == "__main__":
    main()
