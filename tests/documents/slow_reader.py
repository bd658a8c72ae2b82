"""A slow, plain reading of tables on lxml: what the fast reader is compared with.

It follows the HTML table model slot by slot and shares no code with the reader.
"""

import re
import unicodedata
from itertools import pairwise
from typing import Any

import lxml.html
from lxml.etree import HTMLParser, _Element

Content = tuple[str, str, tuple[str, ...], tuple[tuple[str, ...], ...]]
"""Section, caption, header and rows."""

HIDDEN_TAGS = {"style", "script", "noscript", "template"}
HIDDEN_CLASSES = {"sortkey", "mw-editsection", "editsection", "sr-only", "visually-hidden"}
HIDDEN_CLASSES |= {"visuallyhidden", "screen-reader-text"}
PERMALINKS = {"¶", "#", "§", "🔗", "⚓", "\uf0c1"}
IMAGE_NOTES = {"title", "desc", "metadata"}
LINE = "\x01"
"""Stands between two lines; no text of lxml's holds it."""
SUPERSCRIPTS = dict(zip("0123456789+", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺", strict=True))
BREAKING_TAGS = {"br", "hr", "div", "p", "li", "dt", "dd"}
LAYOUT_WORDS = {"navbox", "sidebar", "infobox", "metadata", "toc", "plainlinks", "navigation"}
LAYOUT_WORDS |= {"sistersitebox", "ambox", "cmbox", "fmbox", "imbox", "ombox", "tmbox", "layout"}
LAYOUT_NAMES = ("mbox-small", "succession-box", "wikitable-nav")


def read_slowly(html: str, infoboxes: bool = False) -> list[Content]:
    """All data tables of a page, in order."""
    root = lxml.html.document_fromstring(html.encode(), parser=HTMLParser(encoding="utf-8"))
    return read_tree(root, infoboxes)


def read_tree(root: _Element, infoboxes: bool = False) -> list[Content]:
    """The same of a page that was parsed."""
    found = []
    section = ""
    for element in root.iter("h2", "h3", "h4", "table"):
        if any(is_hidden(above) for above in (element, *element.iterancestors())):
            continue
        if element.tag != "table":
            section = one_line(element)
            continue
        content = None
        if infoboxes and "infobox" in words_of(element):
            content = pairs_of(grid_of(element))
        elif not is_layout(element):
            content = content_of(grid_of(element), infoboxes)
        if content is not None:
            over, header, rows = content
            captions = [one_line(caption) for caption in own(element, "caption")]
            caption = next(filter(None, captions), "")
            found.append((section, caption or over, header, rows))
    return found


# Text


def is_hidden(element: _Element) -> bool:
    if element.tag in ("html", "body"):
        return False
    classes = set((element.get("class") or "").split())
    style = "".join((element.get("style") or "").lower().split())
    return (
        element.tag in HIDDEN_TAGS
        or "hidden" in element.attrib
        or bool(classes & HIDDEN_CLASSES)
        or "display:none" in style
        or "visibility:hidden" in style
        or (element.tag == "sup" and is_footnote(element, classes))
    )


def is_footnote(sup: _Element, classes: set[str]) -> bool:
    if classes & {"reference", "noprint", "mw-ref"}:
        return True
    text = words_of_pieces(visible(sup))
    if re.fullmatch(r"\[.{1,20}\]", text.strip()):
        return True
    return len(text) <= 4 and any(
        (link.get("href") or "").startswith("#")
        and not any(
            is_hidden(above) for above in link.iterancestors() if sup in above.iterancestors()
        )
        for link in sup.iter("a")
    )


def is_permalink(element: _Element) -> bool:
    return (
        element.tag == "a"
        and "#" in (element.get("href") or "")
        and "".join(str(text) for text in element.itertext()).strip() in PERMALINKS
    )


def is_image_note(element: _Element) -> bool:
    return element.tag in IMAGE_NOTES and next(element.iterancestors("svg"), None) is not None


class Script(list[Any]):
    """The pieces of a raised or lowered text."""

    def __init__(self, pieces: list[Any], raised: bool) -> None:
        super().__init__(pieces)
        self.raised = raised


def visible(element: _Element) -> list[Any]:
    """The pieces of text below an element, less nested tables and what is hidden."""
    pieces: list[Any] = [seen(element.text)]
    for child in element:
        if (
            isinstance(child.tag, str)
            and child.tag != "table"
            and not is_hidden(child)
            and not is_permalink(child)
            and not is_image_note(child)
        ):
            inner = visible(child)
            if child.tag in ("sup", "sub") and LINE not in flat(inner):
                inner = [Script(inner, child.tag == "sup")]
            pieces += [LINE, *inner, LINE] if child.tag in BREAKING_TAGS else inner
        pieces.append(seen(child.tail))
    return pieces


def seen(text: str | None) -> str:
    return re.sub("[\xad\u200b\u2060\ufeff]", "", text or "")


def flat(pieces: list[Any]) -> list[str]:
    return [text for one in pieces for text in (flat(one) if isinstance(one, list) else [one])]


def words_of_pieces(pieces: list[Any]) -> str:
    """The letters alone, whatever their height."""
    return "".join(flat(pieces)).replace(LINE, "")


def written(pieces: list[Any]) -> str:
    """A line's pieces as text: an exponent keeps its value, and so does a fraction."""
    text = ""
    pieces = [piece for piece in pieces if piece]
    at = 0
    while at < len(pieces):
        piece = pieces[at]
        after_script = at > 0 and isinstance(pieces[at - 1], Script)
        if isinstance(piece, str):
            text += parted(piece, "" if after_script else text)
            at += 1
            continue
        script = " ".join(written(piece).split())
        fraction = pieces[at : at + 3]
        if len(fraction) == 3 and piece.raised and isinstance(fraction[2], Script):
            below = written(fraction[2]).strip()
            slash = fraction[1].strip() if isinstance(fraction[1], str) else ""
            if not fraction[2].raised and slash in ("/", "⁄", "∕") and all_digits(script, below):
                whole = text.rstrip()
                text = f"{whole} " if whole[-1:].isdecimal() else text
                text += f"{script}/{below}"
                at += 3
                continue
        rest = next((one for one in flat(pieces[at + 1 :]) if one), "")
        before = "" if after_script else text
        follows = isinstance(next(iter(pieces[at + 1 :]), None), str) and rest[:1].isdecimal()
        text += on_line(written(piece), before, piece.raised, follows)
        at += 1
    return text


def on_line(written: str, before: str, raised: bool, follows: bool) -> str:
    """What a raised or lowered text is on the line, by the kinds of text that it may be."""
    script = " ".join(written.split())
    solid = script.replace(" ", "")
    on_digit = before[-1:].isdecimal()
    sign = "[-+−–]"
    if raised and is_list_of_notes(script):
        return ""
    if re.fullmatch(rf"{sign}? ?\d[\d.,/]*", script):
        if on_digit:
            return ("^" if raised else "_") + solid
        if not raised:
            return f"_{solid} " if follows else written
        if not re.search(r"[.,/]", script):
            return "".join(SUPERSCRIPTS.get(letter, "⁻") for letter in solid)
        if is_variable(before):
            return f"^({solid})" if "/" in solid else f"^{solid}"
        return written
    if not raised:
        return f"_({script})" if on_digit and script[:1].isdecimal() else written
    if re.fullmatch(rf"\d\d?{sign}", script):
        return "".join(SUPERSCRIPTS.get(letter, "⁻") for letter in script)
    if on_digit and re.fullmatch(r"\d+[-−–]\d+", script):
        return f"({script})"
    if (on_digit or is_variable(before)) and is_formula(solid):
        return f"^({solid})"
    small = re.search(r"(.?)\b(\d\d?)$", before[-4:])
    small_number = small is not None and small[1] not in tuple(".,:/-−–")
    if solid in tuple("nNkpqwxyz") and (is_variable(before) or small_number):
        return f"^{solid}"
    return f"^({script})" if on_digit and script[:1].isdecimal() else written


def is_list_of_notes(text: str) -> bool:
    """Whether it is ``1, 2`` or ``1,2,3``."""
    parts = text.split(",")
    if len(parts) < 2 or not parts[0].isdecimal():
        return False
    spaced = all(re.fullmatch(r" \d{1,3}", part) for part in parts[1:]) and len(parts[0]) < 4
    return spaced or (len(parts) > 2 and all(re.fullmatch(r"\d\d?", part) for part in parts))


def is_variable(before: str) -> bool:
    """Whether a text ends in a bracket, or in a small letter that stands alone."""
    if before[-1:] in (")", "]"):
        return True
    alone = not (before[-2:-1].isalnum())
    return alone and re.fullmatch("[a-zα-ω]", before[-1:]) is not None


def is_formula(text: str) -> bool:
    """Letters and numbers with a sign between two of them, or before the first; or ``2n``."""
    if not (re.search(r"[^\W\d_]", text) or "^" in text) or re.match(r"(st|nd|rd|th)\b", text):
        return False
    if re.fullmatch(r"\d+[a-z]", text):
        return True
    parts = re.findall(r"\d+|[^\W\d_]+|\([^()]*\)|[-+−–·*/^]|.", text)
    signs = [part in tuple("-+−–·*/^") for part in parts]
    known = [re.fullmatch(r"\d+|[^\W\d_]+|\([^()]*\)|[-+−–·*/^]", part) for part in parts]
    if not all(known) or signs[-1] or parts[0] in tuple("·*/^"):
        return False
    if any(first and second for first, second in pairwise(signs)):
        return False
    return any(signs[:2]) and len(parts) > 1


def parted(text: str, before: str) -> str:
    """Exponents and fractions as they are written in Unicode, parted from the digit before."""
    result = before
    for letter in text:
        if letter in "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿⁱ":
            plain = "0123456789+-ni"["⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿⁱ".index(letter)]
            raised = re.search(r"\d\^[-+\dni]*$", result) is not None
            if raised or result[-1:].isdecimal():
                result += plain if raised else f"^{plain}"
                continue
        if unicodedata.category(letter) == "No" and "FRACTION" in unicodedata.name(letter):
            result += " " if result[-1:].isdecimal() else ""
        result += letter
    return result[len(before) :]


def all_digits(*texts: str) -> bool:
    return all(text.isdecimal() for text in texts)


def lines_of(element: _Element) -> str:
    """A cell's text, its lines on lines of their own."""
    lines: list[list[Any]] = [[]]
    for piece in visible(element):
        if piece == LINE:
            lines.append([])
        else:
            lines[-1].append(piece)
    texts = [" ".join(written(line).split()) for line in lines]
    return "\n".join(text for text in texts if text)


def one_line(element: _Element) -> str:
    return lines_of(element).replace("\n", " ")


def joined(texts: list[str]) -> str:
    different: list[str] = []
    for text in texts:
        if text and text not in different:
            different.append(text)
    return " ".join(different).replace("\n", " ")


# Tables


def words_of(table: _Element) -> set[str]:
    names = f"{table.get('class') or ''} {table.get('id') or ''}".lower()
    return set("".join(c if c.isalnum() or c == "_" else " " for c in names).split())


def is_layout(table: _Element) -> bool:
    if table.get("role") in ("presentation", "navigation", "none"):
        return True
    names = f"{table.get('class') or ''} {table.get('id') or ''}".lower()
    return bool(words_of(table) & LAYOUT_WORDS) or any(name in names for name in LAYOUT_NAMES)


def own(table: _Element, tag: str) -> list[_Element]:
    return [
        element
        for element in table.iter(tag)
        if next(element.iterancestors("table")) is table
        and not any(is_hidden(one) for one in (element, *up_to(element, table)))
    ]


def up_to(element: _Element, table: _Element) -> list[_Element]:
    return [one for one in element.iterancestors() if table in one.iterancestors()]


def number(value: str | None) -> int:
    digits = re.match(r"\d*", (value or "").strip(), re.A)
    return int(digits[0]) if digits and digits[0] else 1


def is_in(row: _Element, tag: str) -> bool:
    return bool(row.getparent().tag == tag)


class Line:
    """A row of slots, with what its own cells are."""

    def __init__(self, texts: list[str], cells: list[_Element], covered: bool) -> None:
        tags = [cell.tag for cell in cells]
        parent = cells[0].getparent().getparent()
        self.texts = texts
        self.head = "td" not in tags or parent.tag == "thead"
        self.named = len(tags) > 1 and tags[0] == "th" and "th" not in tags[1:]
        self.covered = covered
        self.divider = len(cells) == 1 and not covered
        with_text = [cell for cell in cells if lines_of(cell)]
        self.note = self.divider or (
            not covered and len(with_text) == 1 and number(with_text[0].get("colspan")) > 1
        )
        self.filled = len(with_text)


def grid_of(table: _Element) -> list[Line]:
    """The table model's grid: each cell written to every slot that it spans."""
    slots: dict[tuple[int, int], str] = {}
    groups = [[row for row in own(table, "tr") if is_in(row, tag)] for tag in ("thead", "tfoot")]
    first, last = [
        [row for row in rows if row.getparent() is rows[0].getparent()] for rows in groups
    ]
    rows = [row for row in own(table, "tr") if row not in first + last]
    rows = first + rows + last
    begun = []
    for y, row in enumerate(rows):
        covered = any(line == y for _, line in slots)
        left_in_group = sum(1 for other in rows[y:] if other.getparent() is row.getparent())
        cells = [cell for cell in row if cell.tag in ("td", "th") and not is_hidden(cell)]
        x = 0
        for cell in cells:
            while (x, y) in slots:
                x += 1
            width = min(number(cell.get("colspan")) or 1, 1000)
            height = min(number(cell.get("rowspan")) or left_in_group, left_in_group)
            for column in range(x, x + width):
                for line in range(y, y + height):
                    slots[column, line] = lines_of(cell)
            x += width
        begun.append((y, cells, covered))
    width = max((x + 1 for x, _ in slots), default=0)
    return [
        Line(
            [slots.get((x, y), "") for x in range(width)],
            cells,
            covered,
        )
        for y, cells, covered in begun
        if cells
    ]


def is_name(text: str) -> bool:
    return any(not (c.isdigit() or c.isspace() or c in ".,%$€£+()/–-") for c in text)


def content_of(
    lines: list[Line], infoboxes: bool
) -> tuple[str, tuple[str, ...], tuple[tuple[str, ...], ...]] | None:
    whole = lines
    over = []
    while lines and lines[0].divider:
        over.append(lines[0].texts[0])
        lines = lines[1:]
    if len(lines) < 2 or len(lines[0].texts) < 2:
        return None
    top = []
    for line in lines:
        if not line.head and not line.divider:
            break
        top.append(line)
    if len(top) == len(lines):
        top = []
    names = [line.texts for line in top if not line.divider]
    below = lines[len(top) :]
    if not names:
        first = all(is_name(text) for text in lines[0].texts)
        if all(line.named or line.divider for line in lines):
            if len(lines[0].texts) == 2:
                return pairs_of(whole) if infoboxes else None
            if not first:
                columns = list(
                    zip(*[line.texts for line in lines if not line.divider], strict=True)
                )
                return less_empty(over, [joined([name]) for name in columns[0]], columns[1:])
        if not first:
            return None
        names, below = [lines[0].texts], lines[1:]
    header = [joined([line[x] for line in names]) for x in range(len(names[0]))]
    body = []
    for line in below:
        again = line.texts in names or not re.search(r"\d", "".join(line.texts))
        if not line.note and not (line.head and not line.covered and again):
            body.append(line)
    if all(line.filled < 2 and (not line.covered or poor(line.texts)) for line in body):
        return None
    return less_empty(over, header, [tuple(line.texts) for line in body])


def poor(texts: list[str]) -> bool:
    return len({text for text in texts if text}) < 2


def less_empty(
    over: list[str], header: list[str], body: list[tuple[str, ...]]
) -> tuple[str, tuple[str, ...], tuple[tuple[str, ...], ...]] | None:
    body = [row for row in body if any(row)]
    used = [x for x in range(len(header)) if header[x] or any(row[x] for row in body)]
    if not body or len(used) < 2:
        return None
    rows = tuple(tuple(row[x] for x in used) for row in body)
    return joined(over), tuple(header[x] for x in used), rows


def pairs_of(
    lines: list[Line],
) -> tuple[str, tuple[str, ...], tuple[tuple[str, ...], ...]] | None:
    rows = []
    for line in lines:
        if line.named and line.texts[0] and line.texts[1] and len(set(line.texts[1:])) == 1:
            rows.append((line.texts[0], line.texts[1]))
    over = joined(lines[0].texts[:1]) if lines and lines[0].divider else ""
    return (over, ("Property", "Value"), tuple(rows)) if rows else None
