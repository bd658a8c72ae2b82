from typing import Any

import pytest

from gentap.settings.recipe import Recipe, merge
from gentap.settings.sections import Settings
from gentap.settings.without_effect import NEEDS, without_effect


@pytest.mark.parametrize(
    ("section", "idle", "turned_on"),
    [
        ("base", {"lookup_batch_tokens": 512, "lookup_steps": 0}, {"lookup_steps": 5}),
        ("base", {"hidden_cells": 0.3}, {"table_share": 0.1}),
        ("base", {"noise": 0.3, "table_share": 0.4}, {"table_share": 0.1}),
        ("base", {"mean_span": 2.0, "table_share": 0.4}, {"table_share": 0.1}),
        ("base", {"epochs": 2.0, "checkpoint": "t5-small"}, {"checkpoint": ""}),
        ("writer", {"dev_beams": 2, "held_out": 0.0}, {"held_out": 0.1}),
        ("writer", {"max_answer_words": 4}, {"data": ["a.json"]}),
        ("write", {"top_p": 0.5}, {"temperature": 0.7}),
        ("write", {"threads": 2}, {"backend": "ctranslate2"}),
        ("write", {"precision": "fp32", "backend": "ctranslate2"}, {"backend": "transformers"}),
        ("write", {"filters": {"min_overlap": 0.1}}, {"filters": {"round_trip": "model"}}),
        ("write", {"filters": {"round_trips": 1}}, {"filters": {"round_trip": "model"}}),
        ("pretrain", {"hidden_cells": 0.3}, {"mix": {"masked": 1}}),
        ("pretrain", {"warmup": 0.1, "arguments": {"warmup_steps": 5}}, {"arguments": {}}),
        ("finetune", {"optimizer": "adamw", "arguments": {"optim": "sgd"}}, {"arguments": {}}),
        ("pretrain", {"arguments": {"adam_beta2": 0.98}}, {"optimizer": "adamw"}),
        ("evaluate", {"length_penalty": 2.0, "beams": 1}, {"beams": 2}),
        ("evaluate", {"tune_questions": 5}, {"tune_length": ["dev.jsonl"]}),
        ("evaluate", {"judge": {"model": "m"}}, {"judge": {"address": "http://127.0.0.1:9/v1"}}),
        ("evaluate", {"constrain_cells": True, "decoder": "long"}, {"decoder": "auto"}),
        ("", {"finetunings": 2}, {"finetune": {"train": ["a.jsonl"]}}),
    ],
)  # fmt: skip
def test_what_another_setting_turns_off_is_told(
    section: str, idle: dict[str, Any], turned_on: dict[str, Any]
) -> None:
    def told(values: dict[str, Any]) -> list[str]:
        whole = {section: values} if section else values
        return list(without_effect(Recipe(output="out", **whole)))

    changed = turned_on if turned_on.get("arguments") == {} else merge(idle, turned_on)
    (line,) = told(idle)
    name = next(iter(idle))
    if isinstance(idle[name], dict):
        name = f"{name}.{next(iter(idle[name]))}"
    assert line.startswith(f"{section}.{name}".strip("."))
    assert "no effect" in line
    assert told(changed) == []


def test_defaults_are_never_told() -> None:
    assert list(without_effect(Recipe(output="out"))) == []


def test_the_table_names_settings_that_there_are() -> None:
    for kind, rules in NEEDS.items():
        assert issubclass(kind, Settings)
        assert {name for name, _, _ in rules} <= set(kind.model_fields)
