"""Every line of the docs that calls gentap names commands, options and settings that there are."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from gentap.cli import app

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)


def blocks(page: Path, *languages: str) -> Iterator[tuple[int, str]]:
    """Code blocks of some languages, each with its line."""
    text = page.read_text(encoding="utf-8")
    for found in BLOCK.finditer(text):
        if found[1] in languages:
            yield text.count("\n", 0, found.start()) + 1, found[2]


def shell_lines(page: Path) -> Iterator[tuple[int, str]]:
    """Lines of a page's shell blocks, each with its block's line: continued ones in one, without
    prompts, and without what a block with prompts shows beside them."""
    for number, block in blocks(page, "", "sh", "bash", "console"):
        lines = re.sub(r"\\\n\s*", " ", block).splitlines()
        prompted = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
        yield from ((number, line.strip()) for line in prompted or lines)


def calls() -> Iterator[Any]:
    for page in PAGES:
        for number, line in shell_lines(page):
            found = re.match(r"(?:[A-Z_]+=\S+ )*(?:\S+ )*?(?:-m gentap\.cli|gentap) (.+)", line)
            if found and re.match(r"(?:[A-Z_]+=|srun|torchrun|accelerate|gentap) ?", line):
                yield pytest.param(found[1], id=f"{page.name}:{number}: {found[1][:50]}")


@pytest.mark.parametrize("call", calls())
def test_a_call_is_one_that_the_command_line_takes(call: str) -> None:
    words = shlex.split(call, comments=True)
    ends = [place for place, word in enumerate(words) if word in ("<", ">", "|", "&&")]
    words = words[: min(ends, default=len(words))]
    command: Any = typer.main.get_command(app)
    name = "gentap"
    while hasattr(command, "commands") and words and not words[0].startswith("-"):
        assert words[0] in command.commands, f"{name} has no command {words[0]}"
        command, name = command.commands[words[0]], f"{name} {words.pop(0)}"
    if any("…" in word and len(word) == 1 for word in words):  # the rest is left out
        known = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in words if word.startswith("-")} <= known
        return
    command.make_context(name, words)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python_blocks_are_python(page: Path) -> None:
    for number, block in blocks(page, "python"):
        compile(block, f"{page.name}, line {number}", "exec")


def test_docs_link_to_what_is_there() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            if not re.match(r"[a-z]+:", target):
                assert (page.parent / target).exists(), f"{page.name} links to {target}"
