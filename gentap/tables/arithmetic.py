"""Sums and differences of cells, written as the cells are: ``$1.50`` and ``$2`` are ``$3.50``.

What stands before and after the number (a currency, a unit, ``million``) must be the same in all
cells; the result has as many decimals as the most precise of them.
"""

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


def add_up(texts: Sequence[str], decimal_comma: bool = False) -> str | None:
    """The sum of cells as it is written; None where they can't be added as they stand."""
    amounts = _alike(texts, decimal_comma)
    return _write(sum(one.value for one in amounts), amounts, decimal_comma) if amounts else None


def subtract(one: str, other: str, decimal_comma: bool = False) -> str | None:
    """How far two cells are from each other, as it is written; None where that can't be said."""
    amounts = _alike((one, other), decimal_comma)
    if not amounts:
        return None
    return _write(abs(amounts[0].value - amounts[1].value), amounts, decimal_comma)


def _alike(texts: Sequence[str], decimal_comma: bool) -> list[Amount]:
    """The cells' amounts; none where they are not all written in one way."""
    amounts = [read_amount(text, decimal_comma) for text in texts]
    known = [amount for amount in amounts if amount is not None]
    groups = {amount.group for amount in known} - {None}
    around = {(amount.before, amount.after) for amount in known}
    return known if len(known) == len(texts) and len(around) == 1 and len(groups) < 2 else []


def _write(value: Decimal | int, amounts: Sequence[Amount], decimal_comma: bool) -> str:
    decimals = max(amount.decimals for amount in amounts)
    group = next((amount.group for amount in amounts if amount.group is not None), None)
    if group is None:
        group = ("." if decimal_comma else ",") if abs(value) >= _GROUPED_FROM else ""
    whole, _, fraction = f"{value:,.{decimals}f}".partition(".")
    number = whole.replace(",", group)
    if fraction:
        number += ("," if decimal_comma else ".") + fraction
    return f"{amounts[0].before}{number}{amounts[0].after}"
