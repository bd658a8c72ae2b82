"""What a folder was made from: contents count, not times or places."""

import os
import shutil
import time
from pathlib import Path

import pytest

from gentap.errors import FolderError
from gentap.runs.files import made_from as module
from gentap.runs.files.output_files import write_text
from gentap.runs.files.own_files import read_json
from gentap.runs.store import is_done, made_from, open_stage, seconds_spent

OLD = time.time_ns() - 10**12


def age(*paths: Path, by: int = 0) -> None:
    for path in paths:
        os.utime(path, ns=(OLD + by, OLD + by))


def make(folder: Path, inputs: list[Path], *, overwrite: bool = False, **settings: object) -> bool:
    """Whether there was something to do."""
    with open_stage(folder, "finetune", settings, inputs, overwrite=overwrite) as opened:
        if opened is not None:
            write_text(folder / "model.safetensors", "weights")
            opened.finish({})
        return opened is not None


def test_a_copied_folder_is_done_still(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    (here / "data").mkdir(parents=True)
    (here / "data" / "train.jsonl").write_text("{}\n")
    (here / "data" / "pages").mkdir()
    (here / "data" / "pages" / "a.html").write_text("<p>a</p>")
    inputs = [Path("data/train.jsonl"), Path("data/pages"), Path("t5-base")]
    monkeypatch.chdir(here)
    assert make(Path("out"), inputs, seed=1)
    for file in here.rglob("*"):
        age(file)
    shutil.copytree(here, there, copy_function=shutil.copy)  # with times of its own
    monkeypatch.chdir(there)
    assert not make(Path("out"), inputs, seed=1)
    (there / "data" / "pages" / "a.html").write_text("<p>b</p>")
    with pytest.raises(
        FolderError, match=r"other settings or inputs: data/pages holds something else"
    ):
        make(Path("out"), inputs, seed=1)


def test_a_digest_is_computed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "train.jsonl"
    file.write_text("{}\n")
    age(file)
    assert make(tmp_path / "out", [file])
    module._once.cache_clear()  # as in another process
    read: list[Path] = []
    digest = module._content_digest
    monkeypatch.setattr(module, "_content_digest", lambda path: read.append(path) or digest(path))
    assert not make(tmp_path / "out", [file])
    assert read == []
    age(file, by=1)  # touched
    assert not make(tmp_path / "out", [file])
    assert not make(tmp_path / "out", [file])
    module._once.cache_clear()
    assert not make(tmp_path / "out", [file])
    assert len(read) == 1


def test_a_file_written_just_now_is_read_each_time(tmp_path: Path) -> None:
    file = tmp_path / "train.jsonl"
    file.write_text("1")
    first = made_from({}, [file])
    assert first.files == {}
    times = file.stat()
    file.write_text("2")
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))  # too soon for the clock to show it
    assert made_from({}, [file]).inputs != first.inputs


@pytest.mark.parametrize("kind", ["pipe", "denied"])
def test_what_can_not_be_read_is_left_to_its_reader(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "pages.warc"
    if kind == "pipe":
        os.mkfifo(file)
    else:
        file.write_text("x")
        file.chmod(0)
    assert make(tmp_path / "out", [file])


def test_what_has_changed_is_said(tmp_path: Path) -> None:
    train, dev = tmp_path / "train.jsonl", tmp_path / "dev.jsonl"
    for file in (train, dev):
        file.write_text("{}")
    make(tmp_path / "out", [train], seed=1, linearizer={"max_tokens": 256, "marks": True}, dev=None)
    with pytest.raises(FolderError) as told:
        make(tmp_path / "out", [dev], seed=2, linearizer={"max_tokens": 384, "marks": True})
    for part in (
        "seed was 1 and is 2 now",
        "linearizer.max_tokens was 256 and is 384 now",
        "dev was null and is not set now",
        f"{train} is no input now",
        f"{dev} was no input",
    ):
        assert part in str(told.value)
    assert "marks" not in str(told.value)


def test_many_changes_are_counted(tmp_path: Path) -> None:
    make(tmp_path / "out", [], **{f"s{number}": 1 for number in range(9)})
    with pytest.raises(FolderError, match=r"s4 was 1 and is 2 now; and 4 more\. Give another"):
        make(tmp_path / "out", [], **{f"s{number}": 2 for number in range(9)})


@pytest.mark.parametrize("content", ["", "[]", '{"settings": 1}'])
def test_a_lost_or_edited_note_changes_nothing_but_the_message(
    tmp_path: Path, content: str
) -> None:
    file = tmp_path / "train.jsonl"
    file.write_text("{}\n")
    make(tmp_path / "out", [file], seed=1)
    (tmp_path / "out" / "made_from.json").write_text(content)
    with pytest.raises(FolderError, match="the folder does not say what it was made from"):
        make(tmp_path / "out", [file], seed=2)
    assert not make(tmp_path / "out", [file], seed=1)
    assert read_json(tmp_path / "out" / "made_from.json")["settings"] == {"seed": 1}


def test_time_spent_is_summed_over_interruptions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        with open_stage(tmp_path, "finetune", {}, []):
            note = tmp_path / "made_from.json"
            begun = note.stat().st_mtime
            checkpoint = tmp_path / "checkpoint"
            checkpoint.write_text("")
            os.utime(checkpoint, (begun + 100, begun + 100))
    assert seconds_spent(tmp_path) == pytest.approx(200, abs=5)
    assert make(tmp_path, [])
    assert is_done(tmp_path)
    assert seconds_spent(tmp_path) == pytest.approx(200, abs=5)
