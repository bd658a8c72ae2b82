import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gentap.errors import InputError
from gentap.questions.invert import annotated_source, column_of, invert, read_articles
from gentap.records import Cell, Example, Table
from gentap.runs.files.parquet_parts import parts, read_rows
from gentap.runs.store import StageFolder, Tally
from gentap.settings.training_sections import WriterSettings

Open = Callable[[Path], StageFolder]
CONTEXT = "Ada  Dawn was born in Rome. In 1914 she met Dr. Bo Dusk in Rome.\nShe left."


def question(number: int, answer: str, start: int, **fields: Any) -> dict[str, Any]:
    text = {"answers": [{"text": answer, "answer_start": start}], "id": f"q{number}"}
    return {**text, "question": f"  Question \n {number}? ", **fields}


def article(title: str, *questions: Any, context: Any = CONTEXT) -> dict[str, Any]:
    return {"title": title, "paragraphs": [{"context": context, "qas": list(questions)}]}


@pytest.fixture
def run(tmp_path: Path, open_folder: Open) -> Callable[..., Tally]:
    """Invert articles, one file for each argument, into ``out`` of the test's folder."""

    def run(*files: list[dict[str, Any]], **settings: Any) -> Tally:
        paths = []
        for number, articles in enumerate(files):
            paths.append(tmp_path / f"{number}.json")
            paths[-1].write_text(json.dumps({"data": articles}), encoding="utf-8")
        tags = settings.pop("tags", False)
        wanted = WriterSettings(**settings)
        return invert(paths, [], wanted, open_folder(tmp_path / "out"), tags=tags)

    return run


def pairs(folder: Path, part: str = "train") -> list[dict[str, Any]]:
    return list(read_rows(parts(folder / "out" / "pairs" / part)))


def rejected(folder: Path) -> list[tuple[str, str]]:
    lines = (folder / "out" / "rejected.jsonl").read_text().splitlines()
    return [(entry["where"], entry["reason"]) for entry in map(json.loads, lines)]


def marked(*pieces: tuple[str, str]) -> list[dict[str, str]]:
    return [{"mark": mark, "text": text} for mark, text in pieces]


def test_the_sentence_is_found_by_the_answer_s_offset(
    run: Callable[..., Tally], tmp_path: Path
) -> None:
    second = CONTEXT.rindex("Rome")
    run(
        [
            article(
                "Ada_Dawn", question(1, "Rome", CONTEXT.index("Rome")), question(2, "Rome", second)
            )
        ]
    )
    assert pairs(tmp_path) == [
        {
            "id": "q1",
            "origin": "reading",
            "pieces": marked(
                ("<title>", "Ada Dawn"),
                ("<entry>", "Rome"),
                ("<entry>", "Ada Dawn"),
                ("<sentence>", "Ada Dawn was born in Rome."),
            ),
            "target_pieces": marked(("", "Question 1?")),
            "target": "Question 1?",
        },
        {
            "id": "q2",
            "origin": "reading",
            "pieces": marked(
                ("<title>", "Ada Dawn"),
                ("<entry>", "Rome"),
                ("<entry>", "1914"),
                ("<entry>", "Dr. Bo Dusk"),
                ("<sentence>", "In 1914 she met Dr. Bo Dusk in Rome."),
            ),
            "target_pieces": marked(("", "Question 2?")),
            "target": "Question 2?",
        },
    ]


def test_what_can_t_be_inverted_is_set_aside_with_its_reason(
    run: Callable[..., Tally], tmp_path: Path
) -> None:
    rome = CONTEXT.index("Rome")
    tally = run(
        [
            article(
                "Ada",
                question(1, "Rome", rome),
                question(2, "Rome", rome + 1),
                question(3, "Rome", -4),
                question(4, "", rome),
                question(5, "", 0, is_impossible=True, answers=[]),
                question(6, "", 0, is_impossible=True, plausible_answers=[{"text": "Rome"}]),
                question(7, "", 0, answers=[]),
                question(8, "Rome. In 1914", rome),
                question(9, "Rome", len(CONTEXT) + 5),
            )
        ]
    )
    assert [row["id"] for row in pairs(tmp_path)] == ["q1"]
    assert rejected(tmp_path) == [
        ("q2", "answer not at its offset"),
        ("q3", "answer not at its offset"),
        ("q4", "answer not at its offset"),
        ("q5", "unanswerable question"),
        ("q6", "unanswerable question"),
        ("q7", "unanswerable question"),
        ("q8", "answer over several sentences"),
        ("q9", "answer not at its offset"),
    ]
    assert sum(tally.rejected.values()) == 8


