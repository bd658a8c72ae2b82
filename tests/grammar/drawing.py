"""Tables and grammars made in a line, and what is drawn from them."""

import re
from collections.abc import Sequence

from gentap.grammar.parser import load_grammar, parse_grammar
from gentap.grammar.rules import Grammar, find_grammar
from gentap.grammar.sample import table_random
from gentap.grammar.sampler import QuestionSampler, SampledQuestion
from gentap.grammar.sentence_sampler import SampledSentence, SentenceSampler
from gentap.records import Table
from gentap.text.normal_form import normal_form

BASE = "and =\n  and\nnumbers are =\n  1: is\n  2+: are\n"
AS_PEOPLE_DO = (9, 43, 20, 28)
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


def sentences(
    about: Table,
    grammar: Grammar,
    wanted: int = 40,
    seed: int = 1,
    shares: Sequence[float] = (1, 1, 1, 1),
    unanswerable: float = 0.0,
) -> list[SampledSentence]:
    maker = QuestionSampler(grammar)
    teller = SentenceSampler(maker, shares, unanswerable)
    random = table_random(seed, "t").random
    return teller.draws(maker.askable(about), wanted, 30, random)[0]


def sentence_kind(query: str, question: str, answer: str, more: str = BASE) -> Grammar:
    return parse_grammar(
        f"{more}question kind =\n  > {query}\n  {question}\n  < {answer}\n", "test"
    )


def told(about: Table, query: str, question: str, answer: str, more: str = BASE) -> dict[str, str]:
    drawn = sentences(about, sentence_kind(query, question, answer, more), wanted=200)
    return {one.question: one.answer for one in drawn}
