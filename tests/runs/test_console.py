"""What reaches the terminal, and what happens where nobody listens any more."""

import ast
import io
import os
import sys
from pathlib import Path

import pytest

import gentap
from gentap.runs import console
from gentap.runs.console import plain, printable_line, say, say_progress, show, warn

PACKAGE = Path(gentap.__file__).parent


def test_nothing_but_the_console_prints() -> None:
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            named = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
            assert not (named and node.func.id == "print"), path  # type: ignore[attr-defined]
            if isinstance(node, ast.Attribute) and node.attr in ("stdout", "stderr"):
                known = {"console.py", "cli.py", "cluster.py", "runner.py"}
                assert path.name in known, path


@pytest.mark.parametrize(
    "text",
    ["\x1b[2J", "\x07", "\r", "\x9b31m", "\x00", "\x7f", "\u202e", "\u2066", "\udc80", "\u2028"],
)
def test_characters_that_a_terminal_obeys_are_shown_as_question_marks(text: str, capsys) -> None:
    assert "\N{REPLACEMENT CHARACTER}" in plain(f"a{text}b")
    assert plain(f"a{text}b").strip("ab[2J31m\N{REPLACEMENT CHARACTER}") == ""
    for tell in (show, say, warn):
        tell(f"a{text}b")
    out = capsys.readouterr()
    assert text[0] not in out.out + out.err


def test_texts_of_all_scripts_stay_as_they_are() -> None:
    text = "Å 日本語 ‎ عربي \u200d👩‍🚀\ttab\nline".replace("\u200e", "")
    assert plain(text) == text
    assert printable_line("one\r\ntwo\n") == "one two"


def test_letters_that_a_terminal_lacks_are_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    show("Å → b")
    assert raw.getvalue() == b"\\xc5 \\u2192 b\n"


def test_styles_are_for_terminals_alone(monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    show("plain", "bold")
    assert capsys.readouterr().out == "plain\n"
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    show("bold \x1b[31m", "bold")
    assert capsys.readouterr().out == "\x1b[1mbold \N{REPLACEMENT CHARACTER}[31m\x1b[0m\n"


def test_only_the_first_of_several_processes_tells_but_each_tells_errors(
    monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    monkeypatch.setenv("RANK", "1")
    say("progress")
    warn("error")
    assert capsys.readouterr().err == "error\n"


def test_progress_takes_its_own_place_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    say_progress("1 of 2", last=False)
    assert capsys.readouterr().err == "1 of 2\n"
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    say_progress("1 of 2", last=False)
    say_progress("2 of 2", last=True)
    shown = capsys.readouterr().err
    assert shown == f"\r{'1 of 2':<78}\r{'2 of 2':<78}\n"


def test_a_closed_pipe_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as pipe:
        monkeypatch.setattr(sys, "stdout", pipe)
        for _ in range(3):
            console.show("nobody reads this")
