"""Drawn questions, checked by SQLite against the words of the notation."""

import json
import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gentap.errors import InputError, SettingError
from gentap.records import Cell, Example, SourcedTable, Table, example_from_row
from gentap.records import sourced_table_from_row as sourced_from_row
from gentap.settings import LinearizerSettings, MineSettings, SampleSettings
from gentap.store import StageFolder, Tally, parts, read_rows
from gentap.synthesis.grammar import (
    Grammar,
    Rule,
    RuleSlot,
    load_grammar,
    parse_grammar,
)
from gentap.synthesis.mine import mine
from gentap.synthesis.sample import draw_examples, sample
from gentap.tables.values import is_placeholder, normal_form, read_column

Open = Callable[[Path], StageFolder]
Drawn = list[tuple[str, Example]]


@pytest.fixture(scope="module")
def path(data: Path) -> str:
    return str(data.parent / "grammars" / "english.grammar")


@pytest.fixture(scope="module")
def english(path: str) -> Grammar:
    return load_grammar(Path(path))


@pytest.fixture(scope="module")
def tables(mined: Path) -> list[SourcedTable]:
    return [sourced_from_row(row) for row in read_rows(parts(mined / "tables"))]


def source(*rows: Sequence[str], header: Sequence[str]) -> SourcedTable:
    table = Table(header=tuple(header), rows=tuple(map(tuple, rows)))
    return SourcedTable(id="t1", url="https://pages.example/1", table=table)


def draw(
    sourced: SourcedTable, grammar: Grammar, per_table: int = 40, seed: int = 1, attempts: int = 20
) -> Drawn:
    chosen = SampleSettings(per_table=per_table, attempts=attempts)
    return list(draw_examples(sourced, sourced.table, grammar, chosen, seed))


def one_kind(query: str, wording: str) -> Grammar:
    return parse_grammar(f"question kind =\n  > {query}\n  {wording}\n", "test")


def words(text: str) -> str:
    return " ".join(["", *re.findall(r"[^\W_]+", normal_form(text)), ""])


# The oracle

SAME_ROW = "own.row = every.row AND own.col = ? AND "
COMPARISONS = {
    "is": f"{SAME_ROW} own.form = ?",
    "above": f"{SAME_ROW} own.key > ?",
    "below": f"{SAME_ROW} own.key < ?",
}
PICKS = {
    "any": "SELECT row FROM met",
    "first": "SELECT min(row) FROM met",
    "last": "SELECT max(row) FROM met",
    "after": "SELECT row + 1 FROM met WHERE row + 1 < (SELECT count(DISTINCT row) FROM cells)",
    "before": "SELECT row - 1 FROM met WHERE row > 0",
    "largest": "SELECT row FROM by_key WHERE key = (SELECT max(key) FROM by_key)",
    "smallest": "SELECT row FROM by_key WHERE key = (SELECT min(key) FROM by_key)",
}


class SlowTable:
    """A table's cells as (row, column, form, key) in SQLite."""

    def __init__(self, table: Table) -> None:
        self.base = sqlite3.connect(":memory:")
        self.base.execute("CREATE TABLE cells (row INT, col INT, form TEXT, key REAL)")
        self.names = [normal_form(name) for name in table.header]
        for column in range(len(table.header)):
            texts = [row[column] for row in table.rows]
            keys = read_column(texts).keys
            cells = [(row, column, normal_form(text), keys[row]) for row, text in enumerate(texts)]
            self.base.executemany("INSERT INTO cells VALUES (?, ?, ?, ?)", cells)

    def ask(self, rule: Rule, columns: dict[str, int], values: dict[str, str]) -> list[int]:
        """The rows that a question's query finds."""
        query = rule.query
        assert query is not None
        met = "SELECT DISTINCT row FROM cells AS every WHERE 1"
        given: list[Any] = []
        for label, comparison in query.conditions:
            value: Any = normal_form(values[label])
            if comparison != "is":
                found = self.base.execute(
                    "SELECT key FROM cells WHERE col = ? AND form = ?", [columns[label], value]
                )
                value = found.fetchone()[0]
            met += f" AND EXISTS (SELECT 1 FROM cells AS own WHERE {COMPARISONS[comparison]})"
            given += [columns[label], value]
        by = columns[query.by] if query.by is not None else -1
        tables = f"""WITH met AS ({met}), by_key AS
            (SELECT cells.row, cells.key FROM cells JOIN met USING (row) WHERE col = {by})"""
        unknown = f"{tables} SELECT 1 FROM by_key WHERE key IS NULL"
        if query.by is not None and self.base.execute(unknown, given).fetchall():
            return []
        found = self.base.execute(f"{tables} {PICKS[query.pick]}", given)
        return [row for (row,) in found if row is not None]


