from collections.abc import Callable
from pathlib import Path

import pytest

from gentap.records import Table, sourced_table_from_row
from gentap.settings import MineSettings
from gentap.store import StageFolder, parts, read_rows
from gentap.synthesis.mine import mine
from gentap.synthesis.show import BUILT_IN, ONE_ROW, PLAYERS

DATA = Path(__file__).resolve().parents[2] / "data"

Open = Callable[[Path], StageFolder]


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
