"""What a stage is: from which inputs, by which settings, checked how, done in a folder of its own.

`gentap run`, the single commands and the fingerprints all read this one description.
"""

import json
import time
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from gentap.errors import SettingError
from gentap.runs.console import say
from gentap.runs.files.output_files import naming_full_disks
from gentap.runs.net import INTERNAL_ERROR
from gentap.runs.runner import clock
from gentap.runs.store import (
    REJECTED,
    StageFolder,
    fingerprint,
    is_damaged,
    is_done,
    open_stage,
    own_files,
)
from gentap.settings.sections import AdapterSettings, LinearizerSettings
from gentap.settings.training_sections import TrainingSettings

NO_ADAPTERS = AdapterSettings()
Planned = Collection[Path]
"""Folders that earlier stages of the same run will have made."""


class Stage(ABC):
    """One stage's work, described before it is done.

    A stage of the same name, settings and inputs is the same work, wherever its folder is.
    """

    name: ClassVar[str]
    command: ClassVar[str] = ""
    """What all its messages begin with, where that is not its name."""
    trains: ClassVar[bool] = False
    """Whether several processes may share it (``accelerate launch``, ``torchrun``)."""

    @abstractmethod
    def settings(self) -> dict[str, Any]:
        """All that its output depends on besides its inputs: nothing that only changes its pace."""

    @abstractmethod
    def inputs(self) -> list[Path]:
        """The files, earlier stages' folders and models that it reads."""

    @abstractmethod
    def check(self, planned: Planned = ()) -> None:
        """Raise GentapError for what is known to be wrong before any work.

        Inputs that are ``planned`` are not looked for.
        """

    @abstractmethod
    def run(self, folder: StageFolder) -> Mapping[str, Any]:
        """Do the work; returns the folder's statistics."""

    @abstractmethod
    def summary(self, stats: Mapping[str, Any]) -> list[str]:
        """What is said at the end."""

    def key(self) -> str:
        """Equal for stages that do the same work."""
        return json.dumps([self.name, self.settings(), list(map(str, self.inputs()))])

    def is_done(self, output: Path) -> bool:
        """Whether a folder holds this very work, finished."""
        return is_done(output) and is_done(
            output, fingerprint(self.name, self.settings(), self.inputs(), output)
        )

    def make(self, output: Path, *, overwrite: bool = False, checked: bool = False) -> None:
        """Check and do the work in a folder, where that is not done.

        ``checked`` says that it was checked with the whole run. Raises FolderError where the folder
        holds other work, unless that may be overwritten.
        """
        if not checked and ((overwrite and is_damaged(output)) or not self.is_done(output)):
            self.check()
        opened = _shared_folder if self.trains else _folder
        with opened(self, output, overwrite) as folder:
            if folder is None:
                return
            with naming_full_disks(output):
                stats = self.run(folder)
                folder.finish(stats)
            if not isinstance(folder, _Joined):
                for line in self.summary(stats):
                    say(f"{self.told}: {line}")

    @property
    def told(self) -> str:
        """Its name in messages: what is typed for it."""
        return self.command or self.name


def check_training(
    settings: TrainingSettings,
    label: str,
    *,
    shown: int,
    needs: str,
    dev: Sequence[str] = (),
    dev_answers: int = 0,
) -> None:
    """Raise SettingError for settings that a training could not begin with.

    ``shown`` is the longest input of a step's smallest group, which ``needs`` names; ``dev`` the
    streams that dev metrics are computed of, if there are any.
    """
    if settings.batch_tokens < shown:
        raise SettingError(
            f"{label}.batch_tokens is {settings.batch_tokens:,}, but {needs} may take {shown:,}. "
            "Raise it, or lower linearizer.max_tokens."
        )
    if settings.arguments or settings.report_to:
        from gentap.training.loop.dev_metrics import metric_names
        from gentap.training.loop.try_arguments import try_arguments

        try_arguments(settings, label, metric_names(dev, dev_answers) if dev else ())


def longest_input(
    name: str,
    linearizer: LinearizerSettings,
    planned: Planned,
    label: str,
    adapters: AdapterSettings = NO_ADAPTERS,
) -> int:
    """A model's longest input in tokens; raises where this run does not make it and it can't be
    loaded.

    A model that holds its own linearizer's settings keeps them, and only a decoder-only one takes
    ``adapters``: what was given in vain is told.
    """
    if Path(name) in planned:
        return linearizer.max_tokens
    from gentap.model.config import MODEL_TYPE
    from gentap.model.loading.checkpoints import FAMILIES, check_model
    from gentap.model.tokenizer import load_tokenizer

    two_decoders = check_model(name).model_type in (MODEL_TYPE, *FAMILIES)
    if two_decoders and adapters != NO_ADAPTERS:
        say(f"{label}: adapters have no effect: {name} has decoders of its own")
    settings = load_tokenizer(name, linearizer).settings
    if settings != linearizer and linearizer != LinearizerSettings():
        say(f"{label}: {name} has linearizer settings of its own; those given have no effect")
    return settings.max_tokens


@contextmanager
def _folder(stage: Stage, path: Path, overwrite: bool) -> Iterator[StageFolder | None]:
    """Open a stage's folder; says that it is done, or how long it took."""
    started, told = time.monotonic(), stage.told
    opened = open_stage(path, stage.name, stage.settings(), stage.inputs(), overwrite=overwrite)
    with opened as folder:
        if folder is None:
            say(f"{told}: done already, nothing to do ({path})")
        elif folder.resumed:
            say(f"{told}: going on with unfinished work in {path}")
        elif folder.replaces:
            say(f"{told}: done anew in {path}: {folder.replaces}")
        yield folder
        if folder is not None:
            _tell_what_was_left_out(told, folder, own_files(path) / REJECTED)
            say(f"{told}: done in {clock(time.monotonic() - started)} → {path}")
            if count := folder.left_out[INTERNAL_ERROR]:
                say(
                    f"{told}: {count:,} of the records set aside met an internal error, a fault "
                    f"of GenTaP: please report it with their lines in {own_files(path) / REJECTED}"
                )


def _tell_what_was_left_out(stage: str, folder: StageFolder, rejected: Path) -> None:
    if folder.left_out:
        dev = folder.left_out_of_dev
        told = ", ".join(
            f"{reason}: {count:,}" + (f" ({dev[reason]:,} of dev)" if dev[reason] else "")
            for reason, count in folder.left_out.most_common()
        )
        say(f"{stage}: set aside: {told} (listed in {rejected})")


@contextmanager
def _shared_folder(stage: Stage, path: Path, overwrite: bool) -> Iterator[StageFolder | None]:
    """As :func:`_folder`, for a stage that several processes may share.

    The first process opens the folder; the others get it when that is done, and finish nothing.
    """
    from gentap.training.loop.processes import is_main, share

    if is_main():
        with _folder(stage, path, overwrite) as folder:
            share(folder is not None)
            yield folder
    elif share(None):
        settings = stage.settings()
        mark = fingerprint(stage.name, settings, stage.inputs(), path)
        yield _Joined(path, stage.name, mark, settings, True)
    else:
        yield None


class _Joined(StageFolder):
    """A folder that another process has opened and will finish."""

    def finish(self, stats: Mapping[str, Any]) -> None:
        pass
