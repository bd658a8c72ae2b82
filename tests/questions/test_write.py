import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gentap.errors import InputError
from gentap.questions import candidate_selection
from gentap.questions import write as questions
from gentap.questions.linked import store_linked
from gentap.questions.write import QUESTION_SCHEMA, plan_writing_shards, rows_of, write_questions
from gentap.questions.writer_input import WriterInput
from gentap.questions.writers.interface import Unwritten, Written
from gentap.records import (
    MINED_SCHEMA,
    Mined,
    NamedCell,
    Table,
    digest,
    example_from_row,
    mined_to_row,
)
from gentap.runs.files.parquet_parts import parts, read_rows
from gentap.runs.net import INTERNAL_ERROR, SWITCH
from gentap.runs.store import StageFolder, Tally, own_files
from gentap.settings.question_sections import LinkedSettings, WriteSettings

Open = Callable[[Path], StageFolder]


@settings(max_examples=50, deadline=None)
@given(
    pages=st.lists(
        st.lists(st.lists(st.sampled_from([0.6, 0.9]), min_size=1, max_size=4), max_size=4),
        min_size=1,
        max_size=5,
    ).filter(any),
    most=st.integers(0, 12),
    least=st.sampled_from([0.0, 0.8]),
    shard_records=st.integers(1, 4),
)
def test_shards_take_likely_sentences_in_order_and_no_more_than_asked(
    tmp_path_factory: pytest.TempPathFactory,
    pages: list[list[list[float]]],
    most: int,
    least: float,
    shard_records: int,
) -> None:
    folder = tmp_path_factory.mktemp("counted")
    files = [folder / f"part-{number:05d}.parquet" for number in range(len(pages))]
    owners = {}
    for file, sentences in zip(files, pages, strict=True):
        urls = [f"page {number}" for number, page in enumerate(sentences) for _ in page]
        likely = [one for page in sentences for one in page]
        for place, (url, one) in enumerate(zip(urls, likely, strict=True)):
            if one >= least:
                owners[file, place] = url
        rows = [
            mined_to_row(replace(mined(0), id=str(place), url=url, probability=one))
            for place, (url, one) in enumerate(zip(urls, likely, strict=True))
        ]
        pq.write_table(pa.Table.from_pylist(rows, MINED_SCHEMA), file)
    wanted = WriteSettings(max_sentences=most, shard_records=shard_records, min_probability=least)
    shards = plan_writing_shards(files, wanted)
    holder: dict[tuple[Path, str], int] = {}
    chosen = []
    for number, shard in enumerate(shards):
        places = [(shard[0], int(row["id"])) for row in rows_of(shard, least)]
        assert 0 < len(places) <= shard_records + 4
        for place in places:
            assert holder.setdefault((shard[0], owners[place]), number) == number
        chosen += places
    stride = -(-len(owners) // most) if most else 1
    assert chosen == list(owners)[:: max(stride, 1)]
    assert not most or len(chosen) <= most


def mined(number: int, *, page: int = 0, sentence: str | None = None) -> Mined:
    name, year = f"Rower {'ABCDEFGH'[number]}", str(1900 + number)
    text = f"{name} won the cup in {year}." if sentence is None else sentence
    spans = [(0, text.find(name), len(name)), (1, text.find(year), 4)]
    return Mined(
        id=f"m{number}",
        sentence=text,
        url=f"https://pages.example/{page}",
        table=Table(title="Races", header=("Rower", "Year"), rows=(("x", "1"), (name, year))),
        row=1,
        cells=tuple(
            NamedCell(1, column, start, start + size) for column, start, size in spans if start >= 0
        ),
    )


class FakeWriter:
    """Asks when each rower won, and something useless; fails on the rowers it is told to."""

    name, max_entries = "fake", 8

    def __init__(self, dies_at: int = 0) -> None:
        self.calls, self.dies_at = 0, dies_at

    def write(self, sources: Sequence[WriterInput], seed: int) -> list[Any]:
        self.calls += 1
        if self.calls == self.dies_at:
            raise KeyboardInterrupt
        return [self._one(source) for source in sources]

    def _one(self, source: WriterInput) -> Any:
        if len(source.sentence) > 10_000:
            return Unwritten("sentence too long for the writer")
        name = source.sentence.partition(" won")[0]
        return [Written(f"When did {name} win the cup?", -0.5), Written("useless", -0.1)]

    def score(self, pairs: Sequence[tuple[WriterInput, str]]) -> Any:
        return None


@pytest.fixture
def corpus(tmp_path: Path) -> Callable[..., Path]:
    def corpus(*records: Mined) -> Path:
        folder = tmp_path / "sentences"
        folder.mkdir(exist_ok=True)
        rows = [mined_to_row(record) for record in records]
        table = pa.Table.from_pylist(rows, MINED_SCHEMA)
        pq.write_table(table, folder / "part-00000.parquet")
        return folder

    return corpus


@pytest.fixture
def run(tmp_path: Path, open_folder: Open, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Tally]:
    def run(
        sentences: Path | None,
        writer: Any = None,
        out: str = "out",
        linked: Path | None = None,
        **settings: Any,
    ) -> Tally:
        chosen = writer or FakeWriter()
        monkeypatch.setattr(questions, "open_writer", lambda *_: chosen)
        wanted = WriteSettings(**{"asked": 0, **settings})
        folder = open_folder(tmp_path / out)
        return write_questions(sentences, "w", wanted, folder, seed=3, linked=linked)

    return run


def written(folder: Path) -> list[dict[str, Any]]:
    return list(read_rows(parts(folder / ".questions")))


def test_examples_are_kept_and_all_questions_stand_beside_them(
    corpus: Callable[..., Path], run: Callable[..., Tally], tmp_path: Path
) -> None:
    records = [mined(number) for number in range(3)]
    tally = run(corpus(*records))
    examples = [example_from_row(row) for row in read_rows(parts(tmp_path / "out"))]
    assert [example.question for example in examples] == [
        f"When did Rower {letter} win the cup?" for letter in "ABC"
    ]
    for example, record in zip(examples, records, strict=True):
        assert example.id == digest(record.id, example.question)
        assert (example.answer, example.table, example.source) == (
            record.sentence,
            record.table,
            record.url,
        )
        assert [(cell.row, cell.column) for cell in example.cells] == [(1, 0), (1, 1)]
    rows = written(tmp_path / "out")
    assert pq.read_schema(parts(tmp_path / "out" / ".questions")[0]) == QUESTION_SCHEMA
    assert len(rows) == tally.counts["questions"] == 3 * 2 * 2
    assert {row["id"] for row in rows if row["kept"]} == {example.id for example in examples}
    assert {row["mined"] for row in rows} == {"m0", "m1", "m2"}
    assert {row["writer"] for row in rows} == {"fake"}
    assert {row["score"] for row in rows} == {-0.5, -0.1}
    (described,) = {row["settings"] for row in rows}
    assert json.loads(described)["seed"] == 3
    assert json.loads(described)["beams"] == 4
    useless = [row for row in rows if row["question"] == "useless"]
    assert all(row["failed"][0] == "not one question" for row in useless)
    assert tally.counts["questions: not one question"] == 6
    assert tally.counts["examples"] == tally.counts["sentences"] == 3


def test_the_evidence_is_that_of_the_rows_told(
    corpus: Callable[..., Path], run: Callable[..., Tally], tmp_path: Path
) -> None:
    record = mined(0, sentence="Rower A won the cup in 1900, x in 1.")
    other = (NamedCell(0, 0, 29, 30), NamedCell(0, 1, 34, 35))
    record = replace(record, cells=(*other, *record.cells))
    run(corpus(record))
    assert [len(row["cells"]) for row in read_rows(parts(tmp_path / "out"))] == [2]
    run(corpus(replace(record, further=(0,))), out="both")
    (example,) = [example_from_row(row) for row in read_rows(parts(tmp_path / "both"))]
    assert [(cell.row, cell.column) for cell in example.cells] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert all(
        row["rows"] == [["Rower A", "1900"], ["x", "1"]] for row in written(tmp_path / "both")
    )


def test_linked_sentences_are_written_for_beside_the_mined_ones(
    corpus: Callable[..., Path],
    run: Callable[..., Tally],
    open_folder: Open,
    contents: Callable[[Path], dict[str, bytes]],
    tmp_path: Path,
) -> None:
    sentences = corpus(mined(0), mined(1, page=1))
    lines = [
        {"sentence": f"Rower {name} won the cup in {year}.", "header": ["Rower", "Year"],
         "rows": [[f"Rower {name}", year]], "cells": [[0, 0], [0, 1]], "id": f"l{name}"}
        for name, year in (("X", "1950"), ("Y", "1951"), ("Z", "1952"))
    ]  # fmt: skip
    file = tmp_path / "linked.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines) + "{\n", encoding="utf-8")

    def write(out: str, writer: Any = None, mined_too: bool = True) -> Tally:
        folder = open_folder(tmp_path / out)
        linked = store_linked(
            [file],
            LinkedSettings(files=[str(file)]),
            folder,
            lambda one: "answer of an evaluation set" if one.id == "lZ" else "",
        )
        found = sentences if mined_too else None
        return run(found, writer, out=out, linked=linked, shard_records=1)

    tally = write("out")
    assert (tally.counts["linked sentences"], tally.counts["examples"]) == (2, 4)
    assert tally.rejected == {"answer of an evaluation set": 1, "bad linked sentence": 1}
    origins = [(row["answer"][6], row["origin"]) for row in read_rows(parts(tmp_path / "out"))]
    assert origins == [*[(name, "mined") for name in "AB"], *[(name, "annotated") for name in "XY"]]
    with pytest.raises(KeyboardInterrupt):
        write("broken", FakeWriter(dies_at=3))
    assert write("broken").to_json() == tally.to_json()
    assert contents(tmp_path / "broken") == contents(tmp_path / "out")
    assert write("alone", mined_too=False).counts["examples"] == 2


def test_a_sentence_without_a_question_is_listed_with_its_reason(
    corpus: Callable[..., Path], run: Callable[..., Tally], tmp_path: Path
) -> None:
    tally = run(
        corpus(
            mined(0),
            mined(1, sentence=""),
            mined(2, sentence="Rower C won " + "again " * 5000 + "in 1902."),
            mined(3, sentence="Nobody won the cup."),
            mined(4, sentence="Rower E was late in 1904."),
        )
    )
    lines = (own_files(tmp_path / "out") / "rejected.jsonl").read_text().splitlines()
    reasons = [(entry["where"], entry["reason"]) for entry in map(json.loads, lines)]
    assert reasons == [
        ("m1", "sentence without an entry"),
        ("m2", "sentence too long for the writer"),
        ("m3", "sentence without an entry"),
        ("m4", "not one question"),
    ]
    assert tally.counts["examples"] == 1


def test_a_question_that_its_table_has_already_is_set_aside(
    corpus: Callable[..., Path], run: Callable[..., Tally], tmp_path: Path
) -> None:
    again = mined(0, sentence="Rower A won the cup in 1900 again.")
    tally = run(corpus(mined(0), mined(1), again, mined(0, page=1)))
    assert tally.counts["examples"] == 3
    assert tally.rejected == {"like another question of the table": 1}
    kept = [row["source"] for row in read_rows(parts(tmp_path / "out"))]
    assert [url[-1] for url in kept] == ["0", "0", "1"]


def test_an_interrupted_run_ends_with_the_same_bytes(
    corpus: Callable[..., Path],
    run: Callable[..., Tally],
    contents: Callable[[Path], dict[str, bytes]],
    tmp_path: Path,
) -> None:
    sentences = corpus(*(mined(number, page=number) for number in range(6)))
    whole = run(sentences, out="whole", shard_records=2)
    with pytest.raises(KeyboardInterrupt):
        run(sentences, FakeWriter(dies_at=3), out="broken", shard_records=2)
    writer = FakeWriter()
    again = run(sentences, writer, out="broken", shard_records=2)
    assert writer.calls == 1
    assert again.to_json() == whole.to_json()
    assert contents(tmp_path / "whole") == contents(tmp_path / "broken")


def test_nothing_kept_is_an_error_with_the_reasons(
    corpus: Callable[..., Path], run: Callable[..., Tally]
) -> None:
    with pytest.raises(InputError, match=r"no question passed the filters .*without an entry"):
        run(corpus(mined(1, sentence="")))


def test_sentences_that_are_likely_enough_are_written_for(
    corpus: Callable[..., Path], run: Callable[..., Tally], tmp_path: Path
) -> None:
    few = corpus(*(replace(mined(n), probability=0.5 + n / 10) for n in range(3)))
    assert run(few, min_probability=0.6).counts["sentences"] == 2
    assert {row["mined"] for row in written(tmp_path / "out")} == {"m1", "m2"}
    with pytest.raises(InputError, match=r"holds no mined sentences of probability 0\.9 and more"):
        run(few, out="none", min_probability=0.9)


def test_a_folder_without_sentences_is_an_error(tmp_path: Path, open_folder: Open) -> None:
    with pytest.raises(InputError, match=r"holds no mined sentences\."):
        write_questions(tmp_path, "none", WriteSettings(), open_folder(tmp_path / "out"), seed=1)


@pytest.mark.parametrize("place", ["write", "score", "is_alike", "failures", "mined_sources"])
def test_a_fault_costs_its_own_sentence_wherever_it_comes(
    corpus: Callable[..., Path],
    run: Callable[..., Tally],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    place: str,
) -> None:
    """The writer works on all sentences at once, and so do the filters that ask a model."""

    class Faulty(FakeWriter):
        def _one(self, source: WriterInput) -> Any:
            fault(place == "write" and "Rower C" in source.sentence)
            return super()._one(source)

        def score(self, pairs: Sequence[tuple[WriterInput, str]]) -> Any:
            fault(place == "score" and any("Rower C" in question for _, question in pairs))
            return [-9.0] * len(pairs)

    def fault(here: bool) -> None:
        if here:
            raise RuntimeError("out of the blue")

    def failing(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any) -> Any:
            said = str(given[0].sentence if place == "mined_sources" else given[0])
            fault("Rower C" in said)
            return real(*given)

        return call

    monkeypatch.delenv(SWITCH)
    for module in (candidate_selection, questions):
        if hasattr(module, place):
            monkeypatch.setattr(module, place, failing(getattr(module, place)))
    records = [mined(number) for number in range(5)]
    tally = run(corpus(*records), Faulty(), filters={"min_margin": -50.0})
    examples = [example_from_row(row) for row in read_rows(parts(tmp_path / "out"))]
    assert [one.answer[:7] for one in examples] == [f"Rower {letter}" for letter in "ABDE"]
    lines = (own_files(tmp_path / "out") / "rejected.jsonl").read_text().splitlines()
    (entry,) = map(json.loads, lines)
    assert (entry["where"], entry["reason"]) == ("m2", INTERNAL_ERROR)
    assert entry["detail"].startswith("RuntimeError: out of the blue")
    assert tally.rejected[INTERNAL_ERROR] == 1
