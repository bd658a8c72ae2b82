"""The stages that score: answers of a model, anybody's answers, and systems side by side."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from gentap.errors import InputError, SettingError
from gentap.runs.counting import counted
from gentap.runs.files.output_files import write_json, write_text
from gentap.runs.short_names import short_names
from gentap.runs.store import REJECTED, StageFolder
from gentap.settings.sections import NO_JUDGE, EvaluateSettings, JudgeSettings, Protocol
from gentap.stages.stage import Planned, Stage

if TYPE_CHECKING:
    from gentap.evaluation.compare import Comparison
    from gentap.evaluation.counterfactuals import CounterfactualCopy, Counterfactuals
    from gentap.evaluation.results import Results
    from gentap.evaluation.robustness import SpoiledSet
    from gentap.records import Example

COMPARISON = "compare.json"


@dataclass(frozen=True, kw_only=True)
class EvaluateStage(Stage):
    """A model and annotated questions to its answers and their scores."""

    name: ClassVar[str] = "evaluate"
    model: str
    evaluate: EvaluateSettings

    def settings(self) -> dict[str, Any]:
        return self.evaluate.model_dump(exclude={"judge"}) | _judge_used(self.evaluate.judge)

    def inputs(self) -> list[Path]:
        from gentap.documents.annotated.reading import find_question_files

        data = [*self.evaluate.data, *self.evaluate.tune_length]
        prompt = self.evaluate.judge.prompt
        files = [Path(self.model), *find_question_files(data), *([Path(prompt)] if prompt else [])]
        if self.evaluate.swap:
            from gentap.trust.word_lists import find_word_list

            files.append(find_word_list(self.evaluate.swap))
        return files

    def check(self, planned: Planned = ()) -> None:
        from gentap.documents.annotated.reading import read_questions
        from gentap.evaluation.judge import open_judge
        from gentap.evaluation.metrics.scoring import needs_wordnet
        from gentap.evaluation.metrics.wordnet import open_wordnet
        from gentap.evaluation.spread import spread
        from gentap.model.loading.checkpoints import check_model

        open_judge(self.evaluate.judge)
        if not self.evaluate.data:
            raise SettingError("evaluate: no annotated questions given (evaluate.data, --data).")
        read = read_questions(self.evaluate.data, self.evaluate.task).examples
        examples = spread(read, self.evaluate.questions)
        if needs_wordnet(examples):
            open_wordnet()
        dev = read_questions(self.evaluate.tune_length, self.evaluate.task).examples
        if self.evaluate.tune_length and not any(one.kind == "long" for one in dev):
            raise InputError(
                f"{', '.join(self.evaluate.tune_length)}: no question that is answered in a "
                "sentence; only those can tune the length (evaluate.tune_length)."
            )
        if self.evaluate.noise:
            from gentap.trust.noise import parse_noise

            parse_noise(self.evaluate.noise)
        if self.evaluate.swap and next(self._copies(examples), None) is None:
            raise InputError(
                f"{', '.join(self.evaluate.data)}: no question names anybody of the word list "
                f"{self.evaluate.swap} (evaluate.swap). Give another list, or leave it out."
            )
        if Path(self.model) not in planned:
            check_model(self.model)

    def run(self, folder: StageFolder) -> Mapping[str, Any]:
        from gentap.evaluation.evaluate import evaluate_model

        spoil = self._spoil if self.evaluate.noise else None
        swap = self._swap if self.evaluate.swap else None
        return evaluate_model(self.model, self.evaluate, folder, spoil, swap)

    def _swap(self, examples: "Sequence[Example]") -> "Counterfactuals":
        """Copies of some of the questions, told of other people."""
        from gentap.evaluation.counterfactuals import Counterfactuals
        from gentap.evaluation.spread import spread
        from gentap.trust.word_lists import find_word_list, read_word_list

        groups = read_word_list(find_word_list(self.evaluate.swap)).groups
        copies = spread(list(self._copies(examples)), self.evaluate.swap_questions)
        return Counterfactuals(groups, copies)

    def _copies(self, examples: "Sequence[Example]") -> "Iterator[CounterfactualCopy]":
        from gentap.evaluation.counterfactuals import CounterfactualCopy
        from gentap.trust.swap import swap
        from gentap.trust.word_lists import find_word_list, read_word_list

        words = read_word_list(find_word_list(self.evaluate.swap))
        for place, example in enumerate(examples):
            if (found := swap(example, words)) is not None:
                yield CounterfactualCopy(place, found.copy, found.group, found.rewrite)

    def _spoil(self, examples: "Sequence[Example]") -> "list[SpoiledSet]":
        """The questions as they are, each kind of noise by itself, and all as they were given."""
        from gentap.evaluation.robustness import SpoiledSet
        from gentap.evaluation.spread import spread
        from gentap.trust.noise import Noise, parse_noise, single_kinds, spoil

        asked = spread(examples, self.evaluate.noise_questions)
        noise = parse_noise(self.evaluate.noise)
        sets: list[tuple[str, float, Noise]] = [("none", 0.0, Noise())]
        for kind, levels in single_kinds(noise).items():
            sets += [(kind, level, of_level) for level, of_level in levels]
        if len(single_kinds(noise)) > 1:
            sets.append((self.evaluate.noise, 1.0, noise))
        made = []
        for kind, level, of_kind in sets:
            spoiled = [spoil(one, of_kind, self.evaluate.noise_seed) for one in asked]
            examples_of = [one.example for one in spoiled]
            made.append(SpoiledSet(kind, level, examples_of, [one.needed for one in spoiled]))
        return made

    def summary(self, stats: Mapping[str, Any]) -> list[str]:
        counts = {**stats["inputs"], **stats["warnings"]}
        lines = list(stats["reading"])
        lines += [f"{name}: {count:,}" for name, count in counts.items()]
        if self.evaluate.tune_length:
            lines.append(
                f"length penalty {stats['length_penalty']:g}, at least "
                f"{counted(stats['min_answer_tokens'], 'token')}, chosen on dev"
            )
        return lines

    def scores(self, output: Path, *, overwrite: bool = False) -> dict[str, Any]:
        """Do the work; the content of ``scores.json``."""
        from gentap.evaluation.results import read_scores

        self.make(output, overwrite=overwrite)
        return read_scores(output)


def evaluate(
    model: str,
    data: Sequence[str | Path],
    output: str | Path,
    *,
    overwrite: bool = False,
    **more: Any,
) -> dict[str, Any]:
    """Answer annotated questions with a model, and score the answers, in a report's folder.

    ``data`` are files in any known layout; further arguments are settings of ``[evaluate]``
    (``beams=4``, ``protocol="fetaqa"``, …). Work that is done already in ``output`` is not done
    again. Returns the scores, in percent, with their intervals and signatures.

    Raises GentapError where model, data or settings can't be used.
    """
    from gentap.settings.recipe import make_settings

    settings = make_settings(EvaluateSettings, {"data": list(map(str, data)), **more}, "evaluate")
    return EvaluateStage(model=model, evaluate=settings).scores(Path(output), overwrite=overwrite)


def evaluate_models(
    models: Sequence[str], settings: EvaluateSettings, output: Path, *, overwrite: bool = False
) -> dict[str, dict[str, Any]]:
    """Evaluate one model in ``output``, or several in folders below it, and compare them."""
    stages = {model: EvaluateStage(model=model, evaluate=settings) for model in models}
    if len(models) == 1:
        return {models[0]: stages[models[0]].scores(output, overwrite=overwrite)}
    names = _names(models)
    scores = {
        name: stages[model].scores(output / name, overwrite=overwrite)
        for name, model in names.items()
    }
    compared = CompareStage(systems=tuple(str(output / name) for name in names))
    compared.make(output / "compared", overwrite=overwrite)
    return scores


def _names(models: Sequence[str]) -> dict[str, str]:
    """Each model's folder name, with as many of its parents' as tell it from the others."""
    names = [name.replace("/", "-") for name in short_names([*models, "compared"])[:-1]]
    if len({*names, "compared"}) <= len(names):
        raise SettingError("evaluate: the same model is given twice (--model).")
    return dict(zip(names, models, strict=True))


@dataclass(frozen=True, kw_only=True)
class ScoreStage(Stage):
    """A file of predictions to its scores, kept in a report's folder."""

    name: ClassVar[str] = "score"
    predictions: Path
    data: tuple[str, ...]
    protocol: Protocol
    judge: JudgeSettings = NO_JUDGE

    def settings(self) -> dict[str, Any]:
        data = list(self.data)
        used = {"predictions": str(self.predictions), "data": data, "protocol": self.protocol}
        return used | _judge_used(self.judge)

    def inputs(self) -> list[Path]:
        from gentap.documents.annotated.reading import find_question_files

        prompt = [Path(self.judge.prompt)] if self.judge.prompt else []
        return [self.predictions, *find_question_files(self.data), *prompt]

    def check(self, planned: Planned = ()) -> None:
        from gentap.documents.input_files import require_file
        from gentap.evaluation.judge import open_judge

        open_judge(self.judge)
        require_file(self.predictions)

    def run(self, folder: StageFolder) -> Mapping[str, Any]:
        from gentap.documents.rejected import reading_told, write_rejected
        from gentap.evaluation.read_predictions import score_file
        from gentap.evaluation.report.page import write_report
        from gentap.evaluation.results import write_results

        results = score_file(self.predictions, self.data, self.protocol, self.judge)
        write_results(folder.path, results)
        write_rejected(folder.path / REJECTED, results.unread)
        write_report(folder.path, [results], facts=_facts([results], self.data))
        return {
            "questions": results.scored.questions,
            "warnings": results.scored.warnings,
            "rejected": dict(results.unread.counts),
            "reading": reading_told(results.unread),
        }

    def summary(self, stats: Mapping[str, Any]) -> list[str]:
        return list(stats["reading"])


