import sys
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from causal_toys import causal_toy
from toy_training import random_pairs, same, weights

from gentap.errors import SettingError
from gentap.model.causal import CausalModel
from gentap.model.lora import Adapters, LowRank
from gentap.model.network import GenTapModel
from gentap.settings.sections import AdapterSettings
from gentap.settings.training_sections import FinetuneSettings, PrivateSettings
from gentap.training.data.batches import Step, StepDataset
from gentap.training.loop import private as private_training
from gentap.training.loop.per_example import PerExampleGradients
from gentap.training.loop.private import (
    add_noise,
    epsilon_spent,
    noise_multiplier,
    train_privately,
)


class Scale(torch.nn.Module):
    """Says token 1 with the probability sigmoid(b a x), x being the input's one id."""

    def __init__(self, a: float, b: float) -> None:
        super().__init__()
        self.layer = LowRank(1, 1, 1)
        with torch.no_grad():
            self.layer.lora_A.fill_(a)
            self.layer.lora_B.fill_(b)

    def forward(self, input_ids: Any, long_labels: Any) -> Any:
        y = self.layer(input_ids.float().unsqueeze(-1))  # (rows, 1, 1)
        logits = torch.cat([torch.zeros_like(y), y], -1).expand(-1, long_labels.shape[1], -1)
        loss = torch.nn.functional.cross_entropy(
            logits.reshape(-1, 2), long_labels.reshape(-1), ignore_index=-100
        )
        return SimpleNamespace(loss=loss)


def test_each_rows_gradient_is_clipped_before_they_are_summed() -> None:
    model = Scale(a=2.0, b=0.0)
    gradients = PerExampleGradients([model.layer])
    batch = {
        "input_ids": torch.tensor([[1], [3], [1]]),
        # a row's loss is the mean of its own tokens; -100 is no token
        "long_labels": torch.tensor([[1, -100], [0, -100], [1, 1]]),
    }
    # y = 0, so that dloss/dy is -1/2 for a 1 and +1/2 for a 0; db = dloss/dy * a * x:
    # -1, +3 and -1; clipped to 1.5: -1, +1.5 and -1. da = dloss/dy * b * x = 0.
    found = dict(zip(("A", "B"), gradients.clipped_sum(model, batch, 1.5), strict=True))
    assert found["B"].item() == pytest.approx(-0.5)
    assert found["A"].item() == 0.0


def test_a_row_whose_gradient_is_no_number_counts_as_nothing() -> None:
    model = Scale(a=2.0, b=0.0)
    gradients = PerExampleGradients([model.layer])
    batch = {
        "input_ids": torch.tensor([[1.0], [torch.inf]]),
        "long_labels": torch.ones(2, 1).long(),
    }
    found = dict(zip(("A", "B"), gradients.clipped_sum(model, batch, 1.5), strict=True))
    assert (found["A"].item(), found["B"].item()) == (0.0, pytest.approx(-1.0))


def test_both_matrices_count_in_a_rows_norm() -> None:
    model = Scale(a=3.0, b=4.0)
    gradients = PerExampleGradients([model.layer])
    batch = {"input_ids": torch.tensor([[0], [1]]), "long_labels": torch.tensor([[1], [0]])}
    # row 0: x = 0, nothing; row 1: dloss/dy = p = sigmoid(12), da = p * 4, db = p * 3, norm 5 p
    found = gradients.clipped_sum(model, batch, 1.0)
    assert [one.item() for one in found] == pytest.approx([4 / 5, 3 / 5])


def adapted(make_t5: Any) -> tuple[Any, list[LowRank]]:
    """An encoder–decoder with adapters that change something."""
    torch.manual_seed(3)
    model = GenTapModel.from_stock(make_t5())
    adapters = Adapters(model, 2, 0.0, [model.cell.get_output_embeddings()])
    adapters.add("private")
    adapters.active = "private"
    layers = [one for one in adapters.modules() if isinstance(one, LowRank)]
    for one in layers:
        torch.nn.init.normal_(one.lora_B, std=0.2)
    return model, layers


@pytest.mark.parametrize("kind", ["t5", "causal"])
@pytest.mark.parametrize("objective", ["long", "cell"])
def test_rows_gradients_are_those_of_the_rows_one_by_one(
    kind: str, objective: str, make_t5: Any, list_stream: Any
) -> None:
    if kind == "t5":
        model, layers = adapted(make_t5)
    else:
        model = CausalModel(causal_toy("llama", 40), AdapterSettings(rank=2, trunk="adapter"))
        layers = [one for one in model.adapters.modules() if isinstance(one, LowRank)]
        for one in layers:
            torch.nn.init.normal_(one.lora_B, std=0.2)
    stream = {objective: list_stream(random_pairs(5))}
    batch = StepDataset(stream, [Step(0, {objective: range(5)})], 0)[0]  # type: ignore[dict-item]
    gradients = PerExampleGradients(layers)
    clip = 0.05
    found = gradients.clipped_sum(model, batch, clip)
    gradients.close()
    wanted = [torch.zeros_like(weight) for weight in gradients.parameters]
    for place in range(5):
        alone = StepDataset(stream, [Step(0, {objective: [place]})], 0)[0]  # type: ignore[dict-item]
        grads = torch.autograd.grad(model(**alone).loss, gradients.parameters, allow_unused=True)
        norm = torch.sqrt(sum((one**2).sum() for one in grads if one is not None))  # type: ignore
        for total, one in zip(wanted, grads, strict=True):
            if one is not None:
                total += one * min(1.0, clip / norm.item())
    assert any(bool(one.any()) for one in wanted)
    for one, other in zip(found, wanted, strict=True):
        assert torch.allclose(one, other, rtol=1e-3, atol=1e-6)


