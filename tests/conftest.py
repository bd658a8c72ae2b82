"""Settings of all tests: no deadlines on a busy machine, and no net under records."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from chat_server import Server, ask_back, serve_chat
from hypothesis import settings
from whole_chain import Chain, run_once

from gentap.grammar.preview import BUILT_IN, ONE_ROW, PLAYERS
from gentap.mining.mine import mine
from gentap.records import Table, sourced_table_from_row
from gentap.runs import net
from gentap.runs.files.parquet_parts import parts, read_rows
from gentap.runs.store import StageFolder
from gentap.settings.sections import MineSettings

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
DATA = Path(__file__).resolve().parents[1] / "data"

Open = Callable[[Path], StageFolder]

os.environ[net.SWITCH] = "off"  # of processes that tests start too
settings.register_profile("gentap", deadline=None, derandomize=True)
settings.register_profile("search", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "gentap"))


@pytest.fixture(scope="session")
def shared() -> Callable[[str], Path]:
    """Finds a file of the real data sets, or skips the test."""

    def find(name: str) -> Path:
        path = SHARED / name
        if not path.exists():
            pytest.skip(f"the real data is not at hand: ../shared/data/{name}")
        return path

    return find


@pytest.fixture(scope="session")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Chain:
    """One undisturbed run of all stages."""
    return run_once(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="session")
def sound_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that :mod:`sound_folders` builds; tests work in copies of it."""
    from sound_folders import build

    folder = tmp_path_factory.mktemp("sound")
    before = Path.cwd()
    os.chdir(folder)
    try:
        build()
    finally:
        os.chdir(before)
    return folder


@pytest.fixture
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the test works in: paths are told as they were given."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def data() -> Path:
    return DATA


@pytest.fixture(scope="session")
def open_folder() -> Open:
    def open_folder(path: Path) -> StageFolder:
        path.mkdir(parents=True, exist_ok=True)
        return StageFolder(path, "stage", "", {}, resumed=False)

    return open_folder


@pytest.fixture(scope="session")
def mined(open_folder: Open, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's pages, mined in small shards by one worker."""
    folder = tmp_path_factory.mktemp("mined")
    settings = MineSettings(inputs=[str(DATA / "pages")], shard_bytes=30_000)
    mine(settings, open_folder(folder), workers=1)
    return folder


@pytest.fixture(scope="session")
def tables(mined: Path) -> list[Table]:
    """All tables of the project's pages, and the built-in ones."""
    rows = read_rows(parts(mined / "tables"))
    return [sourced_table_from_row(row).table for row in rows] + [BUILT_IN, PLAYERS, ONE_ROW]


@pytest.fixture(scope="session")
def contents() -> Callable[[Path], dict[str, bytes]]:
    """Every file below a folder, by its path within it."""

    def contents(folder: Path) -> dict[str, bytes]:
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file()
        }

    return contents


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Server]]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    running: list[Any] = []

    def start(answer: Callable[..., None] = ask_back) -> Server:
        server, httpd = serve_chat(answer)
        running.append(httpd)
        return server

    yield start
    for httpd in running:
        httpd.shutdown()
        httpd.server_close()
