"""The stage: tables of any source to examples on disk."""

import gzip
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gentap.documents.table_files import find_table_files
from gentap.errors import InputError, SettingError
from gentap.grammar.parser import load_grammar
from gentap.grammar.preview import BUILT_IN
from gentap.grammar.rules import find_grammar
from gentap.grammar.sample import sample, table_random
from gentap.grammar.sampler import QuestionSampler
from gentap.grammar.sentence_sampler import SentenceSampler
from gentap.records import Example, Table, digest, example_from_row, sourced_table_from_row
from gentap.runs.files.parquet_parts import parts, read_rows
from gentap.runs.store import StageFolder, Tally, own_files
from gentap.settings.sections import LinearizerSettings, SampleSettings

Open = Callable[[Path], StageFolder]


@pytest.fixture
def run(tmp_path: Path, open_folder: Open) -> Callable[..., Tally]:
    def run(source: Path, out: str = "out", **changed: Any) -> Tally:
        workers, linearizer = changed.pop("workers", 1), changed.pop("linearizer", {})
        return sample(
            find_table_files([str(source)]),
            SampleSettings(**{"shard_tables": 20, **changed}),
            open_folder(tmp_path / out),
            base="",
            linearizer=LinearizerSettings(**linearizer),
            seed=1,
            workers=workers,
        )

    return run


def examples(folder: Path) -> Iterator[Example]:
    return (example_from_row(row) for row in read_rows(parts(folder)))


def as_line(table: Table, **more: Any) -> str:
    entry = {"header": table.header, "rows": table.rows, "title": table.title, **more}
    return json.dumps(entry, ensure_ascii=False) + "\n"


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


def test_what_is_written_is_what_was_drawn(run: Callable[..., Tally], tmp_path: Path) -> None:
    (tmp_path / "one.jsonl").write_text(as_line(BUILT_IN, id="t1", url="https://x.example/t"))
    run(tmp_path / "one.jsonl", per_table=50, sentences=0.4, linearizer={"max_tokens": 4096})
    maker = QuestionSampler(load_grammar(find_grammar("english")))
    table = Table(title=BUILT_IN.title, header=BUILT_IN.header, rows=BUILT_IN.rows)
    random, askable = table_random(1, "t1").random, maker.askable(table)
    draws = list(maker.draws(askable, 50, 4, random))
    teller = SentenceSampler(maker, SampleSettings().evidence_rows, 0.0)
    sentences, _ = teller.draws(askable, 20, 4, random)
    assert (len(draws), len(sentences)) == (50, 20)
    found = list(examples(tmp_path / "out"))
    assert found[50:] == [
        Example(
            id=digest("t1", one.question),
            kind="long",
            origin="grammar",
            question=one.question,
            answer=one.answer,
            table=table,
            cells=one.evidence,
            source="https://x.example/t",
        )
        for one in sentences
    ]
    assert found[:50] == [
        Example(
            id=digest("t1", draw.question),
            kind="cell",
            origin="grammar",
            question=draw.question,
            answer=table.rows[draw.answer.row][draw.answer.column],
            table=table,
            cells=draw.evidence,
            source="https://x.example/t",
        )
        for draw in draws
    ]


def test_what_is_asked_and_answered_stands_in_the_cut_table(
    run: Callable[..., Tally], mined: Path, tmp_path: Path
) -> None:
    whole = {row["url"]: row for row in read_rows(parts(mined / "tables"))}
    tally = run(mined / "tables", linearizer={"max_tokens": 200, "max_question_tokens": 60})
    assert tally.counts["tables cut to the budget"] > 30
    found = list(examples(tmp_path / "out"))
    assert len(found) == tally.counts["examples"] > 200
    assert {example.source for example in found} <= whole.keys()
    assert Counter(example.kind for example in found)["long"] == tally.counts["sentences"] > 100
    for example in found:
        texts = [example.table.rows[cell.row][cell.column] for cell in example.cells]
        assert example.kind == "long" or example.answer in texts
    spans = [count for name, count in tally.counts.items() if name.startswith("sentences of")]
    assert sum(spans) == tally.counts["sentences"]
    kinds = {name: count for name, count in tally.counts.items() if name.startswith("examples of")}
    assert sum(kinds.values()) == len(found)


