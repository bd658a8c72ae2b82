"""What can be wrong with a grammar as a whole: names, labels, endless and idle rules."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from gentap.grammar.diagnostics import Mistake, hint
from gentap.grammar.rules import (
    GIVEN,
    KNOWN_WORDS,
    TITLES,
    VALUE_WORDS,
    Alternative,
    Grammar,
    Rule,
    Slot,
)
from gentap.grammar.wordings import JOINT, MAX_RULES_SAID
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
        endless = list(self._endless()) or list(self._overlong())
        yield from endless
        for rule in self.grammar.rules.values():
            yield from self._rule(rule)
            if rule.kind == "question" and rule.query is not None:
                yield from self._query(rule)
                if not endless:
                    yield from self._labels(rule)
                    yield from self._answers(rule)
        yield from self._tenses()
        if not self.unread:
            yield from self._idle()

    def _rule(self, rule: Rule) -> Iterator[Mistake]:
        if rule.kind == "question" and not rule.query_line and not self._has_unread(rule):
            message = f"the question '{rule.name}' has no query line ('> select …')."
            yield Mistake(rule.line, 1, message)
        if not rule.alternatives and not rule.entries and not self._has_unread(rule):
            what = "words" if rule.kind == "words" else "wording"
            yield Mistake(rule.line, 1, f"'{rule.name}' has no {what}. Indent a line below it.")
        for alternative in (*rule.alternatives, *rule.answers):
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
            if other.kind in ("phrase", "numbers", "tense") and name != rule.name
        ]
        if target is None:
            known = [*sayable, "column", "value"]
            message = f"[{slot.label}] is not defined.{_near(slot.label, known)}"
            yield Mistake(line, slot.place + 1, message)
        elif target.kind == "words" and (rule.query is None or rule.query.without != slot.label):
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

        listed = self.grammar.rules.get(query.without)
        if query.without and (listed is None or listed.kind != "words"):
            message = f"[{query.without}] is no list of words.{_near(query.without, lists)}"
            yield Mistake(rule.query_line, query.places[query.without] + 1, message)
        elif listed is not None and not all(key for key, _ in listed.entries):
            message = (
                f"[{query.without}] needs lines that begin with what is asked for and say which "
                "columns tell it, as in 'height: *height, size'."
            )
            yield Mistake(rule.query_line, query.places[query.without] + 1, message)

    def _labels(self, rule: Rule) -> Iterator[Mistake]:
        """A wording says only what the query binds, and all that the answer depends on."""
        query = rule.query
        assert query is not None
        for alternative in rule.alternatives:
            said = list(self._spoken(alternative))
            yield from self._unbound(rule, alternative, said)
            for place, slot in said:
                if slot.kind in GIVEN or slot.which:
                    message = f"{_written(slot)} gives the answer away. Say it in an answer ('<')."
                    yield Mistake(alternative.line, place + 1, message)
            unsaid = set(query.values) - {slot.label for _, slot in said if slot.kind == "value"}
            names = [f"[value {label}]".replace(" ]", "]") for label in sorted(unsaid)]
            for name in filter(None, (query.rank, query.without)):
                if not any(slot.label == name for _, slot in said):
                    names.append(f"[{name}]")
            for name in names:
                message = f"the wording leaves out {name}, which its answer depends on."
                yield Mistake(alternative.line, 1, message)

    def _unbound(
        self, rule: Rule, alternative: Alternative, said: Sequence[tuple[int, Slot]]
    ) -> Iterator[Mistake]:
        """Columns and values that the query of a question does not bind."""
        query = rule.query
        assert query is not None
        columns, values = set(query.columns), {*query.values, *TITLES}
        for place, slot in said:
            known = values if slot.kind == "value" else columns
            if slot.kind in ("rule", "how many") or slot.label in known:
                continue
            name = _written(slot)
            bound = [f"{slot.kind} {label}" for label in sorted(columns)]
            bound += [f"value {label}" for label in sorted(values)]
            message = f"{name} is not in the query of '{rule.name}'.{_near(slot.label, bound)}"
            yield Mistake(alternative.line, place + 1, message)

    def _answers(self, rule: Rule) -> Iterator[Mistake]:
        """An answer tells what the query gives, and of several rows says which it tells of."""
        query = rule.query
        assert query is not None
        if not rule.answers:
            if (query.many, query.rows) != ("one", 1):
                message = (
                    f"the query of '{rule.name}' gives several rows or none, so it needs answers "
                    "in sentences ('< …')."
                )
                yield Mistake(rule.query_line, 1, message)
            return
        for alternative in rule.answers:
            said = list(self._spoken(alternative))
            yield from self._unbound(rule, alternative, said)
            given = [(place, slot) for place, slot in said if slot.kind in GIVEN]
            if query.many == "none":
                for place, slot in given:
                    message = f"{_written(slot)} of no row: the query asserts that none fits."
                    yield Mistake(alternative.line, place + 1, message)
            elif not given:
                message = "the answer tells nothing of the row. Say a cell of it, as [cell A]."
                yield Mistake(alternative.line, 1, message)
            elif query.rows != 1:
                yield from self._of_which(alternative)
            if any(slot.which == "each" for _, slot in said) and JOINT not in self.grammar.rules:
                message = "[each …] needs a phrase 'and =', which joins the last two."
                yield Mistake(alternative.line, 1, message)

    def _of_which(self, alternative: Alternative) -> Iterator[Mistake]:
        """Cells of one of several rows, but not of which."""
        for place, slot in self._of_no_row(alternative):
            message = f"{_written(slot)} of which row? Say [each cell …], [first cell …]."
            yield Mistake(alternative.line, place + 1, message)

    def _of_no_row(self, alternative: Alternative) -> Iterator[tuple[int, Slot]]:
        for slot in alternative.slots:
            if slot.which:
                continue
            if slot.kind == "cell":
                yield slot.place, slot
            elif slot.kind == "rule":
                rule = self.grammar.rules.get(slot.label)
                below = rule.alternatives if rule is not None else ()
                found = [inner for one in below for _, inner in self._of_no_row(one)]
                yield from ((slot.place, inner) for inner in found[:1])

    def _tenses(self) -> Iterator[Mistake]:
        """All rules of tense have the same lines, so that one choice tells them all."""
        rules = [rule for rule in self.grammar.rules.values() if rule.kind == "tense"]
        for rule in rules[1:]:
            weights = [[one.weight for one in other.alternatives] for other in (rules[0], rule)]
            if weights[0] != weights[1]:
                message = (
                    f"'{rule.name}' has other tenses, or other weights, than '{rules[0].name}': "
                    "give every tense rule the same lines."
                )
                yield Mistake(rule.line, 1, message)

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
            found: dict[tuple[str, str, str], Slot] = {}
            if target is not None and target.kind in ("phrase", "numbers", "tense"):
                for alternative in target.alternatives:
                    for _, slot in self._spoken(alternative):
                        found.setdefault((slot.kind, slot.label, slot.which), slot)
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

    def _overlong(self) -> Iterator[Mistake]:
        """The first rule that can't be said but by far too many: it doubles from rule to rule."""
        fewest: dict[str, int] = {}

        def count(name: str) -> int:
            if name not in fewest:
                fewest[name] = 0  # a question stands in no wording, nor below itself
                rule = self.grammar.rules.get(name)
                ways = rule.alternatives if rule is not None else ()
                slots = ([slot.label for slot in one.slots if slot.kind == "rule"] for one in ways)
                fewest[name] = min(
                    (sum(1 + count(label) for label in one) for one in slots), default=0
                )
            return fewest[name]

        for rule in self.grammar.rules.values():
            if count(rule.name) > MAX_RULES_SAID:
                message = f"to say '{rule.name}' takes more than {MAX_RULES_SAID:,} rules"
                yield Mistake(rule.line, 1, f"{message}, each within another. Say it with fewer.")
                return

    def _idle(self) -> Iterator[Mistake]:
        """Rules that no question uses: they are left over, or misspelt somewhere."""
        used: set[str] = set()
        todo = [rule.name for rule in self.grammar.questions]
        each = (
            slot.which == "each"
            for rule in self.grammar.rules.values()
            for one in (*rule.alternatives, *rule.answers)
            for slot in one.slots
        )
        todo += [JOINT] if any(each) else []
        for question in self.grammar.questions:
            if question.query is not None:
                todo += (question.query.rank, question.query.without)
                for guard in question.query.guards.values():
                    todo += guard.named
        while todo:
            rule = self.grammar.rules.get(todo.pop())
            if rule is None or rule.name in used:
                continue
            used.add(rule.name)
            for alternative in (*rule.alternatives, *rule.answers):
                todo += [slot.label for slot in alternative.slots if slot.kind == "rule"]
        for rule in self.grammar.rules.values():
            if rule.name not in used and not (rule.kind == "words" and rule.name in KNOWN_WORDS):
                where = "guard" if rule.kind == "words" else "wording"
                message = (
                    f"'{rule.name}' is unreachable: no question uses it. Name it in a {where}, or "
                    "take it out."
                )
                yield Mistake(rule.line, 1, message, stops=False)


def _written(slot: Slot) -> str:
    return f"[{' '.join(filter(None, (slot.which, slot.kind, slot.label)))}]"


def _near(word: str, known: Sequence[str]) -> str:
    return hint(word, known) or " Define it, or mend its name."
