"""Progress with rate and time left; the end of a training whose loss is no number."""

import math
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

from gentap.errors import WorkerError
from gentap.runs.console import say
from gentap.runs.runner import Progress
from gentap.training.loop.failures import last_good
from gentap.training.loop.processes import is_main


class TrainingProgress(TrainerCallback):
    """Shows steps, their rate, the time left and the losses, in the main process."""

    def __init__(self, label: str, total: int, folder: Path, command: str = "") -> None:
        self._label, self._folder, self._command = label, folder, command or label
        self._progress = Progress(self._command, total, "steps")

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self._progress.skip(state.global_step)

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if is_main():
            self._progress.advance()
        # No checkpoint without a look at the loss; and a resumed run logs at the very same steps.
        control.should_log |= control.should_save

    def on_evaluate(
        self, args: Any, state: Any, control: Any, metrics: Any = None, **kwargs: Any
    ) -> None:
        shown = ", ".join(
            f"{name.removeprefix('eval_').replace('_', ' ')} {value:.3g}"
            for name, value in (metrics or {}).items()
        )
        say(f"{self._command}: step {state.global_step:,}, dev {shown}")

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
        loss = (logs or {}).get("loss")
        if loss is not None:
            self._progress.note = f"loss {loss:.3f}"
            if not math.isfinite(loss):
                raise WorkerError(
                    f"{self._command}: the loss is {loss} at step {state.global_step}. Lower "
                    f"{self._label}.learning_rate, or set {self._label}.precision to fp32. "
                    f"{last_good(self._folder)}"
                )
