"""Each setting does something, and values that make no sense are refused by its name."""

import ast
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import pytest
import tomli_w
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from setting_effects import decided, write_inputs
from setting_rows import ROWS

from gentap.errors import SettingError
from gentap.settings.recipe import Recipe, load_recipe, make_settings, merge, parse_assignments

PACKAGE = Path(__file__).parents[2] / "gentap"
FREE = {"variants", "arguments"}
"""Tables whose content has checks of its own."""


def leaves(kind: type[BaseModel] = Recipe, section: str = "") -> Iterator[tuple[str, FieldInfo]]:
    for name, field in kind.model_fields.items():
        annotation = field.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            yield from leaves(annotation, f"{section}{name}.")
        else:
            yield f"{section}{name}", field


LEAVES = dict(leaves())


def nested(name: str, value: Any) -> dict[str, Any]:
    """``{"a": {"b": value}}`` of ``a.b``."""
    for part in reversed(name.split(".")):
        value = {part: value}
    return dict(value)


def recipe_of(values: dict[str, Any]) -> Recipe:
    content: dict[str, Any] = {"output": "out", "mine": {"inputs": ["pages.jsonl"]}}
    for name, value in values.items():
        content = merge(content, nested(name, value))
    return make_settings(Recipe, content, "recipe")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    write_inputs(folder)
    return folder


def test_every_setting_has_a_row() -> None:
    assert set(ROWS) == set(LEAVES)


@pytest.mark.parametrize("name", ROWS)
def test_a_changed_value_changes_what_its_row_says(
    name: str, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(files)
    row = ROWS[name]
    plain, changed = recipe_of(row.given), recipe_of({**row.given, name: row.value})
    assert row.effect(plain) != row.effect(changed)


@pytest.mark.parametrize("name", ROWS)
def test_fingerprints_cover_all_but_settings_of_pace(
    name: str, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(files)
    row = ROWS[name]
    plain, changed = recipe_of(row.given), recipe_of({**row.given, name: row.value})
    assert (decided(plain) == decided(changed)) == row.pace


def test_every_setting_is_read_outside_of_the_settings() -> None:
    read: set[str] = set()
    for path in PACKAGE.rglob("*.py"):
        if path.parent.name != "settings":
            tree = ast.parse(path.read_text(encoding="utf-8"))
            read |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    elsewhere = {"extends", "variants"}  # the recipe itself is made by them
    assert {name.rpartition(".")[2] for name in LEAVES} - elsewhere <= read


def bounds(field: FieldInfo) -> tuple[Any, Any]:
    """A value below a number's bounds and one above; infinities where there is none."""
    below: Any = -math.inf
    above: Any = math.inf
    for limit in field.metadata:
        if hasattr(limit, "ge"):
            below = limit.ge - 1
        elif hasattr(limit, "gt"):
            below = limit.gt
        elif hasattr(limit, "le"):
            above = limit.le + 1
        elif hasattr(limit, "lt"):
            above = limit.lt
    return below, above


def impossible(name: str) -> list[Any]:
    field = LEAVES[name]
    kind: Any = field.annotation
    if kind is bool:
        return [1, 0, "yes", "true", 1.0, []]
    if kind is int:
        below, above = bounds(field)
        wide = -(2**63) - 1 if below == -math.inf else below
        return [True, 1.5, "x", "3", math.nan, wide, 2**63 if above == math.inf else above, [1]]
    if kind is float:
        return [True, "x", "0.5", math.nan, math.inf, -math.inf, *bounds(field), 1e300]
    if kind is str:
        return [3, True, ["x"], "a\0b"]
    if get_origin(kind) is Literal:
        first = get_args(kind)[0]
        return ["nope", 3, *([] if first is True else [True, first.upper()])]
    if kind == list[str]:
        return ["x", [3], [""], ["a\0b"], {"x": "y"}]
    if kind == list[float]:
        return ["x", 0.5, ["x"], [True], [math.nan], [math.inf], [-0.1], []]
    assert name.rpartition(".")[2] in FREE, f"{name}: a type without impossible values here"
    return [3, "x", ["x"]]


@pytest.mark.parametrize("name", LEAVES)
def test_impossible_values_are_refused_by_name(name: str, tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    for value in impossible(name):
        text = tomli_w.dumps({"output": "out", **nested(name, value)})
        path.write_text(text, encoding="utf-8")
        with pytest.raises(SettingError, match=rf"(?m)^{path}(, line \d+)?: '{name}") as caught:
            load_recipe(path)
        assert all(", line " in line for line in str(caught.value).splitlines()), value


def shown(value: Any) -> str:
    """A value as it stands on the command line."""
    return tomli_w.dumps({"v": value}).partition("=")[2].strip()


@pytest.mark.parametrize("name", [name for name in LEAVES if "." in name])
def test_the_command_line_refuses_the_same(name: str) -> None:
    section, _, rest = name.partition(".")
    kind: Any = Recipe.model_fields[section].annotation
    for value in impossible(name):
        if isinstance(value, dict):
            continue
        given = parse_assignments([f"{rest}={shown(value)}"])
        with pytest.raises(SettingError, match=rf"^{section}: '{rest}"):
            make_settings(kind, given, section)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"mine.min_words": 60, "mine.max_words": 5}, "min_words must not be above max_words"),
        (
            {"write.filters.min_words": 9, "write.filters.max_words": 8},
            "min_words must not be above max_words",
        ),
        ({"evaluate.min_answer_tokens": 64}, "min_answer_tokens must be below max_answer_tokens"),
        ({"linearizer.max_tokens": 100}, "must not take more than half of max_tokens"),
        ({"write.candidates": 5}, "can't be more than its beams"),
        ({"base.batch_tokens": 128}, "batch_tokens must be at least window"),
        ({"base.lookup_batch_tokens": 128}, "lookup_batch_tokens must be at least window"),
        ({"base.mean_span": 300.0}, "mean_span must be at most window"),
        ({"base.lookup_share": 0.8}, "together must be at most 1"),
        ({"pretrain.mix.long": 0, "pretrain.mix.cell": 0}, "a mix of nothing"),
    ],
)  # fmt: skip
def test_settings_that_can_not_go_together_are_refused(values: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingError, match=said):
        recipe_of(values)
