from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gentap.documents.rejected import RejectedRecord
from gentap.model.tokenizer import TableTokenizer
from gentap.records import EXAMPLE_SCHEMA, Cell, Example, Table, example_to_row
from gentap.runs.net import INTERNAL_ERROR, SWITCH
from gentap.runs.store import Tally
from gentap.settings.sections import LinearizerSettings
from gentap.training.data import tokenize_ahead as ahead
from gentap.training.data.examples import TableEncoder


def example(number: int) -> Example:
    return Example(
        id=str(number),
        kind="long",
        origin="mined",
        question=f"when was bridge {number} opened?",
        answer="bridge " * (40 if number % 7 == 3 else 1) + str(number),
        table=Table(header=("bridge",), rows=(("tall",), (str(number),))),
        cells=(Cell(1, 0),),
        source="page",
    )


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    paths = []
    for part in range(2):
        rows = [example_to_row(example(20 * part + number)) for number in range(20)]
        paths.append(tmp_path / f"part-{part}.parquet")
        pq.write_table(pa.Table.from_pylist(rows, EXAMPLE_SCHEMA), paths[-1], row_group_size=6)
    return paths


def test_files_and_workers_give_what_the_examples_give(
    base: Path, files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ahead, "ROWS_A_SLICE", 7)
    encoder = TableEncoder(str(base), LinearizerSettings(), longest=30)
    found = []
    for source, workers in (([example(number) for number in range(40)], 1), (files, 1), (files, 2)):
        tally = Tally()
        found.append((list(encoder.encode(source, "long", tally, workers)), tally.to_json()))
    assert found[0] == found[1] == found[2]
    assert len(found[0][0]) == 40
    assert found[0][1]["counts"]["examples"] == 34


def test_examples_of_another_kind_are_left_to_another_decoder(base: Path, tmp_path: Path) -> None:
    kinds = ("long", "cell", "cell", "long", "cell")
    examples = [replace(example(number), kind=kind) for number, kind in enumerate(kinds, 4)]
    path = tmp_path / "part-0.parquet"
    rows = [example_to_row(one) for one in examples]
    pq.write_table(pa.Table.from_pylist(rows, EXAMPLE_SCHEMA), path)
    encoder = TableEncoder(str(base), LinearizerSettings(), longest=30)
    for kind, wanted in (("long", 2), ("cell", 3)):
        tally = Tally()
        pairs = list(encoder.encode([path], kind, tally, 1))
        assert pairs == list(encoder.encode(examples, kind, Tally(), 1))
        assert len(pairs) == tally.counts["examples"] == wanted


def test_slices_cover_each_row_once(files: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "ROWS_A_SLICE", 7)
    rows = [row["id"] for made in ahead.tokenize_ahead(files, list, 1) for row in made]
    assert rows == [str(number) for number in range(40)]
    assert [stop - start for _, start, stop in ahead.slices(files)] == [7, 7, 6, 7, 7, 6]


def test_a_table_that_lost_columns_alone_counts_as_cut(base: Path) -> None:
    wide = Table(
        header=tuple(f"tall wooden castle {column}" for column in range(30)),
        rows=(tuple(map(str, range(30))),),
    )
    narrow = replace(example(1), table=Table(header=("bridge",), rows=(("1",),)), cells=())
    tally = Tally()
    encoder = TableEncoder(str(base), LinearizerSettings(), longest=30)
    asked = [narrow, replace(narrow, table=wide, cells=(Cell(0, 29),))]
    assert len(list(encoder.encode(asked, "long", tally, 1))) == 2
    assert tally.to_json()["counts"] == {
        "examples": 2,
        "examples whose table was cut": 1,
        "examples with all evidence kept": 2,
    }


def test_a_fault_costs_its_own_example(
    base: Path, files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(SWITCH)
    encoder = TableEncoder(str(base), LinearizerSettings(), longest=30)
    encoder.tokenizer.target_ids("")
    real = TableTokenizer.target_ids

    def fails_at_8(self: TableTokenizer, text: str) -> list[int]:
        if text == "bridge 8":
            raise RuntimeError("out of the blue")
        return real(self, text)

    monkeypatch.setattr(TableTokenizer, "target_ids", fails_at_8)
    for source in ([example(number) for number in range(40)], files):
        pairs = list(encoder.encode(source, "long", Tally(), 1))
        lost = [one for one in pairs if isinstance(one, RejectedRecord)]
        assert len(pairs) == 40
        assert [one.where for one in lost if one.reason == INTERNAL_ERROR] == ["8"]
