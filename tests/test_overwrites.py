"""What stands where a command writes: only what it wrote itself is replaced without a word."""

import os
import shutil
from pathlib import Path

import pytest
from complaints import gentap
from sound_folders import COMMANDS

WRITES = {"card": "card.md", "review": "page.html"}
"""Commands that write a file that the user names."""


@pytest.fixture(autouse=True)
def _work(sound_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(shutil.copytree(sound_folder, tmp_path / "work"))


@pytest.mark.parametrize("name", WRITES)
@pytest.mark.parametrize("content", ["# My own notes\n", "", "\x00\xff", "<!doctype html>"])
def test_a_file_of_others_is_kept_unless_asked(name: str, content: str) -> None:
    file = Path(WRITES[name])
    file.write_text(content)
    result = gentap(*COMMANDS[name])
    assert result.exit_code == 1
    assert f"{file}: was not written by this command." in result.stderr
    assert "--overwrite" in result.stderr
    assert file.read_text() == content
    assert gentap(*COMMANDS[name], "--overwrite").exit_code == 0
    written = file.read_text()
    assert written != content
    assert gentap(*COMMANDS[name]).exit_code == 0  # its own
    assert file.read_text() == written


@pytest.mark.parametrize("name", WRITES)
@pytest.mark.parametrize("kind", ["folder", "device", "pipe"])
def test_what_is_no_file_is_never_replaced(name: str, kind: str) -> None:
    file = Path(WRITES[name])
    if kind == "folder":
        file.mkdir()
    elif kind == "pipe":
        os.mkfifo(file)
    else:
        file.symlink_to("/dev/null")
    result = gentap(*COMMANDS[name], "--overwrite")
    assert result.exit_code == 1
    assert "is no file" in result.stderr
    assert not file.is_file()
    assert Path("/dev/null").is_char_device()


def test_an_export_goes_the_way_of_all_output_folders() -> None:
    Path("out").mkdir()
    Path("out/mine.txt").write_text("dear")
    result = gentap(*COMMANDS["export"], "--overwrite")
    assert "holds files that GenTaP did not write" in result.stderr
    assert Path("out/mine.txt").read_text() == "dear"
    shutil.rmtree("out")
    assert gentap(*COMMANDS["export"]).exit_code == 0
    first = Path("out/config.json").stat()
    assert "nothing to do" in gentap(*COMMANDS["export"]).stderr
    assert Path("out/config.json").stat() == first
    other = gentap(*COMMANDS["export"], "--decoder", "cell")
    assert other.exit_code == 1
    assert "replace it with --overwrite" in other.stderr
    assert gentap(*COMMANDS["export"], "--decoder", "cell", "--overwrite").exit_code == 0


@pytest.mark.parametrize("mask", [0o022, 0o077, 0o002])
def test_all_files_have_the_mode_that_the_user_s_mask_gives(mask: int) -> None:
    before = os.umask(mask)
    try:
        for name in ("export", "mine", "sample files", "score into", "card", "review", "finetune"):
            assert gentap(*COMMANDS[name]).exit_code == 0
            paths = [*Path("out").rglob("*"), Path("card.md"), Path("page.html")]
            for path in paths:
                if path.exists():
                    wanted = (0o777 if path.is_dir() else 0o666) & ~mask
                    assert path.stat().st_mode & 0o777 == wanted, (name, path)
            for path in (Path("out"), Path("card.md"), Path("page.html")):
                shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    finally:
        os.umask(before)


NAME = "x](http://e.example) <img src=x> `a` | b\n# Heading"


def test_names_go_into_a_card_as_they_are() -> None:
    assert gentap(*COMMANDS["card"], "--name", NAME).exit_code == 0
    card = Path("card.md").read_text()
    (title,) = [line for line in card.splitlines() if line.startswith("# ")]
    assert title == "# x\\](http://e.example) \\<img src=x> \\`a\\` \\| b # Heading"
    assert "\n# Heading" not in card.partition("---\n# ")[2]
