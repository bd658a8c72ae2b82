"""The real command, as shells run it: odd terminals, pipes that close, and interrupts."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from complaints import PAGE, jsonl, write
from whole_chain import environment

from gentap.runs.store import is_done

pytestmark = pytest.mark.usefixtures("own_folder")
SHOWS = [sys.executable, "-m", "gentap", "grammar", "draw", "english", "--table", "films.csv"]


@pytest.fixture
def films(own_folder: Path) -> None:
    write("films.csv", "Year,Film\n2004,Dåwn → \x1b[31m\n2005,Dusk\n2006,Noon\n")


@pytest.mark.usefixtures("films")
@pytest.mark.parametrize(
    "terminal",
    [
        {"PYTHONIOENCODING": "ascii"},
        {"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"PYTHONIOENCODING": "latin-1"},
    ],
    ids=["ascii", "C", "latin-1"],
)
def test_a_terminal_that_lacks_letters_gets_escapes(terminal: dict[str, str]) -> None:
    for command in (SHOWS, [sys.executable, "-m", "gentap", "--help"]):
        done = subprocess.run(command, env={**environment(), **terminal}, capture_output=True)
        assert done.returncode == 0, done.stderr
        assert b"Traceback" not in done.stderr
        assert b"\x1b[31m" not in done.stdout


@pytest.mark.usefixtures("films")
@pytest.mark.parametrize("lines", [0, 1])
def test_a_pipe_that_is_closed_is_no_error(lines: int) -> None:
    with subprocess.Popen(
        SHOWS, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        for _ in range(lines):
            process.stdout.readline()
        process.stdout.close()
        told = process.stderr.read()
        assert process.wait() == 0
    assert told == b""


def test_work_goes_on_where_nobody_reads_how_it_goes() -> None:
    write("pages/mara.html", PAGE)
    command = [sys.executable, "-m", "gentap", "mine", "pages", "-o", "out", "--workers", "1"]
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(command, env=environment(), stdout=writing, stderr=writing)
    os.close(writing)
    assert done.returncode == 0
    assert is_done(Path("out"))


def interrupted(after: float, command: list[str]) -> tuple[int, str]:
    with subprocess.Popen(
        command, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        time.sleep(after)
        process.send_signal(signal.SIGINT)
        told = process.communicate(timeout=60)[1]
    return process.returncode, told


@pytest.mark.parametrize("seed", range(4))
def test_an_interrupt_in_the_first_moments_is_told_in_a_line(seed: int) -> None:
    """From the first line of ours on: Python's own start is not ours to change."""
    write("test.jsonl", jsonl({"question": "?", "answer": "x", "table": {}}))
    program = (
        "import signal, sys, threading, os, time; from gentap.__main__ import start\n"
        "after = float(sys.argv.pop(1))\n"
        "threading.Timer(after, os.kill, (os.getpid(), signal.SIGINT)).start(); start()"
    )
    after = random.Random(seed).random() * 0.6
    done = subprocess.run(
        [sys.executable, "-c", program, str(after), "mine", "none", "-o", "out"],
        env=environment(),
        capture_output=True,
        text=True,
    )
    assert "Traceback" not in done.stderr, done.stderr
    assert done.returncode in (130, 1, -signal.SIGINT)
    assert not Path("out").exists()


def test_an_interrupt_during_work_is_told_and_the_next_run_goes_on() -> None:
    write("pages.jsonl", PAGE_LINES)
    command = [sys.executable, "-m", "gentap", "mine", "pages.jsonl", "-o", "out"]
    command += ["--workers", "1", "--set", "shard_bytes=20000"]
    with subprocess.Popen(command, env=environment(), stderr=subprocess.PIPE, text=True) as process:
        while process.poll() is None and not Path("out/.shards").exists():
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        told = process.communicate(timeout=60)[1]
    assert "Traceback" not in told
    if process.returncode:
        assert process.returncode == 130
        assert "interrupted. Run the same command again to go on." in told
    assert subprocess.run(command, env=environment(), capture_output=True).returncode == 0


PAGE_LINES = jsonl(
    *(
        {
            "url": f"page-{number}",
            "title": f"Page {number}",
            "text": f"In 2005 she made Dusk {number} with her crew from the old harbour.",
            "tables": [{"header": ["Year", "Film"], "rows": [["2005", f"Dusk {number}"]] * 3}],
        }
        for number in range(3000)
    )
)
