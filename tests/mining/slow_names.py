"""Names that paragraphs write otherwise than their cells do, found word by word."""

import re
from collections.abc import Sequence

from slow_values import keys, whole_and_lines

from gentap.mining.longer_names import DATES, ENTITY_KINDS
from gentap.text.function_words import CAPITALISED_WORDS

SlowHit = tuple[int, int, str, int, int, int]
"""Start, end, form, table, row, column."""


def slow_names(
    paragraphs: Sequence[str],
    cells: Sequence[tuple[int, int, int, str]],
    hits: Sequence[set[SlowHit]],
) -> list[set[SlowHit]]:
    """Names that paragraphs write otherwise: by all names at their start, later by the last one."""
    owners: dict[str, set[tuple[int, int, int]]] = {}
    for *place, cell in cells:
        for own in whole_and_lines(cell):
            for key in keys(own):
                owners.setdefault(key, set()).add((place[0], place[1], place[2]))
    spans = [{hit[:3] for hit in own} for own in hits]
    added: list[set[tuple[int, int, str]]] = [set() for _ in paragraphs]
    for place, paragraph in enumerate(paragraphs):
        names = opening_names(paragraph)
        for last in range(len(names) - 1, 1, -1):
            key = f"{names[0].casefold()} {names[last].casefold()}"
            if key in owners and names[last][0].isupper():
                end = 0
                for name in names[: last + 1]:
                    end = paragraph.index(name, end) + len(name)
                added[place].add((paragraph.index(names[0]), end, key))
                break
    spans = [own | more for own, more in zip(spans, added, strict=True)]
    ends: dict[str, set[str]] = {}
    for paragraph, own in zip(paragraphs, spans, strict=True):
        for start, end, key in own:
            if word := last_of_a_name(paragraph[start:end]):
                ends.setdefault(word, set()).add(key)
    for place, (paragraph, own) in enumerate(zip(paragraphs, spans, strict=True)):
        for word, said in ends.items():
            first = min(
                (
                    hit[1]
                    for hit in own
                    if hit[2] in said
                    and paragraph[: hit[1]].endswith(f" {word}")
                    and hit[1] - hit[0] > len(word)
                ),
                default=None,
            )
            if first is None or len(said) > 1 or not may_be_alone(word, min(said), paragraph):
                continue
            for at in range(first, len(paragraph)):
                span = (at, at + len(word))
                if (
                    paragraph.startswith(word, at)
                    and not any(hit[0] < span[1] and at < hit[1] for hit in own)
                    and stands_alone(paragraph, *span)
                ):
                    added[place].add((*span, min(said)))
    return [{(*hit, *owner) for hit in more for owner in owners[hit[2]]} for more in added]


def opening_names(paragraph: str) -> list[str]:
    """The names before a bracket that tells a life, less junior, senior and numerals."""
    head, _, rest = paragraph.partition("(")
    inside = re.split("[()]", rest)[0]
    tokens = head.split(" ")
    if tokens.pop() or not 3 <= len(tokens) <= 8:
        return []
    if not re.search(r"\bborn\b|(?<!\d)[12]\d\d\d ?[-–]", inside):
        return []
    names = []
    for token in tokens:
        part = re.fullmatch(r"[\"“]?([^\d_]+?)\.?[\"”]?,?", token)
        if part is None or not all(piece.isalpha() for piece in re.split("['’-]", part[1])):
            return []
        names.append(part[1])
    while names and names[-1].casefold() in ("jr", "sr", "ii", "iii", "iv"):
        names.pop()
    return names


def last_of_a_name(written: str) -> str:
    """The last of several words that all begin with a capital; empty for what is no such name."""
    pieces = written.split(" ")
    for piece in pieces:
        letters = re.split("['’-]", piece.removesuffix("."))
        if not all(map(str.isalpha, letters)) or not piece[0].isupper():
            return ""
    return pieces[-1] if len(pieces) > 1 else ""


def may_be_alone(word: str, key: str, paragraph: str) -> bool:
    if len(word) < 3 or word.endswith(".") or word.isupper():
        return False
    if word.casefold() in {*ENTITY_KINDS, *DATES, "iii"}:
        return False
    if re.match(
        "(central|east|eastern|great|greater|lower|new|north|northern|old|south|southern|united"
        "|upper|west|western) ",
        key,
    ):
        return False
    return not says(paragraph, word.casefold())


def says(text: str, word: str) -> bool:
    """Whether a text says a word, no letter or digit next to it."""
    places = [at for at in range(len(text)) if text.startswith(word, at)]
    around = [text[max(at - 1, 0) : at] + text[at + len(word) :][:1] for at in places]
    return any(not any(map(str.isalnum, letters)) for letters in around)


def stands_alone(paragraph: str, start: int, end: int) -> bool:
    around = paragraph[max(start - 1, 0) : start] + paragraph[end : end + 1]
    if re.search(r"[\w-]", around):
        return False
    before = re.search(r"(\S+) $", paragraph[:start])
    if before:
        word = re.search(r"[^\W\d_]+(?:['’-][^\W\d_]+)*$|(?<![^\W_])[^\W\d_]\.$", before[1])
        if word and word[0][0].isupper() and word[0].casefold() not in CAPITALISED_WORDS:
            return False
    after = re.match(r" of (?:the )?(\w)", paragraph[end:])
    return not (after and after[1].isupper())
