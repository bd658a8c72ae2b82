import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from gentap.cli import app
from gentap.errors import InputError
from gentap.evaluation.metrics.scoring import METRICS, Scored, score
from gentap.records import Example, Kind, Table
from gentap.runs.counting import counted
from gentap.settings.sections import Protocol

pytestmark = pytest.mark.usefixtures("wordnet")
PROTOCOLS: tuple[Protocol, ...] = get_args(Protocol)
TABLE = Table(header=("Year", "Film"), rows=(("2005", "Dusk"),))
OF_CELLS = ("exact_match", "denotation_accuracy")
AT_TIMES = ("judge", "declined")  # where a judge is asked, or a reference declines
OF_SENTENCES = [name for name in METRICS if name not in OF_CELLS and not name.startswith(AT_TIMES)]
SENTENCES = st.lists(st.sampled_from("qa qb qc qd".split()), min_size=1, max_size=8)


def example(answer: str, kind: Kind = "long", *others: str) -> Example:
    return Example(
        id=answer,
        kind=kind,
        origin="annotated",
        question="which film?",
        answer=answer,
        table=TABLE,
        cells=(),
        source="test",
        alternatives=others,
    )


def score_sentences(said: list[str], wanted: list[str], protocol: Protocol) -> Scored:
    return score([example(answer) for answer in wanted], said, protocol)


def score_cells(said: list[str], wanted: list[str]) -> Scored:
    return score([example(answer, "cell") for answer in wanted], said, "cased")


def scored(prediction: str, reference: str, protocol: Protocol = "cased") -> dict[str, float]:
    return score_sentences([prediction], [reference], protocol).values()


@pytest.mark.parametrize(
    ("protocol", "bleu", "meteor"), [("cased", 22.07, 47.55), ("fetaqa", 22.83, 41.13)]
)
def test_published_predictions_have_their_published_scores(
    shared: Callable[[str], Path], protocol: str, bleu: float, meteor: float
) -> None:
    predictions = shared("fetaqa/predictions/t5-small-test-predictions.txt")
    data = shared("fetaqa/fetaQA-v1_test.jsonl")
    command = ["score", "--predictions", str(predictions), "--data", str(data), "--json"]
    result = CliRunner().invoke(app, [*command, "--protocol", protocol])
    assert result.exit_code == 0, result.stderr
    scores = json.loads(result.stdout)
    assert [name for name in scores if name in METRICS] == OF_SENTENCES
    assert set(scores["signatures"]) == set(scores["intervals"]) == set(OF_SENTENCES)
    assert all(low < scores[name] < high for name, (low, high) in scores["intervals"].items())
    assert scores["bleu"] == pytest.approx(bleu, abs=0.005)
    assert scores["meteor"] == pytest.approx(meteor, abs=0.005)
    rouge = [scores[name] for name in ("rouge1", "rouge2", "rougeL")]
    assert rouge == pytest.approx([56.5, 34.7, 47.8], abs=0.05)


def test_bleu_is_the_geometric_mean_of_four_precisions() -> None:
    precisions = 4 / 5 * 3 / 4 * 2 / 3 * 1 / 2
    assert scored("a b c d e", "a b c d f")["bleu"] == pytest.approx(100 * precisions**0.25)


def test_bleu_punishes_brevity() -> None:
    assert scored("a b c d", "a b c d e")["bleu"] == pytest.approx(100 * 2.718281828 ** (1 - 5 / 4))


def test_bleu_is_of_the_corpus_not_a_mean_of_sentences() -> None:
    scores = score_sentences(["a b c d e", "x y"], ["a b c d e", "x z"], "cased")
    precisions = 6 / 7 * 4 / 5 * 3 / 3 * 2 / 2
    assert scores.values()["bleu"] == pytest.approx(100 * precisions**0.25)


def test_only_the_cased_protocol_tells_cases_apart_in_bleu() -> None:
    assert scored("The Old Harbour Choir", "the old harbour choir", "fetaqa")["bleu"] == (
        pytest.approx(100)
    )
    assert scored("The Old Harbour Choir", "the old harbour choir", "cased")["bleu"] < 50


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_rouge_is_f1_of_words_without_stemming(protocol: Protocol) -> None:
    scores = scored("The choir sang", "the choir sings outside", protocol)
    assert scores["rouge1"] == pytest.approx(100 * 4 / 7)
    assert scores["rouge2"] == pytest.approx(100 * 2 / 5)
    assert scores["rougeL"] == pytest.approx(100 * 4 / 7)


