"""How a column writes its numbers, decided by all of its cells.

``1.234`` is over a thousand beside ``3.677.472`` or ``1.234,5``, little over one beside ``2.5``.
Numbers in groups by points, commas, apostrophes or spaces, Indian groups, decimal commas,
accounting brackets, powers of ten, fractions and currency codes are written anew in the one
notation that :class:`gentap.tables.columns.ColumnReader` reads in its language.
"""

import re
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Literal

MarkUse = Literal["decimal", "groups", "either", "neither", ""]

_TO_DECIDE = re.compile(r"\d[.,'^/e×]|[.,(]\d|\d [\d×]|\b[a-z]{3} ?[-+]?\d")
"""Stands in what is not written in digits and a unit alone."""

_NUMBER = re.compile(r"(?P<before>\D*?)(?P<core>\d+(?:[.,' ]\d+)*|[.,]\d+)(?P<after>\D*\d?)")
_GROUPED = {
    mark: re.compile(rf"\d{{1,3}}(?:{re.escape(mark)}\d{{3}})+") for mark in (".", ",", "'", " ")
}
_INDIAN = re.compile(r"\d{1,2}(?:,\d{2})+,\d{3}")
_BRACKETS = re.compile(r"\(\s?([^()]*\d[^()]*)\)(\s?%)?")
_POWER = re.compile(
    r"(?P<sign>[-+]?)(?:(?P<size>\d+(?:[.,]\d+)?)\s?(?:×|x|\*|·)\s?)?10\^(?P<power>-?\d{1,2})"
    r"(?P<unit>(?:\s[^\d\s].*)?)"
)
_SCIENTIFIC = re.compile(r"(?P<size>[-+]?\d+(?:[.,]\d+)?)e(?P<power>[-+]?\d{1,2})")
_MIXED = re.compile(
    r"(?P<sign>-?)(?:(?P<whole>\d{1,6}) )?(?P<top>\d{1,2})/(?P<below>\d{1,2})(?P<unit>\s?\D*)"
)
_CODES = "eur usd gbp chf jpy inr cny brl cad aud nzd sek nok dkk pln czk huf try rub krw zar mxn"
_CODE_FIRST = re.compile(rf"(?P<code>{'|'.join(_CODES.split())}) ?(?P<number>[-+]?[\d(].*)")
_MOST_DIGITS = 30


def in_one_notation(forms: Sequence[str], decimal_comma: bool) -> Sequence[str] | None:
    """The cells of a column, numbers written with one decimal mark and without groups.

    The decimal mark is that of the language. None where the cells contradict each other, or leave
    open what a mark between their digits means, so that they can't be compared.
    """
    if not any(map(_TO_DECIDE.search, forms)):
        return forms
    rewritten = [_values_kept(form, decimal_comma) for form in _signed(forms)]
    matches = [_NUMBER.fullmatch(form) if len(form) <= 40 else None for form in rewritten]
    cores = [match["core"] for match in matches if match is not None]
    if not cores:
        return rewritten
    decimal = _decimal_mark(cores, decimal_comma)
    if decimal is None:
        return None
    mark = "," if decimal_comma else "."
    return [
        form if match is None else _plain(match, decimal, mark, form)
        for form, match in zip(rewritten, matches, strict=True)
    ]


def _plain(match: re.Match[str], decimal: str, mark: str, form: str) -> str:
    core = match["core"]
    whole, point, fraction = core.partition(decimal)
    for group in ".,' ":
        if group in whole:
            if group == decimal or not (
                _GROUPED[group].fullmatch(whole) or _INDIAN.fullmatch(whole)
            ):
                return form
            whole = whole.replace(group, "")
    if not (fraction.isdigit() if point else True):
        return form
    return f"{match['before']}{whole}{mark if point else ''}{fraction}{match['after']}"


