"""Stages of the question writer: train it, write with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from gentap.errors import InputError, SettingError
from gentap.records import MINED_SCHEMA, Document, Mined
from gentap.runs.console import say
from gentap.runs.counting import counted
from gentap.runs.files.parquet_parts import parts, require_columns
from gentap.runs.store import StageFolder, Tally, require_stage
from gentap.settings.question_sections import WriteSettings
from gentap.settings.sections import LinearizerSettings, MineSettings
from gentap.settings.training_sections import WriterSettings
from gentap.stages.stage import Planned, Stage, check_training, longest_input


@dataclass(frozen=True, kw_only=True)
class WriterStage(Stage):
    """Annotated questions, inverted, to a question writer."""

    name: ClassVar[str] = "writer"
    command: ClassVar[str] = "questions train"
    trains: ClassVar[bool] = True
    base: str
    writer: WriterSettings
    linearizer: LinearizerSettings
    seed: int

    def settings(self) -> dict[str, Any]:
        linearizer = self.linearizer.model_dump()
        return {**self.writer.decisive(), "linearizer": linearizer, "seed": self.seed}

    def inputs(self) -> list[Path]:
        return [*self._data(), *self._annotated(), Path(self.base)]

    def check(self, planned: Planned = ()) -> None:
        from gentap.documents.annotated.reading import read_annotated
        from gentap.questions.invert import read_articles

        if not self.writer.data and not self.writer.annotated:
            raise SettingError(
                "questions train: no reading-comprehension file given. Name files in SQuAD layout "
                "(writer.data), or annotated table questions (writer.annotated)."
            )
        for path in self._data():
            read_articles(path)
        for path in self._annotated():
            read_annotated(path)
        if self.writer.held_out:
            from gentap.evaluation.metrics.wordnet import open_wordnet

            open_wordnet()  # METEOR's
        longest = longest_input(self.base, self.linearizer, planned, "questions train")
        if Path(self.base) not in planned:
            self._check_base()
        if self.writer.patience and not self.writer.held_out:
            raise SettingError("writer.patience needs held-out articles: raise writer.held_out.")
        check_training(
            self.writer,
            "writer",
            shown=longest,
            needs="a sentence with its entries",
            dev=["pairs"] if self.writer.held_out else [],
        )

    def run(self, folder: StageFolder) -> Mapping[str, Any]:
        from gentap.evaluation.metrics.question_scores import score_questions
        from gentap.questions.held_out import write_held_out
        from gentap.questions.invert import invert
        from gentap.training.loop.processes import is_main
        from gentap.training.train_stages import train_writer

        data, annotated, tags = self._data(), self._annotated(), self._tags()
        if not tags and self.writer.tags == "auto":
            say("questions train: the base's vocabulary has no tags; names are spelled out.")
        tally = invert(data, annotated, self.writer, folder, tags=tags) if is_main() else Tally()
        stats = train_writer(self.base, self.writer, self.linearizer, folder, seed=self.seed)
        if not is_main():
            return stats
        held_out = write_held_out(self.writer, folder.path, self.seed)
        return {**stats, "held_out": score_questions(held_out), "inverted": tally.to_json()}

    def summary(self, stats: Mapping[str, Any]) -> list[str]:
        from gentap.training.data.losses import losses_told

        text = counted(stats["examples"]["pairs"], "question")
        lost = losses_told(stats)
        scores = stats["held_out"].get("all")
        if not scores:
            return [text, *lost]
        shown = ", ".join(f"{metric} {scores[metric]:.2f}" for metric in scores["signatures"])
        return [
            f"{text}; {scores['questions']:,} on held-out articles: {shown}, "
            f"loss {stats['best_dev_loss']:.3f}",
            *lost,
        ]

    def _data(self) -> list[Path]:
        from gentap.documents.input_files import expand_inputs, packed

        return expand_inputs(self.writer.data, packed(".json"))

    def _annotated(self) -> list[Path]:
        from gentap.documents.input_files import expand_inputs, packed

        return expand_inputs(self.writer.annotated, packed(".jsonl"))

    def _check_base(self) -> None:
        """Raise where the base's vocabulary has no tags."""
        from gentap.model.tokenizer import load_tokenizer
        from gentap.questions.writer_input import Layout
        from gentap.questions.writers.codec import Codec

        layout = Layout(max_entries=self.writer.max_entries, tags=self._tags())
        Codec(load_tokenizer(self.base, self.linearizer), layout)

    def _tags(self) -> bool:
        """Whether the writer has tags: as the settings say, or as the base's vocabulary allows."""
        from gentap.model.tokenizer import load_tokenizer
        from gentap.questions.writers.codec import has_tags

        if self.writer.tags != "auto":
            return self.writer.tags
        return has_tags(load_tokenizer(self.base, self.linearizer), self.writer.max_entries)


