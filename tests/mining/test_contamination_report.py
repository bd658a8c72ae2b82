import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from gentap.errors import SettingError
from gentap.mining.contamination_report import report_overlap
from gentap.settings.sections import MineSettings

ANSWER = "Ada Dawn came to Rome in 1914 and stayed there for a year."


def documents(path: Path) -> Path:
    rows = [["Ada Dawn", "1914", "Rome"], ["Bo Dusk", "1915", "Oslo"]]
    table = {"header": ["Name", "Year", "City"], "rows": rows}
    other = {"header": ["Name", "Year"], "rows": [["Cy Noon", "1999"], ["Di Eve", "1998"]]}
    pages = [
        {"url": "https://pages.example/1", "title": "Held", "text": ANSWER, "tables": [table]},
        {"url": "https://pages.example/2", "title": "Free", "text": "Nothing.", "tables": [other]},
        {"url": "https://pages.example/3", "title": "Free too", "text": ["No."], "tables": [table]},
    ]
    path.write_text("".join(json.dumps(page) + "\n" for page in pages), encoding="utf-8")
    return path


def feta(folder: Path) -> Path:
    path = folder / "test.jsonl"
    array = [["City", "Name", "Year"], ["Oslo", "Bo Dusk", "1915"], ["Rome", "Ada Dawn", "1914"]]
    entry = {"table_page_title": "HELD", "table_array": array, "question": "Who?", "answer": ANSWER}
    path.write_text(json.dumps(entry), encoding="utf-8")
    return path


def plain(folder: Path) -> Path:
    path = folder / "plain.jsonl"
    table = {"title": "Held", "header": ["City", "Name", "Year"]}
    table["rows"] = [["Oslo", "Bo Dusk", "1915"], ["Rome", "Ada Dawn", "1914"]]
    entry = {"question": "Who?", "answer": ANSWER, "table": table}
    path.write_text(json.dumps(entry), encoding="utf-8")
    return path


def wikitablequestions(folder: Path) -> Path:
    (folder / "csv").mkdir()
    (folder / "data").mkdir()
    text = '"City","Name","Year"\n"Oslo","Bo Dusk","1915"\n"Rome","Ada Dawn","1914"\n'
    (folder / "csv" / "1.csv").write_text(text, encoding="utf-8")
    path = folder / "data" / "test.tsv"
    lines = "id\tutterance\tcontext\ttargetValue\nnt-1\twho?\tcsv/1.csv\tAda Dawn\n"
    path.write_text(lines, encoding="utf-8")
    return path


@pytest.mark.parametrize("make", [feta, plain, wikitablequestions])
def test_what_is_shared_is_counted_and_nothing_is_mined(
    tmp_path: Path, open_folder: Any, make: Any
) -> None:
    exclude = [str(make(tmp_path))]
    inputs = [str(documents(tmp_path / "pages.jsonl"))]
    folder = open_folder(tmp_path / "out")
    tally = report_overlap(MineSettings(inputs=inputs, exclude=exclude), folder, 1)
    want = {"table of an evaluation set": 2}
    if make is not wikitablequestions:
        want |= {"page of an evaluation set": 1, "answer of an evaluation set": 1}
    assert tally.rejected == Counter(want)
    assert tally.counts == Counter({"pages read": 3, "tables read": 3})
    assert not list((tmp_path / "out").rglob("*.parquet"))


def test_an_evaluation_set_must_be_named(tmp_path: Path, open_folder: Any) -> None:
    inputs = [str(documents(tmp_path / "pages.jsonl"))]
    with pytest.raises(SettingError, match="--exclude"):
        report_overlap(MineSettings(inputs=inputs), open_folder(tmp_path / "out"), 1)
