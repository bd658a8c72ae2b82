"""What of a page's elements is shown, and their texts, whose lines and raised letters are kept.

Nothing is destroyed: what is hidden is unlinked from the tree and stays whole, so that a list of
elements that was made before can be walked to its end, whatever is taken out meanwhile.
"""

import re
from collections.abc import Mapping
from typing import Any

from gentap.documents.markup.grid import Span
from gentap.text.normal_form import part_digits

MAX_SPAN = 1000
_MAX_LEVELS = 3

BREAK = "\x01"
"""Stands in a text where one line ends and the next begins."""
_RAISED, _LOWERED, _LEVEL = "\x02", "\x03", "\x04"
"""Stand before raised and lowered letters, and after either."""
CONTROLS = "".join(map(chr, (*range(9), *range(14, 28))))
"""Characters that no text of a page needs, for marks of ours."""
CELL_TAGS = frozenset(["td", "th"])

_HIDDEN = (
    "style, script, noscript, template, sup, sub, math, svg, [hidden], .sortkey, .mw-editsection,"
    " .editsection, .sr-only, .visually-hidden, .visuallyhidden, .screen-reader-text,"
    ' [style*="none" i], [style*="hidden" i], a[href*="#"]'
)
IN_TABLE = f"br, hr, div, p, li, dt, dd, [colspan], [rowspan], {_HIDDEN}"
IN_PROSE = f"br, hr, :is(h1, h2, h3, h4) :is(div, p, li, dt, dd), {_HIDDEN}"
_BREAKING = frozenset(["br", "hr", "div", "p", "li", "dt", "dd"])
_HIDDEN_TAGS = frozenset(["style", "script", "noscript", "template"])
_FOR_SCREEN_READERS = ("sr-only", "visually-hidden", "visuallyhidden", "screen-reader-text")
_HIDDEN_CLASSES = frozenset(["sortkey", "mw-editsection", "editsection", *_FOR_SCREEN_READERS])
_NEVER_HIDDEN = frozenset(["html", "body"])
"""A page may be hidden until its script has run."""
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden")
_FOOTNOTE_CLASSES = frozenset(["reference", "noprint", "mw-ref"])
_FOOTNOTE = re.compile(r"\s*\[.{1,20}\]\s*")
_PERMALINKS = frozenset(["¶", "#", "§", "🔗", "⚓", "\uf0c1"])
"""Texts of links to the very heading that they stand in."""
_UNSEEN = "\xad\u200b\u2060\ufeff"
"""The soft hyphen, and spaces of no width: they only say where a line may break."""
_DIGITS = re.compile(r"[0-9]+")
_MATH = "msup, msub, msubsup, mfrac, msqrt, annotation, annotation-xml"
_IMAGE_NOTES = "title, desc, metadata"

