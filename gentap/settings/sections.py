"""Every setting of every stage, with its default and meaning; checked when they are made."""

import math
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

Precision = Literal["auto", "bf16", "fp32"]
Protocol = Literal["fetaqa", "totto", "cased", "unicode"]
Task = Literal["questions", "text"]


MAX_BEAMS = 128
MAX_SEED = 2**31 - 1
"""numpy's and torch's generators take 32 bits; the seeds after a recipe's own need room."""
_MAX_INT = 2**63 - 1
_PLAIN: dict[Any, tuple[tuple[type, ...], str]] = {
    int: ((int,), "a valid integer"),
    float: ((float, int), "a valid number"),
    bool: ((bool,), "true or false"),
}


class Settings(BaseModel):
    """Base of all settings: unknown names and ill-typed values are errors.

    Nothing is converted: true is not 1, "3" is no number, NaN and infinities are none either.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _as_given(cls, value: Any, info: ValidationInfo) -> Any:
        annotation = cls.model_fields[str(info.field_name)].annotation
        kinds, wanted = _PLAIN.get(annotation, ((object,), ""))
        is_one = isinstance(value, kinds) and isinstance(value, bool) == (bool in kinds)
        if wanted and not is_one:
            raise ValueError(f"Input should be {wanted}")
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, str) and "\0" in one:
                raise ValueError("a text must not hold a null character")
            if isinstance(one, int) and abs(one) > _MAX_INT:
                raise ValueError("an integer must fit into 64 bits")
            if one == "" and isinstance(value, list):
                raise ValueError("a list must not hold an empty text")
        return value


class FieldMap(Settings):
    """Where a line of JSONL documents holds what; the fields of a table are paths within it."""

    url: str = "url"
    title: str = "title"
    text: list[str] = ["text"]
    tables: str = "tables"
    section: str = "section"
    caption: str = "caption"
    header: str = "header"
    rows: str = "rows"
    html: str = ""


class ClusterSettings(Settings):
    """Where shards of mining and sampling run; Ray and Slurm through datatrove."""

    engine: Literal["local", "ray", "slurm"] = Field(
        "local", description="what runs the shards: processes here, Ray, or Slurm"
    )
    cpus: int = Field(1, ge=1, le=1024, description="processor cores reserved for a worker")
    memory_gb: int = Field(2, ge=1, le=4096, description="memory reserved for each core, in GB")
    partition: str = Field("", description="Slurm's partition")
    qos: str = Field("", description="Slurm's quality of service")
    time: str = Field(
        "24:00:00",
        pattern=r"^(\d+-)?\d+(:\d\d){0,2}$",
        description="Slurm's time limit for a job",
    )
    setup: str = Field("", description="shell line that makes gentap's Python the one on PATH")
    shards_per_job: int = Field(
        1, ge=1, le=10**6, description="shards that one Slurm job does in turn"
    )
    stalled_seconds: int = Field(
        120, ge=5, le=86400, description="a worker without a sign of life for so long is given up"
    )


LOCAL = ClusterSettings()


def check_words(fewest: int, most: int) -> None:
    """Raises ValueError where no number of words is between the two."""
    if fewest > most:
        raise ValueError("min_words must not be above max_words")


class LinearizerSettings(Settings):
    """How a question and a table become tokens; saved in the model's folder, read back from it."""

    max_tokens: int = Field(
        512, ge=64, le=2**17, description="longest input, question and table together"
    )
    max_question_tokens: int = Field(96, ge=8, description="longest question; the rest is cut")
    max_cell_chars: int = Field(160, ge=16, description="longest cell or heading; cut at a word")

    @model_validator(mode="after")
    def _leaves_room(self) -> "LinearizerSettings":
        if 2 * self.max_question_tokens > self.max_tokens:
            raise ValueError("a question must not take more than half of max_tokens")
        return self


Trunk = Literal["whole", "adapter", "frozen"]


