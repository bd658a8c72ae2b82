"""How the report looks: names, contrast, paper, narrow screens."""

from dataclasses import replace
from typing import Any

import pytest
from browsing import Page
from chromium import CONTRASTS
from systems import two_systems

from gentap.evaluation.metrics.scoring import METRICS
from gentap.evaluation.metrics.statistics import mean_statistics
from gentap.evaluation.report.page import report_page
from gentap.evaluation.report.score_tables import UNRANKED


def test_every_control_has_a_name_and_no_name_is_used_twice(page: Page) -> None:
    nameless = page.run(
        "return [...document.querySelectorAll('input, select, button, [role], a')]"
        ".filter((e) => !(e.labels?.length || e.textContent.trim() || e.ariaLabel)"
        " && e.getAttribute('role') !== 'status').map((e) => e.outerHTML)"
    )
    assert nameless == []
    twice = page.run(
        "const ids = [...document.querySelectorAll('[id]')].map((e) => e.id);"
        "return ids.filter((id, place) => ids.indexOf(id) !== place)"
    )
    assert twice == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_stand_out_from_their_ground(page: Page, scheme: str) -> None:
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    page.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    try:
        contrasts = page.run(CONTRASTS, "main *, header *")
        body = page.run("return getComputedStyle(document.body).backgroundColor")
    finally:
        page.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    assert body == {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 23, 27)"}[scheme]
    assert len(contrasts) > 5
    assert {pair: contrast for pair, contrast in contrasts.items() if contrast < 4.5} == {}


def test_it_prints_without_its_controls(page: Page) -> None:
    page.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        shown = page.run(
            "return ['.filters', '.pager', 'article', '#charts', 'h1']"
            ".map((name) => document.querySelector(name).checkVisibility())"
        )
        overflowing = page.run(
            "return [...document.querySelectorAll('article .scroll')]"
            ".filter((e) => e.scrollHeight > e.clientHeight + 1"
            " && getComputedStyle(e).overflowY !== 'visible').length"
        )
    finally:
        page.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    assert shown == [False, False, True, True, True]
    assert overflowing == 0
    printed = page.browser.execute_cdp_cmd("Page.printToPDF", {})["data"]
    assert printed.startswith("JVBER")  # %PDF in base64


def test_a_narrow_screen_scrolls_downwards_only(page: Page) -> None:
    size = {"width": 390, "height": 800, "deviceScaleFactor": 1, "mobile": True}
    page.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        page.open()
        wide = page.run("return document.documentElement.scrollWidth")
    finally:
        page.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert wide <= 390


def test_on_a_narrow_screen_tables_are_folded_below_their_examples(page: Page) -> None:
    size = {"width": 390, "height": 800, "deviceScaleFactor": 1, "mobile": True}
    page.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        page.open()
        seen = (
            "return [...document.querySelectorAll('article figure')]"
            ".map((e) => e.checkVisibility())"
        )
        assert not any(page.run(seen))
        page.run("document.querySelector('article summary').click()")
        assert page.run(seen)[0]
    finally:
        page.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    page.open()
    assert all(page.run(seen))


@pytest.fixture(scope="module")
def wide_page(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Page:
    """Two systems under twelve metrics, of which all but exact match are above zero."""
    systems = []
    for found in two_systems():
        held = {
            name: mean_statistics([name != "exact_match"] * 47, "s") for name in list(METRICS)[:12]
        }
        systems.append(replace(found, scored=replace(found.scored, statistics=held)))
    path = tmp_path_factory.mktemp("wide") / "report.html"
    path.write_text(report_page("Many", systems), encoding="utf-8")
    return Page(browser, path)


def test_twelve_columns_fit_and_some_can_be_chosen(wide_page: Page) -> None:
    wide_page.open()
    wide, room = wide_page.run(
        "const e = document.querySelector('.scores').parentElement;"
        "return [e.scrollWidth, e.clientWidth]"
    )
    assert wide <= room
    heads = (
        "return [...document.querySelectorAll('.scores thead th')]"
        ".filter((e) => e.checkVisibility()).length"
    )
    assert wide_page.run(heads) == 13
    for left in (12, 13):
        wide_page.run("document.querySelector('.columns input').click()")
        assert wide_page.run(heads) == left


def test_nothing_is_bold_where_more_is_not_better_or_all_is_zero(wide_page: Page) -> None:
    wide_page.open()
    bold = wide_page.run(
        "const heads = [...document.querySelectorAll('.scores thead th')]"
        ".map((e) => e.textContent);"
        "return [...new Set([...document.querySelectorAll('.scores .best')]"
        ".map((e) => heads[e.cellIndex]))]"
    )
    unmarked = {METRICS[name] for name in (*UNRANKED, "exact_match")}
    assert set(bold) == {METRICS[name] for name in list(METRICS)[:12]} - unmarked
    assert "protocol fetaqa" in wide_page.one("#scores, main").text


def test_curves_have_colours_that_no_system_has(page: Page) -> None:
    colours = page.run(
        "const seen = (name) => getComputedStyle(document.documentElement).getPropertyValue(name);"
        "return [['--curve', '--curve-dev'].map(seen),"
        " [0, 1, 2, 3, 4, 5].map((n) => seen(`--s${n}`))]"
    )
    assert not set(colours[0]) & set(colours[1])
    assert len(set(colours[0])) == 2
