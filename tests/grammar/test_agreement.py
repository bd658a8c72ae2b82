"""Every draw's query, asked of SQLite: the answer must be the one that was drawn."""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sql_oracle import SqlTable

from gentap.documents.annotated.wikitablequestions import _table as read_released_table
from gentap.documents.rejected import RejectedRecord
from gentap.documents.table_files import find_table_files, read_tables, slice_tables
from gentap.grammar.parser import load_grammar
from gentap.grammar.rules import find_grammar
from gentap.grammar.sample import table_random
from gentap.grammar.sampler import QuestionSampler
from gentap.records import SourcedTable
from gentap.records import sourced_table_from_row as sourced_from_row
from gentap.runs.parquet_parts import parts, read_rows
from gentap.settings.sections import LinearizerSettings
from gentap.tables.linearize import fit_by_estimate

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"


def disagreements(tables: Iterator[SourcedTable], per_table: int) -> tuple[Counter[str], list[str]]:
    """How many draws of each kind there were, and those that SQLite answers otherwise."""
    maker = QuestionSampler(load_grammar(find_grammar("english")))
    kinds: Counter[str] = Counter()
    wrong = []
    base = sqlite3.connect(":memory:")
    for sourced in tables:
        table = fit_by_estimate(sourced.table, LinearizerSettings()).table
        askable = maker.askable(table)
        draws = list(maker.draws(askable, per_table, 4, table_random(1, sourced.id).random))
        if not draws:
            continue
        other = SqlTable(base, askable.read)
        for draw in draws:
            kinds[draw.kind] += 1
            if other.ask(draw.query) != [draw.answer.row]:
                wrong.append(f"{sourced.id} {draw.kind}: {draw.question}")
    return kinds, wrong


def test_sqlite_agrees_on_the_project_s_tables(mined: Path) -> None:
    tables = (sourced_from_row(row) for row in read_rows(parts(mined / "tables")))
    kinds, wrong = disagreements(tables, per_table=60)
    assert wrong == []
    assert kinds.total() > 2_000
    assert len(kinds) >= 40


@pytest.mark.slow
@pytest.mark.skipif(not SHARED.is_dir(), reason="needs ../shared/data")
def test_sqlite_agrees_on_tabfact_and_wikitablequestions(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    kinds, wrong = disagreements(_real_tables(tmp_path), per_table=3)
    with capsys.disabled():
        print(f"\n{kinds.total():,} draws of {len(kinds)} kinds, {len(wrong)} disagreements")
    assert wrong == []
    assert kinds.total() >= 50_000


def _real_tables(scratch: Path) -> Iterator[SourcedTable]:
    tabfact = find_table_files([str(SHARED / "tabfact" / "tables.jsonl.gz")])
    for part in slice_tables(tabfact, 1000, scratch):
        yield from (table for table in read_tables(part) if not isinstance(table, RejectedRecord))
    folder = SHARED / "wikitablequestions"
    for path in sorted(folder.glob("csv/*/*.csv")):
        context = path.relative_to(folder).as_posix()
        try:
            table = read_released_table(folder / "data", context)
        except ValueError:
            continue
        yield SourcedTable(id=context, url=context, table=table)
