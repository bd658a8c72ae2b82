"""A stage's settings as transformers' ``TrainingArguments``."""

from pathlib import Path
from typing import Any

import torch
from transformers import Adafactor, TrainingArguments
from transformers.trainer_utils import IntervalStrategy

from gentap.errors import SettingError
from gentap.model.causal import CausalModel
from gentap.model.device import best_device, use_bf16
from gentap.settings.training_sections import AdaptedSettings, TrainingSettings

_DEV_EVALUATIONS = 5
_MOMENTUM = 0.9


def make_arguments(
    settings: TrainingSettings,
    folder: Path,
    seed: int,
    total: int,
    label: str,
    *,
    has_dev: bool = False,
    keep_best: bool = True,
) -> TrainingArguments:
    """The arguments of a training of ``total`` steps; those given in the settings come last.

    Raises SettingError where transformers refuses them.
    """
    on_steps = IntervalStrategy.STEPS
    every = settings.save_every
    if has_dev:
        every = min(every, max(1, total // _DEV_EVALUATIONS))
    ours: dict[str, Any] = {
        "output_dir": str(folder),
        "max_steps": total,
        "gradient_accumulation_steps": settings.accumulate,
        "learning_rate": settings.learning_rate,
        "lr_scheduler_type": "linear",
        "warmup_steps": round(settings.warmup * total),
        "weight_decay": settings.weight_decay,
        "bf16": use_bf16(settings.precision) and not settings.arguments.get("fp16"),
        "use_cpu": best_device().type == "cpu",
        "seed": seed,
        "save_strategy": on_steps,
        "save_steps": every,
        "eval_strategy": on_steps if has_dev else IntervalStrategy.NO,
        "eval_steps": every if has_dev else None,
        "load_best_model_at_end": has_dev and keep_best,
        "metric_for_best_model": "eval_loss" if has_dev and keep_best else None,
        "logging_strategy": on_steps,
        "logging_steps": max(1, min(50, total // 20)),
        "logging_nan_inf_filter": False,
        "restore_callback_states_from_checkpoint": True,
        "disable_tqdm": True,
        "report_to": settings.report_to or "none",
        "remove_unused_columns": False,
        "dataloader_pin_memory": False,
    }
    try:
        arguments = TrainingArguments(**{**ours, **settings.arguments})
        _ = arguments.device
    except (ValueError, TypeError, ImportError, RuntimeError, OSError) as error:
        raise SettingError(f"{label}.arguments: {' '.join(str(error).split())}") from error
    arguments._n_gpu = min(arguments._n_gpu, 1)  # a launcher's processes share steps, no threads
    return arguments


def optimizer_of(settings: TrainingSettings, model: Any) -> tuple[type, dict[str, Any]] | None:
    """Adafactor as T5 was trained with (Shazeer and Stern 2018, steps relative to the weights'
    size), or AdamW; None: as the arguments say, and in any case for a model without adapters.

    Adapters have a rate of their own, which no optimizer takes relative to their size: they begin
    at zero.
    """
    if "optim" in settings.arguments:
        return None
    adafactor = {"scale_parameter": True, "relative_step": False, "warmup_init": False}
    own = adafactor if settings.optimizer == "adafactor" else {}
    kind = Adafactor if settings.optimizer == "adafactor" else torch.optim.AdamW
    kwargs: dict[str, Any] = {"lr": settings.learning_rate, **own}
    if isinstance(model, CausalModel) and isinstance(settings, AdaptedSettings):
        kwargs["params"] = _groups(settings, model)
    elif not own:
        return None
    return kind, kwargs


def _groups(settings: AdaptedSettings, model: CausalModel) -> list[dict[str, Any]]:
    """The trunk's matrices and vectors, and the adapters, each with its rate and decay."""
    trunk = [weight for weight in model.trunk.parameters() if weight.requires_grad]
    adapters: dict[str, Any] = {
        "params": list(model.adapters.parameters()),
        "lr": settings.adapters.learning_rate,
        "weight_decay": settings.weight_decay,
    }
    if settings.optimizer == "adafactor":
        adapters |= {"scale_parameter": False, "beta1": _MOMENTUM}
    groups = [
        {"params": [one for one in trunk if one.ndim > 1], "weight_decay": settings.weight_decay},
        {"params": [one for one in trunk if one.ndim < 2], "weight_decay": 0.0},
        adapters,
    ]
    return [group for group in groups if group["params"]]