def spelled_out(path: str) -> Grammar:
    """The grammar's kinds with the same queries, in wordings that name every column and value."""
    text = ""
    for name, query in re.findall(r"^question (\w+).*\n\s+> (.*)$", Path(path).read_text(), re.M):
        slots = dict.fromkeys(re.findall(r"\[(column|value) (\w+)", query))
        wording = "".join(f"¦{kind} {label}¦[{kind} {label}]" for kind, label in slots)
        text += f"question {name} =\n    > {query}\n    Q{wording}\n"
    return parse_grammar(text, "spelled out")


def test_every_draw_agrees_with_sqlite(path: str, tables: list[SourcedTable]) -> None:
    grammar = spelled_out(path)
    kinds: Counter[str] = Counter()
    for sourced in tables:
        slow = SlowTable(sourced.table)
        for kind, example in draw(sourced, grammar, per_table=40):
            fields = example.question.split("¦")[1:]
            said = dict(zip(fields[::2], fields[1::2], strict=True))
            columns = {
                name.removeprefix("column "): slow.names.index(normal_form(text))
                for name, text in said.items()
                if name.startswith("column ")
            }
            values = {
                name.removeprefix("value "): text
                for name, text in said.items()
                if name.startswith("value ")
            }
            rule = grammar.rules[kind]
            assert rule.query is not None
            rows = slow.ask(rule, columns, values)
            assert len(rows) == 1, example.question
            select = columns[rule.query.select]
            assert example.answer == sourced.table.rows[rows[0]][select]
            assert Cell(rows[0], select) in example.cells
            for label, guards in rule.query.guards.items():
                texts = [row[columns[label]] for row in sourced.table.rows]
                assert read_column(texts).type in guards
            kinds[kind] += 1
    assert kinds.keys() == grammar.rules.keys()
    assert min(kinds.values()) >= 3


# Wordings


def pattern(grammar: Grammar, parts_of: Sequence[Any]) -> str:
    """A regular expression for what a wording can say."""
    said = ""
    for part in parts_of:
        if isinstance(part, str):
            said += re.escape(part)
        elif isinstance(part, RuleSlot):
            below = grammar.rules[part.name].alternatives
            said += "(?:" + "|".join(pattern(grammar, one.parts) for one in below) + ")"
        else:
            said += "(.+)"
    return said


def only(grammar: Grammar, rule: Rule, place: int) -> Grammar:
    """A grammar with one question and one of its wordings."""
    rules = {name: below for name, below in grammar.rules.items() if not below.is_question}
    rules[rule.name] = Rule(rule.name, rule.line, True, 1, [rule.alternatives[place]], rule.query)
    return Grammar(rules, grammar.lowercase_columns)


def test_each_wording_of_each_kind_can_be_drawn(
    english: Grammar, tables: list[SourcedTable]
) -> None:
    for rule in english.questions:
        for place, alternative in enumerate(rule.alternatives):
            grammar = only(english, rule, place)
            drawn = (pair for sourced in tables for pair in draw(sourced, grammar, 2, attempts=10))
            kind, example = next(drawn)
            assert kind == rule.name
            assert re.fullmatch(pattern(english, alternative.parts), example.question, re.I)


