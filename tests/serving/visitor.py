"""Somebody who uses the page: finds things, waits for them, types, drops files."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from browsed import Browsed


class Visitor(Browsed):
    """Somebody at the page."""

    def open(self) -> "Visitor":
        self.browser.get("about:blank")
        self.browser.get(self.address)
        self.wait(lambda: self.all("#table-view tbody td") and self.one("#question textarea"))
        return self

    def wait(self, seen: Callable[[], Any], seconds: float = 120) -> Any:
        """Until something is seen; fails with what the page shows instead."""
        from selenium.common.exceptions import WebDriverException

        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                if found := seen():
                    return found
            except (WebDriverException, LookupError):
                pass
            time.sleep(0.1)
        raise AssertionError(self.one("body").text)

    def press(self, *keys: str) -> None:
        from selenium.webdriver.common.action_chains import ActionChains

        ActionChains(self.browser).send_keys(*keys).perform()

    def tab(self, name: str) -> None:
        """Open one of the tabs above the table."""
        button = next(one for one in self.all("#sources [role=tab]") if one.text == name)
        button.click()

    def choose(self, list_of: str, name: str) -> None:
        """Pick from a list that opens."""

        def option() -> Any:
            found = self.all(f"{list_of} [role=option], [role=listbox] [role=option]")
            return next((one for one in found if name in one.text), None)

        self.wait(lambda: self.one(f"{list_of} input").is_displayed())
        self.one(f"{list_of} input").click()
        self.wait(option).click()

    def upload(self, path: Path) -> None:
        self.tab("File")
        self.wait(lambda: self.all("#file input[type=file]"))
        self.one("#file input[type=file]").send_keys(str(path))

    def ask(self, question: str) -> None:
        from selenium.webdriver.common.keys import Keys

        before = len(self.all(".gt-entry"))
        field = self.one("#question textarea")
        field.clear()
        field.send_keys(question, Keys.ENTER)
        self.wait(lambda: len(self.all(".gt-entry")) > before)

    def column(self, place: int) -> list[str]:
        return self.texts(f"#table-view tbody td:nth-child({place + 2})")

    @property
    def header(self) -> list[str]:
        return self.texts("#table-view thead .gt-text")