def _decimal_mark(cores: Sequence[str], decimal_comma: bool) -> str | None:
    """The sign that parts fractions in these numbers; None where it can't be told."""
    point, comma = _evidence(cores, ".", ","), _evidence(cores, ",", ".")
    usual = "," if decimal_comma else "."
    if "neither" in (point, comma) or point == comma == "decimal" or point == comma == "groups":
        return None
    if point == "decimal" or comma == "groups":
        return "."
    if comma == "decimal" or point == "groups":
        return ","
    if (point if usual == "." else comma) != "either":
        return usual
    # fractions of three digits each: or groups, where whole numbers beside them stay below 1,000
    other = "," if usual == "." else "."
    bare = [core for core in cores if core.isdigit()]
    marked = len(cores) - len(bare)
    if not bare or any(len(core) > 3 for core in bare):
        return usual
    return other if marked > 1 else None


def _evidence(cores: Sequence[str], mark: str, other: str) -> MarkUse:
    """What a mark is by the cells that hold it."""
    found: set[MarkUse] = set()
    for core in cores:
        if mark not in core:
            continue
        before, _, after = core.rpartition(mark)
        if other in after or core.count(mark) > 1:
            whole = core.partition(other)[0]
            groups = _GROUPED[mark].fullmatch(whole) or (mark == "," and _INDIAN.fullmatch(whole))
            if groups:
                found.add("groups")
            elif other in after:
                found.add("neither")
            # else several numbers in a row, such as 1.2.3: no number at all
        elif (
            other in before
            or len(after) != 3
            or len(before) > 3
            or before in ("", "0")
            or before[0] == "0"
            or not before.isdigit()
        ):
            found.add("decimal")
        else:
            found.add("either")
    if {"decimal", "groups"} <= found or "neither" in found:
        return "neither"
    return next((one for one in ("decimal", "groups", "either") if one in found), "")


def _signed(forms: Sequence[str]) -> list[str]:
    """``(5)`` as ``-5`` where other numbers of the column stand without brackets."""
    matches = [_BRACKETS.fullmatch(form) for form in forms]
    if not any(matches):
        return list(forms)
    others = any(
        match is None and _NUMBER.fullmatch(form) is not None
        for form, match in zip(forms, matches, strict=True)
    )
    if not others:
        return list(forms)
    return [
        f"-{match[1].strip()}{match[2] or ''}"
        if match is not None and match[1][0] not in "+-"
        else form
        for form, match in zip(forms, matches, strict=True)
    ]


def _values_kept(form: str, decimal_comma: bool) -> str:
    """Powers, fractions and currency codes as plain numbers with a unit behind them."""
    if code := _CODE_FIRST.fullmatch(form):
        form = f"{code['number']} {code['code']}"
    if match := _POWER.fullmatch(form):
        size = (match["size"] or "1").replace(",", ".")
        return (
            _written(match["sign"] + size, int(match["power"]), decimal_comma, form) + match["unit"]
        )
    if match := _SCIENTIFIC.fullmatch(form):
        size = match["size"].replace(",", ".")
        return _written(size, int(match["power"]), decimal_comma, form)
    if (match := _MIXED.fullmatch(form)) and _is_fraction(match):
        value = int(match["whole"] or 0) + int(match["top"]) / int(match["below"])
        text = f"{value:.6f}".rstrip("0").rstrip(".")
        return match["sign"] + (text.replace(".", ",") if decimal_comma else text) + match["unit"]
    return form


def _is_fraction(match: re.Match[str]) -> bool:
    top, below = int(match["top"]), int(match["below"])
    common = below in (2, 3, 4, 5, 6, 8, 16, 32, 64)
    return match["whole"] is not None and 0 < top < below and common


def _written(size: str, power: int, decimal_comma: bool, form: str) -> str:
    try:
        text = f"{Decimal(size).scaleb(power):f}"
    except InvalidOperation:
        return form
    if len(text) > _MOST_DIGITS:
        return form
    return text.replace(".", ",") if decimal_comma else text
