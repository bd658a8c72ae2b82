from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gentap.training.data.span_corruption import hide, random_spans, some_of

SENTINELS = list(range(299, 199, -1))
END = 1
WINDOWS = st.lists(st.integers(3, 150), min_size=2, max_size=120)


def corrupt(tokens: list[int], seed: int = 0, noise: float = 0.15, mean_span: float = 3.0):
    rng = np.random.default_rng(seed)
    spans = random_spans(len(tokens), rng, noise=noise, mean_span=mean_span, most=len(SENTINELS))
    return hide(np.array(tokens, dtype=np.int32), spans, SENTINELS, END)


def reassemble(source: list[int], target: list[int]) -> list[int]:
    """Put each span of the target in the place of its sentinel in the input."""
    spans: dict[int, list[int]] = {}
    for token in target:
        if token in SENTINELS:
            spans[token] = []
        else:
            spans[next(reversed(spans))].append(token)
    return [inner for token in source for inner in spans.get(token, [token])]


@settings(max_examples=100)
@given(WINDOWS, st.integers(0, 99), st.floats(0.01, 0.89), st.floats(1, 6))
def test_input_and_target_together_lose_nothing(tokens, seed, noise, mean_span) -> None:
    source, target = corrupt(tokens, seed, noise, mean_span)
    assert source.pop() == END == target.pop()
    assert reassemble(source, target) == tokens
    used = [token for token in source if token in SENTINELS]
    assert used == SENTINELS[: len(used)] == [token for token in target if token in SENTINELS]
    assert target[0] in SENTINELS
    for side in (source, target):
        assert not any(one in SENTINELS and two in SENTINELS for one, two in pairwise(side))


@settings(max_examples=60)
@given(st.integers(20, 250), st.sampled_from([0.15, 0.3, 0.5]), st.sampled_from([1.0, 3.0, 5.0]))
def test_the_wanted_share_is_hidden_in_spans_of_the_wanted_length(length, noise, span) -> None:
    source, target = corrupt([7] * length, 3, noise, span)
    spans = sum(token in SENTINELS for token in source)
    hidden = target.count(7)
    assert hidden == round(length * noise)
    assert source.count(7) == length - hidden
    assert spans == min(max(round(hidden / span), 1), 100, length - hidden)


def test_the_shortest_windows_keep_one_token_and_hide_one() -> None:
    assert (
        corrupt([8, 9], noise=0.01) == corrupt([8, 9], noise=0.89) == ([8, 299, END], [299, 9, END])
    )


def test_the_generator_alone_decides_which_spans_are_hidden() -> None:
    window = list(range(3, 103))
    assert corrupt(window, seed=4) == corrupt(window, seed=4)
    assert len({str(corrupt(window, seed=seed)) for seed in range(20)}) == 20


def test_every_token_but_the_first_is_hidden_now_and_then() -> None:
    window = list(range(3, 63))
    hidden = {token for seed in range(200) for token in corrupt(window, seed)[1]}
    assert hidden.intersection(window) == set(window[1:])


@settings(max_examples=100)
@given(WINDOWS, st.data())
def test_any_spans_can_be_hidden_and_put_back(tokens, data) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(0, len(tokens)), min_size=2, max_size=20)))
    spans = list(pairwise(cuts))[:: data.draw(st.integers(1, 2))]
    source, target = hide(np.array(tokens, dtype=np.int32), spans, SENTINELS, END)
    assert reassemble(source[:-1], target[:-1]) == tokens
    assert sum(token in SENTINELS for token in source) == len(spans)


def test_spans_past_the_last_sentinel_stay_shown() -> None:
    window = np.array([5, 6, 7], dtype=np.int32)
    assert hide(window, [(0, 1), (1, 2), (2, 3)], [90, 91], END) == (
        [90, 91, 7, END],
        [90, 5, 91, 6, END],
    )


def test_some_spans_are_chosen_in_order_and_each_now_and_then() -> None:
    spans = [(start, start + 1) for start in range(6)]
    drawn = [some_of(spans, 3, np.random.default_rng(seed)) for seed in range(60)]
    assert all(chosen == sorted(set(chosen)) and len(chosen) == 3 for chosen in drawn)
    assert {span for chosen in drawn for span in chosen} == set(spans)
