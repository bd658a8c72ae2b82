import gzip
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gentap.errors import InputError
from gentap.mining.mine import mine
from gentap.mining.surface_forms import FormNormalizer, Rules
from gentap.records import Mined, mined_from_row, table_from_row
from gentap.runs.files.parquet_parts import parts, read_rows
from gentap.runs.store import StageFolder, Tally, own_files
from gentap.settings.sections import MineSettings

Open = Callable[[Path], StageFolder]
Run = Callable[..., Tally]

FORMER = FormNormalizer(Rules())

HASH_SEED_RUN = """
import sys
from pathlib import Path
from gentap.settings.sections import LinearizerSettings
from gentap.settings.sections import MineSettings
from gentap.settings.sections import SampleSettings
from gentap.runs.store import StageFolder
from gentap.runs.files.parquet_parts import parts
from gentap.mining.mine import mine
from gentap.grammar.sample import sample

pages, grammar, mined, sampled = sys.argv[1:]
for folder in (mined, sampled):
    Path(folder).mkdir()
settings = MineSettings(inputs=[pages], shard_bytes=30_000)
mine(settings, StageFolder(Path(mined), "stage", "", {}, False), workers=1)
sample(
    parts(Path(mined) / "tables"),
    SampleSettings(grammar=grammar, shard_tables=20),
    StageFolder(Path(sampled), "stage", "", {}, False),
    base="",
    linearizer=LinearizerSettings(),
    seed=1,
    workers=1,
)
"""


def mined_of(folder: Path) -> list[Mined]:
    return [mined_from_row(row) for row in read_rows(parts(folder / "sentences"))]


def rejected_of(folder: Path) -> list[dict[str, str]]:
    return [
        json.loads(line) for line in (own_files(folder) / "rejected.jsonl").read_text().splitlines()
    ]


def write_lines(path: Path, *entries: Any) -> Path:
    lines = [entry if isinstance(entry, str) else json.dumps(entry) for entry in entries]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def page(number: int, *text: str, tables: Any = None) -> dict[str, Any]:
    rows = [["Ada Dawn", "1914", "Rome"], ["Bo Dusk", "1915", "Oslo"]]
    own = [{"header": ["Name", "Year", "City"], "rows": rows}]
    return {
        "url": f"https://pages.example/{number}",
        "title": f"Page {number}",
        "text": list(text) or ["Ada Dawn came to Rome in 1914."],
        "tables": own if tables is None else tables,
    }


@pytest.fixture
def run(tmp_path: Path, open_folder: Open) -> Run:
    """Mine files into ``out`` of the test's folder."""

    def run(*inputs: Path, workers: int = 1, out: str = "out", **settings: Any) -> Tally:
        chosen = MineSettings(inputs=list(map(str, inputs)), **settings)
        return mine(chosen, open_folder(tmp_path / out), workers)

    return run


# The project's pages


def test_all_pages_are_mined(mined: Path) -> None:
    sentences = mined_of(mined)
    tables = list(read_rows(parts(mined / "tables")))
    documents = list(read_rows(parts(mined / "documents")))
    assert len(sentences) >= 600
    assert len(tables) >= 70
    assert len(documents) >= 28
    assert len({record.sentence for record in sentences}) == len(sentences)
    assert len({row["id"] for row in tables}) == len(tables)
    known = {(row["url"], table_from_row(row)) for row in tables}
    assert {(record.url, record.table) for record in sentences} <= known


def test_every_mined_sentence_names_what_it_records(mined: Path) -> None:
    for record in mined_of(mined):
        own = [cell for cell in record.cells if cell.row == record.row]
        assert len({cell.column for cell in own}) >= 2
        assert len({(cell.start, cell.end) for cell in own}) >= 2
        for cell in record.cells:
            value = record.table.rows[cell.row][cell.column]
            forms = FORMER.cells([value, *value.split("\n")])
            forms += [shorter for _, shorter in FORMER.shorter(forms)]
            said = FORMER.cells([record.sentence[cell.start : cell.end]])[0]
            assert said in forms or any(is_said_otherwise(said, form) for form in forms)


