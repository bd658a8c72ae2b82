import gzip
import re
import zlib
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import pytest
from archives import PACKERS, brotli, chunked, outcome, read_all, response, set_aside, warc, zstd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gentap.documents import pages
from gentap.documents.read import read_documents
from gentap.documents.rejected import RejectedRecord
from gentap.records import Block, Document
from gentap.settings.sections import FieldMap


@pytest.mark.parametrize("name", ["a.warc", "a.warc.gz", "a.warc.zst"])
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


@pytest.mark.parametrize("name", ["a.warc.gz", "a.warc.zst"])
def test_an_archive_in_one_compressed_piece_is_read(tmp_path: Path, name: str) -> None:
    path = warc(tmp_path, response("one") + response("two"), name=name)
    assert outcome(read_all(path)) == ["one", "two"]


def test_resource_records_of_html_are_pages(tmp_path: Path) -> None:
    body = b"<title>one</title>"
    head = (
        b"WARC/1.1\r\nWARC-Type: resource\r\nWARC-Target-URI: https://w.example/one\r\n"
        b"WARC-Date: 2020-02-02T00:00:00Z\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n"
    )
    page = head % (b"text/html", len(body)) + body + b"\r\n\r\n"
    picture = head % (b"image/png", len(body)) + body + b"\r\n\r\n"
    assert outcome(read_all(warc(tmp_path, page, picture))) == ["one", "not HTML"]


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
        (zlib.compress, "Content-Encoding: deflate\r\n"),
        (zstd, "Content-Encoding: zstd\r\n"),
        (brotli, "Content-Encoding: br\r\n"),
    ],
    ids=["chunked", "gzip", "both", "deflate", "zstd", "brotli"],
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
    monkeypatch.setattr(pages, "MAX_PAGE_BYTES", 200_000)
    before, unread, after = read_all(warc(tmp_path, response("one"), record, response("two")))
    assert outcome([before, after]) == ["one", "two"]
    assert unread == RejectedRecord("a.warc.gz#https://w.example/x", reason, detail)


@pytest.mark.parametrize(
    "headers",
    [
        "Content-Encoding: gzip\r\n",
        "Content-Encoding: none\r\n",
        "Content-Encoding: br\r\n",
        "Transfer-Encoding: chunked\r\n",
    ],
)
def test_a_body_already_decoded_is_read_under_the_headers_it_came_with(
    tmp_path: Path, headers: str
) -> None:
    items = read_all(warc(tmp_path, response("x", headers=headers), response("two")))
    assert outcome(items) == ["x", "two"]


@pytest.mark.parametrize(
    "headers", ["Content-Encoding: gzip\r\n", "Transfer-Encoding: chunked\r\n"]
)
def test_a_body_that_no_header_explains_costs_only_itself(tmp_path: Path, headers: str) -> None:
    record = response("x", b"\x7f\x03garbage", headers=headers)
    items = read_all(warc(tmp_path, record, response("two")))
    assert set_aside(items[0]) == ("a.warc.gz#https://w.example/x", "undecodable response")
    assert outcome(items[1:]) == ["two"]


def test_an_unknown_charset_costs_nothing(tmp_path: Path) -> None:
    record = response("one", b"<h1>\xe9t\xe9</h1>", content_type="text/html; charset=idna")
    first, second = read_all(warc(tmp_path, record, response("two")))
    assert isinstance(first, Document)
    assert outcome([second]) == ["two"]


@pytest.mark.parametrize("members", [1, 3])
@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_a_compressed_warc_cut_anywhere_keeps_what_came_before_and_reports(
    tmp_path: Path, suffix: str, members: int
) -> None:
    pack = PACKERS[suffix]
    titles = ["one", "two", "three"]
    records = [response(title) for title in titles]
    if members == 1:
        records = [b"".join(records)]
    packed = [pack(record) for record in records]
    whole = b"".join(packed)
    ends = {len(packed[0]), len(b"".join(packed[:2]))}
    path = tmp_path / f"a.warc{suffix}"
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
        RejectedRecord(
            "a.warc#https://w.example/two", "damaged archive", "it ends within this record"
        )
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


def test_a_record_without_content_is_counted(tmp_path: Path) -> None:
    head = response("x").partition(b"\r\n\r\n")[0]
    empty = re.sub(rb"Content-Length: \d+", b"Content-Length: 0", head) + b"\r\n" * 4
    for records in ([response("one"), empty, response("two")], [response("one"), empty]):
        items = read_all(warc(tmp_path, *records))
        assert outcome(items[1:2]) == ["empty record"]
        assert len(items) == len(records)


@pytest.mark.parametrize("name", ["a.warc", "a.warc.gz", "a.warc.zst"])
def test_an_empty_file_is_set_aside(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"")
    assert read_all(tmp_path / name) == [RejectedRecord(name, "empty file")]


def test_an_archive_of_no_record_holds_nothing(tmp_path: Path) -> None:
    assert read_all(warc(tmp_path, b"")) == []


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_damage_to_an_archive_is_survived(tmp_path: Path, data: st.DataObject) -> None:
    suffix = data.draw(st.sampled_from(["", *PACKERS]))
    records = [
        response("one"),
        response("two", chunked(b"<h1>two</h1>"), headers="Transfer-Encoding: chunked\r\n"),
        response(
            "three", gzip.compress(b"<h1>three</h1>", mtime=0), headers="Content-Encoding: gzip\r\n"
        ),
    ]
    content = bytearray(b"".join(PACKERS.get(suffix, bytes)(record) for record in records))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content)))
        length = data.draw(st.integers(0, 40))
        content[place : place + length] = data.draw(st.binary(max_size=40))
    path = tmp_path / f"a.warc{suffix}"
    path.write_bytes(bytes(content))
    items = read_all(path)
    assert len(items) <= 8
    assert all(item.reason for item in items if isinstance(item, RejectedRecord))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300), st.sampled_from(["a.warc", "a.warc.gz", "a.warc.zst"]))
def test_any_bytes_are_read_or_set_aside(tmp_path: Path, content: bytes, name: str) -> None:
    (tmp_path / name).write_bytes(content)
    items = read_all(tmp_path / name)
    assert all(isinstance(item, RejectedRecord) and item.reason for item in items)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.binary(max_size=200),
    headers=st.sampled_from(["", "Content-Encoding: gzip\r\n", "Transfer-Encoding: chunked\r\n"]),
    content_type=st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30),
    status=st.sampled_from(["200 OK", "200", "OK", "", "-1 x", "999999999999 x", "404 Gone"]),
)
def test_any_response_costs_only_itself(
    tmp_path: Path, body: bytes, headers: str, content_type: str, status: str
) -> None:
    kind = f"text/html; charset={content_type}"
    record = response("x", body, headers=headers, content_type=kind, status=status)
    before, *_, after = read_all(warc(tmp_path, response("one"), record, response("two")))
    assert outcome([before, after]) == ["one", "two"]


def test_real_pages_are_all_read(shared: Callable[[str], Path]) -> None:
    path = shared("pages/wikipedia-00001-of-00004.warc.gz")
    items = list(islice(read_documents(path, FieldMap()), 100))
    assert all(isinstance(item, Document) and item.title and item.blocks for item in items)
    assert sum(len(item.tables) for item in items if isinstance(item, Document)) > 300