@dataclass(frozen=True, kw_only=True)
class CompareStage(Stage):
    """Two or more reports, or files of predictions, to their paired tests."""

    name: ClassVar[str] = "compare"
    systems: tuple[str, ...]
    data: tuple[str, ...] = ()
    protocol: Protocol | None = None
    by: str | None = None
    count: int = 10

    def settings(self) -> dict[str, Any]:
        return {
            "systems": list(self.systems),
            "data": list(self.data),
            "protocol": self.protocol,
            "by": self.by,
            "count": self.count,
        }

    def inputs(self) -> list[Path]:
        from gentap.evaluation.compare import named_path

        return [*(named_path(system)[1] for system in self.systems), *map(Path, self.data)]

    def check(self, planned: Planned = ()) -> None:
        from gentap.evaluation.compare import system_paths

        system_paths(self.systems)

    def compare(self) -> "Comparison":
        """The comparison alone, without a folder."""
        from gentap.evaluation.compare import compare, read_systems

        return compare(read_systems(self.systems, self.data, self.protocol), self.by, self.count)

    def run(self, folder: StageFolder) -> Mapping[str, Any]:
        from gentap.evaluation.report.comparison_text import comparison_text
        from gentap.evaluation.report.page import write_report

        found = self.compare()
        write_text(folder.path / "compare.md", comparison_text(found))
        write_json(folder.path / COMPARISON, found.to_json())
        first = found.systems[0].name
        tests = {pair.second: pair.differences for pair in found.pairs if pair.first == first}
        facts = _facts(found.systems, self.data)
        write_report(folder.path, found.systems, facts=facts, tests=tests)
        return {"systems": len(found.systems), "pairs": len(found.pairs)}

    def summary(self, stats: Mapping[str, Any]) -> list[str]:
        return []


def _judge_used(judge: JudgeSettings) -> dict[str, Any]:
    """What a judge's ratings depend on; {} where there is none."""
    return {"judge": judge.decisive()} if judge.address else {}


def _facts(systems: Sequence["Results"], data: Sequence[str]) -> list[str]:
    """What stands below a report's title."""
    count = counted(len(systems[0].examples), "question")
    of = f"{count} of {', '.join(data)}" if data else count
    return [of, f"protocol {systems[0].scored.protocol}"]
