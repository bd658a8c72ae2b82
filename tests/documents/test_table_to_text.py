import csv
from pathlib import Path

from gentap.documents.annotated.reading import read_questions
from gentap.documents.annotated.table_to_text import as_text, to_say
from gentap.records import HEADER_ROW, Cell, Table

FILMS = Table(header=("Year", "Film"), rows=(("2004", "Dawn"), ("2005", "Dusk")))


def test_the_evidence_is_named_with_its_headings() -> None:
    assert to_say(FILMS, (Cell(1, 0), Cell(1, 1))) == "describe Year 2005, Film Dusk"
    assert to_say(FILMS, ()) == "describe the table"
    assert to_say(FILMS, tuple(Cell(r, c) for r in (0, 1) for c in (0, 1))) == "describe the table"
    row = Table(header=("Year", "Film"), rows=(("2004", "Dawn"),))
    assert to_say(row, (Cell(0, 0), Cell(0, 1))) == "describe the row"


def test_a_cell_of_the_header_is_named_once_and_is_no_part_of_the_body() -> None:
    said = to_say(FILMS, (Cell(HEADER_ROW, 1), Cell(1, 1)))
    assert said == "describe Film, Film Dusk"
    row = Table(header=("Year", "Film"), rows=(("2004", "Dawn"),))
    assert to_say(row, (Cell(HEADER_ROW, 0), Cell(0, 0))) == "describe Year, Year 2004"
    every = (Cell(HEADER_ROW, 0), Cell(0, 0), Cell(0, 1))
    assert to_say(row, every) == "describe the row"


def test_questions_are_left_out_for_text_and_all_else_stays(tmp_path: Path) -> None:
    path = tmp_path / "films.jsonl"
    path.write_text(
        '{"question": "Which film?", "answer": "Dusk it was.", "cells": [[1, 1]],'
        ' "table": {"header": ["Year", "Film"], "rows": [["2004", "Dawn"], ["2005", "Dusk"]]}}\n'
    )
    (asked,) = read_questions([path]).examples
    (said,) = read_questions([path], "text").examples
    assert asked.question == "Which film?"
    assert said.question == "describe Film Dusk"
    assert said == as_text(asked)
    assert (said.id, said.answer, said.table) == (asked.id, asked.answer, asked.table)


def test_slot_lists_are_text_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "e2e.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([("mr", "ref"), ("name[The Mill], area[city]", "The Mill.")])
    assert read_questions([path]).examples == read_questions([path], "text").examples
