import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gentap.evaluation.metrics.bleu import bleu_statistics
from gentap.evaluation.metrics.resampling import SAMPLES, differences, intervals
from gentap.evaluation.metrics.statistics import Statistics, mean_statistics, ratio_statistics

WORDS = "the a film song of in she he made won sang 2004 2005 Dawn Dusk".split()


def mean(*scores: float) -> dict[str, Statistics]:
    return {"m": mean_statistics(scores, "s")}


def sentences(seed: int, count: int, length: int = 9) -> list[str]:
    generator = np.random.default_rng(seed)
    return [" ".join(generator.choice(WORDS, length)) for _ in range(count)]


def test_an_interval_of_a_mean_is_that_of_theory() -> None:
    generator = np.random.default_rng(5)
    scores = generator.random(2_000)
    low, high = intervals(mean(*scores))["m"]
    half = 1.96 * 100 * scores.std() / 2_000**0.5
    assert low == pytest.approx(100 * scores.mean() - half, rel=0.01)
    assert high == pytest.approx(100 * scores.mean() + half, rel=0.01)


@settings(max_examples=30)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_an_interval_holds_scores_that_can_be(scores: list[float]) -> None:
    low, high = intervals(mean(*scores))["m"]
    assert 100 * min(scores) - 1e-9 <= low <= high <= 100 * max(scores) + 1e-9


def test_equal_answers_have_an_interval_of_no_width() -> None:
    assert intervals(mean(*[0.5] * 9)) == {"m": (50, 50)}


def test_resamples_without_an_example_of_a_metric_count_nothing() -> None:
    """One cell question among three sentences: a third of the resamples draws it not once."""
    rows = np.array([[1.0, 1.0], [0, 0], [0, 0], [0, 0]])
    right = {"m": ratio_statistics(rows, "s")}
    assert intervals(right) == {"m": (100, 100)}
    wrong = {"m": ratio_statistics(rows * [0, 1], "s")}
    found = differences(wrong, right)["m"]
    assert (found.points, found.low, found.high) == (100, 100, 100)
    nothing = {"m": ratio_statistics(rows * 0, "s")}
    assert intervals(nothing) == {"m": (0, 0)}
    assert differences(nothing, nothing)["m"].points == 0


def test_intervals_are_the_same_every_time_and_for_each_metric_alone() -> None:
    rows = np.random.default_rng(1).random((50, 1))
    kept = mean(*rows[:, 0]) | {"r": ratio_statistics(np.hstack([rows, rows + 1]), "s")}
    assert intervals(kept) == intervals(kept)
    assert intervals({"r": kept["r"]})["r"] == pytest.approx(intervals(kept)["r"])


def test_more_examples_than_a_block_holds_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = mean(*np.random.default_rng(2).random(40))
    whole = intervals(kept)
    monkeypatch.setattr("gentap.evaluation.metrics.resampling._AT_ONCE", 100)
    assert intervals(kept)["m"] == pytest.approx(whole["m"])


def test_a_system_against_itself_is_no_difference() -> None:
    found = differences(mean(0.1, 0.9, 0.4), mean(0.1, 0.9, 0.4))["m"]
    assert (found.points, found.low, found.high) == (0, 0, 0)
    assert found.bootstrap_p == found.randomization_p == 1


def test_a_clear_lead_is_sure_and_the_other_way_round_its_negative() -> None:
    generator = np.random.default_rng(3)
    low = generator.random(200) / 2
    lead = differences(mean(*low), mean(*(low + 0.3)))["m"]
    assert lead.points == pytest.approx(30)
    assert lead.low == pytest.approx(30)
    assert lead.bootstrap_p == lead.randomization_p == 1 / (SAMPLES + 1)
    back = differences(mean(*(low + 0.3)), mean(*low))["m"]
    assert back.points == pytest.approx(-30)


def test_p_of_equally_good_systems_is_spread_evenly() -> None:
    generator = np.random.default_rng(4)
    tests = [
        differences(mean(*generator.random(80)), mean(*generator.random(80)))["m"]
        for _ in range(120)
    ]
    for p in ([test.bootstrap_p for test in tests], [test.randomization_p for test in tests]):
        assert np.mean(p) == pytest.approx(0.5, abs=0.1)
        assert np.mean(np.array(p) < 0.1) < 0.2


def test_randomization_of_few_examples_is_the_share_of_all_exchanges() -> None:
    one, two = (0.0, 0.0, 0.0), (1.0, 0.5, 0.25)
    # abs(±1 ±0.5 ±0.25) is as large as 1.75 in 2 of 8 exchanges
    found = differences(mean(*one), mean(*two))["m"]
    assert found.randomization_p == pytest.approx(2 / 8, abs=0.05)


def test_randomization_of_bleu_agrees_with_sacrebleu() -> None:
    from sacrebleu.metrics.bleu import BLEU
    from sacrebleu.significance import PairedTest

    wanted = sentences(1, 80)
    swap = {"film": "song", "made": "won", "Dawn": "Dusk"}
    generator = np.random.default_rng(9)
    systems = [
        [
            " ".join(swap.get(w, w) if generator.random() < noise else w for w in text.split())
            for text in wanted
        ]
        for noise in (0.5, 0.7)
    ]
    kept = [bleu_statistics(said, [[text] for text in wanted], lowercase=False) for said in systems]
    ours = differences(*kept)["bleu"]
    named = [("one", systems[0]), ("two", systems[1])]
    theirs = PairedTest(named, {"BLEU": BLEU(references=[wanted])}, None, "ar", SAMPLES)()[1][
        "BLEU"
    ]
    assert theirs[1].score - theirs[0].score == pytest.approx(ours.points)
    assert theirs[1].p_value == pytest.approx(ours.randomization_p, abs=0.04)
    assert ours.bootstrap_p == pytest.approx(ours.randomization_p, abs=0.06)
    assert 0.01 < ours.randomization_p < 0.5


def test_a_thousand_resamples_of_a_test_set_take_less_than_a_second() -> None:
    kept = {f"m{n}": mean_statistics(np.random.default_rng(n).random(2_003), "s") for n in range(9)}
    started = time.process_time()
    intervals(kept)
    assert time.process_time() - started < 1
