import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from gentap.errors import InputError
from gentap.evaluation.read_predictions import score_file

TABLE = {"header": ["Year", "Film"], "rows": [["2004", "Dawn"], ["2005", "Dusk"]]}
QUESTIONS = [
    {"id": f"q{n}", "question": f"which {n}?", "answer": film, "kind": "cell", "table": TABLE}
    for n, film in enumerate(("Dawn", "Dusk"))
]


def jsonl(path: Path, *lines: Any) -> Path:
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    return path


@pytest.fixture
def data(tmp_path: Path) -> str:
    return str(jsonl(tmp_path / "cells.jsonl", *QUESTIONS))


def exact(path: Path, data: str) -> float:
    return score_file(path, [data], "fetaqa").scored.values()["exact_match"]


def complaint(path: Path, *data: str) -> str:
    with pytest.raises(InputError) as caught:
        score_file(path, data, "cased")
    return str(caught.value)


@pytest.mark.parametrize(
    "text",
    ["dawn\nDusk", "dawn\nDusk\n", " Dawn \r\nDusk\r\n", "\ufeffDawn\nDusk\n"],
    ids=["no last newline", "last newline", "windows", "byte order mark"],
)
def test_a_text_file_holds_one_prediction_a_line(tmp_path: Path, data: str, text: str) -> None:
    path = tmp_path / "said.txt"
    path.write_bytes(text.encode())
    assert exact(path, data) == 100


def test_an_empty_line_is_an_empty_prediction_and_counted(tmp_path: Path, data: str) -> None:
    path = tmp_path / "said.txt"
    path.write_text("\nDusk\n", encoding="utf-8")
    scored = score_file(path, [data], "fetaqa").scored
    assert scored.values()["exact_match"] == 50
    assert scored.warnings == {"empty predictions": 1}


def test_predictions_with_ids_may_stand_in_any_order(tmp_path: Path, data: str) -> None:
    lines = [{"id": "q1", "prediction": "Dusk"}, {"id": "q0", "prediction": "Dawn"}]
    assert exact(jsonl(tmp_path / "said.jsonl", *lines), data) == 100
    without = [{"prediction": line["prediction"]} for line in lines]
    assert exact(jsonl(tmp_path / "said.jsonl", *without), data) == 0


@pytest.mark.parametrize("name", ["P.JSONL", "p.ndjson", "p.jsonl.gz", "p.json", "p.txt", "p.tsv"])
def test_objects_are_read_as_such_whatever_the_name(tmp_path: Path, data: str, name: str) -> None:
    lines = [{"id": "q1", "prediction": "Dusk"}, {"id": "q0", "prediction": "Dawn"}]
    path = jsonl(tmp_path / name, *lines)
    if name.endswith(".gz"):
        path.write_bytes(gzip.compress(path.read_bytes()))
    assert exact(path, data) == 100


@pytest.mark.parametrize(
    ("name", "text"),
    [("p.csv", "q0,Dawn\nq1,Dusk\n"), ("P.CSV", "Dawn\nDusk\n"), ("p.json", '["Dawn",\n"Dusk"]\n')],
)
def test_no_format_of_predictions_is_scored_as_text(
    tmp_path: Path, data: str, name: str, text: str
) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    assert complaint(path, data).startswith(f"{path}: {path.suffix.lower()} is no format of pred")


def test_the_layout_of_wikitablequestions_is_read_with_several_values(tmp_path: Path) -> None:
    both = {"question": "which films?", "answer": "Dawn|Dusk", "kind": "cell", "table": TABLE}
    data = str(jsonl(tmp_path / "cells.jsonl", *QUESTIONS, {**both, "id": "both"}))
    path = tmp_path / "said.tsv"
    path.write_text("both\tDusk\tDawn\nq1\tDusk\r\nq0\n", encoding="utf-8")
    results = score_file(path, [data], "cased")
    assert results.predictions == ["", "Dusk", "Dusk|Dawn"]
    assert results.scored.by_example() == [
        {"exact_match": 0, "denotation_accuracy": 0},
        {"exact_match": 100, "denotation_accuracy": 100},
        {"exact_match": 0, "denotation_accuracy": 100},
    ]


