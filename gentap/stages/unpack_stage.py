"""The stage that makes a checkpoint's folder of a GGUF file."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from gentap.runs.counting import counted
from gentap.runs.files.output_files import folder_aside
from gentap.runs.store import StageFolder
from gentap.stages.stage import Planned, Stage


@dataclass(frozen=True, kw_only=True)
class UnpackStage(Stage):
    """A GGUF file to model and tokenizer in fp32, as any other checkpoint."""

    name: ClassVar[str] = "unpack"
    command: ClassVar[str] = "base"
    packed: Path

    def settings(self) -> dict[str, Any]:
        return {}

    def inputs(self) -> list[Path]:
        return [self.packed]

    def check(self, planned: Planned = ()) -> None:
        _ = self._read  # nothing but reading it tells whether it is whole

    def run(self, folder: StageFolder) -> Mapping[str, Any]:
        from gentap.model.loading.gguf import save_unpacked

        model, tokenizer = self._read
        with folder_aside(folder.work / "checkpoint", folder.path) as aside:
            save_unpacked(model, tokenizer, aside)
        return {"parameters": model.num_parameters()}

    def summary(self, stats: Mapping[str, Any]) -> list[str]:
        return [f"{counted(stats['parameters'], 'parameter')} of {self.packed}"]

    @cached_property
    def _read(self) -> tuple[Any, Any]:
        from gentap.model.loading.gguf import read_gguf

        return read_gguf(self.packed)