def f1(shared: int, said: int, wanted: int) -> float:
    return 100 * 2 * shared / (said + wanted) if said + wanted else 0.0


def longest_common(left: list[str], right: list[str]) -> int:
    if not left or not right:
        return 0
    if left[0] == right[0]:
        return 1 + longest_common(left[1:], right[1:])
    return max(longest_common(left[1:], right), longest_common(left, right[1:]))


@settings(max_examples=50, deadline=None)
@given(SENTENCES, SENTENCES)
def test_rouge_agrees_with_its_definition(said: list[str], wanted: list[str]) -> None:
    scores = scored(" ".join(said), " ".join(wanted))
    for name, length in (("rouge1", 1), ("rouge2", 2)):
        pairs = [
            Counter(tuple(words[at : at + length]) for at in range(len(words) - length + 1))
            for words in (said, wanted)
        ]
        shared, sizes = (pairs[0] & pairs[1]).total(), [grams.total() for grams in pairs]
        assert scores[name] == pytest.approx(f1(shared, *sizes))
    expected = f1(longest_common(said, wanted), len(said), len(wanted))
    assert scores["rougeL"] == pytest.approx(expected)


@settings(max_examples=50, deadline=None)
@given(st.lists(SENTENCES, min_size=1, max_size=4), st.sampled_from(PROTOCOLS))
def test_perfect_answers_score_as_high_as_each_metric_goes(
    sentences: list[list[str]], protocol: Protocol
) -> None:
    texts = [" ".join(words) for words in sentences]
    scores = score_sentences(texts, texts, protocol).values()
    assert scores["rouge1"] == scores["rougeL"] == pytest.approx(100)
    assert scores["rouge2"] == pytest.approx(
        100 * sum(len(words) > 1 for words in sentences) / len(texts)
    )
    meteor = sum(1 - 0.5 / len(words) ** 3 for words in sentences) / len(texts)
    assert scores["meteor"] == pytest.approx(100 * meteor)
    if all(len(words) >= 4 for words in sentences):
        assert scores["bleu"] == pytest.approx(100)


def test_meteor_takes_precision_and_recall_in_alpha_and_punishes_chunks() -> None:
    precision, recall, chunks, matches = 2 / 3, 2 / 4, 2, 2
    mean = precision * recall / (0.9 * precision + 0.1 * recall)
    expected = mean * (1 - 0.5 * (chunks / matches) ** 3)
    assert scored("qb qx qa", "qa qy qz qb")["meteor"] == pytest.approx(100 * expected)


@pytest.mark.parametrize(("said", "wanted"), [("auto", "car"), ("singing", "sings")])
def test_meteor_takes_synonyms_and_stems_for_the_word(said: str, wanted: str) -> None:
    assert scored(said, wanted)["meteor"] == pytest.approx(50)
    assert scored(said, wanted)["rouge1"] == 0


def test_only_the_fetaqa_protocol_leaves_punctuation_at_words_in_meteor() -> None:
    assert scored("qa qb .", "qa qb.", "fetaqa")["meteor"] < 60
    assert scored("qa qb .", "qa qb.", "cased")["meteor"] > 95


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_an_empty_prediction_scores_nothing(protocol: Protocol) -> None:
    scores = score_sentences([""], ["The choir sang."], protocol)
    values = scores.values()
    if protocol == "totto":  # which reads it as <null>, three tokens of which none is right
        assert values.pop("brevity_penalty") > 0
    assert values == pytest.approx(dict.fromkeys(values, 0), abs=0.01)
    assert scores.warnings == {"empty predictions": 1}


