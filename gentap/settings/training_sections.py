"""Settings of the stages that train."""

from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from gentap.settings.sections import MAX_BEAMS, AdapterSettings, Precision, Settings, Task
from gentap.settings.trainer_arguments import check_arguments, take_ours

Size = Literal["tiny", "mini", "small", "base"]
Optimizer = Literal["adafactor", "adamw"]


class TrainingSettings(Settings):
    """Settings of every stage that trains."""

    epochs: float = Field(3.0, gt=0, le=10_000, description="passes over the data")
    max_steps: int = Field(
        0,
        ge=0,
        le=10**9,
        description="optimizer steps, whatever epochs says; 0: as many as epochs make",
    )
    batch_tokens: int = Field(
        8192,
        ge=8,
        le=2**31,
        description="input tokens a step, padding included, for each micro-batch",
    )
    accumulate: int = Field(1, ge=1, le=65536, description="micro-batches a step")
    optimizer: Optimizer = Field(
        "adafactor", description="adafactor, whose rate is relative to each weight's size, or adamw"
    )
    learning_rate: float = Field(1e-3, gt=0, le=10, description="highest learning rate")
    warmup: float = Field(0.05, ge=0, le=1, description="share of the steps to warm up in")
    weight_decay: float = Field(0.01, ge=0, le=1, description="decoupled weight decay")
    dropout: float = Field(0.1, ge=0, lt=1, description="dropout while training")
    precision: Precision = Field("auto", description="bf16 where it is fast, or bf16, or fp32")
    save_every: int = Field(200, ge=1, description="steps between checkpoints")
    keep_checkpoints: int = Field(2, ge=1, description="checkpoints kept while training")
    max_target_tokens: int = Field(96, ge=4, description="longest target; examples above go")
    report_to: list[str] = Field(
        [], description="experiment logs: tensorboard, trackio and others that transformers knows"
    )
    arguments: dict[str, Any] = Field(
        {}, description="any other argument of transformers' TrainingArguments, by its name"
    )

    def decisive(self) -> dict[str, Any]:
        """All that the trained model depends on: not its logs, nor the checkpoints left about."""
        return self.model_dump(exclude={"keep_checkpoints", "report_to"})

    @model_validator(mode="before")
    @classmethod
    def _take_ours(cls, values: Any) -> Any:
        return take_ours(values) if isinstance(values, dict) else values

    @field_validator("arguments")
    @classmethod
    def _check_arguments(cls, arguments: dict[str, Any]) -> dict[str, Any]:
        check_arguments(arguments)
        return arguments


class PatientSettings(TrainingSettings):
    """Settings of a stage that keeps the state which is best on examples set apart."""

    patience: int = Field(
        0, ge=0, le=10**6, description="end after so many looks at dev without gain; 0: never early"
    )


class AdaptedSettings(TrainingSettings):
    """Settings of a stage that trains a model which a base becomes, of either architecture."""

    adapters: AdapterSettings = Field(
        AdapterSettings(), description="decoders as adapters, where the base is decoder-only"
    )


class BaseSettings(TrainingSettings):
    """`gentap base`: a vocabulary and a small T5 from scratch, where no checkpoint is at hand."""

    checkpoint: str = Field(
        "", description="folder or hub name of a T5; given, nothing is trained from scratch"
    )
    size: Size = Field("mini", description="size of the new model")
    vocabulary: int = Field(8000, ge=300, le=10**6, description="pieces of the new vocabulary")
    vocabulary_sentences: int = Field(
        400_000, ge=100, description="texts that the vocabulary is learnt from"
    )
    optimizer: Optimizer = Field(
        "adamw", description="adamw, or adafactor, whose rate is relative to each weight's size"
    )
    learning_rate: float = Field(
        2e-3,
        gt=0,
        le=10,
        description="highest learning rate; 1e-3 or less for the sizes small and base",
    )
    window: int = Field(
        256, ge=32, le=2**17, description="tokens of text that are corrupted together"
    )
    noise: float = Field(0.15, gt=0, lt=0.9, description="share of the tokens that is hidden")
    mean_span: float = Field(
        3.0, ge=1, le=1000, description="mean number of tokens hidden in a row"
    )
    hidden_cells: float = Field(0.15, gt=0, lt=1, description="share of a table's cells hidden")
    table_share: float = Field(0.0, ge=0, le=1, description="share of windows that hold tables")
    sentence_share: float = Field(
        0.3, ge=0, le=1, description="share of windows that hold mined sentences and their tables"
    )
    lookup_share: float = Field(
        0.3, ge=0, le=1, description="share of windows whose rows and cells are looked up"
    )
    lookup_steps: int = Field(
        2000,
        ge=0,
        le=10**9,
        description="steps of lookups alone, before those that show all objectives",
    )
    lookup_batch_tokens: int = Field(
        1024,
        ge=8,
        le=2**31,
        description="input tokens of such a step: it is their number that counts",
    )
    held_out: float = Field(
        0.01, ge=0, lt=1, description="share of the pages that measure the copying"
    )

    @model_validator(mode="after")
    def _shares_a_whole(self) -> "BaseSettings":
        if self.table_share + self.sentence_share + self.lookup_share > 1:
            raise ValueError(
                "table_share, sentence_share and lookup_share together must be at most 1"
            )
        return self

    @model_validator(mode="after")
    def _holds_a_window(self) -> "BaseSettings":
        for name in ("batch_tokens", *(["lookup_batch_tokens"] if self.lookup_steps else [])):
            if getattr(self, name) < self.window:
                raise ValueError(f"{name} must be at least window: a step takes a whole one")
        if self.mean_span > self.window:
            raise ValueError("mean_span must be at most window")
        return self


