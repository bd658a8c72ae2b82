"""Pages that would cost a parser minutes or gigabytes, told before and while it reads them.

Its time grows with the square of the depth and with that of a tag's attributes: both are bounded by
where the page's tags stand; only large pages that may be too deep are scanned tag by tag. Its
memory can grow far beyond the page, where formatting elements that were never closed (``<font>``,
``<b>``, …) are opened again in every block that follows: 30 kB can become gigabytes. So the parser
gets a limit.
"""

import re
import resource
from collections.abc import Iterator
from contextlib import contextmanager

from gentap.runs.counting import counted

MAX_TAGS = 1_000_000
MAX_TAG_DEPTH = 2_000
MAX_ATTRIBUTES = 5_000
MAX_MEMORY = 384 * 2**20
"""Bytes that one page may take while it is parsed."""

_SAFE_BYTES = 2**16
"""A page of so many bytes can't hold enough to take a parser more than a second."""
_SAFE_TAGS = 20_000
_LONG_TAG = 2**15

_UNNESTED = frozenset(
    b"area base br col embed hr img input link meta param source track wbr p li td th tr dt dd"
    b" option optgroup tbody thead tfoot colgroup caption a rp rt body html head".split()
)
"""Tags without content, and those that close one another: their number adds no depth."""

_TAG = re.compile(rb"<(/?)([a-zA-Z][^\s/<>]*)([^<>]*)")
_WHOLE_TAG = re.compile(rb"<[a-zA-Z](?:[^>\"']|\"[^\"]*\"|'[^']*')*+")
_QUOTED = re.compile(rb"\"[^\"]*\"|'[^']*'")


class TooHeavyError(ValueError):
    """The page would take more memory than it may."""


def too_heavy(html: bytes) -> str:
    """What is too much in a page; empty where it can be parsed."""
    if len(html) < _SAFE_BYTES:
        return ""
    if detail := _too_many_attributes(html):
        return detail
    count = html.count(b"<")
    if count > MAX_TAGS:
        return counted(count, "tag")
    if count > _SAFE_TAGS and _may_be_deep(html) and _is_deep(html):
        return f"more than {MAX_TAG_DEPTH:,} elements within one another"
    return ""


def _too_many_attributes(html: bytes) -> str:
    """Only a tag of many bytes has many attributes, and it spans a multiple of half as many."""
    stride = _LONG_TAG // 2
    last = seen = -1
    for place in range(0, len(html), stride):
        last = max(last, html.rfind(b"<", max(place - stride, 0), place))
        if last == seen or html.find(b"<", place, place + stride) >= 0:
            continue
        seen = last
        tag = _WHOLE_TAG.match(html, last)
        bare = _QUOTED.sub(b" ", tag[0]).replace(b"=", b" ") if tag else b""
        if len(bare.split()) > MAX_ATTRIBUTES:
            return f"a tag of more than {MAX_ATTRIBUTES:,} attributes"
    return ""


def _may_be_deep(html: bytes) -> bool:
    """Whether more tags begin than end, over any part of the page, than may be open at a time."""
    import numpy as np

    text = np.frombuffer(html + b" ", dtype=np.uint8)
    following = text[np.flatnonzero(text[:-1] == ord("<")) + 1]
    letters = ((following | 32) >= ord("a")) & ((following | 32) <= ord("z"))
    surplus = np.cumsum(letters.astype(np.int64) - (following == ord("/")))
    return bool((surplus - np.minimum.accumulate(surplus)).max(initial=0) > MAX_TAG_DEPTH)


def _is_deep(html: bytes) -> bool:
    open_tags: dict[bytes, int] = {}
    depth = 0
    for end, name, attributes in _TAG.findall(html):
        name = name.lower()
        if name in _UNNESTED or attributes.endswith(b"/"):
            continue
        if not end:
            open_tags[name] = open_tags.get(name, 0) + 1
            depth += 1
            if depth > MAX_TAG_DEPTH:
                return True
        elif open_tags.get(name):
            open_tags[name] -= 1
            depth -= 1
    return False


@contextmanager
def bounded_memory() -> Iterator[None]:
    """Within it, no more than :data:`MAX_MEMORY` is to be had beyond what the process has now.

    What it has is looked at each time: a parser that gets no memory at all, since others have taken
    it meanwhile, crashes.
    """
    limit = _data_segment() + MAX_MEMORY
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if limit == MAX_MEMORY or (soft != resource.RLIM_INFINITY and soft < limit):
        yield
        return
    resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def _data_segment() -> int:
    """Its size in bytes; 0 where the system does not tell, which then bounds nothing."""
    try:
        with open("/proc/self/statm", "rb") as file:  # noqa: PTH123
            return int(file.read().split()[5]) * resource.getpagesize()
    except OSError:
        return 0
