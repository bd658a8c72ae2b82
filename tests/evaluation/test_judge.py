"""A judge: a chat endpoint that rates answers, against a server of the tests' own on loopback."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from chat_server import Request, Server, completion, reply
from systems import FILMS, example, results
from typer.testing import CliRunner

from gentap.cli import app
from gentap.errors import InputError, SettingError
from gentap.evaluation.compare import compare, read_systems
from gentap.evaluation.judge import MOST_TABLE_CHARS, Judge, judge_messages, judged, read_ratings
from gentap.evaluation.results import read_results, write_results
from gentap.model.chat.prompt_template import load_template
from gentap.records import Table
from gentap.runs.store import read_json
from gentap.settings.sections import EvaluateSettings, JudgeSettings

EXAMPLES = [
    example("a", "Which film in 2004?", "Dawn came out in 2004.", cells=[(0, 1)]),
    example("b", "Which film in 2005?", "Dusk came out in 2005."),
    example("c", "Which film in 2006?", "Noon came out in 2006."),
]
SAID = ["Dawn came out in 2004.", "Dawn did.", "A film."]
RATED = {"Dawn came out in 2004.": (5, 5), "Dawn did.": (1, 3), "A film.": (3, 2)}


def rating(server: Server, handler: Any, request: Request) -> None:
    said = request.content["messages"][-1]["content"].rpartition("Answer to rate: ")[2]
    faithful, complete = RATED[said]
    text = (
        f'<think>Five?</think>```json\n{{"faithfulness": {faithful}, "completeness": {complete}}}'
    )
    reply(handler, 200, completion(text))


@pytest.fixture
def settings(tmp_path: Path) -> Callable[..., JudgeSettings]:
    def settings(address: str, **more: Any) -> JudgeSettings:
        values = {"model": "m", "backoff": 0.001, "cache": str(tmp_path / "answers"), **more}
        return JudgeSettings(address=address, **values)

    return settings


def test_ratings_stand_beside_the_metrics_with_model_and_prompt(
    serve: Callable[..., Server], settings: Callable[..., JudgeSettings], tmp_path: Path
) -> None:
    server = serve(rating)
    system = results("ours", EXAMPLES, SAID)
    scored = judged(system.scored, EXAMPLES, SAID, Judge(settings(server.address)))
    values = scored.values()
    assert values["judge_faithfulness"] == pytest.approx((100 + 0 + 50) / 3)
    assert values["judge_completeness"] == pytest.approx((100 + 50 + 25) / 3)
    assert [one["judge_faithfulness"] for one in scored.by_example()] == [100, 0, 50]
    signature = scored.statistics["judge_faithfulness"].signature
    assert f"{server.address.removeprefix('http://')}#m|prompt:" in signature
    own = tmp_path / "own.txt"
    own.write_text("{question} {answer} Answer to rate: {answer}")
    other = judged(system.scored, EXAMPLES, SAID, Judge(settings(server.address, prompt=str(own))))
    assert other.statistics["judge_faithfulness"].signature != signature
    asked = len(server.requests)
    judged(system.scored, EXAMPLES, SAID, Judge(settings(server.address)))
    assert len(server.requests) == asked  # kept


def test_answers_without_a_rating_do_not_count_and_are_told(
    serve: Callable[..., Server], settings: Callable[..., JudgeSettings]
) -> None:
    def answer(server: Server, handler: Any, request: Request) -> None:
        said = request.content["messages"][-1]["content"].rpartition("Answer to rate: ")[2]
        if said == SAID[0]:
            reply(handler, 200, completion("Faithfulness: 4\nCompleteness: none at all"))
        elif said == SAID[1]:
            reply(handler, 400, b"content filter")
        else:
            reply(handler, 200, completion("Nice."))

    server = serve(answer)
    system = results("ours", EXAMPLES, SAID)
    scored = judged(system.scored, EXAMPLES, SAID, Judge(settings(server.address)))
    assert scored.values()["judge_faithfulness"] == 75
    assert "judge_completeness" not in scored.statistics
    assert scored.warnings["answers whose completeness the judge's reply does not rate"] == 2
    refused = "answers without a judge's rating (endpoint refused the request)"
    assert scored.warnings[refused] == 1


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ('{"faithfulness": 5, "completeness": 2}', (5, 2)),
        ("**Faithfulness:** 4/5\n**Completeness:** 3/5", (4, 3)),
        ("Faithfulness score: 3.5, completeness rating is 1", (3.5, 1)),
        ("faithfulness=2; completeness=5.", (2, 5)),
        ("<think>faithfulness: 1</think>Faithfulness - 5. Completeness - 4.", (5, 4)),
        ("Faithfulness: 10, completeness: 0", (None, None)),
        ("Faithfulness: high", (None, None)),
        ("faithfulness" + " " * 500_000 + "5", (None, None)),
        ("", (None, None)),
    ],
)
def test_how_ratings_are_read(said: str, found: tuple[float | None, float | None]) -> None:
    rated = read_ratings(said)
    assert (rated.get("faithfulness"), rated.get("completeness")) == found


def test_the_judge_sees_the_evidence_of_a_long_table() -> None:
    rows = tuple((f"{number}", "word " * 20) for number in range(1000))
    long = example("a", "Q?", "A.", table=Table(header=("No", "Text"), rows=rows), cells=[(900, 0)])
    prompt = load_template("", ("gentap.evaluation", "judge_prompt.txt"), "", *_places())
    _, user = judge_messages(prompt, long, "said")
    assert len(user["content"]) < MOST_TABLE_CHARS + 500
    assert "\n900 | word" in user["content"]
    assert "more rows)" in user["content"]
    _, user = judge_messages(prompt, EXAMPLES[0], "said")
    assert all(cell in user["content"] for row in FILMS.rows for cell in row)


def _places() -> tuple[list[str], list[str]]:
    return ["title", "table", "question", "reference", "answer"], ["question", "answer"]


def test_bad_settings_end_before_any_work(settings: Callable[..., JudgeSettings]) -> None:
    with pytest.raises(SettingError, match=r"judge\.model"):
        Judge(settings("http://127.0.0.1:9/v1", model=""))
    with pytest.raises(SettingError, match=r"http\(s\)://HOST"):
        Judge(settings("http://[::1/v1"))
    with pytest.raises(InputError, match="no such prompt template"):
        Judge(settings("http://127.0.0.1:9/v1", prompt="none.txt"))


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """Cell questions, which need no WordNet, and predictions."""
    table = {"title": "Mara Lind", "header": ["Year", "Film"], "rows": [["2004", "Dawn"]]}
    line = {"question": "which film", "answer": "Dawn", "kind": "cell", "table": table}
    data = tmp_path / "test.jsonl"
    data.write_text("".join(f"{json.dumps({**line, 'id': name})}\n" for name in "abc"))
    said = tmp_path / "said.txt"
    said.write_text("".join(f"{text}\n" for text in SAID))
    return data, said


def test_score_asks_a_judge_and_reports_it(
    serve: Callable[..., Server], files: tuple[Path, Path], tmp_path: Path
) -> None:
    server = serve(rating)
    data, said = files
    command = ["score", "--predictions", str(said), "--data", str(data), "--judge", server.address]
    command += ["--judge-set", f"cache={tmp_path / 'answers'}"]
    refused = CliRunner().invoke(app, command)
    assert refused.exit_code == 1
    assert "judge.model" in refused.output
    command += ["--judge-set", "model=m", "--json", "-o", str(tmp_path / "report")]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    scores = read_json(tmp_path / "report" / "scores.json")
    assert scores["judge_faithfulness"] == 50
    assert "#m|prompt:" in scores["signatures"]["judge_completeness"]
    assert "judge: faithful" in (tmp_path / "report" / "report.md").read_text()
    assert "judge: complete" in (tmp_path / "report" / "report.html").read_text()
    read = read_results(tmp_path / "report").scored
    assert read.values()["judge_faithfulness"] == 50
    assert len(server.requests) == 3
    plain = CliRunner().invoke(app, [*command[:5], "--judge-set", "model=m"])
    assert plain.exit_code == 1
    assert "no effect without its address" in plain.output


def test_without_a_judge_nothing_changes() -> None:
    assert EvaluateSettings().judge.address == ""


def test_comparing_keeps_ratings_of_the_same_judge_alone(
    serve: Callable[..., Server], settings: Callable[..., JudgeSettings], tmp_path: Path
) -> None:
    server = serve(rating)
    for name, texts, model in (("a", SAID, "m"), ("b", SAID[::-1], "m"), ("c", SAID, "other")):
        system = results(name, EXAMPLES, texts)
        judge = Judge(settings(server.address, model=model))
        (tmp_path / name).mkdir()
        rated = judged(system.scored, EXAMPLES, texts, judge)
        write_results(tmp_path / name, type(system)(name, EXAMPLES, texts, rated, system.shown))
    alike = compare(read_systems([str(tmp_path / "a"), str(tmp_path / "b")], [], None))
    assert "judge_faithfulness" in alike.pairs[0].differences
    others = compare(read_systems([str(tmp_path / "a"), str(tmp_path / "c")], [], None))
    assert "judge_faithfulness" not in others.pairs[0].differences
    assert "bleu" in others.pairs[0].differences
