"""A stage's settings as transformers' ``TrainingArguments``."""

from pathlib import Path
from typing import Any

from transformers import Adafactor, TrainingArguments
from transformers.trainer_utils import IntervalStrategy

from gentap.errors import SettingError
from gentap.model.device import best_device, use_bf16
from gentap.settings.training_sections import TrainingSettings

_DEV_EVALUATIONS = 5


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
        raise SettingError(f"{label}.arguments: {error}") from error
    arguments._n_gpu = min(arguments._n_gpu, 1)  # a launcher's processes share steps, no threads
    return arguments


def optimizer_of(settings: TrainingSettings) -> tuple[type, dict[str, Any]] | None:
    """Adafactor as T5 was trained with (Shazeer and Stern 2018, steps relative to the weights'
    size); None: as the arguments say, AdamW where they say nothing."""
    if settings.optimizer == "adamw" or "optim" in settings.arguments:
        return None
    kwargs = {
        "lr": settings.learning_rate,
        "scale_parameter": True,
        "relative_step": False,
        "warmup_init": False,
    }
    return Adafactor, kwargs
