"""One trainer for every stage that trains, on transformers' own.

What is ours: steps planned ahead (the streams in their proportion, like lengths together), whole
checkpoints without pickle, exact resumption, dev metrics of each decoder, and clear ends.
"""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, cast

import torch
from torch.utils.data import DataLoader
from transformers import EarlyStoppingCallback, Trainer, set_seed
from transformers.trainer_callback import PrinterCallback
from transformers.utils import logging

from gentap.errors import SettingError
from gentap.model.causal import CausalModel
from gentap.runs.console import say
from gentap.runs.counting import counted
from gentap.settings.training_sections import TrainingSettings
from gentap.training.data.batches import StepDataset, plan, split_by_width
from gentap.training.data.streams import Stream
from gentap.training.loop.checkpoint import (
    drop_old,
    latest_checkpoint,
    load_optimizer,
    load_random,
    publish,
    save_optimizer,
    save_random,
    staging_folder,
)
from gentap.training.loop.consolidation import Consolidation
from gentap.training.loop.dev_metrics import Dev
from gentap.training.loop.experiment_logs import logs_in
from gentap.training.loop.failures import explained_failures
from gentap.training.loop.processes import is_main, main_first, process_count, starts_alone
from gentap.training.loop.progress import TrainingProgress
from gentap.training.loop.sharded import (
    full_optimizer_state,
    load_full_model,
    load_full_optimizer,
)
from gentap.training.loop.training_arguments import make_arguments, optimizer_of

CHECKPOINTS = "checkpoints"
LOGS = "logs"
FEW_STEPS, ENOUGH_STEPS = 20, 100
Batch = dict[str, torch.Tensor]