class AdapterSettings(Settings):
    """Decoders as low-rank adapters of a decoder-only base; without meaning for other bases.

    ``rank`` and ``both_ways`` are saved in the model's folder and read back from it.
    """

    rank: int = Field(
        16, ge=1, le=4096, description="rank of each decoder's adapter, and of the trunk's"
    )
    trunk: Trunk = Field(
        "whole",
        description="what of the trunk is trained: the whole, an adapter of its own, or nothing",
    )
    both_ways: bool = Field(
        False, description="question and table attend both ways, not only to what stands before"
    )
    learning_rate: float = Field(
        8e-4, gt=0, le=10, description="highest learning rate of the adapters"
    )


class MineSettings(Settings):
    """`gentap mine`: documents to tables and sentences that name two cells of a row."""

    inputs: list[str] = Field(
        [], description="WARC, HTML, JSONL, Markdown and dump files, folders or globs"
    )
    exclude: list[str] = Field([], description="evaluation sets to keep out of the corpus")
    fields: FieldMap = Field(FieldMap(), description="names of the JSONL documents' fields")
    infoboxes: bool = Field(False, description="read infoboxes as tables of two columns")
    tableless: bool = Field(
        False, description="keep the prose of pages without a data table too, for a base to learn"
    )
    shard_bytes: int = Field(
        8 * 2**20, ge=1, description="small input files are mined together up to this size"
    )
    min_words: int = Field(5, ge=1, description="shorter sentences are set aside")
    max_words: int = Field(60, ge=1, description="longer sentences are set aside")
    numbers: bool = Field(True, description="1,234, 1 234 and 1234 are the same value")
    dates: bool = Field(True, description="9 March 1920, March 9, 1920 and 1920-03-09 are the same")
    names: bool = Field(
        True,
        description="a name counts without its quotation marks and bracketed qualifier, in full, "
        "and by its last word where its paragraph named it before",
    )
    row_probability: float = Field(
        0.7,
        ge=0,
        lt=1,
        description="sentences less likely to state what their row states are set aside",
    )
    join: bool = Field(
        False,
        description="two sentences in a row that tell different rows of a table become one answer",
    )
    pronouns: Literal["keep", "drop"] = Field(
        "keep", description="sentences that open with a pronoun are kept (and marked) or dropped"
    )
    english: float = Field(
        0.1, ge=0, le=1, description="sentences with a smaller share of small English words go"
    )
    similar_sentence: float = Field(
        0.8,
        gt=0,
        le=1,
        description="sentences this similar repeat one another; 1: equal ones only",
    )
    similar_table: float = Field(
        0.8, gt=0, le=1, description="tables that share this much with an evaluation table go"
    )
    answer_words: int = Field(
        8, ge=3, description="sentences that share so many words in a row with an answer go"
    )

    @model_validator(mode="after")
    def _some_length_is_left(self) -> "MineSettings":
        check_words(self.min_words, self.max_words)
        return self


class EndpointSettings(Settings):
    """A chat endpoint; the API key is taken from the environment alone."""

    model: str = Field("", description="name of the endpoint's model")
    prompt: str = Field("", description="file of the prompt's template; empty: the one of ours")
    max_tokens: int = Field(128, ge=8, description="longest reply")
    key_variable: str = Field(
        "GENTAP_API_KEY",
        description="environment variable that holds the API key, if one is needed",
    )
    concurrency: int = Field(4, ge=1, le=256, description="requests at a time")
    timeout: float = Field(
        120.0, gt=0, le=86400, description="seconds that a request and its reply may take in all"
    )
    retries: int = Field(5, ge=0, description="further tries of a request that failed")
    backoff: float = Field(
        1.0, ge=0, le=3600, description="seconds before the second try; doubled each time"
    )
    max_requests: int = Field(0, ge=0, description="requests that a run may send; 0: no limit")
    max_spent: int = Field(0, ge=0, description="tokens that a run may pay for; 0: no limit")
    cache: str = Field(
        "", description="folder of answers paid for; empty: gentap/answers in the user's cache"
    )

    def decisive(self) -> dict[str, Any]:
        """What an answer depends on: not how fast and how far a run goes, or where it keeps."""
        return self.model_dump(exclude=set(_OPERATIONAL))


_OPERATIONAL = (
    *("concurrency", "timeout", "retries", "backoff", "max_requests", "max_spent"),
    *("cache", "key_variable"),
)


