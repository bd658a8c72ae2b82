import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gentap.documents.annotated.reading import read_annotated
from gentap.documents.csv_table import read_csv_table
from gentap.documents.rejected import RejectedRecord
from gentap.errors import InputError
from gentap.records import HEADER_ROW, Cell, Example, Table

QA = Path(__file__).resolve().parents[2] / "data" / "qa"
FETA: dict[str, Any] = {
    "feta_id": 7,
    "page_wikipedia_url": "https://almanac.example/verdi",
    "table_page_title": "Giuseppe Verdi",
    "table_section_title": "Operas",
    "table_array": [["Opera", "Year"], ["Aida", "1871"], ["Otello", "1887"]],
    "highlighted_cell_ids": [[2, 1], [0, 0], [1, 0], [2, 0], [1, 0]],
    "question": "Which operas did  Verdi write?",
    "answer": "Verdi wrote Aida and Otello.",
}
TABLE = {"header": ["Opera", "Year"], "rows": [["Aida", 1871], ["Otello"]], "title": "Verdi"}
PLAIN: dict[str, Any] = {"question": "When?", "answer": "In 1871.", "table": TABLE}


def write(folder: Path, *lines: Any) -> Path:
    path = folder / "qa.jsonl"
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path.write_text("\n".join(texts), encoding="utf-8")
    return path


def one(folder: Path, line: Any) -> Example:
    examples, unread = read_annotated(write(folder, line))
    assert unread == []
    return examples[0]


def without(entry: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name not in names}


# FeTaQA's layout


def test_the_fetaqa_layout_is_read_with_highlights_of_header_and_body(tmp_path: Path) -> None:
    assert one(tmp_path, FETA) == Example(
        id="7",
        kind="long",
        origin="annotated",
        question="Which operas did Verdi write?",
        answer="Verdi wrote Aida and Otello.",
        table=Table(
            title="Giuseppe Verdi",
            section="Operas",
            header=("Opera", "Year"),
            rows=(("Aida", "1871"), ("Otello", "1887")),
        ),
        cells=(Cell(HEADER_ROW, 0), Cell(0, 0), Cell(1, 0), Cell(1, 1)),
        source="https://almanac.example/verdi",
    )


def test_highlights_of_the_header_alone_are_evidence(tmp_path: Path) -> None:
    example = one(tmp_path, FETA | {"highlighted_cell_ids": [[0, 1], [0, 0]]})
    assert example.cells == (Cell(HEADER_ROW, 0), Cell(HEADER_ROW, 1))
    assert [example.table.text_at(cell) for cell in example.cells] == ["Opera", "Year"]


def test_highlights_outside_of_the_table_or_none_give_no_evidence(tmp_path: Path) -> None:
    for highlights in ([], None, [[3, 0], [1, 2], [1, -1], [-1, 0]]):
        assert one(tmp_path, FETA | {"highlighted_cell_ids": highlights}).cells == ()


def test_a_question_without_an_id_gets_a_stable_one_of_its_content(tmp_path: Path) -> None:
    first = one(tmp_path, without(FETA, "feta_id"))
    assert first.id == one(tmp_path, FETA | {"feta_id": None}).id
    assert first.id != one(tmp_path, without(FETA, "feta_id") | {"answer": "No."}).id


@settings(max_examples=50)
@given(st.data())
def test_a_highlight_names_the_same_text_before_and_after(data: st.DataObject) -> None:
    from tempfile import TemporaryDirectory

    size = data.draw(st.tuples(st.integers(2, 5), st.integers(1, 4)))
    array = [[f"r{row}c{column}" for column in range(size[1])] for row in range(size[0])]
    places = st.tuples(st.integers(0, size[0] - 1), st.integers(0, size[1] - 1))
    highlights = data.draw(st.lists(places, unique=True))
    with TemporaryDirectory() as folder:
        example = one(
            Path(folder), FETA | {"table_array": array, "highlighted_cell_ids": highlights}
        )
    named = [example.table.text_at(cell) for cell in example.cells]
    assert named == [array[row][column] for row, column in sorted(highlights)]