@pytest.mark.parametrize(
    ("said", "partner"),
    [
        ("", "The question at cells.jsonl:1 is the first without a prediction."),
        ("Dawn\nDusk\nNoon\n", "Line 3 is the first prediction without a question."),
    ],
)
def test_predictions_a_line_short_or_long_are_an_error_with_both_counts(
    tmp_path: Path, data: str, said: str, partner: str
) -> None:
    path = tmp_path / "said.txt"
    path.write_text(said, encoding="utf-8")
    assert complaint(path, data) == (
        f"{path}: holds {said.count(chr(10))} predictions; {data} holds 2 questions. {partner} "
        "Give one prediction a line, in the order of the questions."
    )


def test_where_questions_were_set_aside_a_wrong_count_says_so(tmp_path: Path) -> None:
    data = jsonl(tmp_path / "cells.jsonl", QUESTIONS[0], "{}", QUESTIONS[1])
    path = tmp_path / "said.txt"
    path.write_text("Dawn\n", encoding="utf-8")
    message = complaint(path, str(data))
    assert "2 questions (1 more can't be read; the first is cells.jsonl:2: 'table'" in message
    assert "The question at cells.jsonl:3 is the first without a prediction" in message


def test_predictions_of_questions_that_were_set_aside_are_left_out(tmp_path: Path) -> None:
    other = jsonl(tmp_path / "other.jsonl", {**QUESTIONS[1], "id": "q9"}, "[]")
    data = jsonl(tmp_path / "cells.jsonl", "{}", *QUESTIONS)
    path = tmp_path / "said.txt"
    path.write_text("Dusk\nof none\nof none\nDawn\nDusk\n", encoding="utf-8")
    scored = score_file(path, [str(other), str(data)], "cased").scored
    assert scored.values()["exact_match"] == 100
    assert scored.warnings == {
        "questions that can't be read": 2,
        "predictions left out with their questions": 2,
    }


def test_all_ids_without_a_partner_are_named_by_line(tmp_path: Path, data: str) -> None:
    path = jsonl(
        tmp_path / "said.jsonl",
        {"id": "q1", "prediction": "Dusk"},
        *({"id": f"x{n}", "prediction": ""} for n in range(22)),
    )
    message = complaint(path, data)
    assert "predictions for which there is no question: 'x0' (line 2), 'x1' (line 3)" in message
    assert "'x19' (line 21) and 2 more;" in message
    assert "questions for which there is no prediction: 'q0' (cells.jsonl:1)." in message


def test_an_id_that_stands_twice_is_named_by_line(tmp_path: Path, data: str) -> None:
    path = jsonl(
        tmp_path / "said.jsonl", *({"id": id_, "prediction": ""} for id_ in ("q0", "q1", "q0"))
    )
    assert complaint(path, data) == (
        f"{path}: ids that stand there again further down: 'q0' (line 1)."
    )


@pytest.mark.parametrize("lines", [[{"prediction": ""}], [{"id": 1, "prediction": ""}]])
def test_ids_in_some_lines_alone_are_an_error(tmp_path: Path, data: str, lines: Any) -> None:
    other = {"prediction": ""} if "id" in lines[0] else {"id": "q0", "prediction": ""}
    path = jsonl(tmp_path / "said.jsonl", *lines, other)
    assert "line 2: some lines have an 'id' and some have none" in complaint(path, data)


@pytest.mark.parametrize("line", ["Dusk", '{"predicted": "Dusk"}', '["Dusk"]', "", "3"])
def test_a_bad_line_of_a_predictions_file_is_an_error_with_its_place(
    tmp_path: Path, data: str, line: str
) -> None:
    path = jsonl(tmp_path / "predictions.jsonl", {"prediction": "Dawn"}, line)
    assert complaint(path, data) == f"{path}, line 2: not a JSON object with a 'prediction'."


