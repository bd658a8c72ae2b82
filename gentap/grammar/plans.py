"""How a question rule is drawn: what its query needs of a table, worked out once a grammar."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from gentap.grammar.rules import TITLES, Grammar, Guard, QueryTemplate, Rule

Shape = Literal[
    "none", "single", "group", "pair", "above", "below", "between", "mixed",
    "members", "either", "both", "nobody",
]  # fmt: skip
"""How the values of a query's conditions are found.

``none``: it has no value of the table. ``single``: one value that one row alone has. ``group``:
one that several rows have. ``pair``: two that only together find one row. ``above``, ``below``,
``between``: limits that one row alone meets. ``mixed``: by trying.

Where every row is selected, limits are met by as many rows as are wanted, and ``members`` is a
value that so many rows have. ``either``: two values of one row each. ``both``: two values that
stand beside the same cell. ``nobody``: two values that no row has together.
"""


SOUGHT: frozenset[Shape] = frozenset({"members", "above", "below", "between"})
"""Shapes whose values are sought by how many rows meet them."""


Role = Literal["any", "ordered", "top", "bottom", "single", "group", "title", "whole"]
"""What a column does in a query, and so what it must hold.

``ordered``: cells that can all be compared; ``top``, ``bottom``: and one alone has the largest, or
the smallest; ``single``: a value that one row alone has; ``group``: one that several rows have;
``title``: a title of the table; ``whole``: cells that may all be told.
"""


Labels = tuple[tuple[str, int, Role], ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """A question rule with its query taken apart.

    ``labels`` are the query's columns, each with the place of its guard in :class:`Guards` and its
    role; ``partners`` are compared with each other; both are the same in plans of the same
    ``binding``. ``needed`` has the guards' places as bits.
    ``needs_plain`` says that a row of totals, or a heading among the rows, would make the answer
    doubtful. ``evidence_rows`` is how many rows the evidence of an answer spans, 0: any number;
    a plan that ``seeks`` takes values that so many rows meet as are wanted.
    """

    rule: Rule
    query: QueryTemplate
    labels: Labels
    partners: Mapping[str, str]
    binding: int
    needed: int
    shape: Shape
    needs_plain: bool
    numbers: Rule | None
    titles: frozenset[str]
    fewest_rows: int
    evidence_rows: int
    seeks: bool


class Guards:
    """All guards of a grammar; which of them admit a column is one number's bits."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        found = [Guard()]
        for rule in rules:
            found += rule.query.guards.values() if rule.query is not None else ()
        self.guards = list(dict.fromkeys(found))
        self._bits: dict[frozenset[str], int] = {}

    def bits(self, kinds: frozenset[str]) -> int:
        """The guards that admit a column of these kinds."""
        bits = self._bits.get(kinds)
        if bits is None:
            admitted = (place for place, guard in enumerate(self.guards) if guard.admits(kinds))
            bits = self._bits[kinds] = sum(1 << place for place in admitted)
        return bits


def make_plans(grammar: Grammar, guards: Guards, rules: Sequence[Rule]) -> list[Plan]:
    """A plan for each of these question rules of a checked grammar, in order."""
    bindings: dict[Hashable, int] = {}
    return [_plan(grammar, guards, bindings, rule) for rule in rules]


def _plan(grammar: Grammar, guards: Guards, bindings: dict[Hashable, int], rule: Rule) -> Plan:
    query = rule.query
    assert query is not None
    anything = Guard()
    places = [guards.guards.index(query.guards.get(label, anything)) for label in query.columns]
    shape = _shape(query)
    roles = [_role(query, shape, label) for label in query.columns]
    labels = tuple(zip(query.columns, places, roles, strict=True))
    partners = {
        label: partner
        for one in query.conditions
        if one.other and one.comparison != "both"
        for label, partner in ((one.column, one.other), (one.other, one.column))
    }
    seeks = query.many == "every" and shape in SOUGHT
    narrows: Hashable = tuple(one.column for one in query.conditions if one.is_missing)
    if seeks:
        narrows = (shape, query.by == query.conditions[0].column)
    ranks = () if query.conditions or not query.by else (query.pick, query.count)
    binding = (labels, tuple(partners.items()), narrows, ranks)
    return Plan(
        rule,
        query,
        labels,
        partners,
        bindings.setdefault(binding, len(bindings)),
        sum({1 << place for place in places}),
        shape,
        query.pick not in ("any", "only")
        or query.many != "one"
        or shape in ("above", "below", "between"),
        grammar.rules[query.rank] if query.rank else None,
        frozenset(label for label in query.values if label in TITLES),
        _fewest_rows(query),
        3 if query.pick == "around" else query.rows,
        seeks,
    )


def _role(query: QueryTemplate, shape: Shape, label: str) -> Role:
    if query.rows != 1:
        return _role_among_several(query, shape, label)
    for condition in query.conditions:
        if condition.column == label and condition.value in TITLES:
            return "title"
        if condition.column == label and not condition.other:
            if condition.comparison != "is":
                return _ENDS.get(shape, "ordered")
            if shape != "mixed":
                return "single" if shape == "single" else "group"
    return _ENDS.get(query.pick, "any") if label == query.by and not query.conditions else "any"


def _role_among_several(query: QueryTemplate, shape: Shape, label: str) -> Role:
    if label in (query.by, query.rising, query.falling):
        return "ordered"
    if query.many == "every" and not query.conditions:
        return "whole"
    for condition in query.conditions:
        if condition.column == label and condition.value not in TITLES:
            if condition.comparison in ("above", "below", "between"):
                return "ordered"
            return _HOLDS.get(shape, "any")
    return "group" if shape == "both" and label == query.select else "any"


_HOLDS: Mapping[str, Role] = {
    "single": "single",
    "either": "single",
    "members": "group",
    "group": "group",
}

_ENDS: Mapping[str, Role] = {
    "above": "top",
    "below": "bottom",
    "largest": "top",
    "smallest": "bottom",
}


def _shape(query: QueryTemplate) -> Shape:
    if query.many == "none":
        return "nobody"
    if query.conditions and query.conditions[0].comparison in ("either", "both"):
        found = query.conditions[0].comparison
        return "mixed" if len(query.conditions) > 1 else "either" if found == "either" else "both"
    valued = [one for one in query.conditions if not one.other and one.value not in TITLES]
    if not valued:
        return "none"
    if query.many == "every" and [one.comparison for one in valued] == ["is"]:
        return "members"
    if len(valued) < len(query.conditions):
        return "mixed"
    narrowed = query.pick in ("largest", "smallest", "row", "last", "ends", "edges")
    comparisons = [condition.comparison for condition in valued]
    if comparisons == ["is"]:
        return "group" if narrowed else "single"
    if comparisons == ["is", "is"] and not narrowed and query.many == "one":
        return "pair"
    if (
        len(comparisons) == 1
        and comparisons[0] in ("above", "below", "between")
        and (not narrowed or query.many == "every")
    ):
        return comparisons[0]
    return "mixed"


MOST_NEEDED_ROWS = 3


def _fewest_rows(query: QueryTemplate) -> int:
    """The rows that a table needs before the question is worth asking."""
    if query.pick == "only":
        return 1
    if any(condition.comparison == "between" for condition in query.conditions):
        return MOST_NEEDED_ROWS
    return MOST_NEEDED_ROWS if query.pick in ("largest", "smallest") or query.conditions else 2
