"""Read a grammar of questions; the notation is specified in ``grammars/README.md``."""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from gentap.errors import InputError, SettingError

ColumnGuard = Literal["number", "date", "text"]
GUARDS: tuple[ColumnGuard, ...] = ("number", "date", "text")
_NAME = r"[A-Za-z_][\w-]*"
_RULE = re.compile(rf"(question +)?({_NAME})(?: +(\d+)\*)? *=\s*(?:#.*)?")
_WEIGHT = re.compile(r"(\d+)\* +")
_SLOT = re.compile(r"(column|value)(?: +(\w+))?(?: *: *([\w|]+))?")
_WORD = re.compile(r"\[[^\]]*\]|\S+")
_OPTION = re.compile(r"option +columns +(\w+)\s*(?:#.*)?")


@dataclass(frozen=True, slots=True)
class ColumnSlot:
    """``[column A]`` in a wording; ``place`` is where in the line it stands, for messages."""

    label: str
    place: int = 0


@dataclass(frozen=True, slots=True)
class ValueSlot:
    """``[value A]``: a cell of the column with the same label."""

    label: str
    place: int = 0


@dataclass(frozen=True, slots=True)
class RuleSlot:
    """``[name]``: another rule of the grammar."""

    name: str
    place: int = 0


Part = str | ColumnSlot | ValueSlot | RuleSlot


@dataclass(frozen=True, slots=True)
class Alternative:
    """One way to say a rule, its weight, and the line it stands in."""

    parts: tuple[Part, ...]
    weight: int
    line: int


@dataclass(frozen=True, slots=True)
class QueryTemplate:
    """What a question asks, over labels instead of columns; see :class:`tables.queries.Query`."""

    select: str
    conditions: tuple[tuple[str, str], ...]
    pick: str
    by: str | None
    guards: Mapping[str, frozenset[ColumnGuard]]


@dataclass(slots=True)
class Rule:
    """A phrase rule, or a question rule where it has a query."""

    name: str
    line: int
    is_question: bool
    weight: int = 1
    alternatives: list[Alternative] = field(default_factory=list)
    query: QueryTemplate | None = None


@dataclass(frozen=True, slots=True)
class Grammar:
    """All rules by name; ``lowercase_columns`` writes column names as common words."""

    rules: Mapping[str, Rule]
    lowercase_columns: bool

    @property
    def questions(self) -> list[Rule]:
        return [rule for rule in self.rules.values() if rule.is_question]


class _Reader:
    """Holds the place while a grammar is read, for messages."""

    def __init__(self, name: str) -> None:
        self.name = name

    def error(self, line: int, column: int, message: str) -> SettingError:
        return SettingError(f"{self.name}, line {line}, column {column + 1}: {message}")


def find_grammar(name: str) -> Path:
    """A grammar's file: a path, or the name of one that comes with GenTaP, such as ``english``."""
    if Path(name).suffix or Path(name).exists():
        return Path(name)
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "grammars", package.parent / "grammars"):  # installed, or a checkout
        if (folder / f"{name}.grammar").exists():
            return folder / f"{name}.grammar"
    raise InputError(f"{name}: no such grammar. Give the path of a file, or 'english'.")


