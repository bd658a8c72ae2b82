"""One TOML recipe to validated settings.

Settings are checked when they are made, before any work. A mistake in a recipe is reported with
the file's line and, for a misspelt name, the nearest right one. A recipe may change another one
(``extends``), and may hold variants of itself.
"""

import difflib
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, Field, ValidationError, model_validator

from gentap.errors import SettingError
from gentap.runs.counting import counted
from gentap.runs.files.user_texts import read_user_text
from gentap.settings.question_sections import WriteSettings
from gentap.settings.sections import (
    MAX_SEED,
    ClusterSettings,
    EvaluateSettings,
    LinearizerSettings,
    MineSettings,
    SampleSettings,
    Settings,
)
from gentap.settings.toml_text import MAX_DEPTH, line_of, parse_toml
from gentap.settings.training_sections import (
    BaseSettings,
    FinetuneSettings,
    PretrainSettings,
    WriterSettings,
)

Model = TypeVar("Model", bound=Settings)
_ANY_OUTPUT = {"output": "any"}
"""Stands in where what a recipe names as its output does not matter."""
_MOST_TOLD, _LONGEST_SHOWN = 20, 160


class Recipe(Settings):
    """All stages of `gentap run`."""

    extends: str = Field("", description="a recipe beside this one, whose settings it changes")
    output: str = Field(min_length=1, description="folder that all output folders are made in")
    reuse: str = Field(
        "", description="another run's output, whose stages are taken where they are the same"
    )
    seed: int = Field(1, ge=0, le=MAX_SEED, description="seed of everything random")
    workers: int = Field(2, ge=1, le=1024, description="processes for mining and sampling")
    finetunings: int = Field(
        1, ge=1, le=100, description="finetunings of each system, with the seeds from seed on"
    )
    note: str = Field("", description="a remark that is printed below the results")
    variants: dict[str, dict[str, Any]] = Field(
        {}, description="by name, settings that differ: such systems are made and scored too"
    )
    cluster: ClusterSettings = ClusterSettings()
    linearizer: LinearizerSettings = LinearizerSettings()
    mine: MineSettings = MineSettings()
    base: BaseSettings = BaseSettings()
    writer: WriterSettings = WriterSettings()
    write: WriteSettings = WriteSettings()
    sample: SampleSettings = SampleSettings()
    pretrain: PretrainSettings = PretrainSettings()
    finetune: FinetuneSettings = FinetuneSettings()
    evaluate: EvaluateSettings = EvaluateSettings()

    @model_validator(mode="after")
    def _variants_change_stages(self) -> "Recipe":
        for name, changes in self.variants.items():
            fixed = {"output", "extends", "variants", "finetunings", "reuse", "evaluate"} & set(
                changes
            )
            if fixed:
                raise ValueError(f"the variant '{name}' must leave {min(fixed)} as it is")
            if not re.search(r"\w", name):
                raise ValueError(f"a variant's name needs a letter or a digit: {name!r}")
        return self


def load_recipe(path: Path, assignments: Sequence[str] = ()) -> Recipe:
    """Read and check a recipe; ``assignments`` (``pretrain.max_steps=9``) go over its settings.

    Raises SettingError with the line, or the assigned name, to mend.
    """
    changes = parse_assignments(assignments)
    if "extends" in changes:
        raise SettingError("--set extends: a recipe extends another one in its file alone.")
    return _load(path, {"output": changes["output"]} if "output" in changes else {}, changes)


def load_section(path: Path, section: str) -> dict[str, Any]:
    """What a recipe says in one section; empty where it leaves that out.

    The recipe may lack ``output``: the command of a single stage has an option for it.
    """
    given = _load(path, _ANY_OUTPUT).model_dump(include={section}, exclude_unset=True)
    return dict(given.get(section, {}))


def _load(path: Path, given: Mapping[str, Any], changes: Mapping[str, Any] | None = None) -> Recipe:
    content = merge({**given, **_content(path, given)}, changes or {})
    recipe = make_settings(Recipe, content, "--set") if changes else Recipe(**content)
    for name, differs in recipe.variants.items():
        try:
            Recipe(**merge(content, differs))
        except ValidationError as error:
            where = f"{path}, variant '{name}'"
            raise SettingError(_explain(error, Recipe, where, "")) from None
    return recipe


