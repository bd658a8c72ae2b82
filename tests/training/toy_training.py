"""Settings, pairs and weights of trainings that take a second."""

from typing import Any

import numpy as np
import torch

from gentap.settings.training_sections import TrainingSettings

Weights = dict[str, torch.Tensor]


def settings(**changes: Any) -> TrainingSettings:
    values = {"epochs": 1, "batch_tokens": 36, "precision": "fp32", "learning_rate": 0.01}
    return TrainingSettings(**{**values, "optimizer": "adamw", **changes})


def random_pairs(count: int, seed: int = 0) -> list[tuple[list[int], list[int]]]:
    rng = np.random.default_rng(seed)
    sizes = rng.integers(2, 12, (count, 2)).tolist()
    return [tuple(rng.integers(3, 40, size).tolist() for size in pair) for pair in sizes]


def weights(model: Any) -> Weights:
    return {name: weight.detach().cpu().clone() for name, weight in model.state_dict().items()}


def same(one: Weights, other: Weights) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


QUICK: Any = {"epochs": 1, "max_steps": 2, "batch_tokens": 256, "precision": "fp32", "dropout": 0}
TOO_LONG = " ".join(["bridge"] * 120)
