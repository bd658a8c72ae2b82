"""What all pages that GenTaP writes are made with: their head and look, for light and dark, and
their data and scripts, embedded so that a page needs nothing else."""

import base64
import hashlib
import html
import json
import re
from importlib.resources import files
from string import Template
from typing import Any

from gentap import __version__

_ASSETS = files("gentap.runs") / "assets"
_SURROGATES = re.compile("[\ud800-\udfff]")


def page_style() -> str:
    """The style sheet that each page begins with."""
    return (_ASSETS / "page.css").read_text(encoding="utf-8")


def page_head(title: str, style: str, script: str = "", by: str = f"GenTaP {__version__}") -> str:
    """A page up to its body: it loads nothing from elsewhere, and runs ``script`` alone.

    ``style`` goes below that of all pages; ``by`` is what the page says that it was made with.
    """
    return Template((_ASSETS / "head.html").read_text(encoding="utf-8")).substitute(
        title=html.escape(title),
        style=page_style() + style,
        script=_source_of(script) if script else "'none'",
        by=html.escape(by),
    )


def embedded_json(data: Any) -> str:
    """JSON that no HTML parser can end early, nor take for more than data."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    for mark in "<>&\u2028\u2029":
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    return text


def _source_of(script: str) -> str:
    """By what a content security policy knows the one script that it lets run."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def without_surrogates(page: str) -> str:
    """A page that can be written: halves of characters, which no encoding has, are marked."""
    return _SURROGATES.sub("\ufffd", page)
