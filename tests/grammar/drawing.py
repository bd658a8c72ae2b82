"""Tables and grammars made in a line, and what is drawn from them."""

import re
from collections.abc import Sequence

from gentap.grammar.parser import load_grammar, parse_grammar
from gentap.grammar.rules import Grammar, find_grammar
from gentap.grammar.sample import table_random
from gentap.grammar.sampler import QuestionSampler, SampledQuestion
from gentap.records import Table
from gentap.text.normal_form import normal_form

ENGLISH = load_grammar(find_grammar("english"))


def table(*rows: Sequence[str], header: Sequence[str], title: str = "") -> Table:
    return Table(title=title, header=tuple(header), rows=tuple(map(tuple, rows)))


def draw(
    about: Table, grammar: Grammar, wanted: int = 60, seed: int = 1, attempts: int = 30
) -> list[SampledQuestion]:
    maker = QuestionSampler(grammar)
    random = table_random(seed, "t").random
    return list(maker.draws(maker.askable(about), wanted, attempts, random))


def answer(about: Table, one: SampledQuestion) -> str:
    return about.rows[one.answer.row][one.answer.column]


def one_kind(query: str, wording: str, more: str = "") -> Grammar:
    return parse_grammar(f"{more}question kind =\n  > {query}\n  {wording}\n", "test")


def answers(about: Table, query: str, wording: str, more: str = "") -> dict[str, str]:
    drawn = draw(about, one_kind(query, wording, more), wanted=300)
    return {one.question: answer(about, one) for one in drawn}


def words(text: str) -> str:
    return " ".join(["", *re.findall(r"\w+", normal_form(text)), ""])


CUPS = table(
    ["Rome", "gold", "1914", "Ada"],
    ["Rome", "silver", "1915", "Bo"],
    ["Oslo", "silver", "1916", "Cy"],
    ["Rome", "bronze", "1917", "Di"],
    header=["Town", "Medal", "Year", "Winner"],
)