def load_grammar(path: Path) -> Grammar:
    """Read and check a grammar file; raises SettingError with line, column and remedy."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError(f"{path}: no such grammar.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not a readable UTF-8 text file: {error}.") from error
    return parse_grammar(text, str(path))


def parse_grammar(text: str, name: str) -> Grammar:
    """Parse a grammar from its text; ``name`` stands in messages."""
    reader = _Reader(name)
    rules: dict[str, Rule] = {}
    rule: Rule | None = None
    lowercase = False
    for number, line in enumerate(text.splitlines(), start=1):
        content = line.strip()
        if not content or content.startswith("#"):
            continue
        if not line[0].isspace():
            if option := _OPTION.fullmatch(content):
                if option[1] != "lowercase":
                    message = f"unknown option '{option[1]}'. Known: lowercase."
                    raise reader.error(number, option.start(1), message)
                lowercase = True
                continue
            rule = _new_rule(reader, content, number, rules)
            rules[rule.name] = rule
        elif rule is None:
            raise reader.error(number, 0, "an indented line before the first rule. Begin 'name ='.")
        else:
            _add_line(reader, rule, line, number)
    grammar = Grammar(rules, lowercase)
    _check(reader, grammar)
    return grammar


def _new_rule(reader: _Reader, content: str, number: int, rules: Mapping[str, Rule]) -> Rule:
    match = _RULE.fullmatch(content)
    if match is None:
        raise reader.error(
            number,
            0,
            f"expected 'name =' or 'question name =', found {content!r}. Indent wordings.",
        )
    name = match[2]
    if name in ("column", "value"):
        raise reader.error(
            number, 0, f"'{name}' is sampled from the table; give the rule another name."
        )
    if name in rules:
        raise reader.error(number, 0, f"'{name}' is defined already in line {rules[name].line}.")
    weight = _weight(reader, match[3] or "1", number, match.start(3))
    return Rule(name, number, match[1] is not None, weight)


def _weight(reader: _Reader, digits: str, number: int, column: int) -> int:
    if int(digits) == 0:
        raise reader.error(number, column, "a weight is 1 or more.")
    return int(digits)


def _add_line(reader: _Reader, rule: Rule, line: str, number: int) -> None:
    indent = len(line) - len(line.lstrip())
    content = line.strip()
    if content.startswith(">"):
        if not rule.is_question:
            raise reader.error(
                number, indent, f"'{rule.name}' has a query: begin 'question {rule.name} ='."
            )
        if rule.query is not None:
            raise reader.error(
                number, indent, f"'{rule.name}' has a second query. Give one a question."
            )
        rule.query = _parse_query(reader, content[1:], number, indent + 1)
        return
    weight = 1
    if match := _WEIGHT.match(content):
        weight = _weight(reader, match[1], number, indent)
        indent += match.end()
        content = content[match.end() :]
    parts = tuple(_parse_parts(reader, content, number, indent))
    rule.alternatives.append(Alternative(parts, weight, number))


def _parse_parts(reader: _Reader, content: str, number: int, offset: int) -> Iterator[Part]:
    place = 0
    while place < len(content):
        opened, closed = content.find("[", place), content.find("]", place)
        if opened < 0 and closed < 0:
            yield content[place:]
            return
        if opened < 0 or 0 <= closed < opened:
            raise reader.error(number, offset + closed, "']' without a '[' before it.")
        if closed < 0 or "[" in content[opened + 1 : closed]:
            raise reader.error(number, offset + opened, "'[' that is not closed by ']'.")
        if opened > place:
            yield content[place:opened]
        yield _parse_slot(reader, content[opened + 1 : closed], number, offset + opened)
        place = closed + 1


def _parse_slot(reader: _Reader, inside: str, number: int, column: int) -> Part:
    inside = inside.strip()
    if match := _SLOT.fullmatch(inside):
        if match[3]:
            raise reader.error(number, column, "a type guard belongs in the query line ('>').")
        label = match[2] or ""
        kind = ColumnSlot if match[1] == "column" else ValueSlot
        return kind(label, column)
    if not re.fullmatch(_NAME, inside):
        raise reader.error(number, column, f"'[{inside}]' is no name of a rule, column or value.")
    return RuleSlot(inside, column)


_PICKS = ("largest", "smallest", "first", "last", "after", "before")
_COMPARISONS = ("is", "above", "below")
_QUERY_WORDS = ("select", "where", "and", *_COMPARISONS, *_PICKS)


def _parse_query(reader: _Reader, content: str, number: int, offset: int) -> QueryTemplate:
    """``select [column A] where [column B] is [value B] and … largest [column C:number]``."""
    words = [(match[0], offset + match.start()) for match in _WORD.finditer(content)]
    end = ("", offset + len(content))
    guards: dict[str, frozenset[ColumnGuard]] = {}
    place = 0

    def take() -> tuple[str, int]:
        nonlocal place
        place += 1
        return words[place - 1] if place <= len(words) else end

    def peek() -> str:
        return words[place][0] if place < len(words) else ""

    def expect(*wanted: str) -> str:
        word, column = take()
        if word not in wanted:
            found = f"found '{word}'" if word else "the query ends"
            message = f"expected {' or '.join(wanted)}, {found}.{_hint(word)}"
            raise reader.error(number, column, message)
        return word

    def slot(kind: str) -> str:
        word, column = take()
        match = _SLOT.fullmatch(word[1:-1].strip()) if word.startswith("[") else None
        if match is None or match[1] != kind:
            raise reader.error(number, column, f"expected [{kind} …], found '{word}'.")
        label = match[2] or ""
        if match[3]:
            names = match[3].split("|")
            unknown = [name for name in names if name not in GUARDS]
            if unknown:
                raise reader.error(
                    number, column, f"unknown type '{unknown[0]}'. Known: {', '.join(GUARDS)}."
                )
            guards[label] = frozenset(guard for guard in GUARDS if guard in names)
        return label

    expect("select")
    select = slot("column")
    conditions: list[tuple[str, str]] = []
    if peek() == "where":
        take()
        while True:
            label = slot("column")
            comparison = expect(*_COMPARISONS)
            column = words[place][1] if place < len(words) else end[1]
            if slot("value") != label:
                raise reader.error(number, column, "a column is compared with its own [value …].")
            conditions.append((label, comparison))
            if peek() != "and":
                break
            take()
    pick, by = "any", None
    if peek():
        pick = expect(*_PICKS)
        by = slot("column") if pick in ("largest", "smallest") else None
    if peek():
        word, column = take()
        raise reader.error(number, column, f"'{word}' after the end of the query.{_hint(word)}")
    if pick in ("after", "before") and not conditions:
        raise reader.error(number, offset, f"'{pick}' needs a 'where' that finds one row.")
    return QueryTemplate(select, tuple(conditions), pick, by, guards)


def _hint(word: str) -> str:
    near = difflib.get_close_matches(word, _QUERY_WORDS, n=1)
    return f" Did you mean '{near[0]}'?" if near and near[0] != word else ""


def _check(reader: _Reader, grammar: Grammar) -> None:
    if not grammar.questions:
        raise SettingError(f"{reader.name}: no question rule. Begin one with 'question name ='.")
    for rule in grammar.rules.values():
        if not rule.alternatives:
            raise reader.error(rule.line, 0, f"'{rule.name}' has no wording. Indent one below it.")
        if rule.is_question and rule.query is None:
            raise reader.error(
                rule.line, 0, f"the question '{rule.name}' has no query line ('> select …')."
            )
        for alternative in rule.alternatives:
            _check_names(reader, grammar, alternative)
    for rule in grammar.rules.values():
        _check_endless(reader, grammar, rule, ())
    for rule in grammar.questions:
        _check_labels(reader, grammar, rule)


def _check_names(reader: _Reader, grammar: Grammar, alternative: Alternative) -> None:
    for part in alternative.parts:
        if isinstance(part, RuleSlot) and part.name not in grammar.rules:
            names = [*grammar.rules, "column", "value"]
            near = difflib.get_close_matches(part.name, names, n=1)
            hint = f" Did you mean [{near[0]}]?" if near else " Define it, or mend its name."
            raise reader.error(alternative.line, part.place, f"[{part.name}] is not defined.{hint}")


def _check_endless(reader: _Reader, grammar: Grammar, rule: Rule, above: Sequence[str]) -> None:
    if rule.name in above:
        chain = " → ".join([*above[above.index(rule.name) :], rule.name])
        raise reader.error(rule.line, 0, f"'{rule.name}' contains itself ({chain}).")
    for alternative in rule.alternatives:
        for part in alternative.parts:
            if isinstance(part, RuleSlot):
                _check_endless(reader, grammar, grammar.rules[part.name], [*above, rule.name])


def _check_labels(reader: _Reader, grammar: Grammar, rule: Rule) -> None:
    """Every column and value of a wording must be bound by the question's query."""
    query = rule.query
    assert query is not None
    values = {label for label, _ in query.conditions}
    columns = {query.select, *values} | ({query.by} if query.by is not None else set())
    for alternative in rule.alternatives:
        for place, slot in _spoken(grammar, alternative):
            bound = columns if isinstance(slot, ColumnSlot) else values
            if slot.label not in bound:
                kind = "column" if isinstance(slot, ColumnSlot) else "value"
                raise reader.error(
                    alternative.line,
                    place,
                    f"[{kind} {slot.label}] is not in the query of '{rule.name}'.",
                )


def _spoken(
    grammar: Grammar, alternative: Alternative
) -> Iterator[tuple[int, ColumnSlot | ValueSlot]]:
    """The columns and values of a wording, and where in its line they, or their rules, stand."""
    for part in alternative.parts:
        if isinstance(part, RuleSlot):
            for below in grammar.rules[part.name].alternatives:
                yield from ((part.place, slot) for _, slot in _spoken(grammar, below))
        elif not isinstance(part, str):
            yield part.place, part
