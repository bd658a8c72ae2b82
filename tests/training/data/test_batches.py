from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gentap.training.data import batches
from gentap.training.data.batches import Step, StepDataset, plan, split_by_width
from gentap.training.data.streams import PairStream
from gentap.training.data.token_store import write_tokens

LENGTHS = st.lists(st.integers(1, 60), min_size=1, max_size=40)
STREAMS = st.dictionaries(st.sampled_from(["long", "cell"]), LENGTHS, min_size=1)


@pytest.fixture(scope="module", autouse=True)
def _small_windows() -> Any:
    """Let forty examples make several windows."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batches, "WINDOW", 16)
        yield


def plain(steps: list[Step]) -> list[tuple[int, dict[str, list[int]]]]:
    return [
        (step.epoch, {name: indices.tolist() for name, indices in step.indices.items()})
        for step in steps
    ]


@pytest.fixture(scope="session")
def make_streams(list_stream: Any) -> Any:
    def make(lengths: Mapping[str, list[int]]) -> dict[str, Any]:
        return {
            name: list_stream([([3] * length, [1]) for length in of_stream])
            for name, of_stream in lengths.items()
        }

    return make


@settings(max_examples=100)
@given(STREAMS, st.integers(1, 400), st.integers(1, 3), st.integers(0, 9))
def test_a_plan_shows_all_in_equal_numbers_within_the_budget(
    make_streams: Any, lengths: dict[str, list[int]], budget: int, epochs: int, seed: int
) -> None:
    steps = plain(plan(make_streams(lengths), budget, epochs, seed))
    largest = max(map(len, lengths.values()))
    assert [epoch for epoch, _ in steps] == sorted(epoch for epoch, _ in steps)
    for epoch in range(epochs):
        seen = {name: Counter[int]() for name in lengths}
        for number, indices in steps:
            if number == epoch:
                for name, of_stream in indices.items():
                    seen[name].update(of_stream)
        for name, counts in seen.items():
            assert counts.total() == largest
            assert set(counts) == set(range(len(lengths[name])))
            assert max(counts.values()) - min(counts.values()) <= 1
    for _, indices in steps:
        assert list(indices) == list(lengths)
        (rows,) = {len(of_stream) for of_stream in indices.values()}
        longest = [max(lengths[name][index] for index in indices[name]) for name in indices]
        assert rows > 0
        assert rows == 1 or rows * sum(longest) <= budget


@settings(max_examples=50)
@given(STREAMS, st.integers(60, 400), st.integers(1, 8))
def test_a_limited_plan_is_the_beginning_of_the_whole_one(
    make_streams: Any, lengths: dict[str, list[int]], budget: int, limit: int
) -> None:
    streams = make_streams(lengths)
    assert plain(plan(streams, budget, 4, 1, limit)) == plain(plan(streams, budget, 4, 1))[:limit]


@pytest.mark.parametrize(("epochs", "share"), [(0.25, 10), (1.5, 60), (2.0, 80), (0.001, 1)])
def test_a_part_of_an_epoch_takes_that_part_of_its_steps(make_streams, epochs, share) -> None:
    streams = make_streams({"long": [10] * 40})
    steps = plain(plan(streams, 10, epochs, 1))
    assert len(steps) == share
    assert steps == plain(plan(streams, 10, 3, 1))[:share]


def test_plans_follow_from_the_seed_and_epochs_differ(make_streams: Any) -> None:
    streams = make_streams({"long": [*range(1, 41)], "cell": [*range(1, 11)]})
    first = plain(plan(streams, 100, 2, 1))
    assert first == plain(plan(streams, 100, 2, 1))
    assert first != plain(plan(streams, 100, 2, 2))
    one, two = ([indices for epoch, indices in first if epoch == number] for number in (0, 1))
    assert one != two


def test_like_lengths_go_together_and_steps_are_shuffled(make_streams: Any) -> None:
    lengths = [(7 * index) % 16 + 1 for index in range(16)]
    steps = plain(plan(make_streams({"pairs": lengths}), 40, 1, 1))
    spans = [[lengths[index] for index in indices["pairs"]] for _, indices in steps]
    widths = [[-(-length // 8) for length in span] for span in spans]
    assert all(span == sorted(span) for span in widths)
    assert [width for span in sorted(widths) for width in span] == sorted(
        -(-length // 8) for length in lengths
    )
    assert widths != sorted(widths)


def test_of_inputs_as_wide_those_with_like_targets_go_together(list_stream) -> None:
    targets = [(7 * index) % 16 + 1 for index in range(16)]
    stream = list_stream(
        [([3] * (9 + index % 8), [1] * target) for index, target in enumerate(targets)]
    )
    steps = plan({"pairs": stream}, 64, 1, 1)
    spans = sorted(sorted(targets[index] for index in step.indices["pairs"]) for step in steps)
    assert [target for span in spans for target in span] == sorted(targets)


def test_a_step_takes_as_many_as_the_budget_holds(make_streams: Any) -> None:
    for streams, rows in (({"long": [10] * 12}, 4), ({"long": [10] * 12, "cell": [5] * 3}, 3)):
        steps = plan(make_streams(streams), 49, 1, 1)
        assert {len(step.indices["long"]) for step in steps} == {rows}


def test_a_step_becomes_tensors_with_rows_in_the_order_of_the_streams(list_stream) -> None:
    long = list_stream([([11] * 9, [12, 13]), ([14], [15])])
    cell = list_stream([([21, 22], [23] * 9)])
    step = Step(0, {"long": np.array([1, 0]), "cell": np.array([0, 0])})
    data = StepDataset({"cell": cell, "long": long}, [step], 7)
    assert len(data) == 1
    tensors = data[0]
    assert set(tensors) == {"input_ids", "attention_mask", "long_labels", "cell_labels"}
    assert tensors["input_ids"].tolist() == [
        [14] + [7] * 15,
        [11] * 9 + [7] * 7,
        *[[21, 22] + [7] * 14] * 2,
    ]
    assert tensors["attention_mask"].tolist() == [
        [1] + [0] * 15,
        [1] * 9 + [0] * 7,
        *[[1, 1] + [0] * 14] * 2,
    ]
    assert tensors["long_labels"].tolist() == [[15] + [-100] * 7, [12, 13] + [-100] * 6]
    assert tensors["cell_labels"].tolist() == [[23] * 9 + [-100] * 7] * 2


def test_a_single_stream_of_pairs_gives_plain_labels(tmp_path: Path) -> None:
    store = write_tokens(tmp_path / "store", [([4, 5], [6, 0]), ([7], [8])])
    stream = PairStream(store)
    assert (len(stream), stream.lengths().tolist(), stream.pair(1, 0)) == (
        2,
        [[2, 2], [1, 1]],
        ([7], [8]),
    )
    tensors = StepDataset({"pairs": stream}, [Step(0, {"pairs": np.array([0])})], 0)[0]
    assert set(tensors) == {"input_ids", "attention_mask", "labels"}
    assert tensors["labels"].tolist() == [[6, 0] + [-100] * 6]


def mixed_batch(list_stream, long: list[int], cell: list[int]) -> dict[str, torch.Tensor]:
    streams = {
        name: list_stream([([5] * length, [6, 7]) for length in lengths])
        for name, lengths in (("long", long), ("cell", cell))
    }
    indices = {name: np.arange(len(stream)) for name, stream in streams.items()}
    return StepDataset(streams, [Step(0, indices)], 0)[0]


def test_a_batch_of_like_lengths_is_encoded_whole(list_stream) -> None:
    batch = mixed_batch(list_stream, [31, 32], [30, 32])
    (part,) = split_by_width(batch)
    assert part.keys() == batch.keys()
    assert all(part[name] is batch[name] for name in batch)


def test_a_batch_with_much_padding_is_encoded_by_decoder(list_stream) -> None:
    batch = mixed_batch(list_stream, [31, 32], [9, 12, 10])
    long, cell = split_by_width(batch)
    assert long["input_ids"].shape == (2, 32)
    assert cell["input_ids"].shape == (3, 16)
    assert long["long_labels"] is batch["long_labels"]
    assert cell["cell_labels"] is batch["cell_labels"]
    assert set(long) | set(cell) == set(batch)
    assert torch.equal(cell["input_ids"], batch["input_ids"][2:, :16])
    assert cell["attention_mask"].sum(1).tolist() == [9, 12, 10]


def test_rows_of_one_decoder_are_never_parted(list_stream) -> None:
    batch = mixed_batch(list_stream, [31, 2], [3])
    rows = {
        "input_ids": batch["input_ids"],
        "attention_mask": batch["attention_mask"],
        "labels": torch.zeros(3, 2),
    }
    assert len(split_by_width(rows)) == 1