# The plain layout


def test_the_plain_layout_needs_only_question_answer_and_table(tmp_path: Path) -> None:
    assert one(tmp_path, PLAIN) == Example(
        id="qa-1",
        kind="long",
        origin="annotated",
        question="When?",
        answer="In 1871.",
        table=Table(
            title="Verdi", header=("Opera", "Year"), rows=(("Aida", "1871"), ("Otello", ""))
        ),
        cells=(),
        source="qa.jsonl",
    )


def test_all_fields_of_the_plain_layout_are_read(tmp_path: Path) -> None:
    example = one(
        tmp_path,
        PLAIN
        | {
            "id": 0,
            "kind": "cell",
            "answer": "1871",
            "cells": [[0, 1], [0, 0], [0, 1], [2, 0], [0, -1]],
            "source": "a book",
            "table": TABLE | {"section": "Operas", "caption": "By year"},
        },
    )
    assert (example.id, example.kind, example.source) == ("0", "cell", "a book")
    assert example.cells == (Cell(0, 0), Cell(0, 1))
    assert (example.table.section, example.table.caption) == ("Operas", "By year")


def test_null_means_left_out(tmp_path: Path) -> None:
    nulls = dict.fromkeys(["id", "kind", "cells", "source"])
    assert one(tmp_path, PLAIN | nulls) == one(tmp_path, PLAIN)


def test_titles_may_stand_beside_the_table(tmp_path: Path) -> None:
    (tmp_path / "operas.csv").write_text("Opera,Year\nAida,1871\n")
    named = PLAIN | {"table": "operas.csv", "title": "Verdi", "section": "Late works"}
    table = one(tmp_path, named).table
    assert (table.title, table.section, table.header) == ("Verdi", "Late works", ("Opera", "Year"))
    within = {"header": ["Opera", "Year"], "rows": [["Aida", "1871"]], "title": "Verdi"}
    table = one(tmp_path, PLAIN | {"table": within, "title": "Others", "caption": "Late"}).table
    assert (table.title, table.caption) == ("Verdi", "Late")


def test_a_table_can_be_a_csv_beside_the_questions(tmp_path: Path) -> None:
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "verdi_operas.csv").write_text("Opera,Year\nAida,1871\n")
    assert one(tmp_path, PLAIN | {"table": "tables/verdi_operas.csv"}).table == Table(
        title="verdi operas", header=("Opera", "Year"), rows=(("Aida", "1871"),)
    )


@pytest.mark.parametrize(
    ("line", "detail"),
    [
        ("{", "not valid JSON"),
        ('"text"', "not a JSON object"),
        ('{"question": "\\udc00"}', "not valid JSON"),
        (without(PLAIN, "question"), "'question' is missing or empty"),
        (PLAIN | {"answer": " "}, "'answer' is missing or empty"),
        (PLAIN | {"answer": {"text": "1871"}}, "'answer': an object stands where a text is wanted"),
        (PLAIN | {"answer": float("nan")}, "'answer' is missing or empty"),
        (without(PLAIN, "table"), "'table' is missing"),
        (PLAIN | {"table": {"header": ["A"]}}, "no rows"),
        (PLAIN | {"table": "gone.csv"}, "gone.csv: no such file"),
        (PLAIN | {"table": ""}, "it is a folder, no file"),
        (PLAIN | {"table": "nul\0.csv"}, "null byte"),
        (PLAIN | {"kind": "short"}, "'kind' is 'short'"),
        (PLAIN | {"kind": ["long"]}, "'kind' is ['long']"),
        (PLAIN | {"cells": [1, 2]}, "no list of [row, column] pairs"),
        (PLAIN | {"cells": 3}, "no list of [row, column] pairs"),
        (PLAIN | {"cells": [["a", "b"]]}, "no list of [row, column] pairs"),
        (PLAIN | {"cells": [[float("inf"), 0]]}, "no list of [row, column] pairs"),
        (FETA | {"highlighted_cell_ids": [1]}, "no list of [row, column] pairs"),
        (FETA | {"highlighted_cell_ids": ["ab"]}, "no list of [row, column] pairs"),
        (FETA | {"highlighted_cell_ids": 1}, "no list of [row, column] pairs"),
        (FETA | {"table_array": [["A", "B"]]}, "no rows below its header"),
        (FETA | {"table_array": "A"}, "no rows below its header"),
        (FETA | {"table_array": [["A"], "B"]}, "row is no list"),
        (without(FETA, "answer"), "'answer' is missing or empty"),
    ],
)
def test_a_bad_line_is_set_aside_by_file_and_line(tmp_path: Path, line: Any, detail: str) -> None:
    examples, unread = read_annotated(write(tmp_path, PLAIN, "", line, PLAIN))
    assert [example.id for example in examples] == ["qa-1", "qa-4"]
    assert unread == [RejectedRecord("qa.jsonl:3", "bad question record", unread[0].detail)]
    assert detail in unread[0].detail


