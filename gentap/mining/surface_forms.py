"""The forms in which cells and prose are compared, and how to come back from them.

Cells and prose go through the same changes, so that one value written in two ways has one form:

- always: NFKC, case folded, quotes and dashes plain, spaces collapsed, footnote marks gone;
- ``numbers``: ``1,234`` and ``1 234`` become ``1234``, ``1.5 million`` becomes ``1500000``;
- ``dates``: ``9 March 1920``, ``March 9, 1920`` and ``1920-03-09`` become one form, in which the
  year, the month of the year and the day without its year can be found too.

A cell has more than one form by the rule ``names``: ``Titanic (1997)`` is also ``titanic``.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from gentap.text.months import MONTHS
from gentap.text.normal_form import FOOTNOTE, fold, part_digits, parted_places

MARK = "\x01"
"""Parts year, month and day in the form of a date."""

_PLAIN = (("‘", "'"), ("’", "'"), ("“", '"'), ("”", '"'), ("⁄", "/"))
_DASHES = (("−", "-"), ("‐", "-"), ("‑", "-"), ("–", "-"))
_SCALES = {"thousand": 3, "million": 6, "billion": 9}
_MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
_MONTH_STEMS = tuple(sorted({name[:3] for name in MONTHS}))
_END = r"(?![^\W_])(?![.,]\d)"
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
# Each pattern starts with what the engine can look for fast; what may not stand before it is asked
# after the first character, or of the match.
_EDGE_OF_DIGIT = r"(?<![^\W_][0-9])(?<!\d[.,][0-9])"
_DAY_FIRST = re.compile(
    rf"([0-9]{_EDGE_OF_DIGIT}\d?(?:st|nd|rd|th)?)(?: of)? ({_MONTH})\b\.?(?:,? (\d{{4}}))?{_END}"
)
_MONTH_FIRST = re.compile(
    rf"({_MONTH})\b\.?(?: ({_DAY})(?![^\W_])(?:,? (\d{{4}}){_END})?|(?:,| of)? (\d{{4}})){_END}"
)
_ISO = re.compile(rf"([0-9]{_EDGE_OF_DIGIT}\d{{3}})-(\d{{2}})-(\d{{2}}){_END}")
_SCALED = re.compile(rf"([0-9]{_EDGE_OF_DIGIT}\d*)(?:\.(\d+))? ({'|'.join(_SCALES)})\b")
_HEAD = r"(?<![^\W_])(?<!\d[.,])"
_GROUPS = (
    rf"(?=\d{{3}}(?!\w))"
    rf"(?:(?<={_HEAD}\d[, ])|(?<={_HEAD}\d\d[, ])|(?<={_HEAD}\d\d\d[, ])|(?<=,\d\d\d,))"
)
_COMMA, _SPACE = re.compile(f",{_GROUPS}"), re.compile(f" {_GROUPS}")
_DIGIT = re.compile(r"\d")
"""There is none in most prose; without one nothing changes."""
_HAS_DAY_FIRST = re.compile(
    rf" (?={'|'.join(_MONTH_STEMS)})(?:(?<=\d )|(?<=\d(?:st|nd|rd|th) )|(?<= of ))"
)
_HAS_ISO = re.compile(r"-(?<=\d\d\d\d-)\d\d-\d\d")
_HAS_SCALE = re.compile(rf" (?<=\d )(?:{'|'.join(_SCALES)})")
_QUALIFIER = re.compile(r"\s*\([^()]*\)[\s*†‡§#^]*$")
_MARKS_AT_END = "*†‡§#^ "
_ENDS_THAT_GO = frozenset(f'{_MARKS_AT_END})"')


@dataclass(frozen=True, slots=True)
class Rules:
    """Which ways of writing a value count as the same; each can be switched off."""

    numbers: bool = True
    dates: bool = True
    names: bool = True


EditSpan = tuple[int, int, int, int]
"""Start and end in the changed text, start and end in the text before."""

Change = tuple[tuple[int, int], str, list[EditSpan]]
"""The span that is changed, what it becomes, and the pieces of that, from 0 on."""


@dataclass(frozen=True, slots=True)
class Prose:
    """A text as values are looked for in it; ``original`` gives a find's place in the text."""

    form: str
    origins: Sequence[int] | None = None
    edits: Sequence[Sequence[EditSpan]] = ()
    begins: Sequence[int] = field(default=())

    def original(self, start: int, end: int) -> tuple[int, int] | None:
        """Where ``form[start:end]`` stands in the text; None where it cuts what was changed."""
        span: tuple[int, int] | None = (start, end)
        if self.edits:
            span = self._before_edits(start, end)
        if span is None or self.origins is None:
            return span
        start, end = span
        origins = self.origins
        if start and origins[start - 1] == origins[start]:
            return None
        if end < len(origins) and origins[end - 1] == origins[end]:
            return None
        return origins[start], origins[end - 1] + 1

    def _before_edits(self, start: int, end: int) -> tuple[int, int] | None:
        first = self._edit_at(start)
        last = self._edit_at(end - 1)
        begin, finish = start + self._shift(start), end + self._shift(end - 1)
        if first is not None:
            inside = [piece for piece in first if piece[0] >= start and piece[1] <= end]
            if not inside or inside[0][0] != start:
                return None
            begin = min(piece[2] for piece in inside)
        if last is not None:
            inside = [piece for piece in last if piece[0] >= start and piece[1] <= end]
            if not inside or inside[-1][1] != end:
                return None
            finish = max(piece[3] for piece in inside)
            if first is not None and first is last and len(inside) == 1 and end - start == 2:
                return None  # a month or a day alone
        return begin, finish

    def _edit_at(self, place: int) -> Sequence[EditSpan] | None:
        index = bisect_right(self.begins, place) - 1
        return self.edits[index] if index >= 0 and place < self.edits[index][-1][1] else None

    def _shift(self, place: int) -> int:
        """What to add to a place outside all edits."""
        index = bisect_right(self.begins, place) - 1
        if index < 0:
            return 0
        pieces = self.edits[index]
        return max(piece[3] for piece in pieces) - pieces[-1][1]