@dataclass(frozen=True, kw_only=True)
class WriteStage(Stage):
    """Mined or linked sentences and a writer (a model or a chat endpoint) to sentence examples."""

    name: ClassVar[str] = "write"
    command: ClassVar[str] = "questions write"
    mined: Path | None
    writer: str
    write: WriteSettings
    seed: int

    def settings(self) -> dict[str, Any]:
        used = {**self.write.model_dump(exclude={"threads", "endpoint"}), "seed": self.seed}
        if self._asks_an_endpoint:
            used |= {"endpoint": self.write.endpoint.decisive(), "writer": self.writer}
        return used

    def inputs(self) -> list[Path]:
        prompt = self.write.endpoint.prompt
        round_trip = self.write.filters.round_trip
        writer = prompt if self._asks_an_endpoint else self.writer
        linked = self.write.linked
        given = [self.mined] if self.mined else []
        others = (writer, round_trip, linked.tables, *linked.exclude)
        return [*given, *self._linked(), *(Path(path) for path in others if path)]

    def check(self, planned: Planned = ()) -> None:
        from gentap.model.loading.checkpoints import check_model
        from gentap.questions.writers.open_writer import check_writer, idle_settings

        self._check_linked()
        if self.mined is not None and self.mined not in planned:
            require_stage(self.mined, "mine", "questions are written for mined sentences")
            require_columns(parts(self.mined / "sentences"), MINED_SCHEMA)
        if idle := idle_settings(self.writer, self.write):
            kind = "a chat endpoint" if self._asks_an_endpoint else "a model's folder"
            say(f"questions write: without effect where {kind} writes: {', '.join(idle)}")
        if Path(self.writer) not in planned:
            check_writer(self.writer, self.write)
        model = self.write.filters.round_trip
        if model and Path(model) not in planned:
            if not (Path(model) / "config.json").exists():
                raise InputError(f"{model}: no model folder (write.filters.round_trip).")
            check_model(model)

    def run(self, folder: StageFolder) -> Mapping[str, Any]:
        from gentap.questions.linked import store_linked
        from gentap.questions.write import write_questions

        sentences = self.mined / "sentences" if self.mined else None
        linked = None
        if files := self._linked():
            linked = store_linked(files, self.write.linked, folder, self._excluded)
        tally = write_questions(
            sentences, self.writer, self.write, folder, seed=self.seed, linked=linked
        )
        return tally.to_json()

    def summary(self, stats: Mapping[str, Any]) -> list[str]:
        counts = stats["counts"]
        return [
            f"{counted(counts.get('examples', 0), 'long example')} from "
            f"{counted(counts.get('sentences', 0), 'sentence')} and "
            f"{counted(counts.get('questions', 0), 'question')}"
        ]

    def _linked(self) -> list[Path]:
        from gentap.documents.input_files import expand_inputs
        from gentap.documents.linked_sentences import LINKED_SUFFIXES

        files = self.write.linked.files
        return expand_inputs(files, LINKED_SUFFIXES) if files else []

    def _check_linked(self) -> None:
        """Raise where there is nothing to write for, or what linked sentences need is missing."""
        from gentap.documents.input_files import require_file
        from gentap.mining.decontaminate import check_exclusions

        linked = self.write.linked
        if self.mined is None and not linked.files:
            raise SettingError(
                "questions write: nothing to write for. Give a mined folder, or files of linked "
                "sentences (write.linked.files)."
            )
        for file in [*self._linked(), *([Path(linked.tables)] if linked.tables else [])]:
            require_file(file)
        check_exclusions(linked.exclude)

    def _excluded(self, mined: Mined) -> str:
        """Why a linked sentence must not be in the corpus."""
        from gentap.mining.decontaminate import load_exclusions

        mine = MineSettings()
        names = tuple(self.write.linked.exclude)
        exclusions = load_exclusions(names, mine.similar_table, mine.answer_words)
        page = Document(url=mined.url, title=mined.table.title, blocks=(), tables=())
        if exclusions.holds_page(page):
            return "page of an evaluation set"
        if exclusions.holds_table(mined.table):
            return "table of an evaluation set"
        return "answer of an evaluation set" if exclusions.holds_answer(mined.sentence) else ""

    @property
    def _asks_an_endpoint(self) -> bool:
        from gentap.model.chat.chat_client import is_address

        return is_address(self.writer)