def test_a_malformed_record_does_not_end_the_run(run: Callable[..., Tally], tmp_path: Path) -> None:
    bad = [
        {"id": "no question", "answers": [{"text": "Rome", "answer_start": 22}]},
        question(2, "Rome", 0, answers=[{"text": "Rome"}]),
        question(3, "Rome", 0, answers={"text": ["Rome"], "answer_start": [22]}),
        question(4, "Rome", 0, answers=[{"text": "Rome", "answer_start": "early"}]),
        "a text",
    ]
    good = question(1, "Rome", CONTEXT.index("Rome"))
    run([article("A", *bad, good), article("B", good, context=None), article("C", good)])
    assert rejected(tmp_path) == [
        ("no question", "bad question record"),
        ("q2", "bad question record"),
        ("q3", "bad question record"),
        ("q4", "bad question record"),
        ("A:0", "bad question record"),
        ("B:0", "bad paragraph"),
    ]
    assert len(pairs(tmp_path)) == 2


def test_whole_articles_are_held_out(run: Callable[..., Tally], tmp_path: Path) -> None:
    rome = CONTEXT.index("Rome")
    articles = [
        article(f"Title {n}", *(question(10 * n + at, "Rome", rome) for at in range(3)))
        for n in range(10)
    ]
    run(articles[:6], [*articles[6:], articles[0]], held_out=0.3)
    train, dev = (
        {row["pieces"][0]["text"] for row in pairs(tmp_path, part)} for part in ("train", "dev")
    )
    assert train.isdisjoint(dev)
    assert train | dev == {f"Title {n}" for n in range(10)}
    assert 2 <= len(dev) <= 3
    assert len(pairs(tmp_path)) + len(pairs(tmp_path, "dev")) == 33


@pytest.mark.parametrize("held_out", [0.0, 0.9])
def test_one_article_is_never_held_out(
    run: Callable[..., Tally], tmp_path: Path, held_out: float
) -> None:
    run([article("Only", question(1, "Rome", CONTEXT.index("Rome")))], held_out=held_out)
    assert len(pairs(tmp_path)) == 1
    assert pairs(tmp_path, "dev") == []


def test_the_project_s_reading_set_is_inverted(
    data: Path, tmp_path: Path, open_folder: Open
) -> None:
    path = data / "reading" / "questions.json"
    tally = invert([path], [], WriterSettings(), open_folder(tmp_path / "out"), tags=False)
    found = pairs(tmp_path) + pairs(tmp_path, "dev")
    asked = {
        qa["id"]: (paragraph["context"], qa)
        for article in read_articles(path)
        for paragraph in article["paragraphs"]
        for qa in paragraph["qas"]
    }
    assert len(found) + sum(tally.rejected.values()) == len(asked)
    assert len(found) >= 0.9 * len(asked)
    for row in found:
        context, qa = asked[row["id"]]
        title, answer, *entries, sentence = (
            piece["text"] for piece in row["pieces"] if piece["mark"] != "<head>"
        )
        assert title
        assert answer == qa["answers"][0]["text"]
        assert all(entry in sentence for entry in [answer, *entries])
        assert sentence in " ".join(context.split())


@pytest.mark.parametrize(
    "content",
    [
        "not json",
        "[]",
        "{}",
        '{"data": [{"title": "x"}]}',
        '{"data": ["x"]}',
        '{"data": [{"title": 5, "paragraphs": []}]}',
        '{"data": [{"title": "x", "paragraphs": null}]}',
        '{"data": 7}',
    ],
)
def test_a_file_in_another_layout_is_an_error(tmp_path: Path, content: str) -> None:
    path = tmp_path / "other.json"
    path.write_text(content)
    with pytest.raises(InputError, match=r"other\.json: not a reading-comprehension file in SQuAD"):
        read_articles(path)


def test_a_file_that_is_missing_empty_or_no_text_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_articles(tmp_path / "none.json")
    (tmp_path / "empty.json").write_text('{"data": []}')
    with pytest.raises(InputError, match="holds no articles"):
        read_articles(tmp_path / "empty.json")
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="not a readable UTF-8 text file"):
        read_articles(tmp_path / "bytes.json")


@pytest.mark.parametrize("start", [3, 19, 24])
def test_an_answer_in_a_text_with_odd_spaces_is_found_where_it_stands(
    run: Callable[..., Tally], tmp_path: Path, start: int
) -> None:
    context = "In  a town, a \n river, a lake,  a  hill."
    answer = context[start : start + 4]
    run([article("Places", question(1, answer, start), context=context)])
    (pair,) = pairs(tmp_path)
    texts = {piece["mark"]: piece["text"] for piece in pair["pieces"]}
    assert texts["<sentence>"] == "In a town, a river, a lake, a hill."
    assert texts["<entry>"] == " ".join(answer.split())


def test_an_answer_that_is_unlike_an_entry_is_set_aside(
    run: Callable[..., Tally], tmp_path: Path
) -> None:
    answer = "Ada  Dawn was born in Rome"
    tally = run([article("A", question(1, answer, 0), question(2, "Rome", 22))], max_answer_words=5)
    assert rejected(tmp_path) == [("q1", "answer too long for an entry")]
    assert tally.counts["pairs/train"] == 1


