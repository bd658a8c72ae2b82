"""The stages that look at what a model does where it is not looked at by its scores alone."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from gentap.errors import InputError, SettingError
from gentap.runs.console import say
from gentap.runs.counting import counted
from gentap.runs.files.output_files import write_json, write_text
from gentap.runs.store import REJECTED, StageFolder
from gentap.stages.stage import Planned, Stage

if TYPE_CHECKING:
    from gentap.documents.rejected import RejectedRecords
    from gentap.evaluation.report.page import TableSection
    from gentap.records import SourcedTable
    from gentap.trust.cohorts import Cohort, Cohorts

MAP_PAGE = "map.html"
_TABLES_READ = 1000


@dataclass(frozen=True, kw_only=True)
class CohortsStage(Stage):
    """A report to the groups of its questions that a system is worst at."""

    name: ClassVar[str] = "cohorts"
    report: Path
    by: str | None = None
    least: int = 40
    seed: int = 1

    def settings(self) -> dict[str, Any]:
        return {"by": self.by, "least": self.least, "seed": self.seed}

    def inputs(self) -> list[Path]:
        return [self.report]

    def check(self, planned: Planned = ()) -> None:
        from gentap.evaluation.results import require_report

        require_report(self.report)

    def find(self) -> "Cohorts":
        """The groups alone, without a folder."""
        from gentap.evaluation.compare import shared_metric
        from gentap.evaluation.results import read_results
        from gentap.trust.cohorts import find_cohorts

        results = read_results(self.report)
        by = shared_metric([results], self.by)
        scores = results.scored.statistics[by].by_example()
        return find_cohorts(results.examples, scores, by, least=self.least, seed=self.seed)

    def run(self, folder: StageFolder) -> Mapping[str, Any]:
        from gentap.evaluation.report.page import write_report
        from gentap.evaluation.results import read_results
        from gentap.trust.cohorts import COHORTS

        found = self.find()
        write_json(folder.path / COHORTS, found.to_json())
        results = read_results(self.report)
        facts = [
            counted(len(results.examples), "question"),
            f"protocol {results.scored.protocol}",
        ]
        write_report(folder.path, [results], facts=facts, sections=[cohorts_section(found)])
        return {"questions": found.questions, "tried": found.tried, "cohorts": len(found.cohorts)}

    def summary(self, stats: Mapping[str, Any]) -> list[str]:
        return []


def cohorts_section(found: "Cohorts") -> "TableSection":
    """The weak groups as a section of a report."""
    from gentap.evaluation.metrics.scoring import METRICS
    from gentap.evaluation.report.page import TableSection

    title = METRICS[found.metric]
    rows = [
        [
            one.words,
            f"{one.questions:,}",
            f"{one.score:.1f}",
            f"{one.rest:.1f}",
            _signed(one.score - one.rest),
            f"{_signed(one.low)} to {_signed(one.high)}",
            f"{one.p:.3f}",
        ]
        for one in found.cohorts
    ]
    head = ["group", "questions", title, "others", "gap", "95% interval", "p"]
    note = (
        f"Groups found on one half of {counted(found.questions, 'question')} by a decision tree "
        "and tested "
        f"on the other; {found.tried} were tried, and p is corrected for that. Scores are means of "
        f"the held-out questions' {title}."
    )
    return TableSection("cohorts", "Weak groups", head, rows, note)


def _signed(points: float) -> str:
    return f"{points:+.1f}".replace("-", "\N{MINUS SIGN}")


def cohorts_text(found: "Cohorts") -> str:
    """The weak groups, one a line."""
    from gentap.evaluation.metrics.scoring import METRICS

    title = METRICS[found.metric]
    if not found.cohorts:
        return (
            f"No group of {counted(found.questions, 'question')} is lower by {title} beyond chance "
            f"({found.tried} tried)."
        )
    return "\n".join(_line(one, title) for one in found.cohorts)


def _line(one: "Cohort", title: str) -> str:
    return (
        f"{one.words}: {title} {one.rest - one.score:.1f} below ({one.score:.1f} against "
        f"{one.rest:.1f}, gap {one.low:+.1f} to {one.high:+.1f}, p {one.p:.3f}, "
        f"{counted(one.questions, 'question')})"
    )


@dataclass(frozen=True, kw_only=True)
class SwapStage(Stage):
    """Examples to their copies, told of another group of people."""

    name: ClassVar[str] = "swap"
    data: tuple[str, ...]
    words: str

    def settings(self) -> dict[str, Any]:
        return {}

    def inputs(self) -> list[Path]:
        from gentap.documents.annotated.reading import find_question_files
        from gentap.trust.word_lists import find_word_list

        return [*find_question_files(self.data), find_word_list(self.words)]

    def check(self, planned: Planned = ()) -> None:
        from gentap.trust.word_lists import find_word_list, read_word_list

        read_word_list(find_word_list(self.words))

    def run(self, folder: StageFolder) -> Mapping[str, Any]:
        from gentap.documents.annotated.reading import stream_questions
        from gentap.runs.shards import merge_shards
        from gentap.trust.swapped_corpora import write_copies
        from gentap.trust.word_lists import find_word_list, read_word_list

        words = read_word_list(find_word_list(self.words))
        assumed: dict[str, None] = {}
        tally = write_copies(stream_questions(self.data, assumed), words, folder.path)
        for line in assumed:
            say(f"swap: {line}")
        merge_shards(folder.path)
        if not tally.counts["copies"]:
            raise InputError(
                f"{', '.join(self.data)}: none of {counted(tally.counts['examples'], 'example')} "
                f"names anybody of the word list {self.words}. Give another list (--words)."
            )
        return {**tally.to_json(), "groups": list(words.groups)}

    def summary(self, stats: Mapping[str, Any]) -> list[str]:
        counts = dict(stats["counts"])
        examples, copies = counts.pop("examples"), counts.pop("copies")
        told = [f"{count:,} {name}" for name, count in counts.items() if name != "rows"]
        return [
            f"{counted(copies, 'copy', 'copies')} of {counted(examples, 'example')}: "
            f"{', '.join(told)}"
        ]


@dataclass(frozen=True, kw_only=True)
class MapStage(Stage):
    """A model and tables to a page that shows their cells before the encoder and after."""

    name: ClassVar[str] = "map"
    model: str
    tables: tuple[str, ...]
    cells: int
    perplexity: float
    seed: int

    def settings(self) -> dict[str, Any]:
        return {"cells": self.cells, "perplexity": self.perplexity, "seed": self.seed}

    def inputs(self) -> list[Path]:
        from gentap.documents.table_files import find_table_files

        return [Path(self.model), *find_table_files(self.tables)]

    def check(self, planned: Planned = ()) -> None:
        from gentap.model.loading.checkpoints import check_model
        from gentap.trust.cell_map import check_map

        check_map(self.cells, self.perplexity)
        check_model(self.model)

    def run(self, folder: StageFolder) -> Mapping[str, Any]:
        from gentap.documents.rejected import RejectedRecords, reasons, write_rejected
        from gentap.trust.cell_map import embed_cells
        from gentap.trust.map_page import map_page

        unread = RejectedRecords()
        tables = self._tables(unread)
        found = embed_cells(self.model, tables, self.cells, self.perplexity, self.seed)
        write_rejected(folder.path / REJECTED, unread)
        page, shares = map_page(self.model, found, self.perplexity, self.seed)
        write_text(folder.path / MAP_PAGE, page)
        return {
            "cells": len(found.cells),
            "tables": found.tables,
            "neighbours": shares,
            "rejected": dict(unread.counts),
            "reasons": reasons(unread),
        }

    def _tables(self, unread: "RejectedRecords") -> "Iterator[SourcedTable]":
        from tempfile import TemporaryDirectory

        from gentap.documents.rejected import RejectedRecord
        from gentap.documents.table_files import find_table_files, read_tables, slice_tables

        with TemporaryDirectory() as scratch:
            for part in slice_tables(find_table_files(self.tables), _TABLES_READ, Path(scratch)):
                for found in read_tables(part):
                    if isinstance(found, RejectedRecord):
                        unread.add(found)
                    else:
                        yield found

    def summary(self, stats: Mapping[str, Any]) -> list[str]:
        near = [
            f"{before:.1f}% before, {after:.1f}% after, of the same {name}"
            for name, (before, after) in stats["neighbours"].items()
        ]
        return [
            f"{counted(stats['cells'], 'cell')} of {counted(stats['tables'], 'table')}",
            f"nearest neighbours: {'; '.join(near)}",
            *(f"tables set aside: {line}" for line in stats["reasons"]),
        ]


def audit(
    model: str, members: list[str], others: list[str], *, canaries: int = 0, seed: int = 1
) -> dict[str, Any]:
    """How well an attacker tells a model's training examples from others, and its canaries'
    exposure; ``canaries`` and ``seed`` are those of the training.

    Raises GentapError where the model or the questions can't be used.
    """
    from statistics import fmean

    from gentap.documents.annotated.reading import read_questions
    from gentap.documents.rejected import reading_told
    from gentap.model.loading.checkpoints import check_model
    from gentap.trust.canaries import make_canaries
    from gentap.trust.membership import (
        LossReader,
        area_interval,
        area_under_roc,
        check_sides,
        exposures,
    )

    check_model(model)
    found: dict[str, Any] = {}
    if not (members or canaries):
        raise SettingError("audit: give --members and --others, or --canaries.")
    if others and not members:
        raise SettingError("audit: --others are told from members: give --members too.")
    sides = []
    for of, side in (("members' ", members), ("others' ", others)):
        questions = read_questions(side)
        sides.append(questions.examples)
        for line in reading_told(questions.unread, of):
            say(f"audit: {line}")
    if members:
        check_sides(*sides)
    reader = LossReader(model)
    if members:
        inside, outside = (reader.losses(side, "audit") for side in sides)
        found |= {
            "members": len(inside),
            "others": len(outside),
            "auc": round(area_under_roc(inside, outside), 2),
            "interval": [round(bound, 2) for bound in area_interval(inside, outside)],
        }
    if canaries:
        bits = exposures(reader, make_canaries(canaries, seed))
        found |= {"canaries": canaries, "exposure": round(fmean(bits), 2), "exposures": bits}
    return found