def test_a_second_question_of_the_same_id_is_set_aside(tmp_path: Path) -> None:
    examples, unread = read_annotated(write(tmp_path, FETA, PLAIN, FETA | {"answer": "No."}))
    assert [example.id for example in examples] == ["7", "qa-2"]
    assert unread == [
        RejectedRecord("qa.jsonl:3", "bad question record", "the id '7' stands already in line 1")
    ]


def test_unicode_line_ends_within_a_question_do_not_part_it(tmp_path: Path) -> None:
    line = json.dumps(PLAIN | {"question": "Wh\u2028en\x85now?"}, ensure_ascii=False)
    examples, unread = read_annotated(write(tmp_path, line, PLAIN))
    assert [(example.id, example.question) for example in examples] == [
        ("qa-1", "Wh en now?"),
        ("qa-2", "When?"),
    ]
    assert unread == []


def test_a_byte_order_mark_and_windows_line_ends_are_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "qa.jsonl"
    path.write_bytes("\r\n".join([json.dumps(PLAIN)] * 2).encode("utf-8-sig"))
    assert len(read_annotated(path)[0]) == 2


def test_a_format_is_told_from_a_packed_files_name_too(tmp_path: Path) -> None:
    text = "mr,ref\nname[Dawn],Dawn is a film.\n"
    (tmp_path / "set.csv").write_text(text)
    (tmp_path / "set.csv.gz").write_bytes(gzip.compress(text.encode()))
    plain, packed = (read_annotated(tmp_path / f"set.csv{end}")[0] for end in ("", ".gz"))
    assert [one.answer for one in packed] == [one.answer for one in plain] == ["Dawn is a film."]


def test_a_file_without_any_question_is_an_error_that_names_the_first_bad_line(
    tmp_path: Path,
) -> None:
    path = write(tmp_path, "", without(PLAIN, "answer"), "{")
    with pytest.raises(InputError, match=r"qa\.jsonl:2: 'answer' is missing") as caught:
        read_annotated(path)
    assert str(caught.value).startswith(f"{path}: holds no question")
    path.write_text("\n \n")
    with pytest.raises(InputError, match="holds no question that can be read"):
        read_annotated(path)


def test_a_file_that_cannot_be_read_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gone\.jsonl: no such file"):
        read_annotated(tmp_path / "gone.jsonl")
    (tmp_path / "latin.jsonl").write_bytes(b"\xe9\n")
    with pytest.raises(InputError, match="not a readable UTF-8 text file"):
        read_annotated(tmp_path / "latin.jsonl")
    with pytest.raises(InputError, match="holds no examples"):
        read_annotated(tmp_path)


# CSV tables


def csv_table(folder: Path, text: str, name: str = "films.csv") -> Table:
    path = folder / name
    path.write_bytes(text.encode("utf-8"))
    return read_csv_table(path)


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_delimiter_is_told_from_the_header(tmp_path: Path, mark: str, end: str) -> None:
    text = end.join(mark.join(row) for row in (["Film", "Year", "By"], ["Jaws", "1975", "S."]))
    assert csv_table(tmp_path, text) == Table(
        title="films", header=("Film", "Year", "By"), rows=(("Jaws", "1975", "S."),)
    )


