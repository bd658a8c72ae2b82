from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gentap.training.denoise import corrupt

SENTINELS = list(range(299, 199, -1))
END = 1
WINDOWS = st.lists(st.integers(3, 150), min_size=2, max_size=120)


def hide(tokens: list[int], seed: int = 0, noise: float = 0.15, mean_span: float = 3.0):
    return corrupt(
        np.array(tokens, dtype=np.int32),
        SENTINELS,
        END,
        np.random.default_rng(seed),
        noise=noise,
        mean_span=mean_span,
    )


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
    source, target = hide(tokens, seed, noise, mean_span)
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
    source, target = hide([7] * length, 3, noise, span)
    spans = sum(token in SENTINELS for token in source)
    hidden = target.count(7)
    assert hidden == round(length * noise)
    assert source.count(7) == length - hidden
    assert spans == min(max(round(hidden / span), 1), 100, length - hidden)


def test_the_shortest_windows_keep_one_token_and_hide_one() -> None:
    assert hide([8, 9], noise=0.01) == hide([8, 9], noise=0.89) == ([8, 299, END], [299, 9, END])


def test_the_generator_alone_decides_which_spans_are_hidden() -> None:
    window = list(range(3, 103))
    assert hide(window, seed=4) == hide(window, seed=4)
    assert len({str(hide(window, seed=seed)) for seed in range(20)}) == 20


def test_every_token_but_the_first_is_hidden_now_and_then() -> None:
    window = list(range(3, 63))
    hidden = {token for seed in range(200) for token in hide(window, seed)[1]}
    assert hidden.intersection(window) == set(window[1:])
