import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from systems import FILMS, example, results

from gentap.evaluation.metrics.resampling import differences
from gentap.evaluation.report.example_data import (
    LONGEST_CELL,
    LONGEST_TEXT,
    MOST_CELLS,
    MOST_COLUMNS,
    listed_examples,
)
from gentap.evaluation.report.page import report_page
from gentap.records import Table
from gentap.stages.evaluation_stages import CompareStage, ScoreStage

HOSTILE = '</script><script>alert("1")</script><!-- & <img src=x onerror=alert(2)> \u2028\u2029'


def embedded(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S)
    assert found
    data: dict[str, Any] = json.loads(found[1])
    return data


class Elements(HTMLParser):
    """The names and attributes of all elements of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def elements(page: str) -> list[tuple[str, dict[str, str | None]]]:
    parser = Elements()
    parser.feed(page)
    return parser.found


def page_of(*answers: str, prediction: str = "It was Dusk.", **given: Any) -> str:
    examples = [
        example(f"q{place}", "Which film?", answer, cells=[(1, 1)], **given)
        for place, answer in enumerate(answers)
    ]
    return report_page("Films", [results("ours", examples, [prediction] * len(examples))])


def test_the_page_holds_every_text_of_every_example() -> None:
    examples = [
        example(
            "a", "Which film?", "Dusk it was.", cells=[(-1, 1), (1, 1)], alternatives=("Dusk.",)
        ),
        example("b", "And when?", "2005", kind="cell", cells=[(1, 0)]),
    ]
    data = embedded(report_page("Films", [results("ours", examples, ["It was Dawn.", "2004"])]))
    first, second = data["examples"]
    assert first["question"] == "Which film?"
    assert first["references"] == ["Dusk it was.", "Dusk."]
    assert first["said"] == ["It was Dawn."]
    assert first["cells"] == [[-1, 1], [1, 1]]
    assert "answer" not in first
    assert (second["answer"], second["picked"]) == ([[1, 0]], [[0, 0]])
    assert list(second["scores"]) == ["exact_match"]
    assert first["table"] == second["table"] == 0
    assert data["tables"] == [
        {
            "title": "Mara Lind",
            "section": "Films",
            "caption": "",
            "header": ["Year", "Film"],
            "rows": [["2004", "Dawn"], ["2005", "Dusk"], ["2006", "Noon"]],
        }
    ]


def test_hostile_texts_end_no_element_and_open_none() -> None:
    table = Table(title=HOSTILE, header=(HOSTILE,), rows=((HOSTILE,),))
    examples = [example(HOSTILE, HOSTILE, HOSTILE, table=table, cells=[(0, 0)])]
    page = report_page(HOSTILE, [results(HOSTILE, examples, [HOSTILE])], facts=[HOSTILE])
    data = embedded(page)
    assert data["examples"][0]["said"] == [HOSTILE]
    assert data["tables"][0]["rows"] == [[HOSTILE]]
    assert data["systems"] == [HOSTILE]
    tame = report_page("x", [results("x", [example("x", "x", "x", table=table)], ["x"])])
    assert [tag for tag, _ in elements(page)] == [tag for tag, _ in elements(tame)]


@given(st.text(alphabet=st.characters(), max_size=60))
def test_any_text_is_read_back_as_it_was(text: str) -> None:
    examples = [example("a", "Which?", "Dusk.", cells=[(1, 1)])]
    page = report_page("Films", [results("ours", examples, [text])])
    said = embedded(page.encode("utf-8").decode("utf-8"))["examples"][0]["said"]
    assert said == [re.sub("[\ud800-\udfff]", "\ufffd", text)]


def test_half_a_character_does_not_stop_the_page() -> None:
    assert "It was \ufffd" in page_of("Dusk.", prediction="It was \ud83d").encode().decode()


def test_nothing_is_loaded_from_elsewhere_and_only_our_script_may_run() -> None:
    page = page_of("Dusk.")
    for tag, attributes in elements(page):
        assert tag not in {"img", "iframe", "object", "embed", "base"}
        assert "src" not in attributes
        assert not any(name.startswith("on") for name in attributes)
        assert (attributes.get("href") or "#").startswith(("#", "data:,"))
    assert not re.search(r"url\(|@import", page)
    policy = next(
        attributes["content"]
        for tag, attributes in elements(page)
        if attributes.get("http-equiv") == "Content-Security-Policy"
    )
    script = re.search(r"<script>(.*?)</script>", page, re.S)
    assert script
    assert policy
    digest = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy


def test_a_huge_prediction_is_cut_and_its_length_told() -> None:
    said = "word " * 10_000_000
    examples = [example("a", "Which?", "Dusk."), example("b", "Who?", "Mara.")]
    # Scored by its first words, as `score` does it; the page gets the whole.
    scored = results("ours", examples, [said[:10_000], "Mara."])
    scored.predictions[0] = said
    page = report_page("Films", [scored])
    assert len(page) < 100_000
    first, second = embedded(page)["examples"]
    assert first["said"] == [said[:LONGEST_TEXT]]
    assert first["cut"] == [50_000_000]
    assert "cut" not in second


def test_a_huge_table_keeps_its_first_rows_and_the_evidence() -> None:
    rows = tuple((str(row), "x" * 1000) for row in range(20_000))
    table = Table(header=("n", "text"), rows=rows)
    examples = [
        example("a", "Which?", "Dusk.", table=table, cells=[(2, 0), (15_000, 1)]),
        example("b", "Which?", "Dusk.", table=table, cells=[(1, 0)]),
        example("c", "Which?", "Dusk.", table=table, cells=[(3, 0)]),
    ]
    data = embedded(report_page("Big", [results("ours", examples, [""] * 3)]))
    first, second, third = data["examples"]
    kept = MOST_CELLS // 2
    assert first["cells"] == [[2, 0], [kept, 1]]
    assert second["table"] == third["table"] != first["table"]
    held = data["tables"][first["table"]]
    assert held["rows"][kept][0] == "15000"
    assert held["places"][kept] == 15_000
    assert held["left"] == "Not shown here: 15,999 of 20,000 rows."
    assert len(held["rows"][0][1]) == LONGEST_CELL


def test_a_very_wide_table_loses_columns() -> None:
    table = Table(header=("n",) * 1000, rows=(("1",) * 1000,))
    examples = [example("a", "Which?", "1.", table=table, cells=[(0, 5), (0, 999)])]
    data = embedded(report_page("Wide", [results("ours", examples, ["1"])]))
    assert len(data["tables"][0]["header"]) == MOST_COLUMNS
    assert data["examples"][0]["cells"] == [[0, 5]]
    assert data["tables"][0]["left"] == "Not shown here: 800 of 1,000 columns."


def test_examples_that_no_browser_could_hold_are_counted() -> None:
    examples = [example(str(place), "Which?", "word " * 100) for place in range(50)]
    system = results("ours", examples, ["Dusk."] * 50)
    shown, tables = listed_examples([system], [], most_characters=8000)
    assert 5 < len(shown) < 20
    assert len(tables) == 1
    shown, _ = listed_examples([system], [], most_characters=1)
    assert len(shown) == 1


def test_scores_stand_in_a_table_with_intervals_signatures_and_warnings() -> None:
    examples = [example(str(place), "Which?", f"It was film {place}.") for place in range(9)]
    better = results("better", examples, [one.answer for one in examples])
    worse = results("worse", examples, ["It was."] * 9)
    worse.scored.warnings["empty predictions"] = 3
    tests = {"worse": differences(better.scored.statistics, worse.scored.statistics)}
    page = report_page("Films", [better, worse], tests=tests)
    assert '<td class="best">100.00<small>100.0 to 100.0</small></td>' in page
    assert "worse: 3 empty predictions." in page
    assert better.scored.statistics["bleu"].signature in page
    assert "Differences to better" in page
    assert re.search(r'<td class="best">−\d+\.\d\d<small>', page)


def test_a_single_system_is_not_called_the_best() -> None:
    assert 'class="best"' not in page_of("Dusk.", "It was Dawn.")


@pytest.mark.parametrize(
    ("history", "curves"),
    [
        ([], 0),
        ([{"step": 1, "loss": 2.0}], 0),
        ([{"step": 1, "loss": 2.0}, {"step": 2, "loss": 1.5}, {"step": 2, "eval_loss": 3.0}], 1),
        ([{"step": 1, "loss": "?"}, {"loss": 1.0}, {"step": "2", "loss": 1.0}], 0),
    ],
)
def test_a_training_has_a_curve_where_its_log_is_at_hand(history: Any, curves: int) -> None:
    examples = [example("a", "Which?", "Dusk.")]
    page = report_page("Films", [results("ours", examples, ["Dusk."])], histories={"ours": history})
    drawn = embedded(page)["curves"]
    assert len(drawn) == curves
    if drawn:
        assert drawn[0] == {"system": "ours", "loss": [[1, 2.0], [2, 1.5]], "dev": [[2, 3.0]]}


def test_the_page_depends_on_its_results_alone() -> None:
    assert page_of("Dusk.", "Dawn.") == page_of("Dusk.", "Dawn.")
    assert FILMS.title in page_of("Dusk.")


def test_score_and_compare_write_the_page(tmp_path: Path) -> None:
    data = tmp_path / "cells.jsonl"
    table = {"header": ["Year", "Film"], "rows": [["2004", "Dawn"], ["2005", "Dusk"]]}
    lines = [
        {"id": f"q{n}", "question": "Which film?", "answer": film, "kind": "cell", "table": table}
        for n, film in enumerate(["Dawn", "Dusk"])
    ]
    data.write_text("".join(json.dumps(line) + "\n" for line in lines))
    for name, said in (("one", "Dawn\nDusk\n"), ("two", "Dawn\n</script>\n")):
        (tmp_path / f"{name}.txt").write_text(said)
    files = [tmp_path / "one.txt", tmp_path / "two.txt"]
    ScoreStage(predictions=files[1], data=(str(data),), protocol="fetaqa").make(tmp_path / "scored")
    page = (tmp_path / "scored" / "report.html").read_text(encoding="utf-8")
    assert embedded(page)["examples"][1]["said"] == ["</script>"]
    assert "protocol fetaqa" in page
    CompareStage(systems=tuple(map(str, files)), data=(str(data),)).make(tmp_path / "compared")
    page = (tmp_path / "compared" / "report.html").read_text(encoding="utf-8")
    assert embedded(page)["systems"] == ["one", "two"]
    assert "Differences to one" in page
    assert "| one " in (tmp_path / "compared" / "report.md").read_text(encoding="utf-8")
