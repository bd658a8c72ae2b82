"""What stands on a page that a browser shows."""

from typing import Any


class Browsed:
    """A page in a browser, at its address."""

    def __init__(self, browser: Any, address: str) -> None:
        self.browser, self.address = browser, address

    def run(self, script: str, *given: Any) -> Any:
        return self.browser.execute_script(script, *given)

    def all(self, selector: str) -> list[Any]:
        return list(self.browser.find_elements("css selector", selector))

    def one(self, selector: str) -> Any:
        return self.browser.find_element("css selector", selector)

    def texts(self, selector: str) -> list[str]:
        script = "return [...document.querySelectorAll(arguments[0])].map((e) => e.textContent)"
        return list(self.run(script, selector))