class FormNormalizer:
    """Makes the forms of cells and prose, by the same rules."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules

    def prose(self, text: str) -> Prose:
        """The form of paragraphs, one a line, that have single spaces and no footnote marks."""
        plain = _plain(text)
        origins: list[int] | None = None
        if not plain.isascii() and not unicodedata.is_normalized("NFKC", plain):
            parted = part_digits(plain)
            before = parted_places(plain) if parted != plain else None
            plain, origins = _normalized(parted)
            if before is not None:
                origins = before if origins is None else [before[place] for place in origins]
        form, edits = self._change(fold(plain))
        return Prose(form, origins, edits, [pieces[0][0] for pieces in edits])

    def cells(self, texts: Sequence[str]) -> list[str]:
        """The forms of many cells at once."""
        return self.unified(self.folded(texts))

    def folded(self, texts: Sequence[str]) -> list[str]:
        """The forms of many cells but for numbers and dates, which stand as they are written."""
        joined = "\n".join([text.replace("\n", " ") for text in texts])
        if not joined.isascii():
            joined = _plain(unicodedata.normalize("NFKC", part_digits(joined)))
        if "[" in joined:
            joined = FOOTNOTE.sub("", joined)
        joined = fold(joined)
        forms = joined.split("\n")
        if len(forms) != len(texts):  # a cell with a line break of its own
            return [form for text in texts for form in self.folded([" ".join(text.split())])]
        if "  " in joined or " \n" in joined or "\n " in joined or joined != joined.strip(" "):
            forms = [" ".join(form.split()) for form in forms]
        return forms

    def unified(self, forms: Sequence[str]) -> list[str]:
        """Folded forms with their numbers and dates written in one way."""
        return self._change("\n".join(forms))[0].split("\n") if forms else []

    def shorter(self, forms: Sequence[str]) -> list[tuple[int, str]]:
        """Names less their quotation marks, their marks at the end and a bracketed qualifier.

        With their places among the forms; a form that stays the same is left out.
        """
        if not self.rules.names:
            return []
        found = []
        for index, form in enumerate(forms):
            if form[-1:] in _ENDS_THAT_GO and (name := _shorter(form)) and name != form:
                found.append((index, name))
        return found

    def _change(self, form: str) -> tuple[str, list[list[EditSpan]]]:
        """Write dates and numbers in one way; of overlapping finds the longest one stands."""
        found = list(self._changes(form)) if _DIGIT.search(form) else []
        if not found:
            return form, []
        if len(found) > 1:
            found = _apart(found)
        out: list[str] = []
        edits: list[list[EditSpan]] = []
        done = length = 0
        for (begin, end), text, pieces in found:
            out += (form[done:begin], text)
            length += begin - done
            edits.append([(length + a, length + b, c, d) for a, b, c, d in pieces])
            length += len(text)
            done = end
        out.append(form[done:])
        return "".join(out), edits

    def _changes(self, form: str) -> Iterator[Change]:
        if self.rules.dates:
            if _HAS_DAY_FIRST.search(form):
                for match in _DAY_FIRST.finditer(form):
                    yield from _date(match, 3, 2, 1)
            for match in _month_first(form):
                yield from _date(match, 3 if match[2] else 4, 1, 2)
            if _HAS_ISO.search(form):
                for match in _ISO.finditer(form):
                    yield from _date(match, 1, 2, 3)
        if self.rules.numbers:
            if "," in form:
                for match in _COMMA.finditer(form):
                    yield match.span(), "", [(0, 0, *match.span())]
            for match in _SPACE.finditer(form):
                yield match.span(), "", [(0, 0, *match.span())]
            if _HAS_SCALE.search(form):
                for match in _SCALED.finditer(form):
                    yield from _scaled(match)


def _apart(found: list[Change]) -> list[Change]:
    found.sort(key=lambda change: change[0])
    chosen: list[Change] = []
    for change in found:
        (begin, end), _, _ = change
        if chosen and begin < chosen[-1][0][1]:
            if end - begin <= chosen[-1][0][1] - chosen[-1][0][0]:
                continue
            chosen.pop()
        chosen.append(change)
    return chosen


def _date(match: re.Match[str], year_at: int, month_at: int, day_at: int) -> Iterator[Change]:
    """A date as year, month and day, each where it is said."""
    month = match[month_at]
    number = MONTHS.get(month) or int(month)
    day = int(match[day_at].rstrip("dhnrst")) if match[day_at] else 0
    if not 1 <= number <= 12 or not (0 if match[day_at] is None else 1) <= day <= 31:
        return
    text = ""
    pieces: list[EditSpan] = []
    written = ((year_at, match[year_at]), (month_at, f"{number:02d}"), (day_at, f"{day:02d}"))
    for group, part in written:
        if match[group] is not None:
            text += MARK + part if text else part
            pieces.append((len(text) - len(part), len(text), *match.span(group)))
    yield (match.start(), max(piece[3] for piece in pieces)), text, pieces


def _month_first(form: str) -> Iterator[re.Match[str]]:
    for stem in _MONTH_STEMS:
        at = form.find(stem)
        while at >= 0:
            if (not at or not form[at - 1].isalnum()) and (match := _MONTH_FIRST.match(form, at)):
                yield match
            at = form.find(stem, at + 1)


def _scaled(match: re.Match[str]) -> Iterator[Change]:
    whole, fraction, scale = match.groups()
    zeros = _SCALES[scale]
    if len(fraction or "") <= zeros:
        text = (whole + (fraction or "").ljust(zeros, "0")).lstrip("0") or "0"
        yield match.span(), text, [(0, len(text), *match.span())]


def _shorter(form: str) -> str:
    name = _QUALIFIER.sub("", form).rstrip(_MARKS_AT_END)
    return name[1:-1].strip() if len(name) > 2 and name[0] == name[-1] == '"' else name


def _plain(text: str) -> str:
    if text.isascii():
        return text
    for fancy, plain in (*_PLAIN, *_DASHES):
        text = text.replace(fancy, plain)
    return text


def _normalized(text: str) -> tuple[str, list[int] | None]:
    """A text in NFKC, letter by letter, and where each of its letters stood, if elsewhere."""
    parts = {
        letter: _plain(normal)
        for letter in set(text)
        if (normal := unicodedata.normalize("NFKC", letter)) != letter
    }
    places: list[int] | None = None
    if any(len(part) != 1 for part in parts.values()):
        places = []
        done = 0
        for match in re.finditer(f"[{re.escape(''.join(parts))}]", text):
            places += range(done, match.start())
            places += [match.start()] * len(parts[match[0]])
            done = match.end()
        places += range(done, len(text))
    for letter, part in parts.items():
        text = text.replace(letter, part)
    return text, places