class WriterSettings(PatientSettings, AdaptedSettings):
    """`gentap questions train`: the question writer, from a reading-comprehension set."""

    data: list[str] = Field([], description="reading-comprehension files in SQuAD layout")
    annotated: list[str] = Field(
        [], description="annotated table questions to mix in, inverted (FeTaQA's or our JSONL)"
    )
    held_out: float = Field(0.1, ge=0, lt=1, description="share of the articles held out")
    max_entries: int = Field(8, ge=1, le=64, description="entries given with a sentence")
    max_answer_words: int = Field(
        12, ge=1, description="longer reading-comprehension answers are unlike a table's entries"
    )
    tags: Literal[True, False, "auto"] = Field(
        "auto",
        description="title and entries stand as tags that are copied whole (small models); auto: "
        "where the vocabulary has them, as T5's does",
    )
    dev_beams: int = Field(
        4, ge=1, le=MAX_BEAMS, description="beams of the search on held-out articles"
    )


class Mix(Settings):
    """Examples of each objective in a step, in proportion."""

    long: int = Field(1, ge=0, le=1000, description="sentence answers, for the long decoder")
    cell: int = Field(1, ge=0, le=1000, description="cell answers, for the cell decoder")
    masked: int = Field(
        0,
        ge=0,
        le=1000,
        description="tables whose hidden cells the long decoder recovers; needs --tables",
    )
    replaced: int = Field(
        0,
        ge=0,
        le=1000,
        description="tables whose exchanged cells it finds and puts right; needs --tables",
    )

    @model_validator(mode="after")
    def _holds_something(self) -> "Mix":
        if not self.long + self.cell + self.masked + self.replaced:
            raise ValueError(
                "a mix of nothing: give long, cell, masked or replaced a number above 0"
            )
        return self


class PretrainSettings(AdaptedSettings):
    """`gentap pretrain`: one encoder, two decoders, equal numbers of both kinds a step."""

    mix: Mix = Field(Mix(), description="examples of each objective in a step, in proportion")
    stated: float = Field(
        0.5,
        ge=0,
        lt=1,
        description="share of the sentences learnt that a grammar states, where there are others",
    )
    hidden_cells: float = Field(
        0.15, gt=0, lt=1, description="share of a table's cells that is hidden, or replaced"
    )
    swapped: float = Field(
        0.0,
        ge=0,
        le=1,
        description="share of the examples that are learnt in a copy told of other people too",
    )
    swap_words: str = Field(
        "english", min_length=1, description="the word list of these copies: a name or a file"
    )
    workers: int = Field(1, ge=1, le=1024, description="processes that tokenize the corpora")

    def decisive(self) -> dict[str, Any]:
        return {name: value for name, value in super().decisive().items() if name != "workers"}


class EwcSettings(Settings):
    """Elastic weight consolidation: what the model could do before is kept."""

    data: list[str] = Field(
        [], description="examples of what is to be kept: questions in any layout, or their folders"
    )
    strength: float = Field(
        100.0, ge=0, le=1e12, description="how strongly the weights that they need are held"
    )
    examples: int = Field(
        200, ge=1, le=10**6, description="so many of them are looked at for what they need"
    )


class PrivateSettings(Settings):
    """Differentially private training of adapters: what an example can change is bounded."""

    epsilon: float = Field(
        -1.0, ge=-1, le=1e6, description="privacy lost at most; -1: training is not private"
    )
    delta: float = Field(
        1e-5, gt=0, lt=1, description="chance that more is lost: well below 1 / examples"
    )
    clip: float = Field(
        1.0, gt=0, le=1e6, description="norm that each example's gradient is clipped to"
    )
    batch: int = Field(64, ge=1, le=10**6, description="examples a step, on average")

    @model_validator(mode="after")
    def _keeps_something(self) -> "PrivateSettings":
        if -1 < self.epsilon <= 0:
            raise ValueError(
                "epsilon must be above 0: at 0 nothing could be learnt (-1: not private)"
            )
        return self


class FinetuneSettings(PatientSettings, AdaptedSettings):
    """`gentap finetune`: on annotated questions; the best state by loss on `dev` is kept."""

    train: list[str] = Field([], description="annotated questions to train on")
    dev: list[str] = Field([], description="annotated questions to choose the best state by")
    task: Task = Field(
        "questions", description="questions to answer, or text: the evidence to say in a sentence"
    )
    dev_answers: int = Field(
        0, ge=0, description="sentences written at each look at dev, for their BLEU over pieces"
    )
    shots: int = Field(0, ge=0, description="train on so many, drawn by the seed; 0: on all")
    mend: str = Field(
        "", description="weak groups (gentap cohorts): train on their like, and keep the rest"
    )
    ewc: EwcSettings = Field(
        EwcSettings(), description="elastic weight consolidation: keep what was learnt before"
    )
    private: PrivateSettings = Field(
        PrivateSettings(), description="differentially private training of adapters"
    )
    canaries: int = Field(
        0, ge=0, le=1000, description="made-up rows among the examples, for `gentap audit`"
    )

    @model_validator(mode="after")
    def _keeps_private(self) -> "FinetuneSettings":
        """What would look at single examples, or tell of them, can't go with privacy."""
        if self.private.epsilon <= 0:
            return self
        telling = {
            "dev": self.dev,
            "patience": self.patience,
            "dev_answers": self.dev_answers,
            "ewc.data": self.ewc.data,
            "mend": self.mend,
            "report_to": self.report_to,
            "arguments": self.arguments,
        }
        if given := [name for name, value in telling.items() if value]:
            raise ValueError(
                f"private training (private.epsilon) can't go with {', '.join(given)}: leave "
                f"{'it' if len(given) == 1 else 'them'} out"
            )
        return self