def test_a_line_without_an_id_in_a_tsv_is_an_error(tmp_path: Path, data: str) -> None:
    path = tmp_path / "said.tsv"
    path.write_text("q0\tDawn\n\tDusk\n", encoding="utf-8")
    assert complaint(path, data).startswith(f"{path}, line 2: no id.")


def test_files_that_cannot_be_read_are_named(tmp_path: Path, data: str) -> None:
    assert complaint(tmp_path / "gone.txt", data) == f"{tmp_path / 'gone.txt'}: no such file."
    (tmp_path / "latin.txt").write_bytes(b"caf\xe9\n")
    assert complaint(tmp_path / "latin.txt", data).startswith(f"{tmp_path / 'latin.txt'}: not a")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Dawn\nDusk\n", ["Dawn", "Dusk", ""]),
        ("Dawn\n\n", ["Dawn", "", ""]),
        ("Dawn\n\n\n", ["Dawn", "", ""]),
        ("\n\n", ["", "", ""]),
        ("\nDusk\n", ["", "Dusk", ""]),
        ("Dawn\r\nDusk\r\n", ["Dawn", "Dusk", ""]),
        ("\ufeffDawn\n \n", ["Dawn", "", ""]),
        ("Dawn\nDusk\nNoon", ["Dawn", "Dusk", "Noon"]),
        ("Dawn\n\nNoon\n", ["Dawn", "", "Noon"]),
    ],
)
def test_predictions_joined_by_line_ends_may_end_in_empty_ones(
    tmp_path: Path, text: str, said: list[str]
) -> None:
    data = str(jsonl(tmp_path / "three.jsonl", *QUESTIONS, {**QUESTIONS[0], "id": "q2"}))
    path = tmp_path / "generated_predictions.txt"
    path.write_bytes(text.encode())
    assert score_file(path, [data], "cased").predictions == said


COMMAS = "answers with ', ' where several values are wanted (write | between)"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (["Dawn, Dusk", "Dusk", "Dusk, Dawn"], 2),
        (["dusk, dawn", "", "Dawn"], 1),
        (["Dawn, Dusk, Noon", "a, b", "Dusk, Dawn"], 2),
        (["Dawn|Dusk", "Dusk", "Dusk, Dawn"], 0),
        (["Dawn", "Lee, Ann", "Dusk"], 0),
        (["Dawn,Dusk", "Dusk", "Dusk;Dawn"], 0),
        (["1,200", "Dusk", "12,5"], 0),
    ],
)
def test_commas_where_several_values_are_wanted_are_told(
    tmp_path: Path, said: list[str], told: int
) -> None:
    both = {**QUESTIONS[0], "answer": "Dawn|Dusk"}
    lines = [both, QUESTIONS[1], {**both, "id": "q2"}]
    data = str(jsonl(tmp_path / "cells.jsonl", *lines))
    path = tmp_path / "said.txt"
    path.write_text("\n".join(said), encoding="utf-8")
    assert score_file(path, [data], "cased").scored.warnings.get(COMMAS, 0) == told


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (2001, "2001"),
        (2005.0, "2005"),
        (1.5, "1.5"),
        (-7, "-7"),
        (0, "0"),
        (1e-05, "1e-05"),
        (2**70, "1180591620717411303424"),
        (True, "true"),
    ],
)
def test_a_number_is_an_answer(tmp_path: Path, answer: Any, text: str) -> None:
    data = str(jsonl(tmp_path / "numbers.jsonl", {**QUESTIONS[0], "answer": answer}, QUESTIONS[1]))
    path = tmp_path / "said.txt"
    path.write_text(f"{text}\nDusk\n", encoding="utf-8")
    results = score_file(path, [data], "cased")
    assert results.examples[0].answer == text
    assert results.scored.values()["exact_match"] == 100
    path.write_text(f"{text}0\nDusk\n", encoding="utf-8")
    assert score_file(path, [data], "cased").scored.values()["exact_match"] == 50
