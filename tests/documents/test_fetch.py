"""Fetching from a server on loopback that breaks off, moves, changes, or knows no ranges."""

import hashlib
import io
import json
import re
import socket
import struct
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gentap.cli import app
from gentap.documents.fetching import public_data
from gentap.documents.fetching.download import download
from gentap.documents.fetching.public_data import PUBLIC_DATA, PublicData, RemoteFile, fetch_file
from gentap.documents.read import read_documents
from gentap.errors import InputError
from gentap.mining.mine import find_inputs
from gentap.records import Document
from gentap.settings.recipe import load_recipe

CONTENT = bytes(range(256)) * 4000


@dataclass
class Site:
    """What a server does: ``cuts`` are after how many bytes each reply breaks off."""

    content: bytes = CONTENT
    etag: str = '"one"'
    ranges: bool = True
    sized: bool = True
    cuts: list[int] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    address: str = ""


@pytest.fixture
def site() -> Iterator[Site]:
    state = Site()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            wanted = self.headers.get("Range", "")
            state.asked.append(f"{self.path} {wanted}".strip())
            self.close_connection = True
            if self.path.startswith("/moved"):
                self.send_response(302)
                self.send_header("Location", self.path.replace("/moved", "/there"))
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            if self.path.startswith(("/ftp", "/round")):
                self.send_response(301)
                self.send_header("Location", "ftp://x.example/a" if "ftp" in self.path else "round")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            status = state.statuses.pop(0) if state.statuses else 200
            if status != 200:
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            start = 0
            if wanted and state.ranges and self.headers.get("If-Range") == state.etag:
                start = int(wanted.removeprefix("bytes=").removesuffix("-"))
            body = state.content[start:]
            self.send_response(206 if start else 200)
            if start:
                whole = len(state.content)
                self.send_header("Content-Range", f"bytes {start}-{whole - 1}/{whole}")
            if state.sized:
                self.send_header("Content-Length", str(len(body)))
            if state.etag:
                self.send_header("ETag", state.etag)
            self.end_headers()
            self.wfile.write(body[: state.cuts.pop(0)] if state.cuts else body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield state
    server.shutdown()
    server.server_close()


def get(site: Site, target: Path, path: str = "/a.bin", **more: Any) -> bytes:
    download(site.address + path, target, pause=0.0, **more)
    assert {file.name for file in target.parent.iterdir()} == {target.name}
    return target.read_bytes()


@pytest.mark.parametrize("sized", [True, False])
def test_a_file_is_fetched_once(site: Site, tmp_path: Path, sized: bool) -> None:
    site.sized = sized
    seen: list[tuple[int, int]] = []
    found = get(site, tmp_path / "new" / "a.bin", progress=lambda *now: seen.append(now))
    assert found == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT) if sized else 0)
    get(site, tmp_path / "new" / "a.bin")
    assert site.asked == ["/a.bin"]


def test_what_broke_off_goes_on(site: Site, tmp_path: Path) -> None:
    site.cuts = [300_000, 200_000]
    assert get(site, tmp_path / "a.bin") == CONTENT
    assert site.asked == ["/a.bin", "/a.bin bytes=300000-", "/a.bin bytes=500000-"]


def test_without_ranges_it_begins_anew(site: Site, tmp_path: Path) -> None:
    site.cuts, site.ranges = [300_000], False
    assert get(site, tmp_path / "a.bin") == CONTENT


@pytest.mark.parametrize("etag", ["", 'W/"weak"'])
def test_without_a_version_it_begins_anew(site: Site, tmp_path: Path, etag: str) -> None:
    site.cuts, site.etag = [300_000], etag
    assert get(site, tmp_path / "a.bin") == CONTENT
    assert site.asked == ["/a.bin", "/a.bin"]


def test_a_server_that_always_breaks_off_is_given_up(site: Site, tmp_path: Path) -> None:
    site.etag, site.cuts = "", [300_000, 200_000] * 10
    with pytest.raises(InputError, match="the connection broke off"):
        get(site, tmp_path / "a.bin")
    assert len(site.asked) == 5


