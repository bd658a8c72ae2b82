import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from toy_training import random_pairs, same, settings, weights
from transformers import set_seed

from gentap.errors import SettingError, WorkerError
from gentap.model.device import best_device
from gentap.model.network import GenTapModel
from gentap.training.data.batches import StepDataset, plan, split_by_width
from gentap.training.loop import trainer
from gentap.training.loop.trainer import train


@pytest.mark.parametrize("dev", [False, True])
def test_nothing_is_pickled_and_few_checkpoints_are_kept(tmp_path, run, dev: bool) -> None:
    stats, _ = run("out", save_every=1, keep_checkpoints=2, dev=dev)
    files = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert {path.suffix for path in files} == {".safetensors", ".json"}
    steps = {int(path.name.partition("-")[2]) for path in (tmp_path / "out").glob("*/checkpoint-*")}
    newest = {stats["steps"], stats["steps"] - 1}
    assert newest <= steps
    assert len(steps - newest) <= dev


def test_a_step_takes_the_mean_gradient_of_its_micro_batches(
    list_stream, make_t5, tmp_path
) -> None:
    rows = np.random.default_rng(1).integers(3, 40, (12, 16)).tolist()
    streams = {"pairs": list_stream([(row[:10], row[10:]) for row in rows])}
    chosen = settings(accumulate=2, warmup=0, weight_decay=0, batch_tokens=40)
    data = StepDataset(streams, plan(streams, 40, 1, 4), 0)
    count = len(data)
    assert count == 3
    trained, model = make_t5(), make_t5()
    stats = train(trained, streams, None, chosen, tmp_path, padding=0, seed=4, label="writer").stats

    set_seed(4)
    model = model.to(best_device()).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=chosen.learning_rate, weight_decay=0)
    total = 2
    losses = []
    for step in range(total):
        optimizer.param_groups[0]["lr"] = chosen.learning_rate * (1 - step / total)
        group = [data[place] for place in range(2 * step, min(2 * step + 2, count))]
        optimizer.zero_grad()
        mean = sum(
            model(**{name: ids.to(model.device) for name, ids in batch.items()}).loss / len(group)
            for batch in group
        )
        mean.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(mean.item())
    assert stats["steps"] == total
    assert [entry["loss"] for entry in stats["history"]] == pytest.approx(losses, rel=1e-3)
    for name, weight in weights(model).items():
        assert torch.allclose(weights(trained)[name], weight, atol=1e-5), name


def test_statistics_tell_of_steps_examples_and_losses(run: Callable[..., Any]) -> None:
    stats, found = run("out", dev=True, save_every=3)
    assert stats["examples"] == {"long": 30, "cell": 12}
    assert stats["parameters"] == sum(
        weight.numel()
        for name, weight in found.items()
        if "embed_tokens" not in name and "lm_head" not in name
    )
    steps = [entry["step"] for entry in stats["history"] if "loss" in entry]
    assert steps == list(range(1, stats["steps"] + 1))
    losses = [entry["loss"] for entry in stats["history"] if "loss" in entry]
    assert (losses[0], losses[-1]) == (stats["first_loss"], stats["last_loss"])
    dev = [entry["eval_loss"] for entry in stats["history"] if "eval_loss" in entry]
    assert stats["best_dev_loss"] == min(dev)


def test_the_state_of_least_loss_on_dev_is_kept(list_stream, make_t5, tmp_path: Path) -> None:
    # What is learnt for the one input is wrong on dev, the longer the worse.
    streams = {"pairs": list_stream([([5, 6, 1], [7, 8, 9, 1])] * 180)}
    dev = {"pairs": list_stream([([5, 6, 1], [7, 8, 20, 1])])}
    model = make_t5()
    chosen = settings(learning_rate=0.05, batch_tokens=27, keep_checkpoints=1)
    stats = train(model, streams, dev, chosen, tmp_path, padding=0, seed=4, label="finetune").stats
    losses = [entry["eval_loss"] for entry in stats["history"] if "eval_loss" in entry]
    assert len(losses) >= 5
    assert stats["best_dev_loss"] == min(losses) < losses[-1] - 0.1
    batch = StepDataset(dev, plan(dev, 64, 1, 0), 0)[0]
    model.eval()
    with torch.no_grad():
        loss = model(**{name: ids.to(model.device) for name, ids in batch.items()}).loss
    assert loss.item() == pytest.approx(min(losses), rel=1e-3)


