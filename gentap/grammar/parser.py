"""Read a grammar file: rules, wordings, lists of words. Every mistake has its line and column."""

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import cast

from gentap.errors import SettingError
from gentap.grammar.checks import find_mistakes
from gentap.grammar.diagnostics import Mistake
from gentap.grammar.includes import open_grammar
from gentap.grammar.query_parser import QueryError, read_query
from gentap.grammar.rules import (
    Alternative,
    Grammar,
    Rule,
    RuleKind,
    Slot,
    SlotKind,
    Which,
    WordingPart,
)
from gentap.runs.counting import counted

_NAME = r"[^\W\d][\w-]*"
_RULE = re.compile(rf"(?:(question|numbers|tense|words) +)?({_NAME})(?: +(\d+)\*)? *=\s*(?:#.*)?")
_WEIGHT = re.compile(r"(\d+)\* +")
_NUMBER = re.compile(r"(\d+)(\+)?: *")
_SLOT = re.compile(
    r"(column|noun|nouns|cell|sum|difference)(?: +(\w+))?( *:.*)?"
    r"|(value)(?: +(\w+(?: +\w+)?))?( *:.*)?"
)
_WHICH = re.compile(r"(?:(each|first|second|third|last) +)?(.*)")
_RESERVED = ("column", "noun", "nouns", "value", "cell", "sum", "difference")
_OPTION = re.compile(r"option +(.*?)\s*(?:#.*)?")
_OPTIONS = ("columns lowercase", "decimal comma")
_NUMERIC_KEYS = ("months", "scales", "durations")
_MOST_SHOWN = 20


class _LineError(Exception):
    """Ends the reading of one line."""

    def __init__(self, column: int, message: str) -> None:
        super().__init__(message)
        self.column, self.message = column, message


def load_grammar(path: Path) -> Grammar:
    """Read and check a grammar file with what it includes; raises SettingError with file, line,
    column and remedy."""
    source = open_grammar(path)
    grammar, mistakes = read_grammar(source.text)
    _refuse(mistakes, source.told, str(path))
    return grammar


def parse_grammar(text: str, name: str) -> Grammar:
    """Parse a grammar from its text; ``name`` stands in messages.

    Raises SettingError with every mistake, one a line.
    """
    grammar, mistakes = read_grammar(text)
    _refuse(mistakes, lambda mistake: mistake.text(name), name)
    return grammar


def _refuse(mistakes: Sequence[Mistake], told: Callable[[Mistake], str], name: str) -> None:
    stopping = [mistake for mistake in mistakes if mistake.stops]
    if stopping:
        lines = [told(mistake) for mistake in stopping[:_MOST_SHOWN]]
        if len(stopping) > _MOST_SHOWN:
            lines.append(f"{name}: and {counted(len(stopping) - _MOST_SHOWN, 'more mistake')}.")
        raise SettingError("\n".join(lines))


def read_grammar(text: str, *, whole: bool = True) -> tuple[Grammar, list[Mistake]]:
    """A grammar as far as it can be read, and all mistakes in it, in order.

    Of one that is not ``whole`` only those are found that a line shows by itself.
    """
    reader = _Reader()
    for number, line in enumerate(text.splitlines(), start=1):
        content = line.strip()
        if not content or content.startswith("#"):
            continue
        try:
            reader.read_line(line, number)
        except (_LineError, QueryError) as mistake:
            reader.mistakes.append(Mistake(number, mistake.column + 1, mistake.message))
    grammar = Grammar(
        reader.rules,
        lowercase_columns="columns lowercase" in reader.options,
        decimal_comma="decimal comma" in reader.options,
    )
    unread = frozenset(mistake.line for mistake in reader.mistakes)
    more = find_mistakes(grammar, unread) if whole else []
    return grammar, sorted([*reader.mistakes, *more])