def test_all_rows_of_a_long_table_are_asked_about_in_windows(
    run: Callable[..., Tally], tmp_path: Path
) -> None:
    rows = [[f"Ship {n}", str(1800 + n), f"Port {n % 7}", str(n * 37 % 101)] for n in range(60)]
    line = {"id": "t1", "header": ["Ship", "Built", "Port", "Guns"], "rows": rows}
    (tmp_path / "long.jsonl").write_text(json.dumps(line))
    budget = {"max_tokens": 160, "max_question_tokens": 32}
    tally = run(tmp_path / "long.jsonl", per_table=400, sentences=0.5, linearizer=budget)
    lacking = {name: count for name, count in tally.counts.items() if "tables without" in name}
    assert set(lacking.values()) <= {tally.counts["tables"]} == {1}
    names = [row[0] for row in rows]
    shown: set[int] = set()
    told: Counter[int] = Counter()
    for example in examples(tmp_path / "out"):
        window = [names.index(row[0]) for row in example.table.rows]
        assert 3 <= len(window) < 20
        assert window == list(range(window[0], window[0] + len(window)))
        shown.update(window)
        told.update({window[cell.row] for cell in example.cells if cell.row >= 0})
    assert shown == set(range(60))
    assert len(told) > 50
    assert max(told.values()) < 0.08 * told.total()  # a window's first and last are told often
    assert sum(told[row] for row in range(20)) < 0.5 * told.total()  # and the first rows no more


