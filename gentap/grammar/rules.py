"""Grammars of questions as records; the notation is specified in ``grammars/README.md``."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Literal

from gentap.errors import InputError
from gentap.tables.columns import Language
from gentap.tables.queries import ComparisonOperator, Pick
from gentap.text.normal_form import normal_form

TITLES = ("title", "section", "caption")
"""Labels of values that stand beside the table, not in it."""

RuleKind = Literal["phrase", "question", "numbers", "tense", "words"]

SlotKind = Literal[
    "column", "noun", "nouns", "value", "rule", "cell", "sum", "difference", "how many"
]
Which = Literal["", "each", "first", "second", "third", "last"]
"""Of which of a query's rows something is said: of the only one, of each, of that in this place."""


def is_missing(label: str) -> bool:
    """Whether a value's label says that the table does not hold it: ``[value B missing]``."""
    return label.endswith(" missing")


GIVEN: frozenset[SlotKind] = frozenset({"cell", "sum", "difference", "how many"})
"""What a query gives, and only an answer can say."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A bracketed name: ``[column A]``, ``[value A]``, ``[each cell A]`` or the name of a rule.

    ``place`` is where in its line it stands, from 0, for messages.
    """

    kind: SlotKind
    label: str
    place: int = 0
    which: Which = ""


WordingPart = str | Slot


@dataclass(frozen=True, slots=True)
class Alternative:
    """One way to say a rule, its weight and line; ``number`` is what it says in a numbers rule.

    With ``and_more`` it says every number from there on.
    """

    parts: tuple[WordingPart, ...]
    weight: int
    line: int
    number: int = 0
    and_more: bool = False

    def says(self, number: int) -> bool:
        return number == self.number or (self.and_more and number > self.number)

    @property
    def slots(self) -> Iterator[Slot]:
        return (part for part in self.parts if isinstance(part, Slot))


@dataclass(frozen=True, slots=True)
class Guard:
    """What a column must be (one of each set in ``wanted``) and must not be."""

    wanted: tuple[frozenset[str], ...] = ()
    refused: frozenset[str] = frozenset()

    def admits(self, kinds: frozenset[str]) -> bool:
        return self.refused.isdisjoint(kinds) and not any(map(kinds.isdisjoint, self.wanted))

    @property
    def named(self) -> frozenset[str]:
        """Everything that the guard names."""
        return self.refused.union(*self.wanted)


@dataclass(frozen=True, slots=True)
class ConditionTemplate:
    """A condition over labels: against a value, two values, or another column."""

    column: str
    comparison: ComparisonOperator
    value: str = ""
    high: str = ""
    other: str = ""

    @property
    def is_missing(self) -> bool:
        """Whether one of its values is none of the table's."""
        return is_missing(self.value) or is_missing(self.high)


@dataclass(frozen=True, slots=True)
class QueryTemplate:
    """What a question asks, over labels instead of columns; see :class:`tables.queries.Query`.

    ``rank`` names the numbers rule that says which one is picked; ``about`` are labels of columns
    that only the wordings need. ``places`` says where in its line each label and the rank stand.
    ``many`` is how many rows are selected: one, every one that fits, or none, which the query then
    asserts; ``count``, ``rising`` and ``falling`` are as in the query. ``without`` names a list of
    words, of which one is asked for that no column of the table fits.
    """

    select: str
    conditions: tuple[ConditionTemplate, ...] = ()
    pick: Pick = "any"
    by: str = ""
    rank: str = ""
    about: tuple[str, ...] = ()
    many: Literal["one", "every", "none"] = "one"
    count: int = 1
    rising: str = ""
    falling: str = ""
    without: str = ""
    guards: Mapping[str, Guard] = field(default_factory=dict)
    places: Mapping[str, int] = field(default_factory=dict)

    @property
    def columns(self) -> tuple[str, ...]:
        """All labels of columns, in the order of the query."""
        labels = [self.select]
        for condition in self.conditions:
            labels += [condition.column, *([condition.other] if condition.other else [])]
        labels += filter(None, (self.by, self.rising, self.falling))
        return tuple(dict.fromkeys([*labels, *self.about]))

    @property
    def values(self) -> tuple[str, ...]:
        """All labels of values, in the order of the query."""
        labels = (label for one in self.conditions for label in (one.value, one.high))
        return tuple(dict.fromkeys(label for label in labels if label))

    @property
    def rows(self) -> int:
        """How many rows the query must give; 0: as many as fit, at least one."""
        if self.many != "one":
            return 0
        if self.pick in ("ends", "edges", "around"):
            return 2
        if self.pick in ("largest", "smallest"):
            return self.count
        return 2 if any(one.comparison in ("either", "both") for one in self.conditions) else 1


