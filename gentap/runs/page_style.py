"""What all pages that GenTaP writes are made with: their look, for light and dark, and their data
and scripts, embedded so that a page needs nothing else."""

import base64
import hashlib
import json
import re
from importlib.resources import files
from typing import Any

_SURROGATES = re.compile("[\ud800-\udfff]")


def page_style() -> str:
    """The style sheet that each page begins with."""
    return (files("gentap.runs") / "assets" / "page.css").read_text(encoding="utf-8")


def embedded_json(data: Any) -> str:
    """JSON that no HTML parser can end early, nor take for more than data."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    for mark in "<>&\u2028\u2029":
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    return text


def script_hash(script: str) -> str:
    """By what a content security policy knows the one script that it lets run."""
    return f"sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}"


def without_surrogates(page: str) -> str:
    """A page that can be written: halves of characters, which no encoding has, are marked."""
    return _SURROGATES.sub("\ufffd", page)
