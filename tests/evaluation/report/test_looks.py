"""How the report looks: names, contrast, paper, narrow screens."""

import pytest
from browsing import Page


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
        contrasts = page.run(
            """
            const canvas = document.createElement("canvas")
              .getContext("2d", { willReadFrequently: true });
            const light = (colour) => {
              canvas.fillStyle = colour;
              canvas.fillRect(0, 0, 1, 1);
              const parts = [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).map((part) => {
                const share = part / 255;
                return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
              });
              return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
            };
            const ground = (element) => {
              for (let e = element; e; e = e.parentElement) {
                const colour = getComputedStyle(e).backgroundColor;
                if (colour !== "rgba(0, 0, 0, 0)") return colour;
              }
              return "white";
            };
            const found = {};
            for (const element of document.querySelectorAll("main *, header *")) {
              const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
              if (!own || !element.checkVisibility() || element.closest("svg, :disabled")) continue;
              const [a, b] = [getComputedStyle(element).color, ground(element)];
              const pair = [light(a), light(b)].sort((x, y) => y - x);
              found[`${a} on ${b}`] = (pair[0] + 0.05) / (pair[1] + 0.05);
            }
            return found;
            """
        )
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
