"""The look of all pages that GenTaP writes: colours for light and dark, and the text."""

from importlib.resources import files


def page_style() -> str:
    """The style sheet that each page begins with."""
    return (files("gentap.runs") / "assets" / "page.css").read_text(encoding="utf-8")