def test_a_delimiter_within_quotes_does_not_count(tmp_path: Path) -> None:
    table = csv_table(tmp_path, '"Last, First, Middle";Year\n"Lovelace, Ada";1815\n')
    assert table.header == ("Last, First, Middle", "Year")
    assert table.rows == (("Lovelace, Ada", "1815"),)


def test_a_tsv_is_parted_by_tabs_alone(tmp_path: Path) -> None:
    table = csv_table(tmp_path, "A,b,c\tB\n1,2\t3\n", "a.tsv")
    assert (table.header, table.rows) == (("A,b,c", "B"), (("1,2", "3"),))


def test_quoted_newlines_marks_blank_lines_and_odd_spaces(tmp_path: Path) -> None:
    text = '\ufeff\nFilm,"Year\nof release"\n\n"Jaws ""2""\n again",  1978 \n,\n"a\u2028b",c\x85d\n'
    table = csv_table(tmp_path, text, "spielberg_films.csv")
    assert table == Table(
        title="spielberg films",
        header=("Film", "Year of release"),
        rows=(('Jaws "2" again', "1978"), ("a b", "c d")),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("A,B\n\n3\n", "line 3: 1 cell where the header has 2"),
        ('A,B\n"x\ny",2\n1,2,3\n', "line 4: 3 cells where the header has 2"),
        ("\nA\n1\n", "line 2: the header has one column only"),
        ("A,B\n", "needs a header line and at least one row"),
        ("A,B\n,\n", "needs a header line and at least one row"),
        ("", "needs a header line and at least one row"),
    ],
)
def test_a_bad_csv_is_named_with_what_to_mend(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        csv_table(tmp_path, text)
    assert str(caught.value).startswith(str(tmp_path / "films.csv"))


def test_a_csv_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gone\.csv: no such file"):
        read_csv_table(tmp_path / "gone.csv")
    (tmp_path / "noise.csv").write_bytes(b"A,B\n\0\x01\xff,2\n")
    with pytest.raises(
        InputError, match=r"noise\.csv: its encoding can't be told. Save the file as UTF-8"
    ):
        read_csv_table(tmp_path / "noise.csv")


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), min_size=1, max_size=8)


@settings(max_examples=50)
@given(st.integers(2, 4).flatmap(lambda n: st.lists(st.lists(CELLS, min_size=n, max_size=n))))
def test_what_a_csv_writer_wrote_is_read_back(rows: list[list[str]]) -> None:
    import csv
    from tempfile import TemporaryDirectory

    width = len(rows[0]) if rows else 2
    header = [f"Column {number}" for number in range(width)]
    kept = [tuple(" ".join(cell.split()) for cell in row) for row in rows]
    kept = [row for row in kept if any(row)]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "t.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([header, *rows])
        if not kept:
            with pytest.raises(InputError):
                read_csv_table(path)
        else:
            table = read_csv_table(path)
            assert (table.header, table.rows) == (tuple(header), tuple(kept))


# Whole sets


@pytest.mark.parametrize("name", ["train", "dev", "test"])
def test_the_projects_own_sets_are_read_whole(name: str) -> None:
    examples, unread = read_annotated(QA / f"{name}.jsonl")
    assert unread == []
    assert len(examples) == len((QA / f"{name}.jsonl").read_text(encoding="utf-8").splitlines())


def test_fetaqa_is_read_whole(shared: Callable[[str], Path]) -> None:
    path = shared("fetaqa/fetaQA-v1_dev.jsonl")
    examples, unread = read_annotated(path)
    entries = [json.loads(line) for line in path.read_bytes().split(b"\n") if line]
    assert unread == []
    assert len(examples) == len(entries) == 1001
    for example, entry in zip(examples, entries, strict=True):
        highlights = {tuple(place) for place in entry["highlighted_cell_ids"]}
        assert {(cell.row + 1, cell.column) for cell in example.cells} == highlights
        for cell in example.cells:
            text = entry["table_array"][cell.row + 1][cell.column]
            assert example.table.text_at(cell) == " ".join(text.split())
