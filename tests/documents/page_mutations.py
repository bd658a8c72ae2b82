"""Real pages broken at random places, by seed, and their trees for the slow reader."""

import re
from random import Random
from typing import Any

import lxml.etree
from lxml.etree import _Element

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)([^<>]*)>")
_NAME = re.compile(r"[a-z_][a-z0-9_.-]*")
_WRAPPERS = "template noscript svg details sup sub div table p h2 li caption td span math b".split()
_ATTRIBUTES = [
    "hidden",
    "style='display:none'",
    "style='VISIBILITY : hidden'",
    "class='mw-editsection'",
    "class='reference'",
    "class='navbox'",
    "class='infobox vcard'",
    "class='sortkey'",
    "class='x sr-only'",
    "role=presentation",
    "href='#note'",
    "colspan=3",
    "rowspan=0",
    "rowspan=999999999",
    "colspan='2;'",
    "colspan=-1",
]
_PIECES = [
    "<p hidden>x</p>",
    "<table style='display:none'><tr><td>a<td>b</table>",
    "<h2 hidden>Gone</h2>",
    "<sup>[1]</sup>",
    "<sup><a href='#n'>3</a></sup>",
    "10<sup>8</sup>",
    "1<sup>1</sup>/<sub>2</sub>",
    "<sup hidden><table><tr><td>1</td></tr></table></sup>",
    "<td>",
    "</table>",
    "</div>",
    "</body>",
    "<br>",
    "<tfoot>",
    "<thead>",
    "<tr>",
    "<caption>C</caption>",
    "<a href='#x'>¶</a>",
    "<!-- -->",
    "<select><option>x",
    "<frameset>",
    "<svg><title>t</title><style>x</style></svg>",
    "<template><table><tr><td>1</table></template>",
    "½",
    "&shy;",
    "\u200b",
    "10⁸",
    "\0",
    "\ufffd",
    "&#2;",
    "&lt;table&gt;",
]


def mutated(html: str, random: Random, changes: int) -> str:
    """A page with so many changes, each at a random tag of it."""
    for _ in range(changes):
        tags = list(_TAG.finditer(html))
        if not tags:
            return html
        html = random.choice(_CHANGES)(html, tags, random)
    return html


def _attribute(html: str, tags: list[re.Match[str]], random: Random) -> str:
    tag = random.choice([tag for tag in tags if not tag[1]] or tags)
    return f"{html[: tag.end(2)]} {random.choice(_ATTRIBUTES)}{html[tag.end(2) :]}"


def _wrap(html: str, tags: list[re.Match[str]], random: Random) -> str:
    place = random.randrange(len(tags))
    last = min(place + random.randrange(1, 30), len(tags) - 1)
    name = random.choice(_WRAPPERS)
    hidden = random.choice(["", "", " hidden", " class=reference"])
    start, end = tags[place].start(), tags[last].end()
    return f"{html[:start]}<{name}{hidden}>{html[start:end]}</{name}>{html[end:]}"


def _drop(html: str, tags: list[re.Match[str]], random: Random) -> str:
    tag = random.choice([tag for tag in tags if tag[1]] or tags)
    return html[: tag.start()] + html[tag.end() :]


def _insert(html: str, tags: list[re.Match[str]], random: Random) -> str:
    place = random.choice(tags).end()
    return html[:place] + random.choice(_PIECES) + html[place:]


def _repeat(html: str, tags: list[re.Match[str]], random: Random) -> str:
    place = random.randrange(len(tags))
    last = min(place + random.randrange(1, 12), len(tags) - 1)
    piece = html[tags[place].start() : tags[last].end()]
    where = random.choice(tags).start()
    return html[:where] + piece + html[where:]


def _rename(html: str, tags: list[re.Match[str]], random: Random) -> str:
    tag = random.choice(tags)
    return html[: tag.start(2)] + random.choice(_WRAPPERS) + html[tag.end(2) :]


_CHANGES = [_attribute, _attribute, _wrap, _wrap, _drop, _insert, _insert, _repeat, _rename]


def encoded(html: str, random: Random) -> bytes:
    """Its bytes, in an encoding that may be another than it says, or in two."""
    kind = random.randrange(8)
    if kind == 0:
        return html.encode("utf-16")
    if kind == 1:
        return html.encode("latin-1", "replace")
    content = html.encode("utf-8", "replace")
    if kind == 2:
        place = random.randrange(len(content) + 1)
        content = content[:place] + random.randbytes(4) + content[place:]
    return content


def tree_of(html: str) -> _Element:
    """The tree that the HTML standard makes of a page, for lxml."""
    from selectolax.lexbor import LexborDocumentOptions, LexborHTMLParser

    parser = LexborHTMLParser(html, options=LexborDocumentOptions.WO_EVENTS, scripting=True)
    root = lxml.etree.Element("html")
    waiting: list[tuple[Any, _Element]] = [(parser.root, root)]
    while waiting:
        node, element = waiting.pop()
        last: _Element | None = None
        child = node.child
        while child is not None:
            if child.is_text_node:
                _add_text(element, last, child.text_content or "")
            elif child.is_element_node:
                last = lxml.etree.SubElement(element, _xml_name(child.tag))
                for name, value in child.attributes.items():
                    if _NAME.fullmatch(name):
                        last.set(name, _xml_text(value or ""))
                waiting.append((child, last))
            child = child.next
    return root


def _add_text(element: _Element, last: _Element | None, text: str) -> None:
    if last is None:
        element.text = (element.text or "") + _xml_text(text)
    else:
        last.tail = (last.tail or "") + _xml_text(text)


def _xml_name(tag: str) -> str:
    return tag if _NAME.fullmatch(tag) else "odd"


def _xml_text(text: str) -> str:
    """Without control characters, which the reader leaves out too."""
    text = re.sub(r"[\x00-\x08\x0e-\x1b]", "", text)
    return re.sub(r"[\x0b\x0c\x1c-\x1f\ufffe\uffff\ud800-\udfff]", " ", text)
