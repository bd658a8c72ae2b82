"""Settings of `gentap questions write`: the writer's run, its filters, and linked sentences."""

from typing import Literal

from pydantic import Field, model_validator

from gentap.settings.sections import (
    MAX_BEAMS,
    EndpointSettings,
    Precision,
    Settings,
    check_words,
)

Backend = Literal["transformers", "ctranslate2", "ctranslate2-int8"]


class FilterSettings(Settings):
    """Which written questions are set aside; each threshold can be turned off."""

    min_words: int = Field(3, ge=1, description="shorter questions go")
    max_words: int = Field(40, ge=1, description="longer questions go")
    max_copied: float = Field(
        0.9, gt=0, le=1, description="questions with more of their words in the sentence go; 1: off"
    )
    min_grounded: float = Field(
        1.0, ge=0, le=1, description="share of names and numbers found in sentence or table"
    )
    max_new_words: float = Field(
        0.5, ge=0, le=1, description="share of content words found in neither; 1: off"
    )
    min_mentions: int = Field(1, ge=0, description="evidence, columns or titles spoken of")
    min_said: int = Field(
        1, ge=0, description="words of the sentence or of a column, besides names and the title"
    )
    min_left: int = Field(1, ge=0, description="evidence values left to the answer")
    match_kind: bool = Field(
        True, description="'when', 'who', 'how many' need a value of that kind left (English)"
    )
    min_score: float = Field(
        -100.0, ge=-100, le=0, description="mean log-probability of a question's tokens, at least"
    )
    min_margin: float = Field(
        -100.0,
        ge=-100,
        le=100,
        description="lead in mean log-probability over asking for another entry; -100: off",
    )
    max_alike: float = Field(
        0.8, gt=0, le=1, description="share of words with an earlier question of the table; 1: off"
    )
    round_trip: str = Field(
        "",
        description="folder of a GenTaP model that must answer the question from the table; in a "
        "recipe, finetuned-base is the run's own",
    )
    min_overlap: float = Field(
        0.4, ge=0, le=1, description="F1 of the words new in its answer and in the sentence"
    )
    round_trips: int = Field(3, ge=1, description="candidates of a sentence put to that model")

    @model_validator(mode="after")
    def _some_length_is_left(self) -> "FilterSettings":
        check_words(self.min_words, self.max_words)
        return self


class LinkedFields(Settings):
    """Where a row or line of linked sentences holds what, and a line of their tables."""

    id: str = "id"
    sentence: str = "sentence"
    cells: str = "cells"
    url: str = "url"
    title: str = "title"
    section: str = "section"
    caption: str = "caption"
    header: str = "header"
    rows: str = "rows"
    table: str = "table_id"


class LinkedSettings(Settings):
    """Sentences that somebody has linked to cells; people wrote them, so that none are read
    unless they are named."""

    files: list[str] = Field(
        [], description="Parquet, JSONL, TabFact's links or Logic2Text: files, folders or globs"
    )
    tables: str = Field("", description="JSONL of the tables that sentences give the names of")
    exclude: list[str] = Field([], description="evaluation sets to keep out")
    fields: LinkedFields = Field(LinkedFields(), description="names of columns and fields")


class WriteSettings(Settings):
    """`gentap questions write`: a question for each mined sentence."""

    backend: Backend = Field("transformers", description="what runs a writer's model")
    beams: int = Field(4, ge=1, le=MAX_BEAMS, description="beams of the search; 1 is greedy")
    temperature: float = Field(
        0.0, ge=0, le=10, description="above 0: sampling instead of a search"
    )
    top_p: float = Field(0.95, gt=0, le=1, description="share of the probability sampled from")
    candidates: int = Field(
        0,
        ge=0,
        le=MAX_BEAMS,
        description="questions written for an entry asked for; 0: as many as beams",
    )
    asked: int = Field(1, ge=0, description="entries of a sentence asked for in turn; 0: all")
    max_question_tokens: int = Field(48, ge=4, le=4096, description="longest question written")
    batch_size: int = Field(64, ge=1, le=65536, description="sentences written for at a time")
    threads: int = Field(
        0, ge=0, le=1024, description="threads of ctranslate2; 0: one for each core"
    )
    shard_records: int = Field(1024, ge=1, description="sentences a shard: what a kill can lose")
    min_probability: float = Field(
        0.0, ge=0, lt=1, description="write for sentences that so likely state their row"
    )
    max_sentences: int = Field(0, ge=0, description="write for so many sentences; 0: for all")
    precision: Precision = Field("auto", description="bf16 where it is fast, or bf16, or fp32")
    filters: FilterSettings = Field(FilterSettings(), description="which questions are set aside")
    endpoint: EndpointSettings = Field(EndpointSettings(), description="a chat endpoint as writer")
    linked: LinkedSettings = Field(
        LinkedSettings(), description="sentences that somebody has linked to cells"
    )

    @model_validator(mode="after")
    def _can_search(self) -> "WriteSettings":
        if not self.temperature and self.candidates > self.beams:
            raise ValueError("candidates of a beam search can't be more than its beams")
        return self