_SCRIPT = re.compile(rf"[{_RAISED}{_LOWERED}]([^\0{_RAISED}-{_LEVEL}]*){_LEVEL}")
_FRACTION = re.compile(
    rf"{_RAISED}\s{{0,3}}(\d+)\s{{0,3}}{_LEVEL}\s{{0,3}}[/⁄∕]"
    rf"\s{{0,3}}{_LOWERED}\s{{0,3}}(\d+)\s{{0,3}}{_LEVEL}"
)
_NUMBER = re.compile(r"[+\-−–]? ?\d[\d.,/]*")
_CHARGE = re.compile(r"\d{1,2}[+\-−–]")
_RANGE = re.compile(r"\d+[\-−–]\d+")
_NOTES = re.compile(r"\d{1,3}(?:, \d{1,3})+|\d{1,2}(?:,\d{1,2}){2,}")
"""Marks of several footnotes; two numbers at a comma alone may be one with a decimal comma."""
_PART = r"(?:\d++|[^\W\d_]++|\([^()]*\))"
_FORMULA = re.compile(
    rf"(?=.*[^\W\d_]|.*\^)(?!(?:st|nd|rd|th)\b)"
    rf"(?:[+\-−–]{_PART}|{_PART}[+\-−–·*/^]{_PART}|\d+[a-z]\Z)(?:[+\-−–·*/^]?{_PART})*+"
)
"""Letters and numbers with a sign between or before them, or such as ``2n``; no ``2nd``."""
_NEXT_DIGIT = re.compile(r"\d")
_VARIABLE = frozenset("nNkpqwxyz")
_BASE_NUMBER = re.compile(r"(?<![\d.,:/\-−–])\d{1,2}\Z")
_BASE_LETTER = re.compile(r"(?:(?<![^\W_])[a-zα-ω]|[)\]])\Z")
_SUPERSCRIPTS = str.maketrans("0123456789+-−–", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻")


def prepare(node: Any, selector: str) -> dict[int, Span]:
    """Unlink what is hidden below a node, mark line breaks and raised letters.

    Returns the spans of the cells below it by their addresses.
    """
    spans: dict[int, Span] = {}
    scripts: list[tuple[Any, str]] = []
    for below in node.css(selector):
        tag = below.tag
        attributes = below.attributes
        if (attributes or tag in _HIDDEN_TAGS) and is_hidden(tag, attributes):
            unlink(below)
        elif tag in ("sup", "sub"):
            scripts.append((below, tag))
        elif tag in CELL_TAGS:
            columns = min(_span(attributes.get("colspan")) or 1, MAX_SPAN)
            spans[below.mem_id] = (columns, _span(attributes.get("rowspan")))
        elif tag == "math":
            _prepare_formula(below)
        elif tag == "svg":
            for note in below.css(_IMAGE_NOTES):
                unlink(note)
        elif tag == "a":
            if below.text_lexbor().strip() in _PERMALINKS:
                unlink(below)
        elif tag in _BREAKING:
            below.insert_before(BREAK)
            if tag != "br":
                below.insert_after(BREAK)
    for below, tag in reversed(scripts):  # inner ones first
        if tag == "sup" and is_footnote(below):
            unlink(below)
        else:
            below.insert_before(_RAISED if tag == "sup" else _LOWERED)
            below.insert_after(_LEVEL)
    return spans


def _prepare_formula(math: Any) -> None:
    """Write a formula of MathML Core on the line: ``10^8``, ``1/2``, ``a_n``, ``(x+1)/2``, ``√2``.

    Its annotations say the same once more and are not shown.
    """
    for node in math.css(_MATH):
        tag = node.tag
        if tag.startswith("annotation"):
            unlink(node)
            continue
        for child in list(node.iter(include_text=True)):
            if child.tag == "-text":  # spaces between elements are no part of it
                unlink(child)
        parts = list(node.iter())
        if tag == "msqrt":
            _surround(node, "√")
        elif tag == "mfrac":
            numbers = all(map(_is_number, parts))
            for part, sign, mark in zip(parts, ("", "/"), (_RAISED, _LOWERED), strict=False):
                _surround(part, sign + mark if numbers else sign, _LEVEL if numbers else "")
        else:
            marks = {"msup": _RAISED, "msub": _LOWERED}.get(tag, _LOWERED + _RAISED)
            for part, mark in zip(parts[1:], marks, strict=False):
                if _is_number(part):
                    _surround(part, mark, _LEVEL)
                else:
                    _surround(part, "^" if mark == _RAISED else "_")


def _is_number(part: Any) -> bool:
    """Whether a part of a formula is a number as it stands, without powers or fractions in it."""
    if part.tag not in ("mn", "mrow") or part.css_first(_MATH) is not None:
        return False
    return _NUMBER.fullmatch(part.text_lexbor().strip()) is not None


def _surround(part: Any, before: str, after: str = "") -> None:
    """Put text around a part of a formula, which is in brackets unless it is one thing."""
    several = not after and sum(1 for _ in part.iter()) > 1
    part.insert_before(f"{before}(" if several else before)
    part.insert_after(")" if several else after)


def unlink(node: Any) -> None:
    """Take a node out of the page; it and what stands below it stay as they are."""
    node.replace_with("")


def is_hidden(tag: str, attributes: Mapping[str, str | None]) -> bool:
    if tag in _HIDDEN_TAGS:
        return True
    if not attributes or tag in _NEVER_HIDDEN:
        return False
    return (
        "hidden" in attributes
        or ((style := attributes.get("style")) and _HIDDEN_STYLE.search(style.lower()) is not None)
        or (
            (names := attributes.get("class")) is not None
            and not _HIDDEN_CLASSES.isdisjoint(names.split())
        )
    )


def is_footnote(sup: Any) -> bool:
    """Whether raised text is the mark of a footnote: by its class, its brackets, or its link."""
    if not _FOOTNOTE_CLASSES.isdisjoint((sup.attributes.get("class") or "").split()):
        return True
    text = sup.text_lexbor()
    return bool(_FOOTNOTE.fullmatch(text)) or (
        len(text) <= 4 and sup.css_first('a[href^="#"]') is not None
    )


def one_line(node: Any) -> str:
    """The text of a node that was prepared, in one line."""
    return " ".join(on_the_line(node.text_lexbor()).replace(BREAK, " ").split())


def clean(texts: list[str]) -> list[str]:
    """Collapse spaces and put each line on one of its own, in all texts of a table at once."""
    text = " ".join(on_the_line("\0".join(texts)).split())
    text = text.replace(" \0", "\0").replace("\0 ", "\0")
    if BREAK in text:
        text = text.replace(f" {BREAK}", BREAK).replace(f"{BREAK} ", BREAK)
        while BREAK * 2 in text:
            text = text.replace(BREAK * 2, BREAK)
        text = text.replace(f"{BREAK}\0", "\0").replace(f"\0{BREAK}", "\0").strip(BREAK)
        text = text.replace(BREAK, "\n")
    return text.split("\0")


def on_the_line(text: str) -> str:
    """Raised and lowered letters on the line, so that numbers keep their values.

    An exponent after a digit is written ``10^8``, after another letter ``km²``, and lowered digits
    after a digit ``10_2``. One that is a formula is in brackets, ``10^(2n)``, and so is a range,
    ``7–6(7–4)``; a charge is ``Ca²⁺``. A fraction in raised and lowered digits is ``1 1/2``.
    Letters that are never seen go, and so do marks of several footnotes.
    """
    if not text.isascii():
        for letter in _UNSEEN:
            text = text.replace(letter, "")
    text = part_digits(text)
    if not (_RAISED in text or _LOWERED in text or _LEVEL in text):
        return text
    text = _FRACTION.sub(_fraction, text)
    for _ in range(_MAX_LEVELS):  # inner ones first
        if _RAISED in text or _LOWERED in text:
            text = _SCRIPT.sub(_script, text)
    return text.replace(_RAISED, "").replace(_LOWERED, "").replace(_LEVEL, "")


def _fraction(found: re.Match[str]) -> str:
    whole = found.string[max(0, found.start() - 1) : found.start()]
    return f"{' ' if whole.isdecimal() else ''}{found[1]}/{found[2]}"


def _script(found: re.Match[str]) -> str:
    """A raised or lowered text on the line: its digits never go on a number that stands before."""
    script = " ".join(found[1].split())
    digits = script.replace(" ", "")
    mark = "^" if found[0][0] == _RAISED else "_"
    before = found.string[max(0, found.start() - 4) : found.start()]
    on_digit, on_letter = before[-1:].isdecimal(), _BASE_LETTER.search(before) is not None
    number = _NUMBER.fullmatch(script) is not None
    if mark == "_":
        if on_digit and script[:1].isdecimal():
            return f"_{digits}" if number else f"_({script})"
        return (
            f"_{digits} " if number and _NEXT_DIGIT.match(found.string, found.end()) else found[1]
        )
    if _NOTES.fullmatch(script):
        return ""
    if number and on_digit:
        return f"^{digits}"
    if number and not set(digits) & set(".,/"):
        return digits.translate(_SUPERSCRIPTS)
    if number:
        return (f"^({digits})" if "/" in digits else f"^{digits}") if on_letter else found[1]
    if _CHARGE.fullmatch(script):
        return script.translate(_SUPERSCRIPTS)
    if on_digit and _RANGE.fullmatch(script):
        return f"({script})"
    if (on_digit or on_letter) and _FORMULA.fullmatch(digits):
        return f"^({digits})"
    if digits in _VARIABLE and (on_letter or _BASE_NUMBER.search(before)):
        return f"^{digits}"
    return f"^({script})" if on_digit and script[:1].isdecimal() else found[1]


def _span(value: str | None) -> int:
    """A span attribute as a browser reads it: its leading digits, else 1."""
    match = _DIGITS.match(value.strip()) if value else None
    return int(match[0][:9]) if match else 1
