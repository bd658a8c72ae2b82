from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gentap.documents.rejected import RejectedRecord
from gentap.model.tokenizer import TableTokenizer, with_special_tokens
from gentap.records import (
    MINED_SCHEMA,
    TABLE_SCHEMA,
    Mined,
    NamedCell,
    SourcedTable,
    Table,
    mined_to_row,
    sourced_table_to_row,
)
from gentap.runs.files.parquet_parts import read_rows
from gentap.runs.net import INTERNAL_ERROR, SWITCH
from gentap.settings.sections import LinearizerSettings
from gentap.tables.linearize import SPECIAL_TOKENS
from gentap.training.data import windows
from gentap.training.data.windows import sentence_windows, table_windows, within

BRIDGES = Table(
    title="Bridges",
    header=("Bridge", "Opened", "Painter"),
    rows=(("small bridge", "1851", ""), ("tall bridge", "1862", "sailor"), ("", "1873", "teacher")),
)


@pytest.fixture(scope="module")
def wide(tokenizer: TableTokenizer) -> TableTokenizer:
    settings = LinearizerSettings(max_tokens=256, max_question_tokens=64)
    return with_special_tokens(tokenizer.hf, settings)


def write_part(path: Path, rows: list[dict[str, Any]], schema: Any) -> list[Path]:
    pq.write_table(pa.Table.from_pylist(rows, schema), path)
    return [path]


def tables(path: Path, *given: Table) -> list[Path]:
    rows = [
        sourced_table_to_row(SourcedTable(id=f"t{number}", url="u", table=table))
        for number, table in enumerate(given)
    ]
    return write_part(path / "tables.parquet", rows, TABLE_SCHEMA)


def mined(sentence: str, *values: tuple[str, int, int], table: Table = BRIDGES) -> Mined:
    cells = [
        NamedCell(row, column, sentence.index(value), sentence.index(value) + len(value))
        for value, row, column in values
    ]
    return Mined(id=sentence, sentence=sentence, url="u", table=table, row=1, cells=tuple(cells))


def sentences(path: Path, *given: Mined) -> list[Path]:
    return write_part(path / "s.parquet", [mined_to_row(one) for one in given], MINED_SCHEMA)


def span_texts(window: tuple[list[int], list[int]], tokenizer: TableTokenizer) -> list[str]:
    ids, flat = window
    spans = zip(flat[::2], flat[1::2], strict=True)
    return tokenizer.texts([ids[start:stop] for start, stop in spans])


def every(name: str) -> bool:
    return True


def test_the_spans_of_a_table_are_its_body_cells(tmp_path: Path, wide) -> None:
    (window,) = table_windows(read_rows(tables(tmp_path, BRIDGES)), wide, every)
    cells = [cell for row in BRIDGES.rows for cell in row if cell]
    assert span_texts(window, wide) == cells
    assert window[0] == wide.linearizer.table_ids(BRIDGES)


def test_a_cell_that_reads_like_a_mark_is_text(tmp_path: Path, tokenizer) -> None:
    table = Table(header=("a", "b"), rows=(("<row> sailor", "<cell>"),))
    (window,) = table_windows(read_rows(tables(tmp_path, table)), tokenizer, every)
    assert len(span_texts(window, tokenizer)) == 2


def test_tables_without_a_cell_to_hide_are_listed(tmp_path: Path, wide) -> None:
    empty = Table(title="empty", header=("a", "b"), rows=(("", ""),))
    none = Table(title="none", header=("a", "b"), rows=())
    found = list(table_windows(read_rows(tables(tmp_path, empty, none, BRIDGES)), wide, every))
    assert found[:2] == [
        RejectedRecord("t0", "table without a cell to hide", "empty"),
        RejectedRecord("t1", "table without a cell to hide", "none"),
    ]
    assert isinstance(found[2], tuple)


def test_only_picked_records_are_read(tmp_path: Path, wide) -> None:
    files = tables(tmp_path, BRIDGES, BRIDGES, BRIDGES)
    assert len(list(table_windows(read_rows(files), wide, lambda name: name != "t1"))) == 2
    files = sentences(tmp_path, mined("The tall bridge of 1862.", ("1862", 1, 1)))
    assert not list(sentence_windows(read_rows(files), wide, lambda name: False))


