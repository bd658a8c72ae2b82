"""Commands with bad input, in a folder of the test's own, and what they say."""

import json
from pathlib import Path
from typing import Any

from click.testing import Result
from typer.testing import CliRunner

from gentap.cli import app
from gentap.runs.store import REJECTED, own_files

TABLE = {"header": ["Year", "Film"], "rows": [["2004", "Dawn"], ["2005", "Dusk"]]}
PAGE = """<html><head><title>Mara Lind</title></head><body>
<p>In 2005 she made Dusk with her old crew from the harbour.</p>
<table><tr><th>Year<th>Film<tr><td>2004<td>Dawn<tr><td>2005<td>Dusk<tr><td>2006<td>Noon</table>
</body></html>"""


def gentap(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def complaint(*arguments: str) -> str:
    """The one message of a command that did nothing."""
    result = gentap(*arguments)
    assert isinstance(result.exception, SystemExit), result.exc_info
    assert result.exit_code == 1, result.output
    assert result.stdout == ""
    lines = [line for line in result.stderr.splitlines() if "/1 shards, " not in line]
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("gentap: ")
    return lines[0].removeprefix("gentap: ")


def write(name: str, content: str | bytes) -> str:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return name


def jsonl(*lines: Any) -> str:
    texts = (line if isinstance(line, str) else json.dumps(line) for line in lines)
    return "".join(f"{text}\n" for text in texts)


def questions(name: str = "test.jsonl", count: int = 1) -> str:
    lines = [{"question": f"Which {n}?", "answer": "Dusk", "table": TABLE} for n in range(count)]
    return write(name, jsonl(*lines))


def mined() -> str:
    write("pages/mara.html", PAGE)
    result = gentap("mine", "pages", "-o", "mined", "--workers", "1")
    assert result.exit_code == 0, result.output
    return "mined"


def rejected(output: str) -> list[dict[str, str]]:
    lines = (own_files(Path(output)) / REJECTED).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]
