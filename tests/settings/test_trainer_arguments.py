from typing import Any

import pytest

from gentap.errors import SettingError
from gentap.settings.recipe import load_recipe, make_settings, parse_assignments
from gentap.settings.trainer_arguments import OURS, REFUSED
from gentap.settings.training_sections import FinetuneSettings, PretrainSettings, TrainingSettings


def settings(*assignments: str) -> TrainingSettings:
    made: TrainingSettings = make_settings(
        TrainingSettings, parse_assignments(assignments), "pretrain"
    )
    return made


def test_arguments_come_from_the_command_line_and_the_recipe(tmp_path) -> None:
    given = settings("arguments.max_grad_norm=0.5", "arguments.lr_scheduler_type=cosine")
    assert given.arguments == {"max_grad_norm": 0.5, "lr_scheduler_type": "cosine"}
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(
        'output = "out"\n[pretrain.arguments]\ngradient_checkpointing = true\nmax_steps = 7\n'
    )
    pretrain = load_recipe(recipe).pretrain
    assert pretrain.arguments == {"gradient_checkpointing": True}
    assert pretrain.max_steps == 7


@pytest.mark.parametrize(
    ("argument", "value", "ours", "taken"),
    [
        ("num_train_epochs", 2.5, "epochs", 2.5),
        ("max_steps", -1, "max_steps", 0),
        ("gradient_accumulation_steps", 4, "accumulate", 4),
        ("learning_rate", 0.1, "learning_rate", 0.1),
        ("weight_decay", 0.2, "weight_decay", 0.2),
        ("save_steps", 50, "save_every", 50),
        ("save_total_limit", 3, "keep_checkpoints", 3),
        ("report_to", "tensorboard", "report_to", ["tensorboard"]),
        ("report_to", "none", "report_to", []),
        ("report_to", ["trackio"], "report_to", ["trackio"]),
    ],
)
def test_arguments_that_a_setting_stands_for_are_taken_as_it(argument, value, ours, taken) -> None:
    assert argument in OURS
    made = TrainingSettings(arguments={argument: value})
    assert getattr(made, ours) == taken
    assert made.arguments == {}
    with pytest.raises(ValueError, match="given twice"):
        TrainingSettings(**{ours: taken, "arguments": {argument: value}})


@pytest.mark.parametrize(
    ("assignment", "said"),
    [
        ("arguments.max_grad_nrm=1.0", "no training argument 'max_grad_nrm'.*'max_grad_norm'"),
        ("arguments.max_grad_norm=much", "max_grad_norm is 'much'.*valid number"),
        ("arguments.per_device_train_batch_size=8", "batch_tokens"),
        ("arguments.seed=3", "--seed"),
        ("arguments.output_dir=x", "-o"),
        ("arguments.num_train_epochs=0", "epochs"),
        ("arguments.zzz=1", "no training argument 'zzz'"),
    ],
)
def test_a_wrong_argument_is_refused_before_any_work(assignment: str, said: str) -> None:
    with pytest.raises(SettingError, match=said):
        settings(assignment)


def test_every_other_argument_of_transformers_is_known() -> None:
    from dataclasses import fields

    from transformers import TrainingArguments

    known = {field.name for field in fields(TrainingArguments)}
    assert set(OURS) | set(REFUSED) <= known | {"data_seed"}
    defaults: dict[str, Any] = {
        field.name: getattr(TrainingArguments(output_dir="x", use_cpu=True), field.name)
        for field in fields(TrainingArguments)
        if field.name in ("max_grad_norm", "adam_beta2", "torch_compile", "neftune_noise_alpha")
    }
    assert TrainingSettings(arguments=defaults).arguments == defaults


def test_a_table_of_arguments_is_merged_with_the_recipes(tmp_path) -> None:
    from gentap.commands.options import stage_settings

    recipe = tmp_path / "recipe.toml"
    recipe.write_text('output = "out"\n[finetune.arguments]\nadam_beta2 = 0.9\n')
    made = stage_settings(
        FinetuneSettings, "finetune", recipe, ["arguments.max_grad_norm=2.0", "epochs=9"]
    )
    assert made.arguments == {"adam_beta2": 0.9, "max_grad_norm": 2.0}
    assert made.epochs == 9


@pytest.mark.parametrize("assignment", ["mix.long", ".long=1", "mix.=1", "=1"])
def test_a_malformed_assignment_is_refused(assignment: str) -> None:
    with pytest.raises(SettingError, match="name=value"):
        parse_assignments([assignment])


def test_a_mix_of_nothing_is_refused() -> None:
    with pytest.raises(SettingError, match="mix of nothing"):
        make_settings(PretrainSettings, {"mix": {"long": 0, "cell": 0}}, "pretrain")
