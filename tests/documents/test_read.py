import gzip
import json
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import pytest
from archives import PACKERS, outcome, read_all, set_aside

from gentap.documents import pages
from gentap.documents.input_files import expand_inputs
from gentap.documents.read import DOCUMENT_SUFFIXES, read_documents
from gentap.documents.rejected import RejectedRecord
from gentap.errors import InputError
from gentap.records import Block, Document
from gentap.settings.sections import FieldMap
from gentap.text.normal_form import part_digits

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
    assert names(expand_inputs([str(folder)], DOCUMENT_SUFFIXES), folder) == [
        "a.jsonl",
        "b.html",
        "deep/c.warc.gz",
        "deep/d.md",
    ]


def test_what_an_output_folder_keeps_for_itself_is_no_input(folder: Path) -> None:
    before = expand_inputs([str(folder)], DOCUMENT_SUFFIXES)
    (folder / "deep/out/.gentap").mkdir(parents=True)
    (folder / "deep/out/.gentap/rejected.jsonl").write_text('{"where": "a", "reason": "b"}\n')
    assert expand_inputs([str(folder)], DOCUMENT_SUFFIXES) == before


def test_inputs_keep_the_given_order_and_come_once(folder: Path) -> None:
    patterns = [f"{folder}/b.html", f"{folder}/*.jsonl", str(folder), f"{folder}/./b.html"]
    assert names(expand_inputs(patterns, DOCUMENT_SUFFIXES), folder) == [
        "b.html",
        "a.jsonl",
        "deep/c.warc.gz",
        "deep/d.md",
    ]


def test_globs_reach_into_folders_and_match_sorted(folder: Path) -> None:
    (folder / "a.html").write_text("x")
    assert names(expand_inputs([f"{folder}/[ab].html"], DOCUMENT_SUFFIXES), folder) == [
        "a.html",
        "b.html",
    ]
    assert names(expand_inputs([f"{folder}/**/*.warc.gz"], DOCUMENT_SUFFIXES), folder) == [
        "deep/c.warc.gz"
    ]
    assert names(expand_inputs([f"{folder}/d*"], DOCUMENT_SUFFIXES), folder) == [
        "deep/c.warc.gz",
        "deep/d.md",
    ]


def test_a_file_whose_name_looks_like_a_glob_is_that_file(folder: Path) -> None:
    (folder / "a[1].html").write_text("x")
    assert names(expand_inputs([f"{folder}/a[1].html"], DOCUMENT_SUFFIXES), folder) == ["a[1].html"]


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
        expand_inputs([f"{folder}/b.html", f"{folder}/{name}"], DOCUMENT_SUFFIXES)
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
    monkeypatch.setattr(pages, "MAX_PAGE_BYTES", 10)
    (tmp_path / "large.html").write_text("<p>01234567")
    (tmp_path / "empty.html").write_text(" \n")
    assert read_all(tmp_path / "large.html") == [
        RejectedRecord("large.html", "page too large", "11 bytes")
    ]
    assert read_all(tmp_path / "empty.html") == [RejectedRecord("empty.html", "empty page")]
    assert outcome(read_all(tmp_path / "gone.html")) == ["unreadable file"]


# JSONL files


LINES = [json.dumps({"title": title, "text": title * 3}) for title in ("one", "two", "three")]


@pytest.mark.parametrize(
    "name", ["docs.jsonl", "docs.ndjson", "docs.jsonl.gz", "docs.ndjson.gz", "docs.jsonl.zst"]
)
def test_bad_lines_are_set_aside_and_the_next_one_is_read(tmp_path: Path, name: str) -> None:
    content = "\n".join([LINES[0], "{broken", "", LINES[1], "[]"]).encode()
    content += b'\n{"title": "\xff"}\n' + LINES[2].encode()
    path = tmp_path / name
    path.write_bytes(PACKERS.get(path.suffix, bytes)(content))
    items = read_all(path)
    bad = "bad JSONL record"
    assert outcome(items) == ["one", bad, "two", bad, bad, "three"]
    places = [item.where if isinstance(item, RejectedRecord) else item.url for item in items]
    assert places == [f"{name}:{number}" for number in (1, 2, 4, 5, 6, 7)]
    assert isinstance(items[1], RejectedRecord)
    assert "Expecting property name" in items[1].detail


def test_a_byte_order_mark_and_unicode_line_ends_within_a_text_are_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "docs.jsonl"
    line = json.dumps({"title": "one", "text": "a\u2028b\x85c"}, ensure_ascii=False)
    path.write_text(line + "\r\n" + LINES[1], encoding="utf-8-sig")
    first, second = read_all(path)
    assert isinstance(first, Document)
    assert first.blocks == (Block(section="", text="a b c"),)
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


# Real data


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
        # 14½ is read as 14 ½, lest its compatibility form be 141/2
        wanted = [part_digits(text) for text in texts if text.strip()]
        assert [block.text for block in item.blocks] == wanted
