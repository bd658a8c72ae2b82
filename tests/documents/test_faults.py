"""All that goes wrong in a crawl, in one folder: each costs itself alone, and says why."""

import gzip
from collections import Counter
from pathlib import Path

import pytest
from archives import read_all, response, set_aside, zstd

from gentap.documents.input_files import expand_inputs
from gentap.documents.read import DOCUMENT_SUFFIXES
from gentap.documents.rejected import RejectedRecord
from gentap.records import Document

TABLE = "<table><tr><th>Name</th><th>Year</th></tr>{}<tr><td>Ada</td><td>1843</td></tr></table>"
PLAIN = TABLE.format("")
LATIN = f"<h1>Café</h1>{PLAIN}"

READ: dict[str, bytes] = {
    "nul.html": f"<h1>Ca\0fé</h1>{PLAIN}".encode(),
    "utf16.html": LATIN.encode("utf-16"),
    "utf16-unmarked.html": f"<!DOCTYPE html><title>x</title>{LATIN}".encode("utf-16-be"),
    "undeclared.html": (LATIN + "<p>Le curé était fermé à l'église.</p>" * 5).encode("latin-1"),
    "span.html": TABLE.format("<tr><td rowspan=999999999>Bob</td><td>1</td></tr>").encode(),
}
SET_ASIDE: dict[str, tuple[bytes, str]] = {
    "empty.html": (b"", "empty file"),
    "empty.jsonl": (b"", "empty file"),
    "empty.warc.gz": (b"", "empty file"),
    "blank.html": (b" \n", "empty page"),
    "nested.html": (b"<div>" * 100_000, "page too heavy to parse"),
    "cut.warc.gz": (gzip.compress(response("one"))[:-30], "damaged archive"),
    "cut.warc.zst": (zstd(response("one"))[:-30], "damaged archive"),
    "cut.jsonl.gz": (gzip.compress(b'{"title": "one"}')[:-9], "damaged compressed file"),
    "cut.jsonl.zst": (zstd(b'{"title": "one"}')[:-9], "damaged compressed file"),
    "cut.tar.gz": (gzip.compress(b"x" * 10_000)[:-9], "damaged compressed file"),
    "no.warc": (b"plain text\n", "damaged archive"),
    "no.jsonl": (b"plain text\n", "bad JSONL record"),
}


def test_each_fault_costs_itself_alone(tmp_path: Path) -> None:
    for name, content in READ.items():
        (tmp_path / name).write_bytes(content)
    for name, (content, _) in SET_ASIDE.items():
        (tmp_path / name).write_bytes(content)
    found = {
        path.name: read_all(path) for path in expand_inputs([str(tmp_path)], DOCUMENT_SUFFIXES)
    }
    assert found.keys() == READ.keys() | SET_ASIDE.keys()
    reasons = Counter()
    for name, items in found.items():
        (item,) = items
        if name in READ:
            assert isinstance(item, Document)
            assert item.tables[0].rows[-1][-2:] == ("Ada", "1843"), name
            assert item.title in ("Café", "x", "span"), name
        else:
            where, reason = set_aside(item)
            assert where.startswith(name)
            assert reason == SET_ASIDE[name][1], name
            reasons[reason] += 1
    assert reasons["empty file"] == 3


def test_a_file_that_can_not_be_opened_is_set_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    for name in ("a.warc", "a.warc.gz", "a.html", "a.jsonl", "a.jsonl.gz", "a.md", "a.tar.gz"):
        (tmp_path / name).write_bytes(b"x")
        with monkeypatch.context() as patch:
            patch.setattr("pathlib.Path.open", refuse)
            patch.setattr("pathlib.Path.read_bytes", refuse)
            patch.setattr("builtins.open", refuse)
            (item,) = read_all(tmp_path / name)
        assert isinstance(item, RejectedRecord)
        assert item.reason == "unreadable file", name
