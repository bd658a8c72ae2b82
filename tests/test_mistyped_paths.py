"""Every command that is given a path with a slip in it names the one that was meant."""

import shutil
from pathlib import Path

import pytest
from complaints import complaint
from sound_folders import COMMANDS

NO_PATHS = ("-o", "--decoder", "--html")
"""Options whose value is nothing to read, though a folder may have its name."""


def mistyped(path: str) -> str:
    """The first letter of the last part twice."""
    name = Path(path).name
    return str(Path(path).with_name(name[0] + name))


@pytest.mark.parametrize("command", sorted(COMMANDS.keys() - {"base"}))  # its setting is refused
def test_a_path_with_a_slip_in_it_is_told_with_the_one_that_was_meant(
    command: str, sound_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.chdir(shutil.copytree(sound_folder, tmp_path / "work"))
    words = COMMANDS[command]
    read = [
        place
        for place, word in enumerate(words)
        if place > 0 and words[place - 1] not in NO_PATHS and Path(word).exists()
    ]
    assert read
    for place in read:
        path = words[place]
        changed = [*words[:place], mistyped(path), *words[place + 1 :]]
        told = complaint(*changed)
        assert told.startswith(f"{mistyped(path)}: no such "), changed
        assert f"Did you mean '{path}'?" in told, changed
        assert not Path("out").exists()
