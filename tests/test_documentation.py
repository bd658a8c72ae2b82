import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from pydantic import BaseModel
from typer.testing import CliRunner

from gentap.cli import app
from gentap.settings.recipe import Recipe

ROOT = Path(__file__).resolve().parents[1]


def commands(command: Any = None, name: str = "gentap") -> Iterator[tuple[str, Any]]:
    command = command or typer.main.get_command(app)
    if hasattr(command, "commands"):
        for below, child in command.commands.items():
            yield from commands(child, f"{name} {below}")
    else:
        yield name, command


def settings(kind: type[BaseModel] = Recipe, section: str = "") -> Iterator[tuple[str, str, str]]:
    """Each setting: its section, name and description."""
    for name, field in kind.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from settings(field.annotation, f"{section}.{name}".strip("."))
        else:
            yield section, name, field.description or ""


COMMANDS = dict(commands())
SETTINGS = list(settings())


@pytest.fixture(scope="module")
def reference() -> dict[str, str]:
    """The reference's text under each of its third-level headings."""
    text = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    heads, *parts = re.split(r"^### ", text, flags=re.M)
    assert heads.startswith("# Reference")
    return {
        heading.strip("`"): body for heading, _, body in (part.partition("\n") for part in parts)
    }


def test_the_reference_is_up_to_date() -> None:
    script = ROOT / "scripts" / "write_reference.py"
    done = subprocess.run([sys.executable, str(script), "--check"], cwd=ROOT)
    assert done.returncode == 0, "run python scripts/write_reference.py"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_is_in_the_reference(reference: dict[str, str], name: str) -> None:
    for parameter in COMMANDS[name].params:
        if parameter.name == "help":
            continue
        argument = parameter.param_type_name == "argument"
        names = [parameter.name.upper()] if argument else parameter.opts
        assert f"| `{', '.join(names)}` | " in reference[name]
        assert parameter.help, f"{name}: {names} has no help"


@pytest.mark.parametrize(("section", "name", "description"), SETTINGS)
def test_every_setting_is_in_the_reference(
    reference: dict[str, str], section: str, name: str, description: str
) -> None:
    rows = reference[f"[{section}]" if section else "at the top"]
    assert f"| `{name}` | {description}".replace("  ", " ").rstrip() in rows


def test_the_reference_has_nothing_that_is_gone(reference: dict[str, str]) -> None:
    sections = {f"[{section}]" if section else "at the top" for section, _, _ in SETTINGS}
    known = {*COMMANDS, *sections, "[pretrain]"}
    assert set(reference) == known
    named = {
        (heading.strip("[]").replace("at the top", ""), name)
        for heading, body in reference.items()
        if heading not in COMMANDS
        for name in re.findall(r"^\| `(\w+)` \|", body, flags=re.M)
    }
    assert named == {(section, name) for section, name, _ in SETTINGS}


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_shows_defaults_and_names_the_reference(name: str) -> None:
    shown = " ".join(CliRunner().invoke(app, [*name.split()[1:], "--help"]).stdout.split())
    assert "docs/reference.md" in shown
    for parameter in COMMANDS[name].params:
        if isinstance(parameter.default, int) and not isinstance(parameter.default, bool):
            assert f"[default: {parameter.default}" in shown, parameter.name


def test_every_command_has_a_sentence_of_help() -> None:
    for name, command in COMMANDS.items():
        assert (command.help or "").strip().endswith("."), name


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_in_the_readme(name: str) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert re.search(rf"\b{name}\b", text), f"README.md does not name `{name}`"
