"""Stages that train a table model: base, pretrain, finetune."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from gentap.errors import InputError, SettingError
from gentap.model.objectives import ON_TABLES, Objective
from gentap.records import EVALUATION_COLUMNS, EXAMPLE_SCHEMA, MINED_SCHEMA, Example
from gentap.runs.counting import counted
from gentap.runs.files.parquet_parts import count_rows, parts, require_columns
from gentap.runs.store import OF_DEV, REJECTED, StageFolder, require_stage
from gentap.settings.sections import LinearizerSettings
from gentap.settings.training_sections import BaseSettings, FinetuneSettings, PretrainSettings
from gentap.stages.stage import Planned, Stage, check_training, longest_input

if TYPE_CHECKING:
    from gentap.documents.annotated.reading import Questions
    from gentap.documents.rejected import RejectedRecords

_MADE_BY = {"long": "questions write", "cell": "sample", **dict.fromkeys(ON_TABLES, "mine")}


@dataclass(frozen=True, kw_only=True)
class BaseStage(Stage):
    """Mined documents to a vocabulary and a small T5."""

    name: ClassVar[str] = "base"
    trains: ClassVar[bool] = True
    mined: Path
    base: BaseSettings
    linearizer: LinearizerSettings
    seed: int

    def settings(self) -> dict[str, Any]:
        linearizer = self.linearizer.model_dump()
        return {**self.base.decisive(), "linearizer": linearizer, "seed": self.seed}

    def inputs(self) -> list[Path]:
        return [self.mined]

    def check(self, planned: Planned = ()) -> None:
        if self.base.checkpoint:
            raise SettingError(
                f"base: a checkpoint is given ({self.base.checkpoint}), so there is nothing to "
                "train. Give it to the other commands as --base."
            )
        if self.mined not in planned:
            require_stage(self.mined, "mine", "a base is trained on mined documents")
            require_columns(parts(self.mined / "sentences"), MINED_SCHEMA)
        if self.base.arguments.get("save_strategy") in ("no", "best"):
            raise SettingError(
                "base.arguments: save_strategy must save the last step, which what follows needs."
            )
        dev = ("sentences", "lookups") if self.base.held_out else ()
        check_training(self.base, "base", shown=self.base.window, needs="a window", dev=dev)

    def run(self, folder: StageFolder) -> Mapping[str, Any]:
        from gentap.training.base_model import train_base

        return train_base(self.mined, self.base, self.linearizer, folder, seed=self.seed)

    def summary(self, stats: Mapping[str, Any]) -> list[str]:
        from gentap.training.data.losses import losses_told

        return [f"{counted(stats['parameters'], 'parameter')}{_losses(stats)}", *losses_told(stats)]


@dataclass(frozen=True, kw_only=True)
class PretrainStage(Stage):
    """Examples of both kinds to one encoder and two decoders."""

    name: ClassVar[str] = "pretrain"
    trains: ClassVar[bool] = True
    base: str
    corpora: Mapping[Objective, Sequence[Path]]
    pretrain: PretrainSettings
    linearizer: LinearizerSettings
    seed: int

    def settings(self) -> dict[str, Any]:
        linearizer = self.linearizer.model_dump()
        used = {**self.pretrain.decisive(), "linearizer": linearizer, "seed": self.seed}
        return {**used, "kinds": [kind for kind, paths in self._corpora.items() for _ in paths]}

    def inputs(self) -> list[Path]:
        corpora = [path for paths in self._corpora.values() for path in paths]
        if not self.pretrain.swapped:
            return [Path(self.base), *corpora]
        from gentap.trust.word_lists import find_word_list

        return [Path(self.base), *corpora, find_word_list(self.pretrain.swap_words)]

    def check(self, planned: Planned = ()) -> None:
        mix = self.pretrain.mix.model_dump()
        given = [kind for kind in ON_TABLES if kind in self.corpora]
        if given and not any(mix[kind] for kind in ON_TABLES):
            raise SettingError(
                "pretrain: --tables is for masked or replaced cells: set mix.masked or "
                "mix.replaced to 1."
            )
        for kind in ON_TABLES:
            if mix[kind] and kind not in self.corpora:
                raise SettingError(
                    f"pretrain: mix.{kind} needs tables: give a mined folder as --tables."
                )
        if not self._corpora:
            raise SettingError("pretrain: give --long, --cell, or both, as the mix asks for.")
        for kind, path in ((kind, path) for kind, paths in self._corpora.items() for path in paths):
            if path in planned:
                continue
            require_stage(path, _MADE_BY[kind], f"the {kind} examples come from there")
            if kind not in ON_TABLES:
                require_columns(parts(path), EXAMPLE_SCHEMA, EVALUATION_COLUMNS)
        if self.pretrain.swapped:
            from gentap.trust.word_lists import find_word_list, read_word_list

            read_word_list(find_word_list(self.pretrain.swap_words))
        longest = longest_input(
            self.base, self.linearizer, planned, "pretrain", self.pretrain.adapters
        )
        shown = longest * sum(mix[kind] for kind in self._corpora)
        check_training(self.pretrain, "pretrain", shown=shown, needs="one group of the mix")

    def run(self, folder: StageFolder) -> Mapping[str, Any]:
        from gentap.training.train_stages import pretrain

        copies = self._copies(folder) if self.pretrain.swapped else {}
        corpora = {kind: [*paths, *copies.get(kind, [])] for kind, paths in self._corpora.items()}
        stats = pretrain(self.base, corpora, self.pretrain, self.linearizer, folder, seed=self.seed)
        return {**stats, "swapped": _copy_counts(copies)} if copies else stats

    def _copies(self, folder: StageFolder) -> dict[Objective, list[Path]]:
        """Folders of copies told of other people, beside the corpora of their kind."""
        from gentap.records import example_from_row
        from gentap.runs.files.parquet_parts import read_rows
        from gentap.training.loop.processes import is_main, main_first
        from gentap.trust.swapped_corpora import share_of, write_copies
        from gentap.trust.word_lists import find_word_list, read_word_list

        words = read_word_list(find_word_list(self.pretrain.swap_words))
        made: dict[Objective, list[Path]] = {}
        with main_first():
            for kind, paths in self._corpora.items():
                if kind in ON_TABLES:
                    continue
                aside = folder.work / "swapped" / kind
                if is_main():
                    files = [part for path in paths for part in parts(path)]
                    rows = read_rows(files, schema=EXAMPLE_SCHEMA)
                    examples = (example_from_row(row) for row in rows if row["kind"] == kind)
                    share = self.pretrain.swapped
                    write_copies(share_of(examples, share, self.seed), words, aside)
                if sum(map(count_rows, parts(aside))):
                    made[kind] = [aside]
        if not made:
            raise InputError(
                "pretrain: no example names anybody of the word list "
                f"{self.pretrain.swap_words}. Give another one (pretrain.swap_words), or set "
                "pretrain.swapped to 0."
            )
        return made

    def summary(self, stats: Mapping[str, Any]) -> list[str]:
        from gentap.training.data.losses import losses_told

        copies = [
            f"{counted(count, f'{kind} example')} in a copy told of other people too"
            for kind, count in stats.get("swapped", {}).items()
        ]
        return [f"{counted(stats['steps'], 'step')}{_losses(stats)}", *copies, *losses_told(stats)]

    @property
    def _corpora(self) -> dict[Objective, Sequence[Path]]:
        """Those that the mix asks for."""
        mix = self.pretrain.mix.model_dump()
        return {kind: path for kind, path in self.corpora.items() if mix[kind]}


def _copy_counts(copies: Mapping[Objective, Sequence[Path]]) -> dict[str, int]:
    return {
        kind: sum(count_rows(part) for folder in folders for part in parts(folder))
        for kind, folders in copies.items()
    }


@dataclass(frozen=True, kw_only=True)
class FinetuneStage(Stage):
    """A model and annotated questions to a finetuned model."""

    name: ClassVar[str] = "finetune"
    trains: ClassVar[bool] = True
    model: str
    finetune: FinetuneSettings
    linearizer: LinearizerSettings
    seed: int

    def settings(self) -> dict[str, Any]:
        linearizer = self.linearizer.model_dump()
        return {**self.finetune.decisive(), "linearizer": linearizer, "seed": self.seed}

    def inputs(self) -> list[Path]:
        former = self.finetune.ewc.data if self.finetune.ewc.strength else []
        data = (*self.finetune.train, *self.finetune.dev, *former)
        mend = [self.finetune.mend] if self.finetune.mend else []
        return list(map(Path, (self.model, *data, *mend)))

    def check(self, planned: Planned = ()) -> None:
        if not self.finetune.train:
            raise SettingError("finetune: no annotated questions given (finetune.train, --train).")
        if self.finetune.private.epsilon > 0:
            from gentap.training.loop.private import check_private

            check_private("" if Path(self.model) in planned else self.model, self.finetune)
        _ = self._former, self._dev  # each read once, by its own reader's checks
        longest = longest_input(
            self.model, self.linearizer, planned, "finetune", self.finetune.adapters
        )
        missing = {one.kind for one in self._examples} - {one.kind for one in self._dev.examples}
        if missing and self.finetune.dev:
            raise SettingError(
                f"finetune: the training questions have {max(missing)} answers, those of dev have "
                "none. Add some to dev, or leave dev out."
            )
        for name in ("patience", "dev_answers"):
            if getattr(self.finetune, name) and not self._dev.examples:
                raise SettingError(f"finetune.{name} needs dev questions (finetune.dev, --dev).")
        kinds = sorted({one.kind for one in self._dev.examples})
        if self.finetune.dev_answers and "long" not in kinds:
            raise SettingError(
                "finetune.dev_answers needs dev questions that are answered in a sentence."
            )
        check_training(
            self.finetune,
            "finetune",
            shown=longest,
            needs="a question with its table",
            dev=kinds,
            dev_answers=self.finetune.dev_answers,
        )

    def run(self, folder: StageFolder) -> Mapping[str, Any]:
        from gentap.documents.rejected import write_rejected
        from gentap.training.loop.processes import is_main
        from gentap.training.train_stages import finetune

        if is_main():
            write_rejected(folder.path / REJECTED, self._unread)
        stats = finetune(
            self.model,
            self._examples,
            self._dev.examples,
            self.finetune,
            self.linearizer,
            folder,
            seed=self.seed,
            former=self._former,
        )
        of_dev = {"rejected": dict(self._dev.unread.counts)}
        annotated = {"rejected": dict(self._unread.counts), OF_DEV: of_dev}
        return {**stats, "annotated": annotated}

    def summary(self, stats: Mapping[str, Any]) -> list[str]:
        from gentap.documents.rejected import reading_told
        from gentap.training.data.losses import losses_told

        questions = sum(stats["examples"].values())
        return [
            f"{counted(questions, 'question')}, {counted(stats['steps'], 'step')}{_losses(stats)}",
            *_held(stats),
            *losses_told(stats),
            *reading_told(self._train.unread),
            *reading_told(self._dev.unread, "dev "),
            *reading_told(self._earlier[1], "former "),
        ]

    @cached_property
    def _train(self) -> "Questions":
        from gentap.documents.annotated.reading import read_questions

        return read_questions(self.finetune.train, self.finetune.task)

    @cached_property
    def _dev(self) -> "Questions":
        from gentap.documents.annotated.reading import read_questions

        return read_questions(self.finetune.dev, self.finetune.task)

    @cached_property
    def _earlier(self) -> tuple[list[Example], "RejectedRecords"]:
        """A draw of the questions that ``finetune.ewc.data`` names, and those set aside."""
        from gentap.documents.annotated.reading import stream_questions
        from gentap.documents.rejected import RejectedRecord, RejectedRecords
        from gentap.training.data.few_shot import draw_streamed

        ewc, unread = self.finetune.ewc, RejectedRecords()

        def readable() -> Iterator[Example]:
            for one in stream_questions(ewc.data, unread.assumed, self.finetune.task):
                if isinstance(one, RejectedRecord):
                    unread.add(one)
                else:
                    yield one

        drawn = draw_streamed(readable(), ewc.examples, self.seed) if ewc.strength else []
        if ewc.strength and ewc.data and not drawn:
            raise InputError(
                f"{', '.join(ewc.data)}: holds no question that can be read (finetune.ewc.data)."
            )
        return drawn, unread

    @cached_property
    def _unread(self) -> "RejectedRecords":
        from gentap.documents.rejected import RejectedRecords

        unread = RejectedRecords()
        for one in (self._train.unread, self._dev.unread, self._earlier[1]):
            unread.extend(one)
        return unread

    @cached_property
    def _drawn(self) -> tuple[list[Example], list[Example]]:
        """The examples to train on, and those that weak groups leave over."""
        from gentap.training.data.few_shot import draw_shots

        drawn = draw_shots(self._train.examples, self.finetune.shots, self.seed)
        if self.finetune.canaries:
            from gentap.trust.canaries import make_canaries

            drawn += make_canaries(self.finetune.canaries, self.seed)
        if not self.finetune.mend:
            return drawn, []
        from gentap.trust.cohorts import of_their_like, read_cohorts

        cohorts = read_cohorts(Path(self.finetune.mend))
        if not cohorts.cohorts:
            raise InputError(f"{self.finetune.mend}: holds no weak group: there is none to mend.")
        like, others = of_their_like(cohorts, drawn)
        if not like:
            named = "; ".join(one.words for one in cohorts.cohorts)
            raise InputError(
                f"finetune: none of {counted(len(drawn), 'training question')} is like those of "
                f"{self.finetune.mend} ({named}). Give other ones (finetune.train, --train)."
            )
        return like, others

    @property
    def _examples(self) -> list[Example]:
        return self._drawn[0]

    @cached_property
    def _former(self) -> list[Example]:
        """What the model is held by: examples of what it could do before; none where nothing is
        held."""
        from gentap.training.data.few_shot import draw_streamed

        ewc = self.finetune.ewc
        if ewc.data or not ewc.strength:
            return self._earlier[0]
        return draw_streamed(self._drawn[1], ewc.examples, self.seed)


def _held(stats: Mapping[str, Any]) -> list[str]:
    """What the weights were held by, and what privacy they keep."""
    told = []
    if ewc := stats.get("ewc"):
        told.append(
            f"held by {counted(ewc['examples'], 'former example')}, penalty {ewc['penalty']:.4f} "
            "at the end"
        )
    if private := stats.get("private"):
        told.append(
            f"private: epsilon {private['epsilon']:g} at delta {private['delta']:g} (noise "
            f"{private['noise']:g} times the clipping norm {private['clip']:g})"
        )
    return told


def _losses(stats: Mapping[str, Any]) -> str:
    """The last loss, the best one on dev, and what of dev was right at the last look."""
    looks = [entry for entry in stats["history"] if "eval_loss" in entry]
    right = (
        {name[5:]: value for name, value in looks[-1].items() if "exact" in name} if looks else {}
    )
    losses = [("last loss", stats["last_loss"]), ("best loss on dev", stats["best_dev_loss"])]
    shown = [f"{name} {value:.3f}" for name, value in losses if value is not None]
    shown += [f"{name.replace('_', ' ')} on dev {value:.1f}%" for name, value in right.items()]
    return "".join(f", {text}" for text in shown)
