"""Annotated questions of both kinds, in a file, and what a report says of them."""

import json
from pathlib import Path
from typing import Any

TABLE = {
    "title": "Mara Lind",
    "header": ["Year", "Film"],
    "rows": [["2004", "Dawn"], ["2005", "Dusk"]],
}
CELL_QUESTIONS = [
    {"question": f"which film in {year}", "answer": film, "kind": "cell", "table": TABLE}
    for year, film in (("2004", "Dawn"), ("2005", "Dusk"))
]
LONG_QUESTIONS = [
    {"question": "what did she sing in three films", "answer": "She sang twice.", "table": TABLE},
    {"question": "which winter concert", "answer": "The old one in town.", "table": TABLE},
    {"question": "the choir", "answer": "The harbour choir.", "table": TABLE},
]
MIXED = [
    LONG_QUESTIONS[0],
    CELL_QUESTIONS[0],
    LONG_QUESTIONS[1],
    CELL_QUESTIONS[1],
    LONG_QUESTIONS[2],
]


def write_questions(path: Path, lines: list[Any]) -> Path:
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    return path


def read_lines(report: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (report / "predictions.jsonl").open(encoding="utf-8")]
