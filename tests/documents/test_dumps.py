import gzip
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest
from archives import outcome, read_all, set_aside

from gentap.documents import jsonl
from gentap.documents.rejected import RejectedRecord
from gentap.records import Block, Document

HTML = (
    "<html><head><title>Other</title></head><body><section><p>{0} is a word.</p></section>"
    "<table><tr><th>Name</th><th>Year</th></tr><tr><td>{0}<sup class='mw-ref'>[1]</sup></td>"
    "<td>1843</td></tr></table></body></html>"
)


def article(name: str, **more: Any) -> dict[str, Any]:
    url = f"https://en.wiki.example/{name}"
    body = {"html": HTML.format(name), "wikitext": "'''x'''"}
    return {"name": name, "identifier": 7, "url": url, "article_body": body, **more}


def lines(*entries: Any) -> bytes:
    return b"".join(json.dumps(entry).encode() + b"\n" for entry in entries)


def dump(folder: Path, members: dict[str, bytes], name: str = "wiki-HTML.json.tar.gz") -> Path:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for member, content in members.items():
            information = tarfile.TarInfo(member)
            information.size = len(content)
            archive.addfile(information, io.BytesIO(content))
    path = folder / name
    path.write_bytes(gzip.compress(packed.getvalue(), mtime=0))
    return path


def test_articles_are_read_by_name_url_and_html(tmp_path: Path) -> None:
    path = dump(
        tmp_path,
        {
            "wiki_0.ndjson": lines(article("one"), article("two")),
            "wiki_1.ndjson": lines(article("three")),
        },
    )
    items = read_all(path)
    assert outcome(items) == ["one", "two", "three"]
    first = items[0]
    assert isinstance(first, Document)
    assert first.url == "https://en.wiki.example/one"
    assert first.blocks == (Block(section="", text="one is a word."),)
    (table,) = first.tables
    assert (table.title, table.rows) == ("one", (("one", "1843"),))


def test_bad_lines_and_members_cost_only_themselves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jsonl, "MAX_LINE_BYTES", 10_000)
    bad = b"{broken\n" + lines({"name": "no body"}, article("long", more="x" * 20_000))
    path = dump(tmp_path, {"a.txt": b"x", "b.ndjson": bad + lines(article("one"))}, "d.tar.gz")
    items = read_all(path)
    assert [set_aside(item) for item in items[:4]] == [
        ("d.tar.gz/a.txt", "not NDJSON"),
        ("d.tar.gz/b.ndjson:1", "bad JSONL record"),
        ("d.tar.gz/b.ndjson:2", "empty page"),
        ("d.tar.gz/b.ndjson:3", "line too long"),
    ]
    assert outcome(items[4:]) == ["one"]


def test_a_dump_cut_anywhere_keeps_what_came_before_and_reports_once(tmp_path: Path) -> None:
    names = [f"n{number}" for number in range(40)]
    path = dump(tmp_path, {"wiki_0.ndjson": lines(*map(article, names))})
    whole = path.read_bytes()
    most = 0
    for cut in range(1, len(whole), 61):
        path.write_bytes(whole[:cut])
        *documents, last = read_all(path)
        assert outcome(documents) == names[: len(documents)]
        assert isinstance(last, RejectedRecord)
        assert last.reason in ("damaged compressed file", "damaged archive")
        most = max(most, len(documents))
    assert most > 20


def test_a_file_that_is_no_dump_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "d.tar.gz"
    for content in (b"plain text", gzip.compress(b"no archive" * 200)):
        path.write_bytes(content)
        (unread,) = read_all(path)
        assert set_aside(unread)[0] == "d.tar.gz"


def test_html_in_a_field_is_read_by_a_map(tmp_path: Path) -> None:
    from gentap.settings.sections import FieldMap

    path = tmp_path / "pages.jsonl"
    path.write_bytes(lines(article("one"), {"name": "two", "article_body": {}}))
    fields = FieldMap(title="name", html="article_body.html")
    document, unread = read_all(path, fields)
    assert isinstance(document, Document)
    assert (document.title, document.url) == ("one", "https://en.wiki.example/one")
    assert set_aside(unread) == ("pages.jsonl:2", "empty page")