class _Reader:
    """Holds the rules and the place while a grammar is read."""

    def __init__(self) -> None:
        self.rules: dict[str, Rule] = {}
        self.mistakes: list[Mistake] = []
        self.options: set[str] = set()
        self._rule: Rule | None = None

    def read_line(self, line: str, number: int) -> None:
        content = line.strip()
        if line[0].isspace():
            if self._rule is None:
                raise _LineError(0, "an indented line before the first rule. Begin 'name ='.")
            self._add_line(self._rule, line, number)
        elif option := _OPTION.fullmatch(content):
            if option[1] not in _OPTIONS:
                known = ", ".join(_OPTIONS)
                message = f"unknown option '{option[1]}'. Known: {known}."
                raise _LineError(option.start(1), message)
            self.options.add(option[1])
        else:
            self._begin_rule(content, number)

    def _begin_rule(self, content: str, number: int) -> None:
        match = _RULE.fullmatch(content)
        if match is None and (begun := _RULE.fullmatch(f"{content} =")):
            if begun[1] or self._rule is None:  # what is indented below belongs to no other rule
                self._rule = Rule(begun[2], number, _rule_kind(begun))
            message = f"a rule begins '{content} =', with that sign. A wording is indented."
            raise _LineError(len(content), message)
        if match is None:
            raise _LineError(
                0,
                "expected 'name =', 'question name =', 'numbers name =', 'tense name =' or "
                f"'words name =', found {content!r}. Indent wordings.",
            )
        name = match[2]
        self._rule = Rule(name, number, _rule_kind(match))
        if name in _RESERVED:
            message = f"'{name}' is sampled from the table; give the rule another name."
            raise _LineError(match.start(2), message)
        if name in self.rules:
            message = f"'{name}' is defined already in line {self.rules[name].line}."
            raise _LineError(match.start(2), message)
        self.rules[name] = self._rule
        self._rule.weight = _weight(match[3] or "1", match.start(3))

    def _add_line(self, rule: Rule, line: str, number: int) -> None:
        indent = len(line) - len(line.lstrip())
        content = line.strip()
        if rule.kind == "words":
            rule.entries.append(_read_words(rule.name, content, indent))
            return
        if content.startswith(">"):
            if rule.kind != "question":
                message = f"'{rule.name}' has a query: begin 'question {rule.name} ='."
                raise _LineError(indent, message)
            if rule.query_line:
                message = f"'{rule.name}' has a second query. Give one a question."
                raise _LineError(indent, message)
            rule.query_line = number
            rule.query = read_query(content[1:], indent + 1)
            return
        answers = content.startswith("<")
        if answers:
            if rule.kind != "question":
                message = f"'{rule.name}' has an answer: begin 'question {rule.name} ='."
                raise _LineError(indent, message)
            rest = content[1:].lstrip()
            indent, content = indent + len(content) - len(rest), rest
        weight = said = 1
        and_more = False
        if match := _WEIGHT.match(content):
            weight = _weight(match[1], indent)
            indent, content = indent + match.end(), content[match.end() :]
        if rule.kind == "numbers":
            found = _NUMBER.match(content)
            if found is None:
                message = "a line of a numbers rule begins with its number, as in '2: second'."
                raise _LineError(indent, message)
            said = _weight(found[1], indent, "a number to say")
            and_more = found[2] is not None
            indent, content = indent + found.end(), content[found.end() :]
        parts = tuple(_read_parts(content, indent))
        number_said = said if rule.kind == "numbers" else 0
        wording = Alternative(parts, weight, number, number_said, and_more)
        (rule.answers if answers else rule.alternatives).append(wording)


def _weight(digits: str, column: int, what: str = "a weight") -> int:
    if len(digits) > len("10000") or not 1 <= int(digits) <= 10_000:
        raise _LineError(column, f"{what} is from 1 to 10,000.")
    return int(digits)


def _read_words(name: str, content: str, indent: int) -> tuple[str, tuple[str, ...]]:
    """A line of a list of words: ``word, word`` or ``key: word, word``."""
    key, colon, rest = content.partition(":")
    if not colon:
        key, rest = "", content
    numeric = name in _NUMERIC_KEYS
    if numeric and not re.fullmatch(r"\d+(\.\d+)?", key.strip()):
        example = {"months": "3: march, mar", "scales": "1000000: million"}.get(name, "60: min")
        raise _LineError(indent, f"a line of '{name}' begins with its number, as in '{example}'.")
    if name == "months" and not re.fullmatch(r"0?[1-9]|1[0-2]", key.strip()):
        raise _LineError(indent, "a month's number is from 1 to 12.")
    if name == "said" and not key.strip():
        message = "a line of 'said' begins with what is said, as in 'points: pts, pts.'."
        raise _LineError(indent, message)
    words = tuple(word.strip() for word in rest.split(",") if word.strip())
    if not words:
        raise _LineError(indent, "a line without words. Part words with commas.")
    if "*" in words and name not in ("called", "plurals"):
        raise _LineError(indent, "'*' alone is every word. Part words with commas, and no colon.")
    return key.strip(), words


def _read_parts(content: str, offset: int) -> Iterator[WordingPart]:
    place = 0
    while place < len(content):
        opened, closed = content.find("[", place), content.find("]", place)
        if opened < 0 and closed < 0:
            yield content[place:]
            return
        if opened < 0 or 0 <= closed < opened:
            raise _LineError(offset + closed, "']' without a '[' before it. Open it, or drop it.")
        if closed < 0 or "[" in content[opened + 1 : closed]:
            raise _LineError(offset + opened, "'[' that is not closed by ']'. Close it.")
        if opened > place:
            yield content[place:opened]
        yield _read_slot(content[opened + 1 : closed].strip(), offset + opened)
        place = closed + 1


def _rule_kind(match: re.Match[str]) -> RuleKind:
    return cast(RuleKind, match[1] or "phrase")


def _read_slot(inside: str, column: int) -> Slot:
    found = _WHICH.fullmatch(inside)
    assert found is not None  # it fits everything
    which, what = cast(Which, found[1] or ""), found[2]
    if " ".join(inside.split()) == "how many":
        return Slot("how many", "", column)
    if match := _SLOT.fullmatch(what):
        kind = cast(SlotKind, match[1] or match[4])
        if match[3] or match[6]:
            raise _LineError(column, "a guard belongs in the query line ('>').")
        if which and kind != "cell":
            message = f"'{which}' is said of a cell or a rule, as in [{which} cell A]."
            raise _LineError(column, message)
        label = " ".join((match[2] or match[5] or "").split())
        return Slot(kind, label, column, which)
    if not re.fullmatch(_NAME, what):
        message = f"'[{inside}]' is no name of a rule, column or value. Write [name], [column A]."
        raise _LineError(column, message)
    return Slot("rule", what, column, which)
