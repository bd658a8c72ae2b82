from math import exp

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gentap.mining.row_probability import INTERCEPT, WEIGHTS, Evidence, probability

NOTHING = Evidence(*[0.0] * len(Evidence._fields))
seen = st.builds(Evidence, *[st.floats(-1, 2) for _ in Evidence._fields])


def test_without_evidence_the_intercept_alone_speaks() -> None:
    assert probability(NOTHING) == pytest.approx(1 / (1 + exp(-INTERCEPT)))
    assert probability(NOTHING) < 0.1


@given(seen, st.sampled_from(Evidence._fields), st.floats(0.1, 1))
def test_each_piece_of_evidence_makes_it_more_or_less_likely(
    evidence: Evidence, name: str, more: float
) -> None:
    likely = probability(evidence)
    assert 0 < likely < 1
    changed = probability(evidence._replace(**{name: getattr(evidence, name) + more}))
    odds, odds_changed = likely / (1 - likely), changed / (1 - changed)
    assert odds_changed / odds == pytest.approx(exp(getattr(WEIGHTS, name) * more), rel=1e-6)


def test_evidence_for_and_against() -> None:
    against = {name for name in Evidence._fields if getattr(WEIGHTS, name) < 0}
    assert against == {"gap", "alike", "again", "other_names"}
