"""Curves of noisy tables and the table of weak groups, in a real browser."""

from pathlib import Path
from typing import Any

from browsing import Page
from systems import two_systems

from gentap.evaluation.report.page import TableSection, report_page


def test_curves_and_weak_groups_are_seen(browser: Any, tmp_path: Path) -> None:
    noise = [
        {"kind": kind, "level": level, "scores": {"rougeL": [60 - 50 * level, 40.0, 70.0]}}
        for kind, levels in (("none", (0.0,)), ("missing", (0.1, 0.4)), ("typos", (0.1, 0.4)))
        for level in levels
    ]
    weak = TableSection("cohorts", "Weak groups", ["group", "gap"], [["<b> rows", "-3"]], "Note.")
    path = tmp_path / "report.html"
    path.write_text(report_page("Films", two_systems()[:1], sections=[weak], noise=noise))
    page = Page(browser, path).open()
    assert len(page.all("#chart-noise path.curve")) == 2
    assert len(page.all("#chart-noise circle")) == 6
    assert page.texts("#chart-noise .legend li") == ["missing", "typos"]
    assert page.texts("#cohorts tbody th") == ["<b> rows"]
    assert [link for link in page.texts("nav a") if "Weak" in link] == ["Weak groups"]
    page.choose("metric", "bleu")  # there are no curves of it
    assert page.one("#noise").get_attribute("hidden") == "true"
    plain = tmp_path / "plain.html"
    plain.write_text(report_page("Films", two_systems()[:1]))
    assert not Page(browser, plain).open().one("#noise").is_displayed()