def test_each_phrase_can_be_drawn(english: Grammar, tables: list[SourcedTable]) -> None:
    said = " ".join(
        example.question.casefold()
        for sourced in tables
        for _, example in draw(sourced, english, per_table=60)
    )
    for rule in english.rules.values():
        for alternative in rule.alternatives if not rule.is_question else ():
            (phrase,) = alternative.parts
            assert isinstance(phrase, str)
            assert re.search(rf"\b{phrase}\b", said)


def test_weights_are_chances() -> None:
    text = "question kind =\n  > select [column A] first\n  3* a [column A]?\n  b [column A]?\n"
    grammar = parse_grammar(text, "test")
    sourced = source(["Rome"], header=["City"])
    first = Counter(draw(sourced, grammar, 1, seed)[0][1].question[0] for seed in range(400))
    assert 260 < first["A"] < 340


def test_column_names_are_common_words_where_the_grammar_says_so() -> None:
    wording = "what [column A]?"
    text = f"question kind =\n  > select [column A] first\n  {wording}\n"
    sourced = source(["Rome"], header=["Home Town in the UK (km)"])
    for option, question in [
        ("", "What Home Town in the UK (km)?"),
        ("option columns lowercase\n", "What home town in the UK (km)?"),
    ]:
        ((_, example),) = draw(sourced, parse_grammar(option + text, "test"))
        assert example.question == question


# Answers and evidence


def test_answers_are_cells_that_are_filled_short_and_not_named(
    english: Grammar, tables: list[SourcedTable]
) -> None:
    count = 0
    for sourced in tables:
        drawn = draw(sourced, english)
        assert len({example.question for _, example in drawn}) == len(drawn)
        for _, example in drawn:
            assert words(example.answer) not in words(example.question)
            assert not is_placeholder(example.answer)
            assert len(example.answer) <= 60
            texts = [sourced.table.rows[cell.row][cell.column] for cell in example.cells]
            assert example.answer in texts
            assert (example.kind, example.origin) == ("cell", "grammar")
            assert example.source == sourced.url
            count += 1
    assert count > 1000


CUPS = source(
    ["Rome", "gold", "1914", "Ada"],
    ["Rome", "silver", "1915", "Bo"],
    ["Oslo", "silver", "1916", "Cy"],
    ["Rome", "bronze", "1917", "Di"],
    header=["Town", "Medal", "Year", "Winner"],
)


def evidence(query: str, wording: str) -> dict[str, tuple[str, list[tuple[int, int]]]]:
    drawn = draw(CUPS, one_kind(query, wording), per_table=200, attempts=10)
    return {
        example.question: (example.answer, [(cell.row, cell.column) for cell in example.cells])
        for _, example in drawn
    }


def test_the_evidence_of_two_equations_stands_in_the_answer_s_row() -> None:
    found = evidence(
        "select [column A] where [column B] is [value B] and [column C] is [value C]",
        "[column B] [value B], [column C] [value C]: [column A]?",
    )
    assert found["Town Rome, Medal silver: Winner?"] == ("Bo", [(1, 0), (1, 1), (1, 3)])
    assert found["Medal silver, Town Oslo: Winner?"] == ("Cy", [(2, 0), (2, 1), (2, 3)])


def test_the_evidence_of_an_extreme_holds_what_it_goes_by() -> None:
    found = evidence(
        "select [column A] where [column B] is [value B] largest [column C:date]",
        "the last [column A] of [column B] [value B] by [column C]?",
    )
    assert found["The last Winner of Town Rome by Year?"] == ("Di", [(3, 0), (3, 2), (3, 3)])
    assert found["The last Winner of Medal silver by Year?"] == ("Cy", [(2, 1), (2, 2), (2, 3)])