def test_the_spans_of_a_sentence_are_its_tables_values(tmp_path: Path, wide) -> None:
    sentence = "The tall bridge was opened in 1862."
    record = mined(sentence, ("1862", 1, 1), ("tall bridge", 1, 0))
    ((ids, flat),) = sentence_windows(read_rows(sentences(tmp_path, record)), wide, every)
    assert span_texts((ids, flat), wide) == ["tall bridge", "1862"]
    marks = {wide.hf.convert_tokens_to_ids(mark) for mark in SPECIAL_TOKENS}
    table_start = next(place for place, token in enumerate(ids) if token in marks)
    assert wide.texts([ids[:table_start]]) == [sentence]
    assert ids[table_start:] == wide.linearizer.table_ids(BRIDGES)
    assert max(flat) <= table_start
    for start, stop in zip(flat[::2], flat[1::2], strict=True):
        assert any(
            ids[place : place + stop - start] == ids[start:stop]
            for place in range(table_start, len(ids))
        )


def test_values_that_overlap_or_are_named_twice_give_one_span(tmp_path: Path, wide) -> None:
    record = mined(
        "The tall bridge was opened in 1862.",
        ("tall bridge", 1, 0),
        ("bridge", 2, 0),
        ("1862", 1, 1),
        ("1862", 2, 1),
    )
    (window,) = sentence_windows(read_rows(sentences(tmp_path, record)), wide, every)
    assert span_texts(window, wide) == ["tall bridge", "1862"]


def test_a_large_table_keeps_the_rows_that_the_sentence_names(tmp_path: Path, wide) -> None:
    rows = tuple((f"river {number}", str(1850 + number)) for number in range(90))
    table = Table(header=("River", "Year"), rows=rows)
    record = mined(
        "It crossed river 77 in 1927.", ("river 77", 77, 0), ("1927", 77, 1), table=table
    )
    ((ids, _),) = sentence_windows(read_rows(sentences(tmp_path, record)), wide, every)
    assert len(ids) < wide.settings.max_tokens
    assert "river 77" in wide.texts([ids])[0].partition(".")[2]


def test_a_sentence_whose_cells_do_not_fit_its_window_is_listed(tmp_path: Path, wide) -> None:
    table = Table(header=("River", "Year"), rows=(("tall river", "1927"),) * 60)
    named = [("1927", row, 1) for row in range(60)]
    record = mined("It was there in 1927.", *named, table=table)
    tight = within(wide, 40)
    (found,) = sentence_windows(read_rows(sentences(tmp_path, record)), tight, every)
    assert isinstance(found, RejectedRecord)
    assert found.reason == "sentence whose cells do not fit its window"


def test_a_sentence_past_a_questions_length_is_listed(tmp_path: Path, wide) -> None:
    sentence = "The tall bridge was opened in 1862 " + "and painted " * 40 + "."
    record = mined(sentence, ("1862", 1, 1), ("tall bridge", 1, 0))
    (found,) = sentence_windows(read_rows(sentences(tmp_path, record)), wide, every)
    assert found == RejectedRecord(
        sentence, "sentence too long to stand before its table", sentence
    )


@pytest.mark.parametrize(("size", "bounds"), [(40, (40, 16)), (24, (24, 12)), (999, (64, 16))])
def test_windows_bound_the_linearizer(tokenizer, size: int, bounds: tuple[int, int]) -> None:
    settings = within(tokenizer, size).settings
    assert (settings.max_tokens, settings.max_question_tokens) == bounds
    assert tokenizer.settings.max_tokens == 64


def test_a_fault_costs_its_own_window(
    tmp_path: Path, wide: TableTokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(SWITCH)
    real = windows.table_from_row
    calls: list[Any] = []

    def fails_once(row: Any) -> Table:
        calls.append(row)
        if len(calls) == 2:
            raise RuntimeError("out of the blue")
        return real(row)

    monkeypatch.setattr(windows, "table_from_row", fails_once)
    rows = list(read_rows(tables(tmp_path, BRIDGES, BRIDGES, BRIDGES)))
    before, lost, after = table_windows(rows, wide, every)
    assert before == after
    assert isinstance(lost, RejectedRecord)
    assert (lost.where, lost.reason) == ("t1", INTERNAL_ERROR)
