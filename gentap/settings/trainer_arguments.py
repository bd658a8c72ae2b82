"""The settings of transformers' ``TrainingArguments``, as a recipe or ``--set`` may give them.

All may be given. Those that a setting of ours stands for are taken as that setting; the few that
planned batches and exact resumption leave without meaning are refused with the reason.
"""

import difflib
from collections.abc import Mapping
from typing import Any

OURS = {
    "num_train_epochs": "epochs",
    "max_steps": "max_steps",
    "gradient_accumulation_steps": "accumulate",
    "learning_rate": "learning_rate",
    "weight_decay": "weight_decay",
    "save_steps": "save_every",
    "save_total_limit": "keep_checkpoints",
    "report_to": "report_to",
}
"""Arguments, and the settings that they are taken as."""

ABOVE = {
    "optim": "optimizer",
    "warmup_steps": "warmup",
    "bf16": "precision",
    "fp16": "precision",
}
"""Arguments that count where a setting of ours is given too."""
ADAMS = ("adam_beta1", "adam_beta2", "adam_epsilon", "optim_args")
"""Arguments that Adafactor, as a stage's optimizer, does not read."""
LARGEST = {"dataloader_num_workers": 1024}
"""More than the field's type says; no other argument but those of a negative default is below 0."""

_PLANNED = "batches are planned by length within batch_tokens; set that"
_DEV = "dev metrics are computed from the planned batches of each decoder"
_STAGE = "the stage decides it"
REFUSED = {
    **dict.fromkeys(
        [
            "per_device_train_batch_size",
            "per_device_eval_batch_size",
            "auto_find_batch_size",
            "train_sampling_strategy",
            "length_column_name",
            "dataloader_drop_last",
            "remove_unused_columns",
            "label_names",
        ],
        _PLANNED,
    ),
    **dict.fromkeys(
        [
            "prediction_loss_only",
            "include_for_metrics",
            "batch_eval_metrics",
            "eval_do_concat_batches",
            "eval_use_gather_object",
            "eval_accumulation_steps",
            "bf16_full_eval",
            "fp16_full_eval",
        ],
        _DEV,
    ),
    **dict.fromkeys(["do_train", "do_eval", "do_predict"], _STAGE),
    "output_dir": "checkpoints lie in the stage's folder; choose it with -o",
    "resume_from_checkpoint": "a rerun of the same command goes on from the last good checkpoint",
    "seed": "give --seed, or the recipe's seed",
    "data_seed": "the order of the data depends on the one seed; give --seed",
    "save_only_model": "a training could not go on from such a checkpoint",
    "label_smoothing_factor": "the decoders compute their own losses",
    "disable_tqdm": "progress is our own",
}
"""Arguments that can't be given, and why."""


_AS_GIVEN: Any = {"arbitrary_types_allowed": True, "allow_inf_nan": False}


def take_ours(values: Mapping[str, Any]) -> dict[str, Any]:
    """A stage's settings with the arguments that ours stand for moved to them.

    Raises ValueError where an argument is refused, or said twice.
    """
    if not isinstance(given := values.get("arguments"), Mapping):
        return dict(values)  # none, or no table, as the settings' own check will say
    arguments = dict(given)
    moved = {OURS[name]: arguments.pop(name) for name in OURS if name in arguments}
    for name in moved:
        if name in values:
            raise ValueError(f"{name} is given twice, as itself and in arguments")
    if moved.get("max_steps") == -1:
        moved["max_steps"] = 0
    if isinstance(reports := moved.get("report_to"), str):
        moved["report_to"] = [] if reports == "none" else [reports]
    return {**values, **moved, "arguments": arguments}


def check_arguments(arguments: Mapping[str, Any]) -> None:
    """Raise ValueError for an argument that is unknown, refused or of the wrong type."""
    if not arguments:
        return
    from dataclasses import fields
    from typing import get_type_hints

    from pydantic import TypeAdapter, ValidationError
    from transformers import TrainingArguments

    hints = get_type_hints(TrainingArguments)
    known = {name for name in hints if not name.startswith("_")}
    defaults = {field.name: field.default for field in fields(TrainingArguments)}
    for name, value in arguments.items():
        if name in REFUSED:
            raise ValueError(f"arguments.{name} can't be set: {REFUSED[name]}")
        if name not in known:
            near = difflib.get_close_matches(name, known - REFUSED.keys(), n=1, cutoff=0.6)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            raise ValueError(f"transformers has no training argument '{name}'.{hint}")
        try:
            TypeAdapter(hints[name], config=_AS_GIVEN).validate_python(value, strict=True)
        except ValidationError as error:
            problem = error.errors()[0]["msg"]
            raise ValueError(f"arguments.{name} is {value!r}: {problem}") from None
        if isinstance(value, bool) or not isinstance(value, int | float):
            continue
        default = defaults.get(name)
        may_be_negative = isinstance(default, int | float) and default < 0
        if value < 0 and not may_be_negative:
            raise ValueError(f"arguments.{name} is {value!r}: it can't be below 0")
        if value > LARGEST.get(name, value):
            raise ValueError(f"arguments.{name} is {value!r}: it can't be above {LARGEST[name]}")