@pytest.mark.parametrize(
    ("pick", "question", "answer", "cells"),
    [
        ("after", "Winner of Bo?", None, []),
        ("after", "Winner by Winner Bo?", None, []),
        ("after", "Year by Winner Bo?", "1916", [(1, 3), (2, 2)]),
        ("after", "Winner by Town Oslo?", "Di", [(2, 0), (3, 3)]),
        ("before", "Year by Winner Bo?", "1914", [(0, 2), (1, 3)]),
        ("before", "Winner by Medal gold?", None, []),
    ],
)
def test_the_evidence_of_a_neighbour_holds_the_row_that_was_named(
    pick: str, question: str, answer: str | None, cells: list[tuple[int, int]]
) -> None:
    found = evidence(
        f"select [column A] where [column B] is [value B] {pick}",
        "[column A] by [column B] [value B]?",
    )
    assert found.get(question) == ((answer, cells) if answer else None)


def test_the_evidence_of_a_comparison_holds_its_value() -> None:
    found = evidence(
        "select [column A] where [column B:date] above [value B]", "[column A] after [value B]?"
    )
    assert found == {
        "Town after 1916?": ("Rome", [(2, 2), (3, 0)]),
        "Medal after 1916?": ("bronze", [(2, 2), (3, 1)]),
        "Winner after 1916?": ("Di", [(2, 2), (3, 3)]),
    }


def test_a_row_of_totals_is_no_answer_and_hides_no_extreme() -> None:
    totals = source(["Rome", "10"], ["Oslo", "20"], ["Total", "30"], header=["Town", "Medals"])
    largest = one_kind(
        "select [column A] largest [column B:number]", "which [column A] by [column B]?"
    )
    lookup = one_kind("select [column A] where [column B] is [value B]", "[column A] of [value B]?")
    assert draw(totals, largest) == []
    assert {example.answer for _, example in draw(totals, lookup)} == {"Rome", "Oslo", "10", "20"}


def test_kinds_take_turns() -> None:
    text = "".join(
        f"question {name} =\n  > select [column A] {name}\n  the {name} [column A]?\n"
        for name in ("first", "last")
    )
    for seed in range(10):
        drawn = draw(CUPS, parse_grammar(text, "test"), per_table=4, seed=seed, attempts=50)
        assert {kind for kind, _ in drawn} == {"first", "last"}


def test_a_kind_of_more_weight_comes_first_more_often() -> None:
    text = """\
question first 3* =
    > select [column A] first
    the first [column A]?
question last =
    > select [column A] last
    the last [column A]?
"""
    grammar = parse_grammar(text, "test")
    first = Counter(draw(CUPS, grammar, 1, seed)[0][0] for seed in range(400))
    assert 260 < first["first"] < 340


def test_draws_depend_on_the_seed_and_the_table_s_id() -> None:
    grammar = one_kind(
        "select [column A] where [column B] is [value B]", "[column A] of [value B]?"
    )

    def questions(sourced: SourcedTable, seed: int) -> list[str]:
        return [example.question for _, example in draw(sourced, grammar, 4, seed)]

    other = SourcedTable(id="t2", url=CUPS.url, table=CUPS.table)
    assert questions(CUPS, 1) == questions(CUPS, 1)
    assert questions(CUPS, 1) != questions(CUPS, 2)
    assert questions(CUPS, 1) != questions(other, 1)


# Odd tables

LONG = "very long " * 1000
RIGHT_TO_LEFT = source(
    ["القاهرة", "٢٠", "النيل"], ["תל אביב", "30", "ירקון"], header=["مدينة", "מספר", "نهر"]
)


def test_a_table_of_one_row() -> None:
    drawn = draw(source(["Rome", "1914"], header=["Town", "Year"]), one_kind(
        "select [column A] where [column B] is [value B]", "[column A] of [value B]?"
    ))  # fmt: skip
    assert {example.question for _, example in drawn} == {"Town of 1914?", "Year of Rome?"}


def test_a_table_of_one_column(english: Grammar) -> None:
    drawn = draw(source(["Rome"], ["Oslo"], ["Bonn"], header=["Town"]), english)
    positions = {"first_row", "last_row"}
    assert {kind for kind, _ in drawn} == positions
    assert {example.answer for _, example in drawn} == {"Rome", "Bonn"}


