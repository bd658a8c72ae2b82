"""Columns of numbers in people's notations, against the numbers that were written."""

from random import Random

import pytest

from gentap.grammar.parser import load_grammar
from gentap.grammar.rules import find_grammar
from gentap.tables.columns import ColumnReader
from gentap.text.normal_form import is_placeholder, normal_form

ENGLISH = ColumnReader(load_grammar(find_grammar("english")).language)
GERMAN = ColumnReader(load_grammar(find_grammar("german")).language)


def keys(reader: ColumnReader, *texts: str) -> list[float | None]:
    return list(reader.read_column([normal_form(text) for text in texts]).keys)


@pytest.mark.parametrize(
    ("texts", "numbers"),
    [
        ("331.885 246.243 110.731 126.949 950", [331885, 246243, 110731, 126949, 950]),
        ("1,500 12,250 3,125 0,500 9,750", [1.5, 12.25, 3.125, 0.5, 9.75]),
        ("1.234,5 2,25 3.677.472", [1234.5, 2.25, 3677472]),
        ("1'234 1’234’567 950", [1234, 1234567, 950]),
        ("12,34,567 1,00,000 999", [1234567, 100000, 999]),
        ("1\u202f234,5 2\u00a0000 3,5", [1234.5, 2000, 3.5]),
        ("(1,234) 5 6", [-1234, 5, 6]),
        ("€1.234,50 €5,00 €7,25", [1234.5, 5, 7.25]),
        ("12% 12,5% 7%", [12, 12.5, 7]),
        ("10⁸ 10⁹ 10⁷", [1e8, 1e9, 1e7]),
        ("1½ 2 3¼", [1.5, 2, 3.25]),
        ("1e-05 0.1 0.2", [1e-05, 0.1, 0.2]),
        ("#N/A 5 NaN 7", [None, 5, None, 7]),
        ("1.5 2,5 3", [None] * 3),
        ("3.125 5 7", [None] * 3),
        ("1.2.3 1.2.4 1.3.0", [None] * 3),
    ],
)
def test_a_column_is_read_by_all_its_cells(texts: str, numbers: list[float | None]) -> None:
    assert keys(ENGLISH, *texts.split(" ")) == numbers


def grouped(value: int, mark: str) -> str:
    """Digits in groups of three, slowly."""
    digits, out = str(abs(value)), ""
    while len(digits) > 3:
        digits, out = digits[:-3], mark + digits[-3:] + out
    return ("-" if value < 0 else "") + digits + out


@pytest.mark.parametrize(
    ("group", "point"), [(".", ","), (",", "."), ("'", "."), (" ", ","), ("", ",")]
)
def test_random_columns_are_read_back_in_any_notation(group: str, point: str) -> None:
    for seed in range(300):
        random = Random(f"{seed}{group}{point}")
        numbers = [random.randint(-(10**9), 10**9) for _ in range(random.randint(3, 9))]
        cents = [random.randint(0, 99) for _ in numbers]
        unit = random.choice(["", " km", "%", " €"])
        texts = [
            f"{grouped(n, group)}{point}{c:02d}{unit}" for n, c in zip(numbers, cents, strict=True)
        ]
        wanted = [
            n + c / 100 if n >= 0 else n - c / 100 for n, c in zip(numbers, cents, strict=True)
        ]
        for reader in (ENGLISH, GERMAN):
            assert keys(reader, *texts) == pytest.approx(wanted), texts


@pytest.mark.parametrize(
    "text",
    [
        "nan",
        "NaN",
        "#N/A",
        "#DIV/0!",
        "\\N",
        "(null)",
        "-",
        "<NA>",
        "NaT",
        "#REF!",
        "#VALUE!",
        "null",
    ],
)
def test_what_programs_write_for_nothing_says_nothing(text: str) -> None:
    assert is_placeholder(text)
    assert ENGLISH.filled([normal_form(text)]) == [False]


def test_raised_digits_and_fractions_keep_their_value() -> None:
    assert normal_form("10⁸") != normal_form("108")
    assert normal_form("1½") != normal_form("11/2")
    assert normal_form("2⁻³") != normal_form("2-3")
    assert normal_form("5 km²") == normal_form("5 km2")
