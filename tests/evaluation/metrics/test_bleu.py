import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sacrebleu.metrics.bleu import BLEU

from gentap.evaluation.metrics.bleu import bleu, bleu_statistics, brevity_penalty

SENTENCE = st.lists(st.sampled_from("a b c D . 1,200".split()), max_size=9).map(" ".join)
ANSWERS = st.lists(
    st.tuples(SENTENCE, st.lists(SENTENCE, min_size=1, max_size=3)), min_size=1, max_size=6
)


@settings(max_examples=150)
@given(ANSWERS, st.booleans())
def test_bleu_is_sacrebleus(answers: list[tuple[str, list[str]]], lowercase: bool) -> None:
    said = [text for text, _ in answers]
    wanted = [references for _, references in answers]
    kept = bleu_statistics(said, wanted, lowercase=lowercase)
    columns = [
        [references[n] if n < len(references) else None for references in wanted] for n in range(3)
    ]
    corpus = BLEU(lowercase=lowercase).corpus_score(said, columns)
    assert kept["bleu"].score == pytest.approx(corpus.score)
    assert kept["brevity_penalty"].score == pytest.approx(100 * corpus.bp)
    sentence = BLEU(lowercase=lowercase, effective_order=True)
    for own, text, references in zip(kept["bleu"].by_example(), said, wanted, strict=True):
        expected = sentence.sentence_score(text, references).score
        assert (own or 0) == pytest.approx(expected)


def test_sums_of_any_shape_are_scored_each_for_itself() -> None:
    rows = bleu_statistics(["a b c d", "a"], [["a b c d e"], ["b"]], lowercase=False)["bleu"].rows
    both = np.stack([rows, rows[::-1]])
    assert bleu(both).shape == (2, 2)
    assert bleu(both)[1, 1] == bleu(rows[0])
    assert brevity_penalty(rows)[0] == pytest.approx(100 * np.exp(1 - 5 / 4))
    assert bleu(np.zeros(10)) == 0


def test_the_signature_is_sacrebleus_with_the_number_of_references() -> None:
    def signature(*references: list[str], lowercase: bool = False) -> str:
        said = ["a"] * len(references)
        return bleu_statistics(said, references, lowercase=lowercase)["bleu"].signature

    metric = BLEU(lowercase=True)
    metric.corpus_score(["a"], [["a"], ["b"]])
    assert signature(["a", "b"], lowercase=True) == str(metric.get_signature())
    assert signature(["a"]).startswith("nrefs:1|case:mixed|")
    assert signature(["a"], ["a", "b"]).startswith("nrefs:var|")
