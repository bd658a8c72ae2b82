import json
import random
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gentap.mining.decontaminate import Exclusions
from gentap.records import Block, Document, Table

CITIES = [["City", "River"], ["Rome", "Tiber"], ["Paris", "Seine"], ["Bonn", "Rhine"]]
ANSWER = "The river that flows through the city of Rome is the Tiber."


def annotated(path: Path, arrays: Sequence[list[list[str]]] = (CITIES,), **fields: str) -> Path:
    entries = [
        {
            "feta_id": number,
            "page_wikipedia_url": "https://en.example.org/wiki/Caf%C3%A9_rivers",
            "table_page_title": "Rivers of “Cities”",
            "table_array": array,
            "question": "Which river flows through Rome?",
            "answer": ANSWER,
            **fields,
        }
        for number, array in enumerate(arrays)
    ]
    path.write_text("\n".join(map(json.dumps, entries)), encoding="utf-8")
    return path


@pytest.fixture
def exclusions(tmp_path: Path) -> Exclusions:
    return Exclusions([annotated(tmp_path / "test.jsonl")], similar_table=0.5, answer_words=8)


def page(url: str, title: str = "Elsewhere") -> Document:
    return Document(url=url, title=title, blocks=(Block(section="", text="Text."),), tables=())


def body(array: Sequence[Sequence[str]]) -> Table:
    return Table(header=tuple(array[0]), rows=tuple(map(tuple, array[1:])))


@pytest.mark.parametrize(
    "url",
    [
        "https://en.example.org/wiki/Caf%C3%A9_rivers",
        "http://en.example.org/wiki/Café_rivers",
        "https://www.en.example.org/wiki/caf%c3%a9_rivers/",
        "HTTPS://WWW.EN.EXAMPLE.ORG/wiki/CAFÉ_rivers#Europe",
        "//en.example.org/wiki/Café_rivers?action=render",
    ],
)
def test_a_page_is_known_however_its_address_is_written(exclusions: Exclusions, url: str) -> None:
    assert exclusions.holds_page(page(url))


@pytest.mark.parametrize(
    "url",
    [
        "https://en.example.org/wiki/Lakes",
        "https://de.example.org/wiki/Café_rivers",
        "https://en.example.org/wiki/Café_rivers/Europe",
        "Café_rivers.html",
        "",
        "http://[broken/wiki",
    ],
)
def test_another_page_is_not_held(exclusions: Exclusions, url: str) -> None:
    assert not exclusions.holds_page(page(url))


@pytest.mark.parametrize("title", ['RIVERS of  "Cities"', "Rivers of “Cities”[1]"])
def test_a_page_is_known_by_its_title(exclusions: Exclusions, title: str) -> None:
    assert exclusions.holds_page(page("https://mirror.example/1", title))
    assert not exclusions.holds_page(page("https://mirror.example/1", title + " of Europe"))


def test_a_set_without_addresses_and_titles_holds_no_page(tmp_path: Path) -> None:
    path = annotated(tmp_path / "test.jsonl", page_wikipedia_url="", table_page_title="")
    exclusions = Exclusions([path], similar_table=0.5, answer_words=8)
    assert not exclusions.holds_page(page("", ""))
    assert not exclusions.holds_page(page("test.jsonl", ""))


# Tables


def test_a_table_is_known_with_rows_and_columns_in_another_order(exclusions: Exclusions) -> None:
    shuffled = [list(reversed(row)) for row in random.Random(3).sample(CITIES[1:], 3)]
    assert exclusions.holds_table(body([["a", "b"], *shuffled]))


@pytest.mark.parametrize(
    ("rows", "held"),
    [
        ([["ROME[2]", "Tiber"], ["Paris", "Seine"]], True),
        ([["Rome", "Tiber"], ["Paris", "—"]], False),
        ([["Rome", "Tiber"], ["Paris", "Seine"], ["Bonn", "Rhine"], ["Oslo", "Aker"]], True),
        ([["Rome", "Tiber"], ["Oslo", "Aker"]], False),
        ([["", ""]], False),
    ],
)
def test_a_near_equal_table_is_known(
    exclusions: Exclusions, rows: list[list[str]], held: bool
) -> None:
    assert exclusions.holds_table(body([["City", "River"], *rows])) is held


def jaccard(one: set[str], other: set[str]) -> float:
    return len(one & other) / len(one | other)


CELLS = st.sampled_from(["a", "b", "c", "d", "e", "f"])
GRIDS = st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=4)


@settings(max_examples=60, deadline=None)
@given(evaluation=st.lists(GRIDS, min_size=1, max_size=3), grid=GRIDS)
def test_nearness_is_the_jaccard_index_of_the_values(
    tmp_path_factory: pytest.TempPathFactory,
    evaluation: list[list[tuple[str, str]]],
    grid: list[tuple[str, str]],
) -> None:
    path = tmp_path_factory.mktemp("grids") / "test.jsonl"
    arrays = [[["x", "y"], *map(list, rows)] for rows in evaluation]
    exclusions = Exclusions([annotated(path, arrays)], similar_table=0.75, answer_words=8)
    values = {cell for row in grid for cell in row}
    nearest = max(jaccard(values, {cell for row in rows for cell in row}) for rows in evaluation)
    assert exclusions.holds_table(body([["x", "y"], *grid])) is (nearest >= 0.75)


def test_a_value_of_many_tables_does_not_hide_one(tmp_path: Path) -> None:
    arrays = [[["n", "v"], ["Total", f"Value {number}"]] for number in range(60)]
    exclusions = Exclusions([annotated(tmp_path / "many.jsonl", arrays)], 0.9, 8)
    assert exclusions.holds_table(body(arrays[59]))
    assert not exclusions.holds_table(body([["n", "v"], ["Total", "Value 60"]]))


# Answers


@pytest.mark.parametrize(
    ("sentence", "held"),
    [
        (ANSWER, True),
        ("It is said: THE RIVER, that flows through the “city” of all.", True),
        ("A river that flows through the city of Bonn.", False),
        ("river that flows through the city of Rome!", True),
        ("", False),
    ],
)
def test_eight_words_in_a_row_of_an_answer_are_known(
    exclusions: Exclusions, sentence: str, held: bool
) -> None:
    assert exclusions.holds_answer(sentence) is held


def test_an_answer_is_known_with_its_accents_apart(tmp_path: Path) -> None:
    path = annotated(tmp_path / "test.jsonl", answer="Émile née à Orléans a gagné deux fois là.")
    exclusions = Exclusions([path], similar_table=0.8, answer_words=8)
    apart = "E\u0301mile ne\u0301e a\u0300 Orle\u0301ans a gagne\u0301 deux fois la\u0300."
    assert exclusions.holds_answer(apart)


def test_a_shorter_answer_holds_no_sentence(tmp_path: Path) -> None:
    path = annotated(tmp_path / "test.jsonl", answer="It is the river Tiber.")
    exclusions = Exclusions([path], similar_table=0.8, answer_words=8)
    assert not exclusions.holds_answer("It is the river Tiber.")
