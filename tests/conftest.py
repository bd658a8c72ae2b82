"""Settings of all tests: no deadlines, for a busy machine is no failure."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings
from whole_chain import Chain, run_once

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"

settings.register_profile("gentap", deadline=None)
settings.load_profile("gentap")


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


@pytest.fixture
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the test works in: paths are told as they were given."""
    monkeypatch.chdir(tmp_path)
    return tmp_path
