"""Counts and their nouns."""

import ast
import re
from itertools import pairwise
from pathlib import Path

import pytest

from gentap.runs.counting import counted


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ((0, "record"), "0 records"),
        ((1, "record"), "1 record"),
        ((1234, "record"), "1,234 records"),
        ((1, "batch", "batches"), "1 batch"),
        ((2, "batch", "batches"), "2 batches"),
    ],
)
def test_a_noun_has_its_number(given: tuple[int, str], wanted: str) -> None:
    assert counted(*given) == wanted


PACKAGE = Path(__file__).resolve().parents[2] / "gentap"
NOT_COUNTED = re.compile(
    r"[A-Z_]+|len\(shown\)|.*(limits|settings|kind|model|name|elapsed|seconds|timeout).*"
)
"""What stands before a plural and is no count: limits, which are many, and names."""
ELSEWHERE = ("model",)
"""Where tensors, tokens and the like are told, of which there are always many."""
NOUNS = "records questions files sentences pages tables rows cells examples columns lines".split()


def test_a_count_before_a_noun_is_said_by_this_function() -> None:
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        if path.relative_to(PACKAGE).as_posix().startswith(ELSEWHERE):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            values = node.values if isinstance(node, ast.JoinedStr) else []
            for value, text in pairwise(values):
                if not isinstance(value, ast.FormattedValue) or not isinstance(text, ast.Constant):
                    continue
                noun = str(text.value).strip(" ").partition(" ")[0].strip(".,:;")
                counts = str(text.value).startswith(" ") and noun in NOUNS
                if counts and not NOT_COUNTED.fullmatch(ast.unparse(value.value)):
                    found.append(f"{path.name}, line {value.lineno}: {ast.unparse(value.value)}")
    assert found == []
