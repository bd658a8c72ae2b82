"""Stages that make the corpus from documents and tables: mine, sample."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from gentap.runs.counting import counted
from gentap.runs.store import StageFolder, is_done
from gentap.settings.sections import (
    LOCAL,
    ClusterSettings,
    LinearizerSettings,
    MineSettings,
    SampleSettings,
)
from gentap.stages.stage import Planned, Stage, longest_input


@dataclass(frozen=True, kw_only=True)
class MineStage(Stage):
    """Documents to tables and sentences that name two cells of a row."""

    name: ClassVar[str] = "mine"
    mine: MineSettings
    workers: int
    cluster: ClusterSettings = LOCAL

    def settings(self) -> dict[str, Any]:
        return self.mine.model_dump()

    def inputs(self) -> list[Path]:
        from gentap.mining.mine import find_inputs

        return [*find_inputs(self.mine), *map(Path, self.mine.exclude)]

    def check(self, planned: Planned = ()) -> None:
        from gentap.runs.cluster import check_cluster

        self.inputs()
        check_cluster(self.cluster)

    def run(self, folder: StageFolder) -> Mapping[str, Any]:
        from gentap.mining.decontaminate import check_exclusions
        from gentap.mining.mine import mine

        made = mine(self.mine, folder, self.workers, self.cluster).to_json()
        unread = check_exclusions(self.mine.exclude)
        return {**made, "unread of evaluation sets": unread} if unread else made

    def summary(self, stats: Mapping[str, Any]) -> list[str]:
        counts, rejected = stats["counts"], sum(stats["rejected"].values())
        return [
            f"{counted(counts.get('sentences', 0), 'sentence')} and "
            f"{counted(counts.get('tables', 0), 'table')} from "
            f"{counted(counts.get('pages read', 0), 'page')}; {counted(rejected, 'record')} set "
            "aside",
            *(
                f"of the evaluation sets, not read and so not kept out: {line}"
                for line in stats.get("unread of evaluation sets", ())
            ),
        ]


class OverlapStage(MineStage):
    """What documents share with evaluation sets, counted and listed."""

    name: ClassVar[str] = "overlap"
    command: ClassVar[str] = "mine"

    def run(self, folder: StageFolder) -> Mapping[str, Any]:
        from gentap.mining.contamination_report import report_overlap

        return report_overlap(self.mine, folder, self.workers, self.cluster).to_json()

    def summary(self, stats: Mapping[str, Any]) -> list[str]:
        from gentap.mining.contamination_report import REASONS

        rejected = stats["rejected"]
        return ["; ".join(f"{name}: {rejected.get(name, 0):,}" for name in REASONS)]


@dataclass(frozen=True, kw_only=True)
class SampleStage(Stage):
    """Tables and a grammar to questions whose answer is one cell, or a sentence.

    ``tables`` are mined folders or files; ``base`` is the model whose tokens are counted, if any.
    """

    name: ClassVar[str] = "sample"
    tables: tuple[str, ...]
    sample: SampleSettings
    linearizer: LinearizerSettings
    base: str = ""
    seed: int
    workers: int
    cluster: ClusterSettings = LOCAL

    def settings(self) -> dict[str, Any]:
        linearizer = self.linearizer.model_dump()
        return {**self.sample.model_dump(), "linearizer": linearizer, "seed": self.seed}

    def inputs(self) -> list[Path]:
        from gentap.grammar.includes import open_grammar

        base = [Path(self.base)] if self.base else []
        return [*self._sources(), *open_grammar(self._grammar()).files, *base]

    def check(self, planned: Planned = ()) -> None:
        from gentap.documents.csv_table import CsvFormat
        from gentap.grammar.parser import load_grammar
        from gentap.runs.cluster import check_cluster

        CsvFormat(self.sample.delimiter, self.sample.encoding, "sample.")
        load_grammar(self._grammar())
        check_cluster(self.cluster)
        if self.base:
            longest_input(self.base, self.linearizer, planned, "sample")
        if not planned:  # a run's own tables are those that it mines
            self._files()

    def run(self, folder: StageFolder) -> Mapping[str, Any]:
        from gentap.grammar.sample import sample

        return sample(
            self._files(),
            self.sample,
            folder,
            base=self.base,
            linearizer=self.linearizer,
            seed=self.seed,
            workers=self.workers,
            cluster=self.cluster,
        ).to_json()

    def summary(self, stats: Mapping[str, Any]) -> list[str]:
        from gentap.documents.csv_table import CsvFormat
        from gentap.documents.table_files import assumptions

        counts, rejected = stats["counts"], sum(stats["rejected"].values())
        given = CsvFormat(self.sample.delimiter, self.sample.encoding)
        sentences = counts.get("sentences", 0)
        return [
            *assumptions(self._files(), given),
            f"{counted(counts.get('examples', 0) - sentences, 'cell example')} and "
            f"{counted(sentences, 'sentence')} "
            f"from {counted(counts.get('tables', 0), 'table')}; {counted(rejected, 'table')} set "
            "aside",
        ]

    def _sources(self) -> list[Path]:
        """Mined folders as such, be they done or yet to be made; else the files."""
        if all(is_done(Path(name)) or not Path(name).exists() for name in self.tables):
            return list(map(Path, self.tables))
        return self._files()

    def _files(self) -> list[Path]:
        from gentap.documents.table_files import find_table_files

        return find_table_files(self.tables)

    def _grammar(self) -> Path:
        from gentap.grammar.rules import find_grammar

        return find_grammar(self.sample.grammar)
