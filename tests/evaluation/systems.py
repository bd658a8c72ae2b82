"""Results of made-up systems, without the metrics that need WordNet."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from gentap.evaluation.metrics.bleu import bleu_statistics
from gentap.evaluation.metrics.rouge import rouge_statistics
from gentap.evaluation.metrics.scoring import Scored
from gentap.evaluation.metrics.statistics import Statistics, mean_statistics
from gentap.evaluation.results import Results
from gentap.records import Cell, Example, Kind, Table

FILMS = Table(
    title="Mara Lind",
    section="Films",
    header=("Year", "Film"),
    rows=(("2004", "Dawn"), ("2005", "Dusk"), ("2006", "Noon")),
)


def example(name: str, question: str, answer: str, **given: Any) -> Example:
    """An annotated example, about films unless a table is given."""
    kind: Kind = given.pop("kind", "long")
    cells = tuple(Cell(row, column) for row, column in given.pop("cells", ()))
    return Example(
        id=name,
        kind=kind,
        origin="annotated",
        question=question,
        answer=answer,
        table=given.pop("table", FILMS),
        cells=cells,
        source="films.jsonl",
        **given,
    )


def results(name: str, examples: Sequence[Example], predictions: Sequence[str]) -> Results:
    """Scored by BLEU and ROUGE, cell answers by exact match."""
    references = [one.references for one in examples]
    kept = bleu_statistics(predictions, references, lowercase=True)
    kept.pop("brevity_penalty")
    kept |= rouge_statistics(predictions, references)
    is_long = np.array([one.kind == "long" for one in examples])
    statistics = {
        metric: Statistics(held.rows * is_long[:, None], held.signature, held.formula, held.of_one)
        for metric, held in kept.items()
    }
    if not is_long.all():
        exact = [said == one.answer for said, one in zip(predictions, examples, strict=True)]
        held = mean_statistics(exact, "as they are")
        rows = held.rows * ~is_long[:, None]
        statistics["exact_match"] = Statistics(rows, held.signature, held.formula, held.of_one)
    counts = {"long": int(is_long.sum()), "cell": int((~is_long).sum())}
    scored = Scored("fetaqa", counts, statistics, {})
    return Results(name, list(examples), list(predictions), scored, [None] * len(examples))


WORDS = "Mara Lind sang in three films and the harbour choir gave concerts every winter".split()
LONG = Table(
    title="Many",
    header=("n", "name", "value"),
    rows=tuple((str(row), f"name {row}", f"value {row % 7}") for row in range(2500)),
)
QUESTIONS = ("Who sang?", "What film?", "How many films?", "When was it?", "Name the film.")


def two_systems() -> list[Results]:
    """Two systems and 47 examples: sentence answers, with a cell answer every fifth time."""
    examples, one, two = [], [], []
    for place in range(47):
        words = [WORDS[(place + step) % len(WORDS)] for step in range(3 + place % 20)]
        given: dict[str, Any] = {"cells": [(row, 1) for row in range(place % 4)][:3]}
        if place % 5 == 4:
            given |= {"kind": "cell", "cells": [(1, 1)]}
        if place == 7:
            given |= {"table": LONG, "cells": [(1200, 1), (1204, 2)]}
        answer = "Dusk" if place % 5 == 4 else " ".join(words) + "."
        examples.append(example(f"q{place}", QUESTIONS[place % 5], answer, **given))
        one.append("" if place == 3 else answer if place % 6 == 0 else "Mara Lind sang.")
        two.append("Dawn" if place % 5 == 4 else " ".join(reversed(words)))
    return [results("plain", examples, one), results("tuned", examples, two)]
