"""A report in a real browser, and what its reader does."""

from pathlib import Path
from typing import Any

from browsed import Browsed


class Page(Browsed):
    """A report in the browser, and what its reader does."""

    def __init__(self, browser: Any, path: Path) -> None:
        super().__init__(browser, path.as_uri())

    def open(self, fragment: str = "") -> "Page":
        self.browser.get("about:blank")
        self.browser.get(self.address + fragment)
        return self

    @property
    def ids(self) -> list[str]:
        return self.texts("article header a")

    @property
    def status(self) -> str:
        return self.texts("#status")[0]

    def choose(self, name: str, value: str) -> None:
        self.run(
            "const select = document.getElementById(arguments[0]); select.value = arguments[1];"
            "select.dispatchEvent(new Event('change', { bubbles: true }))",
            "metric" if name == "metric" else f"filter-{name}",
            value,
        )

    def search(self, text: str) -> None:
        self.run(
            "const field = document.getElementById('search'); field.value = arguments[0];"
            "field.dispatchEvent(new Event('input'))",
            text,
        )
        self.browser.execute_async_script("setTimeout(arguments[0], 200)")

    def press(self, keys: str) -> None:
        from selenium.webdriver.common.action_chains import ActionChains

        ActionChains(self.browser).send_keys(keys).perform()
