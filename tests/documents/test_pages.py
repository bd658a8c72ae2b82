"""What would cost the parser too much is set aside, at once and in little memory."""

import subprocess
import sys
import time
from typing import Any

import pytest

from gentap.documents.pages import NO_TABLE, Wanted, read_page
from gentap.documents.read import EVERYTHING
from gentap.documents.rejected import RejectedRecord
from gentap.records import Document

HEAD = "<table><tr><th>Name</th><th>Year</th></tr>"
ROW = "<tr><td>Ada</td><td>1843</td></tr>"


def read(
    html: str | bytes, wanted: Wanted = EVERYTHING, **options: Any
) -> list[Document | RejectedRecord]:
    content = html.encode() if isinstance(html, str) else html
    return list(read_page(content, None, "u", "here", wanted, **options))


def test_a_page_is_one_document() -> None:
    (document,) = read(f"<title>T</title>{HEAD}{ROW}</table>", title="Other")
    assert isinstance(document, Document)
    assert document.title == document.tables[0].title == "Other"


@pytest.mark.parametrize(
    "html",
    [
        "<title>T</title><p>A table is what they sat at.</p>",
        "<p>&lt;table&gt;</p>",
        "<div class='table'>x</div>",
        "< table><tr><td>1</td></tr></table>",
        "<p>One</p>".encode("utf-16"),
    ],
)
def test_a_page_without_a_table_is_set_aside_unparsed_unless_its_prose_is_wanted(
    html: str | bytes,
) -> None:
    assert read(html, Wanted(tableless=False)) == [RejectedRecord("here", NO_TABLE)]
    (document,) = read(html)
    assert isinstance(document, Document)
    assert not document.tables


@pytest.mark.parametrize(
    "begin", ["<table>", "<TABLE id=a>", "<tAbLe/x>", "<ta\0\2ble>", "<table\n>"]
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le"])
def test_a_table_is_found_however_it_is_written(begin: str, encoding: str) -> None:
    html = f"<p>é</p>{HEAD}{ROW}</table>".replace("<table>", begin).encode(encoding)
    (document,) = read(html, Wanted(tableless=False))
    assert isinstance(document, Document)
    assert document.tables


@pytest.mark.parametrize("empty", [b"", b" \n\t"])
def test_an_empty_page_is_set_aside(empty: bytes) -> None:
    assert read(empty) == [RejectedRecord("here", "empty page")]


@pytest.mark.parametrize(
    ("html", "detail"),
    [
        ("<div>" * 100_000, "elements within one another"),
        ("<div>" * 100_000 + "x" + "</div>" * 100_000, "elements within one another"),
        ("<div><br></b><i>x</i>" * 100_000, "elements within one another"),
        ("<ul><li>" * 100_000, "elements within one another"),
        ("<table><tr><td>" * 100_000, "elements within one another"),
        ("<b>" * 100_000, "elements within one another"),
        (f"<p {' '.join(f'a{n}' for n in range(50_000))}>x", "attributes"),
        (f"<p {' '.join(f'a{n}=1' for n in range(50_000))}>x", "attributes"),
        ("<p>x" * 1_100_000, "1,100,000 tags"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_page_that_takes_a_parser_minutes_is_set_aside_at_once(html: str, detail: str) -> None:
    start = time.process_time()
    (unread,) = read(html)
    assert time.process_time() - start < 3
    assert isinstance(unread, RejectedRecord)
    assert unread.reason == "page too heavy to parse"
    assert detail in unread.detail


@pytest.mark.parametrize(
    "html",
    [
        "<p>x" * 100_000,
        "<ul>" + "<li>x" * 100_000 + "</ul>",
        HEAD + "<tr><td>x<td>y" * 50_000 + "</table>",
        "<div><b>x</b></div>" * 50_000,
        "<select>" + "<option>x" * 100_000,
        f"<p style='{'a:b;' * 50_000}'>x</p>",
        f"<img src='data:{'Aa+/ =' * 50_000}'><p>x</p>",
        f"<script>{'a = 1; b < 2; ' * 50_000}</script><p>x</p>",
        "x = 1, " * 50_000,
        "<!-- " + "<div>" * 100 + " -->" + "<br>" * 100_000,
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_large_page_that_is_flat_is_read(html: str) -> None:
    (document,) = read(html)
    assert isinstance(document, Document)


@pytest.mark.parametrize(
    ("cells", "detail"),
    [
        ("<td rowspan=0 colspan=1000>x</td>" * 600, "over 500,000 cells"),
        (
            f"<td rowspan=0 colspan=200>{'x' * 100_000}</td>",
            "over 33,554,432 letters in cells that are repeated",
        ),
    ],
)
def test_a_table_that_is_too_large_is_set_aside_and_its_page_read(cells: str, detail: str) -> None:
    large = f"{HEAD}<tr>{cells}</tr>{ROW * 3}"
    unread, document = read(f"{large}</table>{HEAD}{ROW}</table>")
    assert unread == RejectedRecord("here", "table too large", detail)
    assert isinstance(document, Document)
    assert [table.rows for table in document.tables] == [(("Ada", "1843"),)]


PEAK = """
import resource, sys
from gentap.documents.pages import Wanted, read_page
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
html = eval(sys.argv[1])
pages = [page.encode() for page in (html, "<p>Fine.</p>")]
found = [list(read_page(page, None, "u", "u", Wanted())) for page in pages]
print(*[type(items[-1]).__name__ for items in found])
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def peak(html: str) -> tuple[str, int]:
    """What became of a page and a plain one after it, and the MB that reading took at most."""
    done = subprocess.run(
        [sys.executable, "-c", PEAK, html], capture_output=True, text=True, check=True, timeout=300
    )
    kinds, megabytes = done.stdout.splitlines()
    return kinds, int(megabytes)


@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited on Linux only")
def test_formatting_that_is_opened_again_in_every_block_takes_no_gigabytes() -> None:
    bomb = "'<p>' + ''.join(f'<b id={n}>' for n in range(2500)) + '</p>' + '<p>x' * 2500"
    kinds, megabytes = peak(bomb)
    assert kinds == "RejectedRecord Document"
    assert megabytes < 500


@pytest.mark.parametrize(
    "html",
    [
        "'<table>' + '<tr><td rowspan=999999999 colspan=999999999>x<td>y' * 20_000",
        "'<table>' + '<tr><td>x<td>y' * 240_000",
        "'<div>' * 3_000_000",
        "'\\0' * 30_000_000",
    ],
)
def test_the_worst_pages_are_read_in_bounded_memory(html: str) -> None:
    kinds, megabytes = peak(html)
    assert kinds.endswith("Document")
    assert megabytes < 500


def test_memory_that_others_take_is_not_missing_to_the_parser() -> None:
    """Arrow, for example, takes a gigabyte of addresses between two pages; a parser that gets no
    memory at all crashes."""
    program = """
from gentap.documents.markup.nesting import MAX_MEMORY
from gentap.documents.markup.nesting import bounded_memory

with bounded_memory():
    pass
held = bytearray(MAX_MEMORY)
with bounded_memory():
    assert bytearray(MAX_MEMORY // 2)
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=300)