def test_noise_has_the_scale_that_it_is_given() -> None:
    sums = [torch.zeros(300, 300), torch.full((1000,), 5.0)]
    add_noise(sums, 0.7, torch.Generator().manual_seed(1))
    assert sums[0].std().item() == pytest.approx(0.7, rel=0.02)
    assert sums[1].mean().item() == pytest.approx(5.0, abs=0.1)


def private(**changes: Any) -> FinetuneSettings:
    given = {"epsilon": 4.0, "batch": 6, **changes.pop("private", {})}
    return FinetuneSettings(private=given, precision="fp32", batch_tokens=40, **changes)


def test_a_step_is_the_noisy_mean_over_the_expected_examples(
    make_t5: Any, list_stream: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[list[torch.Tensor]] = []

    class Recorded(torch.optim.AdamW):
        def step(self, *args: Any, **kwargs: Any) -> None:  # type: ignore[override]
            steps.append(
                [one.grad.clone() for group in self.param_groups for one in group["params"]]
            )

    monkeypatch.setattr(torch.optim, "AdamW", Recorded)
    monkeypatch.setattr(private_training, "noise_multiplier", lambda *given: 3.0)
    monkeypatch.setattr(PerExampleGradients, "clipped_sum", lambda self, model, batch, clip: [
        torch.full_like(one, float(len(batch["long_labels"]))) for one in self.parameters
    ])  # fmt: skip
    streams = {"long": list_stream(random_pairs(6))}
    settings = private(private={"clip": 2.0, "batch": 6}, max_steps=3)
    train_privately(
        GenTapModel.from_stock(make_t5()), streams, settings, padding=0, seed=1, label="finetune"
    )
    assert len(steps) == 3
    numbers = torch.cat([one.flatten() for one in steps[0]])
    # all 6 of 6 expected examples give 1, and the noise is 3 * 2 / 6
    assert numbers.mean().item() == pytest.approx(1.0, abs=0.1)
    assert numbers.std().item() == pytest.approx(1.0, abs=0.1)
    assert not torch.equal(steps[0][0], steps[1][0])


def test_the_accountant_keeps_within_epsilon() -> None:
    for epsilon in (1.0, 3.0, 8.0):
        noise = noise_multiplier(PrivateSettings(epsilon=epsilon), 0.05, 200)
        spent = epsilon_spent(noise, 0.05, 200, 1e-5)
        assert 0.9 * epsilon < spent <= epsilon


@pytest.mark.parametrize("trunk", ["t5", "adapter", "frozen"])
def test_private_training_ends_in_a_model_without_losses(
    trunk: Any, make_t5: Any, list_stream: Any
) -> None:
    streams = {"long": list_stream(random_pairs(30)), "cell": list_stream(random_pairs(12, 1))}
    if trunk == "t5":
        model: Any = GenTapModel.from_stock(make_t5())
    else:
        model = CausalModel(causal_toy("llama", 40), AdapterSettings(rank=2, trunk=trunk))
    before = weights(model)
    settings = private(max_steps=2, adapters={"rank": 2, "trunk": "frozen"})
    stats = train_privately(model, streams, settings, padding=0, seed=1, label="finetune").stats
    after = weights(model)
    assert before.keys() == after.keys()
    assert not same(before, after)
    assert stats["history"] == []
    assert stats["last_loss"] is None
    assert stats["private"]["epsilon"] <= 4.0
    assert all(bool(weight.isfinite().all()) for weight in after.values())


def test_merged_adapters_say_the_same(make_t5: Any) -> None:
    model, _ = adapted(make_t5)
    model.eval()
    ids = torch.tensor([[5, 6, 7, 1]])
    given = {"input_ids": ids, "attention_mask": torch.ones_like(ids), "labels": ids}
    hooks = [hook for one in model.modules() for hook in one._forward_hooks.values()]
    adapters = hooks[0].args[0]
    before = model(**given, decoder="cell").logits
    adapters.merge("private", model)
    assert adapters.active == ""
    assert torch.allclose(before, model(**given, decoder="cell").logits, atol=1e-4)


def test_a_whole_trunk_is_refused(list_stream: Any) -> None:
    model = CausalModel(causal_toy("llama", 40), AdapterSettings(rank=2, trunk="whole"))
    streams = {"long": list_stream(random_pairs(6))}
    with pytest.raises(SettingError, match=r"adapters alone, and adapters\.trunk is 'whole'"):
        train_privately(model, streams, private(), padding=0, seed=1, label="finetune")


def test_a_missing_opacus_is_told_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "opacus"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "opacus", None)
    with pytest.raises(SettingError, match=r"needs the package opacus.*gentap\[trust\]"):
        noise_multiplier(PrivateSettings(epsilon=1.0), 0.1, 10)


@pytest.mark.parametrize("epsilon", [0.0, -0.5])
def test_an_epsilon_that_lets_nothing_be_learnt_is_refused(epsilon: float) -> None:
    with pytest.raises(ValueError, match="epsilon must be above 0: at 0 nothing could be learnt"):
        PrivateSettings(epsilon=epsilon)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"dev": ["dev.jsonl"]}, "dev: leave it out"),
        ({"arguments": {"max_grad_norm": 1.0}, "report_to": ["x"]}, "report_to, arguments: leave"),
        ({"ewc": {"data": ["a.jsonl"]}}, "ewc.data: leave it out"),
    ],
)
def test_what_tells_of_examples_can_not_go_with_privacy(given: Any, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        private(**given)
