"""Noise curves and weak groups of a report, in a real browser."""

from collections.abc import Callable
from pathlib import Path

from chromium import open_browser
from complaints import gentap


def test_a_line_for_each_kind_of_noise_is_drawn(noisy_report: Callable[..., Path]) -> None:
    out = noisy_report("missing=0.1,typos=0.1", 3)
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


def test_weak_groups_stand_in_words(report: str, tmp_path: Path) -> None:
    out = tmp_path / "cohorts"
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