def test_parts_of_two_versions_are_not_put_together(site: Site, tmp_path: Path) -> None:
    site.cuts = [300_000, 0, 0, 0, 0, 0]
    with pytest.raises(InputError, match="300,000 bytes of it are kept"):
        get(site, tmp_path / "a.bin")
    site.content, site.etag, site.cuts = CONTENT[::-1], '"two"', []
    assert get(site, tmp_path / "a.bin") == CONTENT[::-1]


def test_a_redirect_is_followed(site: Site, tmp_path: Path) -> None:
    site.cuts = [300_000]
    assert get(site, tmp_path / "a.bin", "/moved/a.bin") == CONTENT
    assert "/there/a.bin bytes=300000-" in site.asked


def test_a_busy_server_is_asked_again(site: Site, tmp_path: Path) -> None:
    site.statuses = [503, 429]
    assert get(site, tmp_path / "a.bin") == CONTENT


def test_a_missing_file_is_told_at_once(site: Site, tmp_path: Path) -> None:
    site.statuses = [404]
    with pytest.raises(InputError, match="the server has no such file \\(it says 404\\)"):
        get(site, tmp_path / "a.bin")
    assert len(site.asked) == 1


@pytest.mark.parametrize("right", [True, False])
def test_the_checksum_decides(site: Site, tmp_path: Path, right: bool) -> None:
    wanted = hashlib.sha256(CONTENT if right else b"else").hexdigest()
    if right:
        assert get(site, tmp_path / "a.bin", sha256=wanted) == CONTENT
        return
    with pytest.raises(InputError, match="holds something else than it should"):
        get(site, tmp_path / "a.bin", sha256=wanted)
    assert list(tmp_path.iterdir()) == []


def test_offline_it_says_what_to_fetch_and_where_to_put_it(tmp_path: Path) -> None:
    file = RemoteFile("http://127.0.0.1:9/a.jsonl")
    told = rf"refuses connections\..* fetch {file.url} on .*, save it as {tmp_path / 'a.jsonl'}"
    with pytest.raises(InputError, match=told):
        fetch_file(file, tmp_path, lambda *_: None, pause=0.0)


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/ftp", "sends it on to an address of the kind ftp:, which is not followed"),
        ("/round", "the server sends it on without end"),
    ],
)
def test_a_redirect_that_leads_nowhere_is_told(
    site: Site, tmp_path: Path, path: str, told: str
) -> None:
    with pytest.raises(InputError, match=told) as caught:
        get(site, tmp_path / "a.bin", path)
    assert "\n" not in str(caught.value)


@contextmanager
def listening(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """The address of a server that does this to each connection."""
    ended = threading.Event()

    def serve() -> None:
        while not ended.is_set():
            with suppress(OSError):
                answer(listener.accept()[0])

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.1)
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        ended.set()
        thread.join()


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def answer_plainly(connection: socket.socket) -> None:
    connection.recv(1000)
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    connection.close()


@pytest.mark.parametrize(
    ("answer", "scheme", "told"),
    [
        (reset, "http", "127.0.0.1 broke the connection off"),
        (socket.socket.close, "http", "127.0.0.1 broke the connection off"),
        (answer_plainly, "https", "no secure connection to 127.0.0.1 could be made"),
    ],
)
def test_a_failed_connection_is_told_in_plain_words(
    tmp_path: Path, answer: Callable[[socket.socket], None], scheme: str, told: str
) -> None:
    with listening(answer) as address, pytest.raises(InputError, match=told) as caught:
        download(f"{scheme}://{address}/a.bin", tmp_path / "a.bin", pause=0.0)
    assert "rrno" not in str(caught.value)


def test_a_server_that_does_not_answer_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gentap.documents.fetching.download._TIMEOUT", 0.05)
    held: list[socket.socket] = []
    told = "127.0.0.1 did not answer within 0.05 seconds"
    with listening(held.append) as address, pytest.raises(InputError, match=told):
        download(f"http://{address}/a.bin", tmp_path / "a.bin", pause=0.0)


def test_without_a_network_it_is_told_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def unknown(host: str, *_: Any, **__: Any) -> None:
        asked.append(host)
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    file = RemoteFile("http://data.example/a.zip", strip="")
    with pytest.raises(InputError) as caught:
        fetch_file(file, tmp_path, lambda *_: None)
    assert str(caught.value) == (
        "http://data.example/a.zip: there is no network, or no server data.example. Run the same "
        "command again to go on; or fetch http://data.example/a.zip on a machine that can, save "
        f"it as {tmp_path / 'a.zip'}, and run the same command here."
    )
    assert asked == ["data.example"]


