from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from toy_training import random_pairs, settings

from gentap.model.network import GenTapModel
from gentap.training.loop.consolidation import Consolidation, Held, consolidate
from gentap.training.loop.trainer import train


class Coin(torch.nn.Module):
    """Says token 1 with the probability sigmoid(w x), else token 0; x is the input's first id."""

    def __init__(self, weight: float) -> None:
        super().__init__()
        self.w = torch.nn.Parameter(torch.tensor([weight]))
        self.still = torch.nn.Parameter(torch.tensor([5.0]))

    device = torch.device("cpu")

    def forward(self, input_ids: Any, attention_mask: Any, long_labels: Any) -> Any:
        one = self.w * input_ids[:, :1].float()
        logits = torch.stack([torch.zeros_like(one), one], -1).expand(-1, long_labels.shape[1], -1)
        loss = torch.nn.functional.cross_entropy(logits.reshape(-1, 2), long_labels.reshape(-1))
        return SimpleNamespace(loss=loss)


def test_the_fisher_diagonal_is_the_mean_square_of_the_derivatives(list_stream: Any) -> None:
    model = Coin(0.0)  # sigmoid 1/2 everywhere
    # d log p / d w = (y - 1/2) x for each token: 2 * 1/2 = 1; -3/2 - 3/2 = -3; 4/2 - 4/2 = 0
    pairs = [([2], [1]), ([3], [0, 0]), ([4], [1, 0])]
    hold = consolidate(model, {"long": list_stream(pairs)}, 10.0, padding=0)
    held = hold.held[0]
    assert held.weight is model.w
    assert held.fisher.tolist() == pytest.approx([(1 + 9 + 0) / 3])
    assert hold.held[1].fisher.tolist() == [0.0]
    assert hold.examples == 3


def test_a_step_has_the_gradient_of_the_loss_and_of_the_penalty() -> None:
    weight = torch.nn.Parameter(torch.tensor([1.0, -2.0]))
    untouched = torch.nn.Parameter(torch.tensor([7.0]))
    hold = Consolidation(
        [
            Held(weight, torch.tensor([0.5, -2.0]), torch.tensor([4.0, 100.0])),
            Held(untouched, torch.tensor([0.0]), torch.tensor([1.0])),
        ],
        3.0,
        1,
    )
    assert hold.penalty() == pytest.approx(3.0 / 2 * (4 * 0.25 + 49))
    (weight * torch.tensor([1.0, 2.0])).sum().backward()
    hold.add_gradient()
    # 1 + 3 * 4 * (1 - 0.5) = 7 and 2 + 3 * 100 * 0
    assert weight.grad is not None
    assert weight.grad.tolist() == pytest.approx([7.0, 2.0])
    torch.optim.SGD([weight, untouched], lr=0.1).step()
    assert weight.tolist() == pytest.approx([0.3, -2.2])
    assert untouched.tolist() == [7.0]


def test_the_fisher_of_a_model_of_two_decoders_is_that_of_its_examples_one_by_one(
    make_t5: Any, list_stream: Any
) -> None:
    model = GenTapModel.from_stock(make_t5())
    pairs = random_pairs(3)
    hold = consolidate(model, {"cell": list_stream(pairs)}, 1.0, padding=0)
    name, weight = next(
        (name, one) for name, one in model.named_parameters() if "cell" in name and one.ndim > 1
    )
    found = next(one.fisher for one in hold.held if one.weight is weight)
    wanted = torch.zeros_like(weight)
    for source, target in pairs:
        logits = model(
            input_ids=torch.tensor([source]), labels=torch.tensor([target]), decoder="cell"
        ).logits.log_softmax(-1)
        told = logits[0, torch.arange(len(target)), torch.tensor(target)].sum()
        wanted += torch.autograd.grad(told, weight)[0] ** 2 / len(pairs)
    assert torch.allclose(found, wanted, rtol=1e-3, atol=1e-8), name


def moved(make_t5: Any, list_stream: Any, folder: Any, strength: float) -> tuple[float, float]:
    """How far a training takes the weights, as the penalty counts it, and its last loss."""
    model = GenTapModel.from_stock(make_t5())
    former = {"long": list_stream(random_pairs(20, seed=8))}
    hold = consolidate(model, former, strength, padding=0)
    trained = train(
        model,
        {"long": list_stream(random_pairs(20))},
        None,
        settings(epochs=3, optimizer="adamw", arguments={"optim": "sgd"}, learning_rate=0.05),
        folder,
        padding=0,
        seed=1,
        label="finetune",
        hold=hold,
    )
    drift = Consolidation(hold.held, 1.0, 1).penalty()
    return drift, float(trained.stats["last_loss"])


def test_weights_that_are_held_move_less(make_t5: Any, list_stream: Any, tmp_path: Any) -> None:
    drifts = [
        moved(make_t5, list_stream, tmp_path / str(strength), strength)[0]
        for strength in (0.0, 1.0, 10.0)
    ]
    assert drifts == sorted(drifts, reverse=True)
    assert drifts[-1] < 0.7 * drifts[0]
    assert np.isfinite(drifts).all()


def test_a_strength_of_nothing_changes_nothing(
    make_t5: Any, list_stream: Any, tmp_path: Any
) -> None:
    def trained(name: str, hold: bool) -> Any:
        model = GenTapModel.from_stock(make_t5())
        stream = {"long": list_stream(random_pairs(20))}
        kept = consolidate(model, stream, 0.0, padding=0) if hold else None
        train(model, stream, None, settings(), tmp_path / name, padding=0, seed=1, label="x",
              hold=kept)  # fmt: skip
        return model.state_dict()

    held, free = trained("held", True), trained("free", False)
    assert all(torch.equal(held[name], free[name]) for name in free)