def recipe_variants(recipe: Recipe) -> dict[str, Recipe]:
    """The recipe's variants by name, each a whole recipe."""
    content = recipe.model_dump(exclude={"variants"})
    return {name: Recipe(**merge(content, changes)) for name, changes in recipe.variants.items()}


def merge(values: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """``values`` with ``changes``; tables that both have are merged."""
    merged = dict(values)
    for name, value in changes.items():
        old = merged.get(name)
        if isinstance(old, Mapping) and isinstance(value, Mapping):
            value = merge(old, value)
        merged[name] = value
    return merged


def make_settings(kind: type[Model], values: Mapping[str, Any], where: str) -> Model:
    """Check settings that came from the command line.

    Raises SettingError with the name of the one to mend.
    """
    try:
        return kind(**values)
    except ValidationError as error:
        raise SettingError(_explain(error, kind, where, "")) from None


def parse_assignments(assignments: Sequence[str]) -> dict[str, Any]:
    """``name=value`` pairs, the value as in TOML (a bare word is a text).

    A dotted name sets a value within a table: ``mix.masked=1``.

    Raises SettingError where one is not written so.
    """
    values: dict[str, Any] = {}
    for assignment in assignments:
        name, sign, value = assignment.partition("=")
        names = [part.strip() for part in name.split(".")]
        if not sign or not all(names) or len(names) > MAX_DEPTH:
            raise SettingError(f"--set {_cut(assignment)}: write it as name=value.")
        given: Any = value.strip()
        if _is_toml(given):
            given = parse_toml(f"value = {given}", f"--set {_cut(name)}")["value"]
        for part in reversed(names):
            given = {part: given}
        values = merge(values, given)
    return values


def _content(path: Path, given: Mapping[str, Any], above: tuple[Path, ...] = ()) -> dict[str, Any]:
    """A recipe's settings over those of the recipe that it extends; checked with those given."""
    text = read_user_text(path, "recipe")
    content = parse_toml(text, str(path))
    extended = content.get("extends")
    if isinstance(extended, str) and extended and "\0" not in extended:
        below = path.parent / extended
        above = (*above, path.resolve())
        if below.resolve() in above:
            raise SettingError(f"{path}: extends {extended}, which extends this very recipe.")
        content = merge(_content(below, _ANY_OUTPUT, above), content)
    try:
        Recipe(**{**given, **content})
    except ValidationError as error:
        raise SettingError(_explain(error, Recipe, str(path), text)) from None
    return content


def _is_toml(value: str) -> bool:
    """Whether a value of the command line is TOML; else it is a text without quotation marks."""
    try:
        return tomllib.loads(f"value = {value}").keys() == {"value"}
    except tomllib.TOMLDecodeError:
        return False
    except (ValueError, RecursionError):
        return True  # as parse_toml will say


def _explain(error: ValidationError, kind: type[BaseModel], where: str, text: str) -> str:
    lines = []
    for problem in error.errors():
        names = [str(part) for part in problem["loc"]]
        number = line_of(text, names)
        place = f"{where}, line {number}" if number else where
        name = _cut(".".join(names))
        if problem["type"] == "extra_forbidden":
            what = f"unknown setting '{name}'.{_suggest(kind, names)}"
        elif problem["type"] == "missing":
            what = f"the setting '{name}' is missing."
        else:
            told = problem["msg"].removeprefix("Value error, ")
            what = f"'{name}' is {_cut(repr(problem['input']))}: {told}." if name else f"{told}."
        lines.append(f"{place}: {what}")
    if len(lines) > _MOST_TOLD:
        lines[_MOST_TOLD:] = [f"{where}: {counted(len(lines) - _MOST_TOLD, 'more mistake')}."]
    return "\n".join(lines)


def _cut(text: str) -> str:
    """A text of the user's as it can stand in a message: one line, not too long."""
    shown = text if text.isprintable() else repr(text)[1:-1]
    return shown if len(shown) <= _LONGEST_SHOWN else f"{shown[:_LONGEST_SHOWN]}…"


def _suggest(kind: type[BaseModel], names: Sequence[str]) -> str:
    model: Any = kind
    for name in names[:-1]:
        field = getattr(model, "model_fields", {}).get(name)
        model = field.annotation if field else model
    known = sorted(getattr(model, "model_fields", {}))
    near = difflib.get_close_matches(names[-1], known, n=1, cutoff=0.6)
    return f" Did you mean '{near[0]}'?" if near else f" Known here: {', '.join(known)}."
