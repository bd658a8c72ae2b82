import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from gentap.cli import app
from gentap.evaluation.compare import read_systems
from gentap.evaluation.results import read_results

TABLE = {"header": ["Year", "Film"], "rows": [["2004", "Dawn"], ["2005", "Dusk"]]}
FILMS = "Dawn Dusk Noon Night Rain Snow Wind Fog".split()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    questions("cells.jsonl", "cell")
    return tmp_path


def questions(name: str, kind: str, films: list[str] = FILMS) -> None:
    lines = [
        {"id": f"q{n}", "question": f"which {n}?", "answer": film, "kind": kind, "table": TABLE}
        for n, film in enumerate(films)
    ]
    write(name, lines)


def write(name: str, lines: list[Any]) -> str:
    Path(name).write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    return name


def says(name: str, right: int) -> str:
    """Predictions of which so many are right."""
    said = [film if n < right else "x" for n, film in enumerate(FILMS)]
    Path(name).write_text("".join(f"{text}\n" for text in said), encoding="utf-8")
    return name


def gentap(*arguments: str) -> Result:
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == 0, result.output
    return result


def compared(*arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(gentap("compare", *arguments, "--json").stdout)
    return found


def complaint(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["compare", *arguments])
    assert result.exit_code == 1, result.output
    assert result.stderr.count("\n") == 1
    return result.stderr.removeprefix("gentap: ").strip()


def test_files_of_predictions_are_tested_and_their_differences_listed() -> None:
    found = compared(says("a.txt", 2), says("b.txt", 8), "--data", "cells.jsonl")
    assert list(found["systems"]) == ["a", "b"]
    (pair,) = found["differences"]
    assert (pair["first"], pair["second"]) == ("a", "b")
    exact = pair["metrics"]["exact_match"]
    assert exact["points"] == 75
    assert exact["interval"][0] > 0
    assert exact["bootstrap_p"] < 0.05
    assert exact["randomization_p"] < 0.1
    assert [example["id"] for example in found["examples"]] == [f"q{n}" for n in range(2, 8)]
    assert found["by"] == "denotation_accuracy"
    assert found["examples"][0]["predictions"] == {"a": "x", "b": "Noon"}
    assert found["examples"][0]["scores"]["b"] == {"exact_match": 100, "denotation_accuracy": 100}


def test_leads_are_told_apart_by_rows_of_evidence() -> None:
    lines = [
        {"id": f"q{n}", "question": f"which {n}?", "answer": film, "kind": "cell", "table": TABLE}
        | {"cells": [[0, 1]] if n < 3 else [[0, 1], [1, 1]] if n < 7 else []}
        for n, film in enumerate(FILMS)
    ]
    write("rows.jsonl", lines)
    first, second = says("a.txt", 1), says("b.txt", 5)
    (pair,) = compared(first, second, "--data", "rows.jsonl")["differences"]
    groups = pair["by_evidence"]
    assert {name: group["questions"] for name, group in groups.items()} == {
        "one row": 3,
        "several rows": 4,  # and one question of no evidence
    }
    exact = {name: group["metrics"]["exact_match"]["points"] for name, group in groups.items()}
    assert exact == {"one row": pytest.approx(200 / 3, abs=1e-3), "several rows": 50}
    gentap("compare", first, second, "--data", "rows.jsonl", "-o", "compared")
    assert "the 4 questions whose evidence is several rows" in Path(
        "compared/compare.md"
    ).read_text(encoding="utf-8")


def test_where_all_evidence_is_of_one_kind_leads_are_told_once() -> None:
    first, second = says("a.txt", 1), says("b.txt", 5)
    (pair,) = compared(first, second, "--data", "cells.jsonl")["differences"]
    assert pair["by_evidence"] == {}


def test_every_pair_of_many_systems_is_tested() -> None:
    files = [f"{name}={says(f'{name}.txt', n)}" for n, name in enumerate("pqr")]
    found = compared(*files, "--data", "cells.jsonl", "--examples", "1")
    assert [(pair["first"], pair["second"]) for pair in found["differences"]] == [
        ("p", "q"),
        ("p", "r"),
        ("q", "r"),
    ]
    assert len(found["examples"]) == 1


def test_a_report_stands_for_its_questions_and_scores() -> None:
    gentap("score", "--predictions", says("a.txt", 3), "--data", "cells.jsonl", "-o", "report")
    found = compared("report", says("b.txt", 3))
    assert found["differences"][0]["metrics"]["exact_match"]["points"] == 0
    assert found["examples"] == []
    kept = json.loads(Path("report/scores.json").read_text())
    assert found["systems"]["report"] == found["systems"]["b"] == kept


def test_a_reports_files_give_back_what_was_scored() -> None:
    gentap("score", "--predictions", says("a.txt", 3), "--data", "cells.jsonl", "-o", "report")
    results = read_results(Path("report"))
    assert [example.answer for example in results.examples] == FILMS
    assert results.predictions[:4] == ["Dawn", "Dusk", "Noon", "x"]
    assert results.scored.values()["exact_match"] == 37.5
    assert results.scored.to_json() == json.loads(Path("report/scores.json").read_text())
    lines = Path("report/predictions.jsonl").read_text().splitlines()
    assert [json.loads(line)["scores"] for line in lines] == results.scored.by_example()


def test_questions_in_another_order_are_put_side_by_side() -> None:
    questions("back.jsonl", "cell")
    lines = Path("back.jsonl").read_text().splitlines()
    Path("back.jsonl").write_text("\n".join(reversed(lines)))
    Path("back.txt").write_text("".join(f"{film}\n" for film in reversed(FILMS)))
    says("a.txt", 8)
    gentap("score", "--predictions", "a.txt", "--data", "cells.jsonl", "-o", "one")
    gentap("score", "--predictions", "back.txt", "--data", "back.jsonl", "-o", "two")
    found = compared("one", "two")
    assert found["examples"] == []
    assert found["differences"][0]["metrics"]["exact_match"]["points"] == 0


def test_the_comparison_is_kept_as_json_and_markdown() -> None:
    command = ["compare", says("a.txt", 2), says("b.txt", 8), "--data", "cells.jsonl", "-o", "out"]
    shown = gentap(*command).stdout
    assert "| exact match | +75.00" in shown
    assert "b against a:" in shown
    assert Path("out/compare.md").read_text().strip() == shown.strip()
    assert set(json.loads(Path("out/compare.json").read_text())) == {
        *["systems", "differences", "by", "examples"]
    }
    assert "nothing to do" in gentap(*command).stderr


@pytest.mark.usefixtures("wordnet")
def test_reports_of_other_protocols_are_scored_anew_under_one() -> None:
    questions("long.jsonl", "long")
    for name, protocol in (("one", "cased"), ("two", "fetaqa")):
        said = ["--predictions", says("a.txt", 3), "--data", "long.jsonl"]
        gentap("score", *said, "--protocol", protocol, "-o", name)
    message = complaint("one", "two")
    assert message.startswith("compare: scored under different protocols: one (cased) and two")
    found = compared("one", "two", "--protocol", "fetaqa")
    assert found["systems"]["one"] == found["systems"]["two"]
    assert found["by"] == "rougeL"


@pytest.mark.usefixtures("wordnet")
def test_a_report_by_a_protocol_that_there_is_none_of_is_told() -> None:
    questions("long.jsonl", "long")
    said = ["--predictions", says("a.txt", 3), "--data", "long.jsonl"]
    for name in ("one", "two"):
        gentap("score", *said, "-o", name)
    path = Path("two/scores.json")
    path.write_text(path.read_text().replace('"protocol": "fetaqa"', '"protocol": "default"'))
    message = complaint("one", "two", "--protocol", "fetaqa")
    assert message.startswith("two: was scored under the protocol 'default', which is none of fet")
    assert "Score its predictions.txt anew with `gentap score`" in message


def test_a_mistyped_report_is_told_with_what_it_may_have_been() -> None:
    said = ["--predictions", says("a.txt", 1), "--data", "cells.jsonl"]
    gentap("score", *said, "-o", "runs/report")
    gentap("score", *said, "-o", "runs/other")
    told = "runs/reprot: no such file or folder. Did you mean 'runs/report'?"
    assert complaint("runs/reprot", "runs/other") == told
    assert complaint("named=run/other", "runs/report").endswith("Did you mean 'runs/other'?")
    assert complaint("elsewhere", "runs/other") == "elsewhere: no such file or folder."


def test_reports_of_one_name_are_named_by_the_ends_that_differ() -> None:
    said = ["--predictions", says("a.txt", 1), "--data", "cells.jsonl"]
    for name in ("runs/one/report", "runs/two/report"):
        gentap("score", *said, "-o", name)
    found = read_systems(["runs/one/report", "runs/two/report"], [], None)
    assert [system.name for system in found] == ["one/report", "two/report"]


def test_what_cannot_be_compared_is_told() -> None:
    one, two = says("a.txt", 1), says("b.txt", 2)
    assert complaint(one) == "compare: give two systems or more."
    assert "need their questions (--data)" in complaint(one, two)
    message = complaint(one, two, "--data", "cells.jsonl", "--by", "bleu")
    assert message.startswith("--by: no metric 'bleu' that all have. Give one of exact_match, ")
    assert (
        complaint(one, "none.txt", "--data", "cells.jsonl") == "none.txt: no such file or folder."
    )
    Path("empty").mkdir()
    assert complaint("empty", one).startswith("empty: not a report's folder")
    questions("other.jsonl", "cell", FILMS[:-1])
    Path("c.txt").write_text("x\n" * 7)
    gentap("score", "--predictions", "c.txt", "--data", "other.jsonl", "-o", "short")
    gentap("score", "--predictions", one, "--data", "cells.jsonl", "-o", "whole")
    message = complaint("whole", "short")
    assert message == (
        "whole and short answer different questions: 8 and 7, 1 of them only one's, such as 'q7'."
    )
    questions("changed.jsonl", "cell", [*FILMS[:-1], "Hail"])
    gentap("score", "--predictions", one, "--data", "changed.jsonl", "-o", "changed")
    assert "different references for the question 'q7'" in complaint("whole", "changed")
