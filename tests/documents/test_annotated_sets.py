"""ToTTo, E2E, Parquet, and answers of which several are right."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gentap.documents.annotated.e2e import parse_slots
from gentap.documents.annotated.reading import find_question_files, read_annotated, read_questions
from gentap.errors import InputError
from gentap.records import EXAMPLE_SCHEMA, HEADER_ROW, Cell, Example, Table, example_to_row


def cell(value: str, header: bool = False, wide: int = 1, high: int = 1) -> dict[str, Any]:
    return {"value": value, "is_header": header, "column_span": wide, "row_span": high}


TOTTO: dict[str, Any] = {
    "example_id": -5,
    "table_webpage_url": "https://almanac.example/verdi",
    "table_page_title": "Giuseppe Verdi",
    "table_section_title": "Operas",
    "table_section_text": "He wrote  many.",
    "table": [
        [cell("Opera", True, high=2), cell("First night", True, wide=2)],
        [cell("Town", True), cell("Year", True)],
        [cell("Aida", True), cell("Cairo"), cell("1871", high=2)],
        [cell("Otello"), cell("Milan")],
    ],
    "highlighted_cells": [[2, 0], [2, 2], [0, 0]],
    "sentence_annotations": [
        {"final_sentence": "Aida is of 1871."},
        {"final_sentence": "Verdi wrote Aida  in 1871."},
        {"final_sentence": "Aida is of 1871."},
    ],
}


def one(folder: Path, line: dict[str, Any]) -> Example:
    path = folder / "totto.jsonl"
    path.write_text(json.dumps(line))
    (example,), unread = read_annotated(path)
    assert unread == []
    return example


def test_totto_is_read_with_spans_headers_and_all_sentences(tmp_path: Path) -> None:
    assert one(tmp_path, TOTTO) == Example(
        id="-5",
        kind="long",
        origin="annotated",
        question="describe Opera, Opera Aida, First night Year 1871",
        answer="Aida is of 1871.",
        alternatives=("Verdi wrote Aida in 1871.", "Aida is of 1871."),
        table=Table(
            title="Giuseppe Verdi",
            section="Operas",
            header=("Opera", "First night Town", "First night Year"),
            rows=(("Aida", "Cairo", "1871"), ("Otello", "Milan", "1871")),
        ),
        cells=(Cell(HEADER_ROW, 0), Cell(0, 0), Cell(0, 2)),
        source="https://almanac.example/verdi",
        section_text="He wrote many.",
    )


def test_a_spanning_cell_is_evidence_in_a_row_of_the_other_highlights(tmp_path: Path) -> None:
    at = {"highlighted_cells": [[2, 2], [3, 1]]}
    assert one(tmp_path, TOTTO | at).cells == (Cell(1, 1), Cell(1, 2))
    alone = {"highlighted_cells": [[2, 2]]}
    assert one(tmp_path, TOTTO | alone).cells == (Cell(0, 2),)


HEAD = [cell("Opera", True), cell("Town", True), cell("Year", True)]
BODY = [cell("Aida"), cell("Cairo"), cell("1871")]


@pytest.mark.parametrize(
    ("rows", "header", "highlight", "evidence"),
    [
        # a group's name below the header, in one cell over the whole width
        ([HEAD, [cell("Late works", True, wide=3)], BODY], HEAD, [1, 0], "Late works"),
        # the same below a header of two rows
        (
            [
                [cell("Opera", True, high=2), cell("First night", True, wide=2)],
                [cell("Town", True), cell("Year", True)],
                [cell("Late works", True, wide=3)],
                BODY,
            ],
            [cell("Opera"), cell("First night Town"), cell("First night Year")],
            [2, 0],
            "Late works",
        ),
        # a row of header cells below a header that spans nothing
        (
            [HEAD, [cell("Otello", True), cell("Milan", True), cell("1887", True)], BODY],
            HEAD,
            [1, 1],
            "Milan",
        ),
        # a table of header cells alone
        ([HEAD, [cell("Otello", True, wide=2), cell("1887", True)]], HEAD, [1, 1], "1887"),
        # a title over the header is part of it
        (
            [[cell("Operas", True, wide=3)], HEAD, BODY],
            [cell("Operas Opera"), cell("Operas Town"), cell("Operas Year")],
            [2, 1],
            "Cairo",
        ),
    ],
)
def test_header_cells_below_the_header_keep_their_highlight(
    tmp_path: Path, rows: Any, header: Any, highlight: list[int], evidence: str
) -> None:
    example = one(tmp_path, TOTTO | {"table": rows, "highlighted_cells": [highlight]})
    assert example.table.header == tuple(text["value"] for text in header)
    assert [example.table.text_at(place) for place in example.cells] == [evidence]


def test_a_totto_table_without_a_header_row_has_empty_headings(tmp_path: Path) -> None:
    table = [[cell("Aida", True), cell("1871")], [cell("Otello")]]
    example = one(tmp_path, TOTTO | {"table": table, "highlighted_cells": [[1, 0]]})
    assert example.table.header == ("", "")
    assert example.table.rows == (("Aida", "1871"), ("Otello", ""))
    assert example.question == "describe Otello"


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        ({"sentence_annotations": []}, "'sentence_annotations' is missing or empty"),
        ({"sentence_annotations": None}, "'sentence_annotations' is missing or empty"),
        ({"sentence_annotations": ["x"]}, "a sentence annotation is no JSON object"),
        ({"sentence_annotations": [{"final_sentence": " "}]}, "'final_sentence' is missing"),
        ({"table": []}, "no rows below its header"),
        ({"table": [[cell("A", True)]]}, "no rows below its header"),
        ({"table": ["x"]}, "'table' is no list of rows of cells"),
        ({"table": [[]]}, "'table' is no list of rows of cells"),
        ({"table": [["x"]]}, "no JSON object"),
        ({"table": [[cell("A", wide="x")]]}, "'column_span' is no number"),  # type: ignore[arg-type]
        ({"table": [[cell("A", wide=10**9)]]}, "more than"),
        ({"highlighted_cells": 3}, "'highlighted_cells' is no list"),
        ({"highlighted_cells": [[[1], 0]]}, "'highlighted_cells' is no list"),
    ],
)
def test_a_bad_line_of_totto_is_set_aside(
    tmp_path: Path, change: dict[str, Any], detail: str
) -> None:
    path = tmp_path / "totto.jsonl"
    path.write_text(json.dumps(TOTTO) + "\n" + json.dumps(TOTTO | {"example_id": 6} | change))
    examples, unread = read_annotated(path)
    assert len(examples) == 1
    assert unread[0].where == "totto.jsonl:2"
    assert detail in unread[0].detail


def e2e(folder: Path, *rows: list[str]) -> Path:
    path = folder / "dev.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([["mr", "ref"], *rows])
    return path


def test_lines_of_the_same_slots_are_one_question_with_all_references(tmp_path: Path) -> None:
    slots = "name[Blue Spice], area[city centre]"
    path = e2e(
        tmp_path,
        [slots, "It is in\nthe centre."],
        ["name[Zizzi]", "Zizzi it is."],
        [slots, "Central."],
        [slots, "Central."],
    )
    examples, unread = read_annotated(path)
    assert unread == []
    assert examples[0] == Example(
        id="dev-3",
        kind="long",
        origin="annotated",
        question="describe the row",
        answer="It is in the centre.",
        alternatives=("Central.",),
        table=Table(header=("name", "area"), rows=(("Blue Spice", "city centre"),)),
        cells=(Cell(0, 0), Cell(0, 1)),
        source="dev.csv",
    )
    assert [example.answer for example in examples] == ["It is in the centre.", "Zizzi it is."]


def test_slots_are_read_with_empty_and_odd_values() -> None:
    assert parse_slots("name[Café, the 1st], eat type[]") == [
        ("name", "Café, the 1st"),
        ("eat type", ""),
    ]
    for text in ("", "name", "name[x", "name[x]] ", "name[x] area[y]", "[x]"):
        with pytest.raises(ValueError, match="'mr' is"):
            parse_slots(text)


def test_bad_lines_of_e2e_are_set_aside(tmp_path: Path) -> None:
    path = e2e(tmp_path, ["name[Zizzi]", "Zizzi."], ["name", "x"], ["name[a]", " "], ["name[b]"])
    examples, unread = read_annotated(path)
    assert len(examples) == 1
    assert [entry.where for entry in unread] == ["dev.csv:3", "dev.csv:4", "dev.csv:5"]
    assert "'ref' is missing or empty" in unread[2].detail


def test_a_csv_of_other_columns_is_an_error_that_names_the_layout(tmp_path: Path) -> None:
    path = tmp_path / "films.csv"
    path.write_text("Year,Film\n2004,Dawn\n")
    with pytest.raises(InputError, match=r"films\.csv, line 1: not the columns mr, ref"):
        read_annotated(path)


@pytest.mark.parametrize(
    ("name", "count", "lines"), [("devset", 547, 4_672), ("testset_w_refs", 630, 4_693)]
)
def test_e2e_is_read_whole(
    shared: Callable[[str], Path], name: str, count: int, lines: int
) -> None:
    path = shared(f"e2e/{name}.csv")
    examples, unread = read_annotated(path)
    assert (len(examples), unread) == (count, [])
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[1:]
    assert len(rows) == lines
    wanted = {(mr.strip(), " ".join(ref.split())) for mr, ref in rows}
    assert sum(len(example.references) for example in examples) == len(wanted)


EXAMPLE = Example(
    id="a",
    kind="cell",
    origin="annotated",
    question="Which?",
    answer="Dusk",
    alternatives=("Dawn",),
    table=Table(title="t", header=("A", "B"), rows=(("x", "Dusk"),)),
    cells=(Cell(0, 1),),
    source="s",
)


def parquet(path: Path, *rows: dict[str, Any], drop: tuple[str, ...] = ()) -> Path:
    table = pa.Table.from_pylist(list(rows), EXAMPLE_SCHEMA)
    pq.write_table(table.drop_columns(list(drop)), path)
    return path


def test_example_rows_come_back_as_they_are(tmp_path: Path) -> None:
    row = example_to_row(EXAMPLE)
    path = parquet(tmp_path / "q.parquet", row, row, row | {"id": "b"})
    examples, unread = read_annotated(path)
    assert examples[0] == EXAMPLE
    assert [example.id for example in examples] == ["a", "b"]
    assert [entry.where for entry in unread] == ["q.parquet:2"]


def test_a_folder_of_parts_is_read_in_their_order(tmp_path: Path) -> None:
    row = example_to_row(EXAMPLE)
    parquet(tmp_path / "part-00001.parquet", row | {"id": "b"})
    parquet(tmp_path / "part-00000.parquet", row, drop=("alternatives",))
    examples, _ = read_annotated(tmp_path)
    assert [(example.id, example.alternatives) for example in examples] == [
        ("a", ()),
        ("b", ("Dawn",)),
    ]


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        ({"answer": None}, "'answer' is missing or empty"),
        ({"question": ""}, "'question' is missing or empty"),
        ({"kind": "short"}, "'kind' is 'short'"),
        ({"rows": [["x"]]}, "not as many cells as the header"),
        ({"header": None}, "the row is no example"),
    ],
)
def test_a_bad_row_is_set_aside(tmp_path: Path, change: dict[str, Any], detail: str) -> None:
    row = example_to_row(EXAMPLE)
    examples, unread = read_annotated(
        parquet(tmp_path / "q.parquet", row | {"id": "b"} | change, row)
    )
    assert examples == [EXAMPLE]
    assert unread[0].where == "q.parquet:1"
    assert detail in unread[0].detail


def test_a_parquet_file_of_other_content_is_an_error(tmp_path: Path) -> None:
    path = parquet(tmp_path / "q.parquet", example_to_row(EXAMPLE), drop=("answer", "rows"))
    with pytest.raises(InputError, match=r"q\.parquet: no column answer, rows\."):
        read_annotated(path)
    (tmp_path / "bad.parquet").write_text("no")
    with pytest.raises(InputError, match=r"bad\.parquet: not a readable Parquet file"):
        read_annotated(tmp_path / "bad.parquet")
    with pytest.raises(InputError, match=r"gone\.parquet: no such file"):
        read_annotated(tmp_path / "gone.parquet")


PLAIN = {"question": "When?", "table": {"header": ["A", "B"], "rows": [["1", "2"]]}}


def test_the_plain_layout_takes_several_right_answers(tmp_path: Path) -> None:
    path = tmp_path / "qa.jsonl"
    lines = [PLAIN | {"answer": answer} for answer in (["a", " b ", "a"], [], ["a", ""], ["a", {}])]
    path.write_text("\n".join(map(json.dumps, lines)))
    (example,), unread = read_annotated(path)
    assert example.references == ("a", "b")
    assert [entry.detail for entry in unread] == [
        "'answer' is an empty list: give at least one right answer",
        "'answer 2' is missing or empty",
        "'answer 2': an object stands where a text is wanted",
    ]


def test_questions_of_several_files_keep_their_places(tmp_path: Path) -> None:
    for name, bad in (("a", 1), ("b", 0)):
        lines = [json.dumps(PLAIN | {"answer": name, "id": f"{name}{n}"}) for n in range(3)]
        lines[bad] = "{"
        (tmp_path / f"{name}.jsonl").write_text("\n".join(lines))
    questions = read_questions([tmp_path / "b.jsonl", tmp_path / "a.jsonl"])
    assert [example.id for example in questions.examples] == ["b1", "b2", "a0", "a2"]
    assert questions.places == ["b.jsonl:2", "b.jsonl:3", "a.jsonl:1", "a.jsonl:3"]
    assert questions.orders == [1, 2, 3, 5]
    assert [entry.where for entry in questions.unread.listed] == ["b.jsonl:1", "a.jsonl:2"]


def test_files_that_are_not_there_are_told_before_they_are_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.jsonl: no such file"):
        find_question_files([tmp_path / "none.jsonl"])


@pytest.mark.parametrize(
    ("name", "with_header", "header_alone"),
    [("dev", 5, 0), ("test", 6, 1), ("train-subset", 34, 3)],
)
def test_no_highlighted_cell_of_fetaqa_is_lost(
    shared: Callable[[str], Path], name: str, with_header: int, header_alone: int
) -> None:
    path = shared(f"fetaqa/fetaQA-v1_{name}.jsonl")
    entries = {json.loads(line)["feta_id"]: json.loads(line) for line in path.open()}
    examples, unread = read_annotated(path)
    assert not unread
    header = alone = 0
    for example in examples:
        given = entries[int(example.id)]["highlighted_cell_ids"]
        assert sorted((cell.row + 1, cell.column) for cell in example.cells) == sorted(
            {(row, column) for row, column in given}
        )
        rows = {cell.row for cell in example.cells}
        header += HEADER_ROW in rows
        alone += rows == {HEADER_ROW}
    assert (header, alone) == (with_header, header_alone)
