from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gentap.documents.annotated.reading import read_questions
from gentap.evaluation.metrics.meteor import meteor, meteor_statistics
from gentap.evaluation.protocols import MeteorTokens

# Words with stems and synonyms in common, so that every way of pairing is taken.
WORDS = (
    "film films filming movie movies picture pictures sing sings singing sang song car auto cars"
    " automobile run running runs Win wins won the of 2005 leave leaves left depart quick fast"
).split()
SENTENCE = st.lists(st.sampled_from(WORDS), min_size=1, max_size=9)


def of_nltk(reference: list[str], said: list[str], wordnet: Any) -> float:
    from nltk.translate.meteor_score import single_meteor_score

    return float(single_meteor_score(reference, said, wordnet=wordnet))


def test_meteor_is_nltks_on_any_words(wordnet: Any) -> None:
    @settings(max_examples=400)
    @given(SENTENCE, SENTENCE)
    def check(reference: list[str], said: list[str]) -> None:
        assert meteor(reference, said) == of_nltk(reference, said, wordnet)

    check()


def test_meteor_is_nltks_on_published_predictions(
    shared: Callable[[str], Path], wordnet: Any
) -> None:
    path = shared("fetaqa/predictions/t5-small-test-predictions.txt")
    predictions = path.read_text(encoding="utf-8").split("\n")[:400]
    examples = read_questions([shared("fetaqa/fetaQA-v1_test.jsonl")]).examples[:400]
    for said, example in zip(predictions, examples, strict=True):
        pair = example.answer.split(), said.split()
        assert meteor(*pair) == of_nltk(*pair, wordnet)


@pytest.mark.usefixtures("wordnet")
def test_empty_sentences_score_nothing() -> None:
    assert meteor([], []) == meteor(["a"], []) == meteor([], ["a"]) == 0


@pytest.mark.usefixtures("wordnet")
def test_the_best_reference_counts() -> None:
    kept = meteor_statistics(["she sang"], [["he ran", "she sang", "she"]], tokens="spaces")
    assert kept["meteor"].score == pytest.approx(100 * (1 - 0.5 / 8))
    assert "refs:best" in kept["meteor"].signature


@pytest.mark.usefixtures("wordnet")
@pytest.mark.parametrize("tokens", ["nltk", "spaces"])
def test_a_no_break_space_parts_words(tokens: MeteorTokens) -> None:
    plain, unbroken = (
        meteor_statistics([said], [["it took 5 km"]], tokens=tokens)["meteor"].score
        for said in ("it took 5 km", "it took\u00a05\u202fkm")
    )
    assert plain == unbroken > 99


@pytest.mark.usefixtures("wordnet")
def test_an_answer_is_tokenized_as_a_whole() -> None:
    # nltk.word_tokenize would part the first full stop too, for it parts sentences first
    kept = meteor_statistics(["qa. qb."], [["qa . qb ."]], tokens="nltk")
    apart = meteor_statistics(["qa . qb."], [["qa . qb ."]], tokens="nltk")
    assert kept["meteor"].score < apart["meteor"].score