class Trained(NamedTuple):
    """Statistics of a training, and the weights where the model holds only a part of them."""

    stats: dict[str, Any]
    weights: dict[str, torch.Tensor] | None


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
    command: str = "",
    mix: Mapping[str, int] | None = None,
    keep_best: bool = True,
    patience: int = 0,
    dev_answers: int = 0,
    hold: Consolidation | None = None,
) -> Trained:
    """Train ``model`` in place, on the streams in the proportion ``mix`` (equal numbers: None).

    With ``dev_streams`` the state of least loss on them is kept; else, or without ``keep_best``,
    the last. ``patience`` looks at them without gain end the training; ``dev_answers`` answers are
    written at each. Checkpoints are written below ``folder``; a rerun goes on from the last whole
    one, with the losses, order and weights of an undisturbed run. ``hold`` keeps the weights near
    what they were. Several processes share each step. ``label`` is the settings' section, and what
    is said begins with the ``command``, where that has another name. Raises SettingError where
    there are too few batches for the processes, or no dev to look at.
    """
    if (patience or dev_answers) and not dev_streams:
        name = "patience" if patience else "dev_answers"
        raise SettingError(f"{label}.{name} needs dev examples to look at, and there are none.")
    if starts_alone():
        say(
            f"{label}: `accelerate launch` was asked for several processes and started one, for on "
            "CPUs it starts more through MPI alone. To train with two, type `torchrun "
            "--nproc-per-node 2 -m gentap.cli …` instead."
        )
    group = settings.accumulate * process_count()
    steps = plan(
        streams,
        settings.batch_tokens,
        math.inf if settings.max_steps else settings.epochs,
        seed,
        limit=settings.max_steps * group,
        mix=mix,
    )
    steps = steps[: max(1, len(steps) // process_count()) * process_count()]
    if len(steps) < process_count():
        raise SettingError(
            f"{label}: {len(steps)} batches can't be shared by {process_count()} processes. Lower "
            f"{label}.batch_tokens, or start fewer processes."
        )
    total = math.ceil(len(steps) / group)
    if total < FEW_STEPS and not settings.max_steps:
        say(_few_steps(label, total, sum(map(len, streams.values())), settings))
    model.accepts_loss_kwargs = False
    callbacks: list[Any] = [TrainingProgress(label, total, folder / CHECKPOINTS, command)]
    if patience:
        callbacks.append(EarlyStoppingCallback(early_stopping_patience=patience))
    dev = _dev(dev_streams, settings, padding, dev_answers) if dev_streams else None
    arguments = make_arguments(
        settings,
        folder / CHECKPOINTS,
        seed,
        total,
        label,
        has_dev=dev is not None,
        keep_best=keep_best,
    )
    with logs_in(folder.parent / LOGS):
        trainer = PlannedTrainer(
            model=model,
            args=arguments,
            keep=settings.keep_checkpoints,
            dev=dev,
            hold=hold,
            optimizer_cls_and_kwargs=optimizer_of(settings, model),
            train_dataset=StepDataset(streams, steps, padding),
            callbacks=callbacks,
        )
        trainer.remove_callback(PrinterCallback)
        if hold is not None and (trainer.is_fsdp_enabled or trainer.is_deepspeed_enabled):
            raise SettingError(
                f"{label}.ewc holds whole weights, and each process has a part of them only. Train "
                "without FSDP and DeepSpeed."
            )
        logging.disable_progress_bar()  # a bar for each checkpoint would break our lines
        with main_first():
            checkpoint = latest_checkpoint(folder / CHECKPOINTS, say)
        set_seed(seed + trainer.args.process_index)
        with explained_failures(label, folder / CHECKPOINTS, trainer.batch):
            trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    return Trained(_statistics(trainer, streams), trainer.gathered_weights())


def _few_steps(label: str, steps: int, examples: int, settings: TrainingSettings) -> str:
    """What to do where so few steps hardly change a model."""
    epochs = math.ceil(settings.epochs * ENOUGH_STEPS / steps)
    return (
        f"{label}: {counted(examples, 'example')} {'makes' if examples == 1 else 'make'} "
        f"{counted(steps, 'step')} only, which "
        f"hardly change a model. For about {ENOUGH_STEPS} of them give {label}.epochs = {epochs:,} "
        f"({settings.epochs:g} now), or a smaller {label}.batch_tokens ({settings.batch_tokens:,} "
        "now) for more steps in an epoch."
    )


def _dev(
    streams: Mapping[str, Stream], settings: TrainingSettings, padding: int, answers: int
) -> Dev:
    batches = {
        name: StepDataset(
            {name: stream}, plan({name: stream}, settings.batch_tokens, 1.0, seed=0), padding
        )
        for name, stream in streams.items()
    }
    return Dev(batches, answers)


def _statistics(trainer: "PlannedTrainer", streams: Mapping[str, Stream]) -> dict[str, Any]:
    kept = ("step", "loss")
    history = [
        # sorted, for a resumed training reads the entries before it in another order
        {name: entry[name] for name in sorted(entry) if name in kept or name[:5] == "eval_"}
        for entry in trainer.state.log_history
        if "loss" in entry or "eval_loss" in entry
    ]
    losses = [entry["loss"] for entry in history if "loss" in entry]
    dev = [entry["eval_loss"] for entry in history if "eval_loss" in entry]
    return {
        "steps": trainer.state.global_step,
        "examples": {name: len(stream) for name, stream in streams.items()},
        "first_loss": losses[0] if losses else None,
        "last_loss": losses[-1] if losses else None,
        "best_dev_loss": min(dev) if dev else None,
        "parameters": trainer.parameter_count,
        "history": history,
    }


def _only(batch: list[Batch]) -> Batch:
    return batch[0]


class PlannedTrainer(Trainer):
    """Trainer over planned steps: each item of the data set is a whole micro-batch."""

    def __init__(
        self, *, keep: int, dev: Dev | None, hold: Consolidation | None = None, **kwargs: Any
    ) -> None:
        super().__init__(eval_dataset=kwargs["train_dataset"] if dev else None, **kwargs)
        self.batch: Batch = {}
        self.parameter_count = cast(Any, self.model).num_parameters()
        self._keep, self._dev, self._hold = keep, dev, hold
        self._writing = False

    def get_train_dataloader(self) -> DataLoader[Any]:
        args = self.args
        loader: DataLoader[Any] = DataLoader(
            cast(StepDataset, self.train_dataset),
            batch_size=1,
            collate_fn=_only,
            num_workers=args.dataloader_num_workers,
            pin_memory=args.dataloader_pin_memory and torch.cuda.is_available(),
            persistent_workers=args.dataloader_persistent_workers,
            prefetch_factor=args.dataloader_prefetch_factor,
        )
        prepared: DataLoader[Any] = self.accelerator.prepare(loader)
        return prepared

    def training_step(self, model: Any, inputs: Batch, *args: Any, **kwargs: Any) -> torch.Tensor:
        self.batch.clear()
        self.batch.update(inputs)
        *others, last = split_by_width(inputs)
        self.current_gradient_accumulation_steps *= len(others) + 1
        losses = []
        for part in others:
            with self.accelerator.no_sync(model):
                losses.append(super().training_step(model, part, *args, **kwargs))
        losses.append(super().training_step(model, last, *args, **kwargs))
        self.current_gradient_accumulation_steps //= len(losses)
        if self._hold is not None:
            self._hold.add_gradient(1 / self.current_gradient_accumulation_steps)
        return torch.stack(losses).sum()

    def evaluate(
        self, eval_dataset: Any = None, ignore_keys: Any = None, metric_key_prefix: str = "eval"
    ) -> dict[str, float]:
        assert self._dev is not None
        measured = self._dev.measure(self.model, self.accelerator)
        metrics = {f"{metric_key_prefix}_{name}": value for name, value in measured.items()}
        self.log(dict(metrics))
        self.control = self.callback_handler.on_evaluate(
            self.args, self.state, self.control, metrics
        )
        return metrics

    def _get_output_dir(self, trial: Any) -> str:
        folder = self._folder
        return str(staging_folder(folder) if self._writing else folder)

    @property
    def _folder(self) -> Path:
        return Path(self.args.output_dir or CHECKPOINTS)

    @property
    def _in_parts(self) -> bool:
        """Whether each process holds a part of the model only."""
        return bool(self.is_fsdp_enabled)

    def save_model(self, output_dir: str | None = None, _internal_call: bool = False) -> None:
        if self._in_parts:
            self._save(output_dir, self.accelerator.get_state_dict(self.model))
        else:
            super().save_model(output_dir, _internal_call)

    def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:
        if is_main():
            network: Any = self.accelerator.unwrap_model(self.model, keep_torch_compile=False)
            network.save_pretrained(output_dir or CHECKPOINTS, state_dict=state_dict)

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        written = staging_folder(self._folder) / f"checkpoint-{self.state.global_step}"
        final = self._folder / written.name
        written.mkdir(parents=True, exist_ok=True)
        self.accelerator.wait_for_everyone()
        self._writing = True
        try:
            super()._save_checkpoint(model, trial)
        finally:
            self._writing = False
        if self.state.best_model_checkpoint == str(written):
            self.state.best_model_checkpoint = str(final)
        self.accelerator.wait_for_everyone()
        if is_main():
            self.state.save_to_json(str(written / "trainer_state.json"))
            publish(written, self._folder)
            best = self.state.best_model_checkpoint
            drop_old(self._folder, self._keep, Path(best) if best else None)
        self.accelerator.wait_for_everyone()

    def _save_optimizer_and_scheduler(self, output_dir: str) -> None:
        if self.is_deepspeed_enabled:
            super()._save_optimizer_and_scheduler(output_dir)
            return
        state = (
            full_optimizer_state(self.model, self.optimizer)
            if self._in_parts
            else cast(Any, self.optimizer).state_dict()
        )
        if is_main():
            save_optimizer(Path(output_dir), state, self.lr_scheduler)

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        if checkpoint is None:
            return
        if self.is_deepspeed_enabled:
            super()._load_optimizer_and_scheduler(checkpoint)
            return
        state = load_optimizer(Path(checkpoint), self.lr_scheduler)
        if self._in_parts:
            load_full_optimizer(self.model, self.optimizer, state)
        else:
            cast(Any, self.optimizer).load_state_dict(state)

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        network: Any = self.accelerator.unwrap_model(self.model, keep_torch_compile=False)
        if isinstance(network, CausalModel):
            network.load_saved(Path(resume_from_checkpoint))
        elif self._in_parts:
            load_full_model(self.model, Path(resume_from_checkpoint))
        else:
            super()._load_from_checkpoint(resume_from_checkpoint, model)

    def _issue_warnings_after_load(self, load_result: Any) -> None:
        """Nothing: whole checkpoints lack the tied weights alone."""

    def _load_best_model(self) -> None:
        best = self.state.best_model_checkpoint
        network: Any = self.accelerator.unwrap_model(self.model, keep_torch_compile=False)
        if isinstance(network, CausalModel) and best:
            network.load_saved(Path(best))
        elif self._in_parts and best:
            load_full_model(self.model, Path(best))
        else:
            super()._load_best_model()

    def _save_rng_state(self, output_dir: str) -> None:
        save_random(Path(output_dir), self.args.process_index)

    def _load_rng_state(self, checkpoint: str | None) -> None:
        if checkpoint is not None:
            load_random(Path(checkpoint), self.args.process_index)

    def gathered_weights(self) -> dict[str, torch.Tensor] | None:
        """All weights, in the main process, where each holds a part of them; None elsewhere."""
        if not (self._in_parts or self.is_deepspeed_enabled):
            return None
        state: dict[str, torch.Tensor] = self.accelerator.get_state_dict(self.model_wrapped)
        return state