def test_steps_come_before_epochs_and_few_of_them_are_told(
    run: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    stats, _ = run("few")
    steps = stats["steps"]
    said = capsys.readouterr().err
    assert f"make {steps} step" in said
    epochs = math.ceil(100 / steps)
    assert f".epochs = {epochs:,} (1 now)" in said
    assert run("more", max_steps=steps + 3)[0]["steps"] == steps + 3
    assert "hardly change" not in capsys.readouterr().err


@pytest.mark.parametrize("max_steps", [3, 64])
def test_a_loss_that_is_no_number_ends_the_training(tmp_path, list_stream, make_t5, max_steps):
    model = make_t5()
    with torch.no_grad():
        model.shared.weight[5] = math.nan
    streams = {"pairs": list_stream([([5, 1], [6, 1])] * 10)}
    chosen = settings(epochs=90, max_steps=max_steps, save_every=1)
    with pytest.raises(WorkerError, match="the loss is nan at step 1") as caught:
        train(model, streams, None, chosen, tmp_path, padding=0, seed=4, label="writer")
    for remedy in ("writer.learning_rate", "precision to fp32", "no checkpoint yet"):
        assert remedy in str(caught.value)
    assert not list(tmp_path.rglob("*.safetensors"))


def test_dev_is_measured_for_each_decoder(run: Callable[..., Any], capsys) -> None:
    stats, _ = run("out", dev=True, save_every=3, dev_answers=2)
    looks = [entry for entry in stats["history"] if "eval_loss" in entry]
    names = {"step", "eval_loss", "eval_long_loss", "eval_cell_loss", "eval_long_exact"}
    assert all(set(entry) == names | {"eval_cell_exact", "eval_long_bleu"} for entry in looks)
    for entry in looks:
        mean = (entry["eval_long_loss"] + entry["eval_cell_loss"]) / 2
        assert entry["eval_loss"] == pytest.approx(mean)
    assert "dev long loss" in capsys.readouterr().err


def test_exact_is_what_a_greedy_search_writes(list_stream, make_t5, tmp_path: Path) -> None:
    # One pair is learnt by heart, of the other two the model has seen one token right.
    pairs = [([5, 6, 1], [7, 8, 9, 1])]
    dev = {"pairs": list_stream([*pairs, ([5, 6, 1], [7, 8, 20, 1]), ([5, 6, 1], [7, 1])])}
    chosen = settings(learning_rate=0.05, batch_tokens=60)
    streams = {"pairs": list_stream(pairs * 400)}
    model = make_t5()
    found = train(model, streams, dev, chosen, tmp_path, padding=0, seed=4, label="writer").stats
    last = [entry for entry in found["history"] if "eval_exact" in entry][-1]
    assert last["eval_exact"] == pytest.approx(100 / 3)
    written = model.generate(torch.tensor([[5, 6, 1]], device=model.device), max_new_tokens=8)
    assert written[0, 1:].tolist()[:4] == [7, 8, 9, 1]


@pytest.mark.parametrize("mix", [{"long": 2, "cell": 1}, {"long": 1, "cell": 3, "masked": 1}])
def test_a_mix_decides_what_a_step_holds(list_stream, make_t5, tmp_path, mix) -> None:
    streams = {name: list_stream(random_pairs(20, seed)) for seed, name in enumerate(mix)}
    steps = plan(streams, 200, 1, 4, mix=mix)
    data = StepDataset(streams, steps, 0)
    for index, step in enumerate(steps):
        sizes = {name: len(indices) for name, indices in step.indices.items()}
        groups = {sizes[name] / mix[name] for name in mix}
        assert len(groups) == 1
        batch = data[index]
        assert len(batch["input_ids"]) == sum(sizes.values())
        assert len(batch["long_labels"]) == sizes["long"]
        assert len(batch["cell_labels"]) == sizes["cell"]
        assert ("masked_labels" in batch) == ("masked" in mix)
    shown = sum(len(step.indices["long"]) for step in steps)
    assert shown >= 20
    model = GenTapModel.from_stock(make_t5())
    chosen = settings(max_steps=2)
    made = train(model, streams, None, chosen, tmp_path, padding=0, seed=4, label="p", mix=mix)
    assert made.stats["steps"] == 2
    assert made.weights is None


def test_a_training_ends_early_without_gain(list_stream, make_t5, tmp_path: Path) -> None:
    streams = {"pairs": list_stream([([5, 6, 1], [7, 8, 9, 1])] * 400)}
    dev = {"pairs": list_stream([([5, 6, 1], [7, 8, 20, 1])])}
    chosen = settings(
        learning_rate=0.05,
        batch_tokens=27,
        arguments={"eval_steps": 2, "save_strategy": "steps"},
        save_every=2,
    )
    common: Any = {"padding": 0, "seed": 4, "label": "f"}
    stats = train(make_t5(), streams, dev, chosen, tmp_path, patience=1, **common).stats
    assert stats["steps"] < 40
    losses = [entry["eval_loss"] for entry in stats["history"] if "eval_loss" in entry]
    assert losses[-1] > min(losses) == losses[-2]


@pytest.mark.parametrize("name", ["patience", "dev_answers"])
def test_what_looks_at_dev_is_refused_without_dev(
    list_stream, make_t5, tmp_path: Path, name: str
) -> None:
    streams = {"pairs": list_stream(random_pairs(4))}
    common: Any = {"padding": 0, "seed": 1, "label": "writer", name: 2}
    with pytest.raises(SettingError, match=rf"writer\.{name} needs dev"):
        train(make_t5(), streams, None, settings(), tmp_path, **common)


def test_arguments_of_transformers_take_effect(run: Callable[..., Any]) -> None:
    plain, wanted = run("plain", max_steps=4)
    same_run, checkpointed = run(
        "checkpointed", max_steps=4, arguments={"gradient_checkpointing": True}
    )
    assert [entry["loss"] for entry in same_run["history"]] == pytest.approx(
        [entry["loss"] for entry in plain["history"]], rel=1e-4
    )
    assert all(torch.allclose(checkpointed[name], wanted[name], atol=1e-4) for name in wanted)
    assert not same(run("clipped", max_steps=4, arguments={"max_grad_norm": 1e-3})[1], wanted)
    assert not same(run("sgd", max_steps=4, arguments={"optim": "sgd"})[1], wanted)


def test_arguments_that_transformers_refuses_end_the_run(run: Callable[..., Any]) -> None:
    with pytest.raises(SettingError, match=r"pretrain\.arguments: .*"):
        run("out", dev=True, arguments={"eval_steps": 7, "save_strategy": "epoch"})


def test_workers_load_the_very_same_batches(list_stream, make_t5, tmp_path: Path) -> None:
    streams = {"pairs": list_stream(random_pairs(20))}
    losses = []
    for workers in (0, 1):
        chosen = settings(arguments={"dataloader_num_workers": workers})
        folder = tmp_path / str(workers)
        stats = train(make_t5(), streams, None, chosen, folder, padding=0, seed=4, label="w").stats
        losses.append([entry["loss"] for entry in stats["history"]])
    assert losses[0] == losses[1]


def test_half_precision_trains_on_this_machine(run: Callable[..., Any]) -> None:
    plain = run("plain", max_steps=6)[0]
    half, found = run("half", max_steps=6, precision="bf16")
    assert half["last_loss"] == pytest.approx(plain["last_loss"], rel=0.05)
    assert half["last_loss"] != plain["last_loss"]
    assert all(weight.dtype == torch.float32 for weight in found.values())


@pytest.mark.slow
def test_a_compiled_model_trains_alike(run: Callable[..., Any]) -> None:
    plain = run("plain", max_steps=3, batch_tokens=400)[0]
    arguments = {"torch_compile": True, "torch_compile_backend": "aot_eager"}
    compiled = run("compiled", max_steps=3, batch_tokens=400, arguments=arguments)[0]
    assert compiled["last_loss"] == pytest.approx(plain["last_loss"], rel=0.05)


def test_parting_a_batch_changes_no_gradient(list_stream, make_t5, tmp_path) -> None:
    streams = {
        "long": list_stream([([5] * size, [6, 7, 1]) for size in range(20, 30)]),
        "cell": list_stream([([8] * size, [9, 1]) for size in range(2, 7)]),
    }
    batch = StepDataset(streams, plan(streams, 200, 1, 4), 0)[0]
    assert len(split_by_width(batch)) == 2
    found = []
    for parted in (True, False):
        with pytest.MonkeyPatch.context() as patch:
            if not parted:
                patch.setattr(trainer, "split_by_width", lambda batch: [dict(batch)])
            model = GenTapModel.from_stock(make_t5())
            # Adam's first steps are signs alone, which rounding turns where a gradient is 0.
            chosen = settings(
                max_steps=3, accumulate=2, batch_tokens=200, arguments={"optim": "sgd"}
            )
            folder = tmp_path / str(parted)
            stats = train(model, streams, None, chosen, folder, padding=0, seed=4, label="p").stats
            found.append((stats, weights(model)))
    losses = [[entry["loss"] for entry in stats["history"]] for stats, _ in found]
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)
    assert all(
        torch.allclose(weight, found[1][1][name], atol=1e-4) for name, weight in found[0][1].items()
    )


