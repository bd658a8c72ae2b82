import gzip
import json
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import pytest

from gentap.documents import read
from gentap.documents.read import Unread, expand_inputs, read_documents
from gentap.errors import InputError
from gentap.records import Block, Document
from gentap.settings import FieldMap

Item = Document | Unread


def read_all(path: Path, fields: FieldMap | None = None) -> list[Item]:
    return list(read_documents(path, fields or FieldMap()))


def outcome(items: list[Item]) -> list[str]:
    """Titles of documents and reasons of what was set aside."""
    return [item.title if isinstance(item, Document) else item.reason for item in items]


def set_aside(item: Item) -> tuple[str, str]:
    assert isinstance(item, Unread)
    return item.where, item.reason


# Inputs


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.html", "a.jsonl", "deep/c.warc.gz", "deep/d.md", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    (tmp_path / "folder.html").mkdir()
    (tmp_path / "empty").mkdir()
    return tmp_path


def names(paths: list[Path], folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in paths]


def test_a_folder_gives_its_readable_files_sorted(folder: Path) -> None:
    assert names(expand_inputs([str(folder)]), folder) == ["a.jsonl", "b.html", "deep/c.warc.gz"]


def test_inputs_keep_the_given_order_and_come_once(folder: Path) -> None:
    patterns = [f"{folder}/b.html", f"{folder}/*.jsonl", str(folder), f"{folder}/./b.html"]
    assert names(expand_inputs(patterns), folder) == ["b.html", "a.jsonl", "deep/c.warc.gz"]


def test_globs_reach_into_folders_and_match_sorted(folder: Path) -> None:
    (folder / "a.html").write_text("x")
    assert names(expand_inputs([f"{folder}/[ab].html"]), folder) == ["a.html", "b.html"]
    assert names(expand_inputs([f"{folder}/**/*.warc.gz"]), folder) == ["deep/c.warc.gz"]
    assert names(expand_inputs([f"{folder}/d*"]), folder) == ["deep/c.warc.gz"]


def test_a_file_whose_name_looks_like_a_glob_is_that_file(folder: Path) -> None:
    (folder / "a[1].html").write_text("x")
    assert names(expand_inputs([f"{folder}/a[1].html"]), folder) == ["a[1].html"]


def test_other_suffixes_can_be_asked_for(folder: Path) -> None:
    assert names(expand_inputs([str(folder)], (".txt",)), folder) == ["notes.txt"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing.html", "no such file or folder"),
        ("*.warc", "no such file or folder"),
        ("empty", "holds no file that ends in .*html"),
        ("folder.html", "holds no file that ends in"),
        ("notes.txt", "can't tell the format"),
        ("n*", "can't tell the format"),
    ],
)
def test_an_input_that_gives_nothing_is_named(folder: Path, name: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        expand_inputs([f"{folder}/b.html", f"{folder}/{name}"])
    assert str(caught.value).startswith(f"{folder}/{name[:1]}")


# HTML files


def test_a_page_is_one_document_named_after_its_file(tmp_path: Path) -> None:
    path = tmp_path / "ada.html"
    path.write_bytes("<h1>Ada</h1><p>É.</p>".encode("utf-16"))
    assert read_all(path) == [
        Document(url="ada.html", title="Ada", blocks=(Block(section="", text="É."),), tables=())
    ]


def test_pages_that_cannot_be_read_are_set_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read, "MAX_PAGE_BYTES", 10)
    (tmp_path / "large.html").write_text("<p>01234567")
    (tmp_path / "empty.html").write_text(" \n")
    assert read_all(tmp_path / "large.html") == [Unread("large.html", "page too large", "11 bytes")]
    assert read_all(tmp_path / "empty.html") == [Unread("empty.html", "empty page")]
    assert outcome(read_all(tmp_path / "gone.html")) == ["unreadable file"]


# JSONL files


LINES = [json.dumps({"title": title, "text": title * 3}) for title in ("one", "two", "three")]


