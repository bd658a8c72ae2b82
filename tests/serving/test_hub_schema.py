from typing import Any

import pytest

from gentap.errors import InputError
from gentap.records import Table
from gentap.serving.hub_schema import parse_request

COLUMNS = {"Year": ["2004", "2005"], "Film": ["Dawn", "Dusk"]}
TABLE = Table(header=("Year", "Film"), rows=(("2004", "Dawn"), ("2005", "Dusk")))
MODELS = ["small", "large"]


@pytest.mark.parametrize("name", ["query", "question"])
def test_one_question_in_either_of_the_hubs_spellings(name: str) -> None:
    found = parse_request({"inputs": {name: "Which film?", "table": COLUMNS}}, MODELS)
    assert (found.asked, found.model, found.single) == ((("Which film?", TABLE),), "small", True)


def test_several_questions_and_several_tables_are_lists() -> None:
    one = {"query": ["Which film?", "Which year?"], "table": COLUMNS}
    found = parse_request({"inputs": one}, MODELS)
    assert found.asked == (("Which film?", TABLE), ("Which year?", TABLE))
    assert not found.single
    other = {"query": "What?", "table": {"a": ["1"]}}
    found = parse_request({"inputs": [one, other]}, MODELS)
    assert [question for question, _ in found.asked] == ["Which film?", "Which year?", "What?"]
    assert not parse_request({"inputs": [other]}, MODELS).single


def test_numbers_become_texts_and_null_becomes_empty() -> None:
    table = {"Year": [2004, 2005.0], "Film ": [None, " Dusk  at Sea "], "Seen": [True, 0.5]}
    found = parse_request({"inputs": {"query": "?", "table": table}}, MODELS).asked[0][1]
    assert found == Table(
        header=("Year", "Film", "Seen"), rows=(("2004", "", "true"), ("2005", "Dusk at Sea", "0.5"))
    )


def test_the_tables_context_stands_beside_it() -> None:
    inputs = {"query": "?", "table": COLUMNS, "title": "Mara Lind", "section": "Films"}
    table = parse_request({"inputs": inputs}, MODELS).asked[0][1]
    assert (table.title, table.section, table.caption) == ("Mara Lind", "Films", "")


@pytest.mark.parametrize(
    ("parameters", "model"),
    [
        (None, "small"),
        ({}, "small"),
        ({"model": "large"}, "large"),
        ({"model": "http://127.0.0.1:7860/api/answer"}, "small"),
        ({"padding": "longest", "sequential": True, "truncation": False}, "small"),
    ],
)
def test_parameters_of_the_hub_are_taken(parameters: Any, model: str) -> None:
    content = {"inputs": {"query": "?", "table": COLUMNS}, "parameters": parameters}
    assert parse_request(content, MODELS).model == model


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, 'no object with "inputs"'),
        ([], 'no object with "inputs"'),
        ({"query": "?"}, 'no object with "inputs"'),
        ({"inputs": "?"}, 'inputs: is no object with "query" and "table"'),
        ({"inputs": []}, "inputs: holds no question"),
        ({"inputs": [3]}, r"inputs\[0\]: is no object"),
        ({"inputs": {"table": COLUMNS}}, "inputs.query: is no text"),
        ({"inputs": {"query": " ", "table": COLUMNS}}, "inputs.query: is no text"),
        ({"inputs": {"query": [], "table": COLUMNS}}, "inputs: holds no question"),
        ({"inputs": {"query": ["?", 1], "table": COLUMNS}}, "inputs.query: is no text"),
        ({"inputs": {"query": "?"}}, "inputs.table: is no object of columns"),
        ({"inputs": {"query": "?", "table": COLUMNS, "titel": "x"}}, "inputs: there is no 'titel'"),
        ({"inputs": {"query": "?", "table": COLUMNS}, "parameter": {}}, "there is no 'parameter'"),
        ({"inputs": {"query": "?", "table": {}}}, "inputs.table: is no object of columns"),
        ({"inputs": {"query": "?", "table": [["a"]]}}, "inputs.table: is no object of columns"),
        ({"inputs": {"query": "?", "table": {"a": "b"}}}, r"table\['a'\]: is no list of texts"),
        ({"inputs": {"query": "?", "table": {"a": []}}}, "has no rows"),
        (
            {"inputs": {"query": "?", "table": {"a": ["1"], "b": []}}},
            "not of one length: 'a' 1, 'b' 0",
        ),
        ({"inputs": {"query": "?", "table": {"a": [{}]}}}, r"table\['a'\]\[0\]: an object stands"),
        ({"inputs": {"query": "?", "table": COLUMNS, "title": {}}}, "inputs.title: an object"),
        (
            {"inputs": [{"query": "?", "table": COLUMNS}, {"query": "?", "table": {"a": 1}}]},
            r"inputs\[1\].table\['a'\]",
        ),
        ({"inputs": {"query": "?", "table": COLUMNS}, "parameters": 3}, "parameters: is no object"),
        (
            {"inputs": {"query": "?", "table": COLUMNS}, "parameters": {"beams": 9}},
            "there is no 'beams'",
        ),
        (
            {"inputs": {"query": "?", "table": COLUMNS}, "parameters": {"model": "tiny"}},
            "no model 'tiny' here. There is small, large",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_place(content: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_request(content, MODELS)