@dataclass(slots=True)
class Rule:
    """One rule of a grammar; a question has a query, a list of words has ``entries``.

    A question with ``answers`` is answered in a sentence; else its answer is one cell.
    """

    name: str
    line: int
    kind: RuleKind = "phrase"
    weight: int = 1
    alternatives: list[Alternative] = field(default_factory=list)
    query: QueryTemplate | None = None
    query_line: int = 0
    answers: list[Alternative] = field(default_factory=list)
    entries: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)


VALUE_WORDS = tuple(
    "months weekdays ordinals scales durations eras empty totals said called plurals".split()
)
KNOWN_WORDS = (*VALUE_WORDS, "unasked", "aspects", "participants")
"""Lists of words that mean something to the reader of tables; all others sort columns by name."""


@dataclass(frozen=True, eq=False)
class Grammar:
    """All rules by name; ``lowercase_columns`` writes column names as common words."""

    rules: Mapping[str, Rule]
    lowercase_columns: bool = False
    decimal_comma: bool = False

    @cached_property
    def questions(self) -> list[Rule]:
        return [rule for rule in self.rules.values() if rule.kind == "question"]

    @property
    def cell_questions(self) -> list[Rule]:
        """The questions whose answer is one cell."""
        return [rule for rule in self.questions if not rule.answers]

    @property
    def sentence_questions(self) -> list[Rule]:
        """The questions that are answered in a sentence."""
        return [rule for rule in self.questions if rule.answers]

    def words(self, name: str) -> dict[str, str]:
        """A list of words: normal form to the key it stands under."""
        rule = self.rules.get(name)
        entries = rule.entries if rule is not None and rule.kind == "words" else []
        return {normal_form(word): key for key, words in entries for word in words}

    @lru_cache(maxsize=100)  # noqa: B019  a grammar lives as long as its process
    def topics(self, name: str) -> list[tuple[str, re.Pattern[str]]]:
        """What a list of words names, each with what a line fits that tells of it."""
        return [
            (key, re.compile(f"^{_wildcards(map(normal_form, words)).pattern}$", re.M))
            for key, words in self.rules[name].entries
        ]

    @cached_property
    def language(self) -> Language:
        return Language(
            months={word: int(key) for word, key in self.words("months").items()},
            weekdays=frozenset(self.words("weekdays")),
            ordinals=frozenset(self.words("ordinals")),
            scales={word: float(key) for word, key in self.words("scales").items()},
            durations={word: float(key) for word, key in self.words("durations").items()},
            eras=frozenset(self.words("eras")),
            empty=frozenset(self.words("empty")),
            decimal_comma=self.decimal_comma,
        )

    @cached_property
    def totals(self) -> re.Pattern[str]:
        """Matches a line that marks a row of totals: the normal form of one of its cells."""
        return re.compile(f"^{_wildcards(self.words('totals')).pattern}$", re.M)

    @cached_property
    def _sorts(self) -> dict[str, re.Pattern[str]]:
        others = {*VALUE_WORDS, *(rule.query.without for rule in self.questions if rule.query)}
        return {
            rule.name: _wildcards(self.words(rule.name))
            for rule in self.rules.values()
            if rule.kind == "words" and rule.name not in others
        }

    @cached_property
    def _said(self) -> dict[str, str]:
        return self.words("said")

    @lru_cache(maxsize=50_000)  # noqa: B019  a grammar lives as long as its process
    def noun_of(self, name: str, *, plural: bool) -> str:
        """What the entries of a column are called, one of them or several.

        ``called`` and ``plurals`` say so by the first word that the name fits.
        """
        noun = self._rewritten("called", name)
        return self._rewritten("plurals", noun) if plural else noun

    def _rewritten(self, words: str, name: str) -> str:
        for pattern, made in self._patterns[words]:
            if match := pattern.fullmatch(name):
                parts = iter(match.groups())
                return "".join(next(parts, "") if part == "*" else part for part in made)
        return name

    @cached_property
    def _patterns(self) -> dict[str, list[tuple[re.Pattern[str], list[str]]]]:
        """By list of words: patterns of names, and what is made of what their ``*`` stand for."""
        return {
            name: [
                (re.compile(re.escape(word).replace(r"\*", "(.*)"), re.I), re.split(r"(\*)", key))
                for key, words in (self.rules[name].entries if name in self.rules else ())
                for word in words
            ]
            for name in ("called", "plurals")
        }

    @lru_cache(maxsize=50_000)  # noqa: B019  a grammar lives as long as its process
    def name_of(self, header: str) -> tuple[str, frozenset[str]]:
        """How a column's name is said, and the lists of words that it belongs to.

        A closing parenthesis is not said; a name may be written out by the list ``said``.
        """
        name = _PARENTHESIS.sub("", header).strip() or header
        name = _SPACED_SIGN.sub(r"\1", _FOOTNOTES.sub("", name)).strip()
        form = normal_form(name)
        said = self._said.get(form)
        if said is not None:
            name, form = said, normal_form(said)
        elif self.lowercase_columns:
            name = _common_words(name)
        sorts = frozenset(sort for sort, pattern in self._sorts.items() if pattern.fullmatch(form))
        return name, sorts


