"""Noise curves and weak groups of a report, in a real browser."""

from pathlib import Path

from chromium import open_browser
from complaints import gentap

from gentap.documents.annotated.reading import read_questions


def test_a_line_for_each_kind_of_noise_is_drawn(
    toy: Path, data: Path, tmp_path: Path, wordnet: object
) -> None:
    out = tmp_path / "report"
    command = ["evaluate", "--model", str(toy), "--data", str(data / "qa" / "test.jsonl")]
    quick = ["beams=1", "max_answer_tokens=4", "precision=fp32", "noise_questions=3"]
    settings = [part for one in quick for part in ("--set", one)]
    done = gentap(*command, *settings, "--noise", "missing=0.1,typos=0.1", "-o", str(out))
    assert done.exit_code == 0, done.output
    with open_browser() as driver:
        driver.get((out / "report.html").as_uri())
        assert driver.find_element("id", "noise").is_displayed()
        chart = driver.find_element("css selector", "#chart-noise svg")
        assert min(chart.size["width"], chart.size["height"]) > 100
        lines = driver.find_elements("css selector", "#chart-noise path.curve")
        assert len(lines) == 2
        named = driver.find_element("id", "chart-noise").text
        assert "missing" in named
        assert "typos" in named
        rows = driver.find_elements("css selector", "#noise-numbers tbody th")
        assert [one.text for one in rows][:3] == ["none", "missing 5%", "missing 10%"]
        assert driver.get_log("browser") == []


def test_weak_groups_stand_in_words(data: Path, tmp_path: Path, wordnet: object) -> None:
    files = [str(data / "qa" / f"{name}.jsonl") for name in ("train", "dev", "test")]
    examples = read_questions(files).examples
    said = ["Nobody knows." if len(one.table.rows) > 9 else one.answer for one in examples]
    predictions = tmp_path / "said.txt"
    predictions.write_text("".join(f"{text}\n" for text in said), encoding="utf-8")
    given = [part for file in files for part in ("--data", file)]
    report, out = str(tmp_path / "report"), tmp_path / "cohorts"
    assert gentap("score", "--predictions", str(predictions), *given, "-o", report).exit_code == 0
    assert gentap("cohorts", report, "--least", "10", "-o", str(out)).exit_code == 0
    with open_browser() as driver:
        driver.get((out / "report.html").as_uri())
        section = driver.find_element("id", "cohorts")
        assert section.is_displayed()
        groups = section.find_elements("css selector", "tbody th")
        assert "tables over 9 rows" in [one.text for one in groups]
        link = driver.find_element("css selector", "a[href='#cohorts']")
        assert link.is_displayed()
        assert driver.get_log("browser") == []