@pytest.mark.parametrize("name", ["docs.jsonl", "docs.ndjson", "docs.jsonl.gz", "docs.ndjson.gz"])
def test_bad_lines_are_set_aside_and_the_next_one_is_read(tmp_path: Path, name: str) -> None:
    content = "\n".join([LINES[0], "{broken", "", LINES[1], "[]"]).encode()
    content += b'\n{"title": "\xff"}\n' + LINES[2].encode()
    path = tmp_path / name
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    items = read_all(path)
    bad = "bad JSONL record"
    assert outcome(items) == ["one", bad, "two", bad, bad, "three"]
    places = [item.where if isinstance(item, Unread) else item.url for item in items]
    assert places == [f"{name}:{number}" for number in (1, 2, 4, 5, 6, 7)]
    assert isinstance(items[1], Unread)
    assert "Expecting property name" in items[1].detail


def test_a_byte_order_mark_and_unicode_line_ends_within_a_text_are_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "docs.jsonl"
    line = json.dumps({"title": "one", "text": "a\u2028b\x85c"}, ensure_ascii=False)
    path.write_text(line + "\r\n" + LINES[1], encoding="utf-8-sig")
    first, second = read_all(path)
    assert isinstance(first, Document)
    assert first.blocks == (Block(section="", text="a\u2028b\x85c"),)
    assert outcome([second]) == ["two"]


def test_a_truncated_jsonl_gz_keeps_what_came_before_and_reports(tmp_path: Path) -> None:
    titles = [f"t{number}" for number in range(300)]
    whole = gzip.compress("".join(f'{{"title": "{title}"}}\n' for title in titles).encode())
    path = tmp_path / "docs.jsonl.gz"
    for cut in range(1, len(whole), 37):
        path.write_bytes(whole[:cut])
        *documents, last = read_all(path)
        assert outcome(documents) == titles[: len(documents)]
        where = f"docs.jsonl.gz:{len(documents) + 1}"
        assert set_aside(last) == (where, "damaged compressed file")
    assert len(documents) > 150


def test_a_file_that_is_not_compressed_at_all_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "docs.jsonl.gz"
    path.write_text(LINES[0])
    assert outcome(read_all(path)) == ["damaged compressed file"]


# WARC files


PAGE = b"<title>%s</title><p>Words of %s.</p>"


def response(
    name: str,
    body: bytes | None = None,
    *,
    status: str = "200 OK",
    content_type: str = "text/html; charset=utf-8",
    headers: str = "",
    warc_type: str = "response",
    block_type: str = "application/http; msgtype=response",
) -> bytes:
    """One WARC record of https://w.example/<name>."""
    if body is None:
        body = PAGE % (name.encode(), name.encode())
    block = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\n{headers}\r\n".encode() + body
    head = (
        f"WARC/1.1\r\nWARC-Type: {warc_type}\r\nWARC-Target-URI: https://w.example/{name}\r\n"
        "WARC-Date: 2020-02-02T00:00:00Z\r\n"
        "WARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-000000000001>\r\n"
        f"Content-Type: {block_type}\r\nContent-Length: {len(block)}\r\n\r\n"
    )
    return head.encode() + block + b"\r\n\r\n"


def chunked(body: bytes) -> bytes:
    parts = [body[start : start + 10] for start in range(0, len(body), 10)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in [*parts, b""])


def warc(folder: Path, *records: bytes, name: str = "a.warc.gz") -> Path:
    path = folder / name
    packed = name.endswith(".gz")
    path.write_bytes(b"".join(gzip.compress(record) if packed else record for record in records))
    return path


@pytest.mark.parametrize("name", ["a.warc", "a.warc.gz"])
def test_html_responses_are_read_in_order(tmp_path: Path, name: str) -> None:
    path = warc(
        tmp_path,
        response("info", warc_type="warcinfo", block_type="application/warc-fields"),
        response("one"),
        response("request", warc_type="request"),
        response("two", content_type="TEXT/HTML"),
        response("three", content_type="application/xhtml+xml"),
        name=name,
    )
    items = read_all(path)
    assert outcome(items) == ["one", "two", "three"]
    assert items[0] == Document(
        url="https://w.example/one",
        title="one",
        blocks=(Block(section="", text="Words of one."),),
        tables=(),
    )


