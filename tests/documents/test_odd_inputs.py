"""Inputs that are no files, bombs, and archives with something wrong between their records."""

import gzip
import io
import json
import os
import tarfile
from pathlib import Path

import pytest
from archives import outcome, read_all, response, set_aside

from gentap.documents.annotated.fields import table_file
from gentap.documents.annotated.reading import read_annotated
from gentap.documents.csv_table import read_csv_table
from gentap.documents.input_files import expand_inputs, no_file
from gentap.documents.read import DOCUMENT_SUFFIXES
from gentap.errors import InputError
from gentap.records import Document

PAGE = "<table><tr><th>A<th>B<tr><td>x<td>1</table>"


def make_odd(folder: Path) -> dict[str, str]:
    (folder / "gone.html").symlink_to("nowhere.html")
    (folder / "loop.html").symlink_to("loop.html")
    (folder / "null.html").symlink_to("/dev/zero")
    os.mkfifo(folder / "pipe.html")
    (folder / "deep.html").mkdir()
    return {
        "gone.html": "a link to nothing",
        "loop.html": "a link to itself",
        "null.html": "a device",
        "pipe.html": "a named pipe",
    }


def test_what_is_no_file_is_told_where_it_is_named(tmp_path: Path) -> None:
    for name, kind in make_odd(tmp_path).items():
        assert no_file(tmp_path / name) == kind
        with pytest.raises(InputError, match=rf"{name}: is {kind}\. Give a file\."):
            expand_inputs([str(tmp_path / name)], DOCUMENT_SUFFIXES, with_odd=True)


def test_what_is_no_file_among_others_is_set_aside(tmp_path: Path) -> None:
    odd = make_odd(tmp_path)
    (tmp_path / "A.HTML").write_text(PAGE)
    found = expand_inputs([str(tmp_path)], DOCUMENT_SUFFIXES, with_odd=True)
    assert [path.name for path in found] == ["A.HTML", *sorted(odd)]
    assert outcome(read_all(found[0])) == ["A"]
    for path in found[1:]:
        (item,) = read_all(path)
        assert set_aside(item) == (path.name, "unreadable file")
    with pytest.raises(InputError, match="Give a file"):
        expand_inputs([str(tmp_path)], DOCUMENT_SUFFIXES)


POINTERS = {
    "lfs.warc.gz": "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12345678\n",
    "lfs.jsonl": "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n",
    "lfs.html": "version https://git-lfs.github.com/spec/v1\next-0-x sha256:00\n",
    "annex.jsonl.zst": "/annex/objects/SHA256E-s12345678--00.jsonl.zst\n",
    "annex.tar.gz": "/annex/objects/MD5-s1--00",
}


@pytest.mark.parametrize("name", POINTERS)
def test_a_pointer_to_a_large_file_is_told_and_set_aside(tmp_path: Path, name: str) -> None:
    program = {"lfs": "git lfs pull", "annex": "git annex get"}[name.partition(".")[0]]
    (tmp_path / name).write_text(POINTERS[name])
    (item,) = read_all(tmp_path / name)
    assert set_aside(item) == (name, "unreadable file")
    assert program in getattr(item, "detail", "")
    with pytest.raises(InputError, match=rf"{name}: is a .*pointer.*{program}"):
        expand_inputs([str(tmp_path / name)], DOCUMENT_SUFFIXES)
    with pytest.raises(InputError, match="pointer"):
        read_csv_table(tmp_path / name)
    with pytest.raises(InputError, match="pointer"):
        read_annotated(tmp_path / name)


def test_what_only_speaks_of_a_pointer_is_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    for text in ("", "version", f"<p>{POINTERS['lfs.html']}", POINTERS["lfs.html"] + "x" * 1024):
        path.write_text(text)
        assert not no_file(path)


@pytest.mark.parametrize(
    "name", ["A.HTML", "B.Htm", "c.XHTML", "d.JSONL", "e.Jsonl.GZ", "F.WARC", "g.MD", "H.NDJSON"]
)
def test_capitals_in_a_name_change_nothing(tmp_path: Path, name: str) -> None:
    text = PAGE
    if "json" in name.lower():
        text = json.dumps({"title": "A", "tables": [{"header": ["A"], "rows": [["x"]]}]})
    content = text.encode() if not name.endswith("WARC") else response("A", PAGE.encode())
    path = tmp_path / name
    path.write_bytes(gzip.compress(content) if name.endswith("GZ") else content)
    assert expand_inputs([str(tmp_path)], DOCUMENT_SUFFIXES, with_odd=True) == [path]
    assert expand_inputs([str(path)], DOCUMENT_SUFFIXES) == [path]
    (item,) = read_all(path)
    assert isinstance(item, Document)
    assert len(item.tables) == 1