def test_what_is_gone_is_looked_for_on_the_sets_page(site: Site, tmp_path: Path) -> None:
    site.statuses = [404]
    file = RemoteFile(f"{site.address}/a.bin")
    with pytest.raises(InputError, match=r"Look on https://toys\.example for where it is now"):
        fetch_file(file, tmp_path, lambda *_: None, page="https://toys.example")


OTTQA = {
    "uid": "Ann_0",
    "url": "https://en.wikipedia.org/wiki/Ann",
    "title": "Ann Lee",
    "section_title": "Films",
    "intro": "Ann Lee ( born 1970 ) makes films .",
    "section_text": "",
    "header": [["Film", []], ["Year", []]],
    "data": [[["Dawn", ["/wiki/Dawn"]], ["2004", []]], [["Dusk", []], ["2005", []]]],
}


def test_ottqa_becomes_documents_that_the_recipes_read(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = "OTT-QA-master/data/traindev_"
    passages = {"/wiki/Dawn": "Dawn is Ann Lee 's first film , of 2004 ."}
    site.content = packed(
        **{
            f"{inner}tables_tok/Ann_0.json": json.dumps(OTTQA).encode(),
            f"{inner}tables_tok/Bo_0.json": json.dumps({**OTTQA, "uid": "Bo_0"}).encode(),
            f"{inner}request_tok/Ann_0.json": json.dumps(passages).encode(),
        }
    )
    ours = PUBLIC_DATA["ottqa"]
    files = (RemoteFile(f"{site.address}/{ours.files('')[0].name}"),)
    monkeypatch.setitem(PUBLIC_DATA, "ottqa", replace(ours, files=lambda part: files))
    result = CliRunner().invoke(app, ["fetch", "ottqa", "-o", str(tmp_path), "--yes"])
    assert result.exit_code == 0, result.stderr
    recipe = load_recipe(Path(__file__).parents[2] / "scripts/recipes/wikipedia.toml")
    settings = recipe.mine.model_copy(update={"inputs": [str(tmp_path / "ottqa")]})
    (found,) = find_inputs(settings)
    ann, bo = read_documents(found, settings.fields)
    assert isinstance(ann, Document)
    assert isinstance(bo, Document)
    assert (ann.title, ann.tables[0].section, ann.tables[0].header) == (
        "Ann Lee",
        "Films",
        ("Film", "Year"),
    )
    assert ann.tables[0].rows == (("Dawn", "2004"), ("Dusk", "2005"))
    assert [block.text for block in ann.blocks] == [
        "Ann Lee (born 1970) makes films.",
        "Dawn is Ann Lee's first film, of 2004.",
    ]
    assert len(bo.blocks) == 1


def test_an_archive_of_something_else_is_no_ottqa(tmp_path: Path) -> None:
    (tmp_path / "master.zip").write_bytes(packed(**{"a/data/traindev_tables_tok/x.json": b"{}"}))
    with pytest.raises(InputError, match="a table of it is none of OTT-QA's"):
        PUBLIC_DATA["ottqa"].lay_out(tmp_path)
    (tmp_path / "master.zip").write_bytes(packed(**{"README.md": b""}))
    with pytest.raises(InputError, match="holds no tables of OTT-QA"):
        PUBLIC_DATA["ottqa"].lay_out(tmp_path)
    assert not (tmp_path / "documents.jsonl.gz").exists()


RECIPES = sorted((Path(__file__).parents[2] / "scripts" / "recipes").glob("*.toml"))
_READ = re.compile(r"\.\./shared/data/([^/\"]+)(?:/([^\"]+))?")
PARTS_OF_OUR_OWN = {"fetaQA-v1_train-subset.jsonl"}
"""Files of a set's folder that hold a part of a released file."""


def test_recipes_read_what_fetch_lays_down() -> None:
    for recipe in RECIPES:
        for name, file in _READ.findall(recipe.read_text(encoding="utf-8")):
            if file and name in PUBLIC_DATA and file not in PARTS_OF_OUR_OWN:
                assert file in {one.name for one in PUBLIC_DATA[name].files("")}, recipe


def packed(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def test_an_archive_is_unpacked_below_the_folder(site: Site, tmp_path: Path) -> None:
    site.content = packed(**{"Set/data/train.tsv": b"id", "Set/csv/1.csv": b"a,b"})
    fetch_file(RemoteFile(f"{site.address}/a.zip", strip="Set"), tmp_path, lambda *_: None)
    assert (tmp_path / "data" / "train.tsv").read_bytes() == b"id"
    assert (tmp_path / "csv" / "1.csv").read_bytes() == b"a,b"


@pytest.mark.parametrize("name", ["../evil.txt", "/evil.txt", "Set/../../evil.txt"])
def test_an_archive_writes_nowhere_else(site: Site, tmp_path: Path, name: str) -> None:
    site.content = packed(**{name: b"x"})
    with pytest.raises(InputError, match="outside of its folder"):
        fetch_file(
            RemoteFile(f"{site.address}/a.zip", strip="Set"), tmp_path / "in", lambda *_: None
        )
    assert not list(tmp_path.rglob("evil.txt"))


def test_a_damaged_archive_is_told(site: Site, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", bytes(range(256)))
    whole = buffer.getvalue()
    begin = 30 + len("a.txt")
    site.content = whole[:begin] + b"\xff" * 50 + whole[begin + 50 :]
    with pytest.raises(InputError, match="not a whole zip file"):
        fetch_file(RemoteFile(f"{site.address}/a.zip", strip=""), tmp_path, lambda *_: None)


def test_an_archive_under_a_password_is_told(site: Site, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.txt", b"text")
    locked = bytearray(buffer.getvalue())
    for sign, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        locked[locked.index(sign) + flags] |= 1
    site.content = bytes(locked)
    with pytest.raises(InputError, match="not a whole zip file"):
        fetch_file(RemoteFile(f"{site.address}/a.zip", strip=""), tmp_path, lambda *_: None)


def test_an_archive_that_is_none_is_told(site: Site, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not a whole zip file"):
        fetch_file(RemoteFile(f"{site.address}/a.zip", strip=""), tmp_path, lambda *_: None)


@pytest.fixture
def toy(site: Site, monkeypatch: pytest.MonkeyPatch) -> PublicData:
    files = (RemoteFile(f"{site.address}/dev.jsonl"),)
    data = PublicData("toys", "CC0", "https://toys.example", lambda part: files)
    monkeypatch.setitem(public_data.PUBLIC_DATA, "toys", data)
    return data


@pytest.mark.usefixtures("toy")
def test_nothing_is_fetched_before_the_licence_is_agreed_to(site: Site, tmp_path: Path) -> None:
    command = ["fetch", "toys", "-o", str(tmp_path)]
    refused = CliRunner().invoke(app, command)
    assert refused.exit_code == 1
    assert "licence: CC0" in refused.stderr
    assert "agree with --yes" in refused.stderr
    assert site.asked == []
    agreed = CliRunner().invoke(app, [*command, "--yes"])
    assert agreed.exit_code == 0, agreed.stderr
    assert (tmp_path / "toys" / "dev.jsonl").read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["fetaka"], "no data set 'fetaka'. Did you mean 'fetaqa'? Known: fetaqa"),
        (["commoncrawl"], "give crawl-data/CC-MAIN-"),
        (["squad", "x"], "leave 'x' out"),
        (["commoncrawl", "../../x"], "is no name of a part"),
    ],
)
def test_a_name_that_is_none_is_told(arguments: list[str], told: str) -> None:
    result = CliRunner().invoke(app, ["fetch", *arguments, "--yes"])
    assert result.exit_code == 1
    assert told in result.stderr


def test_all_sets_are_listed_with_their_licences() -> None:
    shown = CliRunner().invoke(app, ["fetch"]).stdout
    for name, data in PUBLIC_DATA.items():
        assert f"{name} {data.part}".strip() in shown
        assert data.licence in shown
        part = "x" if data.part else ""
        for file in data.files(part):
            assert file.url.startswith("https://")
