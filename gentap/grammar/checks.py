"""What can be wrong with a grammar as a whole: names, labels, endless and idle rules."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from gentap.grammar.diagnostics import Mistake, hint
from gentap.grammar.rules import (
    KNOWN_WORDS,
    TITLES,
    VALUE_WORDS,
    Alternative,
    Grammar,
    Rule,
    Slot,
)
from gentap.tables.columns import COLUMN_KINDS

MAX_RULE_DEPTH = 50
"""So many rules may be used below each other."""


def find_mistakes(grammar: Grammar, unread: frozenset[int] = frozenset()) -> list[Mistake]:
    """All mistakes that only the whole grammar shows; ``unread`` are lines already complained of.

    What depends on an unread line is not complained of again.
    """
    return list(_Checker(grammar, unread).check())


@dataclass(slots=True)
class _Checker:
    grammar: Grammar
    unread: frozenset[int]
    spoken: dict[str, tuple[Slot, ...]] = field(default_factory=dict)

    def check(self) -> Iterator[Mistake]:
        if not self.grammar.questions and not self.unread:
            yield Mistake(1, 1, "no question rule. Begin one with 'question name ='.")
        endless = list(self._endless())
        yield from endless
        for rule in self.grammar.rules.values():
            yield from self._rule(rule)
            if rule.kind == "question" and rule.query is not None:
                yield from self._query(rule)
                if not endless:
                    yield from self._labels(rule)
        if not self.unread:
            yield from self._idle()

    def _rule(self, rule: Rule) -> Iterator[Mistake]:
        if rule.kind == "question" and not rule.query_line and not self._has_unread(rule):
            message = f"the question '{rule.name}' has no query line ('> select …')."
            yield Mistake(rule.line, 1, message)
        if not rule.alternatives and not rule.entries and not self._has_unread(rule):
            what = "words" if rule.kind == "words" else "wording"
            yield Mistake(rule.line, 1, f"'{rule.name}' has no {what}. Indent a line below it.")
        for alternative in rule.alternatives:
            for slot in alternative.slots:
                if slot.kind == "rule":
                    yield from self._name(rule, slot, alternative.line)

    def _has_unread(self, rule: Rule) -> bool:
        """Whether a line of the rule could not be read."""
        later = [other.line for other in self.grammar.rules.values() if other.line > rule.line]
        end = min(later, default=10**9)
        return any(rule.line <= line < end for line in self.unread)

    def _name(self, rule: Rule, slot: Slot, line: int) -> Iterator[Mistake]:
        target = self.grammar.rules.get(slot.label)
        sayable = [
            name
            for name, other in self.grammar.rules.items()
            if other.kind in ("phrase", "numbers") and name != rule.name
        ]
        if target is None:
            known = [*sayable, "column", "value"]
            message = f"[{slot.label}] is not defined.{_near(slot.label, known)}"
            yield Mistake(line, slot.place + 1, message)
        elif target.kind == "words":
            message = f"[{slot.label}] is a list of words for guards; it can't be said."
            yield Mistake(line, slot.place + 1, message)
        elif target.kind == "question":
            message = f"[{slot.label}] is a question; only phrases can be part of a wording."
            yield Mistake(line, slot.place + 1, message)

    def _query(self, rule: Rule) -> Iterator[Mistake]:
        query = rule.query
        assert query is not None
        lists = [name for name, other in self.grammar.rules.items() if other.kind == "words"]
        known = [*sorted(COLUMN_KINDS), *(name for name in lists if name not in VALUE_WORDS)]
        for label, guard in query.guards.items():
            for name in sorted(guard.named - set(known)):
                message = (
                    f"unknown guard '{name}' of [column {label}].{_near(name, known)} "
                    f"Guards are {', '.join(sorted(COLUMN_KINDS))} and lists of words."
                )
                yield Mistake(rule.query_line, query.places[label] + 1, message)
        target = self.grammar.rules.get(query.rank)
        if query.rank and (target is None or target.kind != "numbers"):
            numbers = [
                name for name, other in self.grammar.rules.items() if other.kind == "numbers"
            ]
            message = f"[{query.rank}] is no numbers rule.{_near(query.rank, numbers)}"
            yield Mistake(rule.query_line, query.places[query.rank] + 1, message)

    def _labels(self, rule: Rule) -> Iterator[Mistake]:
        """A wording says only what the query binds, and all that the answer depends on."""
        query = rule.query
        assert query is not None
        columns, values = set(query.columns), {*query.values, *TITLES}
        for alternative in rule.alternatives:
            said = list(self._spoken(alternative))
            for place, slot in said:
                if slot.kind == "rule" or slot.label in (
                    columns if slot.kind == "column" else values
                ):
                    continue
                name = f"[{slot.kind} {slot.label}]".replace(" ]", "]")
                known = [f"{slot.kind} {label}" for label in sorted(columns | values)]
                message = f"{name} is not in the query of '{rule.name}'.{_near(slot.label, known)}"
                yield Mistake(alternative.line, place + 1, message)
            unsaid = set(query.values) - {slot.label for _, slot in said if slot.kind == "value"}
            names = [f"[value {label}]".replace(" ]", "]") for label in sorted(unsaid)]
            if query.rank and not any(slot.label == query.rank for _, slot in said):
                names.append(f"[{query.rank}]")
            for name in names:
                message = f"the wording leaves out {name}, which its answer depends on."
                yield Mistake(alternative.line, 1, message)

    def _spoken(self, alternative: Alternative) -> Iterator[tuple[int, Slot]]:
        """The slots of a wording and of its rules, and where in its line they, or these, stand."""
        for slot in alternative.slots:
            yield slot.place, slot
            if slot.kind == "rule":
                yield from ((slot.place, inner) for inner in self._spoken_by(slot.label))

    def _spoken_by(self, name: str) -> tuple[Slot, ...]:
        """The different slots of a rule and of all rules below it."""
        if name not in self.spoken:
            target = self.grammar.rules.get(name)
            found: dict[tuple[str, str], Slot] = {}
            if target is not None and target.kind in ("phrase", "numbers"):
                for alternative in target.alternatives:
                    for _, slot in self._spoken(alternative):
                        found.setdefault((slot.kind, slot.label), slot)
            self.spoken[name] = tuple(found.values())
        return self.spoken[name]

    def _endless(self) -> Iterator[Mistake]:
        """One mistake for each circle of rules, and some where rules are too deep in each other."""
        depths: dict[str, int] = {}
        found: set[frozenset[str]] = set()

        def follow(name: str, above: Sequence[str]) -> Iterator[Mistake]:
            rule = self.grammar.rules.get(name)
            if rule is None or (above and rule.kind == "question"):
                return
            if name in above:
                circle = [*above[above.index(name) :], name]
                if frozenset(circle) not in found:
                    found.add(frozenset(circle))
                    chain = " → ".join(circle)
                    message = f"'{name}' contains itself ({chain}). Take one of them out."
                    yield Mistake(rule.line, 1, message)
                return
            if name in depths or len(above) > MAX_RULE_DEPTH:
                return
            below = [0]
            for alternative in rule.alternatives:
                for slot in alternative.slots:
                    if slot.kind == "rule":
                        yield from follow(slot.label, [*above, name])
                        below.append(depths.get(slot.label, len(above)))
            depths[name] = 1 + max(below)
            if depths[name] == MAX_RULE_DEPTH + 1:
                message = f"'{name}' is a rule of more than {MAX_RULE_DEPTH} below each other."
                yield Mistake(rule.line, 1, f"{message} Say it with fewer.")

        for name in self.grammar.rules:
            yield from follow(name, [])

    def _idle(self) -> Iterator[Mistake]:
        """Rules that no question uses: they are left over, or misspelt somewhere."""
        used: set[str] = set()
        todo = [rule.name for rule in self.grammar.questions]
        for question in self.grammar.questions:
            if question.query is not None:
                todo.append(question.query.rank)
                for guard in question.query.guards.values():
                    todo += guard.named
        while todo:
            rule = self.grammar.rules.get(todo.pop())
            if rule is None or rule.name in used:
                continue
            used.add(rule.name)
            for alternative in rule.alternatives:
                todo += [slot.label for slot in alternative.slots if slot.kind == "rule"]
        for rule in self.grammar.rules.values():
            if rule.name not in used and not (rule.kind == "words" and rule.name in KNOWN_WORDS):
                where = "guard" if rule.kind == "words" else "wording"
                message = (
                    f"'{rule.name}' is unreachable: no question uses it. Name it in a {where}, or "
                    "take it out."
                )
                yield Mistake(rule.line, 1, message, stops=False)


def _near(word: str, known: Sequence[str]) -> str:
    return hint(word, known) or " Define it, or mend its name."
