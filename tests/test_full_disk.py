"""A disk that fills up: it is named, nothing half is left, and with space the work goes on."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from complaints import gentap
from sound_folders import COMMANDS
from test_terminal import PAGE_LINES


@pytest.fixture
def disk(sound_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A disk of a megabyte, at ``disk`` in the working folder."""
    monkeypatch.chdir(shutil.copytree(sound_folder, tmp_path / "work"))
    Path("pages.jsonl").write_text("".join(PAGE_LINES.splitlines(keepends=True)[:400]))
    disk = Path("disk").absolute()
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no disk can be mounted here")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)  # tracebacks hold files open


@pytest.mark.parametrize("left", [0, 1, 3, 8, 20, 60])
@pytest.mark.parametrize("name", ["export", "mine", "sample", "finetune", "score into"])
def test_a_full_disk_is_named_and_with_space_the_work_goes_on(
    disk: Path, name: str, left: int
) -> None:
    with (disk / "ballast").open("wb") as file:
        file.write(bytes(2**20 - 4096 * (left + 1)))
    command = [part.replace("out", "disk/out") for part in COMMANDS[name]]
    result = gentap(*command)
    assert isinstance(result.exception, SystemExit | None), result.exc_info
    if result.exit_code:
        told = result.stderr.strip().splitlines()[-1]
        assert told.startswith("gentap: ")
        assert "disk/out" in told
        assert "disk is full" in told or "No space left" in told, told
        (disk / "ballast").unlink()
        result = gentap(*command)
    assert result.exit_code == 0, result.output
    assert not list((disk / "out").rglob("*.tmp"))
    (disk / "ballast").unlink(missing_ok=True)
