"""The stage that writes a stock checkpoint of one decoder, for other programs."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

from gentap.runs.files.output_files import folder_aside
from gentap.runs.store import StageFolder
from gentap.stages.stage import Planned, Stage


@dataclass(frozen=True, kw_only=True)
class ExportStage(Stage):
    """A model and one of its decoders to a stock T5 or BART."""

    name: ClassVar[str] = "export"
    model: str
    decoder: Literal["long", "cell"]

    def settings(self) -> dict[str, Any]:
        return {"decoder": self.decoder}

    def inputs(self) -> list[Path]:
        return [Path(self.model)]

    def check(self, planned: Planned = ()) -> None:
        from gentap.model.export import check_exportable
        from gentap.model.loading.checkpoints import check_model

        check_exportable(self.model)
        check_model(self.model)

    def run(self, folder: StageFolder) -> Mapping[str, Any]:
        from gentap.model.export import export

        with folder_aside(folder.work / "stock", folder.path) as aside:
            export(self.model, self.decoder, aside)
        return {}

    def summary(self, stats: Mapping[str, Any]) -> list[str]:
        return [f"the {self.decoder} decoder of {self.model}"]