def test_an_archive_in_one_gzip_member_is_read(tmp_path: Path) -> None:
    assert outcome(read_all(warc(tmp_path, response("one") + response("two")))) == ["one", "two"]


def test_the_url_of_a_response_wins_over_a_canonical_link(tmp_path: Path) -> None:
    body = b'<link rel="canonical" href="https://other.example"><h1>one</h1>'
    (document,) = read_all(warc(tmp_path, response("one", body)))
    assert isinstance(document, Document)
    assert document.url == "https://w.example/one"


@pytest.mark.parametrize(
    ("coding", "headers"),
    [
        (chunked, "Transfer-Encoding: chunked\r\n"),
        (gzip.compress, "Content-Encoding: gzip\r\n"),
        (
            lambda body: chunked(gzip.compress(body)),
            "Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n",
        ),
    ],
    ids=["chunked", "gzip", "both"],
)
def test_encoded_bodies_are_decoded(
    tmp_path: Path, coding: Callable[[bytes], bytes], headers: str
) -> None:
    body = coding("<title>one</title><p>Über alles.</p>".encode("latin-1"))
    record = response("one", body, headers=headers, content_type="text/html; charset=iso-8859-1")
    (document,) = read_all(warc(tmp_path, record))
    assert isinstance(document, Document)
    assert document.blocks == (Block(section="", text="Über alles."),)


@pytest.mark.parametrize(
    ("record", "reason", "detail"),
    [
        (response("x", status="301 Moved"), "HTTP error or redirect", "status 301"),
        (response("x", status="404 Gone"), "HTTP error or redirect", "status 404"),
        (
            response("x", b"", status="302 Found", headers="Content-Encoding: gzip\r\n"),
            "HTTP error or redirect",
            "status 302",
        ),
        (response("x", content_type="application/pdf"), "not HTML", "application/pdf"),
        (response("x", content_type=""), "not HTML", "no content type"),
        (response("x", block_type="text/dns"), "not an HTTP response", ""),
        (response("x", b" \n"), "empty page", ""),
        (response("x", b"x" * 300_000), "page too large", "300,059 bytes"),
        (
            response("x", gzip.compress(b"x" * 300_000), headers="Content-Encoding: gzip\r\n"),
            "page too large",
            "over 200,000 bytes",
        ),
    ],
)
def test_other_responses_are_set_aside_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, record: bytes, reason: str, detail: str
) -> None:
    monkeypatch.setattr(read, "MAX_PAGE_BYTES", 200_000)
    before, unread, after = read_all(warc(tmp_path, response("one"), record, response("two")))
    assert outcome([before, after]) == ["one", "two"]
    assert unread == Unread("a.warc.gz#https://w.example/x", reason, detail)


@pytest.mark.parametrize(
    "headers",
    [
        "Content-Encoding: gzip\r\n",
        "Content-Encoding: br\r\n",
        "Transfer-Encoding: chunked\r\n",
    ],
)
def test_a_body_that_is_not_what_its_headers_say_costs_only_itself(
    tmp_path: Path, headers: str
) -> None:
    items = read_all(warc(tmp_path, response("x", headers=headers), response("two")))
    assert set_aside(items[0]) == ("a.warc.gz#https://w.example/x", "undecodable response")
    assert outcome(items[1:]) == ["two"]


def test_an_unknown_charset_costs_nothing(tmp_path: Path) -> None:
    record = response("one", b"<h1>\xe9t\xe9</h1>", content_type="text/html; charset=idna")
    first, second = read_all(warc(tmp_path, record, response("two")))
    assert isinstance(first, Document)
    assert outcome([second]) == ["two"]


@pytest.mark.parametrize("members", [1, 3])
def test_a_warc_gz_cut_anywhere_keeps_what_came_before_and_reports(
    tmp_path: Path, members: int
) -> None:
    titles = ["one", "two", "three"]
    records = [response(title) for title in titles]
    if members == 1:
        records = [b"".join(records)]
    whole = b"".join(gzip.compress(record) for record in records)
    ends = {len(gzip.compress(records[0])), sum(len(gzip.compress(r)) for r in records[:2])}
    path = tmp_path / "a.warc.gz"
    for cut in set(range(1, len(whole), 3)) - ends:
        path.write_bytes(whole[:cut])
        *documents, last = read_all(path)
        assert outcome(documents) == titles[: len(documents)]
        assert outcome([last]) == ["damaged archive"]
        assert sum(end <= cut for end in ends) <= len(documents) or members == 1