@pytest.mark.parametrize(
    ("program", "files"), [("tensorboard", "events.out.tfevents.*"), ("trackio", "*.db")]
)
def test_each_training_of_a_process_logs_in_its_own_folder(
    run: Callable[..., Any], tmp_path, monkeypatch, program: str, files: str
) -> None:
    pytest.importorskip(program)
    for name in ("TENSORBOARD_LOGGING_DIR", "TRACKIO_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "cache"))
    for name in ("first", "second"):
        run(f"{name}/work", max_steps=2, report_to=[program])
        assert list((tmp_path / name / "logs").rglob(files)), name
    written = {path.parents[1] for path in tmp_path.rglob(files)}
    assert {path.relative_to(tmp_path).parts[0] for path in written} == {"first", "second"}


@pytest.mark.parametrize(
    ("program", "variables", "files"),
    [
        ("wandb", {"WANDB_MODE": "offline", "WANDB_DIR": ""}, "run-*.wandb"),
        (
            "mlflow",
            {"MLFLOW_TRACKING_URI": "file:{}/runs", "MLFLOW_ALLOW_FILE_STORE": "true"},
            "metrics/loss",
        ),
    ],
)
def test_programs_that_users_have_are_logged_to(
    run: Callable[..., Any], tmp_path, monkeypatch, program: str, variables, files: str
) -> None:
    pytest.importorskip(program)
    logs = tmp_path / "mine"
    logs.mkdir()
    for name, value in variables.items():
        monkeypatch.setenv(name, value.format(logs) or str(logs))
    monkeypatch.chdir(tmp_path)
    run("out/work", max_steps=2, report_to=[program])
    assert list(logs.rglob(files))


def test_a_folder_of_the_users_own_for_logs_goes_before(
    run: Callable[..., Any], tmp_path, monkeypatch
) -> None:
    pytest.importorskip("tensorboard")
    monkeypatch.setenv("TENSORBOARD_LOGGING_DIR", str(tmp_path / "mine"))
    run("out", max_steps=2, report_to=["tensorboard"])
    assert list((tmp_path / "mine").rglob("events.*"))
    assert not (tmp_path / "logs").exists()
