import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from gentap.errors import InputError
from gentap.records import Mined, NamedCell, Table
from gentap.settings import WriterSettings
from gentap.store import StageFolder, Tally, parts, read_rows
from gentap.synthesis.invert import entries_of, invert, mined_pieces, read_articles

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
        return invert(paths, WriterSettings(**settings), open_folder(tmp_path / "out"))

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
            "pieces": marked(
                ("<title>", "Ada Dawn"),
                ("<entry>", "Rome"),
                ("<entry>", "Ada Dawn"),
                ("<sentence>", "Ada Dawn was born in Rome."),
            ),
            "target": "Question 1?",
        },
        {
            "id": "q2",
            "pieces": marked(
                ("<title>", "Ada Dawn"),
                ("<entry>", "Rome"),
                ("<entry>", "1914"),
                ("<entry>", "Dr. Bo Dusk"),
                ("<sentence>", "In 1914 she met Dr. Bo Dusk in Rome."),
            ),
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
    tally = invert([path], WriterSettings(), open_folder(tmp_path / "out"))
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
        title, answer, *entries, sentence = (piece["text"] for piece in row["pieces"])
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
    with pytest.raises(InputError, match="SQuAD layout"):
        read_articles(tmp_path / "bytes.json")


@pytest.mark.parametrize(
    ("sentence", "answer", "limit", "entries"),
    [
        ("In 1914 Ada met Bo Dusk.", "Ada", 6, ["Ada", "1914", "Bo Dusk"]),
        ("In 1914 Ada met Bo Dusk.", "Dusk", 6, ["Dusk", "1914", "Ada"]),
        ("In 1914 Ada met Bo Dusk.", "Ada", 2, ["Ada", "1914"]),
        ("The crew of 1,250 left Isle of Man.", "left", 6, ["left", "1,250", "Isle of Man"]),
        ("Ada Dawn met Ada Dawn in 7 films.", "films", 6, ["films", "Ada Dawn", "7"]),
        ("1914 was cold.", "cold", 6, ["cold", "1914"]),
        ("Nobody came.", "came", 6, ["came"]),
    ],
)
def test_entries_are_the_answer_then_the_other_names_and_numbers(
    sentence: str, answer: str, limit: int, entries: list[str]
) -> None:
    assert entries_of(sentence, answer, limit) == entries


SENTENCE = "Ada Dawn won in 1914, Bo Dusk in 1915."
MINED = Mined(
    id="m1",
    sentence=SENTENCE,
    url="https://pages.example/1",
    table=Table(
        title="Cups",
        header=("Name", "Year"),
        rows=(("Ada Dawn", "1914"), ("Bo Dusk", "1915")),
    ),
    row=1,
    cells=tuple(
        NamedCell(row, column, SENTENCE.index(text), SENTENCE.index(text) + len(text))
        for row, column, text in [
            (0, 0, "Ada Dawn"),
            (0, 1, "1914"),
            (1, 0, "Bo Dusk"),
            (1, 1, "1915"),
        ]
    ),
)


def test_a_mined_sentence_asks_for_a_cell_of_its_row() -> None:
    drawn = [mined_pieces(MINED, seed, 6) for seed in range(20)]
    assert drawn == [mined_pieces(MINED, seed, 6) for seed in range(20)]
    expected = [
        [
            ("<title>", "Cups"),
            *(("<entry>", entry) for entry in [*own, "Ada Dawn", "1914"]),
            ("<sentence>", SENTENCE),
        ]
        for own in (["Bo Dusk", "1915"], ["1915", "Bo Dusk"])
    ]
    assert all(pieces in expected for pieces in drawn)
    assert all(pieces in drawn for pieces in expected)


def test_entries_of_a_mined_sentence_are_limited_and_come_once() -> None:
    cells = (*MINED.cells, NamedCell(1, 0, SENTENCE.index("Bo"), SENTENCE.index("Bo") + 7))
    twice = Mined(id="m1", sentence=SENTENCE, url="", table=MINED.table, row=1, cells=cells)
    entries = [text for mark, text in mined_pieces(twice, 1, 3) if mark == "<entry>"]
    assert sorted(entries[:2]) == ["1915", "Bo Dusk"]
    assert entries[2:] == ["Ada Dawn"]
    assert all(one != other for one, other in pairwise(entries))
