"""Wordings made ready to be said: which can be, for a table with or without titles, and how often.

A wording that names the table's title is left out where the table has none.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from gentap.grammar.rules import TITLES, Alternative, Grammar, Rule

Random = Callable[[], float]

JOINT = "and"
"""The phrase rule that joins the last two of several."""
MAX_RULES_SAID = 10_000
"""A text made of more rules than these is not said: rules can double it from one to the next."""


@dataclass(frozen=True, slots=True)
class Wording:
    """An alternative, and which labels of columns every way of saying it names."""

    alternative: Alternative
    names: frozenset[str]


class Choice:
    """Alternatives drawn by their weights."""

    __slots__ = ("_sums", "wordings")

    def __init__(self, wordings: list[Wording]) -> None:
        self.wordings = wordings
        self._sums: list[int] = []
        total = 0
        for wording in wordings:
            total += wording.alternative.weight
            self._sums.append(total)

    def draw(self, random: Random) -> Wording:
        return self.at(random())

    def at(self, share: float) -> Wording:
        """The wording at this share (0 to 1) of all weights."""
        sums = self._sums
        at = share * sums[-1]
        for place, limit in enumerate(sums):
            if at < limit:
                return self.wordings[place]
        return self.wordings[-1]


class Wordings:
    """All wordings of a grammar that can be said with the titles that a table has."""

    def __init__(self, grammar: Grammar, titles: frozenset[str]) -> None:
        self._grammar = grammar
        self._titles = titles
        self._choices: dict[tuple[str, int], Choice] = {}
        self._answers: dict[str, Choice] = {}
        self._said: dict[str, list[Alternative]] = {}
        self._names: dict[str, frozenset[str]] = {}
        self._parts: dict[tuple[str, int], Choice] = {}
        self._numbers: dict[str, list[int]] = {}

    @cached_property
    def joint(self) -> str:
        """What stands before the last of several: the text of the phrase ``and``."""
        rule = self._grammar.rules.get(JOINT)
        parts = rule.alternatives[0].parts if rule is not None else ()
        return "".join(part for part in parts if isinstance(part, str)).strip() or "&"

    def is_tense(self, name: str) -> bool:
        return self._grammar.rules[name].kind == "tense"

    def answers(self, rule: Rule) -> Choice:
        """The wordings of a rule's answer."""
        if rule.name not in self._answers:
            sayable = filter(self._can_say, rule.answers)
            self._answers[rule.name] = Choice([Wording(one, frozenset()) for one in sayable])
        return self._answers[rule.name]

    def part(self, name: str, number: int) -> Choice:
        """The wordings of a rule by its name; a numbers rule says ``number``."""
        found = self._parts.get((name, number))
        if found is None:
            rule = self._grammar.rules[name]
            found = self.choice(rule, number if rule.kind == "numbers" else 0)
            self._parts[name, number] = found
        return found

    def choice(self, rule: Rule, number: int = 0) -> Choice:
        """A rule's wordings (of a numbers rule those that say ``number``)."""
        key = (rule.name, number)
        if key not in self._choices:
            self._choices[key] = Choice(
                [
                    Wording(one, self._named(one))
                    for one in rule.alternatives
                    if (not number or one.says(number)) and self._can_say(one)
                ]
            )
        return self._choices[key]

    def numbers(self, rule: Rule) -> list[int]:
        """The numbers that a numbers rule can say."""
        if rule.name not in self._numbers:
            sayable = {one.number for one in rule.alternatives if self._can_say(one)}
            self._numbers[rule.name] = sorted(sayable)
        return self._numbers[rule.name]

    def _can_say(self, alternative: Alternative) -> bool:
        for slot in alternative.slots:
            if slot.kind == "value" and slot.label in TITLES and slot.label not in self._titles:
                return False
            if slot.kind == "rule" and not self._is_said(slot.label):
                return False
        return True

    def _sayable(self, name: str) -> list[Alternative]:
        """The alternatives of a rule that can be said."""
        if name not in self._said:
            rule = self._grammar.rules[name]
            self._said[name] = list(filter(self._can_say, rule.alternatives))
        return self._said[name]

    def _is_list(self, name: str) -> bool:
        """Whether a name stands for one of a list of words, which the query chooses."""
        return self._grammar.rules[name].kind == "words"

    def _is_said(self, name: str) -> bool:
        return self._is_list(name) or bool(self._sayable(name))

    def _named_by(self, name: str) -> frozenset[str]:
        if name not in self._names:
            ways = map(self._named, self._sayable(name))
            self._names[name] = frozenset.intersection(*ways)
        return self._names[name]

    def _named(self, alternative: Alternative) -> frozenset[str]:
        """The columns that the alternative names, whatever is drawn for its rules."""
        names: set[str] = set()
        for slot in alternative.slots:
            if slot.kind in ("column", "noun", "nouns"):
                names.add(slot.label)
            elif slot.kind == "rule" and not self._is_list(slot.label):
                names |= self._named_by(slot.label)
        return frozenset(names)
