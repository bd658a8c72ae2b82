"""The prose of a page: its paragraphs in whatever elements they stand, each under its heading.

The page's text is taken at once, with marks where its blocks begin and end, and parted there. What
stands in ``p`` is prose; what stands in other blocks is prose where it reads like a sentence.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from gentap.documents.markup.visible_text import BREAK, on_the_line
from gentap.records import Block
from gentap.text.paragraphs import paragraphs

_BLOCKS = (
    "div, li, dd, dt, blockquote, figcaption, section, article, main, header, center, ul, ol, dl,"
    " figure, address, details, summary, fieldset, h5, h6"
)
_ASIDES = (
    "nav, footer, aside, form, button, select, textarea, pre, svg, iframe, object, video, audio,"
    ' canvas, [role="navigation" i], [role="note" i], .hatnote, .navbox, .catlinks'
)
"""What stands beside a page's prose; a ``p`` within is a part of it still."""
_BACK_MATTER = (
    r"(?:references|notes|external links|see also|further reading|sources|bibliography|footnotes"
    r"|contents|navigation menu)"
)
_NO_PROSE_SECTIONS = re.compile(
    rf"{_BACK_MATTER}(?:\s*(?:/|&|,|and)\s*{_BACK_MATTER})*\W*",  # "Notes & references"
    re.I,
)
_MARK = "\x05"
"""Stands in the page's text before one of these letters."""
_EDGE, _PARAGRAPH, _ASIDE, _END, _HEADING = "\x06\x07\x08\x0e\x0f"
"""The edge of a block; what begins a ``p`` or what is aside, and ends either; around a number, a
heading."""
_STOP = re.compile(r"[\w)\]%][.!?][\"'”’)\]]*(?: |$)")
_WORDS = 5


def read_prose(
    page: Any, headings: Sequence[tuple[Any, int]], sections: Sequence[str]
) -> Iterator[Block]:
    """The paragraphs of a page that was prepared and holds no tables any more.

    ``headings`` are those outside of tables, each with its section's place among ``sections``.
    """
    root = page.body
    if root is None:
        return
    marks = ((_BLOCKS, _EDGE, _EDGE), ("p", _PARAGRAPH, _END), (_ASIDES, _ASIDE, _END))
    for selector, before, after in marks:
        for node in root.css(selector):
            node.insert_before(_MARK + before)
            node.insert_after(_MARK + after)
    for node, place in headings:
        node.replace_with(f"{_MARK}{_HEADING}{place}{_MARK}{_HEADING}")
    apart = [_NO_PROSE_SECTIONS.fullmatch(section) is not None for section in sections]
    for place, text, in_paragraph in _runs(on_the_line(root.text_lexbor())):
        if apart[place] or not (in_paragraph or _may_read_as_prose(text)):
            continue
        section = sections[place]
        for paragraph in paragraphs(text.split(BREAK)):
            if in_paragraph or _reads_as_prose(paragraph):
                yield Block(section=section, text=paragraph)


def _runs(marked: str) -> Iterator[tuple[int, str, bool]]:
    """Texts that no block's edge parts, with their sections, and whether they stand in a ``p``."""
    place = 0
    around: list[str] = []  # the marks of the paragraphs and asides that a text stands in
    run = ""
    in_heading = False
    first, *others = marked.split(_MARK)
    texts = [first, *(other[1:] for other in others)]
    for text, mark in zip(texts, [*(other[0] for other in others), _EDGE], strict=True):
        if in_heading:
            place, in_heading = int(text), False
            continue
        inner = around[-1] if around else ""
        if inner != _ASIDE:
            run += text
        elif mark == _EDGE:
            continue
        if mark == _ASIDE and inner == _PARAGRAPH:  # a button among words
            around.append(mark)
            continue
        if mark == _END and around[-2:] == [_PARAGRAPH, _ASIDE]:
            around.pop()
            continue
        if run.strip():
            yield place, run, inner == _PARAGRAPH
        run = ""
        if mark in (_PARAGRAPH, _ASIDE):
            around.append(mark)
        elif mark == _END and around:
            around.pop()
        in_heading = mark == _HEADING


def _may_read_as_prose(text: str) -> bool:
    """False only for what does not, told at once: most blocks hold a name or a number."""
    return len(text) > 2 * _WORDS - 1 and ("." in text or "!" in text or "?" in text)


def _reads_as_prose(text: str) -> bool:
    return text.count(" ") >= _WORDS - 1 and _STOP.search(text) is not None
