"""One trainer for every stage that trains, on transformers' own.

What is ours: steps planned ahead (equal numbers of each stream, like lengths together), checkpoints
without pickle that count only when complete, exact resumption, progress, and clear ends.
"""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import torch
from torch.utils.data import DataLoader
from transformers import Adafactor, Trainer, TrainerCallback, TrainingArguments, set_seed
from transformers.trainer_callback import PrinterCallback
from transformers.trainer_utils import IntervalStrategy

from gentap.errors import WorkerError
from gentap.model.device import best_device, use_bf16
from gentap.runner import Progress
from gentap.settings import TrainingSettings
from gentap.training.batches import StepDataset, plan
from gentap.training.checkpoint import (
    drop_old,
    latest_checkpoint,
    load_optimizer,
    load_random,
    mark_complete,
    save_optimizer,
    save_random,
)
from gentap.training.streams import Stream

_DEV_EVALUATIONS = 5
CHECKPOINTS = "checkpoints"


def train(
    model: Any,
    streams: Mapping[str, Stream],
    dev_streams: Mapping[str, Stream] | None,
    settings: TrainingSettings,
    folder: Path,
    *,
    padding: int,
    seed: int,
    label: str,
) -> dict[str, Any]:
    """Train ``model`` in place and return the statistics of the training.

    With ``dev_streams`` the state of least loss on them is kept, else the last. Checkpoints are
    written below ``folder``; a rerun goes on from the last complete one, with the losses, order
    and weights of an undisturbed run.
    """
    steps = plan(
        streams,
        settings.batch_tokens,
        settings.epochs,
        seed,
        limit=settings.max_steps * settings.accumulate,
    )
    total = math.ceil(len(steps) / settings.accumulate)
    every = settings.save_every
    if dev_streams:
        every = min(every, max(1, total // _DEV_EVALUATIONS))
    model.accepts_loss_kwargs = False
    trainer = _StepTrainer(
        model=model,
        args=_arguments(settings, folder, seed, total, every, bool(dev_streams)),
        keep=settings.keep_checkpoints,
        optimizers=(_optimizer(model.to(best_device()), settings), None),
        train_dataset=StepDataset(streams, steps, padding),
        eval_dataset=_dev_dataset(dev_streams, settings, padding) if dev_streams else None,
        callbacks=[_Report(label, total)],
    )
    trainer.remove_callback(PrinterCallback)
    checkpoint = latest_checkpoint(folder / CHECKPOINTS)
    set_seed(seed)
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    return _statistics(trainer, streams, steps_taken=total)


def _optimizer(model: Any, settings: TrainingSettings) -> torch.optim.Optimizer:
    """Adafactor as T5 was trained with (Shazeer and Stern 2018, steps relative to the weights'
    size), or AdamW."""
    rate, decay = settings.learning_rate, settings.weight_decay
    if settings.optimizer == "adamw":
        return torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=decay)
    return Adafactor(
        model.parameters(),
        lr=rate,
        weight_decay=decay,
        scale_parameter=True,
        relative_step=False,
        warmup_init=False,
    )


def _dev_dataset(
    streams: Mapping[str, Stream], settings: TrainingSettings, padding: int
) -> StepDataset:
    return StepDataset(streams, plan(streams, settings.batch_tokens, 1.0, seed=0), padding)


def _arguments(
    settings: TrainingSettings, folder: Path, seed: int, total: int, every: int, has_dev: bool
) -> TrainingArguments:
    on_steps = IntervalStrategy.STEPS
    return TrainingArguments(
        output_dir=str(folder / CHECKPOINTS),
        max_steps=total,
        gradient_accumulation_steps=settings.accumulate,
        learning_rate=settings.learning_rate,
        lr_scheduler_type="linear",
        warmup_steps=round(settings.warmup * total),
        weight_decay=settings.weight_decay,
        bf16=use_bf16(settings.precision),
        use_cpu=best_device().type == "cpu",
        seed=seed,
        save_strategy=on_steps,
        save_steps=every,
        eval_strategy=on_steps if has_dev else IntervalStrategy.NO,
        eval_steps=every if has_dev else None,
        load_best_model_at_end=has_dev,
        metric_for_best_model="eval_loss" if has_dev else None,
        greater_is_better=False if has_dev else None,
        prediction_loss_only=True,
        logging_strategy=on_steps,
        logging_steps=max(1, min(50, total // 20)),
        logging_nan_inf_filter=False,
        disable_tqdm=True,
        report_to=settings.report_to or "none",
        remove_unused_columns=False,
        dataloader_pin_memory=False,
    )


def _statistics(
    trainer: "_StepTrainer", streams: Mapping[str, Stream], steps_taken: int
) -> dict[str, Any]:
    history = trainer.state.log_history
    losses = [entry["loss"] for entry in history if "loss" in entry]
    dev = [entry["eval_loss"] for entry in history if "eval_loss" in entry]
    return {
        "steps": steps_taken,
        "examples": {name: len(stream) for name, stream in streams.items()},
        "first_loss": losses[0] if losses else None,
        "last_loss": losses[-1] if losses else None,
        "best_dev_loss": min(dev) if dev else None,
        "parameters": trainer.network.num_parameters(),
        "history": [
            {name: entry[name] for name in ("step", "loss", "eval_loss") if name in entry}
            for entry in history
            if "loss" in entry or "eval_loss" in entry
        ],
    }


def _only(batch: list[dict[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
    return batch[0]


class _StepTrainer(Trainer):
    """Trainer over planned steps: each item of the data set is a whole micro-batch."""

    def __init__(self, *, keep: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._keep = keep

    @property
    def network(self) -> Any:
        return self.model

    def get_train_dataloader(self) -> DataLoader[Any]:
        steps = cast(StepDataset, self.train_dataset)
        loader: DataLoader[Any] = DataLoader(steps, batch_size=1, collate_fn=_only)
        prepared: DataLoader[Any] = self.accelerator.prepare(loader)
        return prepared

    def get_eval_dataloader(self, eval_dataset: Any = None) -> DataLoader[Any]:
        steps = cast(StepDataset, self.eval_dataset if eval_dataset is None else eval_dataset)
        loader: DataLoader[Any] = DataLoader(steps, batch_size=1, collate_fn=_only)
        prepared: DataLoader[Any] = self.accelerator.prepare(loader)
        return prepared

    def prediction_step(
        self, model: Any, inputs: Any, prediction_loss_only: bool, ignore_keys: Any = None
    ) -> tuple[torch.Tensor, None, None]:
        with torch.no_grad(), self.compute_loss_context_manager():
            loss = model(**self._prepare_inputs(inputs)).loss
        return loss.detach().mean(), None, None

    def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:
        self.network.save_pretrained(output_dir or CHECKPOINTS, state_dict=state_dict)

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        super()._save_checkpoint(model, trial)
        folder = Path(self.args.output_dir or CHECKPOINTS)
        checkpoint = folder / f"checkpoint-{self.state.global_step}"
        if self.args.should_save and checkpoint.is_dir():
            mark_complete(checkpoint)
            best = self.state.best_model_checkpoint
            drop_old(checkpoint.parent, self._keep, Path(best) if best else None)

    def _save_optimizer_and_scheduler(self, output_dir: str) -> None:
        if self.is_fsdp_enabled or self.is_deepspeed_enabled:
            super()._save_optimizer_and_scheduler(output_dir)
        elif self.args.should_save:
            save_optimizer(Path(output_dir), self.optimizer, self.lr_scheduler)

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        if checkpoint is None:
            return
        if self.is_fsdp_enabled or self.is_deepspeed_enabled:
            super()._load_optimizer_and_scheduler(checkpoint)
        else:
            load_optimizer(Path(checkpoint), self.optimizer, self.lr_scheduler)

    def _save_rng_state(self, output_dir: str) -> None:
        if self.args.should_save:
            save_random(Path(output_dir))

    def _load_rng_state(self, checkpoint: str | None) -> None:
        if checkpoint is not None:
            load_random(Path(checkpoint))


class _Report(TrainerCallback):
    """Progress with rate and time left; ends a training whose loss is no number."""

    def __init__(self, label: str, total: int) -> None:
        self._progress = Progress(label, total, "steps")
        self._label = label

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self._progress.skip(state.global_step)

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self._progress.advance()
        # No checkpoint without a look at the loss; and a resumed run logs at the very same steps.
        control.should_log |= control.should_save

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
        loss = (logs or {}).get("loss")
        if loss is not None:
            self._progress.note = f"loss {loss:.3f}"
            if not math.isfinite(loss):
                raise WorkerError(
                    f"{self._label}: the loss is {loss} at step {state.global_step}. Lower "
                    f"{self._label}.learning_rate or set precision to fp32; checkpoints are in "
                    f"{args.output_dir}."
                )