def test_signatures_tell_the_protocols_apart() -> None:
    by_protocol = {
        protocol: score_sentences(["a"], ["a"], protocol).to_json()["signatures"]
        for protocol in PROTOCOLS
    }
    cased, fetaqa, totto = (by_protocol[name] for name in ("cased", "fetaqa", "totto"))
    assert list(cased) == list(fetaqa) == list(totto) == OF_SENTENCES
    for name in ("case:mixed", "tok:13a", "smooth:exp"):
        assert name in cased["bleu"].split("|")
    assert "case:lc" in fetaqa["bleu"].split("|")
    assert totto["bleu"] == f"{fetaqa['bleu']}|detok:moses"
    assert {"tok:nltk", "wordnet:3.0"} <= set(cased["meteor"].split("|"))
    assert {"tok:spaces", "wordnet:3.0"} <= set(fetaqa["meteor"].split("|"))
    assert "form:paper" in fetaqa["parent"].split("|")
    assert "form:totto" in totto["parent"].split("|")
    assert cased["rougeL"] == fetaqa["rougeL"] == totto["rougeL"]
    assert cased["rougeL"].startswith("f1|tok:latin|stem:no|")


def test_scores_become_rounded_json_with_their_signatures() -> None:
    scores = score_cells(["a", "b", "c"], ["a", "x", "y"]).to_json()
    assert scores["exact_match"] == 33.3333
    assert scores["questions"] == {"long": 0, "cell": 3}
    assert list(scores["signatures"]) == ["exact_match", "denotation_accuracy"]


@pytest.mark.parametrize(
    ("said", "wanted", "share"),
    [
        (["Dusk"], ["dusk"], 100),
        (["Dusk [2]"], [" Dusk"], 100),
        (["“Dusk”  at Sea"], ['"Dusk" at sea'], 100),
        (["３ km"], ["3 km"], 100),
        (["1,200"], ["1200"], 0),
        (["", "Dawn"], ["Dusk", "Dawn"], 50),
    ],
)
def test_exact_match_compares_normal_forms(
    said: list[str], wanted: list[str], share: float
) -> None:
    assert score_cells(said, wanted).values()["exact_match"] == share


@pytest.mark.parametrize("said", [["a"], ["a", "b", "c"]])
def test_another_number_of_predictions_than_references_is_an_error(said: list[str]) -> None:
    message = f"^{counted(len(said), 'prediction')} for 2 questions: give one prediction a line"
    with pytest.raises(InputError, match=message):
        score_cells(said, ["a", "b"])
    with pytest.raises(InputError, match=message):
        score_sentences(said, ["a", "b"], "fetaqa")


def test_nothing_to_score_is_an_error() -> None:
    with pytest.raises(InputError, match="no question"):
        score_sentences([], [], "cased")


def test_tottos_third_sentence_is_null_where_there_are_two_as_in_the_official_script() -> None:
    from sacrebleu.metrics.bleu import BLEU

    several = example("She made Dusk.", "long", "Dusk was her film in 2005.")
    three = example("She sang.", "long", "She sang it.", "She sang it.", "A fourth is not read.")
    said = ["Dusk .", "A fourth"]
    found = score([several, three], said, "totto").values()
    streams = [["she made dusk.", "she sang."], ["dusk was her film in 2005.", "she sang it."]]
    streams.append(["<null>", "she sang it."])
    wanted = BLEU().corpus_score(["dusk.", "a fourth"], streams).score
    assert found["bleu"] == pytest.approx(wanted)
    # <null> says nothing of the table, so that the recall of the table alone counts beside it
    only = score([example("She made Dusk.")], said[:1], "totto").values()
    assert found["parent"] > 0
    assert only["parent"] <= score([several], said[:1], "totto").values()["parent"]


def test_tottos_texts_are_detokenized_and_others_are_not() -> None:
    wanted = ["The band's first film (2005) was Dusk, a hit."]
    said = ["the band 's first film ( 2005 ) was Dusk , a hit ."]
    assert score_sentences(said, wanted, "totto").values()["bleu"] == pytest.approx(100)
    assert score_sentences(said, wanted, "fetaqa").values()["bleu"] < 90


def test_predictions_from_python_count_as_what_they_are_or_are_refused_by_number() -> None:
    given = [2005, 2005.0, True, None, ["a", 7]]
    wanted = ["2005", "2005", "true", "nothing", "a|7"]
    examples = [example(text, "cell") for text in wanted]
    found = score(examples, given, "fetaqa").by_example()
    assert [one["exact_match"] for one in found] == [100, 100, 100, 0, 100]
    with pytest.raises(InputError, match="prediction 2: an object stands where a text is wanted"):
        score(examples[:2], ["a", {}], "fetaqa")