def test_columns_of_one_name_are_never_asked_about(english: Grammar) -> None:
    twice = source(
        ["Rome", "Ada", "Bo"],
        ["Oslo", "Cy", "Di"],
        header=["Town", "Player", "PLAYER [1]"],
    )
    drawn = draw(twice, english)
    assert drawn
    assert all("player" not in example.question.casefold() for _, example in drawn)
    assert all(example.answer in ("Rome", "Oslo") for _, example in drawn)


@pytest.mark.parametrize("name", ["", "—", "#", "1914", "N" * 41, "A name that was cut…"])
def test_columns_without_a_name_are_never_asked_about(english: Grammar, name: str) -> None:
    drawn = draw(source(["Rome", "Ada"], ["Oslo", "Bo"], header=["Town", name]), english)
    assert {example.answer for _, example in drawn} <= {"Rome", "Oslo"}


def test_right_to_left_text_is_asked_about(english: Grammar) -> None:
    drawn = draw(RIGHT_TO_LEFT, english)
    assert {example.answer for _, example in drawn} >= {"القاهرة", "ירקון"}
    assert any("القاهرة" in example.question for _, example in drawn)


def test_long_cells_are_neither_asked_about_nor_answers(english: Grammar) -> None:
    long = source(
        ["Rome", LONG, "Ada"], ["Oslo", "Dawn " * 13, "Bo"], header=["Town", "Text", "Winner"]
    )
    drawn = draw(long, english)
    assert drawn
    assert all(len(example.question) < 200 and len(example.answer) <= 60 for _, example in drawn)


CELLS = st.sampled_from(
    ["Rome", "rome [1]", "1914", "20", "1,500 km", "", "—", "Total", "★", "a b"]
)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_whatever_the_table_each_answer_is_one_of_its_cells(
    english: Grammar, data: st.DataObject
) -> None:
    width = data.draw(st.integers(1, 4))
    row = st.lists(CELLS | st.text(max_size=9), min_size=width, max_size=width)
    names = st.sampled_from(["Town", "Year", "town", "", "№", "Total"]) | st.text(max_size=5)
    header = data.draw(st.lists(names, min_size=width, max_size=width))
    sourced = source(*data.draw(st.lists(row, max_size=5)), header=header)
    for _, example in draw(sourced, english, per_table=8):
        texts = [sourced.table.rows[cell.row][cell.column] for cell in example.cells]
        assert example.answer in texts
        assert not is_placeholder(example.answer)
        assert words(example.answer) not in words(example.question)
        assert example.question[-1] in "?."


# The stage


@pytest.fixture
def run(path: str, tmp_path: Path, open_folder: Open) -> Callable[..., Tally]:
    def run(folder: Path, out: str = "out", **changed: Any) -> Tally:
        workers, linearizer = changed.pop("workers", 1), changed.pop("linearizer", {})
        return sample(
            folder,
            SampleSettings(**{"grammar": path, "shard_tables": 20, **changed}),
            open_folder(tmp_path / out),
            base="",
            linearizer=LinearizerSettings(**linearizer),
            seed=1,
            workers=workers,
        )

    return run


def examples(folder: Path) -> Iterator[Example]:
    return (example_from_row(row) for row in read_rows(parts(folder)))


def test_output_does_not_depend_on_workers(
    run: Callable[..., Tally], mined: Path, tmp_path: Path, contents: Any
) -> None:
    tallies = [run(mined / "tables", f"with-{workers}", workers=workers) for workers in (1, 2, 4)]
    outputs = [contents(tmp_path / f"with-{workers}") for workers in (1, 2, 4)]
    assert outputs[0] == outputs[1] == outputs[2]
    assert tallies[0] == tallies[1] == tallies[2]
    assert len([name for name in outputs[0] if name.startswith("part-")]) >= 4