def test_a_grammar_that_was_edited_is_read_anew(
    run: Callable[..., Tally], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rows = [["Ida Ray", "Rye"], ["Ada", "Deal"], ["Mary", "Hull"], ["Brill", "Goole"]]
    line = {"id": "t1", "header": ["Ship", "Port"], "rows": rows}
    Path("ships.jsonl").write_text(json.dumps(line))
    asked = []
    for word in ("which", "what"):
        Path("own.grammar").write_text(
            "question port =\n    > select [column B] where [column A] is [value A]\n"
            f"    {word} [column B] has the [column A] [value A]?\n"
        )
        run(Path("ships.jsonl"), word, grammar="own.grammar", sentences=0)
        asked += [{one.question.split()[0].lower() for one in examples(tmp_path / word)}]
    assert asked == [{"which"}, {"what"}]


def test_a_killed_run_goes_on(
    run: Callable[..., Tally], mined: Path, tmp_path: Path, contents: Any, monkeypatch: Any
) -> None:
    run(mined / "tables", "whole")
    from gentap.grammar import sample as stage

    done = stage.read_tables
    calls = Counter[str]()

    def fails(part: Any) -> Iterator[Any]:
        calls["slices"] += 1
        for number, table in enumerate(done(part)):
            if calls["slices"] == 3 and number == 5:
                raise KeyboardInterrupt
            yield table

    monkeypatch.setattr(stage, "read_tables", fails)
    with pytest.raises(KeyboardInterrupt):
        run(mined / "tables", "broken")
    run(mined / "tables", "broken")
    assert contents(tmp_path / "broken") == contents(tmp_path / "whole")
    assert calls["slices"] == len(parts(tmp_path / "whole")) + 1


@pytest.mark.parametrize("packed", ["", ".gz"])
def test_one_file_is_shared_by_workers_and_resumed(
    run: Callable[..., Tally],
    mined: Path,
    tmp_path: Path,
    contents: Any,
    monkeypatch: Any,
    packed: str,
) -> None:
    rows = read_rows(parts(mined / "tables"))
    tables = [sourced_table_from_row(row).table for row in rows][:60]
    content = "".join(as_line(table) for table in tables).encode()
    path = tmp_path / f"tables.jsonl{packed}"
    path.write_bytes(gzip.compress(content) if packed else content)
    tallies = [run(path, f"with-{workers}", workers=workers) for workers in (1, 3)]
    assert tallies[0] == tallies[1]
    whole = contents(tmp_path / "with-1")
    assert contents(tmp_path / "with-3") == whole
    assert len(parts(tmp_path / "with-1")) == 3
    from gentap.grammar import sample as stage

    done = stage.read_tables
    calls = Counter[str]()

    def fails(part: Any) -> Iterator[Any]:
        calls["slices"] += 1
        if calls["slices"] == 2:
            raise KeyboardInterrupt
        yield from done(part)

    monkeypatch.setattr(stage, "read_tables", fails)
    with pytest.raises(KeyboardInterrupt):
        run(path, "broken")
    run(path, "broken")
    assert contents(tmp_path / "broken") == whole
    assert calls["slices"] == 4


def test_odd_tables_give_questions_or_a_counted_reason(
    run: Callable[..., Tally], tmp_path: Path
) -> None:
    odd = {
        "one row": Table(title="A", header=("Town", "Year"), rows=(("Rome", "1914"),)),
        "one column": Table(header=("Town",), rows=(("Rome",), ("Oslo",))),
        "same names": Table(header=("Town", "town"), rows=(("Rome", "Oslo"),)),
        "empty": Table(header=("Town", "Year"), rows=(("", ""), ("", "—"))),
        "untitled row": Table(header=("Town", "Year"), rows=(("Rome", "1914"),)),
        "long": Table(
            header=("Town", "Tale"), rows=(("Rome", "x " * 5_000), ("Oslo", "y" * 9_999))
        ),
    }
    lines = [as_line(table, id=name) for name, table in odd.items()]
    (tmp_path / "odd.jsonl").write_text("".join(lines) + "{}\n[1]\nnot json\n", encoding="utf-8")
    tally = run(tmp_path / "odd.jsonl")
    asked = {example.table.header for example in examples(tmp_path / "out")}
    assert asked == {("Town", "Year"), ("Town",), ("Town", "Tale")}
    assert tally.rejected == {
        "bad table record": 3,
        "no column with a name of its own": 1,
        "no filled cell": 1,
        "one row, and no question fits it": 1,
    }
    for example in examples(tmp_path / "out"):
        assert all(len(cell) <= 160 for row in example.table.rows for cell in row)


def test_no_tables_and_no_questions_are_errors(run: Callable[..., Tally], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the folder holds no file that ends in"):
        run(tmp_path)
    (tmp_path / "none.jsonl").write_text('{"header": ["a", "a"], "rows": [["1", "2"]]}\n')
    with pytest.raises(InputError, match=r"from 1 table: no column with a name of its own \(1\)"):
        run(tmp_path / "none.jsonl")
    assert "no column with a name" in (own_files(tmp_path / "out") / "rejected.jsonl").read_text()
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(InputError, match=r"from 0 tables: bad CSV table \(1\)"):
        run(tmp_path / "empty.csv", "out2")
    (tmp_path / "wrong.csv").write_text("a/b/c\n1/2/3\n")
    with pytest.raises(InputError, match=r"from 0 tables: bad CSV table \(1\)"):
        run(tmp_path / "wrong.csv", "out3")
    assert "Part the columns with" in (own_files(tmp_path / "out3") / "rejected.jsonl").read_text()


def test_a_bad_grammar_ends_the_run_before_any_work(
    run: Callable[..., Tally], mined: Path, tmp_path: Path
) -> None:
    (tmp_path / "bad.grammar").write_text("question a =\n    what?\n")
    with pytest.raises(
        SettingError, match=r"bad\.grammar, line 1, column 1: the question 'a' has no"
    ):
        run(mined / "tables", grammar=str(tmp_path / "bad.grammar"))
    assert not list((tmp_path / "out").iterdir())


def test_german_questions_are_drawn_from_german_tables(
    run: Callable[..., Tally], tmp_path: Path
) -> None:
    text = (
        "Brücke;Fluss;Länge;Eröffnet\nAlte Brücke;Aare;1.204,5 m;3. März 1902\n"
        "Neue Brücke;Rhein;980 m;12. Mai 1950\nSteg;Rhein;75,25 m;1. Oktober 1931\n"
    )
    (tmp_path / "Brücken.csv").write_text(text, encoding="utf-8")
    run(tmp_path / "Brücken.csv", grammar="german", per_table=60, sentences=0.2)
    found = {
        example.question: example.answer
        for example in examples(tmp_path / "out")
        if example.kind == "cell"
    }
    longest = [
        question
        for question in found
        if re.search(" (höchsten|größten)", question)
        and "Länge" in question
        and "Fluss" not in question
    ]
    assert longest
    assert {found[question] for question in longest} == {"Alte Brücke"}
    first = [question for question in found if "frühesten" in question]
    assert {found[question] for question in first if "Fluss" not in question} <= {"Alte Brücke"}


def test_tables_without_an_id_get_one_by_their_place(
    run: Callable[..., Tally], tmp_path: Path
) -> None:
    (tmp_path / "two.jsonl").write_text(as_line(BUILT_IN) * 2)
    run(tmp_path / "two.jsonl")
    found = [example.id for example in examples(tmp_path / "out")]
    assert len(set(found)) == len(found) == 12
