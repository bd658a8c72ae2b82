"""The oracle is transformers' own generate."""

from typing import Any

import pytest
import torch
from transformers import GenerationConfig

from gentap.model.search import Search, search
from gentap.model.steps import DecoderSteps

VOCABULARY = 12  # so small that random models end their texts now and then


def encoded(stock: Any, rows: int = 6) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
    rng = torch.Generator().manual_seed(1)
    ids = torch.randint(3, VOCABULARY - 1, (rows, 10), generator=rng)
    mask = torch.ones_like(ids)
    for row in range(rows):
        mask[row, 4 + row :] = 0
    inputs = {"input_ids": ids, "attention_mask": mask}
    with torch.no_grad():
        return inputs, stock.get_encoder()(**inputs)[0]


def start_of(stock: Any) -> int:
    target = torch.tensor([[5, stock.config.eos_token_id]])
    return int(stock.prepare_decoder_input_ids_from_labels(labels=target)[0, 0])


def searched(stock: Any, beams: int, **options: Any) -> list[list[int]]:
    inputs, hidden = encoded(stock)
    trees = options.pop("trees", None)
    settings = Search(start_of(stock), stock.config.eos_token_id, beams, **options)
    with torch.no_grad():
        steps = DecoderSteps(stock, hidden, inputs["attention_mask"])
        return search(steps, settings, trees)


def generated(stock: Any, beams: int, allowed: Any = None, **options: Any) -> list[list[int]]:
    end, filler = stock.config.eos_token_id, stock.config.pad_token_id
    settings = GenerationConfig(
        num_beams=beams,
        do_sample=False,
        eos_token_id=end,
        pad_token_id=filler,
        decoder_start_token_id=start_of(stock),
        **options,
    )
    written = stock.generate(
        **encoded(stock)[0], generation_config=settings, prefix_allowed_tokens_fn=allowed
    )
    rows = [row[1:].tolist() for row in written]
    return [row[: row.index(end)] if end in row else row for row in rows]


@pytest.mark.parametrize("beams", [1, 2, 4])
@pytest.mark.parametrize("seed", [0, 1])
def test_texts_are_those_of_generate(make_stock, family: str, beams: int, seed: int) -> None:
    stock = make_stock(family, vocabulary=VOCABULARY, seed=seed)
    for options in (
        {"max_new_tokens": 1},
        {"max_new_tokens": 9},
        {"max_new_tokens": 9, "length_penalty": 0.2},
        {"max_new_tokens": 9, "length_penalty": -1.0},
        {"max_new_tokens": 9, "length_penalty": 2.0, "min_new_tokens": 3},
    ):
        if beams == 1:
            options.pop("length_penalty", None)
        forced = getattr(stock.generation_config, "forced_eos_token_id", None)
        wanted = generated(stock, beams, **options)
        got = searched(stock, beams, last=forced, **options)
        # generate fills up what a batch's longest text leaves open, ours does not
        filler = stock.config.pad_token_id
        for text, other in zip(got, wanted, strict=True):
            assert text == other[: len(text)], options
            assert set(other[len(text) :]) <= {filler}, options


def test_random_models_end_at_several_lengths(make_stock) -> None:
    lengths = set()
    for seed in range(4):
        stock = make_stock("t5-v1.1", vocabulary=VOCABULARY, seed=seed)
        lengths |= set(map(len, searched(stock, 2, max_new_tokens=9)))
    assert len(lengths) > 3  # else the test above says little


@pytest.mark.parametrize("beams", [1, 3])
def test_forced_tokens_stand_where_bart_has_them(make_stock, beams: int) -> None:
    stock = make_stock("bart", vocabulary=VOCABULARY)
    stock.generation_config.forced_bos_token_id = 5
    wanted = generated(stock, beams, max_new_tokens=6)
    got = searched(stock, beams, max_new_tokens=6, first=5, last=2)
    assert got == wanted
    assert all(text[0] == 5 and len(text) < 6 for text in got)


def tree_of(paths: list[list[int]]) -> dict[int, Any]:
    root: dict[int, Any] = {}
    for path in paths:
        node = root
        for token in path:
            node = node.setdefault(token, {})
    return root


@pytest.mark.parametrize("beams", [1, 2, 5])
def test_a_tree_allows_its_paths_alone_and_the_best_is_found(
    make_stock, family: str, beams: int
) -> None:
    stock = make_stock(family, vocabulary=VOCABULARY, seed=3)
    stock.generation_config.forced_eos_token_id = None
    end = stock.config.eos_token_id
    rng = torch.Generator().manual_seed(2)
    paths = []
    for row in range(6):
        drawn = torch.randint(3, VOCABULARY, (1 + 2 * row, 4), generator=rng).tolist()
        paths.append([[*path[: 1 + place % 4], end] for place, path in enumerate(drawn)])
    trees = [tree_of(of_row) for of_row in paths]
    got = searched(stock, beams, trees=trees)
    for text, of_row in zip(got, paths, strict=True):
        assert [*text, end] in of_row

    def allowed(row: int, prefix: torch.Tensor) -> list[int]:
        node: Any = trees[row]
        for token in prefix.tolist()[1:]:
            node = node.get(token, {})
        return list(node) or [end]

    assert got == generated(stock, beams, allowed, max_new_tokens=5)


def test_with_as_many_beams_as_paths_the_likeliest_path_is_written(make_stock) -> None:
    stock = make_stock("t5", vocabulary=VOCABULARY)
    paths = [[3, 4, 1], [5, 1], [3, 6, 7, 1], [8, 1]]
    inputs, _ = encoded(stock)
    got = searched(stock, 4, trees=[tree_of(paths)] * 6, length_penalty=0.0)
    for row, text in enumerate(got):
        scores = []
        for path in paths:
            with torch.no_grad():
                logits = stock(
                    input_ids=inputs["input_ids"][row : row + 1],
                    attention_mask=inputs["attention_mask"][row : row + 1],
                    decoder_input_ids=torch.tensor([[0, *path[:-1]]]),
                ).logits[0]
            places = torch.arange(len(path))
            scores.append(logits.log_softmax(-1)[places, torch.tensor(path)].sum().item())
        assert [*text, 1] == paths[scores.index(max(scores))]