_PARENTHESIS = re.compile(r"\s*\([^()]*\)\s*$")
_FOOTNOTES = re.compile(r"\[\w{1,3}\]|[*†‡:]+$")
_SPACED_SIGN = re.compile(r" ([-/]) (?=\w)")


def _wildcards(words: Iterable[str]) -> re.Pattern[str]:
    """Words in which ``*`` stands for anything, ``?`` for one letter or sign and ``9`` for a digit.

    A word that begins with ``-`` is an exception.
    """
    known: list[str] = []
    exceptions: list[str] = []
    for word in words:
        pattern = re.escape(word.removeprefix("-")).replace(r"\*", ".*").replace(r"\?", ".")
        pattern = pattern.replace("9", r"\d")
        (exceptions if word.startswith("-") else known).append(pattern)
    if not known:
        return re.compile("(?!)")
    but = f"(?!(?:{'|'.join(exceptions)})$)" if exceptions else ""
    return re.compile(f"{but}(?:{'|'.join(known)})")


def _common_words(name: str) -> str:
    """``Home Team`` as ``home team``; words with inner capitals or all capitals stay."""
    return " ".join(word.lower() if word.istitle() else word for word in name.split(" "))


def find_grammar(name: str) -> Path:
    """A grammar's file: a path, or the name of one that comes with GenTaP, such as ``english``.

    Raises InputError where there is no grammar of that name.
    """
    if Path(name).suffix or Path(name).exists():
        return Path(name)
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "grammars", package.parent / "grammars"):  # installed, or a checkout
        if (folder / f"{name}.grammar").exists():
            return folder / f"{name}.grammar"
    raise InputError(f"{name}: no such grammar. Give the path of a file, or 'english' or 'german'.")