@pytest.mark.parametrize(
    ("asked", "column"),
    [
        ("What year did she win?", "year"),
        ("In which northern town was the cup won?", "northern town"),
        ("Which team won?", ""),
        ("What is the name of the cup?", ""),
        ("What else did she win?", ""),
        ("When did she win?", ""),
        ("", ""),
    ],
)
def test_the_kind_that_a_question_asks_for_stands_for_a_column(asked: str, column: str) -> None:
    found = {column_of(asked, str(identity)) for identity in range(30)}
    assert found == {column, ""}


def test_a_column_is_left_out_for_half_of_the_questions() -> None:
    found = [column_of("What year did she win?", str(identity)) for identity in range(400)]
    assert 150 < found.count("year") < 250


TABLE = Table(
    title="Cups",
    section="Winners",
    header=("Name", "Year", "Cup"),
    rows=(("Émile Dusk", "1914", "Silver Cup"), ("Bo Dawn", "1915", "Gold Cup")),
)


def annotated(question: str, answer: str, cells: list[tuple[int, int]]) -> Example:
    values: dict[str, Any] = {"id": "f1", "kind": "long", "origin": "annotated", "source": ""}
    values |= {"question": question, "answer": answer, "table": TABLE}
    return Example(**values, cells=tuple(Cell(*cell) for cell in cells))


def test_an_annotated_question_asks_for_the_evidence_that_it_does_not_name() -> None:
    example = annotated(
        "Which cup did Émile Dusk win?",
        "In 1914 ÉMILE DUSK won the Silver Cup.",
        [(0, 0), (0, 2), (1, 1)],
    )
    source = annotated_source(example, 8)
    assert source is not None
    shown = [(entry.column, entry.text) for entry in source.entries]
    assert shown == [("Cup", "Silver Cup"), ("Name", "ÉMILE DUSK"), ("", "1914")]
    assert (source.title, source.section) == ("Cups", "Winners")


@pytest.mark.parametrize(
    ("answer", "cells", "kind"),
    [
        ("Nobody won in 1920.", [(0, 1)], "long"),
        ("Émile Dusk won in 1914.", [], "long"),
        ("1914", [(0, 1)], "cell"),
        ("In 19145 Dusk won.", [(0, 1)], "long"),
    ],
)
def test_an_annotated_answer_without_its_evidence_gives_no_source(
    answer: str, cells: list[tuple[int, int]], kind: Any
) -> None:
    example = replace(annotated("Who won?", answer, cells), kind=kind)
    assert annotated_source(example, 8) is None


def test_both_kinds_are_mixed_and_pages_are_held_out_whole(
    tmp_path: Path, open_folder: Open
) -> None:
    rome = CONTEXT.index("Rome")
    reading = [article(f"Title {n}", question(n, "Rome", rome)) for n in range(4)]
    path = tmp_path / "reading.json"
    path.write_text(json.dumps({"data": reading}))
    lines = [
        {
            "id": f"t{page}-{number}",
            "question": "Who won?",
            "answer": "Bo Dawn won in 1915." if number else "Nobody won.",
            "table": {"title": f"Page {page}", "header": ["Name"], "rows": [["Bo Dawn"], ["x"]]},
            "cells": [[0, 0]],
        }
        for page in range(4)
        for number in range(3)
    ]
    tables = tmp_path / "tables.jsonl"
    tables.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    settings = WriterSettings(held_out=0.25)
    tally = invert([path], [tables], settings, open_folder(tmp_path / "out"), tags=True)
    assert tally.rejected == {"no evidence cell in the answer": 4}
    train, dev = pairs(tmp_path), pairs(tmp_path, "dev")
    assert len(train) == 9
    assert sorted(row["origin"] for row in dev) == ["annotated", "annotated", "reading"]
    layout = json.loads((tmp_path / "out" / "writer.json").read_text())
    assert layout == {"max_entries": 8, "tags": True, "heads": True, "sections": False}


def test_annotated_questions_that_can_t_be_read_are_an_error(tmp_path: Path) -> None:
    path = tmp_path / "tables.jsonl"
    path.write_text("{}\n")
    folder = StageFolder(tmp_path, "writer", "", {}, resumed=False)
    with pytest.raises(InputError, match="holds no question that can be read"):
        invert([], [path], WriterSettings(), folder, tags=True)


def test_a_packed_set_is_read_as_the_plain_one(tmp_path: Path) -> None:
    text = json.dumps({"data": [article("Only", question(1, "Rome", CONTEXT.index("Rome")))]})
    plain, gz = tmp_path / "set.json", tmp_path / "set.json.gz"
    plain.write_text(text, encoding="utf-8")
    gz.write_bytes(gzip.compress(text.encode()))
    assert read_articles(gz) == read_articles(plain)
    gz.write_bytes(gz.read_bytes()[:-9])
    with pytest.raises(InputError, match=r"set\.json\.gz"):
        read_articles(gz)
