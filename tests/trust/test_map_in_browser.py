"""The map's page in a real browser: colours, and what is told of a cell that is pointed at."""

from pathlib import Path

import numpy as np
from chromium import open_browser

from gentap.trust.cell_map import CellEmbeddings, MappedCell
from gentap.trust.map_page import map_page

COLOURS = (
    "return new Set([...document.querySelectorAll('#after circle')].map((p) => p.style.fill)).size"
)


def embeddings() -> CellEmbeddings:
    generator = np.random.default_rng(0)
    cells = [
        MappedCell(
            f"<b>{place}</b>",
            (f"<b>{place}</b>", "Oslo"),
            ("Year", "Town"),
            "Year",
            "number" if place % 2 else "text",
            f"page {place % 9}",
        )
        for place in range(40)
    ]
    before, after = (generator.normal(size=(40, 8)).astype(np.float32) for _ in range(2))
    return CellEmbeddings(cells, before, after, 9, 12)


def test_cells_are_coloured_and_told_with_their_rows(tmp_path: Path) -> None:
    page, shares = map_page("toy", embeddings(), 5, 1)
    assert set(shares) == {"column", "kind of value", "page"}
    file = tmp_path / "map.html"
    file.write_text(page, encoding="utf-8")
    with open_browser() as driver:
        driver.get(file.as_uri())
        assert len(driver.find_elements("css selector", "circle")) == 80
        assert driver.execute_script(COLOURS) == 1  # of one column
        options = driver.find_elements("css selector", "#colouring option")
        assert [one.text for one in options] == ["column", "kind of value", "page"]
        options[1].click()
        assert driver.execute_script(COLOURS) == 2
        options[2].click()
        assert driver.execute_script(COLOURS) == 7  # six pages, and grey for the other three
        legend = driver.find_element("css selector", "#legend").text
        assert "page 0 (5)" in legend
        assert "others (12)" in legend
        point = driver.find_element("css selector", "#before circle[data-cell='7']")
        driver.execute_script(
            "arguments[0].dispatchEvent(new PointerEvent('pointerover', {bubbles: true}))", point
        )
        told = driver.find_element("css selector", "#told").text
        assert "<b>7</b> · Year · page 7" in told
        assert "Oslo" in told
        pointed = driver.find_elements("css selector", "circle.pointed")
        assert [one.get_attribute("data-cell") for one in pointed] == ["7", "7"]
        assert driver.get_log("browser") == []