def is_said_otherwise(said: str, form: str) -> bool:
    """Whether a name is said in full, by its first and last word, or by its last word alone."""
    if " " not in form:
        return False
    first, last = form.split(" ")[0], form.split(" ")[-1]
    return said == last or (said.startswith(f"{first} ") and said.endswith(f" {last}"))


def test_further_rows_are_told_by_values_of_their_own(mined: Path) -> None:
    several = [record for record in mined_of(mined) if record.further]
    assert len(several) >= 60
    for record in several:
        assert record.row not in record.further
        assert list(record.further) == sorted(set(record.further))
        said = [
            {record.sentence[cell.start : cell.end] for cell in record.cells if cell.row == row}
            for row in record.rows_told
        ]
        assert all(own - said[0] for own in said[1:])
        assert {cell.row for cell in record.evidence} == set(record.rows_told)


TWO = "Ada Dawn came to Rome in 1914. Bo Dusk came to Oslo in 1915."


def test_neighbours_are_joined_where_that_is_wanted(run: Run, tmp_path: Path) -> None:
    path = write_lines(tmp_path / "pages.jsonl", page(1, TWO), page(2, *TWO.split(". ")))

    def said(**settings: Any) -> list[tuple[str, tuple[int, ...]]]:
        out = f"out-{len(list(tmp_path.iterdir()))}"
        run(path, similar_sentence=1.0, out=out, **settings)
        return [(record.sentence, record.rows_told) for record in mined_of(tmp_path / out)]

    first, second = TWO.split(". ")
    apart = [(f"{first}.", (0,)), (second, (1,))]
    assert said() == apart
    assert said(join=True) == [(TWO, (0, 1)), (second, (1,))]  # a paragraph each on the other page
    assert said(join=True, max_words=10) == apart
    answer = {
        "question": "Who came?",
        "answer": "She came to Rome in 1914. Bo Dusk came to Oslo.",
        "table": {"header": ["a", "b"], "rows": [["x", "y"]]},
    }
    excluded = write_lines(tmp_path / "qa.jsonl", answer)
    assert said(join=True, exclude=[str(excluded)], answer_words=9) == apart


def test_joined_sentences_do_not_depend_on_the_number_of_workers(
    run: Run, data: Path, mined: Path, tmp_path: Path, contents: Any
) -> None:
    run(data / "pages", shard_bytes=30_000, join=True, out="one")
    run(data / "pages", shard_bytes=30_000, join=True, workers=3, out="three")
    assert contents(tmp_path / "one") == contents(tmp_path / "three")
    alone = {record.sentence for record in mined_of(mined)}
    joined = [one for one in mined_of(tmp_path / "one") if one.sentence not in alone]
    assert joined
    assert all(len(one.rows_told) > 1 for one in joined)


@pytest.mark.parametrize("workers", [2, 4])
def test_output_does_not_depend_on_the_number_of_workers(
    run: Run, data: Path, mined: Path, tmp_path: Path, workers: int, contents: Any
) -> None:
    run(data / "pages", shard_bytes=30_000, workers=workers)
    assert contents(tmp_path / "out") == contents(mined)


def test_mining_and_sampling_do_not_depend_on_the_hash_seed(
    data: Path, mined: Path, tmp_path: Path, contents: Any
) -> None:
    grammar = data.parent / "grammars" / "english.grammar"
    outputs = []
    for seed in ("0", "7"):
        folders = [tmp_path / f"{name}-{seed}" for name in ("mined", "sampled")]
        command = [sys.executable, "-c", HASH_SEED_RUN, data / "pages", grammar, *folders]
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        subprocess.run(command, env=environment, check=True, capture_output=True)
        outputs.append([contents(folder) for folder in folders])
    assert outputs[0] == outputs[1]
    assert outputs[0][0] == contents(mined)


