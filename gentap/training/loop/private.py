"""Private finetuning of adapters: DP-SGD (Abadi et al. 2016), accounted for by Opacus.

Every step draws each example by itself with the same chance (Poisson sampling), clips each one's
gradient, adds Gaussian noise to their sum, and divides by the expected number of examples. What is
drawn and the noise come from the system's entropy, not from the seed: who knew them could take them
off again. For the same reason there are no checkpoints, no losses in the statistics and no looks at
dev: nothing leaves the training but the finished weights and what they cost.
"""

import math
import secrets
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from transformers import set_seed

from gentap.errors import SettingError
from gentap.model.causal import CausalModel
from gentap.model.device import autocast, best_device
from gentap.model.loading.causal_checkpoints import is_causal
from gentap.model.loading.checkpoints import load_config
from gentap.model.lora import Adapters, LowRank
from gentap.runs.counting import counted
from gentap.runs.extra_packages import require
from gentap.runs.runner import Progress
from gentap.settings.training_sections import FinetuneSettings, PrivateSettings
from gentap.training.data.batches import Step, StepDataset
from gentap.training.data.streams import Stream
from gentap.training.loop.per_example import PerExampleGradients
from gentap.training.loop.processes import process_count
from gentap.training.loop.trainer import Trained

_NAME = "private"
_WHOLE = (
    "finetune.private trains adapters alone, and adapters.trunk is 'whole'. Set it to 'adapter' or "
    "'frozen'."
)


def train_privately(
    model: Any,
    streams: Mapping[str, Stream],
    settings: FinetuneSettings,
    *,
    padding: int,
    seed: int,
    label: str,
) -> Trained:
    """Train the adapters of a decoder-only model in place, or adapters that are then merged into
    the weights of an encoder–decoder.

    Raises SettingError where the model's trunk is trained whole, where several processes share the
    training, or where Opacus is missing.
    """
    if process_count() > 1:
        raise SettingError(f"{label}: private training is done by one process. Start one.")
    private = settings.private
    count = sum(map(len, streams.values()))
    rate = min(1.0, private.batch / count)
    total = settings.max_steps or max(1, round(settings.epochs / rate))
    noise = noise_multiplier(private, rate, total)
    set_seed(seed)
    adapters = _adapters(model, settings)
    model.to(best_device()).train()
    adapters.to(model.device)
    layers = [one for one in adapters.modules() if isinstance(one, LowRank)]
    gradients = PerExampleGradients(layers)
    optimizer = torch.optim.AdamW(
        gradients.parameters, lr=settings.adapters.learning_rate, weight_decay=0.0
    )
    draw = np.random.default_rng()
    generator = torch.Generator(model.device).manual_seed(secrets.randbits(63))
    progress = Progress(label, total, "steps")
    for step in range(total):
        sums = [torch.zeros_like(weight) for weight in gradients.parameters]
        for batch in _batches(streams, rate, settings.batch_tokens, padding, draw):
            on_device = {name: one.to(model.device) for name, one in batch.items()}
            with autocast(settings.precision):
                clipped = gradients.clipped_sum(model, on_device, private.clip)
            for one, more in zip(sums, clipped, strict=True):
                one.add_(more)
        add_noise(sums, noise * private.clip, generator)
        for weight, one in zip(gradients.parameters, sums, strict=True):
            weight.grad = one.div_(rate * count)
        for group in optimizer.param_groups:
            group["lr"] = settings.adapters.learning_rate * _schedule(step, total, settings.warmup)
        optimizer.step()
        progress.advance(1)
    gradients.close()
    if _NAME in adapters.named:
        adapters.merge(_NAME, model)
    model.eval()
    return Trained(_statistics(model, streams, private, rate, total, noise), None)


def check_private(base: str, settings: FinetuneSettings) -> None:
    """Raise SettingError for a private training that could not begin; "" stands for a base that is
    not there yet."""
    with require("finetune.private", "opacus", "trust"):
        import opacus.accountants  # noqa: F401
    if base and is_causal(load_config(base)) and settings.adapters.trunk == "whole":
        raise SettingError(_WHOLE)


