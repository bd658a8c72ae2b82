"""Write docs/reference.md: every command with its options, every recipe setting with its default.

Usage: python scripts/write_reference.py [--check]
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import typer
from pydantic import BaseModel

from gentap.cli import app
from gentap.settings.recipe import Recipe

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference.md"


def main() -> int:
    """Write the page, or with --check say whether it is up to date."""
    text = reference()
    if "--check" in sys.argv[1:]:
        return 0 if PAGE.read_text(encoding="utf-8") == text else 1
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(text, encoding="utf-8")
    return 0


def reference() -> str:
    """The page's text."""
    lines = ["# Reference", "", "Made by `scripts/write_reference.py`; a test keeps it true.", ""]
    lines += ["## Commands", ""]
    for name, command in _commands(typer.main.get_command(app), "gentap"):
        lines += [f"### `{name}`", "", _sentence(command), ""]
        rows = [_option(parameter) for parameter in command.params if parameter.name != "help"]
        lines += [*_table(["option", "meaning", "default"], rows), ""]
    lines += ["## Recipes", ""]
    lines += [
        "A recipe is a TOML file; `gentap run` takes all of it, each command its own section with",
        "`--recipe`. Paths are relative to the folder that the command is run in.",
        "",
    ]
    for title, model in _sections(Recipe):
        lines += [f"### {title}", "", (model.__doc__ or "").strip().partition("\n")[0], ""]
        lines += [*_table(["setting", "meaning", "default"], list(_settings(model))), ""]
    return "\n".join(lines).rstrip() + "\n"


def _commands(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    if hasattr(command, "commands"):
        for below, child in command.commands.items():
            yield from _commands(child, f"{name} {below}")
    else:
        yield name, command


def _sentence(command: click.Command) -> str:
    return " ".join((command.help or "").split())


def _option(parameter: Any) -> list[str]:
    argument = parameter.param_type_name == "argument"
    name = parameter.name.upper() if argument else ", ".join(parameter.opts)
    default = "" if parameter.default is None or callable(parameter.default) else parameter.default
    needed = "needed" if parameter.required else _shown(default)
    return [f"`{name}`", getattr(parameter, "help", "") or "", needed]


def _sections(recipe: type[BaseModel], above: str = "") -> Iterator[tuple[str, type[BaseModel]]]:
    yield f"`[{above}]`" if above else "at the top", recipe
    for name, field in recipe.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _sections(field.annotation, f"{above}.{name}".strip("."))


def _settings(model: type[BaseModel]) -> Iterator[list[str]]:
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            continue
        default = "needed" if field.is_required() else _shown(field.default)
        yield [f"`{name}`", field.description or "", default]


def _shown(value: Any) -> str:
    if value == "" or value == [] or value is False:
        return ""
    return f"`{str(value).lower()}`" if isinstance(value, bool) else f"`{value}`"


def _table(header: list[str], rows: list[list[str]]) -> list[str]:
    lines = [header, ["---"] * len(header), *rows]
    return ["| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines]


if __name__ == "__main__":
    raise SystemExit(main())
