"""A training's arguments tried on one weight, before any work.

transformers, torch and the experiment logs check most of what they are given only when a training
begins. Here they are given it at once: what they refuse is known before a corpus is read.
"""

from collections.abc import Collection
from pathlib import Path
from typing import Any, cast

import torch
from transformers import Trainer, get_scheduler
from transformers.integrations.integration_utils import get_reporting_integration_callbacks
from transformers.trainer_utils import IntervalStrategy

from gentap.errors import SettingError, first_line
from gentap.settings.training_sections import TrainingSettings
from gentap.training.loop.training_arguments import make_arguments, optimizer_of

_STEPS = 100


def try_arguments(settings: TrainingSettings, label: str, measured: Collection[str] = ()) -> None:
    """Raise SettingError for arguments or logs that a training could not begin or end with.

    ``measured`` are the names of its dev metrics; none: it has no dev examples.
    """
    if not settings.arguments and not settings.report_to:
        return  # our own settings are bounded
    total = settings.max_steps or _STEPS
    has_dev = bool(measured)
    arguments = make_arguments(settings, Path(), 1, total, label, has_dev=has_dev)
    if arguments.eval_strategy != IntervalStrategy.NO and not has_dev:
        raise SettingError(f"{label}.arguments: eval_strategy needs dev examples; there are none.")
    best = arguments.metric_for_best_model
    if has_dev and best and best.removeprefix("eval_") not in measured:
        raise SettingError(
            f"{label}.arguments: metric_for_best_model is '{best}', which is not measured. Known "
            f"here: {', '.join(f'eval_{name}' for name in sorted(measured))}."
        )
    if settings.max_steps and arguments.get_warmup_steps(total) > total:
        raise SettingError(
            f"{label}.arguments: warmup_steps ({arguments.warmup_steps:g}) are more than max_steps "
            f"({total:,})."
        )
    model: Any = torch.nn.Linear(2, 2)
    try:
        kind, options = optimizer_of(settings, model) or Trainer.get_optimizer_cls_and_kwargs(
            arguments, model
        )
        optimizer = kind(model.parameters(), **options)
        get_scheduler(
            arguments.lr_scheduler_type,
            optimizer=optimizer,
            num_warmup_steps=arguments.get_warmup_steps(total),
            num_training_steps=total,
            scheduler_specific_kwargs=cast(Any, arguments.lr_scheduler_kwargs),
        )
        reports = [] if arguments.report_to == "none" else arguments.report_to
        for report in get_reporting_integration_callbacks(reports):
            report()
    except (ValueError, TypeError, ImportError, RuntimeError, ArithmeticError) as error:
        raise SettingError(f"{label}.arguments: {first_line(error)}") from error
