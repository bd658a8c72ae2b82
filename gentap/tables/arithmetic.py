"""Sums and differences of cells, written as the cells are: ``$1.50`` and ``$2`` are ``$3.50``.

What stands before and after the number (a currency, a unit, ``million``) must be the same in all
cells; the result has as many decimals as the most precise of them.
"""

import math
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

_AMOUNT = re.compile(
    r"(?P<before>[^\d.,+\-−]*)(?P<number>[+\-−]?\d[\d., \u00a0]*\d|[+\-−]?\d)(?P<after>\D*)"
)
_GROUPS = re.compile(r"\d{1,3}([., \u00a0])\d{3}(?:\1\d{3})*")
_PLAIN = re.compile(r"\d+")
_GROUPED_FROM = 10_000
"""A result of this size has groups where no cell says how numbers of four digits are written."""


class Amount(NamedTuple):
    """A cell's number and how it is written; ``group`` parts thousands, None: it shows nothing."""

    before: str
    value: Decimal
    decimals: int
    group: str | None
    after: str


def read_amount(text: str, decimal_comma: bool = False) -> Amount | None:
    """The amount of a cell; None where it holds none, or more than one, or leaves it open."""
    match = _AMOUNT.fullmatch(text.strip())
    if match is None:
        return None
    number = match["number"].replace("−", "-")
    sign = number[0] if number[0] in "+-" else ""
    mark = "," if decimal_comma else "."
    whole, point, fraction = number.removeprefix(sign).partition(mark)
    if point and not _PLAIN.fullmatch(fraction):
        return None
    if groups := _GROUPS.fullmatch(whole):
        if groups[1] == mark:
            return None
        group: str | None = groups[1]
    elif _PLAIN.fullmatch(whole):
        group = "" if len(whole) > 3 else None
    else:
        return None
    digits = re.sub(r"\D", "", whole)
    value = Decimal(f"{'-' if sign == '-' else ''}{digits}.{fraction or '0'}")
    return Amount(match["before"], value, len(fraction), group, match["after"])


def add_up(texts: Sequence[str], sizes: Sequence[float], decimal_comma: bool = False) -> str | None:
    """The sum of cells as it is written; None where they can't be added as they stand.

    ``sizes`` are what the cells count for in their column, which tells what a mark between their
    digits means; ``decimal_comma`` is what it means where that leaves it open.
    """
    amounts, comma = _alike(texts, sizes, decimal_comma)
    return (
        _write(sum((one.value for one in amounts), Decimal()), amounts, comma) if amounts else None
    )


def subtract(
    texts: tuple[str, str], sizes: tuple[float, float], decimal_comma: bool = False
) -> str | None:
    """How far two cells are from each other, written likewise; None where that can't be said."""
    amounts, comma = _alike(texts, sizes, decimal_comma)
    return _write(abs(amounts[0].value - amounts[1].value), amounts, comma) if amounts else None


def _alike(
    texts: Sequence[str], sizes: Sequence[float], decimal_comma: bool
) -> tuple[list[Amount], bool]:
    """The cells' amounts and whether a comma is their decimal mark; none if not written alike.

    Where both readings fit, as of ``1.234`` and ``2.345``, it is the one that counts as it reads.
    """
    fitting: list[tuple[list[Amount], bool]] = []
    for comma in (decimal_comma, not decimal_comma):
        amounts = [read_amount(text, comma) for text in texts]
        known = [amount for amount in amounts if amount is not None]
        groups = {amount.group for amount in known} - {None}
        around = {(amount.before, amount.after) for amount in known}
        if len(known) < len(texts) or len(around) > 1 or len(groups) > 1:
            continue
        values = [float(amount.value) for amount in known]
        if _in_proportion(values, sizes, 1.0):
            return known, comma
        scales = (size / value for size, value in zip(sizes, values, strict=True) if value)
        if _in_proportion(values, sizes, next(scales, 1.0)):
            fitting.append((known, comma))
    return fitting[0] if fitting else ([], decimal_comma)


def _in_proportion(values: Sequence[float], sizes: Sequence[float], scale: float) -> bool:
    """Whether sizes are the values times a scale, as that of ``million``."""
    return all(
        math.isclose(value * scale, size, rel_tol=1e-9)
        for size, value in zip(sizes, values, strict=True)
    )


def _write(value: Decimal, amounts: Sequence[Amount], decimal_comma: bool) -> str:
    decimals = max(amount.decimals for amount in amounts)
    group = next((amount.group for amount in amounts if amount.group is not None), None)
    if group is None:
        group = ("." if decimal_comma else ",") if abs(value) >= _GROUPED_FROM else ""
    whole, _, fraction = f"{value:,.{decimals}f}".partition(".")
    number = whole.replace(",", group)
    if fraction:
        number += ("," if decimal_comma else ".") + fraction
    return f"{amounts[0].before}{number}{amounts[0].after}"
