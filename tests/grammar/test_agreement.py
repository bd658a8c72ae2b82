"""Every draw's query, asked of SQLite: the answer must be the one that was drawn."""

import math
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
from gentap.grammar.sentence_sampler import SampledSentence, SentenceSampler
from gentap.grammar.telling import Told
from gentap.records import SourcedTable
from gentap.records import sourced_table_from_row as sourced_from_row
from gentap.runs.files.parquet_parts import parts, read_rows
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


def sentence_disagreements(
    tables: Iterator[SourcedTable], per_table: int, grammar: str = "english"
) -> tuple[Counter[str], list[str]]:
    """How many sentences of each kind there were, and those of which SQLite tells otherwise."""
    maker = QuestionSampler(load_grammar(find_grammar(grammar)))
    teller = SentenceSampler(maker, (1, 1, 1, 1), 0.1)
    kinds: Counter[str] = Counter()
    wrong = []
    base = sqlite3.connect(":memory:")
    for sourced in tables:
        table = fit_by_estimate(sourced.table, LinearizerSettings()).table
        askable = maker.askable(table)
        drawn, _ = teller.draws(askable, per_table, 4, table_random(1, sourced.id).random)
        other = SqlTable(base, askable.read) if drawn else None
        for one in drawn:
            kinds[one.kind] += 1
            if other is None or other.ask(one.query) != list(one.rows):
                wrong.append(f"{sourced.id} {one.kind}: {one.question} → other rows")
            elif not all(is_told(other, one, told) for told in one.told):
                wrong.append(f"{sourced.id} {one.kind}: {one.question} → {one.answer}")
    return kinds, wrong


def is_told(other: SqlTable, sentence: SampledSentence, told: Told) -> bool:
    """Whether the sentence holds what it tells, and that is what the cells of its rows say."""
    if not set(told.rows) <= set(sentence.rows):
        return False
    if told.kind == "how many":
        return told.text == str(len(sentence.rows))
    texts, sizes = other.told(told.column, told.rows)
    if told.text.casefold() not in sentence.answer.casefold():
        return False
    if told.kind == "cell":
        return told.text == " ".join(texts[0].split())
    wanted = sum(sizes) if told.kind == "sum" else abs(sizes[0] - sizes[-1])
    return math.isclose(other.size_of(told.column, told.text), wanted, abs_tol=1e-6)


@pytest.mark.parametrize("grammar", ["english", "german"])
def test_sqlite_agrees_on_sentences_about_the_project_s_tables(mined: Path, grammar: str) -> None:
    tables = (sourced_from_row(row) for row in read_rows(parts(mined / "tables")))
    kinds, wrong = sentence_disagreements(tables, per_table=20, grammar=grammar)
    assert wrong == []
    assert kinds.total() > 1_000
    assert len(kinds) >= (40 if grammar == "english" else 12)


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


@pytest.mark.slow
@pytest.mark.skipif(not SHARED.is_dir(), reason="needs ../shared/data")
def test_sqlite_agrees_on_sentences_of_tabfact_and_wikitablequestions(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    kinds, wrong = sentence_disagreements(_real_tables(tmp_path), per_table=3)
    with capsys.disabled():
        print(f"\n{kinds.total():,} sentences of {len(kinds)} kinds, {len(wrong)} disagreements")
    assert wrong == []
    assert kinds.total() >= 30_000


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