def noise_multiplier(private: PrivateSettings, rate: float, steps: int) -> float:
    """The noise's standard deviation for a clipping norm of 1 that keeps within epsilon and delta,
    by Opacus's accountant of Rényi differential privacy.

    Raises SettingError where so many steps can't be kept within epsilon.
    """
    with require("finetune.private", "opacus", "trust"):
        from opacus.accountants.utils import get_noise_multiplier
    try:
        with _quiet():
            found = get_noise_multiplier(
                target_epsilon=private.epsilon,
                target_delta=private.delta,
                sample_rate=rate,
                steps=steps,
                accountant="rdp",
            )
    except ValueError as error:
        raise SettingError(
            f"finetune.private: {counted(steps, 'step')} can't be kept within epsilon "
            f"{private.epsilon:g}. "
            "Raise it, or train for fewer epochs."
        ) from error
    return float(found)


def epsilon_spent(noise: float, rate: float, steps: int, delta: float) -> float:
    """What the accountant says that the steps have cost."""
    with require("finetune.private", "opacus", "trust"):
        from opacus.accountants import RDPAccountant
    accountant = RDPAccountant()
    accountant.history = [(noise, rate, steps)]
    with _quiet():
        return float(accountant.get_epsilon(delta))


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the accountant's advice on its own orders."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        yield


def add_noise(sums: list[torch.Tensor], deviation: float, generator: torch.Generator) -> None:
    """Gaussian noise of a standard deviation on every number of the sums, in place."""
    for one in sums:
        drawn = torch.randn(one.shape, generator=generator, device=one.device, dtype=one.dtype)
        one.add_(drawn, alpha=deviation)


def _adapters(model: Any, settings: FinetuneSettings) -> Adapters:
    """A decoder-only model's own adapters, or new ones on all linear layers of another."""
    if isinstance(model, CausalModel):
        if model.settings.trunk == "whole":
            raise SettingError(_WHOLE)
        return model.adapters
    model.requires_grad_(False)
    adapters = Adapters(
        model, settings.adapters.rank, settings.dropout, [model.cell.get_output_embeddings()]
    )
    adapters.add(_NAME)
    adapters.active = _NAME
    return adapters


def _batches(
    streams: Mapping[str, Stream],
    rate: float,
    batch_tokens: int,
    padding: int,
    draw: np.random.Generator,
) -> Iterator[dict[str, torch.Tensor]]:
    """A step's examples, each drawn with the chance ``rate``: batches of one objective within the
    budget of tokens, like lengths together."""
    for name, stream in streams.items():
        drawn = np.flatnonzero(draw.random(len(stream)) < rate)
        lengths = stream.lengths()[drawn].sum(1)
        order = drawn[np.argsort(lengths, kind="stable")]
        longest = np.sort(lengths)
        start = 0
        while start < len(order):
            stop = start + 1
            while stop < len(order) and (stop + 1 - start) * longest[stop] <= batch_tokens:
                stop += 1
            step = Step(0, {name: order[start:stop]})
            yield StepDataset({name: stream}, [step], padding)[0]
            start = stop


def _schedule(step: int, total: int, warmup: float) -> float:
    """The share of the highest rate at a step: up in the warm-up, then down to 0."""
    rising = math.ceil(warmup * total)
    if step < rising:
        return (step + 1) / rising
    return (total - step) / max(1, total - rising)


def _statistics(
    model: Any,
    streams: Mapping[str, Stream],
    private: PrivateSettings,
    rate: float,
    steps: int,
    noise: float,
) -> dict[str, Any]:
    return {
        "steps": steps,
        "examples": {name: len(stream) for name, stream in streams.items()},
        "first_loss": None,
        "last_loss": None,
        "best_dev_loss": None,
        "parameters": model.num_parameters(),
        "history": [],
        "private": {
            "epsilon": round(epsilon_spent(noise, rate, steps, private.delta), 4),
            "delta": private.delta,
            "clip": private.clip,
            "noise": round(noise, 4),
            "sample_rate": round(rate, 6),
            "steps": steps,
            "accountant": "rdp",
        },
    }
