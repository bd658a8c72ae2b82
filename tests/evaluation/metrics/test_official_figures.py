"""Figures of the official evaluators of WikiTableQuestions and ToTTo, to the last digit given."""

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from gentap.documents.annotated.reading import read_questions
from gentap.evaluation.metrics.denotation import denotes
from gentap.evaluation.metrics.scoring import score

QUESTIONS = "wikitablequestions/{}/pristine-unseen-tables.{}"
KINDS = {"value": 4344, "nocomma": 4229, "unit_stripped": 4086, "first": 4229}


def differing(questions: Path, verdicts: Path) -> tuple[int, list[str]]:
    """How many predictions are officially right, and on which our verdict is another."""
    examples = {example.id: example for example in read_questions([questions]).examples}
    right, other = 0, []
    with gzip.open(verdicts, "rt", encoding="utf-8") as lines:
        for line in lines:
            id_, verdict, *values = line.rstrip("\n").split("\t")
            example = examples.pop(id_)
            ours = denotes("|".join(values), example.answer, example.canonical)
            right += verdict == "True"
            other += [id_] * (ours != (verdict == "True"))
    assert not examples
    return right, other


@pytest.mark.parametrize("kind", KINDS)
def test_no_verdict_differs_from_the_official_evaluators(
    shared: Callable[[str], Path], kind: str
) -> None:
    questions = shared(QUESTIONS.format("tagged", "tagged"))
    verdicts = shared(f"../golden/denotation/{kind}.tsv.gz")
    assert differing(questions, verdicts) == (KINDS[kind], [])


@pytest.mark.parametrize("kind", KINDS)
def test_without_the_tags_two_verdicts_differ(shared: Callable[[str], Path], kind: str) -> None:
    # 106.3 FM, and Olympic games by year and town
    questions = shared(QUESTIONS.format("data", "tsv"))
    verdicts = shared(f"../golden/denotation/{kind}.tsv.gz")
    other = ["nu-2147", "nu-2413"] if kind == "unit_stripped" else []
    assert differing(questions, verdicts) == (KINDS[kind], other)


def test_canonical_values_as_predictions_are_all_right(shared: Callable[[str], Path]) -> None:
    path = shared(QUESTIONS.format("tagged", "tagged"))
    examples = read_questions([path]).examples
    scored = score(examples, [example.canonical for example in examples], "fetaqa")
    assert scored.values()["denotation_accuracy"] == 100
    assert "canon:tagged" in scored.statistics["denotation_accuracy"].signature


@pytest.mark.usefixtures("wordnet")
def test_tottos_sample_has_the_official_figures(shared: Callable[[str], Path]) -> None:
    examples = read_questions([shared("../golden/totto/dev_sample.jsonl")]).examples
    said = shared("../golden/totto/output_sample.txt").read_text(encoding="utf-8").splitlines()
    values = score(examples, said, "totto").values()
    assert values["bleu"] == pytest.approx(45.55, abs=0.005)
    parent = [values[name] for name in ("parent", "parent_precision", "parent_recall")]
    assert parent == pytest.approx([53.34, 76.11, 43.83], abs=0.005)
