"""Predictions that are no good: each is told, or scored with a counted warning."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

import gentap.evaluation.metrics.wordnet
from gentap.cli import app
from gentap.evaluation.metrics.scoring import MAX_SCORED_CHARACTERS, NOT_LATIN

TABLE = {"header": ["Year", "Film"], "rows": [["2004", "Dawn"], ["2005", "<b>Dusk</b>"]]}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    questions({"question": "which?", "answer": "She made Dawn.", "table": TABLE})
    return tmp_path


def questions(*lines: dict[str, Any]) -> None:
    text = "".join(f"{json.dumps(line)}\n" for line in lines)
    Path("test.jsonl").write_text(text, encoding="utf-8")


def score(text: str, *options: str) -> Result:
    Path("said.txt").write_text(text, encoding="utf-8")
    command = ["score", "--predictions", "said.txt", "--data", "test.jsonl", *options]
    return CliRunner().invoke(app, command)


def scores(text: str) -> dict[str, Any]:
    result = score(text, "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


@pytest.mark.usefixtures("wordnet")
def test_an_empty_prediction_is_scored_and_counted_on_standard_error() -> None:
    found = scores("\n")
    assert found["bleu"] == found["meteor"] == found["parent"] == 0
    assert found["warnings"] == {"empty predictions": 1}
    assert "said.txt: empty predictions: 1\n" in score("\n").stderr


@pytest.mark.usefixtures("wordnet")
def test_fifty_megabytes_in_a_prediction_are_scored_by_their_start() -> None:
    start = "She made Dawn . " * (MAX_SCORED_CHARACTERS // 16)
    began = time.process_time()
    found = scores(start + "film [" * (50_000_000 // 6) + "\n")
    assert time.process_time() - began < 30
    told = f"predictions scored by their first {MAX_SCORED_CHARACTERS:,} characters"
    assert found["warnings"] == {told: 1}
    assert found["rouge1"] == pytest.approx(scores(f"{start.strip()}\n")["rouge1"], rel=0.01)


def test_fifty_megabytes_for_a_cell_are_scored_too() -> None:
    questions({"question": "which?", "answer": "Dawn", "kind": "cell", "table": TABLE})
    for letters in ("[", "(", '"', "a|", "- "):
        began = time.process_time()
        found = scores(letters * (20_000_000 // len(letters)) + "\n")
        assert found["denotation_accuracy"] == 0
        assert time.process_time() - began < 10, letters


@pytest.mark.usefixtures("wordnet")
def test_html_in_an_answer_is_text() -> None:
    html = "<script>alert(1)</script> She made <b>Dawn</b> &amp; \u2028 more"
    found = scores(f"{html}\n")
    assert 0 < found["rouge1"] < 100
    assert found["warnings"] == {}
    result = score(f"{html}\n", "-o", "report")
    assert result.exit_code == 0, result.output
    kept = Path("report/predictions.jsonl").read_text(encoding="utf-8")
    assert json.loads(kept)["prediction"] == html
    assert len(kept.split("\n")) == 2


def test_without_wordnet_a_sentence_is_told_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import nltk

    monkeypatch.setattr(gentap.evaluation.metrics.wordnet, "_DEBIAN", tmp_path)
    monkeypatch.setattr(nltk.data, "path", [])
    gentap.evaluation.metrics.wordnet.open_wordnet.cache_clear()
    result = score("Dawn\n")
    gentap.evaluation.metrics.wordnet.open_wordnet.cache_clear()
    assert result.exit_code == 1
    assert "apt-get install wordnet-base" in result.stderr
    assert "nltk.downloader wordnet" in result.stderr


def test_without_wordnet_cells_are_scored(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import nltk

    questions({"question": "which?", "answer": "Dawn", "kind": "cell", "table": TABLE})
    monkeypatch.setattr(gentap.evaluation.metrics.wordnet, "_DEBIAN", tmp_path)
    monkeypatch.setattr(nltk.data, "path", [])
    gentap.evaluation.metrics.wordnet.open_wordnet.cache_clear()
    assert scores("Dawn\n")["exact_match"] == 100
    gentap.evaluation.metrics.wordnet.open_wordnet.cache_clear()


@pytest.mark.parametrize(
    ("answer", "warned"),
    [
        ("она сняла «Рассвет» в 2004", True),
        ("彼女は2004年に夜明けを作った", True),
        ("उसने 2004 में दिन बनाया", True),
        ("Ángela hizo «Año» en 2004.", False),
        ("She made Рассвет in 2004.", False),
        ("2004", False),
    ],
)
def test_answers_of_which_rouge_reads_the_digits_alone_are_counted(
    answer: str, warned: bool
) -> None:
    questions({"question": "which?", "answer": answer, "table": TABLE})
    found = scores(f"{answer}\n")["warnings"]
    assert found == ({NOT_LATIN: 1} if warned else {})


@pytest.mark.usefixtures("wordnet")
def test_rouge_reads_words_of_any_script_under_the_protocol_unicode() -> None:
    questions({"question": "which?", "answer": "उसने 2004 में दिन बनाया", "table": TABLE})
    said = "उसने 2004 में रात बनाया\n"
    found = json.loads(score(said, "--json", "--protocol", "unicode").stdout)
    assert found["rouge1"] == pytest.approx(80)
    assert found["rouge2"] == pytest.approx(50)
    assert "tok:unicode" in found["signatures"]["rougeL"].split("|")
    assert found["warnings"] == {}


def test_an_unknown_protocol_is_told_with_those_that_are_known() -> None:
    result = score("Dawn\n", "--protocol", "bleurt")
    assert result.exit_code == 1
    assert (
        "'protocol' is 'bleurt': Input should be 'fetaqa', 'totto', 'cased' or 'unicode'."
        in result.stderr
    )


def test_questions_with_no_right_answer_are_set_aside_by_line() -> None:
    questions(
        {"question": "which?", "answer": [], "table": TABLE},
        {"question": "which?", "answer": ["Dawn"], "kind": "cell", "table": TABLE},
    )
    found = scores("Dawn\n")
    assert found["exact_match"] == 100
    assert found["warnings"] == {"questions that can't be read": 1}
    questions({"question": "which?", "answer": [], "table": TABLE})
    result = score("Dawn\n")
    assert result.exit_code == 1
    assert "test.jsonl:1: 'answer' is an empty list" in result.stderr
