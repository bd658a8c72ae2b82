"""Bad input of every kind for every command, by seed: a message and an exit code, never more.

In each a sound folder (``sound_folders``) is spoilt in one place. No command may trace back, take
longer than half a minute, let a control character through to the terminal, or change what it only
reads.
"""

import os
import random
import re
import shutil
import signal
import traceback
from pathlib import Path

import pytest
from complaints import gentap
from mutations import files_of, mutate, odd_option, odd_output
from sound_folders import COMMANDS, INPUTS

LONGEST = 30
QUICK, ALL = 63, 1050
_CONTROL = re.compile("[\x00-\x08\x0b-\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e]")


class Hangs(BaseException):
    """Raised where a command takes too long."""


@pytest.fixture(autouse=True)
def _offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)


def test_sound_folders_are_taken(
    sound_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else their spoilt copies would prove nothing."""
    monkeypatch.chdir(shutil.copytree(sound_folder, tmp_path / "work"))
    for name in set(COMMANDS) - {
        "run",
        "write",
        "train",
        "base",
        "pretrain",
        "finetune",
        "finetune causal",
    }:
        result = gentap(*COMMANDS[name])
        assert result.exit_code == 0, (name, result.output)
        shutil.rmtree("out", ignore_errors=True)


def spoilt(seed: int) -> list[str]:
    """Spoil the working folder, or the command line; gives the command."""
    chance = random.Random(seed)
    name = list(COMMANDS)[seed % len(COMMANDS)]
    command = COMMANDS[name]
    way = chance.random()
    if way < 0.12:
        return odd_option(command, chance)
    if way < 0.2 and "out" in command:
        odd_output(chance)
        return command + ["--overwrite"] * (chance.random() < 0.5)
    files = [file for path in INPUTS[name] for file in files_of(Path(path))]
    mutate(chance.choice(files), chance)
    return command


def state(folder: Path) -> dict[str, object]:
    """All that stands in the folder, but for what the command is to write."""
    own = {"out", "page.html", "card.md", "records.jsonl"}
    return {
        str(path): path.read_bytes() if path.is_file() else path.is_symlink()
        for path in sorted(folder.rglob("*"))
        if path.relative_to(folder).parts[0] not in own and path.name != ".lock"
    }


def faults(sound: Path, folder: Path, seed: int) -> str:
    """What a command on spoilt input does that it must not; empty where it does nothing such."""
    shutil.copytree(sound, folder, symlinks=True)
    os.chdir(folder)
    command = spoilt(seed)
    before = state(folder)
    kept = Path("out/kept.txt").exists()

    def hangs(*_: object) -> None:
        raise Hangs

    signal.signal(signal.SIGALRM, hangs)
    signal.alarm(LONGEST)
    try:
        result = gentap(*command)
    except Hangs:
        return f"{command}: takes longer than {LONGEST} s"
    finally:
        signal.alarm(0)
    shown = f"{command} → {result.exit_code}: {result.output[-600:]}"
    if isinstance(result.exception, Hangs):
        return f"{command}: takes longer than {LONGEST} s"
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        return f"{shown}\n{''.join(traceback.format_exception(*result.exc_info)[-8:])}"
    if result.exit_code not in (0, 1, 2):
        return f"{shown}: an exit code that is none of ours"
    if result.exit_code and not result.output.strip():
        return f"{shown}: nothing is said"
    if _CONTROL.search(result.output):
        return f"{command} → control characters: {result.output[-600:]!r}"
    after = state(folder)
    lost = any(after.get(name) != content for name, content in before.items())
    if lost or kept != Path("out/kept.txt").exists():
        return f"{shown}: something is lost that it did not write"
    return ""


def run_seeds(sound: Path, tmp_path: Path, seeds: range) -> None:
    found = {}
    before = Path.cwd()
    try:
        for seed in seeds:
            folder = tmp_path / str(seed)
            if fault := faults(sound, folder, seed):
                found[seed] = fault
            os.chdir(tmp_path)
            shutil.rmtree(folder)
    finally:
        os.chdir(before)
    listed = "\n\n".join(f"seed {seed}: {fault}" for seed, fault in found.items())
    assert not found, f"{len(found)} of {len(seeds)}:\n{listed}"


def test_bad_input_gets_a_message(sound_folder: Path, tmp_path: Path) -> None:
    run_seeds(sound_folder, tmp_path, range(QUICK))


@pytest.mark.slow
@pytest.mark.parametrize("part", range(10))
def test_a_thousand_bad_inputs_get_a_message(sound_folder: Path, tmp_path: Path, part: int) -> None:
    size = ALL // 10
    run_seeds(sound_folder, tmp_path, range(QUICK + part * size, QUICK + (part + 1) * size))