class JudgeSettings(EndpointSettings):
    """A chat endpoint that rates answers beside the metrics; without an address there is none."""

    address: str = Field("", description="the judge's address (http://…/v1); empty: no judge")


NO_JUDGE = JudgeSettings()


class SampleSettings(Settings):
    """`gentap sample`: questions whose answer is one cell, or a sentence, from a grammar."""

    grammar: str = Field(
        "english", min_length=1, description="the grammar's file, or the name of one of ours"
    )
    per_table: int = Field(
        4, ge=1, le=10_000, description="questions drawn for each table whose answer is one cell"
    )
    sentences: float = Field(
        0.5, ge=0, le=100, description="questions answered in a sentence, for each of those"
    )
    evidence_rows: list[float] = Field(
        [0.09, 0.43, 0.20, 0.28],
        min_length=4,
        max_length=4,
        description="shares of the sentences that tell of 1, 2, 3, and 4 or more rows",
    )
    unanswerable: float = Field(
        0.0, ge=0, le=1, description="share of the sentences that say the table does not answer"
    )
    shard_tables: int = Field(1000, ge=1, description="tables (lines of JSONL) a shard")
    attempts: int = Field(
        4,
        ge=1,
        le=1000,
        description="draws that a kind of question may fail in a turn before it is left out",
    )
    delimiter: str = Field("", description="what parts the cells of CSV files; empty: found out")
    encoding: str = Field("", description="the encoding of CSV files; empty: found out")

    @model_validator(mode="after")
    def _are_shares(self) -> "SampleSettings":
        if not all(0 <= share < math.inf for share in self.evidence_rows):
            raise ValueError("evidence_rows must be shares of 0 or more")
        if not any(self.evidence_rows):
            raise ValueError("evidence_rows must hold a share above 0")
        return self


class EvaluateSettings(Settings):
    """`gentap evaluate`: answers to annotated questions, and their scores."""

    data: list[str] = Field([], description="annotated questions to answer")
    questions: int = Field(0, ge=0, description="so many of them are asked, evenly spread; 0: all")
    task: Task = Field("questions", description="questions to answer, or text, as finetuned")
    protocol: Protocol = Field("fetaqa", description="how scores are computed")
    beams: int = Field(4, ge=1, le=MAX_BEAMS, description="beams of the search; 1 is greedy")
    max_answer_tokens: int = Field(64, ge=4, le=4096, description="longest answer")
    min_answer_tokens: int = Field(0, ge=0, description="shortest answer")
    length_penalty: float = Field(
        1.0, ge=-20, le=20, description="above 0 favours longer answers in beam search"
    )
    tune_length: list[str] = Field(
        [], description="dev questions that choose length_penalty and min_answer_tokens by BLEU"
    )
    tune_questions: int = Field(200, ge=0, description="so many of them are tried; 0: all")
    decoder: Literal["auto", "long", "cell"] = Field(
        "auto", description="the decoder that answers; auto: that of each question's kind"
    )
    constrain_cells: bool = Field(
        False, description="let the cell decoder write nothing but a cell of the table it is shown"
    )
    batch_size: int = Field(32, ge=1, le=65536, description="questions answered at a time")
    chunk: int = Field(256, ge=1, description="questions between two savings")
    precision: Precision = Field("auto", description="bf16 where it is fast, or bf16, or fp32")
    judge: JudgeSettings = Field(NO_JUDGE, description="a chat endpoint that rates answers")
    noise: str = Field(
        "", description="spoil tables and score again: missing=0.1,typos=0.05,shuffled-rows, …"
    )
    noise_questions: int = Field(
        200, ge=0, description="so many questions are asked about spoiled tables; 0: all"
    )
    noise_seed: int = Field(1, ge=0, le=MAX_SEED, description="what is spoiled")
    swap: str = Field(
        "",
        description="ask again of other people: a word list, english, german or a file of yours",
    )
    swap_questions: int = Field(
        200, ge=0, description="so many questions are asked again of other people; 0: all"
    )

    @model_validator(mode="after")
    def _can_end(self) -> "EvaluateSettings":
        if self.min_answer_tokens >= self.max_answer_tokens:
            raise ValueError("min_answer_tokens must be below max_answer_tokens")
        return self