def test_a_folder_that_can_not_be_read_is_set_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.html").write_text(PAGE)
    (tmp_path / "closed").mkdir()
    scan = os.scandir

    def refuse(path: str) -> object:
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    found = expand_inputs([str(tmp_path)], DOCUMENT_SUFFIXES, with_odd=True)
    assert [path.name for path in found] == ["a.html", "closed"]
    (item,) = read_all(found[1])
    assert set_aside(item) == (str(found[1]), "unreadable folder")


@pytest.mark.parametrize("name", ["/etc/hostname", "../a.csv", "/dev/zero", "out.csv", "x\0.csv"])
def test_a_question_names_tables_of_its_own_folder_alone(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "questions"
    folder.mkdir()
    (tmp_path / "a.csv").write_text("A,B\n1,2\n")
    (folder / "out.csv").symlink_to(tmp_path / "a.csv")
    (folder / "own.csv").write_text("A,B\n1,2\n")
    assert table_file(folder, "own.csv") == folder / "own.csv"
    with pytest.raises(ValueError, match=r"the table|null byte"):
        table_file(folder, name)


@pytest.mark.parametrize("kind", [b"x", b"g", b"L", b"K", b"S", b"X"])
def test_a_tar_header_of_gigabytes_is_not_read(tmp_path: Path, kind: bytes) -> None:
    member = tarfile.TarInfo("long")
    member.size, member.type = 3 * 2**30, kind
    path = tmp_path / "a.tar.gz"
    path.write_bytes(gzip.compress(member.tobuf(tarfile.USTAR_FORMAT) + bytes(2**20)))
    (item,) = read_all(path)
    assert set_aside(item)[1] == "damaged archive"


def test_a_tar_file_with_long_names_is_read(tmp_path: Path) -> None:
    line = json.dumps({"name": "one", "article_body": {"html": PAGE}}).encode()
    for form in (tarfile.PAX_FORMAT, tarfile.GNU_FORMAT):
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz", format=form) as archive:
            member = tarfile.TarInfo("é" * 200 + ".ndjson")
            member.size = len(line)
            archive.addfile(member, io.BytesIO(line))
        path = tmp_path / "a.tar.gz"
        path.write_bytes(packed.getvalue())
        assert outcome(read_all(path)) == ["one"]


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz"])
def test_empty_lines_by_the_million_end_a_file(tmp_path: Path, name: str) -> None:
    content = b'{"title": "one"}\n' + b"\n" * 300_000 + b'{"title": "two"}\n'
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    assert outcome(read_all(tmp_path / name)) == ["one", "too many empty lines"]


LONG = b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://a/" + b"x" * 90_000 + b"\r\n"


@pytest.mark.parametrize(
    "between",
    [
        LONG + b"Content-Length: 3\r\n\r\nabc\r\n\r\n",
        b"no record at all\r\n\r\n",
        b"WARC/1.0\r\nWARC-Type: response\r\n\r\nno length\r\n\r\n",
        response("x").replace(b"Content-Length: ", b"Content-Length: -"),
        b"WARC/1.0\r\nWARC-Type: response\r\n",
        b"\x00" * 70_000 + b"\r\n",
    ],
)
@pytest.mark.parametrize("name", ["a.warc", "a.warc.gz"])
def test_after_a_bad_record_reading_goes_on_at_the_next(
    tmp_path: Path, between: bytes, name: str
) -> None:
    content = response("one") + between + response("two")
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    assert outcome(read_all(tmp_path / name)) == ["one", "damaged archive", "two"]


def test_headers_that_end_in_line_feeds_alone_are_read(tmp_path: Path) -> None:
    head, _, body = response("one").partition(b"<title>")
    http = head[head.index(b"HTTP/1.1") :].replace(b"\r\n", b"\n") + b"<title>" + body.rstrip()
    plain = b"WARC/1.0\nWARC-Type: response\nWARC-Target-URI: http://a/\nContent-Length: %d\n\n"
    record = plain % len(http) + http + b"\n\n"
    (tmp_path / "a.warc").write_bytes(record + record)
    assert outcome(read_all(tmp_path / "a.warc")) == ["one", "one"]