def test_a_plain_warc_cut_anywhere_never_gives_half_a_page(tmp_path: Path) -> None:
    whole = response("one") + response("two")
    path = tmp_path / "a.warc"
    for cut in range(1, len(whole), 5):
        path.write_bytes(whole[:cut])
        titles = [item.title for item in read_all(path) if isinstance(item, Document)]
        complete = (cut >= len(response("one")) - 4) + (cut >= len(whole) - 4)
        assert titles == ["one", "two"][:complete]
    path.write_bytes(whole[:-10])
    assert read_all(path)[1:] == [
        Unread("a.warc#https://w.example/two", "damaged archive", "it ends within this record")
    ]


@pytest.mark.parametrize("name", ["a.warc", "a.warc.gz"])
def test_garbage_after_a_good_record_is_reported(tmp_path: Path, name: str) -> None:
    path = warc(tmp_path, response("one"), name=name)
    path.write_bytes(path.read_bytes() + b"no record at all\r\n" * 9)
    document, unread = read_all(path)
    assert outcome([document]) == ["one"]
    assert set_aside(unread) == (f"{name} after https://w.example/one", "damaged archive")


def test_damage_within_a_member_is_reported(tmp_path: Path) -> None:
    packed = [gzip.compress(response(title)) for title in ("one", "two", "three")]
    damaged = bytearray(packed[1])
    damaged[len(damaged) // 2] ^= 0xFF
    path = tmp_path / "a.warc.gz"
    path.write_bytes(packed[0] + damaged + packed[2])
    found = outcome(read_all(path))
    assert (found[0], found[-1]) == ("one", "damaged archive")
    assert "three" not in found


@pytest.mark.parametrize("content", [b"garbage" * 99, b"\x1f\x8b", b"WARC/1.1\r\n"])
def test_a_file_that_is_no_archive_is_one_report(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.warc.gz"
    path.write_bytes(content)
    (unread,) = read_all(path)
    assert set_aside(unread) == ("a.warc.gz after its start", "damaged archive")


def test_an_empty_archive_holds_nothing(tmp_path: Path) -> None:
    assert read_all(warc(tmp_path, name="a.warc")) == []
    assert read_all(warc(tmp_path, b"")) == []


# Real data


def test_real_pages_are_all_read(shared: Callable[[str], Path]) -> None:
    path = shared("pages/wikipedia-00001-of-00004.warc.gz")
    items = list(islice(read_documents(path, FieldMap()), 100))
    assert all(isinstance(item, Document) and item.title and item.blocks for item in items)
    assert sum(len(item.tables) for item in items if isinstance(item, Document)) > 300


def test_real_tables_with_passages_are_read_by_a_field_map(shared: Callable[[str], Path]) -> None:
    fields = FieldMap(
        tables="", section="section_title", text=["intro", "section_text", "passages[].text"]
    )
    path = shared("ottqa/documents-00000-of-00008.jsonl.gz")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        entries = [json.loads(line) for line in islice(file, 200)]
    items = list(islice(read_documents(path, fields), 200))
    for entry, item in zip(entries, items, strict=True):
        assert isinstance(item, Document)
        (table,) = item.tables
        assert (item.url, item.title) == (entry["url"], " ".join(entry["title"].split()))
        assert table.section == " ".join(entry["section_title"].split())
        assert len(table.rows) == len(entry["rows"])
        assert [cell for cell in table.header if cell] == [
            " ".join(cell.split()) for cell in entry["header"] if cell.strip()
        ]
        texts = [entry["intro"], entry["section_text"]]
        texts += [passage["text"] for passage in entry["passages"]]
        assert [block.text for block in item.blocks] == [text for text in texts if text.strip()]
