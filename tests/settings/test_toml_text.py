"""Text that is no recipe: one message with the file and, where there is one, the line."""

import random
import re
from pathlib import Path

import pytest

from gentap.errors import GentapError, SettingError
from gentap.settings.recipe import load_recipe, load_section, parse_assignments
from gentap.settings.toml_text import MAX_DEPTH, parse_toml

DEEP = 3000
LONG = "9" * 5000


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (f'output = "o"\nseed = {LONG}\n', 2, "too many digits"),
        (f'output = "o"\n\nseed = 0x{"f" * 5000}\n', 3, "too many digits"),
        (f'output = "o"\n[mine]\nenglish = {LONG}.5\n', 3, "mine.english"),
        (f'output = "o"\n[mine]\nmin_words = 1{"0" * 30}\n', 3, "64 bits"),
        (f'output = "o"\n[mine]\ninputs = {"[" * DEEP}{"]" * DEEP}\n', 3, "nested"),
        (f'output = "o"\n[mine]\ninputs = {"{a = " * DEEP}1{"}" * DEEP}\n', 3, "nested"),
        (f'output = "o"\n[{"a." * DEEP}a]\nb = 1\n', 2, "nested"),
        (f'output = "o"\n{"a." * DEEP}a = 1\n', 2, "nested"),
        (f'output = "o"\n[mine]\ninputs = {"[" * DEEP}\n', 3, "nested"),
        (f'output = "o"\n[variants.x]\n[variants.x.{".".join("a" * 20)}]\n', 3, "nested"),
        ('output = "o"\nseed = 2024-13-45\n', 2, ""),
        ('output = "o"\n"a\\nb" = 1\n', 0, r"unknown setting 'a\\nb'"),
        (f'output = "o"\n[mine]\ninputs = "{"x" * 9000}"\n', 3, "…"),
    ],
)
def test_a_text_without_bounds_ends_with_its_line(
    tmp_path: Path, text: str, line: int, said: str
) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text(text, encoding="utf-8")
    for load in (load_recipe, lambda path: load_section(path, "mine")):
        with pytest.raises(SettingError) as caught:
            load(path)
        message = str(caught.value)
        assert message.startswith(str(path))
        assert said.replace(r"\\", "\\") in message
        assert "\n" not in message
        assert len(message) < len(str(path)) + 400
        if line:
            assert re.search(rf"line {line}\b", message), message


@pytest.mark.parametrize(
    "value", [LONG, f"0x{'f' * 5000}", "[" * DEEP + "]" * DEEP, "{a = " * DEEP + "1" + "}" * DEEP]
)
def test_a_value_of_the_command_line_without_bounds_is_told(value: str) -> None:
    with pytest.raises(SettingError, match=r"^--set beams, line 1: ") as caught:
        parse_assignments([f"beams={value}"])
    assert len(str(caught.value)) < 400


def test_a_name_of_the_command_line_without_bounds_is_told() -> None:
    with pytest.raises(SettingError, match="write it as name=value") as caught:
        parse_assignments([f"{'a.' * DEEP}a=1"])
    assert len(str(caught.value)) < 400


def test_values_may_be_nested_as_deep_as_it_says() -> None:
    inner = MAX_DEPTH - 1
    assert parse_toml(f"a = {'[' * inner}{']' * inner}", "x")
    with pytest.raises(SettingError, match="nested"):
        parse_toml(f"a = {'[' * (inner + 1)}{']' * (inner + 1)}", "x")


def test_of_many_mistakes_the_first_are_told(tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text('output = "o"\n' + "".join(f"x{n} = 1\n" for n in range(500)))
    with pytest.raises(SettingError) as caught:
        load_recipe(path)
    assert len(str(caught.value).splitlines()) < 30
    assert "480 more mistakes" in str(caught.value)


PIECES = [
    *("output", "mine", "inputs", "seed", "write", "filters", "variants", "arguments", "extends"),
    *("a", '"', "'", '"""', "'''", "\\", "\n", "\r", "\0", "\t", "\x1b", "é", "\ud800", "\u2028"),
    *("=", ".", ",", "[", "]", "[[", "]]", "{", "}", "#", "-", "+", "_", ":", "T"),
    *("true", "nan", "inf", "1e999", "0x", "1979-05-27T07:32:00Z", "9" * 400, "9" * 5000),
    *("[" * 400, "{a=" * 400, "a." * 400, "\n[mine]\n", "\nmin_words = ", '\noutput = "o"\n'),
]


@pytest.mark.parametrize("seed", range(300))
def test_no_text_crashes_a_recipe_or_an_assignment(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    text = "".join(rng.choices(PIECES, k=rng.randint(1, 25)))
    if seed % 3 == 0:  # damage a right one
        right = 'output = "o"\n[mine]\ninputs = ["a"]\n[variants.x.write]\nbeams = 2\n'
        place = rng.randrange(len(right))
        text = right[:place] + text[:40] + right[place + rng.randint(0, 6) :]
    path = tmp_path / "recipe.toml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    tries = [
        lambda: load_recipe(path),
        lambda: load_section(path, "mine"),
        lambda: parse_assignments([text]),
        lambda: parse_assignments([f"arguments={text}"]),
    ]
    for attempt in tries:
        message = "nothing wrong"
        try:
            attempt()
        except GentapError as error:
            message = str(error)
        assert 0 < len(message) < 5000