def test_examples_do_not_depend_on_the_size_of_shards(
    run: Callable[..., Tally], mined: Path, tmp_path: Path
) -> None:
    run(mined / "tables", "small", shard_tables=7)
    run(mined / "tables", "large", shard_tables=1000)
    assert list(examples(tmp_path / "small")) == list(examples(tmp_path / "large"))


def test_what_is_asked_and_answered_stands_in_the_cut_table(
    run: Callable[..., Tally], mined: Path, tmp_path: Path
) -> None:
    whole = {row["url"]: row for row in read_rows(parts(mined / "tables"))}
    tally = run(mined / "tables", linearizer={"max_tokens": 200, "max_question_tokens": 60})
    assert tally.counts["tables cut to the budget"] > 30
    found = list(examples(tmp_path / "out"))
    assert len(found) == tally.counts["examples"] > 200
    assert {example.source for example in found} <= whole.keys()
    for example in found:
        texts = [example.table.rows[cell.row][cell.column] for cell in example.cells]
        assert example.answer in texts
    kinds = {name: count for name, count in tally.counts.items() if name.startswith("examples of")}
    assert sum(kinds.values()) == len(found)


def test_odd_tables_go_through_mining_and_sampling(
    run: Callable[..., Tally], tmp_path: Path, open_folder: Open
) -> None:
    odd = {
        "one row": source(["Rome", "1914"], header=["Town", "Year"]),
        "one column": source(["Rome"], ["Oslo"], header=["Town"]),
        "same names": source(["Rome", "Oslo"], header=["Town", "town"]),
        "right to left": RIGHT_TO_LEFT,
        "long": source(["Rome", LONG], ["Oslo", LONG * 2], header=["Town", "Text"]),
        "empty": source(["", ""], header=["Town", "Year"]),
    }
    lines = [
        json.dumps({"url": f"https://x.example/{name}", "title": name, "tables": [
            {"header": sourced.table.header, "rows": sourced.table.rows}
        ]})
        for name, sourced in odd.items()
    ]  # fmt: skip
    (tmp_path / "odd.jsonl").write_text("\n".join(lines), encoding="utf-8")
    chosen = MineSettings(inputs=[str(tmp_path / "odd.jsonl")])
    mine(chosen, open_folder(tmp_path / "mined"), workers=1)
    tally = run(tmp_path / "mined" / "tables")
    asked = {example.table.title for example in examples(tmp_path / "out")}
    assert asked == {"one row", "one column", "right to left", "long"}
    assert tally.rejected == Counter({"no question fits this table": 2})
    for example in islice(examples(tmp_path / "out"), 100):
        assert all(len(cell) <= 160 for row in example.table.rows for cell in row)


def test_no_tables_and_no_questions_are_errors(
    run: Callable[..., Tally], tmp_path: Path, open_folder: Open
) -> None:
    with pytest.raises(InputError, match="holds no tables"):
        run(tmp_path)
    line = {"title": "T", "tables": [{"header": ["a", "a"], "rows": [["1", "2"]]}]}
    (tmp_path / "none.jsonl").write_text(json.dumps(line))
    mine(MineSettings(inputs=[str(tmp_path / "none.jsonl")]), open_folder(tmp_path / "m"), 1)
    with pytest.raises(InputError, match="no question could be drawn from 1 tables"):
        run(tmp_path / "m" / "tables")
    assert "no question fits this table" in (tmp_path / "out" / "rejected.jsonl").read_text()


def test_a_bad_grammar_ends_the_run_before_any_work(
    run: Callable[..., Tally], mined: Path, tmp_path: Path
) -> None:
    (tmp_path / "bad.grammar").write_text("question a =\n    what?\n")
    with pytest.raises(
        SettingError, match=r"bad\.grammar, line 1, column 1: the question 'a' has no"
    ):
        run(mined / "tables", grammar=str(tmp_path / "bad.grammar"))
    assert not list((tmp_path / "out").iterdir())
