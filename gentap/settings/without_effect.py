"""Settings that are given but change nothing, because another one turns off what they are for."""

from collections.abc import Callable, Iterator
from typing import Any

from gentap.settings.question_sections import FilterSettings, WriteSettings
from gentap.settings.recipe import Recipe
from gentap.settings.sections import EvaluateSettings, JudgeSettings, Settings
from gentap.settings.trainer_arguments import ABOVE, ADAMS
from gentap.settings.training_sections import (
    BaseSettings,
    EwcSettings,
    FinetuneSettings,
    PretrainSettings,
    PrivateSettings,
    TrainingSettings,
    WriterSettings,
)

_Condition = Callable[[Any], bool]

NEEDS: dict[type[Settings], list[tuple[str, _Condition, str]]] = {
    Recipe: [
        ("finetunings", lambda recipe: bool(recipe.finetune.train), "finetune.train"),
    ],
    BaseSettings: [
        ("lookup_batch_tokens", lambda base: base.lookup_steps > 0, "lookup_steps above 0"),
        ("hidden_cells", lambda base: base.table_share > 0, "table_share above 0"),
        *(
            (
                name,
                lambda base: base.table_share + base.sentence_share + base.lookup_share < 1,
                "a share of prose, which the three other shares take up",
            )
            for name in ("noise", "mean_span")
        ),
    ],
    WriterSettings: [
        ("dev_beams", lambda writer: writer.held_out > 0, "held_out above 0"),
        ("max_answer_words", lambda writer: bool(writer.data), "reading comprehension (data)"),
    ],
    WriteSettings: [
        ("top_p", lambda write: write.temperature > 0, "temperature above 0"),
        ("threads", lambda write: write.backend != "transformers", "backend ctranslate2"),
        (
            "precision",
            lambda write: write.backend == "transformers" or bool(write.filters.round_trip),
            "backend transformers",
        ),
    ],
    FilterSettings: [
        (name, lambda filters: bool(filters.round_trip), "round_trip")
        for name in ("min_overlap", "round_trips")
    ],
    JudgeSettings: [
        (name, lambda judge: bool(judge.address), "address")
        for name in JudgeSettings.model_fields
        if name != "address"
    ],
    PretrainSettings: [
        (
            "hidden_cells",
            lambda pretrain: pretrain.mix.masked + pretrain.mix.replaced > 0,
            "mix.masked or mix.replaced above 0",
        ),
        ("swap_words", lambda pretrain: pretrain.swapped > 0, "swapped above 0"),
    ],
    PrivateSettings: [
        (name, lambda private: private.epsilon > 0, "epsilon above 0")
        for name in ("delta", "clip", "batch")
    ],
    EwcSettings: [
        (name, lambda ewc: ewc.strength > 0, "strength above 0") for name in ("data", "examples")
    ],
    FinetuneSettings: [
        ("ewc", lambda finetune: bool(finetune.ewc.data or finetune.mend), "ewc.data or mend"),
    ],
    EvaluateSettings: [
        ("length_penalty", lambda evaluate: evaluate.beams > 1, "beams above 1"),
        *(
            (name, lambda evaluate: bool(evaluate.noise), "noise")
            for name in ("noise_questions", "noise_seed")
        ),
        ("swap_questions", lambda evaluate: bool(evaluate.swap), "swap"),
        ("tune_questions", lambda evaluate: bool(evaluate.tune_length), "tune_length"),
        (
            "constrain_cells",
            lambda evaluate: evaluate.decoder != "long",
            "the cell decoder, and decoder is long",
        ),
    ],
}
"""By kind of settings: a setting, when it counts, and what it needs for that."""


def without_effect(settings: Settings) -> Iterator[str]:
    """A line for each setting that was given a value of its own and changes nothing."""
    kind = type(settings)
    defaults = {name: field.default for name, field in kind.model_fields.items()}
    given = [name for name in defaults if getattr(settings, name) != defaults[name]]
    if isinstance(settings, BaseSettings) and settings.checkpoint:
        if others := [name for name in given if name != "checkpoint"]:
            yield f"{', '.join(others)}: no effect, a checkpoint is given and nothing is trained"
        return
    if isinstance(settings, Recipe) and settings.base.checkpoint and settings.mine.tableless:
        yield "mine.tableless has no effect: a checkpoint is given and no base learns from prose"
    for name, counts, needed in NEEDS.get(kind, []):
        if name in given and not counts(settings):
            yield f"{name} has no effect: it needs {needed}"
    if isinstance(settings, TrainingSettings):
        if settings.max_steps and "epochs" in given:
            yield f"epochs has no effect: max_steps is {settings.max_steps:,}"
        for argument in sorted(settings.arguments.keys() & ABOVE.keys()):
            if ABOVE[argument] in given:
                yield f"{ABOVE[argument]} has no effect: arguments.{argument} counts"
        if settings.optimizer == "adafactor" and "optim" not in settings.arguments:
            for argument in sorted(settings.arguments.keys() & {*ADAMS}):
                yield f"arguments.{argument} has no effect: it needs optimizer adamw"
    for name in kind.model_fields:
        if isinstance(inner := getattr(settings, name), Settings):
            yield from (f"{name}.{line}" for line in without_effect(inner))
