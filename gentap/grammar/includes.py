"""Grammars that include others: ``include english`` takes all rules of that grammar.

A file's own rule stands in the place of an included one of the same name, and a later inclusion's
in that of an earlier one's. A name is that of a grammar of GenTaP's, or a path from the file.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gentap.errors import InputError, SettingError
from gentap.grammar.diagnostics import Mistake
from gentap.grammar.rules import find_grammar
from gentap.runs.files.user_texts import read_user_text

_INCLUDE = re.compile(r"include +(\S.*?)\s*(?:#.*)?")
_NAMED = re.compile(r"(?:(?:question|numbers|tense|words) +)?([^\W\d][\w-]*)(?: +\d+\*)? *=")


@dataclass(frozen=True, slots=True)
class GrammarSource:
    """The text of a grammar with all that it includes, which stands below its own.

    ``places`` are the file and line of each line of ``text``; ``files`` all files read.
    """

    text: str
    places: Sequence[tuple[Path, int]]
    files: tuple[Path, ...]

    def is_own(self, mistake: Mistake) -> bool:
        """Whether it stands in the grammar's own file."""
        return self._place(mistake)[0] == self.files[0]

    def is_own_line(self, line: int) -> bool:
        """Whether a line of ``text`` is of the grammar's own file."""
        return self.places[line - 1][0] == self.files[0]

    def told(self, mistake: Mistake) -> str:
        """A mistake with the file and line that it stands in."""
        path, line = self._place(mistake)
        return Mistake(line, mistake.column, mistake.message).text(str(path))

    def _place(self, mistake: Mistake) -> tuple[Path, int]:
        """Where a mistake stands; what is missing at the end stands after the last line."""
        if mistake.line <= len(self.places):
            return self.places[mistake.line - 1]
        return self.files[0], mistake.line


@dataclass(slots=True)
class _Lines:
    """Lines with their places, by the rule that they belong to; "" for those before any."""

    rules: dict[str, list[tuple[str, Path, int]]] = field(default_factory=dict)
    files: dict[Path, None] = field(default_factory=dict)


def read_grammar_text(path: Path) -> str:
    """The text of a grammar file; raises InputError where it can't be read."""
    return read_user_text(path, "grammar")


def open_grammar(path: Path, broken: list[Mistake] | None = None) -> GrammarSource:
    """A grammar's text and that of what it includes.

    Raises InputError where a file can't be read, SettingError where one includes itself; where
    ``broken`` is given, that goes into it, and the inclusion is passed over.
    """
    lines = read_grammar_text(path).splitlines()
    included = _Lines(files={path: None})
    for number, name in _inclusions(lines):
        try:
            _include(path, number, name, included, (path,))
        except (InputError, SettingError) as error:
            if broken is None:
                raise
            message = str(error).removeprefix(f"{path}, line {number}: ")
            broken.append(Mistake(number, 1, message))
    if len(included.files) == 1 and not broken:
        return GrammarSource("\n".join(lines), [(path, n) for n in _counted(lines)], (path,))
    own = {match[1] for line in lines if (match := _NAMED.match(line))}
    kept = ["" if _INCLUDE.fullmatch(line.rstrip()) else line for line in lines]
    places = [(path, number) for number in _counted(lines)]
    for rule, below in included.rules.items():
        if rule not in own:
            kept += [line for line, _, _ in below]
            places += [(file, number) for _, file, number in below]
    return GrammarSource("\n".join(kept), places, tuple(included.files))


def _include(path: Path, number: int, name: str, into: _Lines, above: tuple[Path, ...]) -> None:
    where = f"{path}, line {number}"
    try:
        file = find_grammar(name) if not Path(name).suffix else path.parent / name
        text = read_grammar_text(file)
    except InputError as error:
        raise InputError(f"{where}: {error}") from None
    if any(file.resolve() == one.resolve() for one in above):
        chain = " → ".join(one.name for one in (*above, file))
        raise SettingError(f"{where}: a grammar that includes itself ({chain}). Drop this line.")
    into.files[file] = None
    lines = text.splitlines()
    for below, inner in _inclusions(lines):
        _include(file, below, inner, into, (*above, file))
    rule, found = "", dict[str, list[tuple[str, Path, int]]]()
    for count, line in enumerate(lines, start=1):
        if line[:1].strip() and not line.startswith("#"):
            match = _NAMED.match(line)
            rule = match[1] if match else f" {file} {count}"  # an option, or a mistake
        if not _INCLUDE.fullmatch(line.rstrip()):
            found.setdefault(rule, []).append((line, file, count))
    found.pop("", None)
    for rule, own in found.items():
        into.rules.pop(rule, None)
        into.rules[rule] = own


def _inclusions(lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(lines, start=1):
        if match := _INCLUDE.fullmatch(line.rstrip()):
            yield number, match[1]


def _counted(lines: Sequence[str]) -> range:
    return range(1, len(lines) + 1)