def test_pages_without_a_table_are_counted_and_their_prose_kept_where_it_is_wanted(
    run: Run, tmp_path: Path
) -> None:
    pages = tmp_path / "pages"
    pages.mkdir()
    (pages / "plain.html").write_text("<p>Ada Dawn came to Rome in 1914 by boat.</p>")
    (pages / "layout.html").write_text("<table><tr><td>x</table><p>Bo Dusk saw Oslo in 1915.</p>")
    write_lines(pages / "pages.jsonl", page(1))
    prose = {
        "plain.html": ["Ada Dawn came to Rome in 1914 by boat."],
        "layout.html": ["Bo Dusk saw Oslo in 1915."],
        page(1)["url"]: page(1)["text"],
    }
    for out, tableless, kept in (("out", False, 1), ("all", True, 3)):
        tally = run(pages, out=out, tableless=tableless)
        assert tally.counts["pages read"] == 3
        assert tally.rejected["page without a data table"] == 3 - kept
        documents = {
            row["url"]: row["blocks"] for row in read_rows(parts(tmp_path / out / "documents"))
        }
        assert documents == {url: prose[url] for url in list(prose)[-kept:]}
        assert len(mined_of(tmp_path / out)) == 1


# Evaluation sets


@pytest.fixture
def evaluation(data: Path) -> list[dict[str, Any]]:
    lines = (data / "qa" / "test.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def mirror(number: int, entries: list[dict[str, Any]]) -> dict[str, Any]:
    """A page with an evaluation table, its rows turned round, and the answers about it."""
    header, *rows = entries[0]["table_array"]
    table = {"header": header, "rows": rows[::-1]}
    plain = page(number)["tables"][0]
    answers = [entry["answer"] for entry in entries]
    return page(number, *answers, f"Bo Dusk saw Oslo {number} times.", tables=[table, plain])


def test_planted_evaluation_tables_are_kept_out_and_counted(
    run: Run, data: Path, tmp_path: Path, evaluation: list[dict[str, Any]]
) -> None:
    by_table: dict[str, list[dict[str, Any]]] = {}
    for entry in evaluation:
        by_table.setdefault(json.dumps(entry["table_array"]), []).append(entry)
    pages = [mirror(number, entries) for number, entries in enumerate(by_table.values())]
    path = write_lines(tmp_path / "pages.jsonl", *pages)
    held = {frozenset(map(tuple, entry["table_array"][1:])) for entry in evaluation}

    def tables(out: str) -> list[frozenset[tuple[str, ...]]]:
        rows = read_rows(parts(tmp_path / out / "tables"))
        return [frozenset(map(tuple, row["rows"])) for row in rows]

    run(path, out="open")
    assert held <= set(tables("open"))
    assert len(mined_of(tmp_path / "open")) > len(pages)

    tally = run(path, exclude=[str(data / "qa" / "test.jsonl")])
    assert tally.rejected["table of an evaluation set"] == len(pages) == len(held)
    assert held.isdisjoint(tables("out"))
    assert len(tables("out")) == len(pages)
    assert [record.sentence for record in mined_of(tmp_path / "out")] == [
        f"Bo Dusk saw Oslo {number} times." for number in range(len(pages))
    ]
    long = {entry["answer"] for entry in evaluation if len(entry["answer"].split()) > 12}
    texts = [
        text for row in read_rows(parts(tmp_path / "out" / "documents")) for text in row["blocks"]
    ]
    assert long.isdisjoint(texts)


def test_evaluation_pages_and_answers_are_kept_out_and_counted(run: Run, tmp_path: Path) -> None:
    answer = "Ada Dawn came to Rome in 1914 and stayed there for a year."
    known = {**page(0), "url": "http://www.pages.example/held%20out", "title": "Known"}
    test = {
        "feta_id": 1,
        "page_wikipedia_url": "https://pages.example/held out",
        "table_page_title": "Held by title",
        "table_array": [["a", "b"], ["c", "d"]],
        "question": "Who came?",
        "answer": answer,
    }
    exclude = write_lines(tmp_path / "test.jsonl", test)
    path = write_lines(
        tmp_path / "pages.jsonl",
        known,
        {**page(1), "title": "HELD by  title"},
        page(2, answer, "Bo Dusk never came to Oslo."),
    )
    tally = run(path, exclude=[str(exclude)])
    assert tally.rejected == Counter(
        {"page of an evaluation set": 2, "answer of an evaluation set": 1}
    )
    assert [record.sentence for record in mined_of(tmp_path / "out")] == [
        "Bo Dusk never came to Oslo."
    ]
    (document,) = read_rows(parts(tmp_path / "out" / "documents"))
    assert document["blocks"] == ["Bo Dusk never came to Oslo."]


def test_an_unreadable_evaluation_set_ends_the_run_before_any_work(
    run: Run, tmp_path: Path
) -> None:
    path = write_lines(tmp_path / "pages.jsonl", page(0))
    with pytest.raises(InputError, match=r"test\.jsonl: no such file"):
        run(path, exclude=[str(tmp_path / "test.jsonl")])
    assert not list((tmp_path / "out").iterdir())


# What is set aside


def test_bad_files_among_good_ones_are_set_aside_and_counted(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    good = write_lines(
        folder / "a.jsonl", page(0), "{not json", page(1, "Bo Dusk left Oslo early.")
    )
    packed = gzip.compress(good.read_bytes())
    (folder / "b.jsonl.gz").write_bytes(packed[: len(packed) // 2])
    (folder / "c.html").write_text("")
    (folder / "d.html").write_text("<h1>Prose</h1><p>Ada Dawn came to Rome in 1914.</p>")
    (folder / "e.html").write_text(
        '<link rel="canonical" href="http://[broken"><table><tr><th>Name<th>City</tr>'
        "<tr><td>Cy Noon<td>Lima</tr></table><p>Nobody but Cy Noon ever saw Lima.</p>"
    )
    (folder / "f.warc.gz").write_bytes(b"\x1f\x8bnothing of the kind")
    exclude = write_lines(tmp_path / "test.jsonl", {
        "table_array": [["a"], ["b"]], "question": "Who?", "answer": "She.",
        "page_wikipedia_url": "https://x.example/",
    })  # fmt: skip
    tally = run(folder, exclude=[str(exclude)])
    assert tally.rejected == Counter(
        {
            "bad JSONL record": 1,
            "damaged compressed file": 1,
            "empty file": 1,
            "page without a data table": 1,
            "damaged archive": 1,
        }
    )
    assert Counter(entry["reason"] for entry in rejected_of(tmp_path / "out")) == tally.rejected
    assert [record.sentence for record in mined_of(tmp_path / "out")] == [
        "Ada Dawn came to Rome in 1914.",
        "Bo Dusk left Oslo early.",
        "Nobody but Cy Noon ever saw Lima.",
    ]


def test_unfit_and_repeated_sentences_are_set_aside(run: Run, tmp_path: Path) -> None:
    said = "Ada Dawn came to Rome in 1914."
    path = write_lines(
        tmp_path / "pages.jsonl",
        page(0, said, "Ada Dawn, Rome."),
        page(1, f"{said} Then she left."),
    )
    tally = run(path)
    assert tally.counts["paragraphs read"] == 3
    assert tally.counts["sentences that name two cells"] == 3
    assert [
        (entry["where"], entry["reason"], entry["detail"])
        for entry in rejected_of(tmp_path / "out")
    ] == [
        ("https://pages.example/0", "sentence too short", "Ada Dawn, Rome."),
        # Another paragraph of its page names the row too, so that this one tells less of it.
        ("https://pages.example/0", "duplicate sentence", said),
    ]


def test_letters_with_accents_apart_meet_composed_ones(run: Run, tmp_path: Path) -> None:
    path = write_lines(
        tmp_path / "pages.jsonl",
        page(
            0,
            "In 1914 Rene\u0301 Dawn came to Orle\u0301ans[2] by train.",
            tables=[{"header": ["Name", "City"], "rows": [["René Dawn", "Orle\u0301ans"]]}],
        ),
    )
    run(path)
    (record,) = mined_of(tmp_path / "out")
    assert record.sentence == "In 1914 René Dawn came to Orléans by train."
    said = [record.sentence[cell.start : cell.end] for cell in record.cells]
    assert said == ["René Dawn", "Orléans"]


def test_an_input_without_a_table_is_an_error_and_the_reasons_are_kept(
    run: Run, tmp_path: Path
) -> None:
    path = write_lines(tmp_path / "pages.jsonl", page(0, tables=[]), "[]")
    with pytest.raises(InputError, match=r"no data table in 1 page \(bad JSONL record: 1, page wi"):
        run(path)
    assert [(entry["where"], entry["reason"]) for entry in rejected_of(tmp_path / "out")] == [
        ("https://pages.example/0", "page without a data table"),
        ("pages.jsonl:2", "bad JSONL record"),
    ]


def test_no_input_at_all_is_an_error(run: Run) -> None:
    with pytest.raises(InputError, match="nothing to mine"):
        run()


@pytest.mark.parametrize("shard_bytes", [1, 500, 10**6])
def test_shards_take_neighbours_up_to_a_size(run: Run, tmp_path: Path, shard_bytes: int) -> None:
    files = [
        write_lines(
            tmp_path / f"{number}.jsonl", page(number, f"Ada Dawn saw Rome {number} times.")
        )
        for number in range(5)
    ]
    size = files[0].stat().st_size
    run(*files, shard_bytes=shard_bytes)
    per_shard = max(1, min(5, shard_bytes // size))
    assert len(parts(tmp_path / "out" / "sentences")) == -(-5 // per_shard)
    assert [record.sentence for record in mined_of(tmp_path / "out")] == [
        f"Ada Dawn saw Rome {number} times." for number in range(5)
    ]


def _other_column(file: Path) -> None:
    table = pq.read_table(file)
    pq.write_table(table.drop_columns(["sentence"]), file)


def _table_that_is_none(file: Path) -> None:
    table = pq.read_table(file)
    places = pa.array([99] * len(table), pa.int32())
    pq.write_table(table.set_column(0, "table", places), file)


def _nulls(file: Path) -> None:
    table = pq.read_table(file)
    pq.write_table(table.set_column(0, "table", pa.nulls(len(table), pa.int32())), file)


@pytest.mark.parametrize(
    ("pattern", "spoil"),
    [
        (".work/sentences/*.parquet", _other_column),
        (".work/sentences/*.parquet", _table_that_is_none),
        (".work/sentences/*.parquet", _nulls),
        (".work/sentences/*.parquet", Path.unlink),
        (".work/keys/keys-0-*.npy", lambda file: file.write_bytes(b"no numbers")),
        (".work/keys/keys-0-*.npy", lambda file: file.write_bytes(file.read_bytes()[:-3])),
        ("tables/*.parquet", lambda file: file.write_bytes(b"PAR1")),
        (".shards/*.json", lambda file: file.write_text('{"counts": []}')),
    ],
)
def test_work_that_somebody_edited_between_two_runs_is_refused_by_file(
    tmp_path: Path, open_folder: Open, monkeypatch: pytest.MonkeyPatch, pattern: str, spoil: Any
) -> None:
    page = {"url": "u", "text": "In 2005 she made Dusk with her old crew from the harbour."}
    page["tables"] = [{"header": ["Year", "Film"], "rows": [["2004", "Dawn"], ["2005", "Dusk"]]}]
    (tmp_path / "pages.jsonl").write_text(json.dumps(page))
    settings = MineSettings(inputs=[str(tmp_path / "pages.jsonl")])
    (tmp_path / "out").mkdir()

    def breaks_off(*_: Any) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("gentap.mining.near_duplicates.count_keys", breaks_off)
        with pytest.raises(KeyboardInterrupt):
            mine(settings, open_folder(tmp_path / "out"), workers=1)
    files = sorted((tmp_path / "out").glob(pattern))
    assert files
    spoil(files[0])
    with pytest.raises(InputError) as raised:
        mine(settings, open_folder(tmp_path / "out"), workers=1)
    assert files[0].name in str(raised.value)
