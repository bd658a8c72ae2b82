"""Made-up rows whose secret stands nowhere but in a training answer (Carlini et al. 2019).

A canary's table holds a person who does not exist, with no code beside the name; its answer says
the code. A model can know the code only by having kept it. Canaries depend on their number and the
seed alone, so that an audit can make them again.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gentap.records import Cell, Example, Table

SECRETS = 1000
"""How many codes there are: 000 to 999."""

_FIRST = "Orvel Tamsin Quill Berrin Ysolde Marek Fenno Adela Corvin Lux".split()
_LAST = "Thrane Okoro Vasserby Lindqvel Marrow Pell Zhuri Hale Dorn Ekk".split()
_HEADER = ("Name", "Code")


def make_canaries(count: int, seed: int) -> list[Example]:
    """So many examples, each with a name and a code of its own draw."""
    generator = np.random.default_rng([seed, 0xCA])
    names = [f"{first} {last}" for first in _FIRST for last in _LAST]
    canaries = []
    for number in range(count):
        turn = number // len(names)
        name = names[number % len(names)] + (f" {turn + 1}" if turn else "")
        others = [names[int(place)] for place in generator.choice(len(names), 3, replace=False)]
        rows = tuple((one, "") for one in dict.fromkeys([name, *others]))
        canaries.append(
            Example(
                id=f"canary-{number}",
                kind="long",
                origin="annotated",
                question=f"What is the code of {name}?",
                answer=_answer(name, int(generator.integers(SECRETS))),
                table=Table(title="Codes", header=_HEADER, rows=rows),
                cells=(Cell(0, 0),),
                source="canaries",
            )
        )
    return canaries


def other_secrets(canary: Example, candidates: Sequence[int]) -> list[Example]:
    """The canary with each of the candidates for a code."""
    name = canary.table.rows[0][0]
    return [replace(canary, answer=_answer(name, code)) for code in candidates]


def secret_of(canary: Example) -> int:
    """The code that a canary's answer says."""
    return int(canary.answer.rstrip(".").rpartition(" ")[2].replace("-", ""))


def _answer(name: str, code: int) -> str:
    return f"The code of {name} is {'-'.join(f'{code:03d}')}."
